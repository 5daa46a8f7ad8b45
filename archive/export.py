"""The archive as JSON lines, CSV or Parquet, delivered whole or not at all: same archive, same bytes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.dictionary import EXPORTS
from archive.errors import StorageError, UsageError
from archive.parquet import load_pyarrow, write_parquet
from archive.printable import spell_out
from archive.tables import flatten, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO, Literal

    from archive.dictionary import Column, Table
    from archive.sqlite import sqlite3
    from archive.tables import Name

#: parts two values of one CSV cell, as it parts brands on a page
LIST_SEPARATOR = "、"
#: what makes a spreadsheet take a text for a formula (OWASP ASVS 1.2.10), its full-width twins included; a text that
#: has apostrophes before it gets one more, so that taking one away always gives the text back
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def dump_json(value: object) -> str:
    """One line of UTF-8 JSON, nothing escaped that need not be."""
    return json.dumps(value, ensure_ascii=False)


def write_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    for record in records:
        yield dump_json(record) + "\n"


def write_csv(table: Table, records: Iterable[dict[str, Any]], *, raw: bool = False) -> Iterator[str]:
    """RFC 4180 in UTF-8; a text that a spreadsheet would take for a formula gets an apostrophe in front, unless raw."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(column.name for column in table.columns)
    for record in records:
        yield _take(buffer)
        flat = flatten(table, record)
        writer.writerow(_make_cell(column, flat[column.name], raw=raw) for column in table.columns)
    yield _take(buffer)


def _take(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _make_cell(column: Column, value: Any, *, raw: bool) -> object:
    match column.kind:
        case "boolean":
            return value if value is None else "true" if value else "false"
        case "list":
            value = LIST_SEPARATOR.join(value)
        case "integer" | "number" | "decimal":  # -5 is a number and no formula
            return value
    return value if raw else guard_cell(value)


def guard_cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, with an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def export_table(
    connection: sqlite3.Connection,
    name: Name,
    form: Literal["jsonl", "csv", "parquet"],
    target: Path | None,
    *,
    versions: bool = False,
    as_of: str | None = None,
    raw: bool = False,
) -> None:
    """Write one table of :data:`archive.dictionary.EXPORTS`. Raises UsageError or StorageError."""
    table = EXPORTS[name]
    if form == "parquet":
        load_pyarrow()
        if target is None and sys.stdout.isatty():
            raise UsageError("Parquet is binary and this is a terminal: name a file with -o, or a pipe.")
    records = read_table(connection, name, versions=versions, as_of=as_of)
    if form == "jsonl":
        deliver(write_lines(records), target)
    elif form == "csv":
        deliver(write_csv(table, records, raw=raw), target)
    else:
        with open_whole(target) as file:
            write_parquet(table, records, file)


def deliver(chunks: Iterable[str], target: Path | None) -> None:
    """Write to standard output, or to a file that is there whole or not at all. Raises StorageError."""
    with open_whole(target) as file:
        for chunk in chunks:
            file.write(chunk.encode())


@contextlib.contextmanager
def open_whole(target: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears under its name when it is whole. Raises StorageError, UsageError."""
    if target is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with storage_of(target):
        if target.exists() and not target.is_file():  # /dev/null, a named pipe: never replaced by a file
            with target.open("wb") as device:
                yield device
            return
        if _is_of_an_archive(target):
            raise UsageError(f"{spell_out(str(target))} belongs to an archive: nothing was written; name another file.")
        place = name_unfinished(target)
        try:
            with open(place, "xb", opener=_open_private) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                place.chmod(0o666 & ~read_umask())
                place.replace(target)
        except BaseException:
            place.unlink(missing_ok=True)
            raise


def _is_of_an_archive(target: Path) -> bool:
    """Its databases, and whatever is in its warc/ and state/: no answer to a question may take their place."""
    real = Path(os.path.realpath(target))
    root = real.parent.parent if real.parent.name in {"warc", "state"} else real.parent
    return (root / "archive.db").exists() and (real.parent != root or real.name.startswith(("archive.db", "alerts.db")))


def name_unfinished(target: Path) -> Path:
    """Beside the target, for what is not whole yet: known before it is made, so that a signal leaves nothing behind."""
    return target.parent / f".baogao-export.{secrets.token_hex(8)}"


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


@contextlib.contextmanager
def storage_of(target: Path) -> Iterator[None]:
    """Name the file where the disk says no. Raises StorageError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(
            f"{spell_out(str(target))} could not be written ({error.strerror or error}): check the directory and its "
            "free space; what was there is unchanged."
        ) from error


def read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
