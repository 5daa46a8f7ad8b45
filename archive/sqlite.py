"""The SQLite that everything here uses: that of the extra ``pysqlite3`` where it is installed, else Python's own.

sqlite-utils and Datasette choose in the same way. Never two in one process: POSIX locks belong to the process, so that
one library closing a file takes the other's locks on it away, and both may write at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3  # the other one has the same interface, as far as it is used here, and no types
else:
    try:
        import pysqlite3 as sqlite3
    except ImportError:
        import sqlite3

__all__ = ["get_code", "is_undecodable", "sqlite3"]

#: what SQLite says of the codes that matter here: where a backup fails, the extra passes its words on and no code
_WORDS = {
    "disk I/O error": sqlite3.SQLITE_IOERR,
    "database or disk is full": sqlite3.SQLITE_FULL,
    "database is locked": sqlite3.SQLITE_BUSY,
    "database table is locked": sqlite3.SQLITE_LOCKED,
    "attempt to write a readonly database": sqlite3.SQLITE_READONLY,
    "unable to open database file": sqlite3.SQLITE_CANTOPEN,
    "access permission denied": sqlite3.SQLITE_PERM,
    "database disk image is malformed": sqlite3.SQLITE_CORRUPT,
    "file is not a database": sqlite3.SQLITE_NOTADB,
}


def get_code(error: sqlite3.Error) -> int:
    """SQLite's code for it, not extended: ``SQLITE_IOERR``, not ``SQLITE_IOERR_WRITE``; 0 where there is none."""
    if is_undecodable(error):
        return sqlite3.SQLITE_CORRUPT
    return getattr(error, "sqlite_errorcode", _WORDS.get(str(error), 0)) & 0xFF


def is_undecodable(error: sqlite3.Error) -> bool:
    """A text that is none any more, which SQLite itself never looks at."""
    return str(error).startswith("Could not decode to UTF-8")
