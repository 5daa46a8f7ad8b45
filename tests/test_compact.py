"""``baogao compact`` folds old sightings: fewer rows, and not one answer changes, whatever the nights were."""

import contextlib
import os
import random
import secrets
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import folding
from archive.errors import StorageError
from archive.folding import NIGHTS_KEPT, fold, shrink
from archive.keeping.dump import dump_content
from archive.query import iterate_records, load_history
from archive.search.scope import load_standings
from archive.settle import settle
from archive.shown import find_last_capture
from archive.sqlite import sqlite3
from archive.store import open_for_reading
from archive.verify import verify
from tests.command import Desk, limited
from tests.nights import Nights
from tests.test_random_nights import Witness, night_plans
from tests.test_upgrades import run_and_kill

SEED = int(os.environ.get("BAOGAO_SEED") or secrets.randbelow(10**6))
KILLS = 30
QUIET = {"deeds": [], "parser": None, "die_after": None, "late": False, "decide": None}


@contextlib.contextmanager
def reading(data):
    with contextlib.closing(open_for_reading(data)) as connection:
        yield connection


def ask_everything(data):
    """Whatever is answered from sightings: the dump, exports as of every run, histories, standings."""
    with reading(data) as connection:
        runs = [run for (run,) in connection.execute("SELECT id FROM runs WHERE outcome <> 'open'")]
        keys = [key for (key,) in connection.execute("SELECT key FROM items ORDER BY key")]
        return (
            dump_content(connection),
            {run: list(iterate_records(connection, versions=True, as_of=run and str(run))) for run in (None, *runs)},
            {run: load_standings(connection, run) for run in runs},
            {key: load_history(connection, key) for key in keys},
            {key: find_last_capture(connection, number + 1) for number, key in enumerate(keys)},
            [
                tuple(row)
                for row in connection.execute("SELECT capture_id, item_id, version_id FROM shown ORDER BY 1, 2, 3")
            ],
        )


def problems(nights):
    with reading(nights.data) as connection:
        return verify(connection, nights.data, nights.reader).problems


def compact(nights):
    with nights.opened() as connection:
        return fold(connection)


def count(nights, table):
    return nights.query(f"SELECT count(*) FROM {table}")[0][0]


@pytest.fixture
def nights(tmp_path):
    played = Nights(tmp_path / "data")
    for number in range(11):
        played.publisher.publish(f"r{number}", *(("甲", "乙") if number % 3 else ("甲",)))
    for number in range(40):
        if number in {20, 30}:
            played.publisher.publish(f"late{number}", "乙")
        played.night(faults={("甲", 2): "500"} if number == 9 else None)
    return played


def test_most_rows_are_folded_and_every_answer_stays(nights):
    before, rows = ask_everything(nights.data), count(nights, "sightings")
    with reading(nights.data) as connection:
        foreseen = fold(connection, dry=True)
    assert count(nights, "sightings") == rows
    folded = compact(nights)
    assert (folded.before, folded.after, folded.last_run) == (rows, foreseen.after, 40 - NIGHTS_KEPT)
    assert folded.after == count(nights, "sightings") + count(nights, "sighting_spans")
    assert folded.after < rows * 0.55
    assert ask_everything(nights.data) == before
    assert problems(nights) == []
    assert nights.query("SELECT max(last_run_id) FROM sighting_spans") == [(26,)]
    assert nights.query(
        "SELECT count(*) FROM sightings s JOIN captures c ON c.id = s.capture_id WHERE c.run_id <= 26"
    ) == [(0,)]


def test_folding_in_steps_gives_the_spans_of_folding_once(nights, tmp_path, monkeypatch):
    spans = "SELECT * FROM sighting_spans ORDER BY 1, 2, 3, 5"
    shutil.copytree(nights.data.root, tmp_path / "once")
    at_once = Nights(tmp_path / "once", nights.publisher)
    compact(at_once)
    for kept in (35, 30, 29, 15, NIGHTS_KEPT):
        monkeypatch.setattr(folding, "NIGHTS_KEPT", kept)
        compact(nights)
    assert nights.query(spans) == at_once.query(spans)
    again = compact(nights)
    assert again.after == again.before
    assert nights.query(spans) == at_once.query(spans)


def test_a_night_that_did_not_show_a_report_ends_its_span(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(4):
        nights.publisher.publish(f"r{number}")
    for number in range(NIGHTS_KEPT + 9):
        # page 1 is a captcha in night 4: status 200, and nothing stands on it; in night 6 page 2 was not asked for
        nights.night(faults={3: {("甲", 1): "captcha"}, 5: {("甲", 2): "500"}}.get(number))
    before = ask_everything(nights.data)
    compact(nights)
    assert ask_everything(nights.data) == before
    assert nights.query(
        "SELECT i.key, s.page, s.first_run_id, s.last_run_id FROM sighting_spans s JOIN items i ON i.id = s.item_id "
        "WHERE i.key IN ('r3', 'r0') ORDER BY i.key, s.first_run_id"
    ) == [("r0", 2, 1, 9), ("r3", 1, 1, 3), ("r3", 1, 5, 9)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.lists(st.tuples(st.one_of(night_plans, st.just(QUIET)), st.booleans()), min_size=3, max_size=9),
    st.integers(0, 2),
)
def test_random_nights_compacted_are_the_same_archive(plans, kept):
    """Two archives of the same nights, one of them compacted in between: the next nights do not notice."""
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patched:
        patched.setattr(folding, "NIGHTS_KEPT", kept)
        plain, folded = (Witness(Path(scratch) / name) for name in ("plain", "folded"))
        for plan, is_compacted in plans:
            for witness in (plain, folded):
                witness.play(plan)
            if is_compacted:
                compact(folded.nights)
                assert problems(folded.nights) == []
        settled = folded.nights.query("SELECT kind, alert, detail, run_id, item_id FROM events ORDER BY id")
        assert settled == plain.nights.query("SELECT kind, alert, detail, run_id, item_id FROM events ORDER BY id")
        before = ask_everything(folded.nights.data)
        compact(folded.nights)
        assert ask_everything(folded.nights.data) == before
        assert problems(folded.nights) == []
        with folded.nights.opened() as connection:
            for (run,) in connection.execute("SELECT id FROM runs").fetchall():
                settle(connection, folded.nights.data, run, folded.nights.reader)
        assert ask_everything(folded.nights.data) == before
        if folded.parser == 1:
            rebuilt = folded.nights.rebuild(Path(scratch) / "again")
            assert ask_everything(rebuilt.data)[0] == before[0]


def test_asking_for_one_report_looks_at_no_other(nights):
    compact(nights)
    asked = (
        "SELECT max(capture_id) FROM shown WHERE item_id = ?",
        (
            "SELECT c.listing_id, max(c.run_id) FROM shown s JOIN captures c ON c.id = s.capture_id "
            "WHERE s.item_id = ? GROUP BY 1"
        ),
        "SELECT capture_id FROM shown WHERE item_id IN (?)",
    )
    for query in asked:
        plan = " / ".join(row[3] for row in nights.query(f"EXPLAIN QUERY PLAN {query}", 3))
        assert "sightings USING INDEX sightings_by_item (item_id=?)" in plan
        assert "s USING PRIMARY KEY (item_id=?)" in plan
        assert "captures_by_page (listing_id=? AND page=? AND run_id>? AND run_id<?)" in plan
        assert "SCAN sightings" not in plan


def test_few_nights_are_left_as_they_are(tmp_path):
    nights = Nights(tmp_path / "data")
    nights.publisher.publish("r1")
    for _ in range(NIGHTS_KEPT):
        nights.night()
    assert compact(nights).last_run is None
    assert "nothing to fold" in Desk(nights.data.root).run("compact").out


def fill(nights, rows):
    """Free pages, as a large archive has them when it was folded."""
    with nights.opened() as connection:
        connection.execute("CREATE TABLE filling (text TEXT)")
        connection.execute(
            "INSERT INTO filling WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "SELECT hex(randomblob(1000)) FROM n",
            (rows,),
        )
        connection.execute("DROP TABLE filling")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE sighting_spans SET last_run_id = last_run_id - 1 WHERE last_run_id > first_run_id", "and it shows"),
        ("UPDATE sighting_spans SET version_id = (SELECT max(id) FROM item_versions)", "reading as another report"),
        (
            (
                "DELETE FROM sightings WHERE position = 1 AND capture_id IN "
                "(SELECT id FROM captures WHERE run_id = (SELECT max(id) - 3 FROM runs))"
            ),
            "and it shows",
        ),
    ],
)
def test_altered_sightings_are_found(nights, statement, named):
    compact(nights)
    with nights.opened() as connection:
        assert connection.execute(statement).rowcount
    assert any(named in each for each in problems(nights))


def test_free_pages_are_given_back_where_they_are_worth_it(nights):
    with nights.opened() as connection:
        assert not shrink(connection, nights.data, fold(connection))
    fill(nights, 2000)
    before = ask_everything(nights.data)
    told = Desk(nights.data.root).run("compact", "--json").json
    assert told["freed"] > 3_000_000
    assert nights.data.db.stat().st_size < 1_500_000
    assert ask_everything(nights.data) == before
    assert problems(nights) == []


def test_full_disk_while_it_is_made_smaller(nights, monkeypatch):
    fill(nights, 2000)
    before = ask_everything(nights.data)
    with nights.opened() as connection:
        folded = fold(connection)
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL

        class Full:
            def execute(self, sql, *values):
                if sql == "VACUUM":
                    raise error
                return connection.execute(sql, *values)

        with pytest.raises(StorageError, match=r"could not be made smaller .*Nothing is lost: make room"):
            shrink(Full(), nights.data, folded)
    assert ask_everything(nights.data) == before
    # a limit on the size of a file: the whole new archive.db goes through the -wal
    said = Desk(nights.data.root).run("compact", through=limited(300_000))
    assert said.code == 7
    assert ask_everything(nights.data) == before
    assert problems(nights) == []


def test_kills_leave_every_answer(tmp_path, nights):
    print(f"BAOGAO_SEED={SEED}")  # noqa: T201 - for whoever sees it fail
    chance = random.Random(SEED)
    fill(nights, 1000)
    before, kept = ask_everything(nights.data), tmp_path / "before"
    shutil.copytree(nights.data.root, kept)

    def work():
        with nights.opened() as connection:
            shrink(connection, nights.data, fold(connection))

    seconds = run_and_kill(work)
    counts = Counter()
    for _ in range(KILLS):
        shutil.rmtree(nights.data.root)
        shutil.copytree(kept, nights.data.root)
        run_and_kill(work, after=chance.uniform(0, 1.1 * seconds))
        assert ask_everything(nights.data) == before
        counts[count(nights, "sighting_spans")] += 1
        work()
        assert ask_everything(nights.data) == before
    assert problems(nights) == []
    print(f"{KILLS} kills, by spans there: {dict(counts)}")  # noqa: T201
    assert len(counts) > 1


def test_command(nights):
    desk = Desk(nights.data.root)
    before = desk.snapshot()
    said = desk.run("compact", "--dry-run")
    assert said.code == 0
    assert desk.snapshot() == before
    assert "sightings to run 26 would be folded:" in said.out
    done = desk.run("compact")
    assert done.out.splitlines()[0] == said.out.splitlines()[0].replace("would be folded", "folded")
    assert desk.run("verify").code == 0
    assert desk.run("compact").out == "nothing to fold: sightings to run 26 are folded already.\n"
    told = desk.run("compact", "--json").json
    assert told["rows_before"] == told["rows_after"]
    assert told["last_run"] == 26
