"""What is made of the stored texts and can be made again: the search index and the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.figures.rows import refresh_figures
from archive.search.index import index_versions

if TYPE_CHECKING:
    import sqlite3


def derive(connection: sqlite3.Connection) -> None:
    """Bring both up to date, outside the settlement: a night is settled whether or not this came to its end."""
    index_versions(connection)
    refresh_figures(connection)
