"""How long a text or blob a visitor's SQL may read or make: one word of it could ask for a gigabyte."""

from __future__ import annotations

from typing import Any

from archive.sqlite import sqlite3

CELL_BYTES = 1_000_000
#: for all of SQLite in this process, where the driver can't bound a single cell: it has 4 + 3 caches of 2 MB, and sorts
HEAP_BYTES = 256 * 1024 * 1024


def bound_cells(connection: sqlite3.Connection) -> None:
    """What is longer raises sqlite3.DataError, or MemoryError where it is longer than the heap."""
    if hasattr(connection, "setlimit"):
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, CELL_BYTES)
    else:  # of the extra: SQLite bounds what is made, and what comes out is looked at row by row
        connection.execute(f"PRAGMA hard_heap_limit = {HEAP_BYTES}")
        connection.row_factory = _make_row


def _make_row(cursor: sqlite3.Cursor, cells: tuple[Any, ...]) -> sqlite3.Row:
    if any(isinstance(cell, str | bytes) and len(cell) > CELL_BYTES for cell in cells):
        raise sqlite3.DataError("string or blob too big")
    return sqlite3.Row(cursor, cells)
