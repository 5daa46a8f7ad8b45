"""``[crawl] budget``: how long a night may go on asking, and what of a listing is looked at before anything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.errors import UsageError
from archive.walk import Stop

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from archive.model import Page
    from archive.walk import StopKind, Walk

#: a night that takes longer is stopped; shorter than night.CONTINUE_WITHIN, so that it is never continued and stopped
TIME_LIMIT_SECONDS = 5 * 3600
#: what the last request in hand may take when the budget is over, before the night is stopped for its time limit
MARGIN_SECONDS = 300
HEAD_PAGES = 10  #: where even page 10 shows news, the listing is to be walked, not looked at
DURATION = 'allowed are hours, minutes and seconds, as in "1h30m"'
_DURATION = re.compile(r"(?=\S)(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")


def read_budget(text: str, where: str) -> int:
    """Seconds. Raises UsageError."""
    match = _DURATION.fullmatch(text.strip())
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    budget = 3600 * hours + 60 * minutes + seconds
    if not budget:
        raise UsageError(f"{where}: {text!r} is no duration; {DURATION}.")
    longest = TIME_LIMIT_SECONDS - MARGIN_SECONDS
    if budget > longest:
        raise UsageError(
            f"{where}: {word_budget(budget)} does not fit into a night, which is ended after "
            f"{word_budget(TIME_LIMIT_SECONDS)}; allowed is at most {word_budget(longest)}."
        )
    return budget


def word_budget(seconds: float) -> str:
    """As it is written in the configuration."""
    whole = round(seconds)
    parts = ((whole // 3600, "h"), (whole % 3600 // 60, "m"), (whole % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or f"{seconds:g}s"


@dataclass(slots=True)
class Head:
    """The first pages of a listing, as far as they show reports that the listing did not hold before tonight."""

    is_new: bool  #: nothing of this listing is known: its page 1 will do
    pages: int = 0
    fresh: int = 0  #: such reports
    ended: bool = False
    announced: int | None = None  #: the last page

    def take(self, page: Page, unknown: AbstractSet[str], walk: Walk) -> None:
        """A page that the walk took; ``unknown``: the keys on it that the listing did not hold."""
        if self.ended:
            return
        self.pages += 1
        self.fresh += len(unknown)
        self.announced = page.pager.last or self.announced
        # where the end was proved on the way, the walk may be finished: it asks for one page more
        goes_on = walk.ask is not None and not walk.ask.head
        self.ended = goes_on and (self.is_new or not unknown or self.pages >= HEAD_PAGES)

    def leave(self) -> Stop:
        """Why the walk does not go on tonight."""
        pages = f"{self.pages} page{'s' if self.pages > 1 else ''}"
        if self.is_new:
            news = "nothing of it was known before"
        elif self.fresh:
            news = f"{self.fresh} new report{'s' if self.fresh > 1 else ''} on {'them' if self.pages > 1 else 'it'}"
        else:
            news = f"nothing new on {'them' if self.pages > 1 else 'it'}"
        return Stop("budget", f"only its head was read tonight ({pages}), {news}")


def stop_over_budget(walk: Walk, seconds: float, *, had_all: bool) -> Stop:
    """The budget ended within a walk; ``had_all``: which had all that the heads had left of it."""
    result, budget = walk.result(), word_budget(seconds)
    if not result.pages_seen:
        return Stop("budget", f"not looked at: the budget of {budget} was over")
    of = f" of {result.pages_expected}" if result.pages_expected else ""
    kind: StopKind = "over budget" if had_all else "budget"
    return Stop(kind, f"the budget of {budget} was over after page {result.pages_seen}{of}")
