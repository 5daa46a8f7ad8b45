import contextlib
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.payload import PayloadError, decode_payload

TEXT = "<p>艾媒咨询 | 2025年</p>".encode() * 20


def raw_deflate(data):
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush()


def decode(coding, payload, **options):
    return decode_payload([("content-encoding", coding)], payload, **options)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:])),
        ("gzip", gzip.compress(TEXT) + bytes(512)),
        ("gzip", gzip.compress(TEXT) + b"<!-- rubbish -->"),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("identity", TEXT),
        ("", TEXT),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
        ("identity, gzip", gzip.compress(TEXT)),
    ],
)
def test_codings_are_undone(coding, packed):
    assert decode(coding, packed) == TEXT


def test_codings_may_stand_in_several_headers_or_none():
    twice = [("Content-Encoding", "gzip"), ("X", "y"), ("Content-Encoding", "gzip")]
    assert decode_payload(twice, gzip.compress(gzip.compress(TEXT))) == TEXT
    assert decode_payload([], TEXT) == TEXT


def test_an_answer_without_body_may_name_a_coding():
    assert decode("br", b"") == b""


@pytest.mark.parametrize(
    ("coding", "packed", "reason"),
    [
        ("br", b"\x8b", "not asked for: br"),
        ("zstd", b"\x28\xb5\x2f\xfd", "not asked for: zstd"),
        ("gzip", TEXT, "not in the content coding"),
        ("deflate", b"\xff\xff\xff", "not in the content coding"),
        ("gzip", gzip.compress(TEXT)[:-9], "ends early"),
        ("gzip", gzip.compress(TEXT)[:5], "ends early"),
        ("deflate", zlib.compress(TEXT)[:-5], "ends early"),
        ("gzip", gzip.compress(TEXT)[:-8] + bytes(8), "not in the content coding"),
        ("gzip,gzip,gzip,gzip", b"x", "4 times over"),
        ("gzip", gzip.compress(b"") * 400_000, "more than 100 pieces"),
        ("gzip", gzip.compress(bytes(9 << 20)), "grows too large"),
        ("deflate", raw_deflate(bytes(9 << 20)), "grows too large"),
        ("gzip", gzip.compress(bytes(5 << 20)) * 2, "grows too large"),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(100 << 20))), "grows too large"),
        ("identity", bytes((8 << 20) + 1), "larger than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_or_must_not_be_decoded_says_why(coding, packed, reason):
    with pytest.raises(PayloadError, match=reason):
        decode(coding, packed)


def test_the_limit_is_exact():
    assert len(decode("gzip", gzip.compress(bytes(1000)), limit=1000)) == 1000
    with pytest.raises(PayloadError):
        decode("gzip", gzip.compress(bytes(1001)), limit=1000)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "gzip, deflate", "br"]))
def test_no_bytes_raise_anything_else(payload, coding):
    with contextlib.suppress(PayloadError):
        decode(coding, payload)
