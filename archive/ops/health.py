"""``python -m archive.ops.health --max-age 26h``: exit code 0 where the last good night is younger, else 1 and why.

For a container's health check and for monitors that run a program. It only reads, and needs no configuration.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import BaogaoError
from archive.moments import parse_time
from archive.printable import spell_out
from archive.store import DataDirectory, open_for_reading, storage_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.sqlite import sqlite3

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
#: how far clocks may be apart
_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Health:
    good: bool
    sentence: str


def judge(connection: sqlite3.Connection, *, now: datetime, max_age: timedelta) -> Health:
    """By the last night that was walked to its proved end, whatever has been since."""
    good, last, outcome = connection.execute(
        "SELECT (SELECT max(finished_at) FROM runs WHERE kind = 'crawl' AND outcome = 'complete'), id, outcome "
        "FROM runs WHERE kind = 'crawl' ORDER BY id DESC LIMIT 1"
    ).fetchone() or (None, None, None)
    since = "" if outcome in {"complete", None} else f"; run {last}, the latest, is {outcome}: `baogao runs {last}`"
    if good is None:
        return Health(good=False, sentence=f"no good night yet{since}.")
    age = now - parse_time(good)
    if age < -_TOLERANCE:
        return Health(good=False, sentence=f"the last good night ended at {good}, which is to come: set the clock.")
    return Health(good=age <= max_age, sentence=f"the last good night ended at {good}{since}.")


def read_age(text: str) -> timedelta:
    """Minutes, hours or days. Raises ArgumentTypeError, which argparse words."""
    parts = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if parts is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: allowed are minutes, hours or days, as 90m, 26h or 2d")
    return timedelta(**{_UNITS[parts[2]]: int(parts[1])})


def main(words: Sequence[str] | None = None, *, now: datetime | None = None) -> int:
    """The exit code; never another than 0 and 1, which is all that a container's health check may end with."""
    parser = argparse.ArgumentParser(
        prog="python -m archive.ops.health", description="Is the last good night young enough?"
    )
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("BAOGAO_DATA") or "data"), metavar="DIR")
    parser.add_argument("--max-age", type=read_age, default="26h", metavar="26h", help="as 90m, 26h or 2d")
    try:
        options = parser.parse_args(words)
    except SystemExit as left:
        return 1 if left.code else 0
    data = DataDirectory(options.data)
    try:
        with storage_errors(data.db), contextlib.closing(open_for_reading(data)) as connection:
            health = judge(connection, now=now or datetime.now(UTC), max_age=options.max_age)
    except (BaogaoError, OSError) as error:
        health = Health(good=False, sentence=str(error))
    print(spell_out(f"{'healthy' if health.good else 'unhealthy'}: {health.sentence}"))  # noqa: T201 - a command
    return 0 if health.good else 1


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())
