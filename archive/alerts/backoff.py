"""When a message that was not delivered is tried again: the schedule of Standard Webhooks' example, three days."""

from __future__ import annotations

import math
from datetime import timedelta

from archive.moments import parse_time

_MINUTE, _HOUR = 60, 3600
#: seconds from the end of attempt n to attempt n + 1
DELAYS = (5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
ATTEMPTS = len(DELAYS) + 1
LONGEST_WAIT = 24 * _HOUR  #: what Retry-After may ask for
_SPREAD = 0.2  #: so that those who failed together do not come back together


def next_attempt(attempts: int, *, now: str, jitter: float, retry_after: float | None = None) -> str | None:
    """When to try again after that many failed attempts; None: give up. ``jitter``: in [0, 1)."""
    if attempts >= ATTEMPTS:
        return None
    delay = DELAYS[max(attempts, 1) - 1] * (1 + _SPREAD * jitter)
    if retry_after is not None:
        delay = max(delay, min(retry_after, LONGEST_WAIT))
    return add_seconds(now, math.ceil(delay))


def add_seconds(time: str, seconds: int) -> str:
    return f"{parse_time(time) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def count_seconds(start: str, end: str) -> float:
    return (parse_time(end) - parse_time(start)).total_seconds()
