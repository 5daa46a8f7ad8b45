"""Where in a report's history words are found: "found in version 1, gone in version 2"."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from archive.query import choose_reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Presence:
    version_id: int  #: the version to show: the current reading if it matches, else the last that does
    versions: tuple[int, ...]  #: numbers of all that match
    current: bool
    found_in: str


def tell_presence(versions: Sequence[sqlite3.Row], matching: frozenset[int]) -> Presence:
    """``versions``: all of one report; ``matching``: the ids of those that match, at least one.

    What only a misreading had, which a parser correction replaced, was never on the site and so is not gone from it.
    """
    numbers = {row["version_id"]: row["seq"] for row in versions}
    readings = [_read_best(row, versions) for row in sorted(_observations(versions), key=_by_time)]
    matched = [row["version_id"] in matching for row in readings]
    if any(matched):
        shown = [row["version_id"] for row, match in zip(readings, matched, strict=True) if match][-1]
        words = _tell_stretches([(row["seq"], match) for row, match in zip(readings, matched, strict=True)])
    else:
        shown = max(matching)
        better = _correct(shown, versions)
        assert better is not None, "only a corrected reading is none of the best"
        words = f"only in version {numbers[shown]}, a reading that version {better['seq']} corrects"
    return Presence(
        shown,
        tuple(sorted(numbers[version_id] for version_id in matching)),
        shown == choose_reading(list(versions))["version_id"],
        words,
    )


def _observations(versions: Sequence[sqlite3.Row]) -> Iterator[sqlite3.Row]:
    return (row for row in versions if row["cause"] != "parser")


def _by_time(row: sqlite3.Row) -> tuple[str, int]:
    return row["observed_at"], row["version_id"]


def _read_best(observation: sqlite3.Row, versions: Sequence[sqlite3.Row]) -> sqlite3.Row:
    """The last correction of an observation: the chain of the view ``readings``."""
    reading = observation
    while (better := _correct(reading["version_id"], versions)) is not None:
        reading = better
    return reading


def _correct(version_id: int, versions: Sequence[sqlite3.Row]) -> sqlite3.Row | None:
    return next((row for row in versions if row["cause"] == "parser" and row["previous_id"] == version_id), None)


def _tell_stretches(readings: Sequence[tuple[int, bool]]) -> str:
    """``readings``: (version, does it match?), oldest first."""
    if all(match for _, match in readings):
        return f"found in version {readings[0][0]}" if len(readings) == 1 else "found in every version"
    words: list[str] = []
    stretches = [(match, [seq for seq, _ in group]) for match, group in groupby(readings, key=lambda each: each[1])]
    for number, (match, seqs) in enumerate(stretches):
        last = number == len(stretches) - 1
        if match and not words:
            words.append(f"found {'since' if last and number else 'in'} version {seqs[0]}")
        elif match:
            words.append(f"back in version {seqs[0]}")
        elif words:
            words.append(f"gone in version {seqs[0]}")
    return ", ".join(words)
