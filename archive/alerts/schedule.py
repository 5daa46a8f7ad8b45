"""When a daily rule speaks: the next time its clock shows that hour, whatever summer time does to the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from archive.moments import parse_time

if TYPE_CHECKING:
    from archive.alerts.rules import Digest

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def next_daily(digest: Digest, *, now: str) -> str:
    """The first moment after ``now`` at which it is ``digest.at`` in its zone; an hour that is skipped counts later."""
    assert digest.at is not None
    assert digest.zone is not None
    moment = parse_time(now)
    day = moment.astimezone(digest.zone).date()
    while (due := datetime.combine(day, digest.at, digest.zone).astimezone(UTC)) <= moment:
        day += timedelta(days=1)
    return due.strftime(_FORM)
