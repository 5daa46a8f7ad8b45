"""Archived responses read again: by the crawl that continues, by the settlement, by a re-reading."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive import pages
from archive.model import Page, Reading, Refused
from archive.pruned import refuse_pruned
from archive.warc import PayloadError, TornFileError, decode_payload, read_exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from archive.sqlite import sqlite3
    from archive.walk import Walk
    from archive.warc import Archived

OK = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """A version of the parser. Tests pass older and newer ones; everything else uses :func:`todays_reader`."""

    version: int
    read: Callable[..., Reading]  #: (body, *, url, content_type) -> Reading


def todays_reader() -> Reader:
    return Reader(pages.VERSION, pages.read_page)


@dataclass(frozen=True, slots=True)
class Capture:
    """A row of ``captures`` as far as a reading needs it."""

    id: int
    listing_id: int
    page: int
    url: str
    fetched_at: str
    digest: str


def load_exchange(connection: sqlite3.Connection, root: Path, capture_id: int) -> Archived:
    """The archived response of a capture, a revisit's taken from the record it refers to. Raises StorageError.

    PrunedCapture where the page was dropped; no page that a version was read from is.
    """
    place = _find_place(connection, capture_id)
    try:
        return _read(root, place)
    except TornFileError:
        _, file, offset, _ = place
        with contextlib.suppress(TornFileError):
            refuse_pruned(root, file, offset)
        moved = _find_place(connection, capture_id)
        if moved != place:
            return _read(root, moved)
        pending = f"state/pruning/{file.rpartition('/')[2]}"  # its place is known, and it is renamed in a moment
        if (root / pending).exists():
            with contextlib.suppress(TornFileError):
                return _read(root, (place[0], pending, *place[2:]))
        raise


def _find_place(connection: sqlite3.Connection, capture_id: int) -> tuple[str, str, int, int]:
    row = connection.execute(
        "SELECT p.record_id, p.warc_file, p.warc_offset, p.warc_length FROM captures c "
        "JOIN captures p ON p.id = coalesce(c.payload_id, c.id) WHERE c.id = ?",
        (capture_id,),
    ).fetchone()
    return tuple(row)


def _read(root: Path, place: tuple[str, str, int, int]) -> Archived:
    """Never another record that happens to begin there: a file may be pruned meanwhile."""
    record_id, file, offset, length = place
    archived = read_exchange(root, file, offset, length)
    if archived.record_id != record_id:
        raise TornFileError(file, offset, "another record stands there than archive.db says")
    return archived


def read_capture(connection: sqlite3.Connection, root: Path, capture_id: int, url: str, reader: Reader) -> Reading:
    """What ``reader`` makes of one archived listing page."""
    archived = load_exchange(connection, root, capture_id)
    return read_response(archived.headers, archived.payload, url, reader)


def read_response(headers: tuple[tuple[str, str], ...], payload: bytes, url: str, reader: Reader) -> Reading:
    """The one way from a response to a reading, for the crawl and for the settlement alike."""
    try:
        body = decode_payload(headers, payload)
    except PayloadError as error:
        return Refused("hostile", str(error))
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    return reader.read(body, url=url, content_type=content_type)


def measure_answers(connection: sqlite3.Connection, run: int) -> dict[str, int]:
    """Bytes of a run's answers as records, compressed and with their headers.

    ``fetched``: of all; ``kept``: what they added to the WARC files, where an answer seen before is only referred to.
    """
    fetched, kept = connection.execute(
        "SELECT coalesce(sum(p.warc_length), 0), coalesce(sum(c.warc_length), 0) FROM captures c "
        "JOIN captures p ON p.id = coalesce(c.payload_id, c.id) WHERE c.run_id = ?",
        (run,),
    ).fetchone()
    return {"fetched": fetched, "kept": kept}


def feed_captures(
    connection: sqlite3.Connection, root: Path, run: int, listing: str, walk: Walk, reader: Reader
) -> Iterator[tuple[Capture, Page]]:
    """Feed the walk with what was captured for it, in order; yields the pages that count."""
    rows = connection.execute(
        "SELECT c.id, c.listing_id, c.page, c.url, c.fetched_at, c.digest FROM captures c "
        "JOIN listings l ON l.id = c.listing_id WHERE c.run_id = ? AND l.key = ? AND c.status = ? ORDER BY c.id",
        (run, listing, OK),
    ).fetchall()
    for row in rows:
        capture = Capture(*row)
        if walk.ask is None or walk.ask.page != capture.page:
            continue  # read twice around a crash: the walk has it already
        reading = read_capture(connection, root, capture.id, capture.url, reader)
        if walk.feed(reading) and isinstance(reading, Page):
            yield capture, reading
