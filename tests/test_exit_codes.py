"""Every exit code of the contract by its real cause: a real server, a real second process, a real full disk."""

import contextlib
import os
import resource
import shutil
import subprocess
import time
from dataclasses import replace
from functools import partial

import pytest

from archive.replica import Site, catalogue, serve
from archive.replica.markup import cards
from tests.command import Desk, asked, children_of, finish, limited, side_by_side, unprivileged, wait_for
from tests.crawls import TAG, make_site
from tests.faults_server import (
    faults,
    half_body,
    hang,
    not_a_listing,
    on_every_page,
    on_page,
    on_path,
    on_robots,
    redesigned,
    redirect,
    reset,
    slow,
    status,
)


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


# 0, 3, 4, 5, 9: what a site may do to a night


def on_page_2(fault, **how):
    return lambda site: faults(on_page(site, 2, fault, **how))


def login(site):
    return faults(on_page(site, 2, redirect("/user/entry?back=2")), on_path("/user/entry", not_a_listing("login")))


#: name → (what the site does, further words of the command, exit code, how the walk stopped, pages seen)
NIGHTS = {
    "429, wait 1 second": (on_page_2(status(429, retry_after=1), times=1), (), 0, None, 3),
    "500": (on_page_2(status(500)), (), 3, "fetch error: page 2: the server answered 500", 1),
    "reset": (on_page_2(reset()), (), 3, "fetch error: page 2: ", 1),
    "half a body": (on_page_2(half_body()), (), 3, "fetch error: page 2: the connection ended", 1),
    "page cap": (lambda _: None, ("--max-pages", "2"), 3, "page cap: stopped after 2 pages", 2),
    "403": (on_page_2(status(403)), (), 5, "blocked: page 2: the server answered 403", 1),
    "401": (on_page_2(status(401)), (), 5, "blocked: page 2: the server answered 401", 1),
    "429": (on_page_2(status(429)), (), 5, "blocked: page 2: the server answered 429", 1),
    "429, wait an hour": (on_page_2(status(429, retry_after=3600)), (), 5, "blocked: page 2: ", 1),
    "captcha": (on_page_2(not_a_listing()), (), 5, "blocked: page 2: ", 1),
    "login": (login, (), 5, "blocked: page 2: ", 1),
    "robots.txt 503": (lambda _: faults(on_robots(status(503))), (), 5, "blocked: page 1: robots.txt could not", 0),
    "a server that hangs": (on_page_2(hang()), ("--time-limit", "6"), 9, "time limit: ", 1),
}


def play(desk, prepare, words):
    site = make_site(3)
    with serve(site) as served:
        site.faults = prepare(site)
        said = desk.crawl("--json", *words, served.url(TAG))
        return said, served.requests


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    root = tmp_path_factory.mktemp("nights")
    return side_by_side(
        {
            name: partial(play, Desk(root / str(number) / "data"), prepare, words)
            for number, (name, (prepare, words, *_)) in enumerate(NIGHTS.items())
        },
        at_once=6,  # they wait more than they work
    )


@pytest.mark.parametrize("name", NIGHTS)
def test_what_a_site_does_decides_the_exit_code(played, name):
    _, _, code, stopped, pages = NIGHTS[name]
    said, _ = played[name]
    assert said.code == code, said
    run = said.json
    assert run["exit_code"] == code
    assert run["outcome"] == ("complete" if code == 0 else "partial")
    (walk,) = run["walks"]
    assert (walk["complete"], walk["pages_seen"], walk["entries_seen"]) == (code == 0, pages, 10 * pages)
    assert walk["stopped"] is None if stopped is None else walk["stopped"].startswith(stopped)
    assert run["counts"]["appeared"] == 10 * pages  # what was seen counts
    assert bool(code) == any(issue["message"] for issue in run["issues"])


def test_retry_after_is_waited_for(played):
    _, requests = played["429, wait 1 second"]
    first, second = (request.at for request in requests if "page=2" in request.target)
    assert second - first >= 1


def test_a_site_that_wants_to_be_left_alone_is_asked_no_more(played):
    for name in ("403", "401", "429, wait an hour", "captcha"):
        assert asked(played[name][1]) == [1, 2], name
    assert asked(played["robots.txt 503"][1]) == []


def test_a_time_limit_is_kept(played):
    said, _ = played["a server that hangs"]
    assert 6 < said.seconds < 18


def test_the_summary_says_why_and_what_to_do(desk):
    site = make_site(3)
    site.robots = "User-agent: *\nDisallow: /tag/\n"
    with serve(site) as served:
        said = desk.crawl(served.url(TAG))
        assert asked(served.requests) == []
    assert said.code == 5
    assert "robots.txt does not allow" in said.summary
    assert said.summary.endswith("wait, and ask less often; never try to evade.")
    assert said.err == ""


# 4: a redesign


def test_a_redesign_is_rejected_and_published_only_after_a_person_accepts_it(desk):
    """Half of the listing is gone over night."""
    site = make_site(3)
    with serve(site) as served:
        url = served.url(TAG)
        assert desk.crawl(url).code == 0
        before = desk.content()
        for report in (*site.shown(TAG, 2), *site.shown(TAG, 1)[:2]):
            site.withdraw(report.id)
        said = desk.crawl(url)
        assert said.code == 4, said
        assert "run 2 rejected: 18 entries on 2 pages, nothing published" in said.summary
        assert "18 entries where its last complete walk had 30" in said.summary
        assert "`baogao accept 2`" in said.summary
        after = desk.content()
        assert {name: after[name] for name in ("items", "versions", "events", "walks")} == {
            name: before[name] for name in ("items", "versions", "events", "walks")
        }
        assert desk.run("settle").out == "nothing to settle.\n"
        said = desk.run("accept", "2", "--json")
        assert said.code == 0, said
        assert (said.json["run"], said.json["outcome"], said.json["exit_code"]) == (2, "complete", 0)
        assert desk.query("SELECT state, count(*) FROM items GROUP BY state ORDER BY 1") == [
            ("listed", 18),
            ("missing", 12),
        ]
        assert desk.crawl(url).code == 0  # measured against what was accepted
        assert desk.query("SELECT count(*) FROM items WHERE state = 'withdrawn'") == [(12,)]


def test_a_redesign_is_not_accepted_after_a_later_night(desk):
    site = make_site(2)
    with serve(site) as served:
        url = served.url(TAG)
        assert desk.crawl(url).code == 0
        site.faults = faults(on_every_page(redesigned(site, TAG), site))
        said = desk.crawl(url)
        assert said.code == 4, said
        site.faults = None
        assert desk.crawl(url).code == 0
        before = desk.snapshot()
        said = desk.run("accept", "2")
    assert said.code == 4
    assert "run 3 was settled after it" in said.sentence
    assert desk.snapshot() == before


def test_a_redesign_that_loses_a_language_is_rejected(desk):
    site = make_site(2)
    with serve(site) as served:
        assert desk.crawl(served.url(TAG)).code == 0
        site.markup = lambda reports: cards([replace(report, en=()) for report in reports])
        site.rerender()
        said = desk.crawl(served.url(TAG))
    assert said.code == 4, said
    assert "English" in said.summary


# 6: another run holds the lock


def test_a_second_crawl_is_refused_within_a_second_and_told_who_holds_the_lock(desk):
    site = make_site(2)
    with serve(site) as served:
        site.faults = faults(on_page(site, 2, hang()))
        crawl = desk.start_crawl(served.url(TAG))
        wait_for(lambda: len(asked(served.requests)) == 2)
        before = desk.snapshot()
        refused = []
        for words in (("crawl", served.url(TAG)), ("crawl", served.url(TAG)), ("settle",), ("reparse",), ("accept", 1)):
            said = desk.run(*words)
            assert said.code == 6, said
            assert f"`baogao crawl` (pid {crawl.pid} on " in said.sentence
            refused.append(said.seconds)
        assert desk.snapshot() == before
        assert min(refused) < 1, refused  # the others may have waited for this machine
        crawl.terminate()
        finish(crawl)
        site.faults = None
        assert desk.crawl(served.url(TAG)).code == 0  # the lock died with its holder


def test_of_ten_crawls_at_once_exactly_one_wins(desk):
    site = make_site(2)
    site.faults = faults(on_every_page(slow(1.5), site))
    with serve(site) as served:
        started = [desk.start_crawl(served.url(TAG)) for _ in range(10)]
        said = [finish(crawl) for crawl in started]
        assert asked(served.requests) == [1, 2, 1]
    assert sorted(each.code for each in said) == [0] + [6] * 9
    assert not any("Traceback" in each.err for each in said)
    assert desk.content()["runs"] == [("crawl", "complete", 0)]
    assert desk.run("verify").code == 0


# 7: storage


@pytest.fixture(scope="module")
def limits(tmp_path_factory):
    """Nights that could write no file beyond some size, and what followed when they could again."""
    root = tmp_path_factory.mktemp("limits")
    site = Site.of(TAG, catalogue(31)[1:])
    with serve(site) as served:
        url = served.url(TAG)
        first = Desk(root / "first" / "data")
        assert first.crawl(url).code == 0
        site.publish(catalogue(1)[0], TAG)
        undisturbed = {}
        for before in (0, 1):
            desk = copy_of(first, root / f"undisturbed {before}", before)
            assert desk.crawl(url).code == 0
            undisturbed[before] = desk.content()

        def disturb(before, size):
            desk = copy_of(first, root / f"{before} {size}", before)
            return before, desk, desk.crawl(url, through=limited(size)), desk.crawl(url)

        nights = [(0, 0), (0, 250_000), (0, 400_000), (1, 700), (1, 80_000), (1, 180_000)]
        yield side_by_side({night: partial(disturb, *night) for night in nights}), undisturbed


def copy_of(desk, place, nights):
    if nights:
        shutil.copytree(desk.data, place / "data")
    return Desk(place / "data")


def test_a_limit_on_file_sizes_is_a_storage_error_and_costs_nothing(limits):
    nights, undisturbed = limits
    codes = {}
    for (before, size), (_, desk, said, again) in nights.items():
        codes[before, size] = said.code
        assert said.code in {0, 7}, (before, size, said)
        assert "Traceback" not in said.err, (before, size, said)
        if said.code == 7:
            last = said.err.splitlines()[-1]
            assert last.startswith("baogao: "), said
            assert "room" in last or "disk" in last, said
        assert again.code == 0, (before, size, said, again)
        content = desk.content()
        assert {t: content[t] == undisturbed[before][t] for t in content if t != "runs"} == dict.fromkeys(
            content.keys() - {"runs"}, True
        ), (before, size, said, again)
        verified = desk.run("verify")
        assert verified.code == 0, (before, size, said, again, verified.out)
        assert not [warc for warc in desk.warcs if warc.endswith(".open")]
    assert list(codes.values()).count(7) >= 5, codes


class Disk:
    """A small disk of its own where this machine lets us mount one; else the same crawl loses its room another way."""

    def __init__(self, place):
        self.place = place
        self._ballast = place / "ballast"
        place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
        self.mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0

    def fill(self, crawl):
        if not self.mounted:
            for pid in (crawl.pid, *children_of(crawl.pid)):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (100, 100))
            return
        with contextlib.suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(b"x")

    def free(self):
        self._ballast.unlink(missing_ok=True)

    def unmount(self):
        if self.mounted:
            subprocess.run(["umount", str(self.place)], check=True)


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.unmount()


@pytest.mark.parametrize("page", [1, 3])
def test_a_disk_that_runs_full_during_a_night_costs_nothing(disk, tmp_path, page):
    site = make_site(3)
    started = []

    def fill(handler):
        wait_for(lambda: started)
        disk.fill(started[0])
        handler.give(handler.healthy())

    with serve(site) as served:
        site.faults = faults(on_page(site, page, fill, times=1))
        desk = Desk(disk.place / "data")
        started.append(desk.start_crawl(served.url(TAG)))
        said = finish(started[0])
        assert said.code == 7, said
        assert "make room" in said.err.splitlines()[-1]
        assert "Traceback" not in said.err
        if disk.mounted:
            full = desk.crawl(served.url(TAG))
            assert full.code == 7
            assert "KiB are free" in full.sentence
            assert desk.run("runs").code in {0, 7}
        disk.free()
        said = desk.crawl(served.url(TAG))
        assert (said.code, said.summary.partition(":")[0]) == (0, "run 1 complete"), said
        elsewhere = Desk(tmp_path / "undisturbed")
        assert elsewhere.crawl(served.url(TAG)).code == 0
        assert desk.content() == elsewhere.content()
        assert desk.run("verify").code == 0


def test_a_disk_that_is_full_when_the_night_is_settled_costs_nothing(disk):
    with serve(make_site(3)) as served:
        desk = Desk(disk.place / "data")
        assert desk.crawl("--no-settle", served.url(TAG)).code == 0
        said = desk.run("settle", through=limited(20_000))
        assert said.code == 7, said
        assert "could not be written" in said.sentence
        assert desk.query("SELECT count(*) FROM items") == [(0,)]
        said = desk.run("settle", "--json")
        assert (said.code, said.json["counts"]["appeared"]) == (0, 30)


@pytest.fixture
def read_only(tmp_path):
    """A data directory with one night in it, which nobody may write."""
    desk = Desk(tmp_path / "data")
    with serve(make_site(1)) as served:
        assert desk.crawl(served.url(TAG)).code == 0
    places = [desk.data, *(place for place in desk.data.rglob("*"))]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    yield desk
    for place in places:
        place.chmod(0o755)


def test_a_read_only_directory_is_a_storage_error_for_writers_and_none_for_readers(read_only):
    desk = read_only
    before = desk.snapshot()
    for words in (
        ("crawl", "http://127.0.0.1:9/tag/x"),
        ("settle",),
        ("reparse",),
        ("crawl", "--dry-run", "http://127.0.0.1:9/"),
    ):
        said = desk.run(*words, through=unprivileged())
        assert said.code == 7, said
        assert f"{desk.data} can't be written" in said.sentence
        assert f"uid {os.getuid()}" in said.sentence
    key = desk.run("export", through=unprivileged()).lines[0]["key"]
    for words in (("runs",), ("show", key), ("history", key), ("changes",), ("export",), ("verify",)):
        said = desk.run(*words, through=unprivileged())
        assert (said.code, said.err) == (0, ""), said
        assert said.out
    assert desk.snapshot() == before


# 9: the time limit


def test_a_night_over_its_time_limit_counts_as_far_as_it_came_and_the_next_one_starts_anew(desk):
    site = make_site(4)
    with serve(site) as served:
        url = served.url(TAG)
        assert desk.crawl(url).code == 0
        site.publish(catalogue(50)[-1], TAG)
        gone = site.shown(TAG, 4)[5].id
        site.withdraw(gone)
        site.faults = faults(on_page(site, 3, hang()))
        started = time.monotonic()
        said = desk.crawl("--time-limit", "2", url)
        assert said.code == 9, said
        assert time.monotonic() - started < 12
        assert "run 2 partial: 20 entries on 2 pages, 1 appeared" in said.summary
        assert "run again with more time" in said.summary
        assert desk.query("SELECT DISTINCT state FROM items") == [("listed",)]
        site.faults = None
        said = desk.crawl(url)
        assert said.summary.startswith("run 3 complete: 40 entries on 4 pages, nothing new")
    assert desk.query("SELECT key FROM items WHERE state = 'missing'") == [(f"127.0.0.1:{gone}",)]


# what is no exit code of a night


def test_a_crawling_process_that_is_killed_leaves_a_night_to_go_on_with(desk):
    """By the kernel, for want of memory."""
    site = make_site(3)
    site.faults = faults(on_page(site, 3, hang()))
    with serve(site) as served:
        crawl = desk.start_crawl(served.url(TAG))
        wait_for(lambda: len(asked(served.requests)) == 3)
        os.kill(children_of(crawl.pid)[0], 9)
        said = finish(crawl)
        assert said.code == 3
        assert "killed by SIGKILL" in said.sentence
        site.faults = None
        assert desk.crawl(served.url(TAG)).summary.startswith("run 1 complete: 30 entries on 3 pages")


def test_a_reader_that_stops_reading_is_no_error(desk):
    with serve(make_site(3)) as served:
        assert desk.crawl(served.url(TAG)).code == 0
    export = desk.start("export")
    export.stdout.read(10)
    export.stdout.close()
    export.stdout = None
    _, err = export.communicate(timeout=20)
    assert (export.returncode, err) == (0, b"")


def test_standard_output_on_a_full_disk_is_a_storage_error(desk):
    with serve(make_site(1)) as served:
        assert desk.crawl(served.url(TAG)).code == 0
    for words in (("export",), ("runs",), ("changes", "--json"), ("verify", "--json")):
        with open("/dev/full", "wb") as full:  # noqa: PTH123
            done = subprocess.run(desk.command(*words), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 7, (words, done)
        assert done.stderr.count("\n") == 1
        assert "No space left on device" in done.stderr
