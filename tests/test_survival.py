"""kill -9 at any instant, twice in a row, during settlement; signals, and files that get lost.

The seed of the random moments is printed; BAOGAO_SEED plays them again, BAOGAO_KILLS plays more of them.
"""

import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from archive.replica import Site, catalogue, serve
from archive.sqlite import sqlite3
from tests.command import Desk, asked, children_of, finish, is_alive, kill_group, side_by_side, wait_for
from tests.crawls import TAG, make_site
from tests.faults_server import faults, hang, on_every_page, on_page, slow

SEED = int(os.environ.get("BAOGAO_SEED") or secrets.randbelow(10**6))
KILLS = int(os.environ.get("BAOGAO_KILLS") or 26)
#: kills that go on at the same time: the machine has two cores, and a killed night waits now and then
AT_ONCE = 3


@dataclass
class Stage:
    """A site that has had one quiet night and then news, and what an undisturbed archive says of it."""

    url: str
    root: Path
    seconds: dict = field(default_factory=dict)  #: nights before → phase → how long it takes when nobody disturbs it
    _undisturbed: list = field(default_factory=list)  #: desk after none, one, two … undisturbed nights, as contents
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def desk(self, name, nights):
        """A fresh copy of the archive after that many nights, the first of them before the news."""
        desk = Desk(self.root / name / "data")
        if nights:
            shutil.copytree(self.root / "one" / "data", desk.data)
        return desk

    def undisturbed(self, before, nights):
        """The content of an archive with ``before`` nights before the news, after that many more."""
        with self._lock:
            desk, contents = self._undisturbed[before]
            while len(contents) < nights:
                said = desk.crawl(self.url)
                assert said.code == 0, said.err
                contents.append(desk.content())
            return contents[nights - 1]

    def measure(self, before):
        """Play the first undisturbed night and see how long its phases take."""
        desk = self.desk(f"undisturbed {before}", before)
        started = time.monotonic()
        crawl = desk.start_crawl(self.url)
        wait_for(lambda: list(desk.data.glob("warc/*.open")))
        began = time.monotonic()
        wait_for(lambda: not list(desk.data.glob("warc/*.open")))
        walked = time.monotonic()
        said = finish(crawl)
        assert said.code == 0, said.err
        ended = time.monotonic()
        self.seconds[before] = {"start": began - started, "walk": walked - began, "settle": ended - walked}
        self._undisturbed.append((desk, [desk.content()]))


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    site = Site.of(TAG, catalogue(41)[1:])
    with serve(site) as served:
        stage = Stage(served.url(TAG), tmp_path_factory.mktemp("survival"))
        assert Desk(stage.root / "one" / "data").crawl(stage.url).code == 0
        edited = site.shown(TAG, 2)[3]
        site.edit(edited.id, next(word for word in " ".join(edited.en).split() if word.endswith("%")), "98.76%")
        site.publish(catalogue(1)[0], TAG)
        site.withdraw(site.shown(TAG, 4)[2].id)
        for before in (0, 1):
            stage.measure(before)
        yield stage


def kill(stage, desk, nights, chance):
    """Start a crawl and kill it at a random moment; returns how."""
    how = chance.choice(["parent", "group", "child"])
    phase = chance.choice(["start", "walk", "walk", "settle", "settle"])
    crawl = desk.start_crawl(stage.url, start_new_session=True)
    parts = len(list(desk.data.glob("warc/run-*.gz")))
    try:
        if phase != "start":
            wait_for(lambda: list(desk.data.glob("warc/run-*.open")) or crawl.poll() is not None)
        if phase == "settle":
            wait_for(lambda: len(list(desk.data.glob("warc/run-*.gz"))) > parts or crawl.poll() is not None)
        moment = chance.uniform(0, stage.seconds[nights][phase])
        time.sleep(moment)
        family = children_of(crawl.pid)
        if how == "group":
            kill_group(crawl)
        elif how == "parent" or not family:
            crawl.kill()
        else:
            os.kill(family[0], signal.SIGKILL)
        said = finish(crawl, timeout=20)
        assert "Traceback" not in said.err, said.err
        return f"{how} killed {moment:.3f} s into {phase}: exit code {said.code}", family
    finally:
        kill_group(crawl)


def survive(stage, name, before, *, kills, seed):
    """Kill as often as told, then let one crawl run to its end: nothing tells the archive from an undisturbed one."""
    chance = random.Random(seed)
    desk = stage.desk(name, before)
    story = [seed]
    for _ in range(kills):
        told, orphans = kill(stage, desk, before, chance)
        story.append(told)
    said = desk.crawl(stage.url)  # at once: what is left of a killed crawl may not stand in its way
    story += said.err.splitlines()
    assert said.code == 0, (story, said)
    assert not any(map(is_alive, orphans)), story
    assert not [warc for warc in desk.warcs if warc.endswith(".open")], story
    # a kill that came when the night was settled makes the next crawl a night of its own
    (nights,) = desk.query("SELECT count(*) FROM runs")[0]
    content, expected = desk.content(), stage.undisturbed(before, nights - before)
    assert {table: content[table] == expected[table] for table in content} == dict.fromkeys(content, True), story
    verified = desk.run("verify")
    assert verified.code == 0, (story, verified.out)
    return story


def test_kills_at_random_moments_leave_an_undisturbed_archive(stage):
    print(f"BAOGAO_SEED={SEED} BAOGAO_KILLS={KILLS} {stage.seconds}")  # noqa: T201 - to play them again
    trials = {
        number: partial(
            survive,
            stage,
            f"kill {number}",
            int(number % 4 != 0),  # every fourth in the very first night of an archive
            kills=1 + (number % 3 == 0),
            seed=f"{SEED} {number}",
        )
        for number in range(KILLS)
    }
    for story in side_by_side(trials, at_once=AT_ONCE).values():
        print(story)  # noqa: T201


# signals


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_night_and_the_next_crawl_goes_on(desk, number, code):
    site = make_site(5)
    site.faults = faults(on_every_page(slow(0.15), site))
    with serve(site) as served:
        crawl = desk.start_crawl(served.url(TAG))
        wait_for(lambda: len(asked(served.requests)) == 3)
        sent = time.monotonic()
        crawl.send_signal(number)
        said = finish(crawl, started=sent)
        assert said.code == code, said.err
        assert said.seconds < 10
        assert "goes on from there" in said.sentence
        first, site.faults = len(served.requests), None
        said = desk.crawl(served.url(TAG))
        assert said.code == 0, said.err
        assert said.summary.startswith("run 1 complete: 50 entries on 5 pages")
        again = asked(served.requests[first:])
    assert again in ([3, 4, 5, 1], [4, 5, 1])  # what was archived is not asked for again; the head is read at the end
    assert desk.run("verify").code == 0


def test_a_signal_to_the_whole_group_ends_the_night_as_one_to_the_command(desk):
    """Ctrl-C at a terminal, or a service manager that signals every process."""
    site = make_site(5)
    site.faults = faults(on_page(site, 3, hang()))
    with serve(site) as served:
        crawl = desk.start_crawl(served.url(TAG), start_new_session=True)
        wait_for(lambda: len(asked(served.requests)) == 3)
        sent = time.monotonic()
        os.killpg(crawl.pid, signal.SIGINT)
        said = finish(crawl, started=sent)
        assert (said.code, said.seconds < 10) == (130, True), said
        site.faults = None
        assert desk.crawl(served.url(TAG)).summary.startswith("run 1 complete: 50 entries")


def test_a_signal_to_the_crawling_process_alone_ends_the_night_without_a_bug_report(desk):
    site = make_site(5)
    site.faults = faults(on_every_page(slow(0.15), site))
    with serve(site) as served:
        crawl = desk.start_crawl(served.url(TAG))
        wait_for(lambda: len(asked(served.requests)) == 3)
        os.kill(children_of(crawl.pid)[0], signal.SIGTERM)
        said = finish(crawl)
        assert said.code == 143, said
        assert "goes on from there" in said.sentence
        assert desk.crawl(served.url(TAG)).summary.startswith("run 1 complete: 50 entries")


def test_a_second_signal_does_not_wait(desk):
    site = make_site(5)
    site.faults = faults(on_page(site, 3, hang()))
    with serve(site) as served:
        crawl = desk.start_crawl(served.url(TAG))
        wait_for(lambda: len(asked(served.requests)) == 3)
        crawl.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        family = children_of(crawl.pid)
        crawl.send_signal(signal.SIGTERM)
        said = finish(crawl)
        assert (said.code, said.seconds < 3) == (143, True), said
        wait_for(lambda: not any(map(is_alive, family)), seconds=3)
        site.faults = None
        assert desk.crawl(served.url(TAG)).summary.startswith("run 1 complete: 50 entries")


def test_signals_at_random_moments_end_a_night_without_a_traceback(stage):
    """Not only while it fetches: while it starts, while it settles."""
    chance = random.Random(SEED)

    def interrupt(number):
        desk = stage.desk(f"signal {number}", 1)
        crawl = desk.start_crawl(stage.url)
        sent = chance.choice([signal.SIGTERM, signal.SIGINT])
        moment = chance.uniform(0, sum(stage.seconds[1].values()))
        time.sleep(moment)
        crawl.send_signal(sent)
        said = finish(crawl)
        story = (SEED, number, sent.name, moment, said)
        # while Python still loads what it needs, a signal ends it by itself: a shell says 143 or 130 all the same;
        # in the very first instants, while it loads its own `site`, it makes a fatal error of it
        python_died = said.code == 1 and "Fatal Python error: init_import_site" in said.err
        assert said.code in {128 + sent, -sent, 0} or python_died, story
        assert said.code == -sent or python_died or "Traceback" not in said.err, story
        last = desk.crawl(stage.url)
        assert last.code == 0, (story, last)
        (nights,) = desk.query("SELECT count(*) FROM runs")[0]
        assert desk.content() == stage.undisturbed(1, nights - 1), story

    side_by_side({number: partial(interrupt, number) for number in range(6)}, at_once=AT_ONCE)


# what goes on beside a night


def test_reading_commands_work_beside_a_running_night(stage):
    desk = stage.desk("readers", 1)
    (key,) = desk.query("SELECT min(key) FROM items")[0]
    before = desk.run("export").out
    crawl = desk.start_crawl(stage.url)
    outcomes = []
    while crawl.poll() is None:
        for command in (("runs", "--json"), ("show", key, "--json"), ("changes", "--json"), ("export",)):
            said = desk.run(*command)
            outcomes.append((command, said.code, said.err))
            if command == ("export",):
                assert said.out == before or len(said.lines) == 41  # a night is there whole, or not at all
    assert finish(crawl).code == 0
    assert {(code, err) for _, code, err in outcomes} == {(0, "")}
    assert len(outcomes) >= 4


def test_verify_works_beside_a_running_night(desk):
    site = make_site(3)
    site.faults = faults(on_page(site, 3, slow(2)))
    with serve(site) as served:
        crawl = desk.start_crawl(served.url(TAG))
        wait_for(lambda: len(asked(served.requests)) == 3)
        said = desk.run("verify")
        assert finish(crawl).code == 0
    assert said.code == 0, said.out


# files that get lost


def rebuilt(stage, name):
    desk = stage.desk(name, 1)
    assert desk.crawl(stage.url).code == 0
    return desk, desk.content(), desk.run("export", "--versions").out


@pytest.mark.parametrize("command", ["reparse", "settle"])
def test_a_lost_archive_db_is_read_again_from_the_warcs(stage, command):
    desk, content, export = rebuilt(stage, f"lost {command}")
    desk.db.unlink()
    said = desk.run(command)
    assert said.code == 0, said
    assert "archive.db was empty: read 2 WARC files again" in said.err
    assert desk.content() == content
    assert desk.run("export", "--versions").out == export
    assert desk.run("verify").code == 0


def test_a_crawl_reads_a_lost_archive_db_again_and_then_asks_the_site(stage):
    desk, _, _ = rebuilt(stage, "lost crawl")
    feed = desk.run("changes", "--json").out
    desk.db.unlink()
    said = desk.crawl(stage.url)
    assert said.code == 0, said
    assert "archive.db was empty: read 2 WARC files again" in said.err
    assert desk.run("changes", "--json").out.startswith(feed)
    assert [run["outcome"] for run in json.loads(desk.run("runs", "--json").out)] == ["complete"] * 3


def test_an_older_copy_of_archive_db_catches_up_with_the_warcs(stage):
    desk, content, export = rebuilt(stage, "older copy")
    shutil.copy(stage.root / "one" / "data" / "archive.db", desk.db)
    said = desk.run("settle")
    assert said.code == 0, said
    assert desk.content() == content
    assert desk.run("export", "--versions").out == export
    assert desk.run("verify").code == 0


def archived_so_far(desk):
    """Bytes of the WARC file that is being written."""
    with contextlib.suppress(FileNotFoundError):
        return sum(path.stat().st_size for path in desk.data.glob("warc/*.open"))
    return 0


@pytest.mark.parametrize("nights", [0, 1])
def test_a_lost_wal_is_made_good_from_the_warcs(stage, nights):
    desk = stage.desk(f"lost wal {nights}", nights)
    crawl = desk.start_crawl(stage.url, start_new_session=True)
    wait_for(lambda: archived_so_far(desk) > 20_000)  # some pages, far from all
    kill_group(crawl)
    finish(crawl)
    assert list(desk.data.glob("warc/*.open"))
    (desk.data / "archive.db-wal").unlink()
    said = desk.crawl(stage.url)
    assert said.code == 0, said
    assert desk.content() == stage.undisturbed(nights, 1)
    assert desk.run("verify").code == 0


def test_an_archive_that_died_while_it_was_made_is_made_again(desk):
    """The table of migrations is there, nothing else: the process was killed between two transactions."""
    desk.data.mkdir()
    with contextlib.closing(sqlite3.connect(desk.db)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        Migrations("baogao").ensure_migrations_table(Database(connection))
    said = desk.run("runs")
    assert (said.code, said.sentence) == (2, f"{desk.db} is empty: run `baogao crawl` first.")
    with serve(make_site(1)) as served:
        assert desk.crawl(served.url(TAG)).code == 0
