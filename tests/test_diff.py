"""Differences by sentence and token; numbers stay whole (all sentences here are invented)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.diff import Piece, diff_text, diff_tokens, split_sentences


def pieces(before, after):
    return [(piece.operation, piece.text) for piece in diff_tokens(before, after) if piece.operation != "equal"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("规模达12.5亿元。", "规模达12.6亿元。", [("delete", "12.5"), ("insert", "12.6")]),
        ("grew to 1,046.86 billion", "grew to 1,046.9 billion", [("delete", "1,046.86"), ("insert", "1,046.9")]),
        ("占比54.58%", "占比5.58%", [("delete", "54.58%"), ("insert", "5.58%")]),
        ("the big market", "the market", [("delete", "big ")]),
        ("消费者看重价格", "消费者看重品质", [("delete", "价格"), ("insert", "品质")]),
    ],
)
def test_tokens(before, after, expected):
    assert pieces(before, after) == expected


def test_hunks_parted_by_one_character_are_one():
    assert diff_tokens("甲的乙", "丙的丁") == (Piece("delete", "甲的乙"), Piece("insert", "丙的丁"))


def test_sentences_of_both_languages_and_the_glued_stop():
    zh = "第一句“虚构”。”第二句!第三句；完\n第二段。"
    assert split_sentences(zh) == ["第一句“虚构”。”", "第二句!第三句；", "完", "\n", "第二段。"]
    en = 'It is "invented." The size is 3.5 billion. Made up Research analysts believe so.iiMedia Consulting too.'
    assert split_sentences(en) == [
        'It is "invented." ',
        "The size is 3.5 billion. ",
        "Made up Research analysts believe so.",
        "iiMedia Consulting too.",
    ]


def test_changed_sentence_is_paired_and_others_came_or_went():
    before = "规模为12.5亿元。用户多为年轻人。前景广阔。"
    after = "规模为12.6亿元。前景广阔。这是全新的一句话。"
    assert [(change.operation, change.before, change.after) for change in diff_text(before, after)] == [
        ("replace", "规模为12.5亿元。", "规模为12.6亿元。"),
        ("delete", "用户多为年轻人。", ""),
        ("insert", "", "这是全新的一句话。"),
    ]


texts = st.text(alphabet="甲乙丙。！12.5,% abAB.\n", max_size=60)


@given(texts)
def test_sentences_are_the_text(text):
    assert "".join(split_sentences(text)) == text


@given(texts, texts)
def test_tokens_give_both_texts_back(before, after):
    parts = diff_tokens(before, after)
    assert "".join(part.text for part in parts if part.operation != "insert") == before
    assert "".join(part.text for part in parts if part.operation != "delete") == after


@given(texts)
def test_equal_texts_do_not_differ(text):
    assert diff_text(text, text) == []
