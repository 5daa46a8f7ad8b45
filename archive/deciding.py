"""What a person decides: a rejected run accepted, a report's other key, held alerts released or dropped.

Each decision is journaled behind the last settled run before it is carried out, so that the WARCs give the same archive
again; :func:`apply_decisions` is that replay. Everything here runs under the lock of :mod:`archive.store`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive.errors import Rejected, UsageError
from archive.journal import list_parts, write_part
from archive.settle import settle
from archive.store import storage_errors, transaction
from archive.twins import TWIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.alerts.model import Event
    from archive.captures import Reader
    from archive.sqlite import sqlite3
    from archive.store import DataDirectory
    from archive.verdict import Verdict

_ALERT_AFTER = {"release": "due", "drop": "quiet"}


def accept(connection: sqlite3.Connection, data: DataDirectory, run: int, reader: Reader, *, now: str) -> Verdict:
    """Settle a rejected run after a person has looked. Raises UsageError, Rejected."""
    row = connection.execute("SELECT outcome FROM runs WHERE id = ?", (run,)).fetchone()
    if row is None:
        raise UsageError(f"There is no run {run}: `baogao runs` lists them.")
    if row[0] != "rejected":
        raise UsageError(f"Run {run} is {row[0]}, not rejected: there is nothing to accept.")
    later = connection.execute(
        "SELECT min(id) FROM runs WHERE id > ? AND outcome IN ('complete', 'partial', 'aborted') AND kind = 'crawl'",
        (run,),
    ).fetchone()[0]
    if later is not None:
        raise Rejected(
            f"Run {run} can't be accepted any more: run {later} was settled after it, and time does not run backwards. "
            "Its captures stay in the WARC."
        )
    _record(connection, data, "accept", {"run": run}, reader, at=now)
    return settle(connection, data, run, reader, accepted_at=now)


def add_alias(
    connection: sqlite3.Connection,
    data: DataDirectory,
    key: str,
    existing: str,
    reason: str,
    reader: Reader,
    *,
    now: str,
) -> None:
    """From now on ``key`` is another key of the report ``existing``, and no news. Raises UsageError."""
    for each in (key, existing):
        if connection.execute("SELECT 1 FROM items WHERE key = ?", (each,)).fetchone() is None:
            raise UsageError(f"There is no report {each}: `baogao export` lists the keys.")
    if (
        key == existing
        or connection.execute("SELECT 1 FROM item_aliases WHERE key IN (?, ?)", (key, existing)).fetchone()
    ):
        raise UsageError(f"{key} or {existing} is an alias already, or they are the same: nothing was changed.")
    decision = {"key": key, "existing": existing, "reason": reason}
    _record(connection, data, "alias", decision, reader, at=now)
    _add_alias(connection, data, decision)


def release_events(
    connection: sqlite3.Connection, data: DataDirectory, events: Iterable[Event], reader: Reader, *, now: str
) -> None:
    """Let held events be announced after all. Raises UsageError for one that is not held (any more)."""
    _decide_events(connection, data, "release", events, reader, now=now)


def drop_events(
    connection: sqlite3.Connection, data: DataDirectory, events: Iterable[Event], reader: Reader, *, now: str
) -> None:
    """Let held events never be announced. Raises UsageError for one that is not held (any more)."""
    _decide_events(connection, data, "drop", events, reader, now=now)


def _decide_events(
    connection: sqlite3.Connection, data: DataDirectory, kind: str, events: Iterable[Event], reader: Reader, *, now: str
) -> None:
    named = list(dict.fromkeys((event.run, event.kind, event.key) for event in events))
    if not named:
        return
    for run, event_kind, key in named:
        held = connection.execute(
            "SELECT 1 FROM events e JOIN items i ON i.id = e.item_id "
            "WHERE e.run_id = ? AND e.kind = ? AND i.key = ? AND e.alert = 'held'",
            (run, event_kind, key),
        ).fetchone()
        if held is None:
            raise UsageError(
                f"{key}, {event_kind} in run {run}, is not held (any more): nothing was changed; `baogao alerts list` "
                "says what is."
            )
    decision = {"events": [{"run": run, "kind": event_kind, "key": key} for run, event_kind, key in named]}
    _record(connection, data, kind, decision, reader, at=now)
    _set_alerts(connection, data, kind, decision)


def _record(
    connection: sqlite3.Connection, data: DataDirectory, kind: str, content: dict[str, Any], reader: Reader, *, at: str
) -> None:
    """Where a replay will meet it again: before a run that is still open, which is settled with this in force."""
    last = find_last_settled(connection)
    assert last is not None  # else there is nothing to decide about
    taken = sum(part.run == last and not part.is_crawl for part in list_parts(data))
    label = f"decision{taken + 1:02d}"
    write_part(connection, data, last, kind, content | {"at": at}, parser=reader.version, at=at, label=label)


def find_last_settled(connection: sqlite3.Connection) -> int | None:
    (last,) = connection.execute("SELECT max(id) FROM runs WHERE outcome <> 'open'").fetchone()
    return last  # type: ignore[no-any-return]


def apply_decisions(connection: sqlite3.Connection, data: DataDirectory, run: int | None, reader: Reader) -> None:
    """Carry out what was decided behind a run, as far as that has not been done."""
    notes = connection.execute(
        "SELECT kind, content FROM notes WHERE run_id = ? AND kind IN ('accept', 'alias', 'release', 'drop') "
        "ORDER BY id",
        (run,),
    ).fetchall()
    for kind, content in notes:
        decision = json.loads(content)
        if kind == "accept":
            settle(connection, data, decision["run"], reader, accepted_at=decision["at"])
        elif kind == "alias":
            _add_alias(connection, data, decision)
        else:
            _set_alerts(connection, data, kind, decision)


def _add_alias(connection: sqlite3.Connection, data: DataDirectory, decision: dict[str, Any]) -> None:
    """It also answers the question that a twin's held alerts ask: that was no new report, and the old one not gone."""
    with storage_errors(data.db), transaction(connection):
        connection.execute(
            "INSERT OR IGNORE INTO item_aliases (key, item_id, reason) SELECT ?, id, ? FROM items WHERE key = ?",
            (decision["key"], decision["reason"], decision["existing"]),
        )
        connection.execute(
            "UPDATE events SET alert = 'quiet' WHERE alert = 'held' AND kind = 'appeared' "
            "AND item_id = (SELECT id FROM items WHERE key = ?)",
            (decision["key"],),
        )
        connection.execute(
            "UPDATE events SET alert = 'quiet' WHERE alert = 'held' AND kind <> 'appeared' AND detail = ? "
            "AND item_id = (SELECT id FROM items WHERE key = ?)",
            (TWIN, decision["existing"]),
        )


def _set_alerts(connection: sqlite3.Connection, data: DataDirectory, kind: str, decision: dict[str, Any]) -> None:
    """An event that this archive reads otherwise, after a parser's change, is left as it is."""
    with storage_errors(data.db), transaction(connection):
        connection.executemany(
            "UPDATE events SET alert = ? WHERE run_id = ? AND kind = ? AND alert = 'held' "
            "AND item_id = (SELECT id FROM items WHERE key = ?)",
            [(_ALERT_AFTER[kind], event["run"], event["kind"], event["key"]) for event in decision["events"]],
        )
