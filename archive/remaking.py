"""archive.db read again from the WARC files, at another place: is it needed and possible, and would nothing be lost."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from archive.counted import counted
from archive.database_file import check_copy, locate_for_reading
from archive.derive import derive
from archive.derived import INDEX_DAMAGE, find_schema_damage
from archive.errors import StorageError, UsageError
from archive.journal import is_misnamed, list_parts
from archive.night import recover
from archive.pruned import keeps_all
from archive.recovery import verify_file
from archive.sqlite import get_code, sqlite3
from archive.store import BUSY_SECONDS, open_for_writing, refuse_foreign, storage_errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.captures import Reader
    from archive.journal import Part
    from archive.store import DataDirectory

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_RESTORE = "restore that file from a backup."


def find_archive_damage(data: DataDirectory) -> str | None:
    """Why archive.db has to be read again; None where it is sound, as far as SQLite can tell.

    Raises UsageError (no archive at all, or another program's), NewerArchive, StorageError (not to be read).
    """
    path = data.db
    if path.exists() and not path.is_file():
        raise StorageError(f"{path} is no file: move it away, then run `baogao repair`; nothing was changed.")
    if not path.exists() or not path.stat().st_size:
        if not list_parts(data):
            raise UsageError(f"There is no archive at {path}, and no WARC file to read it from: nothing to repair.")
        return "it is empty" if path.exists() else "it is gone"
    return find_damage(path)


def find_damage(path: Path) -> str | None:
    """What ails a database, its full-text index apart; None where it is sound or not there."""
    if not path.exists():
        return None
    try:
        with contextlib.closing(_connect(path)) as connection:
            if path.name == "archive.db":
                refuse_foreign(connection, path, expected=False)
                if damage := find_schema_damage(connection):
                    return damage
            said = [row[0] for row in connection.execute("PRAGMA quick_check(20)")]
            if path.name == "alerts.db":
                check_copy(connection)
    except UnicodeDecodeError:
        return "its schema can't be read"
    except sqlite3.DatabaseError as error:
        if INDEX_DAMAGE.search(str(error)):
            return None
        if get_code(error) in _DAMAGE:
            return " ".join(str(error).split())
        with storage_errors(path):
            raise
    sick = [each for each in said if each != "ok" and not INDEX_DAMAGE.search(each)]
    return " ".join(sick[0].replace("*** in database main ***", "").split()) if sick else None


def list_obstacles(data: DataDirectory) -> list[str]:
    """What keeps archive.db from being read again without losing something: sentences."""
    obstacles = []
    parts = list_parts(data)
    for path in sorted(data.warc.glob("*.warc.gz")):
        obstacles += [f"warc/{problem}: {_RESTORE}" for problem in verify_file(path)]
    there = {f"warc/{path.name}" for path in data.warc.glob("*.warc.gz*")}
    sizes = {f"warc/{part.path.name}": part.path.stat().st_size for part in parts}
    for file, size in _ask(data.db, "SELECT file, bytes FROM warc_files ORDER BY file"):
        if file not in there and not is_misnamed(data, file, _list_known(data, file)):
            obstacles.append(f"{file} is missing, and archive.db points into it: {_RESTORE}")
        elif sizes.get(file, size) < size and not _is_only_pruned(data, file):
            obstacles.append(f"{file} is shorter than archive.db knows: {_RESTORE}")
    return obstacles or [
        f"warc/{name}.warc.gz is missing, and there are later ones: {_RESTORE}" for name in _list_gaps(data, parts)
    ]


def find_rewritten(data: DataDirectory) -> str | None:
    """Why an archive.db from before `baogao prune` no longer fits its WARC files."""
    for file, size in _ask(data.db, "SELECT file, bytes FROM warc_files ORDER BY file"):
        path = data.root / file
        if path.exists() and path.stat().st_size < size and _is_only_pruned(data, file):
            return f"{file} was pruned when another archive.db was in use"
    return None


def _is_only_pruned(data: DataDirectory, file: str) -> bool:
    return keeps_all(data.root / file, _list_known(data, file))


def _list_known(data: DataDirectory, file: str) -> set[str]:
    """The records that archive.db knows of a file."""
    known = _ask(
        data.db,
        "SELECT record_id FROM captures WHERE warc_file = ?1 UNION ALL "
        "SELECT record_id FROM notes WHERE warc_file = ?1",
        file,
    )
    return {record_id for (record_id,) in known}


def _list_gaps(data: DataDirectory, parts: list[Part]) -> list[str]:
    """Runs, parts of runs and decisions are numbered without a gap; what was set aside, as .invalid, counts."""
    there = {path.name.split(".")[0] for path in data.warc.glob("run-*")}
    wanted = {f"run-{run:06d}-01" for run in range(1, max((part.run for part in parts), default=0) + 1)}
    for part in parts:
        kind = "" if part.is_crawl else "decision"
        serial = int(part.label.removeprefix("decision"))
        wanted |= {f"run-{part.run:06d}-{kind}{number:02d}" for number in range(1, serial)}
    return sorted(wanted - there)


def read_again(data: DataDirectory, place: DataDirectory, reader: Reader, say: Callable[[str], None]) -> list[str]:
    """Make ``place.db`` of the WARC files of ``data``, closed and synced; what its archive.db has beyond that."""
    say(f"reading {counted(len(list_parts(data)), 'WARC file')} again; until that is done, archive.db stays as it is")
    with contextlib.closing(open_for_writing(place)) as made, storage_errors(place.db):
        recover(made, place, reader)
        derive(made, say)
        lost = _list_lost(data, made)
        made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    descriptor = os.open(place.db, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return lost


def _list_lost(data: DataDirectory, made: sqlite3.Connection) -> list[str]:
    lost = []
    settled = "SELECT id FROM runs WHERE outcome <> 'open' ORDER BY id"
    runs = {run for (run,) in made.execute(settled)}
    for (run,) in _ask(data.db, settled):
        if run not in runs:
            lost.append(f"Run {run}, which archive.db knows, is in no WARC file: restore its file from a backup.")
    counts = "SELECT warc_file, count(*) FROM captures GROUP BY warc_file ORDER BY warc_file"
    captures = dict(made.execute(counts).fetchall())
    for file, count in _ask(data.db, counts):
        if captures.get(file, 0) < count and not is_misnamed(data, file, _list_known(data, file)):
            lost.append(f"{file} holds fewer captures than archive.db knows: {_RESTORE}")
    return lost


def _ask(path: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """As far as a sick database still answers."""
    found: list[tuple[Any, ...]] = []
    if path.exists():
        sick = contextlib.suppress(sqlite3.DatabaseError, UnicodeDecodeError)
        with sick, contextlib.closing(_connect(path)) as connection:
            for row in connection.execute(query, values):
                found.append(tuple(row))  # noqa: PERF401 - what came before the damage counts
    return found


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(locate_for_reading(path), uri=True, timeout=BUSY_SECONDS)
