"""What the ledger says of a run beside its verdict: bytes, versions, configuration; from the journal alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.alerts.rules import Rule
from archive.config import Config, make_listing
from archive.provenance import digest_config, list_software
from archive.replica import serve
from archive.sqlite import sqlite3
from archive.verdict import load_verdict
from tests.command import Desk
from tests.crawls import TAG, make_site
from tests.nights import Nights, Publisher

LATER = ("bytes", "software", "config")
LISTINGS = tuple(make_listing(f"http://127.0.0.1/tag/{tag}", rank=rank) for rank, tag in enumerate("甲乙", 1))
CONFIG = Config(LISTINGS, 2.0, "baogao/0.1 (test)", 500, rules=(Rule("all", ("mail",)),))


def digest(config=CONFIG, listings=LISTINGS, *, delay=2.0, max_pages=500):
    return digest_config(config, listings, delay=delay, max_pages=max_pages)


def test_equal_configurations_have_equal_digests_whatever_their_order():
    assert digest() == digest(listings=LISTINGS[::-1])
    assert len(digest()) == 64
    kinds = [frozenset(kinds) for kinds in (("appeared", "changed"), ("changed", "appeared"))]
    assert len({digest(replace(CONFIG, rules=(Rule("all", ("mail",), on=each),))) for each in kinds}) == 1


@pytest.mark.parametrize(
    "other",
    [
        digest(delay=3.0),
        digest(max_pages=2),
        digest(listings=LISTINGS[:1]),
        digest(replace(CONFIG, user_agent="another/1.0")),
        digest(replace(CONFIG, rules=())),
        digest(replace(CONFIG, rules=(Rule("all", ("mail",), match="医美"),))),
    ],
)
def test_whatever_governs_a_night_changes_the_digest(other):
    assert other != digest()


def test_the_ledger_names_bytes_versions_and_configuration_and_a_rebuild_says_the_same(tmp_path):
    with Desk(tmp_path / "data") as desk, serve(make_site(3)) as served:
        assert desk.crawl(served.url(TAG)).code == 0
        assert desk.crawl("--delay", "0.1", served.url(TAG)).code == 0
        assert desk.run("crawl", "--delay", "0.1", served.url(TAG)).code == 0
        ledger = desk.run("runs", "--json").json
        first, second, third = ledger
        assert first["software"] == second["software"] == list_software()
        assert set(first["software"]) == {"baogao", "Python", "SQLite", "libxml2", "Scrapy"}
        assert first["config"] != second["config"] == third["config"]
        kept = desk.query("SELECT sum(warc_length) FROM captures WHERE run_id = 1")[0][0]
        assert kept <= sum((desk.data / "warc" / name).stat().st_size for name in desk.warcs if "000001" in name)
        # the head is read twice, and the second time it is only referred to
        assert first["bytes"]["kept"] == kept < first["bytes"]["fetched"]
        assert second["bytes"]["kept"] < second["bytes"]["fetched"] / 2
        assert all({"observed", "threshold", "passed"} <= gate.keys() for gate in first["gates"])
        shown = [desk.run("runs").out, *(desk.run("runs", run).out for run in (1, 2, 3))]
        desk.db.unlink()
        assert desk.run("settle").code == 0
        assert desk.run("runs", "--json").json == ledger
        assert [desk.run("runs").out, *(desk.run("runs", run).out for run in (1, 2, 3))] == shown
    assert "MiB" in shown[0].splitlines()[1]
    assert f"SQLite {sqlite3.sqlite_version}" in shown[1]
    assert first["config"] in shown[1]


def test_a_reading_again_names_the_versions_too(tmp_path):
    nights = Nights(tmp_path / "data", Publisher())
    nights.publisher.publish("1")
    nights.night()
    run = nights.reparse(nights.reader).run
    with nights.opened() as connection:
        told = load_verdict(connection, run).to_json()
    assert told["software"] == list_software()
    assert not {"bytes", "config"} & told.keys()


def test_an_archive_of_an_earlier_release_says_nothing_of_it(tmp_path):
    with Desk(tmp_path / "data") as desk:
        desk.data.mkdir()
        sql = Path(__file__).parent / "fixtures/archives/schema-1.sql"
        connection = sqlite3.connect(desk.db)
        connection.executescript(sql.read_text(encoding="utf-8"))
        connection.close()
        ledger = desk.run("runs", "--json")
        assert ledger.code == 0, ledger
        assert ledger.json
        assert not any(set(LATER) & run.keys() for run in ledger.json)
        assert "software" not in desk.run("runs", ledger.json[0]["run"]).out
