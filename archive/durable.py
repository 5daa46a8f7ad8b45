"""Files made whole or not at all; renames that survive a power cut: on disk before anyone relies on the new name."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from archive.errors import BaogaoError, StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, content: bytes) -> None:
    """Make a file, whole or not at all. Raises OSError, FileExistsError too."""
    with path.open("xb") as file:
        try:
            file.write(content)
            file.flush()
        except BaseException:
            path.unlink()
            raise


#: of a name that may be right: the disk is what ails
_SICK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


def refuse_place(place: Path, error: OSError, cure: str) -> BaogaoError:
    """What to raise where a file that somebody named can't be made; ``cure``: what to do, but for making room."""
    said = f"{place} can't be written ({error.strerror})"
    return StorageError(f"{said}: make room, or {cure}.") if error.errno in _SICK else UsageError(f"{said}: {cure}.")


def rename_into_place(source: Path, target: Path) -> Path:
    """Rename an already synced file; an existing target raises FileExistsError instead of being replaced.

    The check and the rename are two steps: the data directory's lock keeps others out in between.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    source.rename(target)
    sync_directory(target.parent)
    return target
