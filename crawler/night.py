"""Opens the archive for a crawl and closes it again, whoever started Scrapy."""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import CloseSpider, NotConfigured

from archive.config import check_delay, choose_listings, load_config
from archive.errors import BaogaoError
from archive.provenance import list_software
from archive.recording import Recorder
from archive.store import DataDirectory
from crawler.clock import clock_of, stamp
from crawler.spiders.reports import ReportsSpider

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from archive.recording import Night

logger = logging.getLogger(__name__)


class NightKeeper:
    """Gives the spider its recorder.

    Under ``baogao crawl`` the spider brings the plan of the night. Under ``scrapy crawl`` there is none: the lock is
    taken and the run opened here; the captures are settled by the next ``baogao settle``.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not isinstance(crawler.spider, ReportsSpider):  # `scrapy shell`, `scrapy fetch`
            raise NotConfigured
        self._crawler = crawler
        self._spider = crawler.spider
        self._clock = clock_of(crawler)
        self._recorder: Recorder | None = None
        self._held = contextlib.ExitStack()  # the lock, where it is ours

    @property
    def recorder(self) -> Recorder:
        assert self._recorder is not None  # nothing is asked for before spider_opened, or after spider_closed
        return self._recorder

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        keeper = cls(crawler)
        crawler.signals.connect(keeper.open, signals.spider_opened)
        crawler.signals.connect(keeper.note_bug, signals.spider_error)
        crawler.signals.connect(keeper.close, signals.spider_closed)
        return keeper

    def open(self) -> None:
        try:
            night = self._spider.night or self._open_own()
            self._recorder = Recorder(night, at=stamp(self._clock()), software=list_software())
            self._spider.begin(night, self._recorder)
        except BaogaoError as error:
            self._spider.broken = error
            logger.error("%s", error)  # noqa: TRY400  the sentence is for a person; nothing was a surprise
            raise CloseSpider(type(error).__name__.lower()) from error
        except Exception as error:
            self._spider.break_off(error)
            raise CloseSpider("bug") from error

    def note_bug(self, failure: Failure) -> None:
        """A callback raised: Scrapy has logged it, and would end the night with exit code 0."""
        self._spider.broken = self._spider.broken or failure.value

    def close(self, reason: str) -> None:
        with self._held:
            if self._recorder is None:
                return
            recorder, self._recorder = self._recorder, None
            try:
                # a crawl that is stopped while it starts is "finished" too, as soon as it is idle
                finished = reason == "finished" and self._crawler.crawling and self._spider.broken is None
                recorder.close(stamp(self._clock()), finished=finished)
            except Exception as error:  # noqa: BLE001  Scrapy would log it and end with exit code 0
                self._spider.break_off(error)

    def _open_own(self) -> Night:
        """A night nobody planned: Scrapy's settings say how, ``-a url=…`` or baogao.toml what."""
        from archive.crawl import hold_own_night  # noqa: PLC0415 - a child of `baogao crawl` does without
        from archive.night import Options  # noqa: PLC0415

        settings = self._crawler.settings
        config = load_config(find_config())
        listings = choose_listings(config, self._spider.urls)
        delay = settings.getfloat("DOWNLOAD_DELAY")
        check_delay(delay, listings, "DOWNLOAD_DELAY")
        return self._held.enter_context(
            hold_own_night(
                DataDirectory(Path(settings["BAOGAO_DATA"] or os.environ.get("BAOGAO_DATA") or "data")),
                replace(config, user_agent=settings["USER_AGENT"]),
                listings,
                Options(delay=delay, max_pages=config.max_pages),
                clock=lambda: stamp(self._clock()),
            )
        )


def find_config() -> Path | None:
    named = os.environ.get("BAOGAO_CONFIG")
    if named:
        return Path(named)
    usual = Path("baogao.toml")
    return usual if usual.exists() else None
