"""Settling a night of 77 pages against parsing those pages alone."""

import os
import shutil

from tests.bench.figures import Figure, at_most, ratio_of, say, spread
from tests.bench.nights import Archive
from tests.bench.publisher import make_site
from tests.bench.running import take_turns

NAME = "settling"
PAGES = 77
ROUNDS = 9


def measure(place):
    site = make_site(PAGES)
    archive = Archive(place / "archive")
    first = archive.capture(site)
    shutil.copytree(archive.root, place / "first")
    archive.settle(first)
    second = archive.capture(site)
    shutil.copytree(archive.root, place / "second")
    say("    two nights captured")

    def settle_copy(night, run):
        def settle(number):
            copy = Archive(place / f"{night}-{number}")
            shutil.copytree(place / night, copy.root)
            os.sync()  # or the settlement's commit would wait for the copy, too
            seconds = copy.settle(run)
            shutil.rmtree(copy.root)
            return seconds

        return settle

    archive.read_alone()  # both start warm
    results = take_turns(
        ROUNDS,
        parsing=lambda _: archive.read_alone(),
        first=settle_copy("first", first),
        second=settle_copy("second", second),
    )
    for night, bound, what in (
        ("first", 2.0, "settling a first night of 77 pages: 770 new reports"),
        ("second", 1.2, "settling an unchanged night of 77 pages"),
    ):
        ratio = ratio_of(results[night], results["parsing"])
        yield Figure(
            what,
            "parsing the same pages, head included",
            spread(results[night]),
            spread(results["parsing"]),
            f"{ratio:.2f}",
            **at_most(bound, ratio),
        )
