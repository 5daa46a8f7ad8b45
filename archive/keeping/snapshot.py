"""A database copied as of one moment, whoever writes it meanwhile; and a night in progress taken out of the copy."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from archive.database_file import check
from archive.sqlite import sqlite3
from archive.store import storage_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@contextlib.contextmanager
def copy_database(source: sqlite3.Connection, path: Path, target: Path) -> Iterator[sqlite3.Connection]:
    """``source``, opened from ``path``, as the new file ``target``: open to be changed, then closed and synced.

    Raises StorageError where the source is damaged or there is no room, Locked where nobody may read it.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
        with storage_errors(path):
            source.execute("BEGIN")  # one moment; and it waits no longer than the timeout, which a backup would
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        try:
            with storage_errors(target):
                source.backup(copy)
                # a file of its own: no -wal that could be left behind, and readable where nothing may be written
                copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            source.execute("ROLLBACK")
        with storage_errors(path):  # what is wrong with it is wrong with the source
            check(copy)
        with storage_errors(target):
            yield copy
    with target.open("rb") as file:
        os.fsync(file.fileno())


def list_referenced(copy: sqlite3.Connection) -> list[str]:
    """The WARC files that the copy points into."""
    rows = copy.execute(
        "SELECT warc_file FROM captures UNION SELECT warc_file FROM notes UNION SELECT file FROM warc_files ORDER BY 1"
    )
    return [file for (file,) in rows]


def take_out(copy: sqlite3.Connection, files: Sequence[str]) -> None:
    """Forget what lies in these files, which are not closed yet; and their run, where nothing else is known of it."""
    copy.execute("BEGIN IMMEDIATE")
    for file in files:
        copy.execute("DELETE FROM captures WHERE warc_file = ?", (file,))
        copy.execute("DELETE FROM notes WHERE warc_file = ?", (file,))
    copy.execute(
        "DELETE FROM runs WHERE outcome = 'open' AND id NOT IN (SELECT run_id FROM notes WHERE kind = 'run-start') "
        "AND id NOT IN (SELECT run_id FROM captures)"
    )
    copy.execute("COMMIT")
