"""The table of what counts as the same text (all sentences here are invented)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import series_of
from archive.text import digest, digest_folded, fold, tidy

SAME = [
    ("虚构咨询 | 2025年", "虚构咨询｜2025年 "),
    ("26.9亿", "２６．９亿"),
    ("“双十一”", '"双十一"'),
    ("共 93 页", "共93页"),
    ("2024—2025", "2024-2025"),
    ("增长,其次", "增长，其次"),
    ("(虚构)", "（虚构）"),
    ("in 2025 ”", 'in 2025"'),
    ("第一段\n第二段", "第一段第二段"),
    ("one line\nanother", "one line another"),
    ("wait…", "wait..."),
    ("\ufeff零宽\u200b字符", "零宽字符"),
    ("a\u00a0b\u3000c", "a b c"),
    ("Cafe\u0301", "Café"),
]
DIFFERENT = [
    ("93.8", "93.9"),
    ("12.3%", "-12.3%"),
    ("3.5 billion", "35 billion"),
    ("3, 500", "3,500"),
    ("3 500", "3500"),
    ("5 -3", "5-3"),
    ("now here", "nowhere"),
    ("计划", "计劃"),
    ("iiMedia", "Imedia"),
    ("甲、乙", "甲,乙"),
    ("10²", "102"),
    ("虚构咨询 | 报告", "虚构报告|报告"),
    ("第①类", "第1类"),
    ("句号。", "句号."),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_words_and_figures(one, other):
    assert fold(tidy(one)) == fold(tidy(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_words_or_figures(one, other):
    assert fold(tidy(one)) != fold(tidy(other))


def test_fields_do_not_run_into_each_other():
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest_folded(["甲 ", "乙"]) == digest_folded(["甲", "乙"])


def test_tidy_keeps_paragraphs_and_nothing_invisible():
    assert tidy("  一\r\n\r\n \u3000二\x00\u202e三\ud800 \n") == "一\n二三"


@given(st.text())
def test_tidy_and_fold_are_settled_after_one_pass(raw):
    text = tidy(raw)
    assert tidy(text) == text
    text.encode()  # no lone surrogate survives
    folded = fold(text)
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("title", "series"),
    [
        ("虚构咨询 | 2025年灯笼", "虚构咨询"),
        ("虚构报告｜灯笼", "虚构报告"),
        ("虚构报告丨灯笼", "虚构报告"),
        ("虚构研究院中国数字经济与产业研究中心 | 灯笼", "虚构研究院中国数字经济与产业研究中心"),
        ("Invented Research | Lanterns in 2025", "Invented Research"),
        ("R&D Report|Lanterns", "R&D Report"),
        ("2025年灯笼 | 上册", None),
        ("第一句。第二句 | 灯笼", None),
        ("灯笼", None),
    ],
)
def test_series_is_the_name_before_the_first_bar(title, series):
    assert series_of(title) == series
