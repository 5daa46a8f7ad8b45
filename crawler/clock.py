"""The one place of this package where the time of day comes in; BAOGAO_CLOCK replaces it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy.utils.misc import load_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.crawler import Crawler


def read_clock() -> datetime:
    return datetime.now(UTC)


def clock_of(crawler: Crawler) -> Callable[[], datetime]:
    clock: Callable[[], datetime] = load_object(crawler.settings["BAOGAO_CLOCK"])
    return clock


def stamp(moment: datetime) -> str:
    """UTC, YYYY-MM-DDTHH:MM:SSZ: the only form in which a time is stored."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
