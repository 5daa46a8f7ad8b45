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
    from archive.model import Reading
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
        if isinstance(reading, Page):
            for entry in reading.entries:
                if entry.key in keys and entry.title:
                    return Content.of_entry(entry)
        return None

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
