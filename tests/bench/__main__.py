"""``python -m tests.bench [NAME …]``: measure, print one table, exit with 1 where a bound is broken."""

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    alerts,
    crawling,
    differences,
    growth,
    many_listings,
    memory,
    searching,
    searching_large,
    settling,
    starting,
    versions,
)
from tests.bench.figures import say, tabulate
from tests.bench.running import CommandFailedError

MEASUREMENTS = {
    each.NAME: each
    for each in (
        *(crawling, settling, memory, growth, starting, versions, differences, searching, alerts),
        searching_large,
        many_listings,
    )
}
ALONE = {searching_large.NAME, many_listings.NAME}  #: measured only where they are named
LIMIT_SECONDS = 900  #: for everything that is measured without being named; it takes a third of that


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"of {', '.join(MEASUREMENTS)}; without, all but {', '.join(sorted(ALONE))}",
    )
    names = parser.parse_args().names or [name for name in MEASUREMENTS if name not in ALONE]
    if unknown := set(names) - set(MEASUREMENTS):
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(many_listings.LIMIT_SECONDS if many_listings.NAME in names else LIMIT_SECONDS)
    figures, failed = [], False
    with tempfile.TemporaryDirectory(prefix="baogao-bench-") as place:
        for name in names:
            say(f"{name}: {MEASUREMENTS[name].__doc__.splitlines()[0]}")
            room = Path(place, name)
            room.mkdir()
            try:
                for figure in MEASUREMENTS[name].measure(room):
                    say(f"    {figure.what}: {figure.ratio}")
                    figures.append(figure)
            except CommandFailedError as error:
                failed = True
                say(f"    not measured: {error}")
            shutil.rmtree(room)
    signal.alarm(0)
    print(tabulate(figures))  # noqa: T201
    print(f"\n{describe_machine()}")  # noqa: T201
    return 1 if failed or any(figure.ok is False for figure in figures) else 0


def describe_machine():
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"CPython {platform.python_version()}, load {load} at the end"
    )


def _give_up(*_):
    raise TimeoutError("the benchmark did not end in the time it has")


if __name__ == "__main__":
    sys.exit(main())
