"""How far a night is, from the events of its crawling process to the words of the progress line."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from archive import progress
from archive.captures import OK, Reader
from archive.counted import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.config import Listing
    from archive.model import Reading
    from archive.progress import Part
    from archive.sqlite import sqlite3

_NAME_CELLS = 30  #: of a listing
_MINUTE, _HOUR = 60, 3600
#: events of the crawling process with which it turns to another listing
_ENDS = {"walk.ended", "walk.stopped", "blocked", "head.read"}


@dataclass(slots=True)
class _Walk:
    page: int  #: read; the one after it is being asked for
    entries: int
    last: int | None = None  #: page, as announced
    ended: bool = False  #: it is told of until another one begins


@dataclass(slots=True)
class Standing:
    """Times are of a monotonic clock, in seconds. Told is the listing of which something was heard last."""

    listings: Sequence[str]  #: keys, in the order of the night
    delay: float
    began: float
    budget: float | None = None  #: seconds
    expected: Mapping[str, int] = field(default_factory=dict)  #: pages of a listing when it was last walked whole
    listing: str | None = None
    walks: dict[str, _Walk] = field(default_factory=dict)  #: by listing, of each host that is asked
    is_head: bool = False  #: the heads of all are read, before any of them is walked
    pages: int = 0  #: of the night, archived by this process
    entries: int = 0  #: of the walks that have ended
    waits_until: float = 0.0

    def take(self, event: Mapping[str, Any], now: float) -> None:
        """An event of the crawling process; those that say nothing of the standing are passed over."""
        name, key = event.get("event"), str(event.get("listing", self.listing))
        if name == "walk.started":
            if self.listing is None:
                self.began = now  # loading Scrapy is no pace
            self.listing, self.is_head = key, bool(event.get("head"))
            self._drop_ended()
            self.walks[key] = _Walk(int(event.get("pages", 0)), int(event.get("entries", 0)))
            if self.budget is not None and not self.is_head:
                self.entries -= self.walks[key].entries  # they were counted with its head
        elif name == "page.archived":
            self.pages += 1
            self.waits_until = 0.0
        elif name == "page.read" and key in self.walks:
            walk, self.listing = self.walks[key], key
            walk.entries, walk.last = int(event["seen"]), event.get("last") or walk.last
            if not event.get("head"):
                walk.page = int(event["page"])
        elif name in _ENDS and key in self.walks:
            self.walks[key].ended = True
            if self._count_hosts():
                self._drop_ended()
                self.listing = self.listing if self.listing in self.walks else next(reversed(self.walks))
        elif name == "retry":
            self.waits_until = now + float(event["seconds"])

    def _drop_ended(self) -> None:
        for key in [key for key, walk in self.walks.items() if walk.ended]:
            self.entries += self.walks.pop(key).entries

    def _count_hosts(self) -> int:
        return sum(not walk.ended for walk in self.walks.values())

    def tell(self, now: float) -> list[Part]:
        """The words of the line, each with how dispensable it is."""
        if self.listing is None:
            return [(0, "starting the crawl")]
        walk = self.walks[self.listing]
        number = self.listings.index(self.listing) + 1 if self.listing in self.listings else 0
        total = walk.last or self.expected.get(self.listing)
        reading_head = total is not None and walk.page >= total
        at = min(walk.page + 1, total) if total else walk.page + 1
        parts = [
            (3, f"{'head' if self.is_head else 'listing'} {number} of {len(self.listings)}"),
            (5, _shorten(self.listing)),
            (1, f"page {at} of {total or '?'}"),
            (4, counted(self.entries + sum(each.entries for each in self.walks.values()), "entry")),
        ]
        hosts = self._count_hosts()
        if hosts > 1:
            parts.append((8, f"{hosts} hosts"))
        if self.pages and now > self.began:
            parts.append((6, f"{self.pages * _MINUTE / (now - self.began):.0f} pages/min"))
        parts.append((2, self._tell_left(walk, total, number, now)))
        waits = self.waits_until - now
        if waits > self.delay:
            parts.append((1, f"asked to wait, {waits:.0f} s"))
        else:
            parts.append((7, "reading the first page again" if reading_head else "fetching"))
        return parts

    def _tell_left(self, walk: _Walk, total: int | None, number: int, now: float) -> str:
        if self.budget is not None:
            return f"{word_seconds(max(0.0, self.began + self.budget - now))} of the budget left"
        if total is None:
            return ""
        pace = max(self.delay / max(1, self._count_hosts()), (now - self.began) / self.pages if self.pages else 0.0)
        if not pace:  # nothing has come yet, and no delay tells how long it will take
            return ""
        later = [self.expected.get(key) for key in self.listings[number:] if key not in self.walks]
        # the first page of each is read again at its end
        pages = max(0, total + 1 - walk.page) + sum(each + 1 for each in later if each)
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
