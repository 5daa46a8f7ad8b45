"""Old captures under today's parser: what it makes of the page an item was read from."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from archive.captures import read_capture
from archive.compare import Content
from archive.model import Page

if TYPE_CHECKING:
    from pathlib import Path

    from archive.captures import Reader
    from archive.model import Entry, Reading
    from archive.sqlite import sqlite3

#: items of one page are asked for together, and a night's pages in about their order
PAGES_REMEMBERED = 32


class Rereader:
    """Reads captures again, a page only once for all its items."""

    def __init__(self, connection: sqlite3.Connection, root: Path, reader: Reader) -> None:
        self._connection = connection
        self._root = root
        self.reader = reader
        self._readings: OrderedDict[int, Reading] = OrderedDict()

    def read_item(self, capture_id: int, item_id: int) -> Content | None:
        """The item's content on that page; None where today's parser does not find it there."""
        keys = {
            key
            for (key,) in self._connection.execute(
                "SELECT key FROM items WHERE id = ?1 UNION SELECT key FROM item_aliases WHERE item_id = ?1", (item_id,)
            )
        }
        reading = self.read_page(capture_id)
        if not isinstance(reading, Page):
            return None
        entries: dict[str, Entry] = {}
        for entry in reading.entries:
            if entry.key in keys and entry.title:
                entries.setdefault(entry.key, entry)
        if len(entries) > 1:  # a report that moved twice, and whose keys stood on one page before a person knew
            entries = {key: entry for key, entry in entries.items() if not self._was_another(key, capture_id, item_id)}
        first = next(iter(entries.values()), None)
        return Content.of_entry(first) if first else None

    def _was_another(self, key: str, capture_id: int, item_id: int) -> bool:
        """Whether the key, an alias by now, was a report of its own when that page was settled."""
        return bool(
            self._connection.execute(
                "SELECT EXISTS (SELECT 1 FROM items i JOIN shown s ON s.item_id = i.id AND s.capture_id = ? "
                "WHERE i.key = ? AND i.id <> ?)",
                (capture_id, key, item_id),
            ).fetchone()[0]
        )

    def read_page(self, capture_id: int) -> Reading:
        if capture_id in self._readings:
            self._readings.move_to_end(capture_id)
            return self._readings[capture_id]
        (url,) = self._connection.execute("SELECT url FROM captures WHERE id = ?", (capture_id,)).fetchone()
        reading = read_capture(self._connection, self._root, capture_id, url, self.reader)
        self._readings[capture_id] = reading
        if len(self._readings) > PAGES_REMEMBERED:
            self._readings.popitem(last=False)
        return reading
