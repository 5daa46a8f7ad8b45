"""The values that cross module borders: what a page said, what was exchanged with the server, where it is archived."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

SERIES = re.compile(r"^([^|｜\d]{2,12}?)\s*[|｜]")  #: short: it also tells what may be a title
# any name before any bar; 丨 is the character U+4E28, typed for one
_SERIES_NAME = re.compile(r"^([^|｜丨\d。！？；]{2,20}?|[A-Za-z][A-Za-z &.'’-]{1,38}?)\s*[|｜丨]")

#: why a page was refused. ``blocked``: captcha, ban or challenge; ``login``: the site wants a login;
#: ``error``: an error or maintenance text served as a page; ``hostile``: markup that would hang or blind the parser;
#: ``unreadable``: anything else that does not add up (no entries where there should be some, undecodable, half a page).
RefusalKind = Literal["blocked", "login", "error", "hostile", "unreadable"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One report as one page lists it; every text is in the ``text`` form of :mod:`archive.text`."""

    key: str  #: ``host:id`` of the detail link, else ``title:`` + 16 hex digits
    url: str  #: absolute detail link without session junk, "" where the entry has none
    title: str  #: as shown, prefix included; "" where none could be told (the settlement counts those)
    brands: tuple[str, ...]
    summary_zh: str  #: paragraphs joined by one LF, in page order
    summary_en: str
    published_on: str | None  #: YYYY-MM-DD, only where the entry shows one whole, valid date

    @property
    def series(self) -> str | None:
        return series_of(self.title)


def series_of(title: str) -> str | None:
    """The publisher's series, which is what stands before the first bar of a title."""
    match = _SERIES_NAME.match(title)
    return match[1].strip() if match else None


@dataclass(frozen=True, slots=True)
class Pager:
    """What a page says of its neighbours. All URLs are absolute."""

    number: int | None = None  #: the page it says it is
    last: int | None = None  #: the highest page number it announces, by link or by text (共 77 页)
    next_url: str | None = None  #: the link to the following page
    links: tuple[tuple[int, str], ...] = ()  #: number links, ascending
    template: str | None = None  #: URL with ``{page}``, where two or more number links agree on one
    more: bool = False  #: something promises a further page, though no usable link leads there
    total: int | None = None  #: how many reports it says the listing holds (共 770 条)


@dataclass(frozen=True, slots=True)
class Page:
    """A listing page that added up. ``entries`` is empty where the page is a listing frame without entries."""

    entries: tuple[Entry, ...]
    pager: Pager
    frame: frozenset[str] = field(default=frozenset(), repr=False)  #: short texts outside entries and pager
    charset: str = "utf-8"
    unread: tuple[str, ...] = ()  #: how parts of the list begin that look like entries and could not be read as such
    closed: bool = True  #: it ends with </body> or </html>: a body cut short in the middle does not

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(entry.key for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Refused:
    """A page that must not be read: ``reason`` is one sentence for a person."""

    kind: RefusalKind
    reason: str


Reading = Page | Refused


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its answer, as it went over the wire (transfer coding removed, content coding kept)."""

    url: str
    method: str
    request_headers: tuple[tuple[str, str], ...]
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: str  #: UTC, YYYY-MM-DDTHH:MM:SSZ
    listing: str | None = None  #: listing key; None for robots.txt and the like
    page: int | None = None
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where one archived response stands, to the byte."""

    file: str  #: relative to the data directory: ``warc/….warc.gz`` (also while it still ends in ``.open``)
    offset: int
    length: int  #: of the response (or revisit) member alone
    record_id: str  #: ``urn:uuid:…`` without angle brackets
    digest: str  #: SHA-256 of the payload, lower-case hex
