"""Renames that survive a power cut: file and directory are on disk before anyone relies on the new name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename_into_place(source: Path, target: Path) -> Path:
    """Rename an already synced file; an existing target raises FileExistsError instead of being replaced.

    The check and the rename are two steps: the data directory's lock keeps others out in between.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    source.rename(target)
    sync_directory(target.parent)
    return target
