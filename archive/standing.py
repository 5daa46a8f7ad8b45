"""How far a night is, from the events of its crawling process to the words of the progress line."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from archive import progress
from archive.captures import OK, Reader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from archive.config import Listing
    from archive.model import Reading
    from archive.progress import Part

_NAME_CELLS = 30  #: of a listing
_MINUTE, _HOUR = 60, 3600


@dataclass(slots=True)
class Standing:
    """Times are of a monotonic clock, in seconds."""

    listings: Sequence[str]  #: keys, in the order of the night
    delay: float
    began: float
    expected: Mapping[str, int] = field(default_factory=dict)  #: pages of a listing when it was last walked whole
    listing: str | None = None
    page: int = 0  #: of this listing, read; the one after it is being asked for
    last: int | None = None  #: its last page, as announced
    pages: int = 0  #: of the night, archived by this process
    entries: int = 0  #: of this listing
    entries_before: int = 0
    waits_until: float = 0.0

    def take(self, event: Mapping[str, Any], now: float) -> None:
        """An event of the crawling process; those that say nothing of the standing are passed over."""
        name = event.get("event")
        if name == "walk.started":
            if self.listing is None:
                self.began = now  # loading Scrapy is no pace
            self.listing, self.page, self.last = str(event["listing"]), int(event.get("pages", 0)), None
            self.entries_before, self.entries = self.entries_before + self.entries, int(event.get("entries", 0))
        elif name == "page.archived":
            self.pages += 1
            self.waits_until = 0.0
        elif name == "page.read":
            self.entries = int(event["seen"])
            self.last = event.get("last") or self.last
            if not event.get("head"):
                self.page = int(event["page"])
        elif name == "retry":
            self.waits_until = now + float(event["seconds"])

    def tell(self, now: float) -> list[Part]:
        """The words of the line, each with how dispensable it is."""
        if self.listing is None:
            return [(0, "starting the crawl")]
        number = self.listings.index(self.listing) + 1 if self.listing in self.listings else 0
        total = self.last or self.expected.get(self.listing)
        reading_head = total is not None and self.page >= total
        at = min(self.page + 1, total) if total else self.page + 1
        parts = [
            (3, f"listing {number} of {len(self.listings)}"),
            (5, _shorten(self.listing)),
            (1, f"page {at} of {total or '?'}"),
            (4, f"{self.entries_before + self.entries} entries"),
        ]
        if self.pages and now > self.began:
            parts.append((6, f"{self.pages * _MINUTE / (now - self.began):.0f} pages/min"))
        parts.append((2, self._tell_left(number, now)))
        waits = self.waits_until - now
        if waits > self.delay:
            parts.append((1, f"asked to wait, {waits:.0f} s"))
        else:
            parts.append((7, "reading the first page again" if reading_head else "fetching"))
        return parts

    def _tell_left(self, number: int, now: float) -> str:
        total = self.last or self.expected.get(self.listing or "")
        if total is None:
            return ""
        pace = max(self.delay, (now - self.began) / self.pages if self.pages else 0.0)
        later = [self.expected.get(key) for key in self.listings[number:]]
        # the first page of each is read again at its end
        pages = max(0, total + 1 - self.page) + sum(each + 1 for each in later if each)
        left = pages * pace + max(0.0, self.waits_until - now)
        return f"{'over ' if None in later else ''}{word_seconds(left)} left"


def word_seconds(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE):02d} min"


def _shorten(name: str) -> str:
    return name if progress.cut(name, _NAME_CELLS) == name else progress.cut(name, _NAME_CELLS - 2) + ".."


def load_expected(connection: sqlite3.Connection, listings: Sequence[Listing]) -> dict[str, int]:
    """How many pages each listing had when it was last walked to its end."""
    rows = connection.execute(
        "SELECT l.key, w.pages_seen, max(w.run_id) FROM walks w JOIN listings l ON l.id = w.listing_id "
        "WHERE w.complete = 1 GROUP BY l.key"
    )
    keys = {listing.key for listing in listings}
    return {key: pages for key, pages, _ in rows if key in keys}


def watch_reader(connection: sqlite3.Connection, run: int, reader: Reader) -> Reader:
    """The same reader; the progress line counts what it reads of the run."""
    if not progress.is_on():
        return reader
    (total,) = connection.execute(
        "SELECT count(*) FROM captures WHERE run_id = ? AND listing_id IS NOT NULL AND status = ?", (run, OK)
    ).fetchone()
    numbers = count(1)

    def read(body: bytes, **where: Any) -> Reading:
        progress.advance(f"settling run {run}: page", next(numbers), total)
        return reader.read(body, **where)

    return Reader(reader.version, read)
