"""Crawl phases as they run at night: a real child process, a real server on loopback, a real archive."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.captures import todays_reader
from archive.config import Config, make_listing
from archive.crawl import hold_archive
from archive.journal import list_notes
from archive.night import Options, begin_night
from archive.replica import Answer, Site, catalogue
from archive.store import DataDirectory

ROOT = Path(__file__).parent.parent
TAG = "人民日报"
NOW = "2026-01-01T18:30:00Z"
#: the pauses of real life would make these tests slow, not better
FAST = {"BAOGAO_RETRY_PAUSE": "0.01"}


@dataclass
class Crawled:
    """How a crawl phase ended, and what the archive says of it."""

    code: int
    said: str  #: on stderr
    printed: str
    seconds: float
    stops: dict  #: listing key → None or "kind: reason"
    captures: list  #: (page, status, path) in order
    failures: list
    ended: bool  #: with a run-end note

    @property
    def stop(self):
        assert len(self.stops) == 1, self.stops
        return next(iter(self.stops.values()))

    @property
    def pages(self):
        return [page for page, status, _ in self.captures if page is not None and status == 200]


@dataclass
class Archive:
    """One data directory and the crawls into it."""

    root: Path

    @contextlib.contextmanager
    def night(self, *urls, delay=0.0, max_pages=500, agent="baogao/0.1 (test)", page_url=None):
        """The plan of a night, with everything that its parent holds."""
        data = DataDirectory(self.root)
        listings = [make_listing(url, rank=number, page_url=page_url) for number, url in enumerate(urls, 1)]
        config = Config(tuple(listings), delay, agent, max_pages)
        reader = todays_reader()
        with hold_archive(data, reader, command="test", now=NOW, say=lambda _: None) as (connection, _):
            options = Options(delay=delay, max_pages=max_pages)
            night, _ = begin_night(connection, data, listings, config, options, reader, now=NOW, configured=True)
            yield night, connection

    @contextlib.contextmanager
    def start(self, night, *flags, settings=None, **popen):
        """The child of ``baogao crawl``, running."""
        overrides = [f"-s{name}={value}" for name, value in (FAST | (settings or {})).items()]
        child = subprocess.Popen(
            [sys.executable, "-m", "crawler", night.to_json(), *flags, *overrides],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **popen,
        )
        with child:
            try:
                yield child
            finally:
                if child.poll() is None:
                    child.kill()

    def crawl(self, *urls, settings=None, popen=None, timeout=60, meanwhile=None, **night):
        """One whole crawl phase; ``meanwhile(child)`` runs beside it."""
        with self.night(*urls, **night) as (plan, connection):
            started = time.monotonic()
            with self.start(plan, settings=settings, **(popen or {})) as child:
                if meanwhile:
                    meanwhile(child)
                printed, said = child.communicate(timeout=timeout)
            seconds = time.monotonic() - started
            return Crawled(
                child.returncode,
                said,
                printed,
                seconds,
                {note["listing"]: note["stopped"] for note in list_notes(connection, plan.run, "walk-stop")},
                [
                    (page, status, "/" + url.split("/", 3)[3])
                    for page, status, url in connection.execute(
                        "SELECT page, status, url FROM captures WHERE run_id = ? ORDER BY id", (plan.run,)
                    )
                ],
                list_notes(connection, plan.run, "failure"),
                bool(list_notes(connection, plan.run, "run-end")),
            )


def make_site(pages=3, *, faults=None, **more):
    """An invented listing of ``pages`` pages of ten; ``faults``: path, or path and query → fault or list of faults.

    Of a list, each request gets the next one; behind its end the site is healthy.
    """
    site = Site.of(TAG, catalogue(pages * 10))
    for name, value in more.items():
        setattr(site, name, value)
    waiting = {target: list(fault) if isinstance(fault, list) else fault for target, fault in (faults or {}).items()}

    def find(request):
        target = request.path + ("?" + request.target.partition("?")[2] if "?" in request.target else "")
        fault = waiting.get(target)
        if isinstance(fault, list):
            return fault.pop(0) if fault else None
        return fault

    site.faults = find
    return site


PAGE_1 = f"/tag/{TAG}"
PAGE_2 = f"/tag/{TAG}?page=2"


def answer(status, body="", **headers):
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(body.encode(), status, (("Content-Type", "text/html; charset=utf-8"), *named))


def redirect(location, status=302):
    return answer(status, Location=location)


def reset(handler):
    """The connection is cut without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def half_body(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Content-Length", "50000")
    handler.end_headers()
    handler.wfile.write(b"<html><body>" + b"x" * 1000)
    handler.wfile.flush()
    handler.close_connection = True


def hang(handler):
    """No answer for longer than anybody waits here; ends with the client."""
    with contextlib.suppress(OSError):
        handler.connection.settimeout(20)
        handler.connection.recv(1)
    handler.close_connection = True


def say_raw(data):
    """A fault that sends these bytes in place of an answer."""

    def send(handler):
        handler.wfile.write(data)
        handler.wfile.flush()
        handler.close_connection = True

    return send


#: for BAOGAO_CLOCK: a clock that stands still, and one that breaks when it is read for the n-th time
_reads = 0


def broken_clock():
    global _reads  # noqa: PLW0603
    _reads += 1
    if _reads >= int(os.environ["BREAK_CLOCK_AT"]):
        raise ZeroDivisionError("the clock is broken")
    return datetime.now(UTC)


#: for BAOGAO_TIMER: a second passes whenever somebody looks, so that a budget ends at the same request on any machine
_looks = 0


def counting_timer():
    global _looks  # noqa: PLW0603
    _looks += 1
    return float(_looks)
