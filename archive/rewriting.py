"""One WARC file written again without some of its pages, and put in the place of the old one.

The new file is finished in ``state/pruning/`` first; one transaction then moves the rows of archive.db; the rename
comes last. Killed in between, either nothing has happened, or :func:`finish_swaps` makes up for the rename: archive.db
knows the size that the file in ``warc/`` has to have, and the two never have the same.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from archive.durable import sync_directory
from archive.members import read_members
from archive.pruned import CAPTURE, PADDING, describe_page, pack_note, read_page_note
from archive.records import parse_record, reading
from archive.store import storage_errors, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archive.sqlite import sqlite3
    from archive.store import DataDirectory

FOLDER = "pruning"


@dataclass(slots=True)
class Rewriting:
    """What becomes of one file, and where everything stands in it then."""

    file: str
    bytes_before: int = 0
    bytes_after: int = 0
    pages: dict[int, dict[str, Any]] = field(default_factory=dict)  #: dropped; by their old place
    captures: list[tuple[int, int, int, str | None]] = field(
        default_factory=list
    )  #: old place, new place, length, pruned_at
    notes: list[tuple[int, str]] = field(default_factory=list)  #: new place, record id
    added: list[tuple[str, int, str]] = field(default_factory=list)  #: kind, place and record id of new notes

    @property
    def is_needed(self) -> bool:
        return bool(self.pages or self.added)


def rewrite(
    data: DataDirectory,
    file: str,
    dropped: frozenset[str],
    notes: Sequence[tuple[str, bytes, str]],
    *,
    at: str,
    sink: BinaryIO | None,
) -> Rewriting:
    """Write ``file`` to ``sink``, its pages ``dropped`` replaced, the ``notes`` behind it; without a sink only measure.

    Every other record goes over byte for byte. On return the sink is on disk. Raises StorageError where the file is
    damaged, OSError where the sink can't be written.
    """
    plan = Rewriting(file)
    with reading(data.root / file) as source, reading(data.root / file) as copied:
        request = b""  # waits for its response
        for member in read_members(source, file):
            record = parse_record(member.data, member.offset, member.length)
            copied.seek(member.offset)
            packed = copied.read(member.length)
            plan.bytes_before = member.offset + member.length
            if record.type == "request":
                request = packed
                continue
            pruned_at = None
            if record.type in {"response", "revisit"} and record.record_id in dropped:
                page = describe_page(record, at=at)
                plan.pages[member.offset] = page
                request, (packed, _), pruned_at = b"", pack_note(CAPTURE, page, at=at, name=record.record_id), at
            _write(plan, sink, request)
            place = plan.bytes_after
            _write(plan, sink, packed)
            request = b""
            if record.type in {"response", "revisit"} or read_page_note(record):
                plan.captures.append((member.offset, place, len(packed), pruned_at))
            elif record.type == "metadata":
                plan.notes.append((place, record.record_id))
        _write(plan, sink, request)
    for kind, packed, record_id in notes:
        plan.added.append((kind, plan.bytes_after, record_id))
        _write(plan, sink, packed)
    if plan.bytes_after == plan.bytes_before and plan.is_needed:  # the size tells the old file from the new one
        packed, record_id = pack_note(PADDING, {}, at=at, name=file)
        plan.added.append((PADDING, plan.bytes_after, record_id))
        _write(plan, sink, packed)
    if sink is not None:
        sink.flush()
        os.fsync(sink.fileno())
    return plan


def _write(plan: Rewriting, sink: BinaryIO | None, packed: bytes) -> None:
    if sink is not None:
        sink.write(packed)
    plan.bytes_after += len(packed)


def swap(connection: sqlite3.Connection, data: DataDirectory, place: Path, done: Rewriting, *, run: int) -> None:
    """Put the finished file ``place`` where the old one is, and its rows with it."""
    file = done.file
    sync_directory(place.parent)
    with storage_errors(data.db), transaction(connection):
        # by way of places that no record has: a new one may be another record's old one
        connection.executemany(
            "UPDATE captures SET warc_offset = -1 - ?, warc_length = ?, pruned_at = coalesce(pruned_at, ?) "
            "WHERE warc_file = ? AND warc_offset = ?",
            [(new, length, pruned_at, file, old) for old, new, length, pruned_at in done.captures],
        )
        connection.execute(
            "UPDATE captures SET warc_offset = -1 - warc_offset WHERE warc_file = ? AND warc_offset < 0", (file,)
        )
        connection.executemany("UPDATE notes SET warc_offset = ? WHERE record_id = ?", done.notes)
        connection.executemany(
            "INSERT INTO notes (run_id, kind, content, record_id, warc_file, warc_offset) VALUES (?, ?, '{}', ?, ?, ?)",
            [(run, kind, record_id, file, new) for kind, new, record_id in done.added],
        )
        connection.execute("UPDATE warc_files SET bytes = ? WHERE file = ?", (done.bytes_after, file))
    _rename(place, data.root / file)


def finish_swaps(connection: sqlite3.Connection, data: DataDirectory) -> list[str]:
    """What a dead process left: finished where archive.db has it so, else thrown away. Call it under the lock."""
    done = []
    for place in sorted((data.state / FOLDER).glob("*")):
        target = data.warc / place.name
        known = connection.execute("SELECT bytes FROM warc_files WHERE file = ?", (f"warc/{place.name}",)).fetchone()
        size = place.stat().st_size
        if known is not None and known[0] == size and target.exists() and target.stat().st_size != size:
            _rename(place, target)
            done.append(f"{place.name}: pruned by a command that was ended in between, finished")
        else:
            place.unlink()
    return done


def find_pending(data: DataDirectory, file: str) -> Path | None:
    """The pruned file that archive.db speaks of already, where it is not in its place yet."""
    place = data.state / FOLDER / file.rpartition("/")[2]
    return place if place.exists() else None


def _rename(place: Path, target: Path) -> None:
    place.replace(target)
    sync_directory(target.parent)
