"""Old sightings folded: "on that page of that listing, from this run to that one" instead of a row each.

A report stands on the same page for weeks, and each night says so once more. What is folded says exactly the same, but
for the place on the page: which captures show a report, reading how, is asked of the view ``shown``. A run is folded
where *every* answer of it to that page shows the report once, all reading alike; a run without an answer to that page
says nothing, and one whose answer does not show the report ends the span.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.captures import OK
from archive.errors import StorageError
from archive.progress import track
from archive.store import storage_errors, transaction

if TYPE_CHECKING:
    from archive.sqlite import sqlite3
    from archive.store import DataDirectory

NIGHTS_KEPT = 14  #: the last crawls stay as they are, with their places: what is looked at, and what may still change
#: a file with fewer free pages, in parts of all, is not made anew: the nights to come fill them
WORTH_A_VACUUM = 0.1
_SEVERAL = 256  #: pages

# which run answered for which page, and how often; ord numbers the runs of a page
_LOOKS = f"""
INSERT INTO temp.looks SELECT page, run_id, count(*), row_number() OVER (PARTITION BY page ORDER BY run_id)
FROM captures WHERE listing_id = ? AND page IS NOT NULL AND status = {OK} GROUP BY page, run_id"""
_CELLS = f"""
INSERT INTO temp.cells SELECT s.item_id, l.page, l.run_id, max(s.version_id), l.ord
FROM temp.looks l CROSS JOIN captures c
ON c.listing_id = ?1 AND c.page = l.page AND c.run_id = l.run_id AND c.status = {OK}
CROSS JOIN sightings s ON s.capture_id = c.id WHERE l.run_id <= ?2 GROUP BY s.item_id, l.page, l.run_id
HAVING count(*) = l.answers AND count(DISTINCT s.capture_id) = l.answers
AND count(DISTINCT coalesce(s.version_id, 0)) = 1"""
# spans that are there, and what is to be folded, in pieces; pieces without a run between them are one
_ISLANDS = """
INSERT INTO temp.islands
WITH pieces (item_id, page, version_id, first_run_id, last_run_id, first, last, is_new) AS (
  SELECT item_id, page, version_id, run_id, run_id, ord, ord, 1 FROM temp.cells
  UNION ALL
  SELECT s.item_id, s.page, s.version_id, s.first_run_id, s.last_run_id, a.ord, b.ord, 0
  FROM memberships m CROSS JOIN sighting_spans s ON s.item_id = m.item_id AND s.listing_id = m.listing_id
  JOIN temp.looks a ON a.page = s.page AND a.run_id = s.first_run_id
  JOIN temp.looks b ON b.page = s.page AND b.run_id = s.last_run_id WHERE m.listing_id = ?),
begun AS (
  SELECT *, first <> 1 + coalesce(lag(last) OVER reading, -9) AS begins FROM pieces
  WINDOW reading AS (PARTITION BY item_id, page, version_id ORDER BY first)),
numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY item_id, page, version_id ORDER BY first) AS island FROM begun)
SELECT item_id, page, version_id, min(first_run_id), max(last_run_id), sum(is_new), count(*) - sum(is_new)
FROM numbered GROUP BY item_id, page, version_id, island"""
_DROP_SPANS = """
DELETE FROM sighting_spans WHERE (item_id, listing_id, page, first_run_id) IN (
  SELECT s.item_id, s.listing_id, s.page, s.first_run_id FROM temp.islands i CROSS JOIN sighting_spans s
  ON s.item_id = i.item_id AND s.listing_id = ?1 AND s.page = i.page
  AND s.first_run_id BETWEEN i.first_run_id AND i.last_run_id AND s.version_id IS i.version_id WHERE i.added > 0)"""
_ADD_SPANS = """
INSERT INTO sighting_spans (item_id, listing_id, page, version_id, first_run_id, last_run_id)
SELECT item_id, ?1, page, version_id, first_run_id, last_run_id FROM temp.islands WHERE added > 0"""
_DROP_SIGHTINGS = f"""
DELETE FROM sightings WHERE (capture_id, position) IN (
  SELECT s.capture_id, s.position FROM temp.cells x
  CROSS JOIN captures c ON c.listing_id = ?1 AND c.page = x.page AND c.run_id = x.run_id AND c.status = {OK}
  CROSS JOIN sightings s ON s.capture_id = c.id AND s.item_id = x.item_id)"""
# spans that come, less sightings that go
_FORESEEN = """
SELECT coalesce((SELECT sum(1 - absorbed) FROM temp.islands WHERE added > 0), 0)
     - coalesce((SELECT sum(l.answers) FROM temp.cells x
                 JOIN temp.looks l ON l.page = x.page AND l.run_id = x.run_id), 0)"""
_SCRATCH = {
    "looks": "page INTEGER, run_id INTEGER, answers INTEGER, ord INTEGER, PRIMARY KEY (page, run_id)) WITHOUT ROWID",
    "cells": "item_id INTEGER, page INTEGER, run_id INTEGER, version_id INTEGER, ord INTEGER)",
    "islands": "item_id INTEGER, page INTEGER, version_id INTEGER, first_run_id INTEGER, last_run_id INTEGER, "
    "added INTEGER, absorbed INTEGER)",
}


@dataclass(slots=True)
class Folding:
    """What was folded: rows that say which report was shown, before and after; bytes of archive.db."""

    before: int = 0
    after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    last_run: int | None = None  #: the last one that was folded; None: there are too few


def fold(connection: sqlite3.Connection, *, dry: bool = False) -> Folding:
    """Fold the sightings of all but the last nights, a listing at a time; ``dry``: only count.

    Each listing is a transaction: ended in between, what is done is done.
    """
    folding = Folding(before=_count(connection), bytes_before=_measure(connection))
    folding.after, folding.bytes_after = folding.before, folding.bytes_before
    row = connection.execute(
        "SELECT id FROM runs WHERE kind = 'crawl' ORDER BY id DESC LIMIT 1 OFFSET ?", (NIGHTS_KEPT,)
    ).fetchone()
    if row is None:
        return folding
    folding.last_run = int(row[0])
    for name, columns in _SCRATCH.items():
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
        connection.execute(f"CREATE TEMP TABLE {name} ({columns}")
    listings = [listing for (listing,) in connection.execute("SELECT id FROM listings ORDER BY id")]
    for listing in track(listings, "folding: listing", len(listings)):
        _find_islands(connection, listing, folding.last_run)
        if dry:
            (change,) = connection.execute(_FORESEEN).fetchone()
            folding.after += change
            continue
        with transaction(connection):
            connection.execute(_DROP_SPANS, (listing,))
            connection.execute(_ADD_SPANS, (listing,))
            connection.execute(_DROP_SIGHTINGS, (listing,))
    for name in _SCRATCH:
        connection.execute(f"DROP TABLE temp.{name}")
    if not dry:
        folding.after = _count(connection)
    return folding


def _find_islands(connection: sqlite3.Connection, listing: int, last_run: int) -> None:
    for name in _SCRATCH:
        connection.execute(f"DELETE FROM temp.{name}")
    connection.execute(_LOOKS, (listing,))
    connection.execute(_CELLS, (listing, last_run))
    connection.execute(_ISLANDS, (listing,))


def shrink(connection: sqlite3.Connection, data: DataDirectory, folding: Folding) -> bool:
    """Give the free pages back to the file system, where they are worth it; needs as much room again for a while.

    Raises StorageError where there is none: what was folded stays folded.
    """
    (free,), (pages,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count"))
    if free < max(_SEVERAL, pages * WORTH_A_VACUUM):
        return False
    try:
        with storage_errors(data.db):
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except StorageError as error:
        raise StorageError(
            f"{data.db} is folded, but could not be made smaller ({error.__cause__}): that needs as much room again "
            "for a while, there and in the directory for temporary files (TMPDIR). Nothing is lost: make room and run "
            "`baogao compact` again."
        ) from error
    folding.bytes_after = _measure(connection)
    return True


def _count(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute(
        "SELECT (SELECT count(*) FROM sightings) + (SELECT count(*) FROM sighting_spans)"
    ).fetchone()
    return int(count)


def _measure(connection: sqlite3.Connection) -> int:
    (size,), (pages,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count"))
    return int(size) * int(pages)
