"""Writing WARC files, the journal of every night; reading them back is re-exported here from its modules.

A file is ``NAME.warc.gz.open`` until it is closed. A record is one gzip member, made in memory, written at once
and synced before anyone may point to it; whatever goes wrong in between is cut off again. So a closed file
never holds half a record, and an open one at most at its end, where ``archive.recovery`` cuts it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from typing import TYPE_CHECKING, Self
from uuid import UUID, uuid4

from archive.durable import rename_into_place, sync_directory
from archive.errors import StorageError
from archive.exchanges import Archived, Payload, check_date, format_pair, parse_exchange, read_exchange
from archive.members import TornFileError, pack
from archive.messages import target_uri
from archive.model import Exchange, Pointer
from archive.payload import PayloadError, decode_payload
from archive.records import NOTE, Record, digest, format_record, iterate_records
from archive.recovery import Problem, Repaired, repair_open_file, verify_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

__all__ = [
    "Archived",
    "Payload",
    "PayloadError",
    "Problem",
    "Record",
    "Repaired",
    "TornFileError",
    "WarcWriter",
    "decode_payload",
    "iterate_records",
    "parse_exchange",
    "read_exchange",
    "repair_open_file",
    "target_uri",
    "verify_file",
]

_KIND = re.compile(r"[a-z]+(-[a-z]+)*")


class WarcWriter:
    """One file being written, by one process and one thread; made by :meth:`create`.

    After a StorageError it writes nothing more: :meth:`close` is all that is left to call.
    """

    def __init__(self, descriptor: int, path: Path, file: str, new_id: Callable[[], UUID]) -> None:
        self.path = path  #: the final name
        self._open_path = path.with_name(path.name + ".open")
        self._descriptor = descriptor
        self._file = file
        self._new_id = new_id
        self._end = 0  #: everything before it is whole and on disk
        self._failed = False
        self._doubtful = False  #: what stands on disk is no longer known

    @classmethod
    def create(
        cls, path: Path, *, root: Path, info: Mapping[str, str], at: str, new_id: Callable[[], UUID] = uuid4
    ) -> Self:
        """Open ``path`` + ``.open``, which must not exist, and write what a reader must know of the file.

        ``info`` goes into the warcinfo record; ``run`` and ``parser`` belong there. Raises StorageError.
        """
        file = path.relative_to(root).as_posix()
        open_path = path.with_name(path.name + ".open")
        try:
            if path.exists():
                raise FileExistsError(0, "it exists already")
            descriptor = os.open(open_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(
                f"The WARC file {path} can't be begun ({error.strerror}): check the directory and run again."
            ) from error
        writer = cls(descriptor, path, file, new_id)
        try:
            writer._write_info(info, at)
            writer._sync_name()
        except BaseException:
            os.close(descriptor)
            if writer._end == 0:  # nothing is in it: the name must not stand in the next one's way
                with contextlib.suppress(OSError):
                    open_path.unlink()
            raise
        return writer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _write_info(self, info: Mapping[str, str], at: str) -> None:
        from importlib.metadata import version  # noqa: PLC0415 (20 ms that a reader of archives need not wait)

        fields = {
            "software": f"baogao/{version('baogao')}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "robots": "obey",
            "description": "HTTP header names and their order are Scrapy's, reason phrases the standard "
            "ones; transfer codings are undone, content codings kept; requests are without credentials.",
        }
        block = "".join(f"{key}: {' '.join(value.split())}\r\n" for key, value in (fields | dict(info)).items())
        self._write_block("warcinfo", ("WARC-Filename", self.path.name), "application/warc-fields", block.encode(), at)

    def append(self, exchange: Exchange, *, revisit_of: Payload | None = None) -> Pointer:
        """Archive a request and its response; on return both are on disk. Raises StorageError.

        With ``revisit_of`` the body is left out: the caller knows it to be that payload, byte for byte.
        """
        pair = format_pair(exchange, self._new_id(), revisit_of)
        request, response = pack(pair.request), pack(pair.response)
        start = self._write(request + response)
        return Pointer(self._file, start + len(request), len(response), pair.record_id, pair.digest)

    def note(self, kind: str, content: Mapping[str, object], *, at: str) -> Pointer:
        """Archive a fact of ours as a metadata record, JSON at ``urn:baogao:<kind>``. Raises StorageError."""
        if not _KIND.fullmatch(kind):
            raise ValueError(f"{kind!r} can't be part of a URN")
        # A lone surrogate out of some page becomes \\udxxx, which is how JSON spells it.
        block = json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return self._write_block("metadata", ("WARC-Target-URI", NOTE + kind), "application/json", block, at)

    def close(self) -> Path:
        """Give the file its final name, for good; a second call does nothing. Raises StorageError.

        After a failed sync it keeps ``.open``: only a repair, later and from disk, can tell what is there.
        """
        if self._descriptor < 0:
            return self.path
        try:
            try:
                if not self._doubtful:
                    os.ftruncate(self._descriptor, self._end)
                    os.fsync(self._descriptor)
            finally:
                os.close(self._descriptor)
                self._descriptor = -1
            if not self._doubtful:
                rename_into_place(self._open_path, self.path)
        except OSError as error:
            raise StorageError(
                f"The WARC file {self.path} can't be closed ({error.strerror}): "
                "check the disk and run again, which repairs it."
            ) from error
        return self.path

    def _write_block(self, kind: str, header: tuple[str, str], content: str, block: bytes, at: str) -> Pointer:
        record_id, block_digest = self._new_id().urn, digest(block)
        headers = (
            ("WARC-Record-ID", f"<{record_id}>"),
            ("WARC-Date", check_date(at)),
            header,
            ("WARC-Block-Digest", f"sha256:{block_digest}"),
            ("Content-Type", content),
        )
        member = pack(format_record(kind, headers, block))
        return Pointer(self._file, self._write(member), len(member), record_id, block_digest)

    def _write(self, data: bytes) -> int:
        """Append whole members and sync them; returns where they begin."""
        if self._failed or self._descriptor < 0:
            raise StorageError(f"The WARC file {self.path} is closed after an earlier error: nothing more was written.")
        start = self._end
        try:
            rest = memoryview(data)
            while rest:
                # at the known end, not at the file's position: that one moved if a signal interrupted us here
                rest = rest[os.pwrite(self._descriptor, rest, start + len(data) - len(rest)) :]
        except OSError as error:
            self._failed = True
            self._roll_back()
            raise self._error("be written", error) from error
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            # Never retried: the kernel may have dropped the pages and would report success (fsyncgate).
            self._failed = self._doubtful = True
            raise self._error("be synced", error) from error
        self._end += len(data)
        return start

    def _sync_name(self) -> None:
        try:
            sync_directory(self.path.parent)
        except OSError as error:
            raise self._error("be synced", error) from error

    def _roll_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._end)
            os.fsync(self._descriptor)
        except OSError:
            self._doubtful = True

    def _error(self, what: str, error: OSError) -> StorageError:
        return StorageError(
            f"The WARC file {self.path} can't {what} ({error.strerror}): make room or check the disk and run "
            f"again; what was archived before, {self._end} bytes, is safe."
        )
