"""A time of day in a named zone, as ``--at`` gives it; and what a machine's own clock shows then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from archive.errors import UsageError

DEFAULT = "02:30 Asia/Shanghai"
_DAILY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]) ([!-~]+)")
_ALLOWED = f'allowed is "HH:MM ZONE", as in "{DEFAULT}"'
_YEAR = 366


@dataclass(frozen=True, slots=True)
class Daily:
    hour: int
    minute: int
    zone: str

    def __str__(self) -> str:
        return f"{self.hour:02}:{self.minute:02} {self.zone}"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """What a clock in another zone shows at a daily time."""

    hour: int
    minute: int
    zone: str
    until: date | None  #: the day from which on it shows another time, for summer time; None: not within a year


def read_daily(text: str) -> Daily:
    """Raises UsageError."""
    parts = _DAILY.fullmatch(text)
    if parts is None:
        raise UsageError(f"--at {text!r} is no time of day in a zone: {_ALLOWED}.")
    zones = available_timezones()
    if parts[3] not in zones:
        near = get_close_matches(parts[3], sorted(zones), n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}? Zones are" if near else "zones are"
        raise UsageError(
            f"--at {text!r}: there is no time zone {parts[3]!r}; {hint} names such as Europe/Berlin or UTC, and "
            f"{_ALLOWED}."
        )
    return Daily(int(parts[1]), int(parts[2]), parts[3])


def convert(daily: Daily, machine: ZoneInfo, *, today: date) -> LocalTime:
    """The same moment on the clock of ``machine``, as it is today."""
    local = _clock(daily, machine, today)
    days = (today + timedelta(days=number) for number in range(1, _YEAR))
    until = next((day for day in days if _clock(daily, machine, day) != local), None)
    return LocalTime(local.hour, local.minute, machine.key or "local time", until)


def _clock(daily: Daily, machine: ZoneInfo, day: date) -> time:
    moment = datetime.combine(day, time(daily.hour, daily.minute), ZoneInfo(daily.zone))
    return moment.astimezone(machine).time()


def find_machine_zone(place: Path = Path("/etc/localtime")) -> ZoneInfo:
    """The zone that cron goes by: the system's, whatever $TZ of this shell says; UTC where none is set."""
    try:
        _, found, name = str(place.resolve(strict=True)).partition("/zoneinfo/")
        with place.open("rb") as rules:
            return ZoneInfo.from_file(rules, key=name if found else None)
    except (OSError, ValueError):
        return ZoneInfo("UTC")
