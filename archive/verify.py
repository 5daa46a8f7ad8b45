"""Every digest computed again: WARC members, the rows that point to them, the hashes of the versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.compare import FIELDS, Content
from archive.errors import StorageError
from archive.journal import NOTE
from archive.recovery import verify_file
from archive.warc import iterate_records

if TYPE_CHECKING:
    import sqlite3

    from archive.store import DataDirectory


@dataclass(slots=True)
class Verification:
    """What was looked at, and what is wrong: sentences that name the place."""

    files: int = 0
    records: int = 0
    captures: int = 0
    versions: int = 0
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  #: worth knowing, nothing wrong


def verify(connection: sqlite3.Connection, data: DataDirectory) -> Verification:
    """Read everything; the archive is not changed."""
    report = Verification()
    _verify_database(connection, report)
    _verify_versions(connection, report)
    expected = _list_references(connection, report)
    files = sorted(data.warc.glob("*.warc.gz")) + sorted(data.warc.glob("*.warc.gz.open"))
    (known,) = (frozenset(row[0] for row in connection.execute("SELECT record_id FROM captures")),)
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
        content = Content(*row[5:])
        hashes = (content.content_hash, content.exact_hash, content.summary_hash)
        if tuple(row[2:5]) != hashes:
            report.problems.append(f"archive.db: version {row[1]} of {row[0]} does not hold the text its hashes name.")


def _list_references(
    connection: sqlite3.Connection, report: Verification
) -> dict[str, dict[int, tuple[str, str | None, int | None]]]:
    """By file and offset: record id, payload digest and length that archive.db expects there."""
    expected: dict[str, dict[int, tuple[str, str | None, int | None]]] = {}
    for file, offset, record_id, digest, length in connection.execute(
        "SELECT warc_file, warc_offset, record_id, digest, warc_length FROM captures"
    ):
        expected.setdefault(file, {})[offset] = (record_id, digest, length)
        report.captures += 1
    for file, offset, record_id in connection.execute("SELECT warc_file, warc_offset, record_id FROM notes"):
        expected.setdefault(file, {})[offset] = (record_id, None, None)
    for (file,) in connection.execute("SELECT file FROM warc_files"):
        expected.setdefault(file, {})
    return expected


def _verify_references(
    path: object,
    file: str,
    references: dict[int, tuple[str, str | None, int | None]],
    report: Verification,
    *,
    indexed: bool,
) -> None:
    orphans = 0
    try:
        for record in iterate_records(path):  # type: ignore[arg-type]
            report.records += 1
            is_note = record.type == "metadata" and record.headers.get("WARC-Target-URI", "").startswith(NOTE)
            if record.type not in {"response", "revisit"} and not is_note:
                continue
            reference = references.pop(record.offset, None)
            if reference is None:
                orphans += 1
                continue
            record_id, digest, length = reference
            if record.record_id != record_id or (
                digest is not None and (record.digest != digest or record.length != length)
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
