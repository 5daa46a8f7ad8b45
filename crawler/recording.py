"""Every answer goes into the archive before anything else sees it, and so does the failure of getting one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from crawler.clock import clock_of, stamp
from crawler.exchange import LISTING, PAGE, as_exchange
from crawler.night import NightKeeper
from crawler.stops import NETWORK_ERRORS, explain

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class RecordingMiddleware:
    """Raises archive.errors.StorageError where the answer can't be archived: it then reaches nobody."""

    def __init__(self, crawler: Crawler) -> None:
        keeper = crawler.get_extension(NightKeeper)
        if keeper is None:  # `scrapy shell`, `scrapy fetch`
            raise NotConfigured
        self._keeper = keeper
        self._clock = clock_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        self._keeper.recorder.record(as_exchange(request, response, fetched_at=stamp(self._clock())))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, NETWORK_ERRORS):
            listing, page = request.meta.get(LISTING), request.meta.get(PAGE)
            at = stamp(self._clock())
            self._keeper.recorder.note_failure(request.url, listing, page, explain(exception), at)
