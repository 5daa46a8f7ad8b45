"""Every digest computed again: WARC members, the rows that point to them, the hashes of the versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.compare import FIELDS, Content
from archive.errors import StorageError
from archive.journal import NOTE
from archive.recovery import verify_file
from archive.rereading import Rereader
from archive.warc import iterate_records

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from archive.captures import Reader
    from archive.store import DataDirectory
    from archive.warc import Record


@dataclass(slots=True)
class Verification:
    """What was looked at, and what is wrong: sentences that name the place."""

    files: int = 0
    records: int = 0
    captures: int = 0
    versions: int = 0
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  #: worth knowing, nothing wrong


def verify(connection: sqlite3.Connection, data: DataDirectory, reader: Reader) -> Verification:
    """Read everything; the archive is not changed."""
    report = Verification()
    _verify_database(connection, report)
    _verify_versions(connection, report)
    _verify_readings(connection, data, report, reader)
    expected = _list_references(connection, report)
    files = sorted(data.warc.glob("*.warc.gz")) + sorted(data.warc.glob("*.warc.gz.open"))
    known = frozenset(row[0] for row in connection.execute("SELECT record_id FROM captures"))
    for path in files:
        file = str(path.relative_to(data.root)).removesuffix(".open")
        report.files += 1
        dry = path.name.startswith("dry-")
        report.problems += [
            f"warc/{problem}" for problem in verify_file(path, is_archived=None if dry else known.__contains__)
        ]
        _verify_references(path, file, expected.pop(file, {}), report, indexed=not dry)
    for file, references in sorted(expected.items()):
        report.problems.append(f"{file} is missing: {len(references)} rows of archive.db point into it.")
    return report


def _verify_database(connection: sqlite3.Connection, report: Verification) -> None:
    for (said,) in connection.execute("PRAGMA integrity_check(20)"):
        if said != "ok":
            report.problems.append(f"archive.db: {said}.")
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        report.problems.append(f"archive.db: row {rowid} of {table} points to a row that is not in {parent}.")


def _verify_versions(connection: sqlite3.Connection, report: Verification) -> None:
    rows = connection.execute(
        f"SELECT i.key, v.seq, v.content_hash, v.exact_hash, v.summary_hash, {', '.join(FIELDS)} "
        "FROM item_versions v JOIN items i ON i.id = v.item_id ORDER BY v.id"
    )
    for row in rows:
        report.versions += 1
        if tuple(row[2:5]) != Content(*row[5:]).hashes():
            report.problems.append(f"archive.db: version {row[1]} of {row[0]} does not hold the text its hashes name.")


def _verify_readings(connection: sqlite3.Connection, data: DataDirectory, report: Verification, reader: Reader) -> None:
    """Each version against the very bytes it cites: its time, and, where today's parser read it, its text."""
    rereader = Rereader(connection, data.root, reader)
    rows = connection.execute(
        f"SELECT i.key, v.seq, v.item_id, v.capture_id, v.parser, v.observed_at = c.fetched_at, "
        f"{', '.join(f'v.{name}' for name in FIELDS)} FROM item_versions v JOIN items i ON i.id = v.item_id "
        "JOIN captures c ON c.id = v.capture_id ORDER BY v.capture_id, v.id"
    )
    for key, seq, item_id, capture_id, parser, same_time, *fields in rows:
        if not same_time:
            report.problems.append(f"archive.db: version {seq} of {key} is not of the time of the capture it cites.")
        if parser != reader.version:
            continue
        try:
            reread = rereader.read_item(capture_id, item_id)
        except StorageError:
            continue  # named where the file is read
        if reread != Content(*fields):
            report.problems.append(f"archive.db: version {seq} of {key} is not what the capture it cites says.")


@dataclass(frozen=True, slots=True)
class Reference:
    """What archive.db expects at one place of one file; of a note only the record id."""

    record_id: str
    capture: tuple[object, ...] | None = None  #: digest, length, url, status, time, page


def _describe_capture(record: Record) -> tuple[object, ...]:
    page = record.headers.get("Baogao-Page")
    return (
        *(record.digest, record.length, record.headers["WARC-Target-URI"], record.status),
        *(record.headers["WARC-Date"], int(page) if page else None),
    )


def _list_references(connection: sqlite3.Connection, report: Verification) -> dict[str, dict[int, Reference]]:
    """By file and offset: what archive.db expects there."""
    expected: dict[str, dict[int, Reference]] = {}
    for file, offset, record_id, *capture in connection.execute(
        "SELECT warc_file, warc_offset, record_id, digest, warc_length, url, status, fetched_at, page FROM captures"
    ):
        expected.setdefault(file, {})[offset] = Reference(record_id, tuple(capture))
        report.captures += 1
    for file, offset, record_id in connection.execute("SELECT warc_file, warc_offset, record_id FROM notes"):
        expected.setdefault(file, {})[offset] = Reference(record_id)
    for (file,) in connection.execute("SELECT file FROM warc_files"):
        expected.setdefault(file, {})
    return expected


def _verify_references(
    path: Path,
    file: str,
    references: dict[int, Reference],
    report: Verification,
    *,
    indexed: bool,
) -> None:
    orphans = 0
    try:
        for record in iterate_records(path):
            report.records += 1
            is_note = record.type == "metadata" and record.headers.get("WARC-Target-URI", "").startswith(NOTE)
            if record.type not in {"response", "revisit"} and not is_note:
                continue
            reference = references.pop(record.offset, None)
            if reference is None:
                orphans += 1
                continue
            if record.record_id != reference.record_id or (
                reference.capture is not None and reference.capture != _describe_capture(record)
            ):
                report.problems.append(f"{file} at {record.offset} holds another record than archive.db says.")
    except StorageError:
        pass  # verify_file has named it; what lies behind is reported as missing below
    for offset in sorted(references):
        report.problems.append(f"{file} at {offset}: archive.db points to a record that is not there.")
    if orphans and indexed:
        report.notices.append(
            f"{file} holds {orphans} records that archive.db does not know: the next command that writes indexes them."
        )
