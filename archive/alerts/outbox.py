"""alerts.db: who is to be told of what, and how far that came. Private to the operator: mode 0600, no secret in it."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from archive.alerts.backoff import add_seconds
from archive.alerts.model import Delivery
from archive.alerts.tables import MIGRATIONS
from archive.database_file import check, locate_for_reading
from archive.errors import NewerArchive, StorageError, UsageError
from archive.schema import split_statements
from archive.sqlite import sqlite3
from archive.store import BUSY_SECONDS, storage_errors, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from archive.alerts.model import Event

VERSION = 1  #: PRAGMA user_version of the newest alerts.db this release knows: the number of MIGRATIONS
APPLICATION_ID = 0x62616F61  #: "baoa"
#: for whoever finds alerts.db damaged
BEGIN_ANEW = "`baogao notify`, which makes a new one and tells of the last settled night again, under the same ids"
_LONGEST_DELAY = 48 * 3600  #: seconds; a retry waits 29 hours at most, a daily digest 25

_DELIVERY = (
    "m.id, m.idempotency_key, m.rule, m.channel, m.recipient, m.form, m.state, "
    "(SELECT count(DISTINCT event_id) FROM deliveries d WHERE d.message_id = m.id) AS events, "
    "m.created_at, m.not_before, m.attempts, m.reason, m.error, m.attempted_at, m.sent_at"
)


@contextlib.contextmanager
def open_outbox(path: Path, *, say: Callable[[str], None] | None = None) -> Iterator[sqlite3.Connection]:
    """alerts.db ready to write, made where it is not there; an older one is copied, upgraded, and the operator told.

    Raises StorageError, UsageError, NewerArchive, Locked.
    """
    with storage_errors(path, cure=BEGIN_ANEW):
        _create_private(path)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            if version > VERSION:
                raise NewerArchive(
                    f"{path} was made by a newer release of baogao: upgrade baogao; nothing was changed."
                )
            if version and application != APPLICATION_ID:
                raise UsageError(
                    f"{path} is an SQLite file, but not one of baogao's: name another directory with --data."
                )
            check(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if version < VERSION:
                _migrate(connection, path, say)
            yield connection


def _create_private(path: Path) -> None:
    """Before SQLite makes it for everybody; its -wal and -shm get the mode of the file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(
            f"{path} can't be opened ({error.strerror}): make room or check its permissions, and run again."
        ) from error


def _migrate(connection: sqlite3.Connection, path: Path, say: Callable[[str], None] | None) -> None:
    """Under SQLite's own lock, for which another process waits: a night registers its rules without holding ours."""
    with transaction(connection):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version >= VERSION:
            return  # another process was faster
        if version:
            from archive.upgrade import keep_copy  # noqa: PLC0415 - which only an older alerts.db needs

            keep_copy(path, before=version, after=VERSION, mode=0o600, say=say)
        for script in MIGRATIONS[version:]:
            for statement in split_statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextlib.contextmanager
def read_outbox(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The same, read-only; None where nothing was ever planned, another release made it, or it may not be read."""
    if not path.exists() or not os.access(path, os.R_OK):
        yield None
        return
    with (
        storage_errors(path, cure=BEGIN_ANEW),
        contextlib.closing(sqlite3.connect(locate_for_reading(path), uri=True, timeout=BUSY_SECONDS)) as found,
    ):
        yield found if found.execute("PRAGMA user_version").fetchone()[0] == VERSION else None


def list_messages(
    outbox: sqlite3.Connection, *, states: Sequence[str] = (), ids: Sequence[int] = (), due_by: str | None = None
) -> list[Delivery]:
    """In the order in which they were planned. ``due_by``: those pending that may be tried at that time.

    What was planned or tried later than that, or is put off for longer than anything ever is, was so by a clock that
    has been set back since; a digest that gathers has its hour from the events, and keeps it.
    """
    conditions, values = ["1"], list[Any]()
    if states:
        conditions.append(f"m.state IN ({','.join('?' * len(states))})")
        values += states
    if ids:
        conditions.append(f"m.id IN ({','.join('?' * len(ids))})")
        values += ids
    if due_by is not None:
        conditions.append(
            "m.state = 'pending' AND (m.not_before <= ? OR m.not_before > ? OR m.attempted_at > ? "
            "OR (m.created_at > ? AND m.form <> 'daily'))"
        )
        values += [due_by, add_seconds(due_by, _LONGEST_DELAY), due_by, due_by]
    rows = outbox.execute(f"SELECT {_DELIVERY} FROM messages m WHERE {' AND '.join(conditions)} ORDER BY m.id", values)
    return [Delivery(*row) for row in rows]


def list_event_ids(outbox: sqlite3.Connection, message_id: int) -> list[int]:
    return list(list_event_rules(outbox, message_id))


def list_event_rules(outbox: sqlite3.Connection, message_id: int) -> dict[int, tuple[str, ...]]:
    """The rules that match, by event id, in the feed's order."""
    rules: dict[int, tuple[str, ...]] = {}
    for event_id, rule in outbox.execute(
        "SELECT DISTINCT event_id, rule FROM deliveries WHERE message_id = ? ORDER BY event_id, rule", (message_id,)
    ):
        rules[event_id] = (*rules.get(event_id, ()), rule)
    return rules


def add_message(
    outbox: sqlite3.Connection,
    *,
    key: str,
    rule: str,
    channel: str,
    recipient: str,
    form: str,
    state: str,
    created_at: str,
    not_before: str,
    reason: str = "",
) -> int:
    added = outbox.execute(
        "INSERT INTO messages (idempotency_key, rule, channel, recipient, form, state, created_at, not_before, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (key, rule, channel, recipient, form, state, created_at, not_before, reason),
    ).lastrowid
    assert added is not None
    return added


def add_deliveries(
    outbox: sqlite3.Connection, message_id: int, rule: str, channel: str, recipient: str, events: Iterable[Event]
) -> None:
    outbox.executemany(
        "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(e.id, rule, channel, recipient, e.run, e.kind, e.key, message_id) for e in events],
    )


def note_attempt(outbox: sqlite3.Connection, message_id: int, *, at: str, not_before: str) -> None:
    """Before it is sent: a crash in the air leaves it pending, and it is tried again under the same key."""
    outbox.execute(
        "UPDATE messages SET attempts = attempts + 1, attempted_at = ?, not_before = ? WHERE id = ?",
        (at, not_before, message_id),
    )


def note_sent(outbox: sqlite3.Connection, message_id: int, *, at: str) -> None:
    outbox.execute("UPDATE messages SET state = 'sent', sent_at = ?, error = '' WHERE id = ?", (at, message_id))


def note_failure(outbox: sqlite3.Connection, message_id: int, *, error: str, not_before: str) -> None:
    outbox.execute("UPDATE messages SET error = ?, not_before = ? WHERE id = ?", (error, not_before, message_id))


def note_dead(outbox: sqlite3.Connection, message_id: int, *, error: str, reason: str) -> None:
    outbox.execute(
        "UPDATE messages SET state = 'dead', error = ?, reason = ? WHERE id = ?", (error, reason, message_id)
    )


def postpone(outbox: sqlite3.Connection, message_ids: Iterable[int], *, not_before: str, error: str) -> None:
    """Without an attempt: their channel has just failed, or can't be used."""
    outbox.executemany(
        "UPDATE messages SET not_before = ?, error = ? WHERE id = ?",
        [(not_before, error, each) for each in message_ids],
    )


def disable(outbox: sqlite3.Connection, channel: str, address: str, *, at: str, reason: str) -> None:
    """``address``: a recipient, or what stands for the address of a webhook: with another one it is another target."""
    outbox.execute("INSERT OR REPLACE INTO disabled VALUES (?, ?, ?, ?)", (channel, address, at, reason))


def enable(outbox: sqlite3.Connection, channel: str, recipient: str) -> None:
    """A recipient of that channel, or all its addresses."""
    outbox.execute("DELETE FROM disabled WHERE channel = ? AND ?2 IN ('', recipient)", (channel, recipient))


def add_issue(outbox: sqlite3.Connection, run: int, level: str, code: str, message: str, *, at: str) -> None:
    outbox.execute(
        "INSERT OR IGNORE INTO issues (run_id, level, code, message, at) VALUES (?, ?, ?, ?, ?)",
        (run, level, code, message, at),
    )


def list_issues(outbox: sqlite3.Connection, run: int) -> list[dict[str, str]]:
    """As archive.verdict lists those of the archive."""
    rows = outbox.execute("SELECT level, code, message FROM issues WHERE run_id = ? ORDER BY id", (run,))
    return [{"level": level, "code": code, "message": message} for level, code, message in rows]


class Told(NamedTuple):
    """An event of a message, by number and by name, and the rules that match it."""

    event_id: int
    run: int
    kind: str
    key: str
    rules: tuple[str, ...]


def list_told(outbox: sqlite3.Connection, message_id: int) -> list[Told]:
    """In the feed's order."""
    rows = outbox.execute(
        "SELECT event_id, run_id, kind, key, json_group_array(DISTINCT rule) FROM deliveries WHERE message_id = ? "
        "GROUP BY event_id ORDER BY event_id",
        (message_id,),
    )
    return [Told(event, run, kind, key, tuple(json.loads(rules))) for event, run, kind, key, rules in rows]


def explain_disabled(outbox: sqlite3.Connection, channel: str, address: str) -> str | None:
    """Since when and why that target gets no more messages."""
    row = outbox.execute(
        "SELECT at, reason FROM disabled WHERE channel = ? AND recipient = ?", (channel, address)
    ).fetchone()
    return f"disabled since {row[0]}: {row[1]}" if row else None


def find_newest_run(outbox: sqlite3.Connection, message_id: int) -> int:
    """0 where the message tells of no event."""
    row = outbox.execute("SELECT max(run_id) FROM deliveries WHERE message_id = ?", (message_id,)).fetchone()
    return int(row[0] or 0)


def count_messages(outbox: sqlite3.Connection, state: str) -> int:
    return int(outbox.execute("SELECT count(*) FROM messages WHERE state = ?", (state,)).fetchone()[0])


def list_backlog(outbox: sqlite3.Connection) -> list[tuple[str, str, int, str, str]]:
    """By channel and recipient: what was tried in vain and waits, its number, next attempt, and why."""
    return outbox.execute(
        "SELECT channel, recipient, count(*), min(not_before), error FROM messages "
        "WHERE state = 'pending' AND (attempts > 0 OR error <> '') GROUP BY channel, recipient ORDER BY min(id)"
    ).fetchall()
