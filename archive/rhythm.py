"""How long a listing may be silent: its own rhythm, told from the dates on which it was looked at and held news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

#: days that are no silence in any listing: a week of holidays, and a slow week on either side of it
SHORTEST = 14
PERCENTILE = 99


@dataclass(frozen=True, slots=True)
class Look:
    """A night on which the listing was seen, at least its first page."""

    on: date
    news: bool  #: it held a report that it had never held


@dataclass(frozen=True, slots=True)
class Silence:
    since: date  #: the last news
    days: int
    usual: int  #: days without news that the rhythm allows


def find_silence(looks: Sequence[Look]) -> Silence | None:
    """The silence that lasts at the last look, where it is longer than the rhythm allows.

    ``looks``: from the first complete walk on, in the order of the runs. What that first walk showed is no news, so
    the silence begins there at the earliest.
    """
    if not looks:
        return None
    since = until = looks[0].on
    gaps = []
    for look in looks[1:]:
        if not look.news:
            until = max(until, look.on)
        elif look.on > since:
            # nights on which nobody looked are no silence: the news may be as old as the day after the last look
            gaps.append((until - since).days + 1)
            since = until = look.on
    days, usual = (until - since).days, measure_rhythm(gaps)
    return Silence(since, days, usual) if days > usual else None


def measure_rhythm(gaps: Sequence[int]) -> int:
    """Days that may pass without news: the 99th percentile of the gaps so far, by nearest rank, and at least 14.

    Of fewer than a hundred gaps that is the longest: so of a listing with news on up to fifty dates a year a silence at
    the Chinese New Year is expected from the second on. In a livelier one it is rarer than one gap in a hundred: what
    covers it there are the 14 days, which are longer than the holidays.
    """
    rank = -(-len(gaps) * PERCENTILE // 100)
    return max([SHORTEST, *sorted(gaps)[rank - 1 : rank]])
