"""The WARC files against archive.db: every member and digest, and every row that points to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from archive import schema
from archive.counted import counted
from archive.errors import StorageError
from archive.journal import is_misnamed, read_note
from archive.printable import spell_out
from archive.pruned import keeps_all, read_page_note
from archive.records import NOTE
from archive.recovery import verify_file
from archive.rewriting import find_pending
from archive.warc import iterate_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.faults import Part, Verification
    from archive.sqlite import sqlite3
    from archive.store import DataDirectory
    from archive.warc import Record


def verify_warcs(
    connection: sqlite3.Connection,
    data: DataDirectory,
    report: Verification,
    progress: Callable[[str, int, int], None],
) -> None:
    expected = _list_references(connection, report)
    files = sorted(data.warc.glob("*.warc.gz")) + sorted(data.warc.glob("*.warc.gz.open"))
    pruned_at = _name_pruned_at(connection)
    known = frozenset(row[0] for row in connection.execute(f"SELECT record_id FROM captures WHERE {pruned_at} IS NULL"))
    rows = connection.execute(
        "SELECT record_id, warc_file FROM captures UNION ALL SELECT record_id, warc_file FROM notes"
    )
    there = {str(path.relative_to(data.root)).removesuffix(".open") for path in files}
    homes = {record_id: file for record_id, file in rows if file in there}
    sizes = dict(map(tuple, connection.execute("SELECT file, bytes FROM warc_files")))
    done, total = 0, sum(path.stat().st_size for path in files if path.exists())
    for path in files:
        if path.suffix == ".open" and not path.exists():
            path = path.with_suffix("")  # noqa: PLW2901 - a night has closed it meanwhile
        progress(f"WARC files, {path.name}", done, total)
        file = str(path.relative_to(data.root)).removesuffix(".open")
        pending = find_pending(data, file)
        if pending is not None and pending.stat().st_size == sizes.get(file) != path.stat().st_size:
            report.notices.append(
                f"{file} is pruned, and not in its place yet: the next command that writes puts it there."
            )
            path = pending  # noqa: PLW2901 - of which archive.db speaks
        report.files += 1
        dry = path.name.startswith("dry-")
        part: Part = "open" if path.suffix == ".open" else "warc"
        for problem in verify_file(path, is_archived=None if dry else known.__contains__):
            report.add(part, f"warc/{problem}")
        size = path.stat().st_size
        references = expected.pop(file, {})
        if size < sizes.get(file, 0) and keeps_all(path, (each.record_id for each in references.values())):
            report.add("archive", f"{file} was pruned when another archive.db was in use")
            done += size
            continue
        if size < sizes.get(file, 0):
            report.add(part, f"{file} at byte {size}: it ends here, and archive.db knows {sizes[file]} bytes of it")
        _verify_references(path, file, references, report, None if dry else homes)
        done += size
    for file, references in sorted(expected.items()):
        if is_misnamed(data, file, {each.record_id for each in references.values()}):
            report.add("archive", f"archive.db: rows name {spell_out(file)}, and what they speak of is in another file")
            continue
        pointing = counted(len(references), "row of archive.db points", "rows of archive.db point")
        report.add("warc", f"{file} is missing, and {pointing} into it")


def _name_pruned_at(connection: sqlite3.Connection) -> str:
    return "pruned_at" if connection.execute("PRAGMA user_version").fetchone()[0] >= schema.PRUNABLE else "NULL"


@dataclass(frozen=True, slots=True)
class Reference:
    """What archive.db expects at one place of one file."""

    record_id: str
    said: tuple[object, ...]  #: of a capture: digest, length, url, status, time, page, listing, when pruned; of a note


def _describe_capture(record: Record) -> tuple[object, ...]:
    pruned = read_page_note(record)
    if pruned is not None:
        return (
            *(pruned["digest"], record.length, pruned["url"], pruned["status"], pruned["fetched_at"], pruned["page"]),
            *(pruned["listing"], pruned["pruned_at"]),
        )
    page, listing = record.headers.get("Baogao-Page"), record.headers.get("Baogao-Listing")
    return (
        *(record.digest, record.length, record.headers["WARC-Target-URI"], record.status, record.headers["WARC-Date"]),
        *(int(page) if page else None, unquote(listing) if listing is not None else None, None),
    )


def _list_references(connection: sqlite3.Connection, report: Verification) -> dict[str, dict[int, Reference]]:
    """By file and offset: what archive.db expects there."""
    expected: dict[str, dict[int, Reference]] = {}
    for file, offset, record_id, *capture in connection.execute(
        "SELECT warc_file, warc_offset, record_id, digest, warc_length, c.url, status, fetched_at, page, l.key, "
        f"{_name_pruned_at(connection)} FROM captures c LEFT JOIN listings l ON l.id = c.listing_id"
    ):
        expected.setdefault(file, {})[offset] = Reference(record_id, tuple(capture))
        report.captures += 1
    for file, offset, record_id, *note in connection.execute(
        "SELECT warc_file, warc_offset, record_id, kind, content FROM notes"
    ):
        expected.setdefault(file, {})[offset] = Reference(record_id, tuple(note))
    for (file,) in connection.execute("SELECT file FROM warc_files"):
        expected.setdefault(file, {})
    return expected


def _verify_references(
    path: Path,
    file: str,
    references: dict[int, Reference],
    report: Verification,
    homes: dict[str, str] | None,
) -> None:
    """``homes``: which file archive.db has each record of; None: those of this file are not its business."""
    orphans = copies = 0
    lost: Part = "warc" if any(file in fault.text for fault in report.faults if fault.part == "warc") else "archive"
    try:
        for record in iterate_records(path):
            report.records += 1
            is_note = record.type == "metadata" and record.headers.get("WARC-Target-URI", "").startswith(NOTE)
            if record.type not in {"response", "revisit"} and not is_note:
                continue
            reference = references.pop(record.offset, None)
            pruned = read_page_note(record)
            record_id = record.record_id if pruned is None else pruned["record_id"]
            if reference is None:
                is_copy = homes is not None and homes.get(record_id, file) != file
                copies += is_copy
                orphans += homes is not None and not is_copy
                continue
            is_page = pruned is not None or not is_note
            said = _describe_capture(record) if is_page else read_note(record)
            if (record_id, said) != (reference.record_id, reference.said):
                report.add("archive", f"{file} at {record.offset} holds another record than archive.db says")
    except StorageError:
        pass  # verify_file has named it; what lies behind is reported as missing below
    for offset in sorted(references):
        report.add(lost, f"{file} at {offset}: archive.db points to a record that is not there")
    if copies:
        report.notices.append(
            f"{file} holds {counted(copies, 'record')} of other files once more: each counts once; move the copy out "
            "of warc/."
        )
    if orphans:
        report.notices.append(
            f"{file} holds {counted(orphans, 'record')} that archive.db does not know: the next command that writes "
            "indexes what it lacks."
        )
