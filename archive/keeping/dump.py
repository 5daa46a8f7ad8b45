"""The canonical dump: what the settled runs of an archive say, as one digest a table; equal archives, equal digests.

Row numbers are left out but for those that readers keep: of runs, versions and events. What is derived from the texts
(index, figures) is not in it, nor is a night in progress.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from archive.keeping.manifest import Dumped
from archive.shown import stand_in

if TYPE_CHECKING:
    from archive.sqlite import sqlite3

VERSION = 2  #: rises with every change of what stands below; dumps of two versions are not compared

_SETTLED = "(SELECT id FROM runs WHERE outcome <> 'open')"
_TABLES = {
    "runs": "SELECT id, kind, outcome, exit_code, parser, started_at, finished_at, close_reason, stats FROM runs "
    "WHERE outcome <> 'open' ORDER BY id",
    "walks": "SELECT w.run_id, l.key, w.pages_expected, w.pages_seen, w.entries_seen, w.complete, w.stopped "
    f"FROM walks w JOIN listings l ON l.id = w.listing_id WHERE w.run_id IN {_SETTLED} ORDER BY w.run_id, l.key",
    "captures": "SELECT c.run_id, l.key, c.page, c.url, c.status, c.fetched_at, c.digest, c.record_id, p.record_id, "
    "c.warc_file, c.warc_offset, c.warc_length FROM captures c LEFT JOIN listings l ON l.id = c.listing_id "
    f"LEFT JOIN captures p ON p.id = c.payload_id WHERE c.run_id IN {_SETTLED} ORDER BY c.warc_file, c.warc_offset",
    "notes": "SELECT run_id, kind, content, record_id, warc_file, warc_offset FROM notes "
    f"WHERE run_id IN {_SETTLED} ORDER BY warc_file, warc_offset, record_id",
    "items": "SELECT i.key, i.url, i.state, v.seq, i.parser, i.first_seen_at, i.last_seen_at, i.last_run_id "
    "FROM items i LEFT JOIN item_versions v ON v.id = i.version_id ORDER BY i.key",
    "memberships": "SELECT i.key, l.key, m.first_run_id, m.last_run_id FROM memberships m "
    "JOIN items i ON i.id = m.item_id JOIN listings l ON l.id = m.listing_id ORDER BY i.key, l.key",
    "aliases": "SELECT a.key, i.key, a.reason FROM item_aliases a JOIN items i ON i.id = a.item_id ORDER BY a.key",
    "versions": "SELECT i.key, v.seq, p.seq, v.cause, v.title, v.brands, v.summary_zh, v.summary_en, v.published_on, "
    "v.content_hash, v.exact_hash, v.summary_hash, v.parser, c.warc_file, c.warc_offset, v.run_id, v.observed_at, "
    "v.recorded_at FROM item_versions v JOIN items i ON i.id = v.item_id JOIN captures c ON c.id = v.capture_id "
    "LEFT JOIN item_versions p ON p.id = v.previous_id ORDER BY i.key, v.seq",
    "fields": "SELECT i.key, v.seq, c.field FROM item_changes c JOIN item_versions v ON v.id = c.version_id "
    "JOIN items i ON i.id = v.item_id ORDER BY i.key, v.seq, c.field",
    # without positions: of what is folded they are gone, and it says the same
    "sightings": "SELECT c.warc_file, c.warc_offset, i.key, v.seq FROM shown s "
    "JOIN captures c ON c.id = s.capture_id JOIN items i ON i.id = s.item_id "
    "LEFT JOIN item_versions v ON v.id = s.version_id ORDER BY c.warc_file, c.warc_offset, i.key, v.seq",
    "events": "SELECT e.id, e.run_id, e.kind, i.key, v.seq, e.at, e.fields, e.detail, e.alert FROM events e "
    "JOIN items i ON i.id = e.item_id JOIN item_versions v ON v.id = e.version_id ORDER BY e.id",
    "issues": "SELECT s.run_id, s.level, s.code, s.message, s.at, c.warc_file, c.warc_offset FROM issues s "
    "LEFT JOIN captures c ON c.id = s.capture_id ORDER BY s.run_id, s.id",
}


def dump_content(connection: sqlite3.Connection) -> dict[str, Dumped]:
    """Rows and digest of each table."""
    stand_in(connection)
    dumped = {}
    for table, query in _TABLES.items():
        digest, rows = hashlib.sha256(), 0
        for row in connection.execute(query):
            digest.update(json.dumps(tuple(row), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
            rows += 1
        dumped[table] = Dumped(rows, digest.hexdigest())
    return dumped
