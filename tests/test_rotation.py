"""Many listings: the heads of all, whole walks in rotation, a budget, and several hosts side by side."""

import contextlib
import json
import shutil
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from archive.budget import HEAD_PAGES, Head
from archive.captures import todays_reader
from archive.config import Config, make_listing
from archive.crawl import hold_archive
from archive.journal import find_note
from archive.keeping.dump import dump_content
from archive.night import Options, begin_night
from archive.replica import Answer, Site, catalogue, serve, server
from archive.replica.site import listing_path
from archive.settle import settle
from archive.store import DataDirectory, open_for_reading
from archive.walk import Stop, Walk
from crawler.outages import Outages
from crawler.turns import Turns
from tests.crawls import Archive
from tests.nights import Nights, Publisher
from tests.test_walk import page

COUNTING = {"BAOGAO_TIMER": "tests.crawls.counting_timer"}
REPORTS = catalogue(60)
PER_TAG = 12  # two pages


# Which listing comes first


def nights_of(tmp_path, *tags, reports=7):
    publisher = Publisher()
    for tag in tags:
        for number in range(reports):
            publisher.publish(f"{tag}{number}", tag)
    return Nights(tmp_path / "data", publisher, ranks=tags)


def order(nights, *tags):
    with nights.opened() as connection:
        night, _ = begin_night(
            connection, nights.data, nights.listings(tags), nights.config(tags), Options(0, 500), nights.reader,
            now=nights.now(), configured=False,
        )  # fmt: skip
        connection.execute("DELETE FROM runs WHERE outcome = 'open'")
        return [key.removeprefix("tag:") for key in night.order]


def test_the_listing_longest_without_a_complete_walk_comes_first(tmp_path):
    nights = nights_of(tmp_path, "甲", "乙", "丙")
    assert order(nights, "甲", "乙", "丙") == ["甲", "乙", "丙"]  # never walked, all of them
    nights.night("甲", "乙", "丙", leave={"乙": 1, "丙": 1})
    assert order(nights, "甲", "乙", "丙") == ["乙", "丙", "甲"]
    nights.night("甲", "乙", "丙", leave={"甲": 1, "丙": 1})
    assert order(nights, "甲", "乙", "丙") == ["丙", "甲", "乙"]
    nights.night("甲", "乙", "丙", faults={("丙", 2): "500"})
    assert order(nights, "甲", "乙", "丙") == ["丙", "甲", "乙"]  # it failed: it comes first again


def test_a_listing_that_never_ends_lets_the_others_have_their_turn(tmp_path):
    nights = nights_of(tmp_path, "甲", "乙")
    for _ in range(2):
        nights.night("甲", "乙", faults={("甲", 2): "500"}, leave={"乙": 1})
        assert order(nights, "甲", "乙") == ["甲", "乙"]
    nights.night("甲", "乙", faults={("甲", 2): "500"}, leave={"乙": 1})
    assert order(nights, "甲", "乙") == ["乙", "甲"]


def test_a_walk_that_takes_longer_than_the_budget_has_had_its_turn(tmp_path):
    nights = nights_of(tmp_path, "甲", "乙")
    stop = Stop("over budget", "the budget of 2h was over after page 2 of 3")
    nights.night("甲", "乙", leave={"甲": (2, stop), "乙": 1})
    assert order(nights, "甲", "乙") == ["乙", "甲"]


def test_heads_for_which_there_was_no_time_come_before_those_that_were_read(tmp_path):
    nights = nights_of(tmp_path, "甲", "乙")
    nights.night("甲", "乙", leave={"甲": 1, "乙": 0})
    assert order(nights, "甲", "乙") == ["乙", "甲"]


def test_an_interrupted_night_keeps_its_order(tmp_path):
    nights = nights_of(tmp_path, "甲", "乙")
    nights.night("甲", "乙", leave={"乙": 1})
    nights.night("甲", "乙", die_after=4)  # 乙 was walked first, to its end
    with nights.opened() as connection:
        listings = nights.listings(["甲", "乙"])
        night, _ = begin_night(
            connection, nights.data, listings, nights.config(["甲", "乙"]), Options(0, 500), nights.reader,
            now=nights.now(), configured=False,
        )  # fmt: skip
    assert (night.run, night.order) == (2, ("tag:乙", "tag:甲"))
    assert [listing.key for listing in night.listings] == ["tag:甲", "tag:乙"]


# Heads


def read_head(pages, known, *, is_new=False):
    """The pages that are asked for, and what is said then."""
    head, walk = Head(is_new=is_new), Walk("http://127.0.0.1/tag/x")
    asked = []
    while walk.ask is not None and not head.ended:
        asked.append((walk.ask.page, walk.ask.head))
        reading = pages[walk.ask.page - 1]
        walk.feed(reading)
        head.take(reading, set(reading.keys) - set(known), walk)
    return asked, head.leave().reason if head.ended else None


def test_a_head_goes_on_while_there_is_news():
    pages = [page("a", "b", next_url="2", last=4), page("c", "d", next_url="3", last=4), page("e", "f", next_url="4")]
    assert read_head(pages, "abcdef") == ([(1, False)], "only its head was read tonight (1 page), nothing new on it")
    asked, why = read_head(pages, "bcdef")
    assert asked == [(1, False), (2, False)]
    assert why == "only its head was read tonight (2 pages), 1 new report on them"
    assert read_head(pages, "", is_new=True)[0] == [(1, False)]


def test_a_head_has_a_bound():
    pages = [page(f"a{number}", next_url=str(number + 2), last=99) for number in range(99)]
    asked, why = read_head(pages, "")
    assert len(asked) == HEAD_PAGES
    assert why.endswith("(10 pages), 10 new reports on them")


def test_a_listing_that_ends_within_its_head_is_walked_to_its_end():
    assert read_head([page("a", "b", last=1)], "ab") == ([(1, False), (1, True)], None)


def test_head_nights_announce_and_never_withdraw(tmp_path):
    nights = nights_of(tmp_path, "甲")
    nights.night("甲")
    nights.publisher.withdraw("甲6")  # it stood first
    for number in range(5):
        nights.publisher.publish(f"新{number}", "甲")
        verdict = nights.night("甲", leave={"甲": 1}, budget=7200)
        assert (verdict.outcome, verdict.exit_code) == ("complete", 0)
        assert nights.events() == [("appeared", f"新{number}", "due")]
        assert nights.state("甲6") == "listed"
        assert nights.issues() == []
    nights.night("甲", budget=7200)
    assert nights.state("甲6") == "missing"
    nights.night("甲", leave={"甲": 1}, budget=7200)
    assert nights.state("甲6") == "missing"
    nights.night("甲", budget=7200)
    assert nights.events() == [("withdrawn", "甲6", "due")]
    nights.night("甲", budget=7200)
    assert nights.events() == []
    assert nights.rebuild(tmp_path / "other").dump() == nights.dump()


def test_a_head_announces_nothing_of_a_listing_without_a_baseline(tmp_path):
    nights = nights_of(tmp_path, "甲")
    nights.night("甲", leave={"甲": 1}, budget=7200)
    assert {alert for _, _, alert in nights.events()} == {"quiet"}


def test_head_nights_are_no_streak_and_a_slow_rotation_is_said_once_a_run(tmp_path):
    nights = nights_of(tmp_path, "甲", "乙")
    for _ in range(30):
        nights.night("甲", "乙", leave={"甲": 1, "乙": 1}, budget=60)
        assert nights.issues() == []
    verdict = nights.night("甲", "乙", leave={"甲": 1, "乙": 1}, budget=60)
    assert nights.issues() == ["rotation-slow"]
    assert verdict.issues[0]["message"].startswith("tag:甲 was looked at in 31 runs and walked to its end in none")
    assert (verdict.outcome, verdict.exit_code) == ("complete", 0)
    nights.night("甲", "乙", budget=60)
    nights.night("甲", "乙", leave={"甲": 1, "乙": 1}, budget=60)
    assert nights.issues() == []


def test_listings_that_were_not_looked_at_make_a_night_incomplete(tmp_path):
    nights = nights_of(tmp_path, "甲", "乙", "丙")
    verdict = nights.night("甲", "乙", "丙", leave={"甲": 1, "乙": 0, "丙": 0}, budget=5400)
    assert (verdict.outcome, verdict.exit_code) == ("partial", 3)
    (issue,) = verdict.issues
    assert issue["code"] == "budget"
    assert "The budget of 1h30m ended before 2 of 3 listings were looked at" in issue["message"]
    assert "the first of them is tag:乙" in issue["message"]


def test_new_reports_without_english_do_not_reject_a_head(tmp_path):
    """Of a page full of them the share would be nought; of the known ones it is what it was."""
    nights = nights_of(tmp_path, "甲", reports=30)
    nights.night("甲")
    for number in range(6):
        nights.publisher.publish(f"新{number}", "甲", en="")
    verdict = nights.night("甲", leave={"甲": 2}, budget=60)
    assert verdict.outcome == "complete"
    assert len(nights.events()) == 6
    for key in nights.publisher.tags["甲"]:
        nights.publisher.edit(key, en="")
    assert nights.night("甲", leave={"甲": 4}, budget=60).outcome == "rejected"


# Turns


def turns(*urls, at_once=4, budget=None):
    listings = [make_listing(url, rank=number) for number, url in enumerate(urls)]
    return Turns(listings, at_once, delay=2.0, budget=budget, began=0.0), listings


def test_one_listing_of_a_host_at_a_time_and_no_more_hosts_than_allowed():
    asked, listings = turns("http://a/1", "http://a/2", "http://b/1", "http://c:1/1", "http://c:2/1", at_once=2)
    taken = [asked.take(), asked.take()]
    assert [turn.listing for turn in taken] == [listings[0], listings[2]]
    assert asked.take() is None
    asked.release(listings[2])
    assert asked.take().listing == listings[3]
    asked.release(listings[0])
    assert asked.take().listing == listings[1]  # c is being asked, whatever the port
    asked.release(listings[3])
    assert asked.take().listing == listings[4]
    asked.release(listings[1])
    assert asked.take() is None


def test_of_its_site_the_last_listing_is_brought_forward():
    asked, (first, *_) = turns("http://one/a", "http://one/b", "http://one/c", "http://one:81/d", "http://two/e")
    assert asked.take().listing == first
    asked.bring_last_forward(first)
    asked.release(first)
    assert [asked.take().listing.url for _ in range(2)] == ["http://one/c", "http://two/e"]


def test_heads_of_all_hosts_come_before_the_first_walk():
    asked, listings = turns("http://a/1", "http://b/1", "http://c/1", at_once=1, budget=60.0)
    for listing in listings:
        turn = asked.take()
        assert (turn.listing, turn.is_head) == (listing, True)
        asked.release(listing)
        asked.walk_later(listing, Head(is_new=True))
    assert [asked.take().is_head, asked.take()] == [False, None]


def test_the_first_walk_of_a_host_that_waited_for_another_host_is_begun_only_where_it_fits():
    """It did not have all of the budget: cut short, it would be told to be too long for it, and lose its turn."""
    asked, listings = turns("http://a/1", "http://b/1", "http://c/1", at_once=2, budget=60.0)
    for listing in listings:
        assert asked.take().is_head
        asked.release(listing)
        asked.walk_later(listing, Head(is_new=True))
    assert [asked.take().listing, asked.take().listing] == listings[:2]
    assert [asked.begin_walk(listing) for listing in listings[:2]] == [True, True]
    asked.release(listings[0])
    assert asked.take().listing == listings[2]
    assert not asked.fits(listings[2], 6, 50.0)
    assert asked.fits(listings[2], 5, 50.0)
    assert not asked.begin_walk(listings[2])


def test_a_walk_that_would_not_fit_is_left_unless_it_is_the_first_of_its_host():
    asked, (one, two) = turns("http://a/1", "http://a/2", budget=60.0)
    assert asked.fits(one, 1000, 10.0)
    assert asked.begin_walk(one)
    assert not asked.begin_walk(two)
    assert asked.fits(two, 25, 10.0)  # at the delay
    assert not asked.fits(two, 26, 10.0)
    asked.note_page(one, 5.0)  # slower than that
    assert asked.fits(two, 10, 10.0)
    assert not asked.fits(two, 11, 10.0)
    assert asked.fits(two, None, 10.0)
    assert not asked.fits(two, None, 60.0)


# Real nights


class Everywhere(server._Server):
    """On every loopback address: 127.0.0.1, 127.0.0.2 … are hosts of their own."""

    def server_bind(self):
        self.server_address = ("", self.server_address[1])
        super().server_bind()


@dataclass
class House:
    """An archive and the nights that are crawled into it by a real process."""

    root: object
    site: Site
    served: object
    hosts: tuple = ("127.0.0.1",)
    now: datetime = datetime(2026, 1, 1, 18, 30, tzinfo=UTC)
    budget: float | None = None
    at_once: int = 4
    shown: list = field(default_factory=list)  #: of the last night: (host, tag, page)

    def __post_init__(self):
        self.data = DataDirectory(self.root / "data")
        tags = list(self.site.listings)
        host_of = {tag: self.hosts[number % len(self.hosts)] for number, tag in enumerate(tags)}
        self.urls = {tag: f"http://{host_of[tag]}:{self.served.port}{listing_path(tag)}" for tag in tags}

    @contextlib.contextmanager
    def opened(self, root=None):
        data = DataDirectory(root) if root else self.data
        reader = todays_reader()
        now = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        with hold_archive(data, reader, command="test", now=now, say=lambda _: None) as (connection, _):
            yield data, connection, reader, now

    def night(self, *, settings=COUNTING, meanwhile=None, code=0):
        """One night; None where it was ended before its time, with ``code``."""
        self.now += timedelta(days=1) if not self._is_open() else timedelta(minutes=1)
        listings = [make_listing(url, rank=rank) for rank, url in enumerate(self.urls.values())]
        config = Config(
            tuple(listings), 0.0, "baogao/0.1 (test)", 500, budget=self.budget, max_concurrent_hosts=self.at_once
        )
        before = len(self.served.requests)
        with self.opened() as (data, connection, reader, now):
            night, _ = begin_night(
                connection, data, listings, config, Options(0.0, 500), reader, now=now, configured=True
            )
            with Archive(self.root / "data").start(night, settings=settings) as child:
                if meanwhile:
                    meanwhile(child, before)
                said = child.communicate(timeout=30)
            assert child.returncode == code, said
            self.shown = [
                (request.headers["host"].partition(":")[0], request.path.rpartition("/")[2],
                 int(request.query.get("page", 1)))
                for request in self.served.requests[before:] if request.path.startswith("/tag/")
            ]  # fmt: skip
            return None if code else settle(connection, data, night.run, reader)

    def _is_open(self):
        if not self.data.db.exists():
            return False
        with contextlib.closing(open_for_reading(self.data)) as connection:
            return bool(connection.execute("SELECT 1 FROM runs WHERE outcome = 'open'").fetchone())

    def query(self, sql, *values):
        with contextlib.closing(open_for_reading(self.data)) as connection:
            return [tuple(row) for row in connection.execute(sql, values)]

    def events(self, run):
        return self.query(
            "SELECT e.kind, i.key, e.alert FROM events e JOIN items i ON i.id = e.item_id WHERE e.run_id = ? "
            "ORDER BY e.id", run
        )  # fmt: skip

    def rebuilt_is_equal(self):
        other = self.root / "other"
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(self.data.warc, other / "warc")
        with self.opened(other) as (data, connection, reader, _):
            for (run,) in connection.execute("SELECT id FROM runs WHERE outcome = 'open'").fetchall():
                settle(connection, data, run, reader)
        dumps = []
        for data in (self.data, DataDirectory(other)):
            with contextlib.closing(open_for_reading(data)) as connection:
                dumps.append(dump_content(connection))
        return dumps[0] == dumps[1]


@contextlib.contextmanager
def house(tmp_path, tags, *, hosts=("127.0.0.1",), **more):
    site = Site()
    for place, tag in enumerate(tags):
        for report in reversed(REPORTS[10 + place : 10 + place + PER_TAG]):
            if report.id in site.reports:
                site.add_tag(report.id, tag)
            else:
                site.publish(report, tag)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "_Server", Everywhere)
        with serve(site) as served:
            yield House(tmp_path, site, served, hosts, **more)


def whole(verdict):
    return [walk["listing"].removeprefix("tag:") for walk in verdict.walks if walk["complete"]]


def test_a_week_of_thirty_listings(tmp_path):
    """A budget for the heads of all and some walks a night: within five nights every listing was walked."""
    tags = [f"t{number}" for number in range(30)]
    with house(tmp_path, tags, budget=150.0) as week:
        walked, announced = Counter(), []
        gone = week.site.listings["t0"][0]  # no other tag has it
        for night in range(1, 8):
            fresh = REPORTS[night]
            if night > 1:
                week.site.publish(fresh, f"t{night - 2}", f"t{night + 20}")
            if night == 3:
                week.site.remove_tag(gone, "t0")
            verdict = week.night()
            assert (verdict.outcome, verdict.exit_code) == ("complete", 0), verdict.issues
            assert {tag for _, tag, number in week.shown if number == 1} == set(tags)
            tonight = whole(verdict)
            assert 6 <= len(tonight) <= 10
            walked.update(tonight)
            if night == 5:
                assert set(walked) == set(tags)
            events = week.events(verdict.run)
            assert "withdrawn" not in {kind for kind, _, _ in events}
            if night > 1:
                key = f"127.0.0.1:{fresh.id}"
                assert ("appeared", key, "due") in events  # t0 to t5 were walked in the first night
                announced.append(key)
            assert {issue["code"] for issue in verdict.issues} <= {"rotation-slow", "clock"}
        assert max(walked.values()) <= 3
        appeared = week.query("SELECT i.key FROM events e JOIN items i ON i.id = e.item_id WHERE e.alert = 'due'")
        assert sorted(key for (key,) in appeared) == sorted(announced)
        assert week.query("SELECT key, state FROM items WHERE state <> 'listed'") == [(f"127.0.0.1:{gone}", "missing")]
        assert week.query(
            "SELECT count(*) FROM walks w JOIN listings l ON l.id = w.listing_id "
            "WHERE l.key = 'tag:t0' AND w.complete = 1 AND w.run_id >= 3"
        ) == [(1,)]
        assert week.rebuilt_is_equal()


def test_a_budget_that_ends_within_the_heads_and_within_a_walk(tmp_path):
    with house(tmp_path, ["t0", "t1", "t2", "t3"], budget=7.0) as few:
        verdict = few.night()
        assert (verdict.outcome, verdict.exit_code) == ("partial", 3)
        assert [walk["pages_seen"] for walk in verdict.walks] == [1, 1, 0, 0]
        assert verdict.walks[2]["stopped"] == "budget: not looked at: the budget of 7s was over"
        assert [issue["code"] for issue in verdict.issues] == ["budget"]
        few.budget = 16.0
        verdict = few.night()
        assert {tag: number for _, tag, number in few.shown} == {"t2": 2, "t3": 1, "t0": 1, "t1": 1}
        assert few.shown[0][1] == "t2"  # it was not looked at in the night before
        assert verdict.exit_code == 0
        stopped = {walk["listing"]: walk["stopped"] for walk in verdict.walks}
        assert stopped["tag:t2"] == "over budget: the budget of 16s was over after page 2 of 2"
        assert stopped["tag:t3"] == "budget: only its head was read tonight (1 page), nothing of it was known before"
        assert stopped["tag:t1"] == "budget: only its head was read tonight (1 page), nothing new on it"
        # these nights begin by an invented clock and end by this machine's
        (issue,) = [issue for issue in verdict.issues if issue["code"] != "clock"]
        assert issue["message"].startswith("A whole walk of tag:t2 takes longer than the budget of 16s")
        assert few.rebuilt_is_equal()


def test_kills_in_both_passes(tmp_path, capsys):
    tags = [f"t{number}" for number in range(8)]
    trials = 0
    with house(tmp_path, tags, budget=60.0) as killed:
        killed.night()
        for asked in (1, 4, 8, 10, 13):

            def kill(child, before, asked=asked):
                deadline = time.monotonic() + 20
                while len(killed.served.requests) - before <= asked and child.poll() is None:
                    assert time.monotonic() < deadline
                    time.sleep(0.001)
                child.kill()

            killed.site.faults = lambda _: time.sleep(0.02)  # so that the kill comes before the end
            killed.night(meanwhile=kill, code=-signal.SIGKILL)
            seen = list(killed.shown)
            killed.site.faults = None
            verdict = killed.night()
            trials += 1
            assert (verdict.outcome, verdict.exit_code) == ("complete", 0)
            assert {tag for _, tag, number in seen + killed.shown if number == 1} == set(tags)
            again = Counter(tag for _, tag, number in killed.shown if number == 2)
            assert set(again.values()) <= {1}
            for walk in verdict.walks:
                assert walk["complete"] or walk["stopped"].startswith("budget: "), walk
                assert walk["pages_seen"], walk
        assert killed.query("SELECT DISTINCT kind FROM events") == [("appeared",)]
        assert killed.rebuilt_is_equal()
    with capsys.disabled():
        print(f" [{trials} kills]", end="")  # noqa: T201


def test_several_hosts_are_asked_side_by_side_each_one_request_at_a_time(tmp_path):
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "localhost")
    with house(tmp_path, [f"t{number}" for number in range(8)], hosts=hosts, at_once=3) as many:
        lock, busy, most = threading.Lock(), Counter(), Counter()

        def watch(request):
            def answer(handler):
                host = request.headers["host"]
                with lock:
                    busy[host] += 1
                    most[host] = max(most[host], busy[host])
                    most["all"] = max(most["all"], busy.total())
                time.sleep(0.05)
                with lock:
                    busy[host] -= 1
                handler.give(handler.healthy())

            return answer

        many.site.faults = watch
        verdict = many.night()
        assert verdict.exit_code == 0
        assert len(whole(verdict)) == 8
        assert most.pop("all") == 3
        assert set(most.values()) == {1}
        assert len(most) == 4
        assert many.rebuilt_is_equal()


def test_a_ban_on_one_host_leaves_the_others_alone(tmp_path):
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
    with house(tmp_path, [f"t{number}" for number in range(6)], hosts=hosts, budget=60.0) as banned:

        def ban(request):
            return (
                Answer(b"", 403) if request.headers["host"].startswith("127.0.0.2") and "tag" in request.path else None
            )

        banned.site.faults = ban
        verdict = banned.night()
        assert verdict.exit_code == 5
        stopped = {walk["listing"]: (walk["stopped"] or "").partition(":")[0] for walk in verdict.walks}
        assert stopped == {"tag:t1": "blocked", "tag:t4": "blocked"} | {f"tag:t{n}": "" for n in (0, 2, 3, 5)}
        assert [tag for host, tag, _ in banned.shown if host == "127.0.0.2"] == ["t1"]


def refuse_tags(*tags, host="127.0.0.1"):
    """A fault: these tags of a host answer 503."""
    return lambda request: (
        Answer(b"", 503)
        if request.path.rpartition("/")[2] in tags and request.headers["host"].startswith(host)
        else None
    )


#: no time passes before a host that got no answer for three listings is doubted
HASTY = COUNTING | {"BAOGAO_OUTAGE": "0"}


def test_a_host_that_is_out_of_order_is_left_alone_and_asked_again_the_next_night(tmp_path):
    tags = [f"t{number}" for number in range(12)]
    with house(tmp_path, tags, hosts=("127.0.0.1", "127.0.0.2")) as sick:
        assert sick.night().exit_code == 0
        gone = sick.site.listings["t1"][0]
        sick.site.remove_tag(gone, "t1")
        sick.site.faults = refuse_tags(*tags, host="127.0.0.2")
        verdict = sick.night(settings=HASTY)
        assert (verdict.outcome, verdict.exit_code) == ("partial", 3)
        assert sorted(whole(verdict)) == sorted(tags[::2])
        asked = [tag for host, tag, _ in sick.shown if host == "127.0.0.2"]
        assert asked == [tag for tag in ("t1", "t3", "t5", "t11") for _ in range(3)], "the last is known to work"
        stops = Counter(walk["stopped"] for walk in verdict.walks if walk["stopped"])
        assert stops.pop("fetch error: page 1: the server answered 503") == 4
        assert stops == {
            f"fetch error: not asked: 127.0.0.2:{sick.served.port} is out of order, 4 listings in a row could not be "
            "had, tag:t11 last (page 1: the server answered 503)": 2
        }
        sick.site.faults = None
        verdict = sick.night(settings=HASTY)
        assert (verdict.exit_code, sorted(whole(verdict))) == (0, sorted(tags))
        assert sick.query("SELECT state FROM items WHERE state <> 'listed'") == [("missing",)]
        assert sick.rebuilt_is_equal()


def test_broken_tags_in_front_keep_no_healthy_one_from_being_walked(tmp_path):
    tags = [f"t{number}" for number in range(9)]
    with house(tmp_path, tags, budget=500.0) as broken:
        broken.site.faults = refuse_tags(*tags[:5])
        assert sorted(whole(broken.night(settings=HASTY))) == tags[5:]


def test_a_restart_is_no_outage():
    outages = Outages(patience=60.0)
    assert {outages.note_failure("one", asked_at=0.0, now=4.0 * number) for number in range(1, 14)} == {"passing"}
    outages.note_answer("one")
    assert outages.note_failure("one", asked_at=70.0, now=200.0) == "passing"  # three time-outs are no three listings
    assert outages.note_failure("two", asked_at=0.0, now=200.0) == "passing"
    assert outages.note_failure("one", asked_at=200.0, now=290.0) == "passing"
    assert outages.note_failure("one", asked_at=290.0, now=380.0) == "doubt"
    outages.note_answer("one")  # the listing that is known to work
    assert outages.note_failure("one", asked_at=400.0, now=490.0) == "passing"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_all_hosts_end_together_and_go_on_together(tmp_path, number):
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
    with house(tmp_path, [f"t{number}" for number in range(6)], hosts=hosts) as stopped:
        stopped.site.faults = lambda _: time.sleep(0.1)

        def stop(child, before):
            while len(stopped.served.requests) - before < 8:
                time.sleep(0.005)
            child.send_signal(number)

        code = 143 if number == signal.SIGTERM else -signal.SIGKILL
        stopped.night(meanwhile=stop, code=code)
        assert len({tag for _, tag, _ in stopped.shown}) >= 3
        first = list(stopped.shown)
        stopped.site.faults = None
        verdict = stopped.night()
        assert len(whole(verdict)) == 6
        assert len(first + stopped.shown) <= 6 * 3 + 3  # at most the page in hand of each is asked for twice
        with stopped.opened() as (_, connection, _, _):
            assert find_note(connection, verdict.run, "run-end") is not None


def test_a_bug_or_a_full_disk_ends_all_hosts(tmp_path):
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
    with (
        house(tmp_path, [f"t{number}" for number in range(6)], hosts=hosts) as broken,
        pytest.MonkeyPatch.context() as env,
    ):
        env.setenv("BREAK_CLOCK_AT", "9")
        broken.night(settings={"BAOGAO_CLOCK": "tests.crawls.broken_clock"}, code=1)
        assert len(broken.shown) <= 8
        assert len(whole(broken.night())) == 6


# Commands


@pytest.fixture
def desk(tmp_path):
    from tests.command import Desk

    with Desk(tmp_path / "desk" / "data") as desk:
        yield desk


def configure(desk, served, tags, crawl=""):
    desk.data.parent.mkdir(parents=True, exist_ok=True)
    listings = "".join(f'[[listing]]\nurl = "{served.url(tag)}"\n' for tag in tags)
    (desk.data.parent / "baogao.toml").write_text(f"[crawl]\ndelay = 0\n{crawl}\n{listings}", encoding="utf-8")


def test_a_budget_as_an_operator_sees_it(desk, tmp_path):
    with house(tmp_path, ["t0", "t1"]) as some:
        configure(desk, some.served, ["t0", "t1"], 'budget = "1h"')
        said = desk.crawl()
        assert said.code == 0
        assert said.summary.startswith("run 1 complete: 2 of 2 listings walked to their end: 24 entries on")
        run = desk.run("runs", "1", "--json").json
        assert run["budget"] == 3600
        assert "budget: 1h: 2 of 2 listings walked to their end" in desk.run("runs", "1").out


def test_listings_by_pattern(desk, tmp_path):
    with house(tmp_path, ["甲一", "甲二", "乙[1]"]) as some:
        configure(desk, some.served, ["甲一", "甲二", "乙[1]"])
        assert desk.crawl().code == 0
        said = desk.crawl("--listing", "tag:甲*", "--json")
        assert [walk["listing"] for walk in said.json["walks"]] == ["tag:甲一", "tag:甲二"]
        assert desk.query("SELECT count(*) FROM listings WHERE walked = 1") == [(3,)]
        said = desk.crawl("--listing", "tag:乙[1]", "--listing", "*/tag/甲二", "--json")
        assert [walk["listing"] for walk in said.json["walks"]] == ["tag:甲二", "tag:乙[1]"]
        checked = desk.run("check", "--listing", "tag:乙*", "--json")
        assert [page["listing"] for page in checked.json["listings"]] == ["tag:乙[1]"]
        said = desk.crawl("--listing", "nothing*")
        assert said.code == 2
        assert "'nothing*' matches no configured listing; there are: tag:甲一, tag:甲二, tag:乙[1]" in said.sentence
        for command in ("crawl", "check"):
            said = desk.run(command, "--listing", "tag:甲*", some.served.url("甲一"))
            assert said.code == 2
            assert "not both" in said.sentence


def test_scrapy_crawl_keeps_the_budget_and_writes_every_entry_once(tmp_path):
    from tests.test_crawler_scrapy import scrapy

    with house(tmp_path, ["t0", "t1"]) as some:
        config = tmp_path / "baogao.toml"
        listings = "".join(f'[[listing]]\nurl = "{url}"\n' for url in some.urls.values())
        config.write_text(f'[crawl]\nbudget = "1h"\n{listings}', encoding="utf-8")
        feed = tmp_path / "reports.jsonl"
        arguments = ("crawl", "reports", "-s", "DOWNLOAD_DELAY=0", "-O", str(feed))
        done = scrapy(*arguments, data=tmp_path / "own", BAOGAO_CONFIG=str(config))
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in feed.read_text(encoding="utf-8").splitlines()]
    assert Counter((entry["listing"], entry["page"]) for entry in entries) == {
        ("tag:t0", 1): 10, ("tag:t1", 1): 10, ("tag:t0", 2): 2, ("tag:t1", 2): 2
    }  # fmt: skip
