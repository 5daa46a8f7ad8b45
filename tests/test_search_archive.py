"""Searching an archive of nights: now, as of a night, in all versions; beside a killed night; from the command line."""

import os
import re
import shutil
from contextlib import closing

import pytest

from archive.errors import UsageError
from archive.query import load_record
from archive.search.index import index_versions
from archive.search.query import search
from archive.search.scope import load_standings
from archive.sqlite import sqlite3
from archive.store import open_for_reading, open_for_writing
from tests.command import Desk, unprivileged
from tests.nights import Nights, make_reader


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """1 baseline · 2 r3 loses 灯笼, r8 new · 3 r2 gone, r3 has it again · 4 r2 withdrawn · 5 月 was misread in r4."""
    played = Nights(tmp_path_factory.mktemp("search") / "data", reader=make_reader(1, blind_to=("月",)))
    for number in range(1, 8):
        texts = {3: "虚构的灯笼规模为40,000元", 4: "虚构的月饼规模为12.5亿元"}
        played.publisher.publish(f"r{number}", *(("甲", "乙") if number == 5 else ("甲",)), zh=texts.get(number))
    played.night()
    played.publisher.edit("r3", zh="虚构的纸伞规模为12.6亿元")
    played.publisher.publish("r8", title="虚构咨询 | 灯笼与纸伞")
    played.night()
    played.publisher.withdraw("r2")
    played.publisher.edit("r3", zh="虚构的灯笼又回来了，规模为12.7亿元")
    played.night()
    played.night()
    played.reader = make_reader(2)
    played.night()
    with played.opened() as connection:
        index_versions(connection)
        connection.execute("INSERT INTO version_index (version_index, rank) VALUES ('integrity-check', 1)")
    return played


@pytest.fixture
def connection(nights):
    with closing(open_for_reading(nights.data)) as opened:
        yield opened


def keys(connection, words, **options):
    return {hit.key for hit in search(connection, words, **options).hits}


def told(connection, words, **options):
    hits = search(connection, words, all_versions=True, **options).hits
    return {hit.key: (hit.version, hit.versions, hit.current, hit.found_in) for hit in hits}


def test_current_readings_alone_are_found(connection):
    assert keys(connection, "灯笼") == {"r3", "r8"}
    assert keys(connection, "纸伞") == {"r8"}
    assert search(connection, "灯笼").hits[0].key == "r8", "title first"
    assert keys(connection, "月饼") == {"r4"}
    (hit,) = search(connection, "又回来").hits
    record = load_record(connection, "r3")
    assert (hit.url, hit.version, hit.state, hit.series) == (record["url"], 3, "listed", "虚构咨询")
    assert (hit.observed_at, list(hit.listings)) == (record["observed_at"], ["tag:甲"])
    assert hit.snippets == (("zh", (("虚构的灯笼", False), ("又回来", True), ("了，规模为12.7亿元", False))),)


def test_as_of_a_run_is_what_the_archive_knew_then(connection):
    assert keys(connection, "灯笼", as_of="1") == {"r3"}
    assert keys(connection, "灯笼", as_of="2") == {"r8"}
    assert keys(connection, "纸伞", as_of="2") == {"r3", "r8"}
    assert keys(connection, "月饼", as_of="4") == set()
    assert keys(connection, "月饼", as_of="5") == {"r4"}
    assert keys(connection, "40000", as_of="2026-01-02") == {"r3"}
    assert keys(connection, "40000", as_of="2025-12-31") == set()
    for run in range(1, 6):
        for hit in search(connection, "虚构", as_of=str(run)).hits:
            record = load_record(connection, hit.key, as_of=str(run))
            assert (hit.version, hit.state, list(hit.listings)) == (
                record["version"],
                record["state"],
                record["listings"],
            )
        assert keys(connection, "虚构", as_of=str(run), state="listed") == {
            key
            for (key,) in connection.execute("SELECT key FROM items")
            if (key != "r8" or run > 1) and load_record(connection, key, as_of=str(run))["state"] == "listed"
        }
    assert keys(connection, "虚构", as_of="3", state="missing") == {"r2"}


def test_filters(connection):
    everything = {f"r{number}" for number in range(1, 9)}
    assert keys(connection, "虚构") == everything
    assert keys(connection, "虚构", state="withdrawn") == {"r2"}
    assert keys(connection, "虚构", listing="tag:乙") == keys(connection, "虚构", listing="乙") == {"r5"}
    assert keys(connection, "虚构", listing="乙", as_of="1") == {"r5"}
    assert keys(connection, "虚构", since="2026-01-03") == {"r8"}
    assert keys(connection, "虚构", until="2026-01-02") == everything - {"r8"}
    assert keys(connection, "虚构", until="2026-01-01T00:00:00Z") == set()
    assert (search(connection, "虚构", limit=3).total, len(search(connection, "虚构", limit=3).hits)) == (8, 3)
    assert keys(connection, "灯笼", fields=["title"]) == {"r8"}
    for wrong in (
        *({"since": date} for date in ("yesterday", "2026-02-31", "2026-1-1", "2026-01-01T00:00:00+02:00", "\0")),
        *({"listing": "nobody"}, {"state": "gone"}, {"as_of": "99"}, {"fields": ["body"]}),
    ):
        with pytest.raises(UsageError):
            search(connection, "虚构", **wrong)
    with pytest.raises(UsageError, match="this archive has tag:乙, tag:甲"):
        search(connection, "虚构", listing="nobody")


def test_all_versions_say_where_a_text_was(connection):
    assert told(connection, "40000") == {"r3": (1, (1,), False, "found in version 1, gone in version 2")}
    assert told(connection, "灯笼")["r3"] == (
        3,
        (1, 3),
        True,
        "found in version 1, gone in version 2, back in version 3",
    )
    assert told(connection, "灯笼", as_of="2")["r3"] == (1, (1,), False, "found in version 1, gone in version 2")
    assert told(connection, "纸伞")["r3"] == (2, (2,), False, "found in version 2, gone in version 3")
    assert told(connection, "又回来")["r3"] == (3, (3,), True, "found since version 3")
    assert told(connection, "r3")["r3"][3] == "found in every version"
    assert told(connection, "r8") == {"r8": (1, (1,), True, "found in version 1")}
    assert told(connection, "灯笼", limit=1).keys() == {"r8"}
    assert search(connection, "灯笼", limit=1, all_versions=True).total == 2


def test_text_of_a_misreading_is_not_gone_from_the_site(connection):
    assert told(connection, "的饼") == {"r4": (1, (1,), False, "only in version 1, a reading that version 2 corrects")}
    assert told(connection, "月饼") == {"r4": (2, (2,), True, "found in version 2")}
    assert keys(connection, "的饼", as_of="4") == {"r4"}


def test_twins_are_found_once(nights, tmp_path):
    shutil.copytree(nights.data.root, tmp_path / "data")
    copied = Nights(tmp_path / "data", nights.publisher)
    with copied.opened() as connection:
        connection.execute("INSERT INTO item_aliases SELECT 'r8', id, 'moved' FROM items WHERE key = 'r3'")
    with closing(open_for_reading(copied.data)) as connection:
        assert keys(connection, "灯笼") == keys(connection, "灯笼", as_of="5") == {"r3"}
        assert told(connection, "灯笼").keys() == {"r3"}
        assert search(connection, "灯笼").total == 1


@pytest.fixture
def stale(nights, tmp_path):
    """As a night leaves it that was killed between settlement and derivation: the newer half is not indexed."""
    shutil.copytree(nights.data.root, tmp_path / "data")
    copied = Nights(tmp_path / "data", nights.publisher)
    with copied.opened() as connection:
        for row in connection.execute("SELECT id, zh, en, title FROM version_segments WHERE id > 4").fetchall():
            connection.execute(
                "INSERT INTO version_index (version_index, rowid, zh, en, title) VALUES ('delete', ?, ?, ?, ?)",
                tuple(row),
            )
        assert connection.execute("SELECT max(id) FROM version_index_docsize").fetchone()[0] == 4
    return copied.data


def test_unindexed_versions_are_found_too(stale, connection):
    with closing(open_for_reading(stale)) as late:
        for words in ("虚构", "灯笼", "月饼", "纸伞 -灯笼", "invent*", "40000", "nothing"):
            for options in ({}, {"as_of": "2"}, {"all_versions": True}, {"limit": 2}):
                ours, theirs = search(late, words, **options), search(connection, words, **options)
                assert ours.total == theirs.total, (words, options)
                if "limit" not in options:
                    assert {hit.key: hit for hit in ours.hits} == {hit.key: hit for hit in theirs.hits}
        assert late.execute("SELECT max(id) FROM version_index_docsize").fetchone()[0] == 4
    with closing(open_for_writing(stale)) as writing:
        assert index_versions(writing) > 0
        writing.execute("INSERT INTO version_index (version_index, rank) VALUES ('integrity-check', 1)")


def test_stock_sqlite_updates_and_rebuilds_the_index(stale):
    with closing(sqlite3.connect(stale.db, isolation_level=None)) as stock:
        for name in ("index-update", "index-check", "index-rebuild", "index-check"):
            (sql,) = stock.execute("SELECT sql FROM recipes WHERE name = ?", (name,)).fetchone()
            stock.execute(sql)
        (sql,) = stock.execute("SELECT sql FROM recipes WHERE name = 'search'").fetchone()
        found = stock.execute(sql, {"q": "灯笼 虚构"}).fetchall()
    assert {(key, version, current) for key, version, current, _ in found} == {("r3", 1, 0), ("r3", 3, 1), ("r8", 1, 1)}


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="there is no sqlite3 shell here")
def test_recipe_in_the_sqlite3_shell(nights, tmp_path):
    import subprocess

    with closing(open_for_reading(nights.data)) as connection:
        (sql,) = connection.execute("SELECT sql FROM recipes WHERE name = 'search'").fetchone()
    script = f".param init\n.param set :q \"'灯笼'\"\n{sql};\n"
    done = subprocess.run(
        ["sqlite3", f"file:{nights.data.db}?mode=ro"], input=script, capture_output=True, text=True, check=True
    )
    assert "r8|1|1|虚构咨询 | [灯笼]与纸伞" in done.stdout.splitlines()


def test_searching_a_directory_that_cannot_be_written(stale, tmp_path):
    for path in (stale.db.with_name("archive.db-wal"), stale.db.with_name("archive.db-shm")):
        path.unlink(missing_ok=True)
    before = stale.db.read_bytes()
    for path in (stale.db, stale.root):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        said = Desk(stale.root).run("search", "pay* OR 灯笼", "--json", through=unprivileged())
    finally:
        stale.root.chmod(0o755)
    assert {hit["key"] for hit in said.json["hits"]} == {"r3", "r8"}
    assert stale.db.read_bytes() == before


def test_command(nights):
    desk = Desk(nights.data.root)
    said = desk.run("search", "灯笼", "-纸伞", "--json")
    assert said.code == 0
    assert list(said.json) == ["query", "total", "message", "hits"]
    assert (said.json["query"], said.json["total"]) == ("灯笼 -纸伞", 1)
    (hit,) = said.json["hits"]
    (title, chinese) = hit["snippets"]
    assert (hit["key"], title["field"], title["text"], title["matches"]) == ("r3", "title", hit["title"], [])
    assert [chinese["text"][start:end] for start, end in chinese["matches"]] == ["灯笼"]
    said = desk.run("search", "40000", "--all-versions")
    assert "r3  version 1 (not the current one)  listed" in said.out
    assert "found in version 1, gone in version 2" in said.out
    assert "\x1b" not in said.out
    assert desk.run("search", "--limit", "1", "虚构").out.endswith(
        "8 reports found, the first 1 of them; --limit shows more.\n"
    )
    for words in (
        ("灯笼", "--state", "withdrawn"),
        ("zzz",),
        ("-hotel", "nobody"),
        ("--", "nobody", "-x"),
        ("-help", "nobody"),
    ):
        said = desk.run("search", *words)
        assert (said.code, said.out) == (0, "nothing found.\n"), words
    for words, part in (
        ((), "nothing to search for"),
        (("-纸伞",), "leave out"),
        (("🎉",), "nothing to search for"),
        (("支" * 2000,), "longer than"),
        (("支付", "--limt", "3"), "no option --limt"),
        (("支付", "--since", "2026-99-01"), "no date"),
        (("支付", "--listing", "nobody"), "this archive has tag:乙, tag:甲"),
        (("支付", "--as-of", "77"), "no run 77"),
    ):
        said = desk.run("search", *words)
        assert said.code == 2, words
        assert part in said.sentence, words


HOSTILE = ("\x1b]0;owned\x07", "\x1b[31m", "\u202e", "\u2066", "\x9b31m", "\ud800", "\r\n\x1b[2J")


def test_terminal_gets_no_control_character_of_a_query(nights):
    desk = Desk(nights.data.root)
    raw = os.fsdecode("".join(HOSTILE).encode("utf-8", "surrogatepass"))
    for words in (
        (raw + "灯笼",),
        (raw,),
        ("--" + raw,),
        ("灯笼", "--since", raw),
        ("灯笼", "--listing", raw),
        ("灯笼", "--json", raw),
    ):
        said = desk.run("search", *words)
        assert said.code in {0, 2}
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", said.out + said.err), words


def test_colours_mark_the_matches(nights, monkeypatch):
    from click.testing import CliRunner

    from archive.cli import baogao

    said = CliRunner().invoke(baogao, ["--data", str(nights.data.root), "search", "又回来"], color=True)
    assert "\x1b[33m\x1b[1m又回来\x1b[0m" in said.stdout


def test_archive_of_an_older_release_is_not_searched(nights, tmp_path):
    shutil.copytree(nights.data.root, tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / "archive.db")) as connection:
        connection.execute("PRAGMA user_version = 1")
    said = Desk(tmp_path / "data").run("search", "灯笼")
    assert said.code == 2
    assert "older release" in said.sentence


def test_standings_are_those_of_the_records(connection):
    for run in (None, 1, 3, 5):
        standings = load_standings(connection, run)
        for item_id, standing in standings.items():
            (key,) = connection.execute("SELECT key FROM items WHERE id = ?", (item_id,)).fetchone()
            record = load_record(connection, key, as_of=run and str(run))
            assert (standing.state, standing.listings) == (record["state"], record["listings"])
