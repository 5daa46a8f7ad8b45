"""Addresses of our pages, and which addresses out of the data may become a link."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

#: what a URI may hold as it is; the rest, Chinese and control characters too, is percent-encoded
_URI = "!#$%&'()*+,/:;=?@[]~"


def report_path(key: str, version: int | None = None, tail: str = "") -> str:
    """The page of a report, or the permalink of one of its versions."""
    path = f"/r/{quote(key, safe=':')}"
    if version is not None:
        path += f"/v/{version}"
    return path + tail


def difference_path(key: str, before: int, after: int) -> str:
    return report_path(key, tail=f"/diff/{before}/{after}")


def with_query(path: str, **query: object) -> str:
    """The path with those parameters that say something."""
    said = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(said)}" if said else path


def outward(url: str | None) -> str | None:
    """The address as a link may hold it; None where it is not one of the web, and is shown as text."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(char <= " " for char in url):
        return None
    return to_uri(url)


def to_uri(url: str) -> str:
    """ASCII, as it must be in a header."""
    return quote(url, safe=_URI)
