"""Old captures read again with today's parser: corrections on the second time axis, never news, no network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from archive.items import correct
from archive.journal import find_note, open_run, write_part
from archive.ledger import Ledger
from archive.progress import track
from archive.provenance import list_software
from archive.rereading import Rereader
from archive.store import storage_errors, transaction
from archive.verdict import Verdict, load_verdict, log_verdict

if TYPE_CHECKING:
    from archive.captures import Reader
    from archive.sqlite import sqlite3
    from archive.store import DataDirectory


def is_read_by(connection: sqlite3.Connection, reader: Reader) -> bool:
    """True where every observation was read, or read again, by this parser."""
    row = connection.execute(
        "SELECT 1 FROM readings r JOIN item_versions v ON v.id = r.version_id WHERE v.parser < ?1 AND v.run_id > "
        "coalesce((SELECT max(n.run_id) FROM notes n JOIN runs ON runs.id = n.run_id WHERE n.kind = 'run-start' "
        "AND runs.kind = 'reparse' AND runs.parser >= ?1 AND runs.outcome = 'complete' "
        "AND json_extract(n.content, '$.only_run') IS NULL), 0) LIMIT 1",
        (reader.version,),
    ).fetchone()
    return row is None


def reparse(
    connection: sqlite3.Connection,
    data: DataDirectory,
    run: int,
    reader: Reader,
    *,
    now: str,
    only_run: int | None = None,
) -> Verdict:
    """Read the capture of every observation again, or of those of one run; corrections are versions of their own."""
    start = {
        "run": run,
        "kind": "reparse",
        "parser": reader.version,
        "started_at": now,
        "max_pages": 0,
        "listings": [],
        "retired": [],
        "only_run": only_run,
        "software": list_software(),
    }
    with storage_errors(data.db), transaction(connection):
        open_run(connection, start)
    write_part(connection, data, run, "run-start", start, parser=reader.version, at=now)
    return replay_reparse(connection, data, run, reader)


def replay_reparse(connection: sqlite3.Connection, data: DataDirectory, run: int, reader: Reader) -> Verdict:
    """Carry out a re-reading that is on record: the first time, after a crash, or when the WARCs are read again."""
    start = find_note(connection, run, "run-start")
    assert start is not None
    only_run, at = start.get("only_run"), str(start["started_at"])
    with storage_errors(data.db), transaction(connection):
        ledger = Ledger(connection, run, reader.version, at)
        rereader = Rereader(connection, data.root, reader)
        pages: set[int] = set()
        confirmed = []
        observations = connection.execute(
            "SELECT r.observation_id, r.version_id, o.capture_id FROM readings r "
            "JOIN item_versions o ON o.id = r.observation_id JOIN captures c ON c.id = o.capture_id "
            "WHERE ?1 IS NULL OR c.run_id = ?1 ORDER BY o.capture_id, r.observation_id",
            (only_run,),
        ).fetchall()
        for _, version_id, capture_id in track(observations, "reading again: report", len(observations)):
            pages.add(capture_id)
            reading = ledger.find_version(version_id)
            reread = rereader.read_item(capture_id, reading.item_id)
            if reread is None:
                ledger.add_issue(
                    "warning",
                    "reread-failed",
                    f"Parser {reader.version} does not find report {reading.item_id} on the page it was read from by "
                    f"parser {reading.parser}: the older reading stays.",
                    capture_id,
                )
                continue
            confirmed.append((reader.version, correct(ledger, reading, reread).id))
        _point_to_best_readings(connection)
        connection.executemany("UPDATE items SET parser = max(parser, ?) WHERE version_id = ?", confirmed)
        counts = {"pages": len(pages), "entries": len(observations), **ledger.counts}
        connection.execute(
            "UPDATE runs SET outcome = 'complete', exit_code = 0, parser = ?, finished_at = ?, "
            "close_reason = 'finished', stats = ? WHERE id = ?",
            (reader.version, at, json.dumps({"counts": counts, "issues": ledger.issues}), run),
        )
    return log_verdict(load_verdict(connection, run))


def _point_to_best_readings(connection: sqlite3.Connection) -> None:
    """Each item's current version: the latest reading of its latest observation."""
    connection.execute(
        "UPDATE items SET version_id = (SELECT r.version_id FROM readings r JOIN item_versions o "
        "ON o.id = r.observation_id WHERE o.item_id = items.id ORDER BY o.observed_at DESC, o.id DESC LIMIT 1)"
    )
