"""The WARC files as a journal: one part per process and run, notes beside the responses, and the way back.

Everything a reading needs beyond the responses is a ``metadata`` record here: what was to be walked (run-start), how
a walk stopped (walk-stop), what got no response (failure), how the crawl phase ended (run-end), and what a person
decided (accept, alias, release, drop). archive.db can therefore be thrown away: :func:`index_part` reads it back, part
by part.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from archive.errors import StorageError
from archive.pruned import DETAILED, holds_pruned, list_record_ids, read_page_note
from archive.records import NOTE
from archive.store import storage_errors, transaction
from archive.warc import WarcWriter, iterate_records, repair_open_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from archive.sqlite import sqlite3
    from archive.store import DataDirectory
    from archive.warc import Record, Repaired

_PART = re.compile(r"^run-(\d{6,})-(\d{2,}|decision\d{2,})\.warc\.gz$")


@dataclass(frozen=True, slots=True)
class Part:
    """One journal file of a run; ``label`` is a serial number, or that of a decision taken after the run."""

    path: Path
    run: int
    label: str

    @property
    def is_crawl(self) -> bool:
        """False for a decision."""
        return self.label.isdecimal()


def list_parts(data: DataDirectory) -> list[Part]:
    """The journal in the order it was written, run by run."""
    parts = []
    for path in data.warc.glob("run-*.warc.gz"):
        match = _PART.match(path.name)
        if match:
            parts.append(Part(path, int(match[1]), match[2]))
    return sorted(parts, key=lambda part: (part.run, not part.is_crawl, len(part.label), part.label))


def is_misnamed(data: DataDirectory, file: str, record_ids: set[str]) -> bool:
    """Whether no such file was lost: a damaged row of archive.db names it, and another file holds those records."""
    if (data.root / file).exists():
        return False
    if not record_ids:
        return _PART.match(file.removeprefix("warc/")) is None
    for part in list_parts(data):
        with contextlib.suppress(StorageError):
            if record_ids <= {*list_record_ids(part.path)}:
                return True
    return False


def create_part(
    data: DataDirectory, run: int, *, parser: int, at: str, label: str | None = None, dry: bool = False
) -> WarcWriter:
    """Open the next file of a run; a dry run's is named so that no reading takes it for evidence."""
    start = f"dry-{re.sub(r'[^0-9TZ]', '', at)}" if dry else f"run-{run:06d}"
    taken = [path.name for path in data.warc.glob(f"{start}-*")]
    serial = 1
    while any(name.startswith(f"{start}-{serial:02d}.") for name in taken):
        serial += 1
    name = f"{start}-{label or f'{serial:02d}'}.warc.gz"
    info = {"run": str(run), "parser": str(parser)} | ({"dry-run": "yes"} if dry else {})
    return WarcWriter.create(data.warc / name, root=data.root, info=info, at=at)


def write_note(
    writer: WarcWriter,
    connection: sqlite3.Connection,
    run: int,
    kind: str,
    content: Mapping[str, object],
    *,
    at: str,
) -> None:
    """The metadata record, and then its row."""
    pointer = writer.note(kind, content, at=at)
    connection.execute(
        "INSERT INTO notes (run_id, kind, content, record_id, warc_file, warc_offset) VALUES (?, ?, ?, ?, ?, ?)",
        (run, kind, _dump(content), pointer.record_id, pointer.file, pointer.offset),
    )


def close_part(writer: WarcWriter, connection: sqlite3.Connection, data: DataDirectory, run: int) -> None:
    """Give the file its final name and remember its size: it need not be indexed again."""
    path = writer.close()
    _remember(connection, data, path, run)


def _remember(connection: sqlite3.Connection, data: DataDirectory, path: Path, run: int) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO warc_files (file, run_id, bytes) VALUES (?, ?, ?)",
        (str(path.relative_to(data.root)), run, path.stat().st_size),
    )


def write_part(
    connection: sqlite3.Connection,
    data: DataDirectory,
    run: int,
    kind: str,
    content: Mapping[str, object],
    *,
    parser: int,
    at: str,
    label: str | None = None,
    dry: bool = False,
) -> None:
    """A part that holds nothing but one note, begun and closed."""
    writer = create_part(data, run, parser=parser, at=at, label=label, dry=dry)
    try:
        with storage_errors(data.db):
            write_note(writer, connection, run, kind, content, at=at)
            close_part(writer, connection, data, run)
    finally:
        writer.close()


def repair_parts(data: DataDirectory) -> list[Repaired]:
    """Close what a dead process left open, cut at its last whole record."""
    return [repair_open_file(path) for path in sorted(data.warc.glob("*.warc.gz.open"))]


def find_unindexed(connection: sqlite3.Connection, data: DataDirectory) -> list[Part]:
    """The parts that archive.db does not know to their last byte: after a crash, or all after it was thrown away.

    Raises StorageError where one has become shorter.
    """
    known = dict(connection.execute("SELECT file, bytes FROM warc_files"))
    unindexed = []
    for part in list_parts(data):
        file, size = str(part.path.relative_to(data.root)), part.path.stat().st_size
        if size < known.get(file, 0) and holds_pruned(part.path):
            raise StorageError(
                f"{part.path} was pruned when another archive.db was in use: run `baogao repair`, which reads "
                "that again from the WARC files."
            )
        if size < known.get(file, 0):
            raise StorageError(
                f"{part.path} has {size} bytes where archive.db knows {known[file]}: restore it from a backup; "
                "`baogao verify` says what is missing."
            )
        if size != known.get(file):
            unindexed.append(part)
    return unindexed


def index_part(connection: sqlite3.Connection, data: DataDirectory, part: Part) -> None:
    """Make the rows of one part that are not there yet, run and listings included, in one transaction."""
    file = str(part.path.relative_to(data.root))
    with storage_errors(data.db), transaction(connection):
        for record in iterate_records(part.path):
            page = read_page_note(record)
            if page is not None:
                _index_pruned(connection, file, part.run, record, page)
            elif record.type == "metadata":
                _index_note(connection, file, part.run, record)
            elif record.type in {"response", "revisit"}:
                _index_capture(connection, file, part.run, record)
        if _has_rows(connection, file, part.run):  # a copy of other files may go as it came
            _remember(connection, data, part.path, part.run)


def _has_rows(connection: sqlite3.Connection, file: str, run: int) -> bool:
    (found,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM captures WHERE warc_file = ?1) OR "
        "EXISTS (SELECT 1 FROM notes WHERE run_id = ?2 AND warc_file = ?1)",
        (file, run),
    ).fetchone()
    return bool(found)


def _index_note(connection: sqlite3.Connection, file: str, run: int, record: Record) -> None:
    kind, content = read_note(record)
    if kind == "run-start":
        open_run(connection, json.loads(content))
    connection.execute(
        "INSERT OR IGNORE INTO notes (run_id, kind, content, record_id, warc_file, warc_offset) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (run, kind, content, record.record_id, file, record.offset),
    )


def read_note(record: Record) -> tuple[str, str]:
    """Kind and content of a note, as its row has them."""
    kind = record.headers["WARC-Target-URI"].removeprefix(NOTE)
    return kind, _dump({} if kind in DETAILED else json.loads(record.block))


def _index_capture(connection: sqlite3.Connection, file: str, run: int, record: Record) -> None:
    headers = record.headers
    listing = headers.get("Baogao-Listing")
    listing_id = None
    if listing is not None:
        found = connection.execute("SELECT id FROM listings WHERE key = ?", (unquote(listing),)).fetchone()
        if found is None:
            raise StorageError(
                f"{file} holds a page of {unquote(listing)}, but no run-start record names that listing: "
                "the file is damaged or not whole; restore it from a backup."
            )
        listing_id = found[0]
    payload_id = None
    if record.type == "revisit":
        refers = headers["WARC-Refers-To"].strip("<>")
        found = connection.execute(
            "SELECT id FROM captures WHERE record_id = ? AND payload_id IS NULL", (refers,)
        ).fetchone()
        if found is None:
            raise StorageError(
                f"{file} at {record.offset} refers to record {refers}, which is in no file of "
                f"{file.partition('/')[0]}/: restore the missing WARC file from a backup and run again."
            )
        payload_id = found[0]
    page = headers.get("Baogao-Page")
    page_number = int(page) if page else None
    if _is_copy(connection, file, run, listing_id, page_number, record.record_id):
        return
    connection.execute(
        "INSERT OR IGNORE INTO captures (run_id, listing_id, page, url, status, fetched_at, digest, payload_id, "
        "record_id, warc_file, warc_offset, warc_length) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            listing_id,
            page_number,
            headers["WARC-Target-URI"],
            record.status,
            headers["WARC-Date"],
            record.digest,
            payload_id,
            *(record.record_id, file, record.offset, record.length),
        ),
    )


def _index_pruned(
    connection: sqlite3.Connection, file: str, run: int, record: Record, page: Mapping[str, object]
) -> None:
    """The row that the page had, but for its place."""
    found = connection.execute("SELECT id FROM listings WHERE key = ?", (page["listing"],)).fetchone()
    listing_id = found[0] if found else None
    if _is_copy(connection, file, run, listing_id, page["page"], page["record_id"]):
        return
    connection.execute(
        "INSERT OR IGNORE INTO captures (run_id, listing_id, page, url, status, fetched_at, digest, payload_id, "
        "record_id, warc_file, warc_offset, warc_length, pruned_at) VALUES (?, ?, ?, ?, ?, ?, ?, "
        "(SELECT id FROM captures WHERE record_id = ? AND payload_id IS NULL), ?, ?, ?, ?, ?)",
        (
            run,
            listing_id,
            *(page[name] for name in ("page", "url", "status", "fetched_at", "digest", "payload")),
            *(page["record_id"], file, record.offset, record.length, page["pruned_at"]),
        ),
    )


def _is_copy(
    connection: sqlite3.Connection, file: str, run: int, listing_id: int | None, page: object, record_id: object
) -> bool:
    """Whether another file holds this record: somebody copied a WARC file. Of a payload the schema sees to it."""
    found = connection.execute(
        "SELECT 1 FROM captures WHERE run_id = ? AND listing_id IS ? AND page IS ? AND record_id = ? "
        "AND warc_file <> ?",
        (run, listing_id, page, record_id, file),
    )
    return found.fetchone() is not None


def open_run(connection: sqlite3.Connection, start: Mapping[str, object]) -> None:
    """The run's row and its listings' rows, as its run-start record describes them; what is there already stays."""
    connection.execute(
        "INSERT OR IGNORE INTO runs (id, kind, parser, started_at) VALUES (?, ?, ?, ?)",
        (start["run"], start["kind"], start["parser"], start["started_at"]),
    )
    listings = start["listings"]
    assert isinstance(listings, list)
    connection.executemany(
        "INSERT INTO listings (key, url, rank, page_url) VALUES (:key, :url, :rank, :page_url) "
        "ON CONFLICT (key) DO UPDATE SET url = excluded.url, rank = excluded.rank, page_url = excluded.page_url, "
        "walked = 1",
        listings,
    )
    retired = start["retired"]
    assert isinstance(retired, list)
    connection.executemany("UPDATE listings SET walked = 0 WHERE key = ?", [(key,) for key in retired])


def find_note(connection: sqlite3.Connection, run: int, kind: str) -> dict[str, object] | None:
    """The last note of that kind in a run."""
    return next(_iterate_notes(connection, run, kind, newest_first=True), None)


def list_notes(connection: sqlite3.Connection, run: int, kind: str) -> list[dict[str, object]]:
    return list(_iterate_notes(connection, run, kind))


def _iterate_notes(
    connection: sqlite3.Connection, run: int, kind: str, *, newest_first: bool = False
) -> Iterator[dict[str, object]]:
    order = "DESC" if newest_first else "ASC"
    for (content,) in connection.execute(
        f"SELECT content FROM notes WHERE run_id = ? AND kind = ? ORDER BY id {order}", (run, kind)
    ):
        yield json.loads(content)


def _dump(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
