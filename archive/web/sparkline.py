"""New reports by week as a row of bars: numbers for a template, which draws them with attributes alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.web.catalogue import Report

WEEKS = 52
HEIGHT = 36
STEP = 6  #: of one bar with the gap behind it


@dataclass(frozen=True, slots=True)
class Bar:
    week: str  #: its Monday
    count: int
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Sparkline:
    bars: tuple[Bar, ...]
    total: int
    earlier: int  #: there when their listing was first walked: not new in any week
    most: Bar

    @property
    def width(self) -> int:
        return len(self.bars) * STEP


def draw_sparkline(reports: Iterable[Report], until: str | None) -> Sparkline | None:
    """The year that ends with ``until``; None where no night was settled yet."""
    if until is None:
        return None
    weeks: Counter[date] = Counter()
    earlier = 0
    for report in reports:
        if report.novel:
            weeks[_monday(report.first_seen_at)] += 1
        else:
            earlier += 1
    last = _monday(until)
    shown = [last - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    highest = max((weeks[week] for week in shown), default=0) or 1
    bars = []
    for place, week in enumerate(shown):
        height = max(2, round(weeks[week] / highest * HEIGHT)) if weeks[week] else 1
        bars.append(Bar(week.isoformat(), weeks[week], place * STEP, HEIGHT - height, height))
    return Sparkline(tuple(bars), sum(bar.count for bar in bars), earlier, max(bars, key=lambda bar: bar.count))


def _monday(moment: str) -> date:
    day = date.fromisoformat(moment[:10])
    return day - timedelta(days=day.weekday())
