"""The event feed as alerts read it: rows behind a cursor, by number, or by the names that outlast a rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from archive.alerts.model import Event

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from archive.sqlite import sqlite3

_EVENT = (
    "SELECT e.id, e.run_id, e.kind, i.key, e.item_id, e.version_id, e.at, e.alert, e.detail "
    "FROM events e JOIN items i ON i.id = e.item_id WHERE e.kind IN ('appeared','changed','withdrawn','reappeared')"
)


def list_events(connection: sqlite3.Connection, *, since: int = 0, until: int | None = None) -> list[Event]:
    """Events behind ``since``, up to ``until``, that anybody could be told of; corrections and tidying are none."""
    rows = connection.execute(f"{_EVENT} AND e.id > ? AND (?2 IS NULL OR e.id <= ?2) ORDER BY e.id", (since, until))
    return [Event(*row) for row in rows]


def load_events(connection: sqlite3.Connection, ids: Iterable[int]) -> list[Event]:
    """Those that are there, in the feed's order."""
    found = []
    for number in sorted(set(ids)):
        row = connection.execute(f"{_EVENT} AND e.id = ?", (number,)).fetchone()
        if row is not None:
            found.append(Event(*row))
    return found


def find_event(connection: sqlite3.Connection, run: int, kind: str, key: str) -> Event | None:
    row = connection.execute(f"{_EVENT} AND e.run_id = ? AND e.kind = ? AND i.key = ?", (run, kind, key)).fetchone()
    return Event(*row) if row else None


def find_namespace(connection: sqlite3.Connection) -> UUID:
    """Of all ids that this archive gives away: from its first WARC record, so that a rebuilt archive gives the same."""
    row = connection.execute(
        "SELECT record_id FROM captures ORDER BY run_id, warc_file, warc_offset LIMIT 1"
    ).fetchone()
    return uuid5(NAMESPACE_URL, str(row[0] if row else "baogao"))


def name_event(namespace: UUID, event: Event) -> str:
    """The id of an event outside the archive: a UUID, the same for ever."""
    return str(uuid5(namespace, f"event\n{event.run}\n{event.kind}\n{event.key}"))


def name_message(namespace: UUID, *parts: object) -> str:
    """The idempotency key of a message: a UUID, the same for the same rule, target and events."""
    return str(uuid5(namespace, "\n".join(("message", *map(str, parts)))))
