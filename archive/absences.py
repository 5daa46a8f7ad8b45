"""Which reports a run left missing or withdrawn: what the settlement of that night said, whatever came since."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archive.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Absences:
    """What was known of absent reports when a run had been settled."""

    run: int
    withdrawn: frozenset[int]  #: items; what the feed says, for nothing makes a report withdrawn but an event
    proofs: Mapping[int, list[int]]  #: by listing: the runs that walked it to its end
    plans: tuple[tuple[int, frozenset[int]], ...]  #: listings that were walked, and the last settled run of which

    def tell_state(self, item_id: int, seen: Mapping[int, int]) -> str:
        """``seen``: by listing, the last run in which it showed the report."""
        if item_id in self.withdrawn:
            return "withdrawn"
        last = max(seen.values())
        for run, walked in self.plans:  # a report stays missing when the listing that proved it is retired
            held = walked.intersection(seen)
            if run <= last or last not in (seen[listing] for listing in held):
                continue
            if all(self._count(listing, seen[listing], run) for listing in held):
                return "missing"
        return "listed"

    def _count(self, listing: int, after: int, run: int) -> int:
        proofs = self.proofs.get(listing, [])
        return bisect_right(proofs, run) - bisect_right(proofs, after)


def load_absences(connection: sqlite3.Connection, run: int) -> Absences:
    """As ``run`` left them."""
    withdrawn: dict[int, bool] = {}
    for item_id, kind in connection.execute(
        "SELECT item_id, kind FROM events WHERE kind IN ('withdrawn', 'reappeared') AND run_id <= ? ORDER BY id", (run,)
    ):
        withdrawn[item_id] = kind == "withdrawn"
    proofs: dict[int, list[int]] = {}
    for listing_id, walked in connection.execute(
        "SELECT listing_id, run_id FROM walks WHERE complete = 1 AND run_id <= ? ORDER BY run_id", (run,)
    ):
        proofs.setdefault(listing_id, []).append(walked)
    gone = frozenset(item_id for item_id, is_gone in withdrawn.items() if is_gone)
    return Absences(run, gone, proofs, _load_plans(connection, run))


def _load_plans(connection: sqlite3.Connection, run: int) -> tuple[tuple[int, frozenset[int]], ...]:
    numbers = dict(connection.execute("SELECT key, id FROM listings"))
    settled = {number for (number,) in connection.execute("SELECT DISTINCT run_id FROM walks")}
    plans: list[tuple[int, frozenset[int]]] = []
    for number, keys in iterate_plans(connection):
        if number > run:
            break
        walked = frozenset(numbers[key] for key in keys if key in numbers)
        if number not in settled:
            continue
        if plans and plans[-1][1] == walked:
            plans.pop()
        plans.append((number, walked))
    return tuple(plans)


def iterate_plans(connection: sqlite3.Connection) -> Iterator[tuple[int, frozenset[str]]]:
    """Each run with the keys of the listings that were walked then, those of earlier runs that were not retired too."""
    walked: frozenset[str] = frozenset()
    for number, content in connection.execute(
        "SELECT run_id, content FROM notes WHERE kind = 'run-start' ORDER BY run_id, id"
    ).fetchall():
        start = json.loads(content)
        walked = (walked | {listing["key"] for listing in start["listings"]}).difference(start["retired"])
        yield number, walked
