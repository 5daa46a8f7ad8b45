"""HTTP messages as a record's block holds them: first line, headers, an empty line, the body."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import quote, urlsplit

Headers = tuple[tuple[str, str], ...]

_BREAK = b"\r\n\r\n"
_LINE_BREAKS = re.compile(r"[\r\n]+")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (-?\d+) ")  # any number: a hostile server chooses it
#: what a URI may hold unescaped, and the bar, which Scrapy leaves as it is
_URI_CHARACTERS = "!#$%&'()*+,-./:;=?@[]_~|"


def target_uri(url: str) -> str:
    """The URL as it stands in a record: ASCII, percent-encoded; one that Scrapy made comes back unchanged."""
    return quote(url, safe=_URI_CHARACTERS, errors="replace")


def one_line(text: str) -> str:
    """Header text without what would end its line."""
    return _LINE_BREAKS.sub(" ", text).strip(" \t")


def format_request(method: str, uri: str, headers: Headers) -> bytes:
    parts = urlsplit(uri)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not any(name.lower() == "host" for name, _ in headers):
        # the HTTP client adds it, below where Scrapy shows headers
        headers = (("Host", parts.netloc.rpartition("@")[2]), *headers)
    return _format(f"{method} {path} HTTP/1.1", headers)


def format_response(status: int, headers: Headers) -> bytes:
    """Status line and headers, up to and with the empty line."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    return _format(f"HTTP/1.1 {status} {phrase}", headers)


def parse_response(block: bytes) -> tuple[int, Headers, bytes]:
    """Status, headers and body; raises ValueError where the block is no HTTP response."""
    head, found, body = block.partition(_BREAK)
    first, *lines = head.split(b"\r\n")
    status = _STATUS_LINE.match(first)
    if not status or not found:
        raise ValueError("no HTTP response")
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return int(status[1]), tuple((name, value.strip(" \t")) for name, _, value in pairs), body


def _format(first_line: str, headers: Headers) -> bytes:
    lines = [_latin(first_line), *(_latin(name) + b": " + _latin(value) for name, value in headers)]
    return b"\r\n".join(lines) + _BREAK


def _latin(text: str) -> bytes:
    """Header text is latin-1, a character for each byte of the wire; whoever holds more gets UTF-8."""
    text = one_line(text)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
