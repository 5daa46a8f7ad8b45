"""Detail links: what identifies a report, and the address that is kept of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

_DETAIL = re.compile(
    r"(?:^|/)repo\d{1,9}-\d{1,9}/(?P<id>\d{1,18})\.html?(?![\w.-])"
    r"|/?report\.jsp(?:;[^?#]*)?\?(?:[^#]*?[&;])?reportId=(?P<jsp>\d{1,18})(?!\w)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"['\"]([^'\"]{1,2000})['\"]")
LONGEST = 4096  #: characters of an address or script that is looked at
#: where a link hides when it is not an <a href>
_OTHER = ("data-href", "data-url", "data-link", "onclick")


class Detail(NamedTuple):
    key: str  #: host:id
    url: str  #: without session junk


def detail_of(attributes: dict[str, str], base: str) -> Detail | None:
    """The report that an element with these attributes links to."""
    href = attributes.get("href")
    if href is not None:
        return read_detail(href, base) if len(href) <= LONGEST and _DETAIL.search(href) else None
    for name in _OTHER:
        value = attributes.get(name)
        if value and len(value) <= LONGEST and _DETAIL.search(value):
            quoted = next((one for one in _QUOTED.findall(value) if _DETAIL.search(one)), value)
            return read_detail(quoted, base)
    return None


@lru_cache(maxsize=256)
def read_detail(href: str, base: str) -> Detail | None:
    match = _DETAIL.search(href)
    parts = split_link(href, base)
    if match is None or parts is None or not parts.hostname:
        return None
    host = parts.netloc.rpartition("@")[2]
    path = parts.path.partition(";")[0]
    if match["id"]:
        found = _DETAIL.search(path)
        if not found or not found["id"]:
            return None
        return Detail(f"{parts.hostname}:{found['id']}", f"{parts.scheme}://{host}{path}")
    return Detail(f"{parts.hostname}:{match['jsp']}", f"{parts.scheme}://{host}{path}?reportId={match['jsp']}")


def split_link(href: str, base: str) -> SplitResult | None:
    """The absolute http(s) address a link leads to, in parts; None where it leads nowhere."""
    try:
        parts = urlsplit(urljoin(base, href[:LONGEST].strip()))
        if parts.scheme not in {"http", "https"} or not parts.hostname or (parts.port or 1) < 1:
            return None
    except ValueError:
        return None
    return parts


def read_base(url: str, href: str | None) -> str:
    """Where relative links start: <base href>, itself relative to the page."""
    parts = split_link(href, url) if href else None
    return parts.geturl() if parts else url
