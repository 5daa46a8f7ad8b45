"""Strict UTF-8 before every declaration, GB18030 behind it, and damage told from a wrong charset."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.charset import decode

TEXT = "<html><meta charset={}><title>虚构的报告，共九十三页</title>：2024年虚构市场规模为“12.3亿元”"
HEADER = "text/html; charset={}"


@pytest.mark.parametrize(
    ("codec", "header", "meta", "found"),
    [
        ("utf-8", "utf-8", "utf-8", "utf-8"),
        ("utf-8", None, "gbk", "utf-8"),
        ("utf-8", "gb2312", "gb2312", "utf-8"),
        ("utf-8", "iso-8859-1", "nonsense", "utf-8"),
        ("utf-8-sig", "gbk", "gbk", "utf-8"),
        ("gbk", "gbk", "gbk", "gb18030"),
        ("gbk", "utf-8", "utf-8", "gb18030"),
        ("gb2312", "gb2312", "gb2312", "gb18030"),
        ("gb18030", None, "", "gb18030"),
        ("gb18030", "iso-8859-1", "utf-8", "gb18030"),
        ("gb18030", "euc-kr", "shift_jis", "gb18030"),
        ("gb18030", "hex", "rot13", "gb18030"),
        ("utf-16", None, "", "utf-16-le"),
    ],
)
def test_charset(codec, header, meta, found):
    text = TEXT.format(meta)
    decoded = decode(text.encode(codec), header and HEADER.format(header))
    assert decoded is not None
    assert (decoded.text, decoded.charset, decoded.damaged) == (text, found, False)


def test_traditional_characters_in_big5():
    text = "<meta charset=big5>虛構的報告：個人數據與市場發展"
    decoded = decode(text.encode("big5"), None)
    assert decoded is not None
    assert (decoded.text, decoded.charset) == (text, "big5")


@pytest.mark.parametrize("label", ["<meta charset=big5>", "<meta charset=gb2312>", ""])
def test_big5_with_characters_of_hong_kong_or_under_no_label(label):
    text = f"{label}虛構的報告：個人數據與市場發展，在這個國家的第二年嘅調查，每戶為12元"
    decoded = decode(text.encode("big5hkscs"), None)
    assert decoded is not None
    assert decoded.text == text


def test_damaged_gbk_does_not_pass_for_big5():
    whole = ("虚构的市场报告，共九十三页，调查在两个国家的作坊里做" * 5).encode("gbk")
    decoded = decode(whole[:80] + b"\xff" + whole[80:], None)
    assert decoded is not None
    assert decoded.text.count("市场报告") >= 4


def test_characters_beyond_gbk_under_a_gb2312_label():
    text = "𠮷野㐂家的虚构报告"
    decoded = decode(text.encode("gb18030"), HEADER.format("gb2312"))
    assert decoded is not None
    assert decoded.text == text


def test_utf_8_mark_on_gb_bytes():
    decoded = decode(codecs.BOM_UTF8 + TEXT.encode("gb18030"), None)
    assert decoded is not None
    assert decoded.text == TEXT


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_one_stray_byte_is_damage_and_no_other_charset(codec):
    whole = (TEXT * 3).encode(codec)
    decoded = decode(whole[:40] + b"\xff" + whole[40:], None)
    assert decoded is not None
    assert decoded.damaged
    assert decoded.charset == codec
    assert decoded.text.count("虚构") >= 5


def test_bytes_that_are_no_text():
    assert decode(b"\x80\xff" * 400, None) is None


@given(st.binary(max_size=300), st.sampled_from([None, "text/html; charset=gbk", "x", "text/html; charset=utf-7"]))
def test_never_raises(body, content_type):
    decode(body, content_type)
