"""The dead-man's switch: listings that have had no new report for longer than their own rhythm allows."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from archive.rhythm import SHORTEST, Look, Silence, find_silence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from archive.sqlite import sqlite3

SILENCE = "silence"  #: the code of their issue


def list_silences(
    connection: sqlite3.Connection, run: int, listings: Mapping[int, str]
) -> Iterator[tuple[str, Silence]]:
    """Of the listings (id → key) that this run looked at, those silent for too long, each silence once.

    Said before is what the issues of the runs since its last news say; a replay makes them again in the same order.
    """
    days = {}
    counting = {run}
    for id_, day, outcome in connection.execute("SELECT id, substr(started_at, 1, 10), outcome FROM runs"):
        days[id_] = date.fromisoformat(day)
        if outcome in {"complete", "partial"}:
            counting.add(id_)
    first = dict(
        connection.execute("SELECT listing_id, min(run_id) FROM walks WHERE complete = 1 GROUP BY 1").fetchall()
    )
    news: dict[int, set[int]] = defaultdict(set)
    for listing_id, news_run in connection.execute("SELECT DISTINCT listing_id, first_run_id FROM memberships"):
        if news_run > first.get(listing_id, run):
            news[listing_id].add(news_run)
    last = {id_: max(news[id_], default=first[id_]) for id_ in listings if id_ in first}
    said = connection.execute("SELECT run_id, message FROM issues WHERE code = ?", (SILENCE,)).fetchall()
    quiet = [
        id_
        for id_, last_run in last.items()
        if (days[run] - days[last_run]).days > SHORTEST
        and not any(said_run > last_run and text.startswith(f"{listings[id_]}: ") for said_run, text in said)
    ]
    for id_, walks in groupby(_iterate_walks(connection, quiet), itemgetter(0)):
        looks = [Look(days[look_run], is_news) for look_run, is_news in _choose_looks(walks, counting, news[id_])]
        silence = find_silence(looks)
        if silence is not None:
            yield listings[id_], silence


def _iterate_walks(connection: sqlite3.Connection, listing_ids: list[int]) -> Iterator[tuple[int, int, int]]:
    """(listing, run, complete), one listing behind the other: of a thousand in a year there are too many for a list."""
    if not listing_ids:
        return iter(())
    return connection.execute(
        "SELECT listing_id, run_id, complete FROM walks WHERE pages_seen > 0 "
        "AND listing_id IN (SELECT value FROM json_each(?)) ORDER BY listing_id, run_id",
        (json.dumps(listing_ids),),
    )


def _choose_looks(
    walks: Iterable[tuple[int, int, int]], counting: AbstractSet[int], news: AbstractSet[int]
) -> Iterator[tuple[int, bool]]:
    """(run, held news) of a listing from its first complete walk on; what other runs did not show says nothing."""
    begun = False
    for _, run, complete in walks:
        is_news = run in news
        if (is_news or run in counting) and (complete or begun):
            begun = True
            yield run, is_news
