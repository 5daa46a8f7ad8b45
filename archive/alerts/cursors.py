"""How far each rule has read the event feed, also where archive.db was made again and numbers its events anew."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.sqlite import sqlite3

_EVENT = "SELECT e.id, e.run_id, e.kind, i.key FROM events e JOIN items i ON i.id = e.item_id"


@dataclass(frozen=True, slots=True)
class Cursor:
    """``event_id`` is the last event that was planned, ``run``, ``kind`` and ``key`` are its names that last."""

    since_run: int  #: the rule speaks of later runs only
    event_id: int
    run: int
    kind: str
    key: str

    def row(self) -> tuple[int, int, int, str, str]:
        return astuple(self)

    @classmethod
    def at_end(cls, connection: sqlite3.Connection | None, *, before_run: int | None = None) -> Cursor:
        """Behind the last event, or the last one of the runs before ``before_run``; None: there is no archive yet."""
        row = (
            connection
            and connection.execute(
                f"{_EVENT} WHERE ?1 IS NULL OR e.run_id < ?1 ORDER BY e.id DESC LIMIT 1", (before_run,)
            ).fetchone()
        )
        return cls(row[1], *row) if row else cls(0, 0, 0, "", "")

    @classmethod
    def at_last_night(cls, connection: sqlite3.Connection | None) -> Cursor:
        """Where a new rule begins: before the events of the last settled night."""
        if connection is None:
            return cls.at_end(None)
        (last,) = connection.execute(
            "SELECT max(id) FROM runs WHERE kind = 'crawl' AND outcome NOT IN ('open', 'rejected')"
        ).fetchone()
        return cls.at_end(connection, before_run=last or 0)


def read_cursors(outbox: sqlite3.Connection, connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, Cursor]:
    """Of each rule; one that is new begins with the last settled night."""
    known = {row[0]: Cursor(*row[1:]) for row in outbox.execute("SELECT * FROM rules")}
    start = Cursor.at_last_night(connection)
    return {name: known.get(name, start) for name in names}


def advance(outbox: sqlite3.Connection, connection: sqlite3.Connection, cursors: dict[str, Cursor]) -> None:
    """To the end of the feed. A rule that is not there any more is forgotten: put back, it is a new one."""
    end = Cursor.at_end(connection)
    if cursors:  # else somebody may have named a file without rules by accident
        outbox.execute(f"DELETE FROM rules WHERE name NOT IN ({','.join('?' * len(cursors))})", tuple(cursors))
    outbox.executemany(
        "INSERT OR REPLACE INTO rules VALUES (?, ?, ?, ?, ?, ?)",
        [(name, cursor.since_run, *end.row()[1:]) for name, cursor in cursors.items()],
    )


def mend_numbers(outbox: sqlite3.Connection, connection: sqlite3.Connection) -> None:
    """Find planned events under their new numbers, where archive.db was read again by a newer parser."""
    moved = {
        row: found
        for row in outbox.execute(
            "SELECT event_id, run_id, kind, key FROM rules WHERE event_id > 0 GROUP BY 1, 2, 3, 4"
        )
        if (found := _find_number(connection, row, near=True)) != row[0]
    }
    if not moved:
        return
    for row, found in moved.items():
        outbox.execute(
            "UPDATE rules SET event_id = ? WHERE event_id = ? AND run_id = ? AND kind = ? AND key = ?", (found, *row)
        )
    outbox.execute("UPDATE deliveries SET event_id = -abs(event_id)")  # out of the way of the new numbers
    for row in outbox.execute("SELECT DISTINCT event_id, run_id, kind, key FROM deliveries").fetchall():
        found = _find_number(connection, row, near=False)
        if found:  # else it stays negative: an event that today's parser does not see
            outbox.execute(
                "UPDATE deliveries SET event_id = ? WHERE event_id = ? AND run_id = ? AND kind = ? AND key = ?",
                (found, *row),
            )


def _find_number(connection: sqlite3.Connection, row: tuple[int, int, str, str], *, near: bool) -> int:
    """Today's id of an event; ``near``: else that of the last event up to its run. 0 where there is none."""
    _, run, kind, key = row
    found = connection.execute(
        f"SELECT max(id) FROM ({_EVENT} WHERE e.run_id = ? AND e.kind = ? AND i.key = ?)", (run, kind, key)
    ).fetchone()[0]
    if found is None and near:
        found = connection.execute("SELECT max(id) FROM events WHERE run_id <= ?", (run,)).fetchone()[0]
    return int(found or 0)
