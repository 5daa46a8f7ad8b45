"""The data directory: its places, its lock, and connections to archive.db with the right pragmas."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive import schema
from archive.database_file import check, find_odd_companion, locate_for_reading, make_damage
from archive.errors import Locked, NewerArchive, StorageError, UsageError
from archive.shown import stand_in
from archive.sqlite import get_code, sqlite3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: below this the first page of a night could not be archived and settled
MIN_FREE_BYTES = 8 * 1024 * 1024
#: a crawling process holds its dead parent's lock until it has noticed, which takes milliseconds
LOCK_PATIENCE_SECONDS = 0.3
BUSY_SECONDS = 30
_CURES = {  #: of a data directory that can't be written, where it is no matter of permissions
    errno.EROFS: "mount that file system writable (after an error of the disk the system itself makes it read-only)",
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "what is there is no directory: move it away"),
    errno.ENOSPC: "make room",
}
_REPAIR = {  #: what becomes of a damaged file
    "archive.db": "run `baogao repair`, which reads it again from the WARC files and keeps the damaged one",
    "alerts.db": "run `baogao repair`, which moves it aside",
}


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The places of one archive."""

    root: Path
    db_copy: Path | None = None  #: of a dry run, which is thrown away

    @property
    def db(self) -> Path:
        return self.db_copy or self.root / "archive.db"

    @property
    def warc(self) -> Path:
        return self.root / "warc"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def alerts(self) -> Path:
        return self.root / "alerts.db"

    @property
    def is_new(self) -> bool:
        """True where no night has begun yet; a directory that is not there is a mistyped one."""
        empty = not self.db.exists() or not self.db.stat().st_size
        return self.root.is_dir() and empty and not any(self.warc.glob("run-*"))

    def prepare(self, *, frees: bool = False) -> None:
        """Make the directories; StorageError where they can't be written or the disk is full.

        ``frees``: for what makes room itself, which may begin on a disk where a night may not.
        """
        try:
            for place in (self.root, self.warc, self.state):
                place.mkdir(parents=True, exist_ok=True)
                _demand_write_access(place)
            free = shutil.disk_usage(self.root).free
        except OSError as error:
            cure = _CURES.get(error.errno or 0, f"give uid {os.getuid()} write permission there")
            raise StorageError(
                f"The data directory {self.root} can't be written ({_name_culprit(self.root, error)}): {cure}, or name "
                "another one with --data."
            ) from error
        if free < MIN_FREE_BYTES and not frees:
            raise StorageError(
                f"Only {free // 1024} KiB are free below {self.root}: make room (a night needs "
                f"{MIN_FREE_BYTES // 1024 // 1024} MiB to begin) and run again; nothing was changed."
            )


def _name_culprit(root: Path, error: OSError) -> str:
    said = error.strerror or str(error)
    return said if error.filename in {None, str(root)} else f"{error.filename}: {said}"


def _demand_write_access(place: Path) -> None:
    if not os.access(place, os.W_OK | os.X_OK):
        code = errno.EROFS if os.statvfs(place).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(code, os.strerror(code), str(place))


@contextlib.contextmanager
def hold_lock(
    data: DataDirectory, *, command: str, started_at: str, name: str = "lock", patience: float = LOCK_PATIENCE_SECONDS
) -> Iterator[int]:
    """Be the only writer while inside: an flock that dies with the process, never a pid file.

    ``name``: of the lock file; ``patience``: seconds to wait. Yields the descriptor: a child that inherits it holds the
    lock for as long as it lives. Raises Locked, naming the holder.
    """
    path = data.state / name
    try:
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"The lock {path} can't be opened ({error.strerror}): check its permissions.") from error
    with handle:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
                handle.seek(0)
                raise Locked(f"{_name_holder(handle.read())} holds {path}: wait until it ends.") from None
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "since": started_at}
        try:
            handle.truncate(0)
            os.write(handle.fileno(), json.dumps(holder).encode())
        except OSError as error:
            raise StorageError(f"The lock {path} can't be written ({error.strerror}): make room, run again.") from error
        yield handle.fileno()


def _name_holder(content: str) -> str:
    try:
        holder = json.loads(content)
        return f"`{holder['command']}` (pid {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (ValueError, KeyError, TypeError):
        return "Another baogao process"


@contextlib.contextmanager
def storage_errors(path: Path, *, cure: str | None = None) -> Iterator[None]:
    """Turn what SQLite says of a sick file or disk into an error a person understands.

    ``cure``: what makes another one where a damaged file has been moved away; else `baogao repair` is named.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        said = " ".join(str(error).replace("*** in database main ***", "").split())
        code = get_code(error)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise Locked(
                f"{path} has been written by another program for {BUSY_SECONDS} seconds: end it, run again."
            ) from error
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise StorageError(
                f"{path} could not be written ({said}): make room on that disk and run again; nothing of this step "
                "was kept, and nothing archived is lost."
            ) from error
        if code == sqlite3.SQLITE_CANTOPEN and (odd := find_odd_companion(path)):
            raise StorageError(
                f"{odd} is no plain file, and SQLite wants one there: move it away, run again."
            ) from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
            raise StorageError(
                f"{path} can't be opened for this ({said}): check that uid {os.getuid()} may read and write the file "
                "and its directory."
            ) from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            step = f"move it away and run {cure}" if cure else _REPAIR.get(path.name, "restore it from a backup")
            raise StorageError(f"{path} is damaged ({said}): {step}; nothing was changed.") from error
        raise


def open_for_writing(data: DataDirectory, *, say: Callable[[str], None] | None = None) -> sqlite3.Connection:
    """The archive, checked, upgraded and ready to write; call it under the lock.

    An older one is copied before it is upgraded, and the operator told by ``say``. Raises NewerArchive, UsageError (not
    an archive) or StorageError (damaged, full, read-only).
    """
    with storage_errors(data.db):
        connection = sqlite3.connect(data.db, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            _prepare(connection, data, say)
        except BaseException:
            connection.close()
            raise
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """A further writing connection to an archive that :func:`open_for_writing` has checked."""
    with storage_errors(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
        _set_pragmas(connection)
    return connection


def _prepare(connection: sqlite3.Connection, data: DataDirectory, say: Callable[[str], None] | None) -> None:
    refuse_foreign(connection, data.db, expected=False)
    check(connection)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if 0 < version < schema.VERSION and not data.db_copy:
        from archive.upgrade import keep_copy  # noqa: PLC0415 - which only an older archive needs

        keep_copy(data.db, before=version, after=schema.VERSION, say=say)
    _set_pragmas(connection)
    if version < schema.VERSION:
        schema.migrate(connection)


def _set_pragmas(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def refuse_foreign(connection: sqlite3.Connection, path: Path, *, expected: bool) -> None:
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except UnicodeDecodeError:  # SQLite names the part of the schema that it can't read, and the name is no text
        raise make_damage("malformed database schema") from None
    unknown = []
    if "_sqlite_migrations" in tables:
        names = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'baogao'")
        unknown = [name for (name,) in names if not name.isdecimal() or int(name) > schema.VERSION]
    if version > schema.VERSION or unknown:
        raise NewerArchive(
            f"{path} was made by a newer release of baogao (schema {max(version, schema.VERSION + 1)}, this one knows "
            f"{schema.VERSION}): upgrade baogao; nothing was changed."
        )
    tables.discard("_sqlite_migrations")  # made before the first migration: its process may have died between the two
    if not tables and expected:
        refuse_lost(path, "is empty")
        raise UsageError(f"{path} is empty: run `baogao crawl` first.")
    if tables and application != schema.APPLICATION_ID:
        raise UsageError(f"{path} is an SQLite file, but not one of baogao's: name another directory with --data.")


def refuse_lost(path: Path, state: str) -> None:
    """Raise StorageError where nights were archived beside an archive.db that is gone or empty."""
    if any(path.with_name("warc").glob("run-*")):
        raise StorageError(f"{path} {state}: run `baogao repair`, which reads it again from the WARC files.")


def open_for_reading(data: DataDirectory, *, shared: bool = False) -> sqlite3.Connection:
    """The archive, read-only; works beside a running night and in a directory that can't be written.

    ``shared``: another thread than this one may close it. Raises UsageError where there is no archive, StorageError
    where it was lost, and as :func:`open_for_writing`.
    """
    path = data.db
    if not path.exists():  # PermissionError where the directory may not be entered: archive.cli words it
        refuse_lost(path, "is gone")
        raise UsageError(f"There is no archive at {path}: run `baogao crawl` first, or name its directory with --data.")
    with storage_errors(path):
        connection = sqlite3.connect(
            locate_for_reading(path), uri=True, timeout=BUSY_SECONDS, check_same_thread=not shared
        )
        try:
            refuse_foreign(connection, path, expected=True)
            stand_in(connection)
        except BaseException:
            connection.close()
            raise
    connection.row_factory = sqlite3.Row
    return connection


def require_research(connection: sqlite3.Connection) -> None:
    """Raise UsageError for an archive that no command of this release has upgraded yet: it has no index, no figures."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < schema.VERSION:
        raise UsageError(
            "This archive was made by an older release and has no search index and no figures yet: run `baogao settle` "
            "once, which adds them; nothing was changed."
        )


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. BEGIN IMMEDIATE: a later upgrade from reading would fail at once, whatever the timeout."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back by itself when the disk is full
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
