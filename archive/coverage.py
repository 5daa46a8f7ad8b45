"""Which nights were looked at: so that "not there" and "not looked" can be told apart.

A night is a date (UTC): that of the runs begun on it. Of several the best counts. The view ``coverage`` says the same
for a shell that has nothing but SQLite.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from archive.absences import iterate_plans
from archive.errors import UsageError
from archive.moments import read_moment
from archive.query import resolve_as_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.sqlite import sqlite3

#: the best first; "missed": no run began on that date; "open": one did, and is not settled yet
STATUSES = ("complete", "partial", "open", "rejected", "missed")

NAMED = 10  #: listings, in a sentence


@dataclass(frozen=True, slots=True)
class Look:
    """One walk of a listing by one run."""

    listing: str
    date: str
    status: str
    run: int
    pages_seen: int | None
    pages_expected: int | None
    entries_seen: int | None
    stopped: str | None


def list_coverage(
    connection: sqlite3.Connection, *, listing: str | None = None, as_of: str | None = None, until: str | None = None
) -> list[dict[str, Any]]:
    """Each listing on each date from its first look to the last of any, or to ``until``. Raises UsageError.

    A retired listing ends with its last look. ``as_of``: by the runs of that time alone.
    """
    looks = list(_list_looks(connection, as_of))
    known = sorted({look.listing for look in looks})
    if listing is not None and listing not in known:
        some = [*known[:NAMED], *(["…"] if len(known) > NAMED else [])]
        names = f"known are {', '.join(some)}" if known else "none has been walked yet"
        raise UsageError(f"There is no listing {listing!r} in the nights of this archive: {names}.")
    if until is not None:
        until = read_moment(until)[:10]
    return cover(looks, _list_retired(connection, as_of), until=until, listing=listing)


def list_nights(
    connection: sqlite3.Connection, *, listing: str | None = None, as_of: str | None = None, today: str
) -> list[dict[str, Any]]:
    """The same up to today, or to the day of ``as_of``; a night that is not over is not missed yet."""
    now, over = today, False
    if as_of is not None and as_of.isdecimal():
        (started_at,) = connection.execute(
            "SELECT started_at FROM runs WHERE id = ?", (resolve_as_of(connection, as_of),)
        ).fetchone()
        now = started_at[:10]
    elif as_of is not None and read_moment(as_of)[:10] < today:
        now, over = read_moment(as_of)[:10], "T" not in as_of
    rows = list_coverage(connection, listing=listing, as_of=as_of, until=now)
    return [row for row in rows if row["run"] or row["date"] < now or over]


def cover(
    looks: Sequence[Look], retired: Iterable[str] = (), *, until: str | None = None, listing: str | None = None
) -> list[dict[str, Any]]:
    """One row a listing and date, by date and then by listing."""
    best: dict[str, dict[str, Look]] = {}
    for look in sorted(looks, key=_rank, reverse=True):
        best.setdefault(look.listing, {})[look.date] = look
    last = until or max((look.date for look in looks), default="")
    rows = []
    for name in [listing] if listing else sorted(best):
        nights = best[name]
        end = min(last, max(nights)) if name in retired else last
        rows += [_describe(name, night, nights.get(night)) for night in _list_dates(min(nights), end)]
    return sorted(rows, key=lambda row: (row["date"], row["listing"]))


def _rank(look: Look) -> tuple[int, int, int]:
    return STATUSES.index(look.status), -(look.entries_seen or 0), -look.run


def _list_dates(first: str, last: str) -> Iterator[str]:
    for day in range(date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal() + 1):
        yield date.fromordinal(day).isoformat()


def _describe(listing: str, night: str, look: Look | None) -> dict[str, Any]:
    return {
        "date": night,
        "listing": listing,
        "status": look.status if look else "missed",
        "run": look.run if look else None,
        "pages_seen": look.pages_seen if look else None,
        "pages_expected": look.pages_expected if look else None,
        "entries_seen": look.entries_seen if look else None,
        "stopped": look.stopped if look else None,
    }


def _list_looks(connection: sqlite3.Connection, as_of: str | None) -> Iterator[Look]:
    run, moment = None, None
    if as_of is not None and as_of.isdecimal():
        run = resolve_as_of(connection, as_of)
    elif as_of is not None:
        moment = read_moment(as_of)
    for row in connection.execute(
        "SELECT id, outcome, started_at, finished_at, stats FROM runs "
        "WHERE kind = 'crawl' AND (?1 IS NULL OR id <= ?1) AND (?2 IS NULL OR started_at <= ?2) ORDER BY id",
        (run, moment),
    ).fetchall():
        number, outcome, started_at, finished_at, stats = row
        night, stats = started_at[:10], json.loads(stats)
        if moment and finished_at and finished_at > moment:  # nobody had seen then how it ended, or who accepted it
            outcome = "rejected" if stats.get("accepted") else "open"
        if outcome == "open":
            for key in _list_planned(connection, number):
                yield Look(key, night, "open", number, None, None, None, None)
            continue
        for walk in stats.get("walks", ()):
            status = "rejected" if outcome == "rejected" else "complete" if walk["complete"] else "partial"
            yield Look(
                *(walk["listing"], night, status, number),
                *(walk["pages_seen"], walk["pages_expected"], walk["entries_seen"], walk["stopped"]),
            )


def _list_planned(connection: sqlite3.Connection, run: int) -> set[str]:
    """What a run set out to walk."""
    notes = connection.execute("SELECT content FROM notes WHERE run_id = ? AND kind = 'run-start'", (run,))
    return {listing["key"] for (content,) in notes.fetchall() for listing in json.loads(content)["listings"]}


def _list_retired(connection: sqlite3.Connection, as_of: str | None) -> set[str]:
    """Listings that were no more walked by the runs begun until then."""
    if as_of is None:
        return {key for (key,) in connection.execute("SELECT key FROM listings WHERE walked = 0")}
    if as_of.isdecimal():
        last = resolve_as_of(connection, as_of) or 0
    else:
        moment = read_moment(as_of)
        (last,) = connection.execute(
            "SELECT coalesce(max(id), 0) FROM runs WHERE started_at <= ?", (moment,)
        ).fetchone()
    plans = [plan for number, plan in iterate_plans(connection) if number <= last]
    return {key for plan in plans for key in plan}.difference(*plans[-1:])


@dataclass(frozen=True, slots=True)
class Stretch:
    """Nights of a listing in a row that went alike."""

    listing: str
    status: str
    stopped: str | None
    first: str
    last: str
    rows: tuple[dict[str, Any], ...]


def fold_nights(rows: Iterable[dict[str, Any]]) -> list[Stretch]:
    """The rows of one listing or of several, as stretches: listing by listing, oldest first."""
    ordered = sorted(rows, key=lambda row: (row["listing"], row["date"]))
    stretches = []
    for (listing, status, stopped), group in groupby(
        ordered, key=lambda row: (row["listing"], row["status"], row["stopped"])
    ):
        nights = tuple(group)
        stretches.append(Stretch(listing, status, stopped, nights[0]["date"], nights[-1]["date"], nights))
    return stretches


def list_gaps(rows: Iterable[dict[str, Any]], *, since: str = "", until: str = "9") -> list[str]:
    """Of nights in a row that were not complete: what can't be known, for each listing.

    ``since``, ``until``: gaps that reach into these dates; the rows are those of all nights, or a gap had no ends.
    """
    told = []
    for name, group in groupby(sorted(rows, key=lambda row: (row["listing"], row["date"])), lambda row: row["listing"]):
        nights = list(group)
        before: str | None = None
        for complete, each in groupby(nights, lambda row: row["status"] == "complete"):
            stretch = list(each)
            if complete:
                before = stretch[-1]["date"]
                continue
            after = next((row["date"] for row in nights if row["date"] > stretch[-1]["date"]), None)
            if stretch[-1]["date"] >= since and stretch[0]["date"] <= until:
                told.append(f"{name}: {_tell_gap(stretch, before, after)}")
    return told


def _tell_gap(nights: Sequence[dict[str, Any]], before: str | None, after: str | None) -> str:
    if after is None:
        since = f"has appeared since {before}" if before else "has appeared so far"
        return f"a report that {since} may not have been seen; the next complete night tells which are gone."
    span = f"between {before} and {after}" if before else f"before {after}"
    seen = any(row["status"] == "partial" for row in nights)
    return f"a report that appeared and was gone {span} " + (
        "may not have been seen: a part of it was." if seen else "was not seen."
    )
