"""Undoing the content coding of an archived body, with a bound on what it may grow to."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT = 8 << 20
_GZIP = zlib.MAX_WBITS | 16
_MOST_CODINGS = 3
_MOST_MEMBERS = 100  #: of one gzip body; each costs a copy of what is left of it


class PayloadError(ValueError):
    """A body that can't, or must not, be decoded; the message is a reason for a person."""


def decode_payload(headers: Iterable[tuple[str, str]], payload: bytes, *, limit: int = LIMIT) -> bytes:
    """The body without its content coding (gzip, deflate or none), never more than ``limit`` bytes."""
    codings = [
        coding
        for name, value in headers
        if name.lower() == "content-encoding"
        for part in value.split(",")
        if (coding := part.strip().lower()) not in {"", "identity"}
    ]
    if len(codings) > _MOST_CODINGS:
        raise PayloadError(f"the body is packed {len(codings)} times over")
    for coding in reversed(codings):
        if not payload:  # an answer without a body may still name a coding
            break
        if coding in {"gzip", "x-gzip"}:
            payload = _gunzip(payload, limit)
        elif coding == "deflate":
            payload = _inflate_either(payload, limit)
        else:
            raise PayloadError(f"the body is in a content coding that was not asked for: {coding[:40]}")
    if len(payload) > limit:
        raise PayloadError(f"the body is larger than {limit} bytes")
    return payload


def _gunzip(packed: bytes, limit: int) -> bytes:
    pieces: list[bytes] = []
    for _ in range(_MOST_MEMBERS):
        piece, packed = _inflate(packed, _GZIP, limit)
        pieces.append(piece)
        limit -= len(piece)
        if not packed.startswith(b"\x1f\x8b"):  # padding and rubbish behind the last member: browsers ignore it too
            return b"".join(pieces)
    raise PayloadError(f"the gzip body is in more than {_MOST_MEMBERS} pieces")


def _inflate_either(packed: bytes, limit: int) -> bytes:
    """``deflate`` means zlib, but some servers send the bare stream."""
    has_zlib_head = packed[0] & 0x0F == zlib.DEFLATED and int.from_bytes(packed[:2], "big") % 31 == 0
    return _inflate(packed, zlib.MAX_WBITS if has_zlib_head else -zlib.MAX_WBITS, limit)[0]


def _inflate(packed: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    inflater = zlib.decompressobj(window)
    try:
        data = inflater.decompress(packed, limit + 1)
    except zlib.error as error:
        raise PayloadError(f"the body is not in the content coding its header names ({error})") from error
    if len(data) > limit:
        raise PayloadError("the body grows too large when it is unpacked")
    if not inflater.eof:
        raise PayloadError("the packed body ends early: only part of it arrived")
    return data, inflater.unused_data
