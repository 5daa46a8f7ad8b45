"""What a crash or a bad disk leaves behind: open files are cut and closed, closed ones are verified."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.counted import counted
from archive.durable import rename_into_place, sync_directory
from archive.errors import StorageError
from archive.exchanges import parse_exchange
from archive.members import TornFileError, find_member
from archive.records import Record, digest, iterate_records, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done to a file that a dead process left open."""

    path: Path  #: where it is now: its final name, or ``NAME.warc.gz.invalid`` where no record was whole
    records: int  #: whole ones it holds
    cut: int  #: bytes that were moved to ``torn``
    torn: Path | None
    lost: int  #: whole records among them, behind a damaged place: these may have been acknowledged

    @property
    def usable(self) -> bool:
        return self.records > 0

    def __str__(self) -> str:
        if not self.usable:
            return f"{self.path.name}: no whole record was in it, it was set aside"
        if self.torn is None:
            return f"{self.path.name}: closed with {counted(self.records, 'record')}, nothing was torn"
        lost = f", {counted(self.lost, 'whole record')} behind a damaged place among them: check the disk"
        return (
            f"{self.path.name}: closed with {counted(self.records, 'record')}, "
            f"{counted(self.cut, 'byte')} moved to {self.torn.name}{lost if self.lost else ''}"
        )


@dataclass(frozen=True, slots=True)
class Problem:
    file: str
    offset: int
    message: str

    def __str__(self) -> str:
        return f"{self.file} at byte {self.offset}: {self.message}"


def repair_open_file(path: Path) -> Repaired:
    """Cut ``NAME.warc.gz.open`` behind its last whole exchange and close it. Raises StorageError.

    A request whose response is missing goes too: neither was acknowledged. The cut bytes are kept in
    ``NAME.warc.gz.torn``, for on a bad disk more than a torn end may be among them. It can be killed at any
    point and done again.
    """
    final = path.with_suffix("")
    try:
        good_end, records = _find_good_end(path)
        if not records:
            return Repaired(rename_into_place(path, final.with_name(final.name + ".invalid")), 0, 0, None, 0)
        cut = path.stat().st_size - good_end
        torn = final.with_name(final.name + ".torn") if cut else None
        lost = _count_records(path, good_end) if cut else 0
        if torn is not None:
            _move_tail(path, good_end, torn)
        _sync(path)
        return Repaired(rename_into_place(path, final), records, cut, torn, lost)
    except OSError as error:
        raise StorageError(
            f"{path} can't be repaired ({error.strerror or error}): make room or check permissions, then run again."
        ) from error


def _find_good_end(path: Path) -> tuple[int, int]:
    good_end = records = 0
    pending = 0  # requests that wait for their response
    try:
        for record in iterate_records(path):
            pending += 1
            if record.type != "request":
                good_end = record.offset + record.length
                records += pending
                pending = 0
    except TornFileError:
        pass
    return good_end, records


def _count_records(path: Path, start: int) -> int:
    """Whole records from ``start`` on, requests aside, over all damage."""
    count = 0
    for outcome in _iterate_over_damage(path, start):
        if isinstance(outcome, Record) and outcome.type != "request":
            count += 1
    return count


def _iterate_over_damage(path: Path, start: int = 0) -> Iterator[Record | TornFileError]:
    place: int | None = start
    while place is not None:
        try:
            yield from iterate_records(path, start=place)
        except TornFileError as torn:
            yield torn
            with reading(path) as file:
                place = find_member(file, torn.offset + 1)
        else:
            return


def _move_tail(path: Path, good_end: int, torn: Path) -> None:
    with path.open("r+b") as file, torn.open("wb") as tail:
        file.seek(good_end)
        shutil.copyfileobj(file, tail)
        tail.flush()
        os.fsync(tail.fileno())
        sync_directory(torn.parent)
        file.truncate(good_end)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def verify_file(path: Path, *, is_archived: Callable[[str], bool] | None = None) -> Iterator[Problem]:
    """Everything wrong with a file: damaged members, records that don't hold what their digests say.

    ``is_archived`` tells whether the archive knows a record id; a revisit must refer to one that it knows.
    """
    ends_in_request = None
    for outcome in _iterate_over_damage(path):
        if isinstance(outcome, TornFileError):
            yield Problem(path.name, outcome.offset, outcome.reason)
            continue
        if ends_in_request is not None and outcome.type not in {"response", "revisit"}:
            yield Problem(path.name, ends_in_request, "a request without its response")
        ends_in_request = outcome.offset if outcome.type == "request" else None
        for message in _find_faults(outcome, is_archived):
            yield Problem(path.name, outcome.offset, message)
    if ends_in_request is not None:
        yield Problem(path.name, ends_in_request, "a request without its response")


def _find_faults(record: Record, is_archived: Callable[[str], bool] | None) -> Iterator[str]:
    block_digest = record.headers.get("WARC-Block-Digest")
    if block_digest is not None and block_digest != f"sha256:{digest(record.block)}":
        yield "the block does not have the digest its record states"
    if record.type not in {"response", "revisit"}:
        return
    try:
        archived = parse_exchange(record)
    except ValueError as error:
        yield str(error)
        return
    if archived.refers_to is not None and is_archived is not None and not is_archived(archived.refers_to):
        yield f"a revisit of record {archived.refers_to}, which is nowhere in the archive"
