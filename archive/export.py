"""The archive as JSON lines or CSV: same archive, same bytes."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COLUMNS = (
    "key", "url", "state", "title", "series", "brands", "summary_zh", "summary_en", "published_on", "version",
    "first_seen_at", "last_seen_at", "observed_at", "listings",
    "capture_url", "capture_fetched_at", "capture_sha256", "warc_file", "warc_offset", "parser",
)  # fmt: skip
#: what makes a spreadsheet take a text for a formula (OWASP ASVS 1.2.10), its full-width twins included
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def dump_json(value: object) -> str:
    """One line of UTF-8 JSON, nothing escaped that need not be."""
    return json.dumps(value, ensure_ascii=False)


def write_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    for record in records:
        yield dump_json(record) + "\n"


def write_csv(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """RFC 4180 in UTF-8; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in _rows(records):
        writer.writerow(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _rows(records: Iterable[dict[str, Any]]) -> Iterator[list[object]]:
    yield list(COLUMNS)
    for record in records:
        capture = record["capture"]
        flat = record | {
            "brands": "、".join(record["brands"]),
            "listings": "、".join(record["listings"]),
            "capture_url": capture["url"],
            "capture_fetched_at": capture["fetched_at"],
            "capture_sha256": capture["sha256"],
            "warc_file": capture["warc_file"],
            "warc_offset": capture["warc_offset"],
            "parser": capture["parser"],
        }
        yield [_defuse(flat[column]) for column in COLUMNS]


def _defuse(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def deliver(chunks: Iterable[str], target: Path | None) -> None:
    """Write to standard output, or to a file that is there whole or not at all. Raises StorageError."""
    if target is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        for chunk in chunks:
            sys.stdout.write(chunk)
        sys.stdout.flush()
        return
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            try:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise StorageError(
            f"{target} could not be written ({error.strerror}): check the directory and its free space; a file that "
            "was there is unchanged."
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
