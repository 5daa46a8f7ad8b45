"""A pruned night: what its settlement said, as notes behind its pages, and the night settled again by them alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive.errors import StorageError
from archive.items import ItemSettler
from archive.ledger import Ledger
from archive.pruned import ENTRIES, NIGHT
from archive.records import NOTE, iterate_records
from archive.rereading import Rereader
from archive.twins import add_return

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.captures import Reader
    from archive.sqlite import sqlite3

#: in one note; its record stays far below what is read at once
ENTRIES_AT_ONCE = 20_000


def describe_night(connection: sqlite3.Connection, run: int, *, at: str) -> dict[str, object]:
    """What the settlement of a night says, but for its entries."""
    row = connection.execute(
        "SELECT outcome, exit_code, parser, finished_at, close_reason, stats FROM runs WHERE id = ?", (run,)
    ).fetchone()
    walks = connection.execute(
        "SELECT l.key, w.pages_expected, w.pages_seen, w.entries_seen, w.complete, w.stopped FROM walks w "
        "JOIN listings l ON l.id = w.listing_id WHERE w.run_id = ? ORDER BY w.rowid",
        (run,),
    )
    issues = connection.execute("SELECT level, code, message, at FROM issues WHERE run_id = ? ORDER BY id", (run,))
    return {
        "run": run,
        "pruned_at": at,
        **dict(zip(("outcome", "exit_code", "parser", "finished_at", "close_reason", "stats"), row, strict=True)),
        "walks": [list(walk) for walk in walks],
        "issues": [list(issue) for issue in issues],
    }


def iterate_entries(connection: sqlite3.Connection, run: int) -> Iterator[dict[str, list[list[object]]]]:
    """By capture: the places, where they are known still, and the keys of the reports that it showed; in portions."""
    portion: dict[str, list[list[object]]] = {}
    count = 0
    for record_id, capture_id in connection.execute(
        "SELECT record_id, id FROM captures WHERE run_id = ? ORDER BY id", (run,)
    ).fetchall():
        entries = _list_entries(connection, capture_id)
        if not entries:
            continue
        portion[record_id] = entries
        count += len(entries)
        if count >= ENTRIES_AT_ONCE:
            yield portion
            portion, count = {}, 0
    if portion:
        yield portion


def _list_entries(connection: sqlite3.Connection, capture_id: int) -> list[list[object]]:
    # the view `shown`, of one capture: spans are found by the listing that held the report
    rows = connection.execute(
        "SELECT s.position, i.key FROM sightings s JOIN items i ON i.id = s.item_id WHERE s.capture_id = ?1 "
        "UNION ALL SELECT NULL, i.key FROM captures c JOIN memberships m ON m.listing_id = c.listing_id "
        "CROSS JOIN sighting_spans s ON s.item_id = m.item_id AND s.listing_id = c.listing_id AND s.page = c.page "
        "AND c.run_id BETWEEN s.first_run_id AND s.last_run_id JOIN items i ON i.id = s.item_id "
        "WHERE c.id = ?1 AND c.status = 200 ORDER BY 1, 2",
        (capture_id,),
    )
    return [list(row) for row in rows]


def replay_night(connection: sqlite3.Connection, root: Path, run: int, reader: Reader) -> None:
    """Settle a run by what stands in its notes, inside the caller's transaction: nothing of it is parsed again."""
    night, entries = _load_notes(connection, root, run)
    ledger = Ledger(connection, run, reader.version, night["finished_at"])
    connection.execute("DELETE FROM issues WHERE run_id = ?", (run,))
    connection.executemany(
        "INSERT INTO issues (run_id, level, code, message, at) VALUES (?, ?, ?, ?, ?)",
        [(run, *issue) for issue in night["issues"]],
    )
    announced = connection.execute(
        "SELECT DISTINCT listing_id FROM walks WHERE complete = 1 AND run_id < ?", (run,)
    ).fetchall()
    connection.executemany(
        "INSERT INTO walks SELECT ?1, id, ?3, ?4, ?5, ?6, ?7 FROM listings WHERE key = ?2",
        [(run, *walk) for walk in night["walks"]],
    )
    captures = {
        record_id: rest
        for record_id, *rest in connection.execute(
            "SELECT record_id, id, listing_id, fetched_at FROM captures WHERE run_id = ?", (run,)
        )
    }
    for record_id, shown in entries.items():
        _replay_page(ledger, captures[record_id], shown, night["parser"])
    ItemSettler(
        ledger,
        Rereader(connection, root, reader),
        announced_listings=frozenset(row[0] for row in announced),
        complete_listings=frozenset(),
    ).take_absences()
    connection.execute(
        "UPDATE runs SET outcome = ?, exit_code = ?, parser = ?, finished_at = ?, close_reason = ?, stats = ? "
        "WHERE id = ?",
        (
            *(night["outcome"], night["exit_code"], night["parser"], night["finished_at"], night["close_reason"]),
            *(night["stats"], run),
        ),
    )


def _replay_page(ledger: Ledger, capture: list[Any], shown: list[list[Any]], parser: int) -> None:
    """One that today's parser knows by another key is left out; as what it read then, it reads as it does now."""
    connection, run = ledger.connection, ledger.run
    capture_id, listing_id, fetched_at = capture
    taken = {position for position, _ in shown if position is not None}
    free = (number for number in range(1, 2 * len(shown) + 1) if number not in taken)
    for position, key in shown:
        row = connection.execute("SELECT id, version_id, state FROM items WHERE key = ?", (key,)).fetchone()
        if row is None:
            continue
        item_id, version_id, state = row
        if state == "withdrawn":  # only by another parser than that night's, or it would have been an event then
            add_return(ledger, item_id, version_id, "quiet")
        connection.execute(
            "INSERT INTO sightings VALUES (?, ?, ?, ?)",
            (capture_id, next(free) if position is None else position, item_id, version_id),
        )
        connection.execute(
            "UPDATE items SET state = 'listed', last_seen_at = max(last_seen_at, ?), last_run_id = ?, "
            "parser = max(parser, ?) WHERE id = ?",
            (fetched_at, run, parser, item_id),
        )
        connection.execute(
            "INSERT INTO memberships VALUES (?1, ?2, ?3, ?3) "
            "ON CONFLICT (item_id, listing_id) DO UPDATE SET last_run_id = excluded.last_run_id",
            (item_id, listing_id, run),
        )


def _load_notes(
    connection: sqlite3.Connection, root: Path, run: int
) -> tuple[dict[str, Any], dict[str, list[list[Any]]]]:
    night: dict[str, Any] = {}
    entries: dict[str, list[list[Any]]] = {}
    for kind, file, offset in connection.execute(
        "SELECT kind, warc_file, warc_offset FROM notes WHERE run_id = ? AND kind IN (?, ?) ORDER BY id",
        (run, ENTRIES, NIGHT),
    ):
        record = next(iterate_records(root / file, start=offset), None)
        if record is None or record.headers.get("WARC-Target-URI") != NOTE + kind:
            raise StorageError(f"{file} at {offset} holds no note {kind!r}: run `baogao verify`.")
        content = json.loads(record.block)
        if kind == NIGHT:
            night = content
        else:
            entries |= content["entries"]
    return night, entries
