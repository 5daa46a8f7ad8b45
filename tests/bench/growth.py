"""What a night adds to the archive in which nothing changed: 5,000 reports on 500 pages."""

import contextlib

from archive.sqlite import sqlite3
from tests.bench.figures import Figure, at_most
from tests.bench.publisher import publisher
from tests.bench.running import BAOGAO, run

NAME = "growth"
PAGES = 500
MB = 1_000_000


def measure(place):
    data = place / "data"
    sizes, pages = [], []
    with publisher(PAGES) as site:
        for _ in range(3):
            run(BAOGAO, "--data", data, "crawl", "--delay", "0", site.url, cwd=place)
            with contextlib.closing(sqlite3.connect(data / "archive.db")) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                (size,) = connection.execute(
                    "SELECT (page_count - freelist_count) * page_size "
                    "FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
                ).fetchone()
            pages.append(size)
            sizes.append((data / "archive.db").stat().st_size)
    first, second, third = (path.stat().st_size for path in sorted((data / "warc").glob("run-*.warc.gz")))
    grown = (pages[2] - pages[0]) / 2 / MB  # the mean of two nights: pages of the file fill up by turns
    yield Figure(
        "database growth of an unchanged night, 5,000 reports",
        "database after the first night",
        f"{grown:.3f} MB",
        f"{pages[0] / MB:.2f} MB",
        f"{grown * MB / pages[0]:.3f}",
        wanted="≤ 0.4 MB",
        ok=grown <= 0.4 and (sizes[2] - sizes[0]) / 2 / MB <= 0.4,
    )
    share = max(second, third) / first
    bound = at_most(0.06, share)
    yield Figure(
        "WARC of an unchanged night, 500 pages",
        "WARC of the first night",
        f"{max(second, third) / MB:.3f} MB",
        f"{first / MB:.2f} MB",
        f"{share:.4f}",
        wanted="≤ 6 %",
        ok=bound["ok"],
    )
