"""Retry-After: how long a server asks to be left alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parse_retry_after(value: str, *, now: datetime) -> float | None:
    """Seconds to wait, from either form of the header; None where it says nothing usable. A past date: 0."""
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,300}", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:  # "-0000": UTC, by RFC 5322
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
