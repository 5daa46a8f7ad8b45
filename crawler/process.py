"""``python -m crawler PLAN``: the crawl phase of ``baogao crawl``, as a process with exit codes that can be believed.

PLAN is an :class:`archive.recording.Night` as JSON; "-": the first line of stdin. Nothing is printed on stdout.

=== =================================================================================================
  0 every listing was walked as far as it could be; how each walk ended stands in the archive
  1 a bug; the traceback is on stderr
  7 the archive can't be written
130 SIGINT, 143 SIGTERM: the page in hand was finished where that took less than GRACE_SECONDS
137 the parent is gone, and with it the lock
=== =================================================================================================
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from archive import logs
from archive.errors import StorageError
from archive.logrecords import capture_records
from archive.recording import Night
from crawler import settings as project
from crawler.night import NightKeeper
from crawler.spiders.reports import ReportsSpider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler

GRACE_SECONDS = 4.0  #: for the page in hand, after a signal
LAST_SECONDS = 2.0  #: for the reactor to end, after that

#: What Scrapy would load for people at a terminal, and whatever the project's settings name only to switch it off:
#: Scrapy imports that all the same (requests, aiohttp, tldextract: a third of the start-up).
BARE = {
    "EXTENSIONS_BASE": {},
    "EXTENSIONS": {name: order for name, order in project.EXTENSIONS.items() if order is not None},
    "DOWNLOADER_MIDDLEWARES_BASE": {
        "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
        "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
        "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    },
    "DOWNLOADER_MIDDLEWARES": {
        name: order for name, order in project.DOWNLOADER_MIDDLEWARES.items() if order is not None
    },
    "SPIDER_MIDDLEWARES_BASE": {"scrapy.spidermiddlewares.referer.RefererMiddleware": 700},  # redirects ask for it
    "SPIDER_MIDDLEWARES": {},
    "STATS_DUMP": False,
    "LOG_LEVEL": "WARNING",
}


def main(argv: Sequence[str] | None = None) -> int:
    options = _parse(argv)
    night = Night.from_json(options.plan)
    settings = _settings(night, options.set)
    logs.bind_run(night.run)
    if logs.is_json():
        settings.set("LOG_INSTALL_ROOT_HANDLER", value=False, priority="cmdline")
        capture_records(settings["LOG_LEVEL"])
    process = AsyncCrawlerProcess(settings)
    logging.getLogger("scrapy").setLevel(settings["LOG_LEVEL"])  # else every record is made and then thrown away
    # says how to make Scrapy accept half a page, which we don't want; crawler.retry reports the loss itself
    logging.getLogger("scrapy.core.downloader.handlers.http11").setLevel(logging.ERROR)
    crawler = process.create_crawler(ReportsSpider)
    stopper = _Stopper(process, crawler)
    task = process.crawl(crawler, night=night)
    process.start(install_signal_handlers=False)
    if stopper.signal is not None:
        return 128 + stopper.signal
    task.result()  # raises what Scrapy could not start for
    assert isinstance(crawler.spider, ReportsSpider)
    broken = crawler.spider.broken
    if broken is None:
        return 0
    return StorageError.exit_code if isinstance(broken, StorageError) else 1


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m crawler", description="The crawl phase of `baogao crawl`.")
    parser.add_argument("plan", help="an archive.recording.Night as JSON")
    parser.add_argument("--parent", action="store_true", help="die as soon as stdin ends: a parent holds the lock")
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="see archive.logs")
    parser.add_argument("--set", "-s", action="append", default=[], metavar="NAME=VALUE", help="as in `scrapy -s`")
    return parser.parse_args(argv)


def _settings(night: Night, overrides: Sequence[str]) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.setdict(BARE, priority="project")
    settings.set("DOWNLOAD_DELAY", night.delay, priority="cmdline")
    settings.set("USER_AGENT", night.user_agent, priority="cmdline")
    if night.verbose:
        settings.set("LOG_LEVEL", "INFO", priority="cmdline")
    for override in overrides:
        name, _, value = override.partition("=")
        settings.set(name, value, priority="cmdline")
    return settings


class _Stopper:
    """Ends the crawl on a signal: gracefully, then at once, then without asking."""

    def __init__(self, process: AsyncCrawlerProcess, crawler: Crawler) -> None:
        self.signal: int | None = None
        self._process = process
        self._crawler = crawler
        self._task: asyncio.Task[None] | None = None  # kept: a loop holds its tasks weakly
        loop = asyncio.get_event_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop, number)

    def _stop(self, number: int) -> None:
        if self.signal is not None:  # the second signal
            self._leave()
        self.signal = number
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._end())
        loop.call_later(GRACE_SECONDS, self._leave)
        # where the loop itself hangs: a page being parsed, a name server being waited for
        threading.Thread(target=self._leave_late, daemon=True).start()

    async def _end(self) -> None:
        while not self._is_running():  # noqa: ASYNC110  Scrapy forgets a stop that comes while its engine starts
            await asyncio.sleep(0.02)
        await self._process.stop()

    def _is_running(self) -> bool:
        try:
            return self._crawler.engine.running
        except RuntimeError:  # there is no engine yet
            return False

    def _leave(self) -> None:
        """Without the page in hand, but with the WARC closed."""
        keeper = self._crawler.get_extension(NightKeeper)
        if keeper is not None:
            keeper.close("shutdown")
        self._exit()

    def _leave_late(self) -> None:
        time.sleep(GRACE_SECONDS + LAST_SECONDS)
        self._exit()

    def _exit(self) -> None:
        sys.stderr.flush()
        os._exit(128 + (self.signal or 0))
