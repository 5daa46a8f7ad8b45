"""``baogao crawl`` of 77 pages against a bare Scrapy spider on the same site."""

import contextlib
import json
import time

from archive.derive import derive
from archive.store import open_for_writing
from tests.bench.figures import Figure, at_least, median, ratio_of, spread
from tests.bench.nights import Archive
from tests.bench.publisher import PER_PAGE, publisher
from tests.bench.running import BAOGAO, SCRAPY, CommandFailedError, run, take_turns

NAME = "crawling"
PAGES = 77
ROUNDS = 5
WANTED = 0.6


def measure(place):
    with publisher(PAGES) as site:

        def time_crawl(name, *flags):
            def crawl(number):
                data = place / f"{name}-{number}"
                done = run(BAOGAO, "--data", data, "crawl", "--delay", "0", *flags, site.url, cwd=place)
                return done.seconds, done.cpu, _walking(site)

            return crawl

        def time_bare(*flags):
            def crawl(_):
                items = place / "items.json"
                spider = __file__.replace("crawling.py", "bare.py")
                done = run(SCRAPY, "runspider", spider, "-a", f"url={site.url}", "-O", items, *flags, cwd=place)
                found = len(json.loads(items.read_text(encoding="utf-8")))
                if found != PAGES * PER_PAGE:
                    raise CommandFailedError(f"the bare spider found {found} reports")
                return done.seconds, done.cpu, _walking(site)

            return crawl

        results = take_turns(
            ROUNDS,
            bare=time_bare(),
            quiet=time_bare("-L", "WARNING"),
            whole=time_crawl("whole"),
            again=time_crawl("whole"),
            captured=time_crawl("captured", "--no-settle"),
            deriving=lambda number: _derive(place / f"captured-{number}"),
        )
    whole, cpu, walking = (
        {name: [times[place] for times in rounds] for name, rounds in results.items()} for place in range(3)
    )
    plain, quiet = "bare Scrapy spider, whole process", "the same, logging warnings only, as ours does"
    first = "crawl, first night: start-up, 77 pages, settling 770 new reports"
    kept = [ours - deriving for ours, deriving in zip(whole["whole"], whole["deriving"], strict=True)]
    archiving = "crawl --no-settle, first night: start-up, 77 pages"
    yield _compare(f"{first}, less the next line", plain, kept, whole["bare"], WANTED)
    yield Figure("indexing 770 new reports, extracting their figures", "–", spread(whole["deriving"]), "–", "–")
    yield _compare(f"{first}, indexing and figures", plain, whole["whole"], whole["bare"])
    yield _compare("crawl, unchanged night: start-up, 77 pages, settling", plain, whole["again"], whole["bare"], WANTED)
    yield _compare(archiving, plain, whole["captured"], whole["bare"], WANTED)
    yield _compare("crawl, first night", quiet, whole["whole"], whole["quiet"])
    yield _compare("crawl --no-settle, first night", quiet, whole["captured"], whole["quiet"])
    yield _compare("crawl, first night, in seconds of processor time", plain, cpu["whole"], cpu["bare"])
    yield _compare("crawl, unchanged night, in seconds of processor time", plain, cpu["again"], cpu["bare"])
    yield _compare(
        "walking alone, first page asked for to last",
        "the same",
        walking["whole"],
        walking["bare"],
    )


def _derive(root):
    """Seconds that the index and the figures of a night take, once it is settled; the same twice, for ``_walking``."""
    archive = Archive(root)
    archive.settle(1)
    with contextlib.closing(open_for_writing(archive.data)) as connection:
        started, cpu = time.perf_counter(), time.process_time()
        derive(connection, print)
        return time.perf_counter() - started, time.process_time() - cpu, 0.0


def _walking(site):
    """Seconds from the first listing page that was asked for to the last, as the publisher saw it."""
    asked = site.asked_at()
    return asked[-1] - asked[0]


def _compare(what, peer, ours, theirs, wanted=None):
    ratio = ratio_of(theirs, ours)  # of pages per second, so of seconds the other way round
    bound = at_least(wanted, ratio) if wanted else {}
    return Figure(what, peer, _rate(ours), _rate(theirs), f"{ratio:.2f}", **bound)


def _rate(seconds):
    return f"{PAGES / median(seconds):.1f} pages/s ({spread(seconds)})"
