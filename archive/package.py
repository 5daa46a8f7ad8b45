"""A Frictionless data package of the whole archive, made whole or not at all: same archive, same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from archive.descriptor import Facts, Resource, describe_for_people, describe_package
from archive.dictionary import EXPORTS
from archive.errors import UsageError
from archive.export import name_unfinished, read_umask, storage_of, write_csv
from archive.printable import spell_out
from archive.query import resolve_as_of
from archive.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archive.sqlite import sqlite3
    from archive.tables import Name

TABLES: tuple[Name, ...] = ("reports", "versions", "events", "figures", "disagreements", "coverage")


def write_package(connection: sqlite3.Connection, target: Path, *, as_of: str | None = None, raw: bool = False) -> int:
    """Make the directory ``target``, which must be new or empty; the last run that is in it.

    Raises UsageError or StorageError.
    """
    facts = _collect_facts(connection, as_of, raw=raw)
    with storage_of(target):
        _refuse_occupied(target)
        place = name_unfinished(target)
        try:
            place.mkdir(mode=0o700)
            resources = [_write_table(connection, name, place, facts, as_of) for name in TABLES]
            _write(place / "datapackage.json", [describe_package(facts, resources)])
            _write(place / "README.md", [describe_for_people(facts, resources)])
            place.chmod(0o777 & ~read_umask())
            place.rename(target)  # takes the place of an empty directory, and of nothing else
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    return facts.run


def _refuse_occupied(target: Path) -> None:
    name = spell_out(str(target))
    if not os.path.lexists(target):
        if not target.parent.is_dir():
            raise UsageError(f"There is no directory {spell_out(str(target.parent))}: make it, or name another one.")
        return
    if target.is_symlink() or not target.is_dir() or any(target.iterdir()):
        raise UsageError(f"{name} is there already and not an empty directory: name a new one.")
    if target.samefile(Path.cwd()):
        raise UsageError(f"{name} is the directory that you are in: name a new one inside it.")


def _collect_facts(connection: sqlite3.Connection, as_of: str | None, *, raw: bool) -> Facts:
    run = resolve_as_of(connection, as_of)
    if run is None:
        (last,) = connection.execute("SELECT max(id) FROM runs WHERE outcome NOT IN ('open', 'rejected')").fetchone()
        run = int(last or 0)
    finished = connection.execute("SELECT finished_at FROM runs WHERE id = ?", (run,)).fetchone()
    sources = connection.execute(
        "SELECT key, url FROM listings l WHERE EXISTS "
        "(SELECT 1 FROM walks w WHERE w.listing_id = l.id AND w.run_id <= ?) ORDER BY key",
        (run,),
    )
    return Facts(run, finished[0] if finished else None, tuple((key, url) for key, url in sources), raw)


def _write_table(connection: sqlite3.Connection, name: Name, place: Path, facts: Facts, as_of: str | None) -> Resource:
    table, rows = EXPORTS[name], 0

    def count() -> Iterator[dict[str, object]]:
        nonlocal rows
        for record in read_table(connection, name, as_of=as_of, versions=True):
            rows += 1
            yield record

    size, digest = _write(place / f"{name}.csv", write_csv(table, count(), raw=facts.raw))
    return Resource(table, rows, size, digest)


def _write(path: Path, chunks: Iterable[str]) -> tuple[int, str]:
    """The bytes written and their SHA-256."""
    digest = hashlib.sha256()
    size = 0
    with path.open("wb") as file:
        for chunk in chunks:
            data = chunk.encode()
            digest.update(data)
            size += file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()
