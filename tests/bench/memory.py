"""How much memory a night takes, at its peak, in the process that crawls and in the one that settles."""

import json
import os

from tests.bench.figures import Figure, at_most
from tests.bench.publisher import publisher
from tests.bench.running import BAOGAO, run

NAME = "memory"
SMALL, LARGE = 100, 500
#: "does not grow" with ten times the pages: room for the allocator, not for a page's texts each
SAME = 1.10
MIB = 1024

#: loaded by every Python process of the command: each leaves its own peak behind
REPORTER = """
import atexit, json, os, sys

def report():
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    with open(os.path.join(os.path.dirname(__file__), f"peak-{os.getpid()}.json"), "w") as file:
        json.dump({"command": sys.orig_argv, "kib": peak}, file)

atexit.register(report)
"""


def measure(place):
    small, large = (_crawl(place / str(pages), pages) for pages in (SMALL, LARGE))
    crawled = large["crawler"]
    yield Figure(
        f"peak memory of the crawling process, {LARGE} pages",
        f"the same, {SMALL} pages",
        f"{crawled:.0f} MiB",
        f"{small['crawler']:.0f} MiB",
        f"{crawled / small['crawler']:.2f}",
        wanted="≤ 160 MiB",
        ok=crawled <= 160,
    )
    ratio = large["settler"] / small["settler"]
    yield Figure(
        f"peak memory of the settling process, {LARGE} pages",
        f"the same, {SMALL} pages",
        f"{large['settler']:.1f} MiB",
        f"{small['settler']:.1f} MiB",
        f"{ratio:.2f}",
        **at_most(SAME, ratio),
    )


def _crawl(place, pages):
    """Peaks in MiB of one first night: ``crawler`` and ``settler``, which is `baogao crawl` itself."""
    place.mkdir()
    (place / "sitecustomize.py").write_text(REPORTER)
    with publisher(pages) as site:
        run(
            *(BAOGAO, "--data", place / "data", "crawl", "--delay", "0", site.url),
            cwd=place,
            env={"PYTHONPATH": os.pathsep.join((str(place), os.environ.get("PYTHONPATH", "")))},
        )
    peaks = {}
    for path in place.glob("peak-*.json"):
        found = json.loads(path.read_text())
        peaks["crawler" if "crawler" in found["command"] else "settler"] = found["kib"] / MIB
    return peaks
