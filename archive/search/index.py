"""Versions that are not in the index yet are added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.progress import advance
from archive.search.segment import segment
from archive.store import transaction

if TYPE_CHECKING:
    from archive.sqlite import sqlite3

#: versions a transaction: what a kill loses is about a second of work
BATCH = 1000


def index_versions(connection: sqlite3.Connection) -> int:
    """How many versions were added. Commits batch by batch."""
    added = 0
    while rows := connection.execute(
        "SELECT id, summary_zh, summary_en, title FROM item_versions "
        "WHERE id > (SELECT coalesce(max(id), 0) FROM version_index_docsize) ORDER BY id LIMIT ?",
        (BATCH,),
    ).fetchall():
        with transaction(connection):
            connection.executemany(
                "INSERT INTO version_index (rowid, zh, en, title) VALUES (?, ?, ?, ?)",
                ((row[0], *map(segment, row[1:])) for row in rows),
            )
        added += len(rows)
        advance("indexing: version", added)
    return added
