"""What is asked again, after which pause, and when a site has said that it wants to be left alone.

Scrapy's own RetryMiddleware repeats at once, knows no Retry-After, and hides the request from its off-site filter. A
repetition of ours goes back through every middleware, the guard included.
"""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING

from OpenSSL.SSL import Error as TLSError
from scrapy.utils.httpobj import urlparse_cached

from archive.logs import mark
from archive.retry_after import parse_retry_after
from crawler.clock import clock_of
from crawler.exchange import LISTING, PAGE
from crawler.pace import REST
from crawler.stops import FAILING, LASTING_ERRORS, NETWORK_ERRORS, WalkStopped, explain, innermost

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

REPEATED = {HTTPStatus.TOO_MANY_REQUESTS, *FAILING}
ASKING_TO_WAIT = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
#: request.meta: how often this request has been repeated
ATTEMPT = "baogao_attempt"

logger = logging.getLogger(__name__)


def back_off(attempt: int, *, pause: float, chance: float) -> float:
    """Seconds before repetition ``attempt`` (from 1): doubled each time, up to half as long again by ``chance``."""
    return pause * 2.0 ** (attempt - 1) * (1 + chance / 2)


class RetryMiddleware:
    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._times = settings.getint("RETRY_TIMES")
        self._pause = settings.getfloat("BAOGAO_RETRY_PAUSE")
        self._patience = settings.getfloat("BAOGAO_PATIENCE")
        self._patience_total = settings.getfloat("BAOGAO_PATIENCE_TOTAL")
        # by host: they are waited for beside each other, and none pays for what another one wishes
        self._waited: defaultdict[str, float] = defaultdict(float)
        self._clock = clock_of(crawler)
        self._chance = random.Random()  # noqa: S311  spreads repetitions, keeps no secret

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        status = response.status
        if status in ASKING_TO_WAIT:
            value = (response.headers.get("Retry-After") or b"").decode("latin-1")
            asked = parse_retry_after(value, now=self._clock())
            if asked is not None:
                return self._wait_as_asked(request, status, asked)
        if status in REPEATED:
            again = self._repeat(request, f"the server answered {status}", self._back_off(request))
            if again is not None:
                return again
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise WalkStopped("blocked", f"the server answered 429 {self._times + 1} times in a row", host_wide=True)
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if not isinstance(exception, NETWORK_ERRORS) or isinstance(exception, LASTING_ERRORS):
            return None
        if isinstance(innermost(exception), TLSError):  # a wrong certificate does not get better
            return None
        return self._repeat(request, explain(exception), self._back_off(request))

    def _wait_as_asked(self, request: Request, status: int, asked: float) -> Request:
        wish = f"the server answered {status} and asks to wait {_in_words(asked)}"
        if asked > self._patience:
            raise WalkStopped("blocked", f"{wish}: come back after that", host_wide=True)
        host = urlparse_cached(request).hostname or ""
        if self._waited[host] + asked > self._patience_total:
            raise WalkStopped("blocked", f"{wish}, after other waits tonight: come back later", host_wide=True)
        again = self._repeat(request, wish, asked)
        if again is None:
            raise WalkStopped("blocked", f"{wish}, {self._times + 1} times in a row", host_wide=True)
        self._waited[host] += asked
        return again

    def _back_off(self, request: Request) -> float:
        attempt = request.meta.get(ATTEMPT, 0) + 1
        return back_off(attempt, pause=self._pause, chance=self._chance.random())

    def _repeat(self, request: Request, why: str, seconds: float) -> Request | None:
        attempt = request.meta.get(ATTEMPT, 0) + 1
        if attempt > self._times:
            return None
        logger.info(
            "%s: %s; asking again (%d of %d) in %.1f s",
            *(request.url, why, attempt, self._times, seconds),
            extra=mark(
                "retry",
                level="warning",
                listing=request.meta.get(LISTING),
                page=request.meta.get(PAGE),
                url=request.url,
                reason=why,
                attempt=attempt + 1,
                seconds=seconds,
            ),
        )
        return request.replace(dont_filter=True, meta={**request.meta, ATTEMPT: attempt, REST: seconds})


def _in_words(seconds: float) -> str:
    if seconds >= 10 * 24 * 3600:
        return "longer than ten days"
    return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"
