"""Which rule wants which event: kinds, words as the search finds them, listings, and what changed."""

import random
import re
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.alerts.events import list_events
from archive.alerts.matching import match_events
from archive.alerts.model import Event
from archive.alerts.rules import Rule
from archive.search.index import index_versions
from archive.search.query import search
from archive.store import open_for_reading, open_for_writing
from tests.bench.corpus import generate, store
from tests.nights import HOST, Nights, make_reader

EVERY = frozenset({"appeared", "changed", "withdrawn", "reappeared"})
ZH, EN = "虚构的灯笼规模为{}亿元", "The invented size of lanterns is {} billion yuan, and no more than that"


def rule(name="r", match=None, on=EVERY, changed=(), listings=()):
    return Rule(name, ("nowhere",), match, frozenset(on), tuple(changed), tuple(listings))


def told(nights, *rules, run=None):
    """(kind, key) of the events of each rule, by its name."""
    with closing(open_for_reading(nights.data)) as connection:
        events = [event for event in list_events(connection) if run in {None, event.run}]
        found = match_events(connection, rules, events)
        assert connection.execute("SELECT count(*) FROM temp.sqlite_master").fetchone()[0] == 0
    return {name: [(event.kind, event.key) for event in wanted] for name, wanted in found.items()}


def wants(nights, *, run=None, **conditions):
    return told(nights, rule(**conditions), run=run)["r"]


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """1 baseline · 2 n1 new, r1 without 灯笼 · 3 n2 new, r2 in 乙 too · 4, 5 n1 missing, withdrawn · 6 n1 back."""
    played = Nights(tmp_path_factory.mktemp("matching") / "data")
    publisher = played.publisher
    publisher.publish("r1", zh=ZH.format(1), en=EN.format(0.1))
    publisher.publish("r2", zh=ZH.format(2), en=EN.format(0.2))
    for number in range(3, 9):
        publisher.publish(f"r{number}")
    publisher.publish("z1", "乙")
    played.night()
    publisher.edit("r1", zh=ZH.format(1).replace("灯笼", "纸伞"), en=EN.format(0.1).replace("lanterns", "umbrellas"))
    publisher.publish("n1", "甲", title="虚构咨询 | 灯笼", zh="", en="One lantern and more.")
    played.night()
    publisher.publish("n2", "甲", "乙", zh="虚构的风筝规模为40,000元")
    publisher.restore("r2", "乙")
    publisher.edit("r2", zh=ZH.format(3))
    played.night()
    publisher.withdraw("n1")
    played.night()
    played.night()
    publisher.restore("n1")
    played.night()
    return played


def test_each_rule_has_an_answer_and_its_events_are_in_the_order_of_the_feed(nights):
    found = told(nights, rule("all"), rule("gone", on={"withdrawn"}), rule("none", match="不存在的词"), run=None)
    assert list(found) == ["all", "gone", "none"]
    assert found["gone"] == [("withdrawn", "n1")]
    assert found["none"] == []
    assert found["all"] == [event[:2] for run in range(1, 7) for event in nights.events(run)]
    assert len(found["all"]) == 15
    with closing(open_for_reading(nights.data)) as connection:
        events = list_events(connection)
        backwards = match_events(connection, [rule()], events[::-1])["r"]
        assert backwards == events[::-1], "as they were given"
        assert match_events(connection, [], events) == {}
        assert match_events(connection, [rule()], []) == {"r": []}


def test_words_are_looked_for_in_the_version_of_the_event(nights):
    assert wants(nights, match="灯笼", run=1) == [("appeared", "r2"), ("appeared", "r1")]
    assert wants(nights, match="灯笼", run=2) == [("appeared", "n1")], "r1 lost the word with this very change"
    assert wants(nights, match="纸伞") == [("changed", "r1")], "and its appearance had the other one"
    assert wants(nights, match="title:灯笼") == [("appeared", "n1"), ("withdrawn", "n1"), ("reappeared", "n1")]
    assert wants(nights, match="40000") == [("appeared", "n2")]
    assert wants(nights, match="lanterns -umbrella", run=2) == [("appeared", "n1")]
    assert wants(nights, match="燈籠 OR 風箏", on={"appeared"}, run=3) == [("appeared", "n2")]
    for nothing in ("", "-灯笼", "。。", '"', "(" * 50):
        assert wants(nights, match=nothing) == [], "as a search finds nothing"


def test_a_listing_counts_from_the_run_that_saw_the_report_in_it(nights):
    assert wants(nights, listings=["tag:乙"], run=1) == [("appeared", "z1")]
    assert wants(nights, listings=["tag:乙"], run=2) == []
    assert sorted(wants(nights, listings=["tag:乙"], run=3)) == [("appeared", "n2"), ("changed", "r2")]
    assert wants(nights, listings=["甲"], on={"withdrawn"}) == [("withdrawn", "n1")], "it held it"
    assert wants(nights, listings=["乙"], on={"withdrawn"}) == []
    for name in ("乙", f"{HOST}/tag/乙", f"{HOST}/tag/%E4%B9%99"):
        assert wants(nights, listings=[name]) == wants(nights, listings=["tag:乙"])
    assert wants(nights, listings=["丁"]) == wants(nights, listings=["http://[broken"]) == []
    assert wants(nights, listings=["丁", "乙"], run=1) == [("appeared", "z1")]
    assert wants(nights, listings=["乙"], match="灯笼 OR 风筝", on={"appeared"}) == [("appeared", "n2")]


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """Run 2: each report is edited in one way, which its key names."""
    played = Nights(tmp_path_factory.mktemp("edited") / "data")
    keys = ("title", "zh-figure", "en-figure", "zh-words", "en-words", "brands", "en-new", "both")
    for key in keys:
        played.publisher.publish(key, zh=ZH.format(1), en="" if key == "en-new" else EN.format(0.1))
    played.publisher.publish("untouched")
    played.night()
    played.publisher.edit("title", title="虚构咨询 | 另一个题目")
    played.publisher.edit("zh-figure", zh=ZH.format(2))
    played.publisher.edit("en-figure", en=EN.format(0.2))
    played.publisher.edit("zh-words", zh=ZH.format(1).replace("灯笼", "彩灯"))
    played.publisher.edit("en-words", en=EN.format(0.1).replace("lanterns", "lamps"))
    played.publisher.edit("brands", brands=["虚构牌"])
    played.publisher.edit("en-new", en=EN.format(0.1))
    played.publisher.edit("both", zh=ZH.format(7), title="虚构咨询 | 又一个题目")
    played.publisher.publish("new")
    played.night()
    assert len(played.events(2)) == len(keys) + 1
    return played


@pytest.mark.parametrize(
    ("aspects", "expected"),
    [
        (["title"], {"title", "both"}),
        (["title:zh"], {"title", "both"}),
        (["figures"], {"zh-figure", "en-figure", "both"}),
        (["figures:zh"], {"zh-figure", "both"}),
        (["figures:en"], {"en-figure"}),
        (["wording"], {"zh-words", "en-words"}),
        (["wording:en"], {"en-words"}),
        (["brands"], {"brands"}),
        (["language_added"], {"en-new"}),
        (["language_added:zh", "language_removed", "published_on"], set()),
        (["brands", "figures:en"], {"brands", "en-figure"}),
        ([], {"title", "zh-figure", "en-figure", "zh-words", "en-words", "brands", "en-new", "both"}),
    ],
)
def test_only_these_kinds_of_change(edited, aspects, expected):
    found = wants(edited, changed=aspects, on={"changed", "appeared"}, run=2)
    assert {key for kind, key in found if kind == "changed"} == expected
    assert ("appeared", "new") in found, "only changes are asked what they changed"


def test_a_change_is_judged_against_what_it_was_compared_with(tmp_path):
    """A better parser corrects the reading first; the edit is only what the site did."""
    played = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("月",)))
    for number in range(6):
        played.publisher.publish(f"r{number}")
    played.publisher.edit("r1", zh="虚构的月饼规模为12.5亿元")
    played.night()
    played.reader = make_reader(2)
    played.publisher.edit("r1", title="虚构咨询 | 改过的题目")
    played.night()
    assert {kind for kind, _, _ in played.events()} == {"corrected", "changed"}
    assert wants(played, changed=["title"], on={"changed"}) == [("changed", "r1")]
    assert wants(played, changed=["wording"], on={"changed"}) == []


def test_a_word_is_looked_up_once_for_all_rules(nights):
    rules = [rule(f"{number}", match) for number, match in enumerate(("灯笼", "灯笼 风筝", "风筝 OR -灯笼 虚构") * 30)]
    asked = []
    with closing(open_for_reading(nights.data)) as connection:
        events = list_events(connection)
        connection.set_trace_callback(asked.append)
        found = match_events(connection, rules, events)
    assert len([statement for statement in asked if " MATCH " in statement]) == 3
    assert found["0"] == found["87"] != found["2"] == found["89"]


def test_a_whole_history_is_asked_in_the_index_that_is_there(corpus):
    connection, events = corpus
    asked = []
    connection.set_trace_callback(asked.append)
    match_events(connection, [rule(match="市场")], events)
    assert not [statement for statement in asked if "INSERT" in statement]
    match_events(connection, [rule(match="市场")], events[:9])
    connection.set_trace_callback(None)
    assert [statement for statement in asked if "INSERT" in statement]


# the same as a search

WORDS = (  # noqa: SIM905 - forty words are read as words
    "支付|市场|消费|咖啡|行业|规模|一|数字|移动支付|供应链|人民日报|网路|數字|coffee|percent|survey|brand|market|payment|"
    'universi*|organise*|pay*|s*|con*|12*|2*|40,000|40000|23.64%|2024|AI|5G|"the market"|"of the"|"digital RMB"|'
    '"per cent*"|title:行业|zh:咖啡|en:coffee|title:咖啡|虚构'
).split("|")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """An archive of 400 invented records, some of them with older versions; each current one as an event."""
    records = list(generate(400, seed=3))
    for number, (title, zh, en) in enumerate(records[:90:3]):
        records[3 * number] = (title, zh, f"{en} {('Universities pay.', 'They organise it.')[number % 2]}")
    data = store(tmp_path_factory.mktemp("corpus") / "data", records)
    with closing(open_for_writing(data)) as connection:
        index_versions(connection)
    with closing(open_for_reading(data)) as connection:
        rows = connection.execute("SELECT id, key, version_id FROM items ORDER BY id").fetchall()
        yield connection, [Event(n, 1, "appeared", key, n, version, "", "due") for n, key, version in rows]


def is_like_search(connection, events, queries):
    rules = [rule(str(number), query) for number, query in enumerate(queries)]
    whole = match_events(connection, rules, events)
    chance = random.Random(7)
    night = sorted(chance.sample(events, 60), key=lambda event: event.id)
    part = match_events(connection, rules, night)
    keys = {event.key for event in night}
    hits = 0
    for number, query in enumerate(queries):
        found = search(connection, query, limit=len(events))
        expected = {hit.key for hit in found.hits}
        assert {event.key for event in whole[str(number)]} == expected, query
        if found.message is None or not found.searched:  # else a night's few texts have a beginning's words all
            assert {event.key for event in part[str(number)]} == expected & keys, query
        hits += len(expected)
    return hits


query = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(
        st.builds("{} {}".format, inner, inner),
        st.builds("{} OR {}".format, inner, inner),
        st.builds("({}) -({})".format, inner, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=6,
)


def test_beginnings_of_words_whose_stems_lack_them(corpus):
    assert is_like_search(*corpus, ["universi*", "organise*"]) == 30


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(queries=st.lists(st.one_of(query, query, st.text(max_size=12)), min_size=1, max_size=6))
def test_rules_want_what_a_search_finds(corpus, queries):
    is_like_search(*corpus, queries)


def test_rules_of_words_cut_from_the_texts_want_what_a_search_finds(corpus):
    connection, events = corpus
    chance = random.Random(11)
    texts = [
        text for row in connection.execute("SELECT title, summary_zh, summary_en FROM reports") for text in tuple(row)
    ]
    queries = []
    for _ in range(150):
        text = chance.choice(texts)
        start = chance.randrange(len(text) - 12)
        cut = re.sub(r'["()|]', " ", text[start : start + chance.randint(2, 12)])
        queries.append(chance.choice((f'"{cut}"', cut, f"{cut}*", f"{cut} OR 咖啡", f"行业 -{cut}")))
    hits = is_like_search(connection, events, queries)
    assert hits > 300
    print(f"{len(queries)} queries, {hits} hits, all the same")  # noqa: T201
