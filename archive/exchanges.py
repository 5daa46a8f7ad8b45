"""An HTTP exchange as a pair of WARC records, and a response read back from one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote
from uuid import UUID

from archive.members import LIMIT, TornFileError, unpack
from archive.messages import Headers, format_request, format_response, parse_response, target_uri
from archive.records import Record, digest, format_record, parse_record, reading

if TYPE_CHECKING:
    from pathlib import Path

    from archive.model import Exchange

REVISIT_PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

#: never archived: what a person may have put into the configuration to get in somewhere
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization"})
#: bodies are archived without their transfer coding; with this header left, readers would undo it once more
_UNDONE = frozenset({"transfer-encoding"})
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_HEADROOM = 1 << 20  #: of LIMIT, for the headers of a record
_LISTING_CHARACTERS = ":/?=&"


@dataclass(frozen=True, slots=True)
class Payload:
    """An archived response whose payload came again."""

    record_id: str
    url: str
    at: str  #: when it was fetched


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records in bytes, not yet packed."""

    request: bytes
    response: bytes  #: or revisit
    record_id: str  #: of the response
    digest: str  #: of the payload


@dataclass(frozen=True, slots=True)
class Archived:
    """A response, or a revisit, read back; ``payload`` is in its content coding, and empty for a revisit."""

    type: Literal["response", "revisit"]
    record_id: str
    url: str
    date: str
    digest: str  #: SHA-256 of the payload; for a revisit, of that of the record it refers to
    status: int
    headers: Headers
    payload: bytes = field(repr=False)
    refers_to: str | None  #: record id of the response that holds a revisit's payload
    listing: str | None
    page: int | None

    @property
    def content_type(self) -> str | None:
        return next((value for name, value in self.headers if name.lower() == "content-type"), None)


def format_pair(exchange: Exchange, pair_id: UUID, revisit_of: Payload | None) -> Pair:
    """Request and response, or revisit, of one exchange.

    An unchanged page is nothing but these headers, every night: so its records go without what repeats others
    or proves nothing more (block digests, msgtype, the server's address), and the two ids of a pair differ in their
    last bit only, which packs well.
    """
    if len(exchange.body) > LIMIT - _HEADROOM:
        raise ValueError(f"a body of {len(exchange.body)} bytes: the download limit should have stopped it")
    uri, payload_digest = target_uri(exchange.url), digest(exchange.body)
    record_id, request_id = UUID(int=pair_id.int & ~1).urn, UUID(int=pair_id.int | 1).urn
    when_and_what = (("WARC-Date", check_date(exchange.fetched_at)), ("WARC-Target-URI", uri))
    lean = revisit_of is not None

    block = format_request(exchange.method, uri, _without(exchange.request_headers, _SECRET))
    ids = ("WARC-Record-ID", f"<{request_id}>"), ("WARC-Concurrent-To", f"<{record_id}>")
    headers = (*when_and_what, *ids, *_describe("request", block, lean=lean))
    request = format_record("request", headers, block)

    block = format_response(exchange.status, _without(exchange.headers, _UNDONE))
    if revisit_of is None:
        block += exchange.body
    headers = (
        ("WARC-Record-ID", f"<{record_id}>"),
        *when_and_what,
        *_refer(revisit_of),
        *_present(("WARC-IP-Address", None if lean else exchange.ip), ("Baogao-Listing", _quote(exchange.listing))),
        *_present(("Baogao-Page", exchange.page)),
        ("WARC-Payload-Digest", f"sha256:{payload_digest}"),
        *_describe("response", block, lean=lean),
    )
    response = format_record("revisit" if revisit_of else "response", headers, block)
    return Pair(request, response, record_id, payload_digest)


def check_date(at: str) -> str:
    if not _DATE.fullmatch(at):
        raise ValueError(f"{at!r} is not YYYY-MM-DDTHH:MM:SSZ")
    return at


def read_exchange(root: Path, file: str, offset: int, length: int) -> Archived:
    """The response or revisit that a Pointer names, its payload's digest verified; raises StorageError."""
    with reading(root / file) as handle:
        handle.seek(offset)
        packed = handle.read(length)
    try:
        return parse_exchange(parse_record(unpack(packed), offset, length))
    except ValueError as error:
        raise TornFileError(file, offset, str(error)) from error


def parse_exchange(record: Record) -> Archived:
    """Raises ValueError where the record is no exchange, or its payload is not the one its digest names."""
    headers = record.headers
    if record.type not in {"response", "revisit"}:
        raise ValueError(f"a {record.type} record where a response should be")
    for name in ("WARC-Target-URI", "WARC-Payload-Digest"):
        if name not in headers:
            raise ValueError(f"a {record.type} record without {name}")
    status, http_headers, payload = parse_response(record.block)
    refers_to = None
    if record.type == "revisit":
        refers_to = headers.get("WARC-Refers-To", "").strip("<>")
        if not refers_to or headers.get("WARC-Profile") != REVISIT_PROFILE:
            raise ValueError("a revisit that does not say of what")
    elif digest(payload) != record.digest:
        raise ValueError("the payload does not have the digest its record states")
    listing, page = headers.get("Baogao-Listing"), headers.get("Baogao-Page")
    return Archived(
        type="revisit" if refers_to else "response",
        record_id=record.record_id,
        url=headers["WARC-Target-URI"],
        date=headers["WARC-Date"],
        digest=record.digest,
        status=status,
        headers=http_headers,
        payload=payload,
        refers_to=refers_to,
        listing=unquote(listing) if listing is not None else None,
        page=int(page) if page is not None else None,
    )


def _without(headers: Headers, names: frozenset[str]) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() not in names)


def _present(*headers: tuple[str, str | int | None]) -> Headers:
    return tuple((name, str(value)) for name, value in headers if value is not None)


def _quote(listing: str | None) -> str | None:
    return None if listing is None else quote(listing, safe=_LISTING_CHARACTERS)


def _describe(kind: str, block: bytes, *, lean: bool) -> Headers:
    if lean:
        return (("Content-Type", "application/http"),)
    return (
        ("WARC-Block-Digest", f"sha256:{digest(block)}"),
        ("Content-Type", f"application/http;msgtype={kind}"),
    )


def _refer(payload: Payload | None) -> Headers:
    if payload is None:
        return ()
    return (
        ("WARC-Refers-To", f"<{payload.record_id}>"),
        ("WARC-Refers-To-Date", payload.at),
        ("WARC-Refers-To-Target-URI", target_uri(payload.url)),
        ("WARC-Profile", REVISIT_PROFILE),
    )
