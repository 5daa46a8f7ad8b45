"""Whatever is typed is understood or said to be unsearchable, and never an exception."""

import random
import time
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.search.index import index_versions
from archive.search.query import search
from archive.search.terms import LONGEST, MOST_PHRASES, NOTHING, ONLY_WITHOUT, TOO_LONG, Every, Phrase, Some, parse
from archive.store import open_for_reading, open_for_writing
from tests.bench.corpus import generate, store


def tree(node):
    """A query's tree in brackets."""
    match node:
        case Phrase():
            return f"{node.field + ':' if node.field else ''}{'='.join(node.spellings)}{'*' if node.prefix else ''}"
        case Every():
            return "(" + " ".join((*map(tree, node.parts), *("-" + tree(part) for part in node.without))) + ")"
        case Some():
            return "(" + "|".join(map(tree, node.parts)) + ")"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("支付", "支付"),
        ("AI 客服", "(AI 客服)"),
        ("AI　客服", "(AI 客服)"),
        ("《数字人》，", "数字人"),
        ("支付 -直播 NOT x", "(支付 -直播 -x)"),
        ("a-b - c", "(a-b c)"),
        ("a OR b c|d", "(a|(b c)|d)"),
        ("a or not b", "(a or not b)"),
        ("a AND b & c", "(a b c)"),
        ("(a|b) -(c d)", "((a|b) -(c d))"),
        ("a OR -b", "a"),
        ("((a", "a"),
        ("a) b)", "(a b)"),
        ('"digital RMB" x', "(digital RMB x)"),
        ("“数字 人”「直播」", "(数字 人 直播)"),
        ('x "unclosed one', "(x unclosed one)"),
        ("title:支付 zh：b EN:c", "(title:支付 zh:b en:c)"),
        ("title:(a b) -en:c", "((title:a title:b) -en:c)"),
        ("subtitle:a", "subtitle:a"),
        ("title:", None),
        ("pay*", "pay*"),
        ("支付*", "支付"),
        ("支付pay*", "支付pay*"),
        ("ＡＩ５", "AI5"),
        ("網路", "網路=网络"),
        ("显著", "显著"),
        ("40000", "40000=40,000"),
        ("40,000.5", "40,000.5=40000.5"),
        ("1234567", "1234567=1,234,567"),
        ("40，000人", "40，000人=40,000人=40000人"),
        ("1，234，567", "1，234，567=1,234,567=1234567"),
        ("2024，563", "2024，563=2,024，563"),
        ("2023,2024", "2023,2024"),
        ("563.7 0040000 H12345", "(563.7 0040000 H12345)"),
        ("艾｜a", "艾｜a"),
        ("a\0b\ud800", "ab"),
    ],
)
def test_what_is_typed_is_understood(typed, meant):
    root = parse(typed).root
    assert (root and tree(root)) == meant


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        *((text, NOTHING) for text in ("", "  ", "🎉", "()", '""', "，。", "OR", "NOT", "*", "\0", "\u200b", "zh:")),
        *((text, ONLY_WITHOUT) for text in ("-a", "NOT a", "-a -b", "-(a b)", "-a OR -b")),
        *((text, TOO_LONG) for text in ("支" * (LONGEST + 1), "a " * (MOST_PHRASES + 1), "(" * 10**7, "\0" * 5000)),
    ],
    ids=lambda text: text[:8],
)
def test_what_cannot_be_searched_for_is_said(typed, message):
    started = time.monotonic()
    assert parse(typed).message == message
    assert time.monotonic() - started < 1


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    data = store(tmp_path_factory.mktemp("terms") / "data", generate(40))
    with closing(open_for_writing(data)) as writing:
        index_versions(writing)
    with closing(open_for_reading(data)) as reading:
        yield reading


PARTS = (
    *('"', "“", "”", "「", "-", "--", "NOT ", "OR ", "|", " AND ", "(", ")", "*", "^", "+", ":", "title:", "zh："),
    *("{zh en}:", "NEAR(", "NEAR/2", ",", ".", "40000", "40,000", "563.7", "23.64%", "支付", "電商", "𠮷", "🎉"),
    *("\0", "\ud800", "\x1b[31m", "\u202e", "\u200b", "\u3164", "\ue000", "ＡＩ", "'", "''", ";", "\\", "/*", "%", "_"),
    *("é", "e\u0301", "ﷺ", "カ", "한", "market", "pay*", "a*", "\n", "\t", "　", "\x02", "\x03", "ß", "İ", "²", "①"),
    *("\U000e0001", "\U0010ffff", "x" * 300),
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PARTS), max_size=25).map("".join)))
def test_anything_may_be_typed(connection, typed):
    found = search(connection, typed, limit=3)
    assert found.total >= len(found.hits)
    assert found.searched or found.message


def test_thousands_of_odd_queries(connection):
    """Without passages, which the test above has."""
    chance = random.Random(11)
    searched = 0
    for _ in range(5_000):
        typed = "".join(chance.choices(PARTS, k=chance.randint(1, 12)))
        searched += search(connection, typed, limit=0).searched
    assert searched > 2_500


def test_deep_and_wide_queries_are_bounded(connection):
    for typed in (
        "(" * 400 + "支付" + ")" * 400,
        "-" * 900 + "a b",
        "a OR " * 60 + "b",
        "(a|b) " * 30,
        "1000 " * 60,
        "a* " * 20,
    ):
        started = time.monotonic()
        search(connection, typed)
        assert time.monotonic() - started < 2, typed


def test_a_failed_search_leaves_nothing_behind(connection):
    with pytest.raises(OverflowError):  # of SQLite's numbers, when the temporary tables are there
        search(connection, "pay*", limit=2**80)
    assert not connection.in_transaction
    assert search(connection, "支付").total
    assert connection.execute("SELECT count(*) FROM temp.sqlite_master").fetchone()[0] == 0
