"""How to cite the archive, and what each part of it may be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.descriptor import METADATA, SOFTWARE
from archive.web.answers import Page

if TYPE_CHECKING:
    from archive.sqlite import sqlite3
    from archive.web.answers import Ask


def compose_about(connection: sqlite3.Connection, _: Ask) -> Page:
    extent = connection.execute(
        "SELECT (SELECT count(*) FROM items WHERE key NOT IN (SELECT key FROM item_aliases)) AS reports, "
        "(SELECT count(*) FROM item_versions) AS versions, "
        "(SELECT count(*) FROM runs WHERE kind = 'crawl' AND outcome NOT IN ('open', 'rejected')) AS nights, "
        "(SELECT min(started_at) FROM runs WHERE kind = 'crawl') AS first_at, "
        "(SELECT max(started_at) FROM runs WHERE kind = 'crawl' AND outcome NOT IN ('open', 'rejected')) AS last_at"
    ).fetchone()
    listings = connection.execute("SELECT key, url FROM listings ORDER BY rank, key").fetchall()
    return Page(
        "about.html",
        {"extent": extent, "listings": listings, "software": SOFTWARE["path"], "metadata": METADATA["path"]},
    )
