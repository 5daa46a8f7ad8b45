"""The one spider: every listing from page 1 to its proved end, then its head again."""

from __future__ import annotations

import logging
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Request, Spider

from archive.captures import Reader, read_response, todays_reader
from archive.errors import StorageError
from archive.logs import mark
from archive.model import Page
from archive.walk import Stop
from crawler.clock import clock_of, stamp
from crawler.exchange import LISTING, PAGE, flatten
from crawler.guard import HOME
from crawler.items import ReportItem
from crawler.stops import NETWORK_ERRORS, Interrupted, WalkStopped, explain, judge_status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from archive.config import Listing
    from archive.recording import Night, Recorder
    from archive.walk import Ask, Walk

logger = logging.getLogger(__name__)


def split_urls(text: str) -> list[str]:
    """The addresses in ``-a url=…``: parted by blanks or commas; a comma inside an address is part of it."""
    return [part for part in re.split(r"[\s,]+(?=https?://)", text.strip()) if part]


@dataclass(slots=True)
class _Place:
    """Where the crawl stands."""

    listing: Listing
    walk: Walk
    yielded: set[str] = field(default_factory=set)  #: keys


class ReportsSpider(Spider):
    """Asks for one page at a time; the next one is only known when this one is read.

    ``url``: one or several listings, raw or percent-encoded; without it, those of baogao.toml. ``night``: the plan of
    ``baogao crawl``, which then owns the lock and the run. :class:`crawler.night.NightKeeper` calls :meth:`begin`.
    """

    name = "reports"
    #: bodies are decoded by archive.captures, for the crawl and for the settlement alike
    custom_settings: ClassVar[dict[str, Any]] = {"COMPRESSION_ENABLED": False}  # type: ignore[misc]  # set once
    recorder: Recorder
    _reader: Reader

    def __init__(self, name: str | None = None, *, url: str = "", night: Night | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.urls = split_urls(url)
        self.night = night
        #: what ended this crawl before its time: a StorageError, or a bug
        self.broken: BaseException | None = None
        self._waiting: deque[Listing] = deque()
        self._blocked: dict[str, str] = {}  # host → which listing was blocked there, and why
        self._place: _Place | None = None

    def begin(self, night: Night, recorder: Recorder) -> None:
        self.recorder = recorder
        self._reader = todays_reader()
        self._waiting.extend(night.listings)

    async def start(self) -> AsyncIterator[Any]:
        for request in self._go_on():
            yield request

    def read(self, response: Response) -> Iterator[Any]:
        """A page came: read it, tell the walk, yield its entries and then the one request that follows."""
        place, ask = self._current()
        stop = judge_status(response.status)
        if stop is not None:
            self._fail(stop, host_wide=True)
        else:
            reading = read_response(flatten(response.headers), response.body, response.url, self._reader)
            if place.walk.feed(reading) and isinstance(reading, Page):
                _log_page(reading, ask, place)
                yield from _entries(reading, ask, place)
            self._mind_block(place.walk.result().stop)
            if self.settings.getbool("BAOGAO_FIRST_PAGES"):
                place.walk.fail(Stop("page cap", "only page 1 was asked for"))
        yield from self._go_on()

    def give_up(self, failure: Failure) -> Iterator[Any]:
        """No page came. After a storage error or a bug nothing is yielded, so that Scrapy closes."""
        error = failure.value
        if isinstance(error, Interrupted):
            return
        if isinstance(error, WalkStopped):
            self._fail(error.stop, host_wide=error.host_wide)
        elif isinstance(error, NETWORK_ERRORS):
            self._fail(Stop("fetch error", explain(error)), host_wide=False)
        elif error is not None:
            self.break_off(error)
        yield from self._go_on()

    def break_off(self, error: BaseException) -> None:
        """End the crawl: the archive can't be written, or a bug was met. What is archived stays."""
        if self.broken is not None:
            return
        self.broken = error
        if not isinstance(error, StorageError):
            logger.error("A bug ended this crawl", exc_info=error)
            return
        logger.error("%s", error)
        if self._place is not None:
            self._place.walk.fail(Stop("storage", str(error)))
            self._note_stop(self._place)

    def _go_on(self) -> Iterator[Request]:
        """The one request that comes next, of this listing or a later one; none where the night is walked."""
        while self.broken is None:
            if self._place is not None and self._place.walk.ask is not None:
                request = self._request(*self._current())
                if request is not None:
                    yield request
                    return
            elif self._place is not None:
                self._note_stop(self._place)
                self._place = None
            elif self._waiting:
                self._open(self._waiting.popleft())
            else:
                return

    def _open(self, listing: Listing) -> None:
        try:
            self._place = _Place(listing, self.recorder.resume(listing, self._reader))
        except StorageError as error:
            self.break_off(error)
            return
        result = self._place.walk.result()
        told = mark("walk.started", listing=listing.key, pages=result.pages_seen, entries=result.entries_seen)
        logger.info("%s is walked", listing.key, extra=told)
        block = self._blocked.get(_host(listing))
        if block is not None:
            self._place.walk.fail(Stop("blocked", f"not asked: {block}"))

    def _request(self, place: _Place, ask: Ask) -> Request | None:
        try:
            return Request(
                ask.url,
                callback=self.read,
                errback=self.give_up,
                dont_filter=True,  # the head is read twice, and a walk knows by itself when it goes in circles
                meta={LISTING: place.listing.key, PAGE: ask.page, HOME: place.listing.url},
            )
        except ValueError:  # what a page calls the next one need not be an address
            self._fail(Stop("fetch error", f"not asked: {ask.url[:200]!r} is not a web address"), host_wide=False)
            return None

    def _current(self) -> tuple[_Place, Ask]:
        assert self._place is not None
        assert self._place.walk.ask is not None
        return self._place, self._place.walk.ask

    def _fail(self, stop: Stop, *, host_wide: bool) -> None:
        place, ask = self._current()
        stop = Stop(stop.kind, f"page {ask.page}: {stop.reason}")
        place.walk.fail(stop)
        if host_wide:
            self._mind_block(stop)

    def _mind_block(self, stop: Stop | None) -> None:
        """A site that wants to be left alone is not asked for its other listings either."""
        if stop is not None and stop.kind == "blocked" and self._place is not None:
            host = _host(self._place.listing)
            self._blocked[host] = f"{host} blocked {self._place.listing.key} ({stop.reason})"

    def _note_stop(self, place: _Place) -> None:
        _log_end(place)
        try:
            self.recorder.note_stop(place.listing.key, place.walk.result().stop, stamp(clock_of(self.crawler)()))
        except StorageError as error:
            self.break_off(error)


def _entries(page: Page, ask: Ask, place: _Place) -> Iterator[ReportItem]:
    """The entries of a page that the walk took; when the head is read again, only those that are new."""
    for position, entry in enumerate(page.entries, 1):
        if not (ask.head and entry.key in place.yielded):
            yield ReportItem.from_entry(entry, listing=place.listing.key, page=ask.page, position=position)
    place.yielded.update(page.keys)


def _log_page(page: Page, ask: Ask, place: _Place) -> None:
    key, seen = place.listing.key, place.walk.result().entries_seen
    logger.info(
        *("%s, page %d: %d entries", key, ask.page, len(page.entries)),
        extra=mark(
            "page.read",
            listing=key,
            page=ask.page,
            url=ask.url,
            head=ask.head,
            entries=len(page.entries),
            seen=seen,
            last=page.pager.last,
        ),
    )


def _log_end(place: _Place) -> None:
    key, result = place.listing.key, place.walk.result()
    figures: dict[str, Any] = {"listing": key, "pages": result.pages_seen, "entries": result.entries_seen}
    if result.stop is None:
        logger.info("%s was walked to its end", key, extra=mark("walk.ended", **figures))
        return
    kind, reason = result.stop.kind, result.stop.reason
    event = "blocked" if kind == "blocked" else "walk.stopped"
    told = mark(event, level="warning", **figures, kind=kind, reason=reason)
    logger.info("%s was not walked to its end: %s: %s", key, kind, reason, extra=told)


def _host(listing: Listing) -> str:
    return urlsplit(listing.url).netloc
