"""The feed for feed readers: what it tells, under which ids, in which characters, and never half a file."""

import dataclasses
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.alerts.events import list_events
from archive.alerts.model import Announcement, Event
from archive.deciding import add_alias, drop_events, release_events
from archive.derive import derive
from archive.errors import StorageError, UsageError
from archive.feeds import selection as selections
from archive.feeds.atom import build_atom
from archive.feeds.characters import clean, clean_line
from archive.feeds.entries import LABELS, load_feed, make_entry
from archive.feeds.jsonfeed import build_json_feed
from archive.feeds.model import Feed
from archive.feeds.selection import make_selection
from archive.feeds.writing import write_feed
from archive.store import open_for_reading
from archive.text import tidy
from tests.command import Desk
from tests.feeds import ATOM, links, parse_atom, parse_json_feed, titles
from tests.nights import Nights, Publisher
from tests.web.markup import Parsed
from tests.web.payloads import PAYLOADS

BASE = "https://archive.example.org/reports"
#: what a feed reader may be given to show
ELEMENTS = {"p", "div", "small", "a", "h4", "del", "ins"}


def play(root):
    """A first walk, and then of every kind one event; returns the archive."""
    publisher = Publisher()
    for number in range(1, 13):
        publisher.publish(f"h:{number}", "甲", title=f"虚构咨询 | 虚构行业第{number}号报告")
    publisher.publish("h:50", "乙", title="另一列表的虚构报告")
    nights = Nights(root, publisher, ranks=("甲", "乙"))
    nights.night()
    publisher.publish("h:20", "甲", title="虚构咨询 | 虚构支付报告", zh="虚构支付规模达12亿元", en="Invented payments")
    publisher.publish("h:51", "乙", title="Invented tea", zh="", en="Invented tea sells & sells")
    nights.night()
    publisher.edit("h:3", zh="虚构的h:3规模为13.5亿元", title="虚构咨询 | 虚构行业第3号报告（修订）")
    publisher.withdraw("h:4")
    nights.night()
    nights.night()
    publisher.restore("h:4")
    nights.night()
    with nights.opened() as connection:
        derive(connection, print)
    return nights


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    return play(tmp_path_factory.mktemp("feeds") / "data")


def load(nights, *, base_url=None, **asked):
    connection = open_for_reading(nights.data)
    try:
        return load_feed(connection, make_selection(connection, **asked), base_url=base_url)
    finally:
        connection.close()


# what is told


def test_new_reports_alone_unless_asked(nights):
    feed = parse_atom(build_atom(load(nights)))
    assert titles(feed) == ["Invented tea", "虚构咨询 | 虚构支付报告"]
    assert parse_json_feed(build_json_feed(load(nights)))["items"][0]["title"] == "Invented tea"


def test_every_kind_in_both_languages_newest_first(nights):
    feed = parse_atom(build_atom(load(nights, on=["all"])))
    assert titles(feed) == [
        "Listed again / 重新列出: 虚构咨询 | 虚构行业第4号报告",
        "No longer listed / 不再列出: 虚构咨询 | 虚构行业第4号报告",
        "Changed / 内容变更: 虚构咨询 | 虚构行业第3号报告（修订）",
        "Invented tea",
        "虚构咨询 | 虚构支付报告",
    ]
    entries = feed.findall(f"{ATOM}entry")
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    assert [entry.find(f"{ATOM}category").get("term") for entry in entries] == [
        "reappeared", "withdrawn", "changed", "appeared", "appeared",
    ]  # fmt: skip
    again, gone, changed, tea, _ = (entry.findtext(f"{ATOM}content") for entry in entries)
    assert "Listed again since 2026-01-06" in again
    assert "it is not new" in again
    assert "No longer listed since 2026-01-05" in gone
    assert "自 2026-01-05 起不再列出" in gone
    assert "虚构的h:4规模为12.5亿元" in gone
    assert "<del>12.5亿</del><ins>13.5亿</ins>" in changed or "<del>12.5</del><ins>13.5</ins>" in changed, changed
    assert '<div lang="en"><p>Invented tea sells &amp; sells</p></div>' in tea
    assert "zh-Hans" not in tea
    assert [entry.find(f"{ATOM}author/{ATOM}name").text for entry in entries[2:4]] == ["虚构咨询", "127.0.0.1"]


def test_kinds_are_those_that_were_asked_for(nights):
    assert [entry.kind for entry in load(nights).entries] == ["appeared", "appeared"]
    assert [entry.kind for entry in load(nights, on=["withdrawn"]).entries] == ["withdrawn"]
    both = load(nights, on=["withdrawn", "appeared"]).entries
    assert [entry.kind for entry in both] == ["withdrawn", "appeared", "appeared"]
    with pytest.raises(UsageError, match="'cosmetic' is no kind of event: allowed are appeared, changed"):
        load(nights, on=["cosmetic"])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"listing": "tag:乙"}, ["Invented tea"]),
        ({"listing": "甲", "on": ["all"]}, ["h:4", "h:4", "h:3", "h:20"]),
        ({"query": "payments"}, ["虚构咨询 | 虚构支付报告"]),
        ({"query": "支付 OR tea"}, ["Invented tea", "虚构咨询 | 虚构支付报告"]),
        ({"query": "13.5", "on": ["changed"]}, ["h:3"]),
        ({"query": "支付", "listing": "tag:乙"}, []),
        ({"query": "没有这样的词"}, []),
    ],
)
def test_selection(nights, asked, found, monkeypatch):
    for size in (500, 1, 2):  # events matched at once
        monkeypatch.setattr(selections, "_CHUNK", size)
        entries = load(nights, **asked).entries
        assert all(name in {entry.key, entry.title} for entry, name in zip(entries, found, strict=True)), entries


def test_selection_that_there_is_not(nights):
    with pytest.raises(UsageError, match="There is no listing '没有': this archive has tag:乙, tag:甲"):
        load(nights, listing="没有")
    for query in ("", "-支付", "()", "x " * 900):
        with pytest.raises(UsageError, match="query"):
            load(nights, query=query)


def test_links_and_names(nights):
    made = load(nights, base_url=BASE, listing="甲", query="支付 OR 修订", on=["changed"])
    feed = parse_atom(build_atom(made))
    query = "listing=tag%3A%E7%94%B2&q=%E6%94%AF%E4%BB%98+OR+%E4%BF%AE%E8%AE%A2"
    assert links(feed) == {
        "self": f"{BASE}/feed.atom?{query}&on=changed",
        "alternate": f"{BASE}/?q=%E6%94%AF%E4%BB%98+OR+%E4%BF%AE%E8%AE%A2&listing=tag%3A%E7%94%B2",
    }
    assert "publisher's" in feed.findtext(f"{ATOM}rights")
    assert links(feed.findall(f"{ATOM}entry")[0]) == {
        "alternate": "http://127.0.0.1/h:3",
        "related": f"{BASE}/r/h:3/v/2",
    }
    other = parse_json_feed(build_json_feed(made))
    assert other["feed_url"] == f"{BASE}/feed.json?{query}&on=changed"
    assert other["items"][0]["url"] == "http://127.0.0.1/h:3"
    assert other["items"][0]["_baogao"]["archived_url"] == f"{BASE}/r/h:3/v/2"
    alone = parse_atom(build_atom(load(nights)))
    assert links(alone) == {}
    assert set(links(alone.findall(f"{ATOM}entry")[0])) == {"alternate"}


def test_feeds_have_names_of_their_own(nights):
    asked = ({}, {"on": ["changed"]}, {"listing": "甲"}, {"query": "支付"}, {"query": "支付 tea"}, {"listing": "乙"})
    names = [load(nights, **each).id for each in asked]
    assert len(set(names)) == len(asked)
    assert names == [load(nights, base_url=BASE, **each).id for each in asked]


def test_same_archive_same_bytes(nights):
    for build in (build_atom, build_json_feed):
        assert build(load(nights, on=["all"], base_url=BASE)) == build(load(nights, on=["all"], base_url=BASE))


def test_rebuilt_archive_gives_the_same_bytes(nights, tmp_path):
    other = nights.rebuild(tmp_path / "other")
    with other.opened() as connection:
        derive(connection, print)
        connection.execute("UPDATE events SET id = id + 1000")  # as after a parser's change
    for build in (build_atom, build_json_feed):
        assert build(load(other, on=["all"])) == build(load(nights, on=["all"]))


def test_what_was_never_to_be_announced_is_not_told(tmp_path):
    publisher = Publisher()
    nights = Nights(tmp_path / "data", publisher)
    for number in range(20):
        publisher.publish(f"h:{number}")
    nights.night()
    empty = load(nights, on=["all"])
    assert empty.entries == ()  # a first walk
    assert (
        parse_atom(build_atom(empty)).findtext(f"{ATOM}updated") == nights.query("SELECT finished_at FROM runs")[0][0]
    )
    for number in range(20, 90):
        publisher.publish(f"h:{number}")
    nights.night()
    assert {alert for _, _, alert in nights.events()} == {"held"}
    assert load(nights, on=["all"]).entries == ()
    with nights.opened() as connection:
        changed = selections.find_last_change(connection)
        held = list_events(connection)[20:]
        release_events(connection, nights.data, held[:2], nights.reader, now="2026-02-01T00:00:00Z")
        assert selections.find_last_change(connection) == "2026-02-01T00:00:00Z" > changed
        drop_events(connection, nights.data, held[2:], nights.reader, now="2026-02-02T00:00:00Z")
        assert selections.find_last_change(connection) == "2026-02-02T00:00:00Z"
    assert [entry.key for entry in load(nights).entries] == [held[1].key, held[0].key]


def test_feed_of_an_archive_without_a_night(tmp_path):
    nights = Nights(tmp_path / "data")
    with nights.opened():
        pass
    feed = load(nights)
    assert feed.updated == "1970-01-01T00:00:00Z"
    parse_atom(build_atom(feed))
    parse_json_feed(build_json_feed(feed))


def test_the_latest_hundred(tmp_path):
    publisher, number = Publisher(), count()
    nights = Nights(tmp_path / "data", publisher)
    for nth in range(4):
        for _ in range(50 if nth == 0 else 45):
            publisher.publish(f"h:{next(number)}")
        nights.night()
    due = nights.query("SELECT i.key FROM events e JOIN items i ON i.id = e.item_id WHERE alert = 'due' ORDER BY e.id")
    assert len(due) == 135
    assert [entry.key for entry in load(nights).entries] == [key for (key,) in due[:-101:-1]]


def test_report_that_became_an_alias_is_told_as_it_was(tmp_path):
    """Its page leads to the other report, and so does no version of it."""
    nights = play(tmp_path / "data")
    before = load(nights, base_url=BASE)
    with nights.opened() as connection:
        add_alias(connection, nights.data, "h:20", "h:3", "moved", nights.reader, now=nights.now())
        changed = selections.find_last_change(connection)
    after = load(nights, base_url=BASE)
    assert [(each.id, each.title) for each in after.entries] == [(each.id, each.title) for each in before.entries]
    assert "Invented payments" in after.entries[1].content
    assert (before.entries[1].archived_url, after.entries[1].archived_url) == (f"{BASE}/r/h:20/v/1", f"{BASE}/r/h:20")
    assert changed == nights.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert load(nights.rebuild(tmp_path / "other"), base_url=BASE) == after


def test_text_that_came_back_says_so():
    entry = make_entry(announce("标题", kind="changed", returned_to=1, before={"summary_zh": "新"}))
    assert "Back to the text of version 1" in entry.content
    assert "恢复为第 1 版内容" in entry.content
    assert "<del>新</del>" in entry.content
    assert entry.title == "Changed back to version 1 / 恢复为第 1 版: 标题"


def test_changed_text_stands_under_a_heading_of_its_own():
    """Else the Chinese text would stand below “English summary”."""
    entry = make_entry(announce("标题", en="b", kind="changed", before={"summary_en": "c"}))
    heading, _, text = entry.content.partition("<h4>Whole text of version 2 / 第 2 版全文</h4>")
    assert "<h4>English summary / 英文摘要</h4>" in heading
    assert text.lstrip().startswith('<div lang="zh-Hans"><p>甲</p></div>')
    assert "Whole text" not in make_entry(announce("标题", zh="", en="", kind="changed", before={"title": "c"})).content


def test_language_that_went_leaves_no_empty_deletion():
    entry = make_entry(announce("标题", en="", kind="changed", before={"summary_en": "One.\nTwo."}))
    assert entry.content.count("<del>") == 2
    entry = make_entry(announce("标题", en="One. Two.", kind="changed", before={"summary_en": "One.\nTwo."}))
    assert "<p>(a paragraph break moved / 段落划分有变)</p>" in entry.content
    assert "<del>" not in entry.content


# characters


def announce(title, *, zh="甲", en="b", url="http://example.invalid/x", kind="appeared", before=None, **more):
    number = next(_NUMBERS)
    record = {
        "key": f"h:{number}", "url": url, "title": title, "series": None, "brands": [], "summary_zh": zh,
        "summary_en": en, "published_on": None, "version": 2, "observed_at": "2026-01-01T00:00:00Z",
        "capture": {"url": "http://example.invalid/list"},
    }  # fmt: skip
    event = Event(number, 1, kind, f"h:{number}", number, number, "2026-01-01T00:00:00Z", "due")
    uid = f"00000000-0000-5000-8000-{number:012x}"
    return Announcement(uid, event, record, before if before is None else record | before, **more)


_NUMBERS = count()
_PIECES = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(PAYLOADS),
    st.sampled_from(
        ["]]>", "<![CDATA[", "\x00", "\ufffe\uffff", "\ud800", "\udc00\ud800", "\x85", "\r\r\n", "&amp;", "报告"]
    ),
    st.sampled_from(
        ["\u202e倒\u202c", "مرحبا", "\u2067x\u2069", "\u2028", "\U0001fffe", "\U0010ffff", "\ufdd0", "\x0b\x0c"]
    ),
)
HOSTILE = st.lists(_PIECES, max_size=3).map("".join)
_COUNTED = {"titles": 0}


@given(st.lists(HOSTILE, min_size=20, max_size=20), HOSTILE, st.sampled_from(list(LABELS)))
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def check_hostile(batch, query, kind):
    expected = [clean_line(title) or "(without a title / 无标题)" for title in batch]
    if kind != "appeared":
        expected = [f"{LABELS[kind]}: {title}" for title in expected]
    entries = tuple(
        make_entry(announce(title, zh=title, en=query, kind=kind, before={"summary_zh": query}), base_url=BASE)
        for title in batch
    )
    feed = Feed("urn:uuid:0", f"x{query}", query, "2026-01-01T00:00:00Z", entries, BASE)
    atom, other = build_atom(feed), build_json_feed(feed)
    parsed = parse_atom(atom)
    assert titles(parsed) == expected
    second = [entry.findtext(f"{ATOM}title") for entry in ET.fromstring(atom).iter(f"{ATOM}entry")]  # another parser
    assert second == expected
    items = parse_json_feed(other)["items"]
    assert [item["title"] for item in items] == expected
    contents = [entry.findtext(f"{ATOM}content") for entry in parsed.findall(f"{ATOM}entry")]
    assert contents == [item["content_html"] for item in items]
    for content, title in zip(contents, batch, strict=True):
        page = Parsed(content)
        assert {tag for tag, _ in page.tags} <= ELEMENTS
        assert {name for _, attributes in page.tags for name in attributes} <= {"lang", "href"}
        assert clean_line(title) in page.text or "\n" in clean(title)
    _COUNTED["titles"] += len(batch)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x1bc\x7fd\x9fe", "abcde"),
        ("\ud800a\udc00", "a"),
        ("a\ufffe\uffffb", "ab"),
        ("a\u202eb\u2066c\u2069\u200f", "abc"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("]]> <b>&amp; 报告 é 😀 👩\u200d🔬 مرحبا 𠮷", "]]> <b>&amp; 报告 é 😀 👩\u200d🔬 مرحبا 𠮷"),
    ],
)
def test_characters(text, cleaned):
    assert clean(text) == cleaned


def test_ten_thousand_hostile_titles():
    _COUNTED["titles"] = 0
    check_hostile()
    print(f"{_COUNTED['titles']:,} hostile titles: all parse")  # noqa: T201 - the count is wanted
    assert _COUNTED["titles"] >= 10_000


@given(HOSTILE)
def test_cleaning_leaves_what_ingest_has_tidied(text):
    assert clean(tidy(text)) == tidy(text).encode("utf-16", "ignore").decode("utf-16")
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//x/y", "http://x/a b", "http://[x", "", None]
)
def test_address_that_is_none_becomes_no_link(url):
    entry = make_entry(announce("标题", url=url))
    assert entry.url is None
    assert make_entry(announce("标题", url=url), base_url=BASE).url.startswith(f"{BASE}/r/h:")
    feed = Feed("urn:uuid:0", "x", "", "2026-01-01T00:00:00Z", (entry,))
    parse_atom(build_atom(feed))
    assert "url" not in parse_json_feed(build_json_feed(feed))["items"][0]
    assert "href" not in entry.content


# the file


def test_file_appears_whole_with_the_mode_of_the_umask(tmp_path):
    target = tmp_path / "feed.atom"
    before = os.umask(0o022)
    try:
        assert write_feed(b"one", target)
    finally:
        os.umask(before)
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"one", 0o644)
    assert [path.name for path in tmp_path.iterdir()] == ["feed.atom"]


def test_unchanged_file_is_not_touched(tmp_path):
    target = tmp_path / "feed.atom"
    assert write_feed(b"one", target)
    os.utime(target, (1, 1))
    known = target.stat()
    assert not write_feed(b"one", target)
    assert (target.stat().st_mtime, target.stat().st_ino) == (1, known.st_ino)
    assert write_feed(b"two", target)
    assert target.stat().st_mtime > 1


def test_link_stays_a_link(tmp_path):
    """To where the web server looks, say."""
    place, link = tmp_path / "www" / "feed.atom", tmp_path / "feed.atom"
    place.parent.mkdir()
    link.symlink_to(place)
    for content in (b"one", b"two"):
        assert write_feed(content, link)
        assert (link.is_symlink(), place.read_bytes()) == (True, content)
    assert not write_feed(b"two", link)
    link.unlink()
    link.symlink_to(link)  # leads nowhere: there is nothing to keep
    assert write_feed(b"three", link)
    assert link.read_bytes() == b"three"


def test_file_that_can_not_be_written(tmp_path):
    with pytest.raises(StorageError, match="what was there is unchanged"):
        write_feed(b"one", tmp_path / "nowhere" / "feed.atom")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="could not be written"):
        write_feed(b"one", tmp_path / "file" / "feed.atom")


READER = """
import json, sys, pathlib, xml.etree.ElementTree as ET
target, stop = map(pathlib.Path, sys.argv[1:])
reads = torn = 0
seen = set()
print("begun", flush=True)
while not stop.exists():
    try:
        seen.add(ET.fromstring(target.read_bytes()).findtext("{http://www.w3.org/2005/Atom}title"))
    except Exception:
        torn += 1
    reads += 1
print(json.dumps({"reads": reads, "torn": torn, "seen": len(seen)}))
"""


def test_thousand_rewrites_tear_nothing(nights, tmp_path):
    feed = load(nights, on=["all"])
    contents = [
        build_atom(dataclasses.replace(feed, title=f"feed {n}", entries=feed.entries * (n % 3) * 20)) for n in range(10)
    ]
    target, stop = tmp_path / "feed.atom", tmp_path / "stop"
    write_feed(contents[-1], target)
    reader = subprocess.Popen([sys.executable, "-c", READER, str(target), str(stop)], stdout=subprocess.PIPE)
    assert reader.stdout.readline() == b"begun\n"
    started = time.monotonic()
    written = sum(write_feed(contents[n % 10], target) for n in range(1000))
    seconds = time.monotonic() - started
    stop.touch()
    said = json.loads(reader.communicate(timeout=30)[0])
    print(f"{written} rewrites in {seconds:.1f} s, {said['reads']} reads: {said['torn']} torn")  # noqa: T201 - the count is wanted
    assert (written, said["torn"]) == (1000, 0)
    assert said["seen"] > 1, "the reader saw no rewrite"


# the command


@pytest.fixture
def desk(nights, tmp_path):
    with Desk(nights.data.root) as desk:
        yield desk


def test_command(desk, nights, tmp_path):
    out = desk.run("feed", "--on", "changed", "--on", "withdrawn").out
    assert out.encode() == build_atom(load(nights, on=["changed", "withdrawn"]))
    assert (
        desk.run("feed", "--format", "json", "--search", "支付").json
        == desk.run("feed", "--json", "--search", "支付").json
    )
    target = tmp_path / "feed.json"
    said = desk.run("feed", "--format", "json", "--listing", "乙", "-o", target)
    assert (said.code, said.out, said.err) == (0, "", "")
    assert target.read_bytes() == build_json_feed(load(nights, listing="乙"))
    assert desk.run("feed", "-o", "-").out.encode() == build_atom(load(nights))


def test_command_takes_its_address_from_the_configuration(desk, nights, tmp_path):
    config = tmp_path / "baogao.toml"
    config.write_text(f'[web]\nbase_url = "{BASE}/"\n', encoding="utf-8")
    out = desk.run("feed", "--config", config).out
    assert out.encode() == build_atom(load(nights, base_url=BASE))
    assert links(parse_atom(out.encode()))["self"] == f"{BASE}/feed.atom"


def test_command_explains_what_can_not_be(desk, tmp_path):
    assert "excludes --format atom" in desk.run("feed", "--json", "--format", "atom").sentence
    said = desk.run("feed", "--listing", "\x1b[31m没有")
    assert (said.code, "\x1b" in said.err) == (2, False)
    assert "There is no listing" in said.sentence
    assert desk.run("feed", "--search", "-支付").code == 2
    assert desk.run("feed", "--on", "cosmetic").code == 2
    assert desk.run("feed", "-o", tmp_path / "nowhere" / "x").code == 7
    assert "Example: baogao feed" in desk.run("feed", "--help").out
    with Desk(tmp_path / "none") as other:
        assert "There is no archive" in other.run("feed").sentence
