"""Where a report was last shown, by its sightings, folded or not; for all of them ask the view ``shown``.

In an archive of an earlier schema nothing is folded: :func:`stand_in` lets a reader ask the same questions there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.schema import PRUNABLE

if TYPE_CHECKING:
    from archive.sqlite import sqlite3

_LAST = """
SELECT max(id) FROM (
  SELECT max(capture_id) AS id FROM sightings WHERE item_id = ?1
  UNION ALL
  SELECT max(c.id) FROM sighting_spans s CROSS JOIN captures c ON c.listing_id = s.listing_id AND c.page = s.page
  AND c.run_id = s.last_run_id AND c.status = 200 WHERE s.item_id = ?1)"""


def find_last_capture(connection: sqlite3.Connection, item_id: int) -> int | None:
    """The last capture that shows an item: without looking at all of them."""
    (capture_id,) = connection.execute(_LAST, (item_id,)).fetchone()
    return None if capture_id is None else int(capture_id)


def stand_in(connection: sqlite3.Connection) -> None:
    """For a connection that only reads: what an earlier schema lacks, as empty views of this connection's own."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if 0 < version < PRUNABLE:
        connection.execute(
            "CREATE TEMP VIEW IF NOT EXISTS sighting_spans AS SELECT 0 AS item_id, 0 AS listing_id, 0 AS page, "
            "0 AS version_id, 0 AS first_run_id, 0 AS last_run_id WHERE 0"
        )
        connection.execute(
            "CREATE TEMP VIEW IF NOT EXISTS shown AS SELECT capture_id, position, item_id, version_id FROM sightings"
        )
