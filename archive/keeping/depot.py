"""The directory that holds a backup: files under names made of their digests, and no link followed out of it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from archive.durable import sync_directory
from archive.errors import Locked, StorageError, UsageError
from archive.export import read_umask
from archive.keeping import manifest as manifests
from archive.keeping.manifest import Kept, read_manifest, write_manifest
from archive.printable import spell_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from archive.keeping.manifest import Manifest

_FILES, _LOCK = "files", "lock"
_UNFINISHED = ".unfinished-"
_CHUNK = 1 << 20
#: opened without waiting for the other end of a pipe, and only what lies there itself
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: a file that changes while it is read is read again so often
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Depot:
    """An open backup directory; made by :func:`open_depot`, and by :func:`lock_depot` for a writer."""

    root: Path

    @property
    def files(self) -> Path:
        return self.root / _FILES

    def load_manifest(self) -> Manifest | None:
        """None where there is none. Raises StorageError, UsageError, NewerArchive."""
        path = self.root / manifests.NAME
        try:
            with open_regular(path) as file:
                return read_manifest(file.read(), path)
        except FileNotFoundError:
            return None

    def save_manifest(self, manifest: Manifest) -> None:
        """The one step that makes a new backup of what was stored."""
        unfinished = self.name_unfinished()
        try:
            with unfinished.open("xb") as file:
                file.write(write_manifest(manifest))
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.root / manifests.NAME)
            sync_directory(self.root)
        finally:
            unfinished.unlink(missing_ok=True)

    def holds(self, kept: Kept) -> bool:
        """A file of that name and size, which it gets only when all of it is on disk."""
        try:
            found = (self.files / kept.stored).lstat()
        except FileNotFoundError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_size == kept.bytes

    def is_whole(self, kept: Kept) -> bool:
        """The same, and the very bytes: a disk may lose some of them without a word."""
        if not self.holds(kept):
            return False
        try:
            file = open_regular(self.files / kept.stored)
            return copy_digesting(file, lambda _: None) == kept.sha256
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise

    def name_unfinished(self) -> Path:
        return self.files / f"{_UNFINISHED}{secrets.token_hex(8)}"

    def store(self, path: str, source: Path) -> tuple[Kept, bool]:
        """Keep a file's bytes; False where they are there already."""
        for _ in range(ATTEMPTS):
            kept = describe(path, source)
            if self.is_whole(kept):
                return kept, False
            unfinished = self.name_unfinished()
            try:
                with open(unfinished, "xb", opener=_open_private) as file:
                    digest = copy_digesting(source.open("rb"), file.write)
                    if digest != kept.sha256:
                        continue
                self.adopt(unfinished, kept)
            finally:
                unfinished.unlink(missing_ok=True)
            return kept, True
        raise StorageError(
            f"{spell_out(str(source))} changes while it is read: find out which program writes it, then back up again; "
            "the earlier backup is unchanged."
        )

    def adopt(self, unfinished: Path, kept: Kept) -> bool:
        """Give a finished file its name; False where it is there already."""
        if self.is_whole(kept):
            unfinished.unlink()
            return False
        if not kept.is_private:
            unfinished.chmod(0o666 & ~read_umask())
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(self.files / kept.stored)
        sync_directory(self.files)
        return True

    def fetch(self, kept: Kept, write: Callable[[bytes], object]) -> None:
        """Hand a file's bytes on. Raises StorageError where they are not what the manifest says."""
        place = spell_out(str(self.files / kept.stored))
        advice = (
            "this backup can't be restored; run `baogao backup` again while the archive lives, which copies that file "
            "anew, or use another backup."
        )
        try:
            file = open_regular(self.files / kept.stored)
        except FileNotFoundError as error:
            raise StorageError(f"{place} ({kept.path}) is missing: {advice}") from error
        except OSError as error:
            raise StorageError(f"{place} ({kept.path}) is a link or can't be read: {advice}") from error
        with file:
            size = os.fstat(file.fileno()).st_size
            if size != kept.bytes:
                raise StorageError(f"{place} ({kept.path}) has {size} bytes instead of {kept.bytes}: {advice}")
            digest = copy_digesting(file, write)
        if digest != kept.sha256:
            raise StorageError(f"{place} ({kept.path}) is not what its SHA-256 says: {advice}")

    def sweep(self, manifest: Manifest) -> None:
        """Remove the copies of databases that the manifest does not name (any more).

        WARC files stay for ever: nothing but a person deletes the last copy of one.
        """
        named = {kept.stored for kept in manifest.files}
        for path in self.files.iterdir():
            is_database = path.name.partition("-")[2] in {"archive.db", "alerts.db"}
            if is_database and path.name not in named:
                path.unlink()

    def sweep_unfinished(self) -> None:
        """For a writer that begins: nobody else is at it."""
        for path in self.files.glob(f"{_UNFINISHED}*"):
            path.unlink()


@contextlib.contextmanager
def lock_depot(root: Path) -> Iterator[Depot]:
    """A backup directory to write into, made where it is not there; one writer at a time. Raises Locked."""
    with depot_errors(root):
        _refuse_occupied(root)
        root.mkdir(exist_ok=True)
        (root / _FILES).mkdir(exist_ok=True)
        descriptor = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with _lock(descriptor, fcntl.LOCK_EX, root):
            depot = _find_depot(root)
            depot.sweep_unfinished()
            yield depot


@contextlib.contextmanager
def open_depot(root: Path) -> Iterator[tuple[Depot, Manifest]]:
    """A backup to read, which no backup replaces meanwhile. Raises UsageError, StorageError, Locked."""
    name = spell_out(str(root))
    with depot_errors(root), contextlib.ExitStack() as held:
        if not root.is_dir():
            raise UsageError(f"There is no backup at {name}: name the directory that `baogao backup` was given.")
        with contextlib.suppress(FileNotFoundError):  # a copy of a backup may do without
            held.enter_context(_lock(os.open(root / _LOCK, _READ), fcntl.LOCK_SH, root))
        files = root / _FILES
        if not os.path.lexists(root / manifests.NAME):
            if files.is_dir():
                raise StorageError(f"{name}/{manifests.NAME} is missing: no backup into it was finished; use another.")
            raise UsageError(f"There is no backup in {name}: name the directory that `baogao backup` was given.")
        if not os.path.lexists(files):
            raise StorageError(f"{name}/{_FILES} is missing, the files of the backup: use another backup.")
        depot = _find_depot(root)
        manifest = depot.load_manifest()
        assert manifest is not None
        yield depot, manifest


def _find_depot(root: Path) -> Depot:
    depot = Depot(root)
    os.close(os.open(depot.files, _READ | os.O_DIRECTORY))  # OSError for a link
    return depot


@contextlib.contextmanager
def _lock(descriptor: int, kind: int, root: Path) -> Iterator[None]:
    """An flock, which dies with the process."""
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(
                f"Another `baogao backup` or `baogao restore` is at work in {spell_out(str(root))}: wait until it ends."
            ) from None
        yield
    finally:
        os.close(descriptor)


def _refuse_occupied(root: Path) -> None:
    """Whoever names a directory of something else has mistyped; or its disk is not mounted."""
    name = spell_out(str(root))
    if not os.path.lexists(root):
        if not root.parent.is_dir():
            raise UsageError(
                f"There is no directory {spell_out(str(root.parent))}: mount its disk, or make it, and back up again."
            )
        return
    if not root.is_dir():
        raise UsageError(f"{name} is not a directory: name a new one, or one that holds a backup.")
    found = {path.name for path in root.iterdir()}
    if manifests.NAME not in found and found - {_FILES, _LOCK, "lost+found"}:
        raise UsageError(f"{name} holds other things and no backup: name a new directory, or an empty one.")


@contextlib.contextmanager
def depot_errors(root: Path) -> Iterator[None]:
    """Name the file where the disk says no. Raises StorageError."""
    try:
        yield
    except OSError as error:
        place = spell_out(str(error.filename or root))
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise StorageError(
                f"{place} is a symbolic link or no plain file, and a backup follows none: remove it, or use another "
                "backup; nothing was changed."
            ) from error
        raise StorageError(
            f"{place} can't be used ({error.strerror or error}): make room on that disk or check its permissions, and "
            "run again; an earlier backup is unchanged."
        ) from error


def open_regular(path: Path) -> BinaryIO:
    """A plain file to read; OSError (ELOOP) for a link, a pipe or anything else."""
    descriptor = os.open(path, _READ)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return os.fdopen(descriptor, "rb")


def describe(path: str, source: Path) -> Kept:
    """Size and digest, both of the bytes that were read."""
    sizes = [0]

    def count(chunk: bytes) -> None:
        sizes[0] += len(chunk)

    digest = copy_digesting(source.open("rb"), count)
    return Kept(path, sizes[0], digest)


def copy_digesting(file: BinaryIO, write: Callable[[bytes], object]) -> str:
    """Hand all bytes on; their SHA-256. Closes the file."""
    digest = hashlib.sha256()
    with file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            write(chunk)
    return digest.hexdigest()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
