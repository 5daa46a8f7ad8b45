"""What a search finds is exactly what stands in the texts; the index is what stock SQLite makes of them."""

import random
import re
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.schema import SEARCH_RECIPE, segment_sql
from archive.search.characters import BREAK
from archive.search.finding import find
from archive.search.index import index_versions
from archive.search.matching import one_moment
from archive.search.passages import choose_passage
from archive.search.query import search
from archive.search.scope import Scope
from archive.search.segment import segment
from archive.search.terms import parse
from archive.sqlite import sqlite3
from archive.store import open_for_reading, open_for_writing
from archive.text import fold
from tests.bench.corpus import LOST, generate, store

EVERYTHING = 100_000
#: texts that the generator would hardly write
ODD = (
    ("虚构 | 支、付分开写", "这里只有支、付两字，显著不同。", "It pays to pay; payments were paid."),
    ("虚构 | 支付连着写", "移动支付（ＡＩ客服）与Ａ股，５６３．７亿元。", "Tencent's café, C++ and iiMedia_Research."),
    (
        "虚构 | AI客服",
        "AI客服与AI 客服，5G网络，双11，COVID-19，①人工智能，①AI。",
        "AI, 5G, COVID-19 and 40,000 people; 23.64%.",
    ),
    (
        "虚构 | 生僻字𠮷与𰀁",
        "𠮷野家的々与〇，「引号」里的话。\n第二段没有句号\n第三段",
        "One voter; 40000 users, 1,234,567 in all.",
    ),
    (
        "虚构 | カタカナとひらがな",
        "カタカナ・ひらがな、한국어 문장。",
        "Organise, organisation; universities & the university",
    ),
    ("虚构 | 人民 日报", "数字 人民币与 2024 年的563.7万亿元。", "数字人民币 (digital RMB) is spelled e-CNY."),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    records = [*generate(2500), *ODD]
    data = store(tmp_path_factory.mktemp("search") / "data", records)
    with closing(open_for_writing(data)) as connection:
        index_versions(connection)
    with closing(open_for_reading(data)) as connection:
        yield connection, ["\0".join(map(fold, record)) for record in records]


def found(connection, query, fields=()):
    """The numbers of all reports found, without describing each of them."""
    with one_moment(connection):
        finding = find(connection, parse(query).root, fields, Scope(), EVERYTHING, all_versions=False)
    assert finding.total == len(finding.versions)
    items = dict(connection.execute("SELECT version_id, id FROM items").fetchall())
    return {items[version_id] for version_id in finding.versions}


def truth(texts, test):
    return {number for number, text in enumerate(texts, 1) if test(text)}


def containing(texts, words):
    return truth(texts, lambda text: fold(words) in text)


def test_chinese_of_any_length_is_found_where_it_stands_and_nowhere_else(archive):
    """Substrings of the texts, of one to twelve characters, across words as well."""
    connection, texts = archive
    chance = random.Random(3)
    for _ in range(150):
        text = chance.choice(texts)
        runs = re.findall("[一-鿿]+", text)
        run = chance.choice([run for run in runs if len(run) > 1])
        length = min(chance.choice((1, 2, 2, 3, 4, 6, 12)), len(run))
        start = chance.randrange(len(run) - length + 1)
        words = run[start : start + length]
        assert found(connection, words) == containing(texts, words) != set(), words


def test_what_only_stands_across_punctuation_is_not_found(archive):
    """The last character of one clause with the first of the next: in hundreds of texts, and a word in none."""
    connection, texts = archive
    seams = {seam[0] + seam[2] for text in texts[:300] for seam in re.findall("[一-鿿][，。、；：”）》][一-鿿]", text)}
    assert len(seams) > 200
    for seam in random.Random(5).sample(sorted(seams), 60):
        assert found(connection, seam) == containing(texts, seam), seam


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("支付 分开", set()),
        ("分开写", {1}),
        ("支、付", {1}),
        ("AI客服", {2, 3}),
        ("ＡＩ客服", {2, 3}),
        ("A股", {2}),
        ("５６３．７ 移动", {2}),
        ("563.7 人民币", {6}),
        ("①人工智能", {3}),
        ("𠮷野家", {4}),
        ("𰀁", {4}),
        ("々", {4}),
        ("第二段没有句号第三段", set()),
        ("タカ", {5}),
        ("カナひら", set()),
        ("국어", {5}),
        ("人民日报", {6}),
        ("2024年的563.7万亿元", {6}),
        ("生僻 voter", {4}),
        ("tencent cafe", {2}),
        ("Tencent’s", {2}),
        ("iiMedia_Research café", {2}),
        ("40000 voter", {4}),
        ("40,000 people", {3}),
        ("1234567", {4}),
        ("234 OR 567 OR 234,567 OR 1,234", set()),
        ("23.64% covid-19", {3}),
        ("23 OR 64% OR 563 OR 7万亿元 OR 7亿元", set()),
        ("organis* hiragana OR ひら", {5}),
        ("universit* カ", {5}),
        ("生僻 (voter | nobody)", {4}),
        ("title:生僻 en:voter", {4}),
        ("title:voter", set()),
        ("zh:(引号 第三段)", {4}),
        ("「引号」里的话", {4}),
        ("書寫 OR 卡他 OR 移動支付（ＡＩ", {2}),
        ('"digital RMB"', {6}),
        ('"RMB digital"', set()),
    ],
)
def test_odd_texts(archive, query, numbers):
    connection, texts = archive
    first = len(texts) - len(ODD)
    assert {number - first for number in found(connection, query) if number > first} == numbers


def test_words_are_joined_across_fields_and_left_out(archive):
    connection, texts = archive
    both = truth(texts, lambda text: "支付" in text and re.search(r"\bcoffees?\b", text, re.IGNORECASE))
    without = truth(texts, lambda text: "支付" in text and "监管" not in text)
    assert found(connection, "支付 coffee") == both != set()
    assert found(connection, "支付 -监管") == found(connection, "支付 NOT 监管") == without != set()
    assert found(connection, "支付|监管") == containing(texts, "支付") | containing(texts, "监管")
    assert found(connection, "支付", fields=("title",)) == truth(texts, lambda text: "支付" in text.partition("\0")[0])


def test_traditional_characters_find_simplified_ones_and_lose_nothing(archive):
    connection, _ = archive
    assert found(connection, "數據") == found(connection, "数据") != set()
    assert found(connection, "顯著") == found(connection, "显著") == found(connection, "显著 OR 顯著") != set()


def test_title_comes_first_and_texts_are_pieces(archive):
    connection, texts = archive
    result = search(connection, "咖啡 coffee", limit=200)
    titled = [any(match for _, match in hit.title) for hit in result.hits]
    result_of_one = search(connection, "咖啡", limit=400)
    in_title = ["咖啡" in "".join(text for text, _ in hit.title) for hit in result_of_one.hits]
    assert any(titled)
    assert sorted(in_title, reverse=True) == in_title
    assert len(set(in_title)) == 2
    for hit in result.hits[:50]:
        number = int(hit.key.rpartition(":")[2])
        assert fold("".join(text for text, _ in hit.title)) == texts[number - 1].partition("\0")[0]
        matches = [text for _, pieces in (("title", hit.title), *hit.snippets) for text, match in pieces if match]
        assert matches
        assert {re.sub("s$", "", text.lower()) for text in matches} <= {"咖啡", "coffee"}


@pytest.mark.parametrize("at", range(60, 90))
def test_no_match_of_a_passage_is_cut_in_two(at):
    text = "帐篷" + "零" * (at - 2) + "露营装备市场" + "零" * 60
    pieces = choose_passage("zh", text, ((0, 2), (at, at + 6)))
    assert {part for part, match in pieces if match} <= {"帐篷", "露营装备市场"}


def test_only_the_newest_of_very_many_are_ranked_and_all_are_counted(archive, monkeypatch):
    connection, texts = archive
    everything = len(containing(texts, "的"))
    monkeypatch.setattr("archive.search.finding.RANKED", 50)
    result = search(connection, "的", limit=30)
    assert (result.total, len(result.hits)) == (everything, 30)
    titled = search(connection, "咖啡", limit=200)
    in_title = ["咖啡" in "".join(text for text, _ in hit.title) for hit in titled.hits]
    assert titled.total == len(containing(texts, "咖啡"))
    assert in_title[:30] == [True] * 30


def test_old_versions_are_found_only_where_they_are_asked_for(archive):
    connection, texts = archive
    assert found(connection, LOST) == set()
    result = search(connection, LOST, limit=EVERYTHING, all_versions=True)
    assert result.total == len(texts) // 20
    assert {hit.found_in for hit in result.hits} == {"found in version 1, gone in version 2"}
    assert {(hit.version, hit.versions, hit.current) for hit in result.hits} == {(1, (1,), False)}


def test_recipe_finds_the_same_without_our_code(archive):
    connection, texts = archive
    sql = SEARCH_RECIPE.replace("LIMIT 20", f"LIMIT {EVERYTHING}")
    sql = re.sub(
        r"replace\(replace\(snippet\(.*AS snippet", "'' AS snippet", sql
    )  # a millisecond each, and not the question
    for query in (
        "支",
        "支付",
        "ＡＩ客服",
        "支、付",
        "数据",
        "《报告》",
        "人民日报",
        "咖啡 market",
        "23.64%",
        "市场，",
    ):
        rows = connection.execute(sql, {"q": query}).fetchall()
        keys = {int(row["key"].rpartition(":")[2]) for row in rows if row["current"]}
        assert keys == found(connection, query), query
        shown = connection.execute(SEARCH_RECIPE, {"q": query}).fetchall()
        assert len(shown) == min(20, len(rows))
        assert all("[" in row["snippet"] and BREAK not in row["snippet"] for row in shown)
    first = len(texts) - len(ODD)
    for query, numbers in (("40,000", {3}), ("563.7", {2, 6}), ("５６３．７亿元", {2}), ("40", set()), ("000", set())):
        keys = {int(row["key"].rpartition(":")[2]) - first for row in connection.execute(sql, {"q": query})}
        assert {number for number in keys if number > 0} == numbers, query
    assert containing(texts, "数据")
    for odd in ('"', "", None, "a\0b", "^支", "NEAR(", "-x", "{a}:b", "' OR 1", "*", "(((", "支付 AND", "🎉", "\ud7ff"):
        connection.execute(SEARCH_RECIPE, {"q": odd}).fetchall()


ALPHABET = st.sampled_from(
    "支付数ABa19.,%'\"()[]\\`-_{}~^!\n 。、“”《》（）；ＡＢ９，．，①カ・ー한〇\u3164\ue000é²𠮷𰀁😀—…·®"
)


PARTED = st.from_regex(
    "[A-ZＱ约]?([0-9]{1,4}|[12１２][09０９][0-2０-２][0-9０-９])([,.．，](0?[0-9]|1[0-9]|[0-9０-９]{3,4})){0,3}",
    fullmatch=True,
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(st.text(ALPHABET, max_size=30), st.lists(PARTED).map(",".join), st.text(max_size=20)),
        min_size=1,
        max_size=40,
    )
)
def test_segmenter_is_the_view(texts):
    texts = [text.replace(BREAK, "").replace("\0", "") for text in texts]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
        connection.executemany("INSERT INTO t (a) VALUES (?)", ((text,) for text in texts))
        rows = connection.execute(f"SELECT {segment_sql('t.a')} FROM t ORDER BY id")
        assert [row[0] for row in rows] == [segment(text) for text in texts]
