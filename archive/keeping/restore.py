"""One restore: every byte checked on its way, and a whole archive in the end or none."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import re
import secrets
import shutil
from typing import TYPE_CHECKING

from archive import schema
from archive.alerts import outbox
from archive.durable import sync_directory
from archive.errors import NewerArchive, StorageError, UsageError
from archive.keeping.depot import open_depot
from archive.printable import spell_out
from archive.sqlite import sqlite3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.keeping.depot import Depot
    from archive.keeping.manifest import Kept, Manifest

_FOLDERS = ("warc", "state")
_RESTORING = ".restoring-"
_LEFT = re.compile(rf"{re.escape(_RESTORING)}[0-9a-f]{{16}}\Z")


def restore(source: Path, target: Path) -> Manifest:
    """Make the data directory ``target``, which must be absent or empty, from the backup in ``source``.

    Raises UsageError, StorageError (cut or altered; no room), Locked (a backup is being written there).
    """
    _sweep(target)
    _refuse_occupied(target)
    if target.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{spell_out(str(target))} lies inside the backup: name a directory outside of it.")
    with open_depot(source) as (depot, manifest), _storage_of(target):
        for name, newest in (("archive.db", schema.VERSION), ("alerts.db", outbox.VERSION)):
            if manifest.schemas.get(name, 0) > newest:
                raise NewerArchive(
                    f"{spell_out(str(source))} holds an {name} of a newer release of baogao: upgrade baogao; nothing "
                    "was restored."
                )
        place = _choose_place(target)
        place.mkdir()
        try:
            with _hold(place):
                _fill(depot, manifest, place)
                _move_into(place, target)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return manifest


def _sweep(target: Path) -> None:
    """Remove what restores into the same directory have left that were killed; one at work holds its own."""
    beside = target.parent.glob(f"{glob.escape(target.name)}{_RESTORING}*") if target.name else ()
    for place in (*beside, *target.glob(f"{_RESTORING}*")):
        if _LEFT.search(place.name) and place.is_dir() and not place.is_symlink():
            with contextlib.suppress(OSError), _hold(place):
                shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _hold(place: Path) -> Iterator[None]:
    """An flock, which dies with the process. Raises BlockingIOError where another one has it."""
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _refuse_occupied(target: Path) -> None:
    name = spell_out(str(target))
    if not os.path.lexists(target):
        if not target.parent.is_dir():
            raise UsageError(f"There is no directory {spell_out(str(target.parent))}: make it, or name another one.")
        return
    if not target.is_dir():
        raise UsageError(f"{name} is there already and not a directory: name an empty or a new one.")
    with _storage_of(target):
        found = sorted(path.name for path in target.iterdir())
    if found:
        raise UsageError(
            f"{name} is not empty, {spell_out(found[0])} is in it: name an empty or a new directory; nothing was "
            "changed."
        )


def _choose_place(target: Path) -> Path:
    """Beside the target; inside it where it is a mounted volume, which no rename can replace."""
    name = f"{_RESTORING}{secrets.token_hex(8)}"
    if target.is_symlink() or target.is_mount() or (target.is_dir() and not os.access(target.parent, os.W_OK)):
        return target / name
    return target.with_name(f"{target.name}{name}")


def _fill(depot: Depot, manifest: Manifest, place: Path) -> None:
    for kept in manifest.files:
        if not depot.holds(kept):
            depot.fetch(kept, lambda _: None)  # says what is wrong, before anything is copied
    for folder in _FOLDERS:
        (place / folder).mkdir()
    for kept in manifest.files:
        _write(depot, kept, place / kept.path)
    for name in ("archive.db", "alerts.db"):
        if manifest.find(name):
            _let_readers_be(place / name)
    for folder in (*_FOLDERS, "."):
        sync_directory(place / folder)


def _let_readers_be(path: Path) -> None:
    """As a file with a -wal, which a night may write while `baogao verify` or `serve` reads it: a copy has none."""
    with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def _write(depot: Depot, kept: Kept, path: Path) -> None:
    path.touch(0o600 if kept.is_private else 0o666, exist_ok=False)
    with path.open("r+b") as file:
        depot.fetch(kept, file.write)
        file.flush()
        os.fsync(file.fileno())


def _move_into(place: Path, target: Path) -> None:
    """In one rename; in a volume file by file, archive.db last: without it nothing takes it for an archive."""
    if place.parent != target:
        place.rename(target)  # takes the place of an empty directory, and of nothing else
        sync_directory(target.parent)
        return
    moved = []
    try:
        for path in sorted(place.iterdir(), key=lambda path: (path.name == "archive.db", path.name)):
            path.rename(target / path.name)
            moved.append(target / path.name)
        sync_directory(target)
    except BaseException:
        for path in moved:
            path.rename(place / path.name)
        raise


@contextlib.contextmanager
def _storage_of(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = spell_out(str(error.filename or target))
        raise StorageError(
            f"{where} can't be used ({error.strerror or error}): make room or check its permissions, and run again; "
            "nothing was restored."
        ) from error
