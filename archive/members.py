"""Gzip members: a ``.warc.gz`` is a row of them, one a record, so that each can be read, or lost, alone.

Nothing here knows what a record is. A file is *torn* where a member is cut, damaged, or no member at all;
zlib's end-of-stream mark is the only sign of a whole one to trust (``warcio check`` passes most cut files).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from archive.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVEL = 6
LIMIT = 32 << 20  #: largest unpacked member that is read or written: four times the largest body a crawl accepts

_GZIP = zlib.MAX_WBITS | 16
_CHUNK = 1 << 16
_MAGIC = b"\x1f\x8b\x08"


class TornFileError(StorageError):
    """Raised where a file stops being a row of whole records; everything before ``offset`` is good."""

    def __init__(self, file: str, offset: int, reason: str) -> None:
        super().__init__(
            f"{file} is damaged at byte {offset}: {reason}; run `baogao verify`, then restore the file from a backup."
        )
        self.file = file
        self.offset = offset
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Member:
    offset: int
    length: int  #: packed, so the next member begins at ``offset + length``
    data: bytes  #: unpacked


def pack(data: bytes) -> bytes:
    return zlib.compress(data, LEVEL, wbits=_GZIP)


def unpack(packed: bytes) -> bytes:
    """One whole member and nothing else; anything else raises ValueError with the reason."""
    inflater = zlib.decompressobj(_GZIP)
    try:
        data = inflater.decompress(packed, LIMIT + 1)
    except zlib.error as error:
        raise ValueError(f"no readable gzip member ({error})") from error
    if len(data) > LIMIT:
        raise ValueError(f"it unpacks to more than {LIMIT} bytes")
    if not inflater.eof:
        raise ValueError("it is cut short")
    if inflater.unused_data:
        raise ValueError("its length in the index is wrong")
    return data


def read_members(file: BinaryIO, name: str, *, keep: bool = True) -> Iterator[Member]:
    """Members from the current position on, in constant memory; raises TornFileError at the first that is not whole.

    Without ``keep`` the data is only checked, however large, and ``Member.data`` is empty.
    """
    offset = file.tell()
    pending = file.read(_CHUNK)
    while pending:
        inflater = zlib.decompressobj(_GZIP)
        pieces: list[bytes] = []
        length = size = 0
        while not inflater.eof:
            pending = pending or file.read(_CHUNK)
            if not pending:
                raise TornFileError(name, offset, "the file ends in the middle of a record")
            try:
                piece = inflater.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise TornFileError(name, offset, f"no readable gzip member ({error})") from error
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            length += len(pending) - len(rest)
            pending = rest
            if keep:
                size += len(piece)
                if size > LIMIT:
                    raise TornFileError(name, offset, f"a record unpacks to more than {LIMIT} bytes")
                pieces.append(piece)
        yield Member(offset, length, b"".join(pieces))
        offset += length
        pending = pending or file.read(_CHUNK)


def find_member(file: BinaryIO, start: int) -> int | None:
    """Where the next whole member begins, from ``start`` on: the way back in behind a damaged place."""
    while True:
        file.seek(start)
        chunk = file.read(_CHUNK)
        if len(chunk) < len(_MAGIC):
            return None
        found = chunk.find(_MAGIC)
        if found < 0:
            start += len(chunk) - len(_MAGIC) + 1
            continue
        start += found
        file.seek(start)
        try:
            next(read_members(file, "", keep=False))
        except TornFileError:
            start += 1
        else:
            return start
