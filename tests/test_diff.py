"""Differences by sentence and token; numbers stay whole (all sentences here are invented)."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.diff import Piece, align_text, diff_tokens
from archive.sentences import split_sentences, tokenize


def diff_text(before, after):
    return [change for change in align_text(before, after) if change.operation != "equal"]


def pieces(before, after):
    return [(piece.operation, piece.text) for piece in diff_tokens(before, after) if piece.operation != "equal"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("规模达12.5亿元。", "规模达12.6亿元。", [("delete", "12.5"), ("insert", "12.6")]),
        ("grew to 1,046.86 billion", "grew to 1,046.9 billion", [("delete", "1,046.86"), ("insert", "1,046.9")]),
        ("占比54.58%", "占比5.58%", [("delete", "54.58%"), ("insert", "5.58%")]),
        ("the big market", "the market", [("delete", "big ")]),
        ("于2024年3月15日发布", "于2024年3月16日发布", [("delete", "2024年3月15日"), ("insert", "2024年3月16日")]),
        ("自2024-03-15起", "自2024-03-16起", [("delete", "2024-03-15"), ("insert", "2024-03-16")]),
        ("on March 5, 2024 it", "on March 6, 2024 it", [("delete", "March 5, 2024"), ("insert", "March 6, 2024")]),
        ("on 5 March 2024 it", "on 5 May 2024 it", [("delete", "5 March 2024"), ("insert", "5 May 2024")]),
        ("规模3316.6亿元", "规模3316.6万元", [("delete", "3316.6亿"), ("insert", "3316.6万")]),
        ("worth 3.5 million yuan", "worth 3.5 billion yuan", [("delete", "3.5 million"), ("insert", "3.5 billion")]),
        ("变化为-3.5%", "变化为3.5%", [("delete", "-3.5%"), ("insert", "3.5%")]),
        ("共10万-20万人", "共10万-30万人", [("delete", "20"), ("insert", "30")]),
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


def test_pairs_are_the_likest_and_not_the_first():
    before = "虚构的甲类产品占比为12%。虚构的乙类产品占比为30%。"
    after = "虚构的丙类产品占比为50%。虚构的甲类产品占比为13%。虚构的乙类产品占比为31%。"
    assert [(change.operation, change.after[3:4]) for change in diff_text(before, after)] == [
        ("insert", "丙"),
        ("replace", "甲"),
        ("replace", "乙"),
    ]


texts = st.text(alphabet="甲乙丙。！12.5,% abAB.\n", max_size=60)
#: as long as summaries are, of words that return
stories = st.lists(
    st.sampled_from([
        "虚构规模为12.5亿元", "2024年3月15日", "，", "。", "；", "”", "“", "\n", "占比为23.64%", "1,046.86", "-3.5%",
        "万", "亿", "The made-up market grew", " by 5 million yuan", ". ", ".", "on March 5, 2024", "iiMedia", '"', " ",
    ]),
    max_size=60,
).map("".join)  # fmt: skip


@given(texts | stories)
def test_sentences_and_tokens_are_the_text(text):
    assert "".join(split_sentences(text)) == text
    assert "".join(tokenize(text)) == text


@given(texts | stories, texts | stories)
def test_tokens_give_both_texts_back(before, after):
    parts = diff_tokens(before, after)
    assert "".join(part.text for part in parts if part.operation != "insert") == before
    assert "".join(part.text for part in parts if part.operation != "delete") == after


@settings(max_examples=300)
@given(texts | stories, texts | stories)
def test_sentences_give_both_texts_back(before, after):
    changes = align_text(before, after)
    assert "".join(change.before for change in changes) == before
    assert "".join(change.after for change in changes) == after
    for change in changes:
        if change.operation == "replace":
            assert "".join(piece.text for piece in change.pieces if piece.operation != "insert") == change.before
            assert "".join(piece.text for piece in change.pieces if piece.operation != "delete") == change.after
        else:
            assert change.pieces == ()
            assert (change.before == change.after) == (change.operation == "equal")


NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@given(stories, stories)
def test_no_number_is_torn(before, after):
    """Every number of a text lies within one piece of it."""
    pieces = diff_tokens(before, after)
    for text, left_out in ((before, "insert"), (after, "delete")):
        edges, place = set(), 0
        for piece in pieces:
            if piece.operation != left_out:
                place += len(piece.text)
                edges.add(place)
        assert not any(
            edge in range(match.start() + 1, match.end()) for match in NUMBER.finditer(text) for edge in edges
        )


@given(texts | stories)
def test_equal_texts_do_not_differ(text):
    assert diff_text(text, text) == []


def _characters(count, kinds):
    return "".join(chr(0x4E00 + number * 7919 % kinds) for number in range(count))


def _number_sentences(count, word):
    return "".join(f"{word}的第{number}句话说的是{number * 7919 % 10007}。" for number in range(count))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("虚构" * 35_000, "编造" * 35_000),
        (_characters(70_000, 3001), "虚" + _characters(70_000, 2999)),
        (_characters(200_000, 3001), _characters(200_000, 3001).replace("且", "虚构")),
        ("虚构的句子。" * 12_000, "虚构的句子。另一句。" * 7_000),
        ("甲。乙。" * 17_000, "乙。丙。" * 17_000),
        (_number_sentences(4_000, "虚构"), _number_sentences(4_000, "编造")),
        ("a " * 100_000, "b " * 100_000),
        ("9" * 200_000, "9" * 199_999 + "8亿"),
        ("." + '"' * 200_000, "." + '"' * 199_999 + "x"),
        ("May " * 50_000, "May 1" * 40_000),
    ],
    ids=(
        "one sentence", "nothing in common", "edited", "repeated", "short", "each edited", "words", "one number",
        "quotes", "months",
    ),
)  # fmt: skip
def test_two_hundred_kilobytes_are_compared_in_two_seconds(before, after):
    started = time.perf_counter()
    changes = align_text(before, after)
    assert time.perf_counter() - started < 2
    assert "".join(change.before for change in changes) == before
    assert "".join(change.after for change in changes) == after


def test_a_long_paragraph_with_few_edits_is_not_replaced_as_a_whole():
    before = _characters(60_000, 3001)
    after = before[:20_000] + "改" + before[20_001:40_000] + before[40_003:]
    (change,) = diff_text(before, after)
    assert [piece.text for piece in change.pieces if piece.operation != "equal"] == [
        before[20_000], "改", before[40_000:40_003],
    ]  # fmt: skip
