"""Searching 100,000 records, the same; six minutes, 3 GB of disk, 2 GB of memory: only where asked for."""

from tests.bench import searching

NAME = "searching-large"


def measure(place):
    yield from searching.measure(place, records=100_000, wanted=150)
