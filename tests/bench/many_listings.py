"""A thousand listings of ten pages: nights of 10,000 pages, each compared with one of a hundred listings."""

import contextlib
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from archive.metrics import measure as measure_metrics
from archive.metrics import write_metrics
from archive.sqlite import sqlite3
from archive.store import DataDirectory
from tests.bench.figures import Figure, say
from tests.bench.memory import MIB, REPORTER
from tests.bench.running import BAOGAO, CommandFailedError, run
from tests.bench.tags import publisher

NAME = "listings"
LIMIT_SECONDS = 3600
SMALL, LARGE = 100, 1000
PAGES = 10
BUDGET = 60  #: seconds for the thousand, a tenth for the hundred
MB = 1_000_000
#: ten times the listings may take ten times the time, and what caches that no longer hold everything add
LINEAR = 13
#: MiB that 900 listings more may add: the payloads known by digest, the listings' own rows, SQLite's caches
MORE = {"crawling": 30, "settling": 30}
QUERIES = {
    "runs": ("runs",),
    "runs N": ("runs", "2"),
    "show KEY": ("show", "127.0.0.1:10007"),
    "history KEY": ("history", "127.0.0.1:10007"),
    "search": ("search", "供应链"),
    "coverage": ("coverage",),
    "export": ("export", "-o", "export.jsonl"),
    "export --as-of 2": ("export", "--as-of", "2", "-o", "past.jsonl"),
}


@dataclass
class Night:
    """What one night took; seconds, MiB and bytes."""

    starting: float  #: from the command to the first page asked for
    crawling: float
    settling: float
    deriving: float
    cpu: dict  #: seconds of processor time: a busy machine hardly changes them
    peaks: dict
    database: int  #: grown by
    warc: int
    requests: int
    counts: dict


@dataclass
class Scene:
    """An archive of so many listings after its nights."""

    nights: dict
    stats: int  #: bytes of runs.stats of one night
    start_note: int
    metrics: tuple  #: seconds, bytes
    queries: dict = field(default_factory=dict)
    budgeted: Night | None = None


def measure(place):
    small, large = (_play(place / str(listings), listings) for listings in (SMALL, LARGE))
    for name, night in large.nights.items():
        yield from _tell_night(name, night, small.nights[name])
    yield _compare("runs.stats of a night", large.stats, small.stats, 1 / 1000, "kB", LINEAR)
    yield _compare("the run-start note of a night", large.start_note, small.start_note, 1 / 1000, "kB", LINEAR)
    yield _compare("--metrics: measuring and writing", large.metrics[0], small.metrics[0], 1000, "ms", LINEAR)
    yield _compare("--metrics: the file", large.metrics[1], small.metrics[1], 1 / 1000, "kB", LINEAR)
    for name, seconds in large.queries.items():
        yield _compare(f"baogao {name}", seconds, small.queries[name], 1000, "ms", LINEAR)
    if large.budgeted and small.budgeted:
        yield from _tell_night(f"night with 1 % new, budget of {BUDGET} s", large.budgeted, small.budgeted)
        whole = [night.counts["whole"] for night in (large.budgeted, small.budgeted)]
        yield Figure("listings walked to their end in it", f"{SMALL} listings", *map(str, whole), "–")


def _tell_night(name, large, small):
    pages = f"{name}, {large.requests:,} requests"
    yield _compare(f"{pages}: from the command to the first request", large.starting, small.starting, 1, "s", LINEAR)
    yield _compare(f"{pages}: crawl --no-settle", large.crawling, small.crawling, 1, "s", LINEAR)
    yield _compare(f"{name}: settling", large.settling, small.settling, 1, "s", LINEAR)
    yield _compare(f"{name}: index and figures", large.deriving, small.deriving, 1, "s", LINEAR)
    for process, what in (("crawling", "crawl --no-settle"), ("settling", "settling, index and figures")):
        seconds = large.cpu[process], small.cpu[process]
        yield _compare(f"{name}: {what}, in seconds of processor time", *seconds, 1, "s", LINEAR)
    yield _compare(f"{name}: database grows by", large.database, small.database, 1 / MB, "MB", LINEAR)
    yield _compare(f"{name}: WARC", large.warc, small.warc, 1 / MB, "MB", LINEAR)
    for process, more in MORE.items():
        ours, theirs = large.peaks[process], small.peaks[process]
        yield Figure(
            f"{name}: peak memory, {process}",
            f"{SMALL} listings",
            f"{ours:.0f} MiB",
            f"{theirs:.0f} MiB",
            f"{ours / theirs:.2f}",
            wanted=f"≤ {more} MiB more",
            ok=ours - theirs <= more,
        )


def _compare(what, ours, theirs, factor, unit, bound):
    ratio = ours / theirs if theirs else 0.0
    digits = 0 if unit == "ms" else 2
    return Figure(
        what,
        f"{SMALL} listings",
        f"{ours * factor:.{digits}f} {unit}",
        f"{theirs * factor:.{digits}f} {unit}",
        f"{ratio:.1f}",
        wanted=f"≤ {bound}",
        ok=ratio <= bound,
    )


def _play(place, listings):
    place.mkdir()
    (place / "sitecustomize.py").write_text(REPORTER)
    nights = {}
    with publisher(listings, PAGES) as site:
        _configure(place, site)
        for name in ("first night", "unchanged night", "night with 1 % new"):
            if "new" in name:
                site.ask("news")
            nights[name] = _play_night(place, site)
            say(f"    {listings} listings, {name}: {nights[name]}")
        scene = Scene(nights, *_weigh(place), _measure_metrics(place))
        for name, words in QUERIES.items():
            command, *rest = words
            scene.queries[name] = min(_run(place, command, *rest).seconds for _ in range(3))
        scene.budgeted = _play_budgeted(place, site, BUDGET * listings // LARGE)
    return scene


def _configure(place, site, *lines):
    listings = "".join(f'[[listing]]\nurl = "{url}"\n' for url in site.urls)
    (place / "baogao.toml").write_text("\n".join(("[crawl]", "delay = 0", *lines, listings)))


def _play_night(place, site):
    site.ask("asked")
    sizes = _size(place)
    started = time.monotonic()
    crawled = _run(place, "crawl", "--no-settle")
    asked = site.ask("asked")
    peaks = {"crawling": _take_peaks(place)["crawler"]}
    began = time.time()
    settled = _run(place, "settle", "--json", "--log-format", "json", codes=(0, 3))
    peaks["settling"] = _take_peaks(place)["settler"]
    verdict = json.loads(settled.printed)
    settling = _find_time(settled.said, "run.settled") - began
    grown = [after - before for before, after in zip(sizes, _size(place), strict=True)]
    return Night(
        starting=asked[0] - started,
        crawling=crawled.seconds,
        settling=settling,
        deriving=settled.seconds - settling,
        cpu={"crawling": crawled.cpu, "settling": settled.cpu},
        peaks=peaks,
        database=grown[0],
        warc=grown[1],
        requests=len(asked),
        counts=verdict["counts"] | {"whole": sum(walk["complete"] for walk in verdict["walks"])},
    )


def _play_budgeted(place, site, seconds):
    """None where the configuration knows no budget yet."""
    _configure(place, site, f'budget = "{seconds}s"')
    site.ask("news")
    try:
        night = _play_night(place, site)
        say(f"    budget: {night}")
    except CommandFailedError as error:
        if "unknown key" not in str(error):
            raise
        return None
    return night


def _run(place, *words, codes=(0,)):
    path = os.pathsep.join((str(place), os.environ.get("PYTHONPATH", "")))
    command, *rest = words
    return run(
        *(BAOGAO, "--data", place / "data", "--config", place / "baogao.toml", command, *rest),
        cwd=place,
        env={"PYTHONPATH": path},
        patience=LIMIT_SECONDS,
        codes=codes,
    )


def _find_time(said, event):
    """When the event was logged, as time.time() says it."""
    for line in said.splitlines():
        if line.startswith("{") and (told := json.loads(line))["event"] == event:
            return datetime.strptime(told["ts"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()
    raise CommandFailedError(f"the event {event} is missing in:\n{said[-2000:]}")


def _take_peaks(place):
    """Peaks in MiB since the last call, by process."""
    peaks = {}
    for path in place.glob("peak-*.json"):
        found = json.loads(path.read_text())
        name = "crawler" if "crawler" in found["command"] else "settler"
        peaks[name] = max(peaks.get(name, 0), found["kib"] / MIB)
        path.unlink()
    return peaks


def _size(place):
    """Bytes of the database in use, and of the WARC files."""
    data = place / "data"
    if not data.exists():
        return 0, 0
    with contextlib.closing(sqlite3.connect(data / "archive.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute(
            "SELECT (page_count - freelist_count) * page_size "
            "FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        ).fetchone()
    return size, sum(path.stat().st_size for path in (data / "warc").iterdir())


def _weigh(place):
    with contextlib.closing(sqlite3.connect(place / "data" / "archive.db")) as connection:
        return connection.execute(
            "SELECT length(r.stats), length(n.content) FROM runs r JOIN notes n ON n.run_id = r.id "
            "WHERE r.id = 2 AND n.kind = 'run-start'"
        ).fetchone()


def _measure_metrics(place):
    file, data, started = place / "baogao.prom", DataDirectory(place / "data"), time.perf_counter()
    samples = measure_metrics(data, exit_code=0, seconds=1.0, now="2026-01-01T00:00:00Z")
    write_metrics(samples, file, of=data)
    return time.perf_counter() - started, file.stat().st_size
