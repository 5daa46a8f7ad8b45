"""What holds for every response, Datasette's own included: only reading, and nothing active in a page."""

from __future__ import annotations

import ipaddress
import re
from html import escape
from typing import TYPE_CHECKING, Any

from archive.printable import spell_out

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}
#: of Datasette's own pages below /-/, those that say something of the archive; the others are about the machine
_PUBLIC = ("/-/static/", "/-/static-plugins/", "/-/metadata", "/-/versions", "/-/settings", "/-/plugins")
_METHODS = ("GET", "HEAD")
#: the characters that archive.printable spells out, line ends and tabs excepted: a page has thousands of those
_ACTING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def secure(application: Application) -> Application:
    """Only GET and HEAD come in, and every response goes out with the same headers."""

    async def respond(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message.get("headers", [])}  # a picture's policy is its own
                more = [(name, value) for name, value in _HEADERS.items() if name not in own]
                message = {**message, "headers": [*map(_stay_here, message.get("headers", [])), *more]}
            await send(message)

        send_inert = spell_out_pages(send_secured)

        if scope["method"] not in _METHODS:
            await _refuse(send, 405, "This archive can only be read: use GET or HEAD.", (b"allow", b"GET, HEAD"))
        elif scope["path"].startswith("/-/") and not scope["path"].startswith(_PUBLIC):
            await _refuse(send, 404, "There is nothing at this address.")
        else:
            await application(scope, receive, send_inert)

    return respond


def _stay_here(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Where Datasette takes the last slash of an address away, nothing is left of ``//``: it would lead to itself."""
    name, value = header
    if name.lower() != b"location" or value[:1] not in b"/\\":
        return header
    return name, b"/" + value.lstrip(b"/\\")  # and what begins with two is another host


def spell_out_pages(send: Send) -> Send:
    """Whatever a page quotes: a character that acts instead of being read (a bidi mark, an escape) is spelled out."""
    held: list[Message] = []

    async def send_inert(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            held.append(message)
        elif message["type"] == "http.response.body" and held:
            held.append(message)
            if not message.get("more_body"):
                html = b"".join(part.get("body", b"") for part in held[1:]).decode("utf-8", "replace")
                body = _ACTING.sub(lambda found: escape(spell_out(found[0])), html).encode()
                await send(held[0])
                await send({"type": "http.response.body", "body": body})
                held.clear()
        else:
            await send(message)

    return send_inert


def _is_page(start: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])


def guard_host(application: Application, names: frozenset[str]) -> Application:
    """Answer under these names only: a page elsewhere must not read the archive through a name that it controls."""

    async def respond(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _host(scope) not in names:
            await _refuse(send, 421, f"This archive answers as {' and '.join(sorted(names))} only.")
        else:
            await application(scope, receive, send)

    return respond


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(scope: Message) -> str:
    named = next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"), "")
    host, _, port = named.rpartition(":")
    return (host if port.isdecimal() and host else named).strip("[]").lower()


async def _refuse(send: Send, status: int, sentence: str, *headers: tuple[bytes, bytes]) -> None:
    body = (sentence + "\n").encode()
    about = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*about, *headers, *_HEADERS.items()]})
    await send({"type": "http.response.body", "body": body})
