"""The one spider: every listing from page 1 to its proved end, then its head again; several hosts side by side."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Request, Spider

from archive.budget import stop_over_budget
from archive.captures import Reader, read_response, todays_reader
from archive.errors import StorageError
from archive.model import Page
from archive.walk import Stop
from crawler.clock import clock_of, stamp, timer_of
from crawler.exchange import LISTING, PAGE, flatten
from crawler.guard import HOME, AddressRefused
from crawler.items import ReportItem
from crawler.outages import Outages
from crawler.stops import (
    FAILING,
    LASTING_ERRORS,
    NETWORK_ERRORS,
    Interrupted,
    WalkStopped,
    explain,
    judge_status,
)
from crawler.telling import tell_end, tell_head, tell_left, tell_page, tell_start
from crawler.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from archive.budget import Head
    from archive.config import Listing
    from archive.recording import Night, Recorder
    from archive.walk import Ask, Walk
    from crawler.turns import Turn

logger = logging.getLogger(__name__)


def split_urls(text: str) -> list[str]:
    """The addresses in ``-a url=…``: parted by blanks or commas; a comma inside an address is part of it."""
    return [part for part in re.split(r"[\s,]+(?=https?://)", text.strip()) if part]


@dataclass(slots=True)
class _Place:
    """Where the crawl stands in one listing."""

    listing: Listing
    walk: Walk
    head: Head | None  #: of which nothing but the head is read for now
    had_all: bool = False  #: the first on its host to be walked behind its head: the budget was its own
    asked_at: float = 0.0


class ReportsSpider(Spider):
    """Asks each host for one page at a time; the next one is only known when this one is read.

    ``url``: one or several listings, raw or percent-encoded; without it, those of baogao.toml. ``night``: the plan of
    ``baogao crawl``, which then owns the lock and the run. :class:`crawler.night.NightKeeper` calls :meth:`begin`.
    """

    name = "reports"
    #: bodies are decoded by archive.captures, for the crawl and for the settlement alike
    custom_settings: ClassVar[dict[str, Any]] = {"COMPRESSION_ENABLED": False}  # type: ignore[misc]  # set once
    recorder: Recorder
    _reader: Reader
    _turns: Turns

    def __init__(self, name: str | None = None, *, url: str = "", night: Night | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.urls = split_urls(url)
        self.night = night
        #: what ended this crawl before its time: a StorageError, or a bug
        self.broken: BaseException | None = None
        self._shut: dict[str, Stop] = {}  # host and port → why nothing more is asked there tonight
        self._places: dict[str, _Place] = {}  # by key: the listings with a request in flight

    def begin(self, night: Night, recorder: Recorder) -> None:
        self.recorder = recorder
        self._reader = todays_reader()
        self._timer = timer_of(self.crawler)
        self._outages = Outages(self.settings.getfloat("BAOGAO_OUTAGE"))
        by_key = {listing.key: listing for listing in night.listings}
        ended = recorder.list_ended()
        waiting = [by_key[key] for key in night.order or by_key if key not in ended]
        self._turns = Turns(
            waiting, night.max_concurrent_hosts, delay=night.delay, budget=night.budget, began=self._timer()
        )

    async def start(self) -> AsyncIterator[Any]:
        for request in self._fill():
            if request is None:  # a continued night reads again what it has: signals are heard in between
                await asyncio.sleep(0)
            else:
                yield request

    def read(self, response: Response) -> Iterator[Any]:
        """A page came: read it, tell the walk, yield its entries and then the one request that follows."""
        if self.broken is not None:  # by what another host's page met
            return
        place, ask = self._find_place(response.meta)
        stop = judge_status(response.status)
        if response.status not in FAILING:
            self._outages.note_answer(_site(place.listing))
        if stop is not None:
            self._fail(place, stop, host_wide=True)
            if response.status in FAILING:
                self._mind_outage(place)
        else:
            reading = read_response(flatten(response.headers), response.body, response.url, self._reader)
            before = frozenset(place.walk.keys) if ask.head else frozenset()
            if place.walk.feed(reading) and isinstance(reading, Page):
                tell_page(place.listing.key, reading, ask, place.walk)
                yield from _entries(reading, ask, place, before)
                if place.head is not None:
                    place.head.take(reading, self.recorder.find_unknown(place.listing.key, reading.keys), place.walk)
            self._mind_block(place)
            if self.settings.getbool("BAOGAO_FIRST_PAGES"):
                place.walk.fail(Stop("page cap", "only page 1 was asked for"))
        yield from self._go_on(place)

    def give_up(self, failure: Failure) -> Iterator[Any]:
        """No page came. After a storage error or a bug nothing is yielded, so that Scrapy closes."""
        error = failure.value
        if self.broken is not None or isinstance(error, Interrupted):
            return
        place, _ = self._find_place(failure.request.meta)  # type: ignore[attr-defined]  # Scrapy adds it
        if isinstance(error, WalkStopped):
            self._fail(place, error.stop, host_wide=error.host_wide)
            if isinstance(error, AddressRefused):
                self._mind_outage(place)
        elif isinstance(error, NETWORK_ERRORS):
            self._fail(place, Stop("fetch error", explain(error)), host_wide=False)
            if not isinstance(error, LASTING_ERRORS):
                self._mind_outage(place)
        elif error is not None:
            self.break_off(error)
        yield from self._go_on(place)

    def break_off(self, error: BaseException) -> None:
        """End the crawl: the archive can't be written, or a bug was met. What is archived stays."""
        if self.broken is not None:
            return
        self.broken = error
        if not isinstance(error, StorageError):
            logger.error("A bug ended this crawl", exc_info=error)
            return
        logger.error("%s", error)
        for place in list(self._places.values()):
            place.walk.fail(Stop("storage", str(error)))
            self._note_stop(place.listing.key, place.walk.result().stop)

    def _go_on(self, place: _Place) -> Iterator[Request]:
        """The request that follows a page of this listing, or those that its end makes room for."""
        request = self._ask(place)
        if request is not None:
            yield request
        else:
            yield from (request for request in self._fill() if request is not None)

    def _fill(self) -> Iterator[Request | None]:
        """Requests for as many hosts as may be asked at once; None for a listing that needs none."""
        while self.broken is None and (turn := self._turns.take()) is not None:
            try:
                place = self._open(turn)
            except StorageError as error:
                self.break_off(error)
                return
            yield None if place is None else self._ask(place)

    def _open(self, turn: Turn) -> _Place | None:
        """None where the listing is left for another night without a look at what is known of it."""
        listing, key = turn.listing, turn.listing.key
        if turn.head is not None and not self._may_walk(turn, turn.head):
            self._turns.release(listing)
            tell_left(key, turn.head)
            self._note_stop(key, turn.head.leave())
            return None
        head = self.recorder.begin_head(listing) if turn.is_head else None
        place = _Place(listing, self.recorder.resume(listing, self._reader, head), head)
        if not turn.is_head:
            place.had_all = self._turns.begin_walk(listing)
        self._places[key] = place
        tell_start(key, place.walk, is_head=turn.is_head)
        shut = self._shut.get(_site(listing))
        if shut is not None:
            place.walk.fail(shut)
        return place

    def _may_walk(self, turn: Turn, head: Head) -> bool:
        """Is there time for a walk behind the head? A host that is left alone costs none, and is to be told."""
        if _site(turn.listing) in self._shut:
            return True
        length = head.announced or self.recorder.find_length(turn.listing.key)
        # page 1 is read again at the end
        return self._turns.fits(turn.listing, None if length is None else length - head.pages + 1, self._timer())

    def _ask(self, place: _Place) -> Request | None:
        """The request for the page that the walk asks for; None where it ends here or waits for its second turn."""
        if self.broken is not None:
            return None
        walk, head = place.walk, place.head
        if walk.ask is not None and head is not None and head.ended:
            self._close(place)
            self._turns.walk_later(place.listing, head)
            tell_head(place.listing.key, head)
            return None
        if walk.ask is not None and self._turns.is_over(self._timer):
            assert self._turns.budget is not None
            walk.fail(stop_over_budget(walk, self._turns.budget, had_all=place.had_all))
        request = None if walk.ask is None else self._request(place, walk.ask)
        if request is None:
            self._close(place)
            tell_end(place.listing.key, walk)
            self._note_stop(place.listing.key, walk.result().stop)
        return request

    def _request(self, place: _Place, ask: Ask) -> Request | None:
        try:
            request = Request(
                ask.url,
                callback=self.read,
                errback=self.give_up,
                dont_filter=True,  # the head is read twice, and a walk knows by itself when it goes in circles
                meta={LISTING: place.listing.key, PAGE: ask.page, HOME: place.listing.url},
            )
        except ValueError:  # what a page calls the next one need not be an address
            stop = Stop("fetch error", f"not asked: {ask.url[:200]!r} is not a web address")
            self._fail(place, stop, host_wide=False)
            return None
        place.asked_at = self._timer()
        return request

    def _find_place(self, meta: Mapping[str, Any]) -> tuple[_Place, Ask]:
        """The place that a request was made for."""
        place = self._places[meta[LISTING]]
        self._turns.note_page(place.listing, self._timer() - place.asked_at)
        assert place.walk.ask is not None
        return place, place.walk.ask

    def _fail(self, place: _Place, stop: Stop, *, host_wide: bool) -> None:
        assert place.walk.ask is not None
        place.walk.fail(Stop(stop.kind, f"page {place.walk.ask.page}: {stop.reason}"))
        if host_wide:
            self._mind_block(place)

    def _mind_block(self, place: _Place) -> None:
        """A site that wants to be left alone is not asked for its other listings either."""
        stop = place.walk.result().stop
        if stop is not None and stop.kind == "blocked":
            site = _site(place.listing)
            self._shut[site] = Stop("blocked", f"not asked: {site} blocked {place.listing.key} ({stop.reason})")

    def _mind_outage(self, place: _Place) -> None:
        """A site that is out of order is not asked for each of its listings, with repetitions, all night long."""
        site, stop = _site(place.listing), place.walk.result().stop
        told = self._outages.note_failure(site, asked_at=place.asked_at, now=self._timer())
        if told == "doubt":
            self._turns.bring_last_forward(place.listing)
        elif told == "over" and stop is not None:
            count = self._outages.count_listings(site)
            reason = f"not asked: {site} is out of order, {count} listings in a row could not be had, "
            self._shut[site] = Stop("fetch error", f"{reason}{place.listing.key} last ({stop.reason})")

    def _close(self, place: _Place) -> None:
        del self._places[place.listing.key]
        self._turns.release(place.listing)

    def _note_stop(self, key: str, stop: Stop | None) -> None:
        try:
            self.recorder.note_stop(key, stop, stamp(clock_of(self.crawler)()))
        except StorageError as error:
            self.break_off(error)


def _entries(page: Page, ask: Ask, place: _Place, before: AbstractSet[str]) -> Iterator[ReportItem]:
    """The entries of a page that the walk took; when the head is read again, only those that were not seen before."""
    for position, entry in enumerate(page.entries, 1):
        if entry.key not in before:
            yield ReportItem.from_entry(entry, listing=place.listing.key, page=ask.page, position=position)


def _site(listing: Listing) -> str:
    return urlsplit(listing.url).netloc
