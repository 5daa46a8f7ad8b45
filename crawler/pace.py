"""The pause between two requests to one host, in one place, and one that a signal can end."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from scrapy.utils.httpobj import urlparse_cached

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


class PaceMiddleware:
    """Holds a request back until its host may be asked again.

    Scrapy's own wait for DOWNLOAD_DELAY would do for the plain case; but it knows no Crawl-delay, and a crawl that is
    told to stop while it waits would sit the whole pause out.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._asked_at: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if not self._crawler.crawling:
            raise Interrupted
        host = urlparse_cached(request).hostname or ""
        now = time.monotonic()
        delay = max(self._delay, request.meta.get(CRAWL_DELAY, 0.0))
        ready = self._asked_at[host] + delay if host in self._asked_at else now
        if REST in request.meta:
            ready = max(ready, now + max(delay, request.meta.pop(REST)))
        while (left := ready - time.monotonic()) > 0:
            await asyncio.sleep(min(left, SLICE_SECONDS))
            if not self._crawler.crawling:
                raise Interrupted
        self._asked_at[host] = time.monotonic()
        request.meta["download_slot"] = SLOT
