"""Where a repair puts what it replaces: ``state/repaired-<time>/``, made when the first file goes there."""

from __future__ import annotations

import contextlib
import re
from itertools import count
from typing import TYPE_CHECKING

from archive.durable import rename_into_place, sync_directory

if TYPE_CHECKING:
    from pathlib import Path


class Aside:
    """Takes databases away and keeps them. ``place``: where they are; None as long as nothing was moved."""

    def __init__(self, state: Path, now: str) -> None:
        self.state = state
        self.name = f"repaired-{re.sub(r'[^0-9TZ]', '', now)}"
        self.place: Path | None = None

    def take(self, path: Path) -> bool:
        """Move a database with its companions, these first: a lost -wal is made good, a stale one would be believed.

        False where it is gone itself. Raises OSError.
        """
        names = (path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm", ""))
        files = [each for each in names if each.exists()]
        if not files:
            return False
        self.place = self.place or self._make_place()
        for each in files:
            rename_into_place(each, self.place / each.name)
        sync_directory(path.parent)
        return path in files

    def _make_place(self) -> Path:
        for number in count(1):
            place = self.state / (f"{self.name}.{number}" if number > 1 else self.name)
            with contextlib.suppress(FileExistsError):
                place.mkdir(mode=0o700)
                sync_directory(self.state)
                return place
        raise AssertionError
