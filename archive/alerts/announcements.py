"""What can be told of an event: its report as that version shows it, and what it was before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.alerts.events import find_namespace, name_event
from archive.alerts.model import Announcement
from archive.query import load_own_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archive.alerts.model import Event
    from archive.sqlite import sqlite3

#: events.detail of a change that brought back what an earlier version said, within three nights
RETURNED = re.compile(r"returned to version (\d+)")


def load_announcements(
    connection: sqlite3.Connection, events: Iterable[Event], rules: Mapping[int, tuple[str, ...]] | None = None
) -> tuple[Announcement, ...]:
    """In the given order. ``rules``: the names of the rules that match, by event id."""
    namespace = find_namespace(connection)
    return tuple(
        _load_announcement(connection, event, name_event(namespace, event), (rules or {}).get(event.id, ()))
        for event in events
    )


def _load_announcement(connection: sqlite3.Connection, event: Event, uid: str, rules: tuple[str, ...]) -> Announcement:
    (before,) = connection.execute("SELECT previous_id FROM item_versions WHERE id = ?", (event.version_id,)).fetchone()
    returned = RETURNED.fullmatch(event.detail)
    # by its numbers, not by its key: that may have become an alias of another report since
    record = load_own_record(connection, event.item_id, event.version_id) | _find_alias(connection, event.key)
    return Announcement(
        uid=uid,
        event=event,
        record=record,
        before=load_own_record(connection, event.item_id, before) if event.kind == "changed" and before else None,
        returned_to=int(returned[1]) if returned else None,
        last_seen_at=_find_last_seen(connection, event) if event.kind == "withdrawn" else "",
        rules=rules,
        latest_version=connection.execute(
            "SELECT v.seq FROM items i JOIN item_versions v ON v.id = i.version_id WHERE i.id = ?", (event.item_id,)
        ).fetchone()[0],
    )


def _find_alias(connection: sqlite3.Connection, key: str) -> dict[str, str]:
    """``alias_of``: the key that the report goes by now, where a person has said so."""
    row = connection.execute(
        "SELECT i.key FROM item_aliases a JOIN items i ON i.id = a.item_id WHERE a.key = ?", (key,)
    ).fetchone()
    return {"alias_of": row[0]} if row else {}


def _find_last_seen(connection: sqlite3.Connection, event: Event) -> str:
    """When the site last showed it before it was found withdrawn: a later reappearance is another event."""
    (seen,) = connection.execute(
        "SELECT max(c.fetched_at) FROM shown s JOIN captures c ON c.id = s.capture_id "
        "WHERE s.item_id = ? AND c.run_id <= ?",
        (event.item_id, event.run),
    ).fetchone()
    return str(seen or "")
