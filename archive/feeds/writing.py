"""A feed as a file that a web server hands out: whole at every moment, and untouched where nothing is new."""

from __future__ import annotations

import os
from pathlib import Path

from archive.export import open_whole, storage_of


def write_feed(content: bytes, target: Path) -> bool:
    """False where the file held that already: its time of change is what readers are told. Raises StorageError."""
    with storage_of(target):
        if target.is_file() and target.read_bytes() == content:
            return False
    with open_whole(Path(os.path.realpath(target))) as file:  # a link stays one; unlike resolve, it takes loops
        file.write(content)
    return True
