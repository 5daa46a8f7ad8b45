"""Which events a feed tells: those that may be announced, of some kinds, of one listing, of one query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args
from uuid import uuid5

from archive.alerts.events import find_namespace, load_events
from archive.alerts.rules import Kind, Rule
from archive.errors import UsageError
from archive.query import find_listing
from archive.search.terms import parse
from archive.web.links import with_query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.alerts.model import Event
    from archive.sqlite import sqlite3

LATEST = 100  #: entries; a reader that looks in once a day misses none
KINDS: tuple[Kind, ...] = get_args(Kind)
ALL = "all"
_CHUNK = 500  #: events that are matched at once, the newest first


@dataclass(frozen=True, slots=True)
class Selection:
    kinds: tuple[Kind, ...] = ("appeared",)
    listing: str | None = None  #: its key
    query: str | None = None  #: in the search language


def make_selection(
    connection: sqlite3.Connection, *, on: Iterable[str] = (), listing: str | None = None, query: str | None = None
) -> Selection:
    """``on`` names kinds of events, or all; none: new reports. Raises UsageError for what there is not."""
    asked = set(on) or {"appeared"}
    if unknown := asked - {*KINDS, ALL}:
        raise UsageError(f"{min(unknown)!r} is no kind of event: allowed are {', '.join(KINDS)} and {ALL}.")
    understood = None if query is None else parse(query)
    if understood is not None and understood.root is None:
        raise UsageError(understood.message or "There is nothing to search for in this query.")
    return Selection(
        tuple(kind for kind in KINDS if asked & {kind, ALL}),
        None if listing is None else find_listing(connection, listing)[1],
        None if understood is None else understood.text,
    )


def choose_events(connection: sqlite3.Connection, selection: Selection) -> list[Event]:
    """The latest :data:`LATEST`, the newest first."""
    chosen: list[Event] = []
    before: int | None = None
    size = _CHUNK if selection.listing or selection.query else LATEST
    while len(chosen) < LATEST:
        ids = [
            row[0]
            for row in connection.execute(
                "SELECT id FROM events WHERE alert = 'due' AND kind IN (SELECT value FROM json_each(?)) "
                "AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
                (json.dumps(selection.kinds), before, size),
            )
        ]
        if not ids:
            break
        before = ids[-1]
        chosen += _match(connection, selection, load_events(connection, ids))[::-1]
    return chosen[:LATEST]


def _match(connection: sqlite3.Connection, selection: Selection, events: list[Event]) -> list[Event]:
    if not (selection.listing or selection.query):
        return events
    from archive.alerts.matching import match_events  # noqa: PLC0415 - only where there is something to match

    listings = (selection.listing,) if selection.listing else ()
    rule = Rule("feed", (), match=selection.query, on=frozenset(selection.kinds), listings=listings)
    return match_events(connection, (rule,), events).get(rule.name, [])


def name_feed(connection: sqlite3.Connection, selection: Selection) -> str:
    """A UUID, the same as long as the same is asked for."""
    asked = [selection.kinds, selection.listing, selection.query]
    return str(uuid5(find_namespace(connection), "feed\n" + json.dumps(asked, ensure_ascii=False)))


def describe_query(selection: Selection) -> str:
    """How the web page is asked for this feed: nothing, or what stands behind its address."""
    on = ALL if selection.kinds == KINDS else "" if selection.kinds == ("appeared",) else ",".join(selection.kinds)
    return with_query("", listing=selection.listing, q=selection.query, on=on)


def find_last_change(connection: sqlite3.Connection) -> str | None:
    """When a feed could last become another: a run was settled, or a person decided."""
    (at,) = connection.execute(
        "SELECT max(at) FROM (SELECT max(finished_at) AS at FROM runs WHERE outcome NOT IN ('open', 'rejected') "
        "UNION ALL SELECT max(json_extract(content, '$.at')) FROM notes "
        "WHERE kind IN ('accept', 'alias', 'release', 'drop'))"
    ).fetchone()
    return None if at is None else str(at)


def find_last_finish(connection: sqlite3.Connection) -> str | None:
    (at,) = connection.execute("SELECT max(finished_at) FROM runs WHERE outcome NOT IN ('open', 'rejected')").fetchone()
    return None if at is None else str(at)
