"""Before an upgrade a database is copied as it is, so that the release that made it can go on with it."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import quote

from archive.durable import rename_into_place
from archive.errors import StorageError
from archive.keeping.snapshot import copy_database
from archive.printable import spell_out
from archive.sqlite import sqlite3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def keep_copy(
    path: Path, *, before: int, after: int, mode: int | None = None, say: Callable[[str], None] | None = None
) -> Path:
    """Copy the database ``path`` of schema ``before`` to a file beside it, and say so; call it under its lock.

    A second attempt at the same upgrade finds its copy there. No copy is ever replaced: where the database has changed
    since, the next one gets a number. ``mode``: of the copy; that of the database, where none is given. Raises
    StorageError, and nothing is changed then.
    """
    with contextlib.closing(_open(path)) as source:
        copy = _find_copy(source, path, before)
        if copy is None:
            copy = _make_copy(source, path, before, path.stat().st_mode & 0o777 if mode is None else mode)
    name, kept = spell_out(str(path)), spell_out(str(copy))
    (say or _say)(
        f"{name} is upgraded from schema {before} to {after}; {kept} holds it as it was. Delete that copy when a few "
        f"nights have gone well; to go back to the older release, move {path.name} and {path.name}-wal away and give "
        f"the copy the name {path.name}."
    )
    return copy


def list_copies(path: Path) -> list[Path]:
    """The copies of a database that upgrades have left beside it; nobody but a person deletes them."""
    found = path.parent.glob(f"{path.name}.schema-*")
    return sorted(each for each in found if not each.name.endswith(("-journal", ".unfinished")))


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)


def _find_copy(source: sqlite3.Connection, path: Path, before: int) -> Path | None:
    """One that says what the database says now."""
    copies = [each for each in list_copies(path) if each.name.split(".schema-")[1].split(".")[0] == str(before)]
    if not copies:
        return None
    wanted = _digest(source)
    for copy in copies:
        with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(_open(copy)) as opened:
            if _digest(opened) == wanted:
                return copy
    return None


def _digest(connection: sqlite3.Connection) -> str:
    """Of every row of every table, the index's own included."""
    digest = hashlib.sha256()
    connection.execute("BEGIN")
    for name, sql in connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
    ).fetchall():
        digest.update(f"{name}\0{sql}\0".encode())
        if sql is None or sql.upper().startswith("CREATE VIRTUAL"):
            continue
        quoted = name.replace('"', '""')
        for row in connection.execute(f'SELECT * FROM "{quoted}"'):
            digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass") + b"\n")
    connection.execute("ROLLBACK")
    return digest.hexdigest()


def _make_copy(source: sqlite3.Connection, path: Path, before: int, mode: int) -> Path:
    names = (f"{path.name}.schema-{before}" + (f".{number}" if number > 1 else "") for number in count(1))
    target = next(place for name in names if not (place := path.with_name(name)).exists())
    unfinished = path.with_name(f"{path.name}.schema-{before}.unfinished")
    _remove(unfinished)  # of an attempt that was killed
    try:
        with copy_database(source, path, unfinished):
            unfinished.chmod(mode)
        return rename_into_place(unfinished, target)
    except StorageError as error:
        raise StorageError(f"{path.name} is copied before it is upgraded, which failed: {error}") from error
    except OSError as error:
        raise StorageError(
            f"{spell_out(str(path))} is copied before it is upgraded, which failed ({error.strerror}): make room or "
            "check permissions, and run again; nothing was changed."
        ) from error
    finally:
        _remove(unfinished)


def _remove(unfinished: Path) -> None:
    for path in (unfinished, unfinished.with_name(unfinished.name + "-journal")):
        with contextlib.suppress(OSError):
            path.unlink()


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - for whoever opens an archive without a command line
