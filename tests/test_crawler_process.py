"""``python -m crawler`` as its parent sees it: exit codes, signals, a parent that dies, a disk that is full."""

import resource
import signal
import subprocess
import sys
import threading
import time

import pytest

from archive.replica import serve
from archive.warc import iterate_records
from crawler.bookings import Site, find_place
from tests.crawls import PAGE_2, ROOT, TAG, Archive, answer, hang, make_site


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "data")


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.01)


def wait_for_page(served, number):
    wait_for(lambda: any(f"page={number}" in request.target for request in served.requests))


def files(archive):
    return sorted(path.name for path in (archive.root / "warc").iterdir())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_crawl_cleanly(archive, number, code):
    """Between two pages, in a pause of an hour."""
    with serve(make_site(20)) as served:
        # a port that another test's server had within the hour would have to wait
        (find_place() / Site.of(served.url(TAG)).file).unlink(missing_ok=True)

        def stop(child):
            wait_for(lambda: served.requests)
            time.sleep(0.3)
            child.send_signal(number)

        crawled = archive.crawl(served.url(TAG), delay=3600, meanwhile=stop)
    assert crawled.code == code
    assert crawled.seconds < 5
    assert crawled.said == ""
    assert crawled.stops == {}
    assert not crawled.ended
    assert files(archive) == ["run-000001-01.warc.gz"]


def test_a_signal_lets_the_page_in_hand_be_finished(archive):
    asked = threading.Event()

    def slow(handler):
        asked.set()
        time.sleep(1)
        handler.give(site.answer(handler.server.requests[-1]))

    site = make_site(faults={PAGE_2: [slow]})
    with serve(site) as served:
        crawled = archive.crawl(
            served.url(TAG), meanwhile=lambda child: asked.wait(20) and child.send_signal(signal.SIGTERM)
        )
    assert crawled.code == 143
    assert crawled.pages == [1, 2]
    assert crawled.stops == {}


@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_does_not_wait_for_a_server_that_hangs(archive, times):
    with serve(make_site(faults={PAGE_2: hang})) as served:

        def stop(child):
            wait_for_page(served, 2)
            for _ in range(times):
                child.send_signal(signal.SIGTERM)
                time.sleep(0.3)

        crawled = archive.crawl(served.url(TAG), meanwhile=stop)
    assert crawled.code == 143
    assert crawled.seconds < (8 if times == 1 else 3)
    assert crawled.pages == [1]
    assert not crawled.ended
    assert files(archive) == ["run-000001-01.warc.gz"]


def test_a_signal_during_retry_after_ends_the_crawl_at_once(archive):
    with serve(make_site(faults={PAGE_2: answer(429, Retry_After="50")})) as served:

        def stop(child):
            wait_for_page(served, 2)
            time.sleep(0.3)
            child.send_signal(signal.SIGTERM)

        crawled = archive.crawl(served.url(TAG), meanwhile=stop)
    assert crawled.code == 143
    assert crawled.seconds < 4
    assert crawled.stops == {}


def test_a_killed_crawl_goes_on_where_it_was(archive):
    with serve(make_site(6)) as served:

        def kill(child):
            wait_for_page(served, 4)
            child.kill()

        first = archive.crawl(served.url(TAG), delay=0.2, meanwhile=kill)
        assert first.code == -signal.SIGKILL
        before = len(served.requests)
        second = archive.crawl(served.url(TAG))
        asked = [request.query.get("page", "1") for request in served.requests[before:] if "tag" in request.path]
    assert second.code == 0
    assert second.stop is None
    assert asked in (["4", "5", "6", "1"], ["5", "6", "1"])  # page 4 was asked, and perhaps archived
    assert second.pages == [1, 2, 3, 4, 5, 6, 1]


def test_a_finished_walk_is_not_walked_again(archive):
    """Killed in the second of two listings: nothing of the first is asked for again."""
    site = make_site(2)
    for number in reversed(list(site.reports)):
        site.add_tag(number, "另一个")
    with serve(site) as served:
        urls = served.url(TAG), served.url("另一个")

        def kill(child):
            wait_for(lambda: any("另一个" in request.path for request in served.requests))
            child.kill()

        archive.crawl(*urls, delay=0.2, meanwhile=kill)
        before = len(served.requests)
        crawled = archive.crawl(*urls)
        assert not any(TAG in request.path for request in served.requests[before:])
    assert crawled.code == 0
    assert crawled.stops == {"tag:" + TAG: None, "tag:另一个": None}


def test_a_dead_parent_takes_the_crawl_with_it(archive):
    with serve(make_site(20)) as served, archive.night(served.url(TAG), delay=0.2) as (night, _):
        with archive.start(night, "--parent", stdin=subprocess.PIPE) as child:
            wait_for_page(served, 2)
            child.stdin.close()
            assert child.wait(2) == 137
        seen = len(served.requests)
        time.sleep(0.5)
        assert len(served.requests) == seen


def test_a_living_parent_lets_it_crawl(archive):
    with (
        serve(make_site()) as served,
        archive.night(served.url(TAG)) as (night, _),
        archive.start(night, "--parent", stdin=subprocess.PIPE) as child,
    ):
        assert child.wait(20) == 0


@pytest.mark.parametrize("kilobytes", [40, 60, 80, 100, 130])
def test_a_full_disk_ends_the_crawl_with_7(archive, kilobytes):
    """A file may not grow beyond the limit: the WARC meets it, or the database's WAL before it."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, resource.RLIM_INFINITY))

    with serve(make_site(20)) as served:
        crawled = archive.crawl(served.url(TAG), popen={"preexec_fn": limit})
        asked = len(served.requests)
    assert crawled.code == 7
    assert "Traceback" not in crawled.said
    assert len(crawled.said.splitlines()) <= 2
    assert asked <= len(crawled.captures) + 1
    for path in (archive.root / "warc").iterdir():
        assert list(iterate_records(path))  # whole records only
    again = archive.crawl(*[served.url(TAG)])
    assert again.code == 0


@pytest.mark.parametrize("read", range(1, 7))
def test_a_bug_ends_the_crawl_with_1_and_its_traceback(archive, monkeypatch, read):
    """Wherever it strikes: opening the night, recording, noting how a walk ended, closing."""
    monkeypatch.setenv("BREAK_CLOCK_AT", str(read))
    with serve(make_site(1)) as served:
        crawled = archive.crawl(served.url(TAG), settings={"BAOGAO_CLOCK": "tests.crawls.broken_clock"})
    assert crawled.code == 1
    assert "ZeroDivisionError: the clock is broken" in crawled.said
    assert "Traceback" in crawled.said
    assert not crawled.ended


def test_verbose_reports_repetitions_on_stderr(archive):
    with serve(make_site(faults={PAGE_2: [answer(503)]})) as served:
        crawled = archive.crawl(served.url(TAG), settings={"LOG_LEVEL": "INFO"})
    assert "the server answered 503; asking again (1 of 2)" in crawled.said
    assert crawled.printed == ""


def test_the_page_cap_is_kept(archive):
    with serve(make_site(5)) as served:
        crawled = archive.crawl(served.url(TAG), max_pages=2)
    assert crawled.stop.startswith("page cap")
    assert crawled.pages == [1, 2]


def test_what_the_child_loads():
    """Its start-up is a good part of a fast night: nothing that only Scrapy's people at a terminal need."""
    heavy = ("requests", "aiohttp", "tldextract", "boto3", "IPython", "scrapy.commands", "scrapy.extensions.telnet")
    code = (
        "import sys, crawler.process as m; from scrapy.settings import Settings; "
        "from scrapy.utils.misc import load_object; "
        "[load_object(name) for key in ('EXTENSIONS', 'DOWNLOADER_MIDDLEWARES', 'DOWNLOADER_MIDDLEWARES_BASE', "
        "'SPIDER_MIDDLEWARES_BASE') for name in m.BARE[key]]; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
