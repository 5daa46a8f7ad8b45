"""Real failures of a real server on loopback: what a rule hits, and what happens then.

    site.faults = faults(on_page(site, 3, status(500), times=2), on_path("/robots.txt", hang()))

A fault is an answer, or anything done to the open connection (see :data:`archive.replica.Fault`).
"""

from __future__ import annotations

import gzip
import os
import socket
import struct
import zlib
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING

from archive.replica import Answer, Fault, Request, Site
from tests.not_listings import HOSTILE, REFUSED, page, within

if TYPE_CHECKING:
    from collections.abc import Callable

HTML = ("Content-Type", "text/html; charset=utf-8")


# Rules: where, and how often


@dataclass
class Rule:
    hits: Callable[[Request], bool]
    fault: Fault | None
    times: int | None = None  #: None: always
    after: int = 0  #: healthy answers before the first fault
    action: Callable[[], object] | None = None  #: done before the answer, once
    seen: int = field(default=0, init=False)

    def __call__(self, request: Request) -> Fault | None:
        if not self.hits(request):
            return None
        self.seen += 1
        if self.action and self.seen == self.after + 1:
            self.action()
        due = self.seen > self.after and (self.times is None or self.seen <= self.after + self.times)
        return self.fault if due else None


def faults(*rules: Rule) -> Callable[[Request], Fault | None]:
    """The first rule that has something to say; all of them count."""

    def choose(request):
        return next((fault for fault in [rule(request) for rule in rules] if fault is not None), None)

    return choose


def on_page(site: Site, number: int, fault: Fault, *, tag: str | None = None, times=None, after=0) -> Rule:
    return Rule(_page(site, number, tag), fault, times, after)


def on_path(path: str, fault: Fault, *, times=None, after=0) -> Rule:
    return Rule(lambda request: request.path == path, fault, times, after)


def on_robots(fault: Fault, *, times=None) -> Rule:
    return on_path("/robots.txt", fault, times=times)


def on_every_page(fault: Fault, site: Site, *, times=None, after=0) -> Rule:
    return Rule(lambda request: site.place(request.target) is not None, fault, times, after)


def before_page(site: Site, number: int, action: Callable[[], object], *, tag: str | None = None) -> Rule:
    """The publisher acts just before that page is first answered: a report comes or goes in the middle of a walk."""
    return Rule(_page(site, number, tag), None, action=action)


def _page(site, number, tag):
    def hits(request):
        place = site.place(request.target)
        return place is not None and place[1] == number and tag in {None, place[0]}

    return hits


# Answers


def status(code: int, *, retry_after: object = None, body: str = "") -> Answer:
    """``retry_after``: seconds, a datetime, or any garbage."""
    if hasattr(retry_after, "tzinfo"):
        retry_after = format_datetime(retry_after, usegmt=True)
    extra = (("Retry-After", str(retry_after)),) if retry_after is not None else ()
    return Answer(body.encode() or page(str(code), f"<h1>{code}</h1>").encode(), code, (HTML, *extra))


def not_a_listing(name: str = "slider captcha") -> Answer:
    """A captcha, ban, login, error or maintenance page with status 200: the names are in :mod:`tests.not_listings`."""
    return Answer.page(REFUSED[name][0])


def hostile(name: str) -> Answer:
    """``40,000 attributes``, ``3,000 levels``, ``9 MiB``."""
    return Answer.page(HOSTILE[name])


def redirect(to: str, code: int = 302) -> Answer:
    """Anywhere: another host or port, https, ``file:///etc/passwd``, ``//169.254.169.254/``, itself."""
    return Answer(b"", code, (HTML, ("Location", to)))


def login_redirect() -> Answer:
    return redirect("/login?back=/tag")


def html_robots() -> Answer:
    """A site that answers every unknown path with its front page."""
    return Answer.page(within("虚构咨询", "<h1>首页</h1>"))


def empty_listing(site: Site, tag: str) -> Answer:
    """The frame of the listing, and nothing in it, with status 200."""
    return Answer.page(site.frame(tag, "<p>暂无相关报告</p>"))


def redesigned(site: Site, tag: str) -> Answer:
    """Another front end: no report, no link of the known form, everything comes by script."""
    shell = '<div id="app" data-v="3"><div class="sk-line"></div></div><script src="/static/app.7f1c.js"></script>'
    return Answer.page(site.frame(tag, shell))


def half_parsed(site: Site, request_target: str) -> Answer:
    """A redesign that lost the English: every second paragraph element is gone."""
    tag, number = site.place(request_target)
    bare = tuple(type(r)(r.id, r.title, r.zh, (), r.brands, r.date) for r in site.shown(tag, number))
    return Answer.page(site.frame(tag, site.markup(bare)))


def coded(answer: Answer, coding: str = "gzip") -> Answer:
    packed = {"gzip": gzip.compress, "deflate": zlib.compress}[coding](answer.body)
    return Answer(packed, answer.status, (*answer.headers, ("Content-Encoding", coding)))


def bomb(mib: int = 64) -> Answer:
    """A few dozen KB that unpack to ``mib`` MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"<p>" + b" " * (1 << 20)
    packed = b"".join(packer.compress(block) for _ in range(mib)) + packer.flush()
    return Answer(packed, 200, (HTML, ("Content-Encoding", "gzip")))


def broken_gzip() -> Answer:
    packed = gzip.compress(HOSTILE["9 MiB"][:200_000].encode())
    return Answer(packed[: len(packed) // 2], 200, (HTML, ("Content-Encoding", "gzip")))


# Things done to the connection


def reset(after: int | None = None) -> Fault:
    """RST at once, or after that many bytes of the answer."""

    def cut(handler):
        if after is not None:
            handler.wfile.write(_wire(handler)[:after])
            handler.wfile.flush()
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.close_connection = True
        os.close(handler.connection.detach())  # close() alone would wait for rfile and wfile, and say goodbye first

    return cut


def half_body(share: float = 0.5) -> Fault:
    """Content-Length promises the whole, the connection closes in the middle."""

    def cut(handler):
        wire = _wire(handler)
        handler.wfile.write(wire[: int(len(wire) * share)])
        handler.close_connection = True

    return cut


def short_body(at: int | None = None) -> Fault:
    """No Content-Length: the end of the connection is the only end, and it comes too early. Nothing shows it."""

    def cut(handler):
        body = handler.healthy().body
        _head(handler, 200, handler.healthy().headers)
        handler.wfile.write(body[: len(body) // 2 if at is None else at])

    return cut


def hang(seconds: float = 600) -> Fault:
    """Takes the request and never answers, until the server is closed."""

    def wait(handler):
        handler.close_connection = True
        handler.server.closing.wait(seconds)

    return wait


def drip(interval: float = 0.5, size: int = 1) -> Fault:
    """The right answer, ``size`` bytes at a time."""

    def trickle(handler):
        handler.close_connection = True
        wire = _wire(handler)
        for start in range(0, len(wire), size):
            handler.wfile.write(wire[start : start + size])
            handler.wfile.flush()
            if handler.server.closing.wait(interval):
                return

    return trickle


def slow(seconds: float) -> Fault:
    """The right answer, late."""

    def late(handler):
        handler.server.closing.wait(seconds)
        handler.give(handler.healthy())

    return late


def gzipped() -> Fault:
    """The right answer, compressed."""
    return lambda handler: handler.give(coded(handler.healthy()))


def raw(wire: bytes) -> Fault:
    """Any bytes at all, then the end."""

    def speak(handler):
        handler.wfile.write(wire)
        handler.close_connection = True

    return speak


BAD_CHUNKS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n<html>\r\n0\r\n\r\n"
)
NOT_HTTP = b"<html>hello</html>"
HUGE_HEADER = b"HTTP/1.1 200 OK\r\nX-Much: " + b"x" * 1_000_000 + b"\r\nContent-Length: 0\r\n\r\n"


def _head(handler, code, headers):
    handler.send_response(code)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Connection", "close")
    handler.end_headers()


def _wire(handler) -> bytes:
    """The healthy answer as bytes."""
    answer = handler.healthy()
    head = "".join(f"{name}: {value}\r\n" for name, value in (*answer.headers, ("Content-Length", len(answer.body))))
    return f"HTTP/1.1 {answer.status} OK\r\n{head}\r\n".encode() + answer.body
