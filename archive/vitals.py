"""What the databases and WARC files of an archive say of its nights, looked at without a file being made or locked."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from archive import schema
from archive.alerts.outbox import BEGIN_ANEW
from archive.database_file import check, has_left_journal, locate_for_reading
from archive.errors import BaogaoError, StorageError
from archive.sqlite import sqlite3
from archive.store import refuse_foreign, refuse_lost, storage_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.store import DataDirectory

_WAIT_SECONDS = 1.0  #: for a database that is just being written


@dataclass(frozen=True, slots=True)
class Database:
    name: str
    size: int
    wal_size: int
    problem: str | None = None
    advice: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What archive.db says of its nights."""

    nights: int
    first_night: str | None  #: dates
    last_night: str | None
    last_good: tuple[int, str] | None  #: the last complete run with exit code 0, and when it was settled
    open_run: tuple[int, str] | None
    unindexed_files: int
    unindexed_versions: int
    missing_files: tuple[str, ...] = ()  #: of those that archive.db knows to their last byte


@dataclass(frozen=True, slots=True)
class Queue:
    """Messages by state: how many, and since when the oldest waits."""

    states: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Vitals:
    """``history`` and ``queue``: None where there is none to read."""

    databases: tuple[Database, ...] = ()
    history: History | None = None
    queue: Queue | None = None
    last_written: str | None = None
    last_answer: tuple[str, str] | None = None  #: when it came by our clock, and by the server's


def examine_databases(data: DataDirectory) -> Vitals:
    """A damaged database is a fact like any other."""
    databases, times = [], [_newest(data)]
    history, queue, answer = None, None, None
    for path in (data.root / "archive.db", data.alerts):
        if not _is_there(path):
            try:
                if path != data.alerts:
                    refuse_lost(path, "is gone")
            except (BaogaoError, OSError) as error:
                databases.append(_describe_database(path, error))
            continue
        try:
            with _peek(path) as connection:
                if path == data.alerts:
                    queue = _read_queue(connection)
                else:
                    refuse_foreign(connection, path, expected=True)
                    history = _read_history(connection, data)
                    times += _list_times(connection)
                    answer = _find_last_answer(connection, data)
            databases.append(_describe_database(path))
        except (BaogaoError, OSError) as error:
            databases.append(_describe_database(path, error))
    written = max((time for time in times if time), default=None)
    return Vitals(tuple(databases), history, queue, written, answer)


@contextlib.contextmanager
def _peek(path: Path) -> Iterator[sqlite3.Connection]:
    """A database, read without making a file beside it, and sound. Raises StorageError.

    Where nothing waits in a -wal or a -journal it is opened as a file that nobody writes. A night may begin in that
    instant, and a half-written page look like damage: so that is looked at once more, with locks, which need files.
    """
    with _sick(path), contextlib.ExitStack() as opened:
        is_shared = _size(_wal_of(path)) or has_left_journal(path)
        for options in [""] if is_shared else ["&immutable=1", ""]:
            connection = opened.enter_context(contextlib.closing(_connect(path, options)))
            try:
                check(connection)
            except sqlite3.DatabaseError:
                if options and _size(_wal_of(path)):
                    continue
                raise
            break
        yield connection


def _sick(path: Path) -> contextlib.AbstractContextManager[None]:
    """alerts.db can't be read again from the WARC files."""
    return storage_errors(path, cure=BEGIN_ANEW) if path.name == "alerts.db" else storage_errors(path)


def _connect(path: Path, options: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro{options}" if options else locate_for_reading(path)
    connection = sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS)
    connection.row_factory = sqlite3.Row
    return connection


def _describe_database(path: Path, error: Exception | None = None) -> Database:
    sizes = (path.name, _size(path), _size(_wal_of(path)))
    if error is None:
        return Database(*sizes)
    code = error.exit_code if isinstance(error, BaogaoError) else StorageError.exit_code
    advice = ""  # the sentence says it
    if path.name == "alerts.db" and code == StorageError.exit_code:
        advice = (
            "It can't be made from the WARC files: put a backup in its place, or run `baogao repair`, which moves it "
            "aside (rules begin anew)."
        )
    return Database(*sizes, problem=str(error), advice=advice, exit_code=code)


def list_files(data: DataDirectory, pattern: str) -> list[Path]:
    try:
        return sorted(data.warc.glob(pattern))
    except OSError:  # as below
        return []


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # in a directory that may not be entered, which is a finding of its own
        return False


def _wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read_history(connection: sqlite3.Connection, data: DataDirectory) -> History:
    nights = connection.execute(
        "SELECT count(*), min(started_at), max(started_at) FROM runs WHERE kind = 'crawl' AND outcome <> 'open'"
    ).fetchone()
    good = connection.execute(
        "SELECT id, finished_at FROM runs WHERE kind = 'crawl' AND outcome = 'complete' AND exit_code = 0 "
        "ORDER BY finished_at DESC LIMIT 1"
    ).fetchone()
    pending = connection.execute("SELECT id, started_at FROM runs WHERE outcome = 'open'").fetchone()
    return History(
        nights=nights[0],
        first_night=nights[1] and nights[1][:10],
        last_night=nights[2] and nights[2][:10],
        last_good=tuple(good) if good else None,
        open_run=tuple(pending) if pending else None,
        unindexed_files=_count_unindexed_files(connection, data),
        unindexed_versions=_count_unindexed_versions(connection),
        missing_files=tuple(_list_missing_files(connection, data)),
    )


def _count_unindexed_files(connection: sqlite3.Connection, data: DataDirectory) -> int:
    from archive.journal import find_unindexed  # noqa: PLC0415 - a module that reads WARCs

    return len(find_unindexed(connection, data))


def _list_missing_files(connection: sqlite3.Connection, data: DataDirectory) -> Iterator[str]:
    if data.warc.is_dir() and not os.access(data.warc, os.R_OK | os.X_OK):  # a finding of its own
        return
    there = {path.name for path in list_files(data, "*.warc.gz")}
    for (file,) in connection.execute("SELECT file FROM warc_files ORDER BY file"):
        if file.rpartition("/")[2] not in there:
            yield file


def _count_unindexed_versions(connection: sqlite3.Connection) -> int:
    from archive.figures.rows import count_unread  # noqa: PLC0415 - loads the grammar

    if connection.execute("PRAGMA user_version").fetchone()[0] < schema.VERSION:
        return int(connection.execute("SELECT count(*) FROM item_versions").fetchone()[0])
    (unindexed,) = connection.execute(
        "SELECT count(*) FROM item_versions WHERE id > (SELECT coalesce(max(id), 0) FROM version_index_docsize)"
    ).fetchone()
    return max(int(unindexed), count_unread(connection))


def _list_times(connection: sqlite3.Connection) -> list[str | None]:
    return list(
        connection.execute(
            "SELECT (SELECT max(coalesce(finished_at, started_at)) FROM runs), "
            "(SELECT fetched_at FROM captures ORDER BY id DESC LIMIT 1)"
        ).fetchone()
    )


def _newest(data: DataDirectory) -> str | None:
    """When a WARC file was last written."""
    times = [path.stat().st_mtime for path in list_files(data, "*.warc.gz*")]
    return f"{datetime.fromtimestamp(max(times), UTC):%Y-%m-%dT%H:%M:%SZ}" if times else None


def _find_last_answer(connection: sqlite3.Connection, data: DataDirectory) -> tuple[str, str] | None:
    """By both clocks; None where the server names no time, or it stood in a cache."""
    from archive.captures import load_exchange  # noqa: PLC0415 - a module that reads WARCs

    row = connection.execute("SELECT id, fetched_at FROM captures WHERE payload_id IS NULL ORDER BY id DESC").fetchone()
    if row is None:
        return None
    with contextlib.suppress(StorageError, OSError, ValueError, TypeError):  # `baogao verify` tells what is wrong there
        headers = {name.lower(): value for name, value in load_exchange(connection, data.root, row["id"]).headers}
        if "date" in headers and "age" not in headers:
            moment = parsedate_to_datetime(headers["date"]).astimezone(UTC)
            return row["fetched_at"], f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return None


def _read_queue(outbox: sqlite3.Connection) -> Queue | None:
    from archive.alerts.outbox import VERSION  # noqa: PLC0415 - an archive without alerts does without

    if outbox.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        return None
    rows = outbox.execute(
        "SELECT state, count(*), min(created_at) FROM messages WHERE state IN ('held', 'pending', 'dead') "
        "GROUP BY state ORDER BY state"
    )
    return Queue(tuple(map(tuple, rows.fetchall())))
