"""Every answer goes into the archive before anything else sees it, and so does the failure of getting one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured

from archive.logs import mark
from crawler.clock import clock_of, stamp
from crawler.exchange import LISTING, PAGE, as_exchange
from crawler.night import NightKeeper
from crawler.retry import ATTEMPT
from crawler.stops import NETWORK_ERRORS, explain

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


logger = logging.getLogger(__name__)


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
        logger.info(
            *("%s: %d, %d bytes", request.url, response.status, len(response.body)),
            extra=mark(
                "page.archived" if LISTING in request.meta else "robots.archived",
                **_where(request),
                status=response.status,
                attempt=request.meta.get(ATTEMPT, 0) + 1,
                seconds=request.meta.get("download_latency"),
                bytes=len(response.body),
            ),
        )
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, NETWORK_ERRORS):
            listing, page = request.meta.get(LISTING), request.meta.get(PAGE)
            at = stamp(self._clock())
            why = explain(exception)
            self._keeper.recorder.note_failure(request.url, listing, page, why, at)
            logger.info(
                *("%s: %s", request.url, why),
                extra=mark("request.failed", level="warning", **_where(request), reason=why),
            )


def _where(request: Request) -> dict[str, Any]:
    return {"listing": request.meta.get(LISTING), "page": request.meta.get(PAGE), "url": request.url}
