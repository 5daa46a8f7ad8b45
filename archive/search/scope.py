"""Which versions a search may find: current readings, now or as of a run, or all; filtered by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from archive.absences import load_absences
from archive.errors import UsageError
from archive.moments import read_moment
from archive.query import choose_reading, find_listing, resolve_as_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Scope:
    """``since`` and ``until`` bound the time a report was first seen; ``run`` is the last one that counts."""

    run: int | None = None
    state: str | None = None
    listing: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(slots=True)
class Standing:
    """Where a report stood: its state, and the listings that hold or held it."""

    state: str
    listings: list[str] = field(default_factory=list)


def make_scope(
    connection: sqlite3.Connection,
    *,
    as_of: str | None,
    state: str | None,
    listing: str | None,
    since: str | None,
    until: str | None,
) -> Scope:
    """Raises UsageError for a listing, a time or a state that there can't be."""
    if state not in {None, "listed", "missing", "withdrawn"}:
        raise UsageError(f"{state!r} is no state: a report is listed, missing or withdrawn.")
    return Scope(
        resolve_as_of(connection, as_of),
        state,
        None if listing is None else find_listing(connection, listing)[1],
        None if since is None else _complete(since, "T00:00:00Z"),
        None if until is None else _complete(until, "T23:59:59Z"),
    )


def _complete(text: str, time: str) -> str:
    try:
        read_moment(text)
    except UsageError:
        raise UsageError(f"{text!r} is no date: give YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ (UTC).") from None
    return text if "T" in text else text + time


def select_items(connection: sqlite3.Connection, scope: Scope) -> tuple[str, dict[str, str | int]]:
    """A condition on ``items`` with its values. Where a run is given, state and listing are looked up as of it."""
    conditions = ["NOT EXISTS (SELECT 1 FROM item_aliases a WHERE a.key = items.key)"]
    if scope.since is not None:
        conditions.append("first_seen_at >= :since")
    if scope.until is not None:
        conditions.append("first_seen_at <= :until")
    if scope.run is not None:
        if scope.state is not None or scope.listing is not None:
            connection.execute("CREATE TEMP TABLE standing_so (item_id INTEGER PRIMARY KEY)")
            connection.executemany(
                "INSERT INTO standing_so VALUES (?)",
                [
                    (item_id,)
                    for item_id, standing in load_standings(connection, scope.run).items()
                    if scope.state in {None, standing.state}
                    and (scope.listing is None or scope.listing in standing.listings)
                ],
            )
            conditions.append("id IN temp.standing_so")
    else:
        if scope.state is not None:
            conditions.append("state = :state")
        if scope.listing is not None:
            conditions.append(
                "EXISTS (SELECT 1 FROM memberships m JOIN listings l ON l.id = m.listing_id "
                "WHERE m.item_id = items.id AND l.key = :listing)"
            )
    values = {name: getattr(scope, name) for name in ("state", "listing", "since", "until")}
    return " AND ".join(conditions), values


def list_current(connection: sqlite3.Connection, scope: Scope, items: str) -> str:
    """A condition on version ids: they are the current readings of those items."""
    if scope == Scope():  # the usual case, and few versions are not: a set of all that are takes 20 ms of 100,000
        return (
            "NOT IN (SELECT v.id FROM item_versions v JOIN items ON items.id = v.item_id "
            "WHERE v.item_id IN (SELECT item_id FROM item_versions WHERE seq > 1) AND v.id <> items.version_id "
            "UNION ALL SELECT v.id FROM item_aliases a JOIN items ON items.key = a.key "
            "JOIN item_versions v ON v.item_id = items.id)"
        )
    if scope.run is None:
        return f"IN (SELECT version_id FROM items WHERE {items})"
    rows = connection.execute(
        "SELECT id AS version_id, item_id, previous_id, cause, observed_at FROM item_versions "
        f"WHERE run_id <= :run AND item_id IN (SELECT id FROM items WHERE {items}) ORDER BY item_id, seq",
        {name: getattr(scope, name) for name in ("run", "state", "listing", "since", "until")},
    )
    connection.execute("CREATE TEMP TABLE read_so (version_id INTEGER PRIMARY KEY)")
    connection.executemany(
        "INSERT INTO read_so VALUES (?)",
        [
            (choose_reading(list(versions))["version_id"],)
            for _, versions in groupby(rows.fetchall(), key=lambda row: row["item_id"])
        ],
    )
    return "IN (SELECT version_id FROM temp.read_so)"


def load_standings(
    connection: sqlite3.Connection, run: int | None, item_ids: Iterable[int] | None = None
) -> dict[int, Standing]:
    """By item; now, or as the walks up to a run had it."""
    only = "1" if item_ids is None else f"{'i.id' if run is None else 's.item_id'} IN ({','.join(map(str, item_ids))})"
    if run is None:
        rows = connection.execute(
            "SELECT i.id, i.state, l.key FROM items i LEFT JOIN memberships m ON m.item_id = i.id "
            f"LEFT JOIN listings l ON l.id = m.listing_id WHERE {only} ORDER BY l.key"
        )
        standings: dict[int, Standing] = {}
        for item_id, state, key in rows:
            standings.setdefault(item_id, Standing(state)).listings.extend([key] if key else [])
        return standings
    return _stand_as_of(connection, run, only)


def _stand_as_of(connection: sqlite3.Connection, run: int, only: str) -> dict[int, Standing]:
    """The same as :func:`archive.query.load_record` says of one report."""
    past = load_absences(connection, run)
    rows = connection.execute(
        "SELECT s.item_id, l.id, l.key, max(c.run_id) FROM shown s "
        "JOIN captures c ON c.id = s.capture_id JOIN listings l ON l.id = c.listing_id "
        f"WHERE c.run_id <= ? AND {only} GROUP BY s.item_id, l.id ORDER BY s.item_id, l.key",
        (run,),
    )
    standings = {}
    for item_id, group in groupby(rows.fetchall(), key=lambda row: row[0]):
        seen = list(group)
        state = past.tell_state(item_id, {row[1]: row[3] for row in seen})
        standings[item_id] = Standing(state, [row[2] for row in seen])
    return standings
