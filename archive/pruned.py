"""What stands in a WARC file for the pages that ``baogao prune`` dropped.

In place of a page stands a ``pruned-capture`` note with every fact of it; at the end of the night's last file stands
what its settlement said: ``pruned-entries``, which report stood where, and ``pruned``, the rest. With them the WARC
files still make the same archive: :mod:`archive.replay`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from uuid import NAMESPACE_OID, uuid5

from archive.errors import PrunedCapture, StorageError
from archive.members import pack
from archive.records import NOTE, digest, format_record, iterate_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from archive.records import Record

CAPTURE, ENTRIES, NIGHT, PADDING = "pruned-capture", "pruned-entries", "pruned", "pruned-padding"
#: of these archive.db has the place only: they say what its other tables say
DETAILED = frozenset({ENTRIES, NIGHT, PADDING})


def pack_note(kind: str, content: Mapping[str, object], *, at: str, name: str) -> tuple[bytes, str]:
    """A metadata record as a gzip member, and its id, which follows from ``name``: twice the same, the same bytes."""
    block = json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")
    record_id = uuid5(NAMESPACE_OID, f"{kind} {name}").urn
    headers = (
        ("WARC-Record-ID", f"<{record_id}>"),
        ("WARC-Date", at),
        ("WARC-Target-URI", NOTE + kind),
        ("WARC-Block-Digest", f"sha256:{digest(block)}"),
        ("Content-Type", "application/json"),
    )
    return pack(format_record("metadata", headers, block)), record_id


def describe_page(record: Record, *, at: str) -> dict[str, object]:
    """All that a response or a revisit says, but for its bytes."""
    headers = record.headers
    listing, page = headers.get("Baogao-Listing"), headers.get("Baogao-Page")
    return {
        "record_id": record.record_id,
        "type": record.type,
        "url": headers["WARC-Target-URI"],
        "status": record.status,
        "fetched_at": headers["WARC-Date"],
        "digest": record.digest,
        "listing": unquote(listing) if listing is not None else None,
        "page": int(page) if page else None,
        "length": record.length,
        "payload": headers["WARC-Refers-To"].strip("<>") if record.type == "revisit" else None,
        "pruned_at": at,
    }


def read_page_note(record: Record) -> dict[str, Any] | None:
    """What stands for a dropped page; None where the record is another one."""
    if record.type != "metadata" or record.headers.get("WARC-Target-URI") != NOTE + CAPTURE:
        return None
    content: dict[str, Any] = json.loads(record.block)
    return content


def holds_pruned(path: Path) -> bool:
    """Whether pages of a file were dropped. Raises StorageError where it is damaged."""
    return any(read_page_note(record) is not None for record in iterate_records(path))


def list_record_ids(path: Path) -> Iterator[str]:
    """Of every record in a file, and of the pages dropped from it. Raises StorageError where it is damaged."""
    for record in iterate_records(path):
        page = read_page_note(record)
        yield record.record_id if page is None else page["record_id"]


def keeps_all(path: Path, known: Iterable[str]) -> bool:
    """Whether a file shorter than another archive.db knows it was only pruned: no record of those is gone."""
    try:
        return holds_pruned(path) and {*known} <= {*list_record_ids(path)}
    except StorageError:
        return False


def refuse_pruned(root: Path, file: str, offset: int) -> None:
    """Raise PrunedCapture where that place says that its page was dropped."""
    record = next(iterate_records(root / file, start=offset), None)
    page = read_page_note(record) if record is not None else None
    if page is not None:
        raise PrunedCapture(
            f"The page {page['url']} of {page['fetched_at']} (SHA-256 {page['digest']}) was dropped by `baogao prune` "
            f"on {page['pruned_at']}: no version was read from it; a backup made before then still holds it, in {file}."
        )
