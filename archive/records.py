"""WARC/1.1 records: how one is put into bytes, and how bytes are read back as one.

Written by hand rather than by warcio: the format is a header block and a body, a page must not cost a
millisecond of header objects, and so warcio and FastWARC can be the tests' independent judges. Digests are
``sha256:`` and lower-case hex, which both of them verify and which is the database's own form.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from archive.errors import StorageError
from archive.members import TornFileError, read_members
from archive.messages import one_line, parse_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NOTE = "urn:baogao:"  #: what the target of our own metadata records begins with
_VERSION = b"WARC/1.1\r\n"
_BREAK = b"\r\n\r\n"
_MANDATORY = ("WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length")


@dataclass(frozen=True, slots=True)
class Record:
    """One record; ``block`` is its body: an HTTP message, a note's JSON, or the fields of warcinfo."""

    offset: int
    length: int  #: of the gzip member
    type: str
    headers: dict[str, str]
    block: bytes = field(repr=False)

    @property
    def record_id(self) -> str:
        """``urn:uuid:…`` without angle brackets."""
        return self.headers["WARC-Record-ID"].strip("<>")

    @property
    def digest(self) -> str:
        """SHA-256 of the payload as the record states it, lower-case hex; a note's is that of its block."""
        stated = self.headers.get("WARC-Payload-Digest") or self.headers["WARC-Block-Digest"]
        return stated.removeprefix("sha256:")

    @property
    def status(self) -> int:
        """Of the HTTP response; ValueError where the block holds none."""
        return parse_response(self.block)[0]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def format_record(kind: str, headers: Iterable[tuple[str, str]], block: bytes) -> bytes:
    lines = [f"{name}: {one_line(value)}\r\n" for name, value in headers]
    head = f"WARC-Type: {kind}\r\n{''.join(lines)}Content-Length: {len(block)}\r\n\r\n"
    return b"".join((_VERSION, head.encode(), block, _BREAK))


def parse_record(data: bytes, offset: int, length: int) -> Record:
    """One unpacked member; raises ValueError with the reason where it is no whole WARC record."""
    head, found, rest = data.partition(_BREAK)
    if not found or not head.startswith(_VERSION):
        raise ValueError("no WARC/1.1 record")
    pairs = (line.partition(": ") for line in head[len(_VERSION) :].decode("utf-8", "replace").split("\r\n"))
    headers = {name: value for name, _, value in pairs}
    for name in _MANDATORY:
        if name not in headers:
            raise ValueError(f"a record without {name}")
    if headers["Content-Length"] != str(len(rest) - len(_BREAK)) or not rest.endswith(_BREAK):
        raise ValueError("a record that is not as long as its Content-Length says")
    return Record(offset, length, headers["WARC-Type"], headers, rest[: -len(_BREAK)])


def iterate_records(path: Path, *, start: int = 0) -> Iterator[Record]:
    """The records of a file in order, one in memory at a time; raises TornFileError where one is not whole.

    ``path`` is the final name; a file that is still being written is found too. Digests are not verified:
    gzip's checksum is, and :func:`archive.recovery.verify_file` does the rest.
    """
    with reading(path) as file:
        file.seek(start)
        for member in read_members(file, path.name):
            try:
                record = parse_record(member.data, member.offset, member.length)
            except ValueError as error:
                raise TornFileError(path.name, member.offset, str(error)) from error
            yield record


@contextlib.contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The file under its final name, else the one it has while it is written; OSError becomes StorageError."""
    try:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            file = path.with_name(path.name + ".open").open("rb")
        with file:
            yield file
    except FileNotFoundError as error:
        raise StorageError(f"{path} is missing: restore it from a backup, the archive refers to it.") from error
    except OSError as error:
        raise StorageError(f"{path} can't be read ({error.strerror}): check permissions and disk.") from error
