"""Exchanges and WARC files for the tests of archive.warc and archive.recovery."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from fastwarc.warc import ArchiveIterator as FastWarcIterator
from fastwarc.warc import WarcRecordType
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from archive.model import Exchange
from archive.warc import Payload, WarcWriter

AT = "2026-11-22T07:26:13Z"
URL = "http://127.0.0.1:8000/tag/%E4%BA%A4%E5%8F%8B?page=17"
BODY = "<p>艾媒咨询 | 2025年</p>".encode()
REQUEST_HEADERS = (
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8"),
    ("User-Agent", "baogao/0.1 (+https://example.org/baogao)"),
    ("Accept-Encoding", "gzip, deflate"),
)
RESPONSE_HEADERS = (
    ("Server", "nginx/1.22.1"),
    ("Date", "Sun, 22 Nov 2026 07:26:13 GMT"),
    ("Content-Type", "text/html; charset=utf-8"),
    ("Vary", "Accept-Encoding"),
)

TYPES = ("warcinfo", "request", "response", "revisit", "metadata")


def exchange(number=17, **changes):
    """The answer to a listing page's request."""
    values = {
        "url": URL.replace("17", str(number)),
        "method": "GET",
        "request_headers": REQUEST_HEADERS,
        "status": 200,
        "headers": RESPONSE_HEADERS,
        "body": BODY,
        "fetched_at": AT,
        "listing": "tag:交友",
        "page": number,
        "ip": "127.0.0.1",
    }
    return Exchange(**values | changes)


def numbered_ids(seed=0):
    """Ids that are the same in every run of a test."""
    rng = random.Random(seed)
    return lambda: UUID(int=rng.getrandbits(128), version=4)


def begin(root, name="night.warc.gz", *, seed=0):
    (root / "warc").mkdir(exist_ok=True)
    info = {"run": "1", "parser": "1"}
    return WarcWriter.create(root / "warc" / name, root=root, info=info, at=AT, new_id=numbered_ids(seed))


def write_night(root):
    """A closed file with everything in it: a response, a note, a revisit, an empty and a packed body."""
    with begin(root) as writer:
        first = writer.append(exchange(1))
        writer.note("walk-stop", {"listing": "tag:交友", "stopped": "空页"}, at=AT)
        pointers = [
            first,
            writer.append(exchange(1), revisit_of=Payload(first.record_id, exchange(1).url, AT)),
            writer.append(exchange(2, body=b"", status=302, listing=None, page=None, ip=None)),
            writer.append(exchange(3, body=random.Random(3).randbytes(3000))),
        ]
    return writer.path, pointers


def judge(path: Path) -> list[str]:
    """The types of a file's records, as warcio and FastWARC both read it; fails where a digest is wrong."""
    types = []
    with path.open("rb") as stream:
        for record in WarcioIterator(stream, check_digests="raise"):
            record.raw_stream.read()
            assert record.digest_checker.passed is not False
            types.append(record.rec_type)
    seen = []
    with path.open("rb") as stream:
        for record in FastWarcIterator(stream, parse_http=False):
            assert record.verify_block_digest() or "WARC-Block-Digest" not in record.headers
            seen.append(next(name for name in TYPES if getattr(WarcRecordType, name) == record.record_type))
    with path.open("rb") as stream:
        for record in FastWarcIterator(stream, parse_http=True, record_types=WarcRecordType.response):
            assert record.verify_payload_digest() is True
    assert seen == types
    return types


def run_tool(*words):
    """A console script of this environment."""
    script = Path(sys.executable).with_name(words[0])
    return subprocess.run([script, *words[1:]], capture_output=True, text=True, check=False)
