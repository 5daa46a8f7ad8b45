"""When a site counts as out of order for the rest of a night: then its other listings are not asked for either.

One listing that fails is no sign: its tag may be broken for good. A few in a row may be a restart of the server. So
nothing must have come for a while, and then the listing speaks that was whole most recently, so that some broken tags,
which the order of a night puts first, never keep the healthy ones from being walked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: listings in a row that got no answer, before anything is concluded
IN_A_ROW = 3


@dataclass(slots=True)
class _Silence:
    since: float
    listings: int = 0
    in_doubt: bool = False  #: the next listing decides


class Outages:
    """``patience``: seconds in which a server may be restarted."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._silences: dict[str, _Silence] = {}

    def note_answer(self, site: str) -> None:
        self._silences.pop(site, None)

    def note_failure(self, site: str, *, asked_at: float, now: float) -> Literal["passing", "doubt", "over"]:
        """A listing got no answer, all repetitions included; "doubt": the one known to work is to be asked next."""
        silence = self._silences.setdefault(site, _Silence(asked_at))
        silence.listings += 1
        if silence.in_doubt:
            return "over"
        silence.in_doubt = silence.listings >= IN_A_ROW and now - silence.since >= self._patience
        return "doubt" if silence.in_doubt else "passing"

    def count_listings(self, site: str) -> int:
        """How many in a row got no answer."""
        return self._silences[site].listings
