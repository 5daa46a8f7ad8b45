"""Points in time as a person writes them, a date or a time in UTC; and the date on which an archive begins."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.sqlite import sqlite3

SKEW = timedelta(minutes=5)  #: by which two clocks may differ, or one be set back, without a word
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def parse_time(text: str) -> datetime:
    """A time as it is stored, YYYY-MM-DDTHH:MM:SSZ."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def read_moment(text: str) -> str:
    """A date (its last second) or a UTC time as a UTC time. Raises UsageError."""
    moment = text if "T" in text else f"{text}T23:59:59Z"
    if not _is_moment(moment):
        raise UsageError(f"{text!r} is no point in time: give a run, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ (UTC).")
    return moment


def _is_moment(text: str) -> bool:
    try:
        return bool(_MOMENT.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:  # the 31st of February
        return False


def find_beginning(connection: sqlite3.Connection) -> str | None:
    """The date of the first run that counts; None where there is none yet."""
    (first,) = connection.execute(
        "SELECT min(started_at) FROM runs WHERE outcome NOT IN ('open', 'rejected')"
    ).fetchone()
    return str(first)[:10] if first else None
