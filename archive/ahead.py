"""Reading ahead: while one process fetches, the other reads what is archived, so that settling finds it read.

Only time is saved. The settlement takes every capture out of the WARC, checks its digest and hands the bytes to the
reader as always; a reader that remembers just does not parse the same bytes of the same address twice.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from archive.captures import OK, Reader, read_capture
from archive.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from archive.model import Reading
    from archive.sqlite import sqlite3

#: pages read ahead at the most: memory must not grow with the night
PAGES_AHEAD = 80


class ReadAhead:
    """Reads the captures of a run as they come; :attr:`reader` is the given one with a memory."""

    def __init__(self, connection: sqlite3.Connection, root: Path, run: int, reader: Reader) -> None:
        self._connection = connection
        self._root = root
        self._run = run
        self._read = reader.read
        self._readings: dict[tuple[bytes, str, str | None], Reading] = {}
        self._last = 0
        self._ended = False
        self.reader = Reader(reader.version, self._remember)

    def _remember(self, body: bytes, *, url: str, content_type: str | None = None) -> Reading:
        key = (hashlib.sha256(body).digest(), url, content_type)
        reading = self._readings.get(key)
        if reading is None:
            reading = self._read(body, url=url, content_type=content_type)
            if len(self._readings) < PAGES_AHEAD:
                self._readings[key] = reading
        return reading

    def read_next(self) -> bool:
        """Read one more capture; False where there is none now, or no more is to be read ahead."""
        if self._ended:
            return False
        row = self._connection.execute(
            "SELECT id, url FROM captures WHERE run_id = ? AND id > ? AND listing_id IS NOT NULL AND status = ? "
            "ORDER BY id LIMIT 1",
            (self._run, self._last, OK),
        ).fetchone()
        if row is None:
            return False
        self._last, url = row
        try:
            read_capture(self._connection, self._root, self._last, url, self.reader)
        except StorageError:
            self._ended = True  # the settlement will meet it, and say it
        self._ended = self._ended or len(self._readings) >= PAGES_AHEAD
        return not self._ended
