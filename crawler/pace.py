"""The pause between two requests to one host, in one place, and one that a signal can end."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from crawler.bookings import Bookings, Site, find_place
from crawler.stops import Interrupted

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler

#: how long a stopped crawl may go on sleeping
SLICE_SECONDS = 0.2

#: request.meta: seconds to wait from now on, set by crawler.retry
REST = "baogao_rest"
#: request.meta: the Crawl-delay of the host, set by crawler.robots
CRAWL_DELAY = "baogao_crawl_delay"
#: the downloader slot of all requests, in which Scrapy itself does not wait (DOWNLOAD_SLOTS)
SLOT = "paced"

logger = logging.getLogger(__name__)


class PaceMiddleware:
    """Holds a request back until its host may be asked again; :mod:`crawler.bookings` knows when that is.

    Scrapy's own wait for DOWNLOAD_DELAY would do for the plain case; but it knows no Crawl-delay and no other process,
    and a crawl that is told to stop while it waits would sit the whole pause out.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._bookings = Bookings(find_place(), patience=crawler.settings.getfloat("BAOGAO_PATIENCE"))
        self._crawl_delays: dict[str, float] = {}  # by host: they hold for robots.txt itself, too

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        site = Site.of(request.url)
        delay = self._find_delay(request, site)
        rest = max(delay, request.meta.pop(REST)) if REST in request.meta else 0.0
        mine = self._bookings.book(site, delay, rest=rest)
        try:
            ready: float | None = mine
            while ready is not None:
                _log_wait(site, ready - time.monotonic(), usual=max(delay, rest))
                await self._sleep(ready)
                ready = self._bookings.take(site, delay)
        except BaseException:
            self._bookings.give_back(site, delay, mine)
            raise
        request.meta["download_slot"] = SLOT

    def check(self, url: str) -> float:
        """For crawler.download, when the connection stands: seconds to wait after all, mostly 0."""
        return self._bookings.check(Site.of(url))

    def note_sent(self, url: str) -> None:
        """For crawler.download: the request goes out now."""
        self._bookings.note_sent(Site.of(url))

    def _find_delay(self, request: Request, site: Site) -> float:
        asked: float = max(request.meta.get(CRAWL_DELAY, 0.0), self._crawl_delays.get(site.host, 0.0))
        self._crawl_delays[site.host] = asked
        return max(self._delay, asked)

    async def _sleep(self, until: float) -> None:
        if not self._crawler.crawling:
            raise Interrupted
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, SLICE_SECONDS))
            if not self._crawler.crawling:
                raise Interrupted


def _log_wait(site: Site, seconds: float, *, usual: float) -> None:
    if seconds > usual + 1:
        logger.info("%s is asked by another crawl on this machine too: waiting %.1f s", site.host, seconds)
