"""How soon a query answers, against the interpreter it runs in."""

import contextlib
import sys

from archive.sqlite import sqlite3
from tests.bench.figures import Figure, at_most, ratio_of, spread
from tests.bench.nights import Archive
from tests.bench.publisher import make_site
from tests.bench.running import BAOGAO, CommandFailedError, run, take_turns

NAME = "starting"
PAGES = 77
ROUNDS = 15  #: short runs: fifteen, so that a neighbour's minute does not decide
WANTED = 12
HEAVY = ("scrapy", "twisted", "lxml", "sqlite_utils")

#: runs a command as the console script does and says what it has loaded
LOADED = """
import sys
from archive.cli import main
try:
    main()
finally:
    print("LOADED", *(name for name in HEAVY if name in sys.modules))
"""


def measure(place):
    site = make_site(PAGES)
    archive = Archive(place / "data")
    for _ in range(2):
        archive.settle(archive.capture(site))
    with contextlib.closing(sqlite3.connect(archive.data.db)) as connection:
        (key,) = connection.execute("SELECT key FROM items ORDER BY id DESC LIMIT 1").fetchone()
    commands = {"baogao runs": ("runs",), "baogao show KEY": ("show", key)}

    def time_command(*command):
        return lambda _: run(*command, cwd=place).seconds * 1000

    results = take_turns(
        ROUNDS,
        python=time_command(sys.executable, "-c", "pass"),
        **{name: time_command(BAOGAO, "--data", archive.root, *command) for name, command in commands.items()},
    )
    for name, command in commands.items():
        done = run(sys.executable, "-c", f"HEAVY = {HEAVY}\n{LOADED}", "--data", archive.root, *command, cwd=place)
        loaded = done.printed.rpartition("LOADED")[2].split()
        if {"scrapy", "twisted"} & set(loaded):
            raise CommandFailedError(f"{name} loads {' and '.join(loaded)}")
        ratio = ratio_of(results[name], results["python"])
        yield Figure(
            f"{name} (loads no {', '.join(each for each in HEAVY if each not in loaded)})",
            "python -c pass",
            spread(results[name], "{:.0f}", " ms"),
            spread(results["python"], "{:.0f}", " ms"),
            f"{ratio:.1f}",
            **at_most(WANTED, ratio),
        )
