"""What the operator was told of the nights so far, and what is to be told after this one; kept in a small file."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import msgspec

from archive.durable import sync_directory
from archive.errors import BaogaoError, Locked, Rejected, StorageError, Undelivered
from archive.moments import parse_time

if TYPE_CHECKING:
    from pathlib import Path

#: a person must act before the next night can be better; of other failures two in a row are told
AT_ONCE = frozenset({BaogaoError.exit_code, Rejected.exit_code, StorageError.exit_code})
IN_A_ROW = 2
GOOD = frozenset({0, Undelivered.exit_code})
_SIGNALS = 128
REMIND_AFTER = timedelta(days=7)
_LARGEST = 64 * 1024
_ROOM = 8 * 1024  #: the file is kept that large, so that on a full disk it can be written where it is


@dataclass(frozen=True, slots=True)
class Night:
    code: int
    at: str
    run: int | None = None
    said: str = ""  #: the sentence of the verdict, or of the error


@dataclass(frozen=True, slots=True)
class Report:
    """What the operator is told; the same for every attempt to send it."""

    id: str
    kind: Literal["failed", "recovered"]
    night: Night
    nights: int  #: that failed, in a row
    since: str  #: when the first of them ended
    codes: tuple[int, ...]  #: that were told before it, of these nights


@dataclass(frozen=True, slots=True)
class Standing:
    origin: str  #: a UUID: of two archives no two reports have the same id
    reports: int = 0  #: so far
    nights: int = 0  #: failed, in a row
    since: str = ""
    codes: tuple[int, ...] = ()  #: that the operator was told of these nights
    told_at: str = ""
    waiting: Report | None = None
    targets: tuple[tuple[str, str], ...] = ()  #: (channel, recipient): who has not got it yet


def is_told_of(code: int) -> bool:
    """False for what says nothing of the nights: another one is at work, or a signal ended this one."""
    return code != Locked.exit_code and code < _SIGNALS


def judge_night(standing: Standing, night: Night) -> tuple[Standing, Report | None]:
    """Where the archive stands after this night, and what is to be told of it."""
    if not is_told_of(night.code):
        return standing, None
    if night.code in GOOD:
        after = replace(standing, nights=0, since="", codes=(), told_at="")
        return _report(after, "recovered", night, standing) if standing.codes else (after, None)
    failing = replace(standing, nights=standing.nights + 1, since=standing.since or night.at)
    is_due = night.code in AT_ONCE or failing.nights >= IN_A_ROW
    if not is_due or (night.code in standing.codes and not _is_long_ago(standing.told_at, night.at)):
        return failing, None
    after = replace(failing, codes=tuple(sorted({*standing.codes, night.code})), told_at=night.at)
    return _report(after, "failed", night, replace(failing, codes=standing.codes))


def _is_long_ago(told_at: str, at: str) -> bool:
    return abs(parse_time(at) - parse_time(told_at)) >= REMIND_AFTER  # also by a clock that was set back


def _report(
    after: Standing, kind: Literal["failed", "recovered"], night: Night, told: Standing
) -> tuple[Standing, Report]:
    # of what can be remembered alone: where nothing can be written, the next night says the same under the same id
    key = uuid5(NAMESPACE_URL, f"{after.origin}\n{after.reports}\n{kind}\n{night.code}")
    report = Report(str(key), kind, night, told.nights, told.since, told.codes)
    return replace(after, reports=after.reports + 1, waiting=report), report


def load_standing(file: Path) -> Standing:
    """What is damaged is forgotten: at worst a failure that lasts is told once more."""
    try:
        with file.open("rb") as handle:
            standing = msgspec.json.decode(handle.read(_LARGEST), type=Standing)
        _check(standing)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return Standing(str(uuid4()))
    return standing


def _check(standing: Standing) -> None:
    """Raise ValueError where somebody else wrote it."""
    UUID(standing.origin)
    times = [standing.since] if standing.nights else []
    times += [standing.told_at] if standing.codes else []
    times += [standing.waiting.night.at, standing.waiting.since] if standing.waiting else []
    for at in times:
        parse_time(at)


def save_standing(standing: Standing, file: Path) -> bool:
    """Whole or not at all; where that can't be, over what is there. False: the disk takes neither."""
    content = msgspec.json.encode(standing).ljust(_ROOM)
    try:
        _write_beside(content, file)
    except OSError:
        with contextlib.suppress(OSError):
            file.with_name(f"{file.name}.new").unlink()
        try:
            _write(content, file, os.O_WRONLY)
        except OSError:
            return False
    return True


def _write_beside(content: bytes, file: Path) -> None:
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    _write(content, new, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    new.replace(file)
    sync_directory(file.parent)


def _write(content: bytes, file: Path, flags: int) -> None:
    descriptor = os.open(file, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb", buffering=0) as handle:  # noqa: PTH123 - of a descriptor
        rest = memoryview(content)
        while rest:
            rest = rest[handle.write(rest) :]
        os.fsync(handle.fileno())
        handle.truncate(len(content))
