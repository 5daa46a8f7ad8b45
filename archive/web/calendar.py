"""Which nights were looked at: a calendar for each listing."""

from __future__ import annotations

from calendar import Calendar, month_name
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from archive.coverage import list_coverage
from archive.web.answers import Page
from archive.web.links import with_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.sqlite import sqlite3
    from archive.web.answers import Ask

#: status → the letter that stands for it, what it means
STATUSES = {
    "complete": ("✓", "walked to its proved end: what is not there was not listed"),
    "partial": ("◐", "not walked to its end: what is not there may have been listed"),
    "rejected": ("✕", "looked at, but the listing looked broken: nothing was published"),
    "open": ("○", "begun, and not settled yet"),
    "missed": ("–", "nobody looked"),
}


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    weeks: tuple[tuple[tuple[int, Mapping[str, Any] | None], ...], ...]  #: (day of the month or 0, that night)


@dataclass(frozen=True, slots=True)
class Covered:
    listing: str
    months: tuple[Month, ...]  #: newest first
    counts: tuple[tuple[str, int], ...]
    nights: int


def compose_coverage(connection: sqlite3.Connection, ask: Ask) -> Page:
    chosen = ask.query.get("listing") or None
    as_of = ask.query.get("as_of", "").strip() or None
    rows = list_coverage(connection, listing=chosen, as_of=as_of)
    listings = list(dict.fromkeys(row["listing"] for row in rows))
    years = sorted({row["date"][:4] for row in rows}, reverse=True)
    year = ask.query.get("year") or (years[0] if years else "")
    context = {
        "covered": [_cover(name, [row for row in rows if row["listing"] == name], year) for name in listings],
        "years": [(each, with_query("/coverage", listing=chosen, as_of=as_of, year=each)) for each in years],
        "year": year,
        "chosen": chosen,
        "as_of": as_of,
        "statuses": STATUSES,
    }
    return Page("coverage.html", context)


def _cover(listing: str, rows: list[dict[str, Any]], year: str) -> Covered:
    shown = {row["date"]: row for row in rows if row["date"].startswith(year)}
    months = sorted({day[:7] for day in shown}, reverse=True)
    counts = tuple((status, sum(row["status"] == status for row in shown.values())) for status in STATUSES)
    return Covered(listing, tuple(_lay_out(month, shown) for month in months), counts, len(shown))


def _lay_out(month: str, nights: Mapping[str, Mapping[str, Any]]) -> Month:
    year, number = map(int, month.split("-"))
    weeks = tuple(
        tuple((day, nights.get(date(year, number, day).isoformat()) if day else None) for day in week)
        for week in Calendar().monthdayscalendar(year, number)
    )
    return Month(f"{month_name[number]} {year}", weeks)
