"""One file of SQLite: whether it is sound, what lies beside it, and how it may be opened to be read."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from archive.sqlite import sqlite3

if TYPE_CHECKING:
    from pathlib import Path


def check(connection: sqlite3.Connection) -> None:
    """Raise for the damage that quick_check only reports what SQLite would raise when it met it."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise make_damage(found)


def check_copy(connection: sqlite3.Connection) -> None:
    """As :func:`check`, and the CHECK constraints too: a connection that may not write does not know them."""
    with contextlib.closing(sqlite3.connect(":memory:")) as copy:
        connection.backup(copy)
        check(copy)


def make_damage(found: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(found)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def is_frozen(path: Path) -> bool:
    """May it be opened as a file that nobody writes? For now: somebody else may begin to write it.

    A WAL file needs its -shm, which can't be made in a read-only directory; without a -wal nothing can be missed, and
    without a -journal nothing is half written.
    """
    is_alone = not path.with_name(path.name + "-wal").exists() and not has_left_journal(path)
    return is_alone and not os.access(path.parent, os.W_OK)


def locate_for_reading(path: Path) -> str:
    """The URI that opens a database to be read, also in a directory that can't be written.

    Whoever was killed in a transaction before the file became a WAL file (the first after a restore) has left a
    -journal, and SQLite rolls that back only for a connection that may write; nothing else is written through it.
    """
    mode = "rw" if has_left_journal(path) and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "ro"
    return f"file:{quote(str(path.absolute()))}?mode={mode}{'&immutable=1' if is_frozen(path) else ''}"


def has_left_journal(path: Path) -> bool:
    with contextlib.suppress(OSError), path.with_name(path.name + "-journal").open("rb") as file:
        return file.read(8) == b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"  # else SQLite takes it for none
    return False


def find_odd_companion(path: Path) -> Path | None:
    """A directory or a link in the place of a file that SQLite keeps beside a database."""
    companions = (path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))
    return next((each for each in companions if each.is_symlink() or (each.exists() and not each.is_file())), None)
