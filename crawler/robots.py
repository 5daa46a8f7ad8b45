"""robots.txt, read as RFC 9309 says, which Scrapy does not: what can't be had forbids everything.

2xx: its rules (HTML or garbage has none) · 4xx: no rules · 429, 5xx, no answer, refused redirects: stay away.
Asked for once a night and host, and archived like every other answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from protego import Protego
from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

from archive.payload import PayloadError, decode_payload
from archive.walk import Stop
from crawler.exchange import flatten
from crawler.guard import HOME, AddressRefused
from crawler.pace import CRAWL_DELAY
from crawler.stops import NETWORK_ERRORS, NO_SERVER, WalkStopped, explain

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response

#: RFC 9309 asks for at least 500 KiB; the rest of a longer file is not read
MAX_BYTES = 512 * 1024
SUCCESS = range(200, 300)
CLIENT_ERRORS = range(400, 500)
#: request.meta: this asks for robots.txt itself
ROBOTS = "baogao_robots"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one host lets us do."""

    parsed: Protego | None = None  #: None: no rules
    unreachable: str | None = None  #: why robots.txt could not be had, in words
    is_down: bool = False  #: there was no server to ask: nobody blocks us, tonight there is nothing

    def forbid(self, url: str, agent: str) -> Stop | None:
        """None where ``url`` may be asked for, else why not."""
        if self.is_down:
            return Stop("fetch error", f"the server could not be reached: {self.unreachable}")
        if self.unreachable is not None:
            return Stop("blocked", f"robots.txt could not be had ({self.unreachable}): RFC 9309 says to stay away")
        if self.parsed is not None and not self.parsed.can_fetch(url, agent):
            return Stop("blocked", f"robots.txt does not allow {url} for {agent}")
        return None

    def crawl_delay(self, agent: str) -> float:
        return (self.parsed.crawl_delay(agent) if self.parsed is not None else None) or 0.0


def read_robots(status: int, body: bytes) -> Rules:
    if status in SUCCESS:
        return Rules(parsed=Protego.parse(body[:MAX_BYTES].decode("utf-8-sig", errors="replace")))
    if status in CLIENT_ERRORS and status != HTTPStatus.TOO_MANY_REQUESTS:
        return Rules()
    return Rules(unreachable=f"the server answered {status}")


def product_token(user_agent: str) -> str:
    """The name robots.txt knows a crawler by: what stands before the version."""
    return user_agent.split("/", 1)[0].strip() or user_agent


class RobotsMiddleware:
    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self._crawler = crawler
        self._agent = product_token(crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"])
        self._max_delay = crawler.settings.getfloat("BAOGAO_PATIENCE")
        self._rules: dict[str, Rules] = {}
        self._fetching: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if ROBOTS in request.meta:
            return
        address = urlparse_cached(request)
        site = f"{address.scheme}://{address.netloc}"
        rules = await self._find_rules(site, home=request.meta[HOME])
        stop = rules.forbid(request.url, self._agent)
        if stop is not None:
            raise WalkStopped(stop.kind, stop.reason)
        request.meta[CRAWL_DELAY] = min(rules.crawl_delay(self._agent), self._max_delay)

    async def _find_rules(self, site: str, *, home: str) -> Rules:
        """One request asks for them; what else wants to go to ``site`` meanwhile waits for the answer."""
        async with self._fetching[site]:
            if site not in self._rules:
                self._rules[site] = await self._fetch(site, home=home)
                self._warn_of_delay(site)
        return self._rules[site]

    async def _fetch(self, site: str, *, home: str) -> Rules:
        request = Request(f"{site}/robots.txt", callback=NO_CALLBACK, meta={ROBOTS: True, HOME: home})
        try:
            response: Response = await self._crawler.engine.download_async(request)
        except AddressRefused:  # the page would not be asked for either, and this says why
            raise
        except WalkStopped as refused:
            return Rules(unreachable=refused.stop.reason)
        except NETWORK_ERRORS as error:
            return Rules(unreachable=explain(error), is_down=isinstance(error, NO_SERVER))
        try:
            body = decode_payload(flatten(response.headers), response.body)
        except PayloadError as error:
            return Rules(unreachable=str(error))
        return read_robots(response.status, body)

    def _warn_of_delay(self, site: str) -> None:
        asked = self._rules[site].crawl_delay(self._agent)
        if asked > self._max_delay:
            logger.warning(
                "%s/robots.txt asks for %g seconds between requests; kept are %g", site, asked, self._max_delay
            )
