"""What is made of the stored texts and can be made again: the search index and the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.figures.rows import count_unread, refresh_figures
from archive.search.index import index_versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.sqlite import sqlite3


#: from here on a person would wonder what the command is doing: some ten seconds of work
MANY = 3000


def derive(connection: sqlite3.Connection, say: Callable[[str], None]) -> None:
    """Bring both up to date, outside the settlement: a night is settled whether or not this came to its end."""
    index_versions(connection)
    missing = count_unread(connection)
    if missing > MANY:
        say(f"extracting the figures of {missing} versions, some 5 ms each; interrupted, the next command goes on")
    refresh_figures(connection, missing)
