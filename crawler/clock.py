"""Where the time comes in: that of day, which BAOGAO_CLOCK replaces, and that which has passed."""

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


def timer_of(crawler: Crawler) -> Callable[[], float]:
    """What a budget is counted by: seconds that no correction of the clock moves; BAOGAO_TIMER replaces it."""
    timer: Callable[[], float] = load_object(crawler.settings["BAOGAO_TIMER"])
    return timer


def stamp(moment: datetime) -> str:
    """UTC, YYYY-MM-DDTHH:MM:SSZ: the only form in which a time is stored."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
