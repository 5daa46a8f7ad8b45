"""What is asked for wrongly or has gone bad: a sentence that says what, where and what to do; nothing changed."""

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
from sqlite_utils import Database

from archive.replica import Site, catalogue, serve
from archive.sqlite import sqlite3
from archive.warc import iterate_records
from tests.command import Desk, side_by_side, unprivileged
from tests.crawls import TAG, make_site

NOWHERE = "http://127.0.0.1:9/tag/x"  # nobody listens; and nobody may get as far as asking


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Two nights, to be copied."""
    desk = Desk(tmp_path_factory.mktemp("model") / "data")
    site = make_site(2)
    with serve(site) as served:
        assert desk.crawl(served.url(TAG)).code == 0
        site.edit(site.shown(TAG, 1)[0].id, "2025", "2031")
        assert desk.crawl(served.url(TAG)).code == 0
    return desk


@pytest.fixture
def desk(model, tmp_path):
    shutil.copytree(model.data, tmp_path / "data")
    return Desk(tmp_path / "data")


@pytest.fixture
def empty(tmp_path):
    return Desk(tmp_path / "empty" / "data")


def refuse(desk, *words, code=2, **popen):
    """The one sentence that a command is refused with, nothing having changed."""
    before = desk.snapshot() if desk.data.is_dir() else None
    said = desk.run(*words, **popen)
    assert said.code == code, said
    assert (desk.snapshot() if desk.data.is_dir() else None) == before
    return said.sentence


# words


@pytest.mark.parametrize(
    "url",
    [
        *(
            "report.iimedia.cn/tag/x",
            "",
            "http://",
            "ftp://127.0.0.1/tag/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ),
        *("http://me:secret@127.0.0.1/", "http://127.0.0.1:99999/", "http://[::1", "http://127.0.0.1/a b"),
        *("http://127.0.0.1/tag/%FF", "http://.../", "http://a..b/", "http://甲..乙/", "http://" + "a" * 64 + ".cn/"),
    ],
)
def test_a_wrong_url(empty, url):
    sentence = refuse(empty, "crawl", url)
    assert "web address" in sentence or "percent-encoded" in sentence
    assert "secret" not in sentence or "password" in sentence


def test_a_host_that_is_not_ours_is_not_asked_more_than_once_a_second(empty):
    sentence = refuse(empty, "crawl", "--delay", "0.5", "https://report.invalid/tag/x")
    assert sentence.startswith("--delay: 0.5 is too short for report.invalid")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "report.iimedia.cn:1"), "There is no report report.iimedia.cn:1: `baogao export` lists the keys."),
        (("show", "127.0.0.1:8"), "There is no report 127.0.0.1:8: did you mean 127.0.0.1:8"),
        (("show", "'; DROP TABLE items; --"), "There is no report '; DROP TABLE items; --: "),
        (("history", "%"), "There is no report %: "),
        (("diff", "nowhere:1"), "There is no report nowhere:1: "),
        (("show", "{key}", "--version", "9"), "{key} has no version 9: `baogao history {key}` lists them."),
        (("show", "{key}", "--as-of", "soon"), "'soon' is no point in time: "),
        (("show", "{key}", "--as-of", "77"), "There is no run 77: `baogao runs` lists them."),
        (("show", "{key}", "--as-of", "1999-12-31"), "{key} was not in the archive as of 1999-12-31: "),
        (("export", "--as-of", "2026-13-45"), "'2026-13-45' is no point in time: "),
        (("export", "--as-of", "9" * 5000), "There is no run 999"),
        (("diff", "{key}", "1"), "Give two versions to compare, or none."),
        (("diff", "{key}", "1", "9"), "{key} has no version 9: "),
        (("diff", "{other}"), "{other} has one version only: "),
        (("runs", "77"), "There is no run 77: `baogao runs` lists them."),
        (("accept", "77"), "There is no run 77: `baogao runs` lists them."),
        (("accept", "1"), "Run 1 is complete, not rejected: there is nothing to accept."),
        (("reparse", "--run", "77"), "There is no run 77: `baogao runs` lists them."),
        (("alias", "nowhere:1", "nowhere:2"), "There is no report nowhere:1: "),
        (("alias", "{key}", "{key}"), "{key} or {key} is an alias already, or they are the same"),
    ],
    ids=str,
)  # fmt: skip
def test_an_unknown_key_version_run_or_time(desk, words, said):
    (key,) = desk.query("SELECT key FROM items JOIN item_versions v ON v.item_id = items.id WHERE v.seq = 2")[0]
    (other,) = desk.query("SELECT max(key) FROM items WHERE key <> ?", key)[0]
    names = {"key": key, "other": other}
    sentence = refuse(desk, *(word.format(**names) if word in {"{key}", "{other}"} else word for word in words))
    assert sentence.startswith(said.format(**names) if "DROP" not in said else said)


@pytest.mark.parametrize(
    "words",
    [("shwo",), ("show",), ("crawl", "--delay", "soon"), ("crawl", "--delay", "-1"), ("crawl", "--max-pages", "0"),
     ("crawl", "--time-limit", "0"), ("runs", "first"), ("changes", "--since", "-3"), ("export", "--format", "xml"),
     ("runs", "--nonsense"), ("crawl", "--delay", "nan", NOWHERE), ("runs", "9" * 30),
     ("show", "127.0.0.1:1", "--version", "9" * 30)],
    ids=" ".join,
)  # fmt: skip
def test_words_that_are_no_command(desk, words):
    before = desk.snapshot()
    said = desk.run(*words)
    assert said.code == 2, said
    assert said.out == ""
    assert "Error: " in said.err or "baogao: " in said.err
    assert desk.snapshot() == before


@pytest.mark.parametrize("command", ["runs", "export", "changes", "verify", "settle", "reparse"])
def test_a_directory_without_an_archive(empty, command):
    sentence = refuse(empty, command)
    assert sentence.startswith("There is no archive at ")
    assert "run `baogao crawl` first" in sentence
    assert not empty.data.exists()


def test_names_that_are_no_utf_8(tmp_path):
    """As they come out of another charset, or an ASCII locale: refused before anything is made or asked."""
    for words in (("crawl", NOWHERE), ("runs",), ("doctor",), ("verify",)):
        assert "no UTF-8" in refuse(Desk(tmp_path / "d\udcff"), *words)
    for words in (("crawl", "http://127.0.0.1:9/tag/\udcff"), ("check", "http://127.0.0.1:9/tag/\udcff")):
        assert "is not UTF-8" in refuse(Desk(tmp_path / "data"), *words)
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_that_is_a_file(tmp_path):
    (tmp_path / "data").write_text("mine", encoding="utf-8")
    desk = Desk(tmp_path / "data")
    assert "can't be written" in refuse(desk, "crawl", NOWHERE, code=7)
    assert "There is no archive at" in refuse(desk, "runs")
    assert "There is no archive at" in refuse(desk, "settle")
    assert (tmp_path / "data").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("words", [("runs",), ("verify",), ("settle",), ("crawl", NOWHERE)], ids=" ".join)
def test_a_data_directory_that_may_not_be_entered(desk, words):
    desk.data.chmod(0o000)
    try:
        said = desk.run(*words, through=unprivileged())
    finally:
        desk.data.chmod(0o755)
    assert said.code == 7, said
    assert str(desk.data) in said.sentence
    assert "permission" in said.sentence.lower()


def test_an_export_that_can_not_be_written(desk, tmp_path):
    sentence = refuse(desk, "export", "-o", tmp_path / "nowhere" / "reports.jsonl", code=7)
    assert "could not be written" in sentence
    (tmp_path / "there").write_text("old", encoding="utf-8")
    tmp_path.chmod(0o555)
    try:
        said = desk.run("export", "-o", tmp_path / "there", through=unprivileged())
    finally:
        tmp_path.chmod(0o755)
    assert (said.code, (tmp_path / "there").read_text(encoding="utf-8")) == (7, "old")


# the configuration


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[crawl]\ndelya = 2\n", "unknown key `crawl.delya`; allowed here: delay, user_agent, max_pages, "),
        ("[crawls]\n", "unknown key `crawls`; allowed here: crawl, listing, web, alert, channel, "),
        ('[[listing]]\nurl = "http://127.0.0.1/tag/x"\nname = "x"\n', "unknown key `listing[0].name`"),
        ('[crawl]\ndelay = "2"\n', "`crawl.delay`: "),
        ("[crawl]\nmax_pages = 1.5\n", "`crawl.max_pages`: "),
        ("[crawl]\nmax_pages = 0\n", "`crawl.max_pages`: "),
        ("[crawl]\ndelay = 0.5\n", "`crawl.delay`: 0.5 is too short for report.iimedia.cn; allowed are 1"),
        ("[crawl]\ndelay = nan\n", "`crawl.delay`: "),
        ('[crawl]\nuser_agent = "虚构"\n', "`crawl.user_agent`: "),
        ("[[listing]]\nrank = 1\n", "`listing[0]`: "),
        ('[[listing]]\nurl = "nowhere"\n', "`listing[0].url`: 'nowhere' is not a web address"),
        ('[[listing]]\nurl = "http://127.0.0.1/tag/x"\npage_url = "{url}"\n', "`listing[0].page_url`: "),
        ('[[listing]]\nurl = "http://127.0.0.1/tag/x"\npage_url = "{url.a}{page}"\n', "`listing[0].page_url`: "),
        ("[crawl\n", "is not TOML in UTF-8"),
        ("\udcff", "is not TOML in UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_configuration_is_named_with_file_key_and_what_is_allowed(empty, tmp_path, text, said):
    path = tmp_path / "baogao.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    sentence = refuse(empty, "crawl", "--config", path)
    assert sentence.startswith(f"{path}: ")
    assert said in sentence
    assert not empty.data.exists()


def test_a_configuration_that_is_not_there(empty, tmp_path):
    sentence = refuse(empty, "crawl", "--config", tmp_path / "none.toml")
    assert sentence.startswith(f"{tmp_path / 'none.toml'}: can't be read")
    assert refuse(empty, "crawl", env={"BAOGAO_CONFIG": str(tmp_path)}).startswith(f"{tmp_path}: can't be read")


# archive.db

EVERY = (
    ("runs",), ("export",), ("changes",), ("show", "127.0.0.1:1"), ("verify",), ("settle",), ("reparse",),
    ("accept", "1"), ("crawl", NOWHERE), ("crawl", "--dry-run", NOWHERE),
)  # fmt: skip


def refuse_all(desk, *, code, commands=EVERY):
    """All of them, one after the other on one archive; the sentences."""
    return {words: refuse(desk, *words, code=code) for words in commands}


def test_an_archive_of_a_newer_release(desk):
    Database(desk.db).execute("PRAGMA user_version = 999").connection.close()
    for sentence in refuse_all(desk, code=2).values():
        assert sentence.startswith(f"{desk.db} was made by a newer release of baogao (schema 999, this one knows ")
        assert sentence.endswith("upgrade baogao; nothing was changed.")


def test_an_archive_with_a_migration_that_this_release_does_not_know(desk):
    with sqlite3.connect(desk.db) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('baogao', '0777', '2031')"
        )
    connection.close()
    for sentence in refuse_all(desk, code=2, commands=EVERY[5:]).values():
        assert "was made by a newer release of baogao" in sentence


def test_a_file_of_some_other_program(desk):
    desk.db.unlink()
    connection = sqlite3.connect(desk.db)
    connection.execute("CREATE TABLE songs (name TEXT)")
    connection.commit()
    connection.close()
    for sentence in refuse_all(desk, code=2).values():
        assert "is an SQLite file, but not one of baogao's: name another directory" in sentence


@pytest.mark.parametrize("damage", ["no database", "garbage in the header", "cut in half", "a page of zeros"])
def test_a_damaged_archive(desk, damage):
    content = desk.db.read_bytes()
    spoilt = {
        "no database": b"this is no database\n" * 500,
        "garbage in the header": b"\xff" * 100 + content[100:],
        "cut in half": content[: len(content) // 2 // 4096 * 4096],
        "a page of zeros": content[:4096] + bytes(4096) + content[8192:],
    }
    desk.db.write_bytes(spoilt[damage])
    for words in (("settle",), ("reparse",), ("crawl", NOWHERE), ("crawl", "--dry-run", NOWHERE)):
        sentence = refuse(desk, *words, code=7)
        assert f"{desk.db} is damaged" in sentence
        assert "run `baogao repair`, which reads it again" in sentence
    for words in (("runs",), ("export",), ("verify",)):
        before = desk.snapshot()
        said = desk.run(*words)
        assert said.code in {0, 7}, said  # a command that needs none of the damaged pages may answer
        assert said.code == 7 or words != ("verify",)
        assert desk.snapshot() == before
    damaged = desk.db.read_bytes()
    said = desk.run("repair", "--json")  # as told
    assert said.code == 0, said
    assert (Path(said.json["kept"]) / "archive.db").read_bytes() == damaged
    assert desk.run("verify").code == 0


@pytest.mark.parametrize("state", ["gone", "empty"])
def test_an_archive_that_was_lost(desk, state):
    """Its WARC files are there: that is no wrong directory, and a command that reads does not make an empty one."""
    said_before = desk.run("export").out
    desk.db.unlink()
    if state == "empty":
        desk.db.touch()
    for words in (("runs",), ("export",), ("verify",), ("backup", desk.data.parent / "backup"), ("notify",)):
        sentence = refuse(desk, *words, code=7)
        assert sentence == f"{desk.db} is {state}: run `baogao repair`, which reads it again from the WARC files."
    said = desk.run("doctor")
    assert said.code == 7
    assert "`baogao repair`" in said.out
    assert desk.run("repair").code == 0
    assert desk.run("export").out == said_before


@pytest.mark.parametrize(
    "words",
    [
        ("backup", ""), ("backup", "--test", ""), ("restore", "", "back"), ("restore", "kept", ""),
        ("export", "-o", ""), ("feed", "-o", ""), ("--data", "", "runs"), ("runs", "--data", ""),
        ("--config", "", "runs"), ("crawl", "--metrics", ""), ("schedule", "cron", "-o", ""),
    ],
)  # fmt: skip
def test_an_empty_name_is_not_the_current_directory(desk, words):
    """What a shell makes of a variable that is not set."""
    before, beside = desk.snapshot(), sorted(desk.data.parent.rglob("*"))
    said = desk.run(*words)
    assert said.code == 2
    assert "an empty name; name a file or a directory." in said.err
    assert (desk.snapshot(), sorted(desk.data.parent.rglob("*"))) == (before, beside)


# the WARC files


def test_a_warc_cut_anywhere_is_found_and_named(model, tmp_path):
    """At both sides of every end of a record, and in between."""
    file = model.data / "warc" / "run-000001-01.warc.gz"
    whole = file.read_bytes()
    records = list(iterate_records(file))
    ends = [record.offset + record.length for record in records][:-1]
    exchanged = {0, *(end for end, record in zip(ends, records, strict=False) if record.type != "request")}
    cuts = sorted({0, 1, *ends, *(end - 1 for end in ends[::3]), *(end + 9 for end in ends[::3]), len(whole) - 1})

    def cut(at):
        desk = Desk(tmp_path / str(at) / "data")
        shutil.copytree(model.data, desk.data)
        (desk.data / "warc" / file.name).write_bytes(whole[:at])
        before = desk.snapshot()
        said = desk.run("verify", "--json")
        assert desk.snapshot() == before
        return said

    for at, said in side_by_side({at: partial(cut, at) for at in cuts}).items():
        assert said.code == 7, (at, said)
        problems = said.json["problems"]
        named = [re.match(rf"warc/{file.name} at (?:byte )?(\d+):", problem) for problem in problems]
        offsets = [int(match[1]) for match in named if match]
        assert len(offsets) == len(problems), (at, problems)
        good = max(end for end in exchanged if end <= at)
        assert min(offsets) >= good, (at, problems)
        assert min(offsets) == good or at in {0, *ends}, (at, problems)  # where nothing is torn: what is gone
    assert len(cuts) > 20


@pytest.mark.parametrize("where", ["inside a record", "between two records"])
def test_a_cut_warc_stops_whatever_would_build_on_it(desk, where):
    file = desk.data / "warc" / "run-000001-01.warc.gz"
    records = list(iterate_records(file))
    at = records[6].offset + (100 if where == "inside a record" else 0)
    file.write_bytes(file.read_bytes()[:at])
    for words in (("crawl", NOWHERE), ("settle",), ("reparse",), ("crawl", "--dry-run", NOWHERE)):
        sentence = refuse(desk, *words, code=7)
        assert file.name in sentence
        assert "restore" in sentence
    assert desk.run("export").code == 0  # what is known stays readable
    keys = [record["key"] for record in desk.run("export").lines if record["capture"]["warc_offset"] >= at]
    sentence = refuse(desk, "show", keys[0], "--raw", code=7)
    assert file.name in sentence


def test_a_missing_warc_is_named(desk):
    (desk.data / "warc" / "run-000001-01.warc.gz").unlink()
    said = desk.run("verify")
    assert said.code == 7
    assert "warc/run-000001-01.warc.gz is missing" in said.out
    key = next(record["key"] for record in desk.run("export").lines if "000001" in record["capture"]["warc_file"])
    assert "run-000001-01.warc.gz is missing" in refuse(desk, "show", key, "--raw", code=7)


def test_a_flipped_bit_in_a_text_is_found(desk):
    connection = sqlite3.connect(desk.db)
    connection.execute("DROP TRIGGER versions_are_final")
    connection.execute("UPDATE item_versions SET summary_zh = summary_zh || '。' WHERE id = 3")
    connection.commit()
    connection.close()
    said = desk.run("verify")
    assert said.code == 7
    assert "does not hold the text its hashes name" in said.out


def test_a_flipped_bit_in_a_warc_is_found(desk):
    file = desk.data / "warc" / "run-000001-01.warc.gz"
    content = bytearray(file.read_bytes())
    record = list(iterate_records(file))[6]
    content[record.offset + record.length // 2] ^= 4
    file.write_bytes(content)
    said = desk.run("verify")
    assert said.code == 7
    assert f"warc/{file.name} at byte {record.offset}: " in said.out


# the clock

_SHIFTED = """
import datetime, os
class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(days=int(os.environ["SHIFTED_DAYS"]))
datetime.datetime = Shifted
"""


def test_a_clock_that_was_set_back_by_a_day_loses_nothing(tmp_path):
    """Nights of tomorrow, today, and tomorrow again: told by `doctor`, and everything is where it belongs."""
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(_SHIFTED)

    def on(days):
        return {"env": {"PYTHONPATH": str(tmp_path / "clock"), "SHIFTED_DAYS": str(days)}}

    site = Site.of(TAG, catalogue(12))
    with Desk(tmp_path / "data") as desk, serve(site) as served:
        assert desk.crawl(served.url(TAG), **on(1)).code == 0
        said = desk.run("doctor", **on(0))
        assert said.code == 2
        assert "Set the clock" in said.out
        site.publish(catalogue(13)[12], TAG)
        said = desk.crawl(served.url(TAG), **on(0))
        assert said.code == 0, said
        assert "1 appeared" in said.out
        assert "the clock was set back, or was ahead then" in said.err
        back = desk.run("verify", **on(0))
        assert (back.code, "no problems" in back.out) == (0, True), back.out
        site.withdraw(site.listings[TAG][3])
        for days in (0, 1, 1):
            assert desk.crawl(served.url(TAG), **on(days)).code == 0
        runs = desk.run("runs", "--json").json
        assert runs[0]["started_at"] > runs[1]["started_at"]
        assert [run["outcome"] for run in runs] == ["complete"] * 5
        assert sum(run["counts"]["withdrawn"] for run in runs) == 1
        said = desk.run("verify", **on(1))
        assert (said.code, "no problems" in said.out) == (0, True), said.out
        exported = desk.run("export").out
        desk.db.unlink()
        assert desk.run("repair").code == 0
        assert desk.run("export").out == exported
