"""Which events each rule wants to hear of: all rules are asked of all events at once.

A word is looked up once however many rules hold it, and what the rules make of their words is put together from sets
of events, so that ten thousand rules cost little more than their different words.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from archive.compare import FIELDS
from archive.errors import UsageError
from archive.query import find_listing
from archive.search.matching import complete_stems, fill_index, one_moment, vocabulary, write_expression
from archive.search.terms import Phrase, Some, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archive.alerts.model import Event
    from archive.alerts.rules import Rule
    from archive.search.terms import Node
    from archive.sqlite import sqlite3

Places = frozenset[int]  #: of events, in the order in which they were given


def match_events(
    connection: sqlite3.Connection, rules: Sequence[Rule], events: Sequence[Event]
) -> dict[str, list[Event]]:
    """By the name of each rule: its events, in the given order.

    Words are looked for in the very version of an event, with the result of :func:`archive.search.query.search`. A
    listing counts if it held the report by the event's run; one that the archive does not know holds nothing.
    """
    if not rules or not events:
        return {rule.name: [] for rule in rules}
    with one_moment(connection):
        night = _Night(connection, events)
        return {rule.name: [events[place] for place in sorted(night.select(rule))] for rule in rules}


class _Night:
    """The events, with all that was found out about them so far."""

    def __init__(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        self._connection = connection
        self._events = events
        self._words: _Words | None = None
        self._of_kinds: dict[frozenset[str], Places] = {}
        self._in_listing: dict[str, Places] = {}
        self._members: dict[int, dict[int, int]] | None = None
        self._labels: dict[int, tuple[str, ...]] = {}

    def select(self, rule: Rule) -> Places:
        places = self._select_kinds(rule.on)
        if rule.listings:
            places &= frozenset().union(*map(self._select_listing, rule.listings))
        if rule.match is not None and places:
            if self._words is None:
                self._words = _Words(self._connection, self._events)
            places &= self._words.find(rule.match)
        if rule.changed:
            places = frozenset(place for place in places if self._is_wanted(self._events[place], rule.changed))
        return places

    def _select_kinds(self, kinds: frozenset[str]) -> Places:
        if kinds not in self._of_kinds:
            self._of_kinds[kinds] = frozenset(n for n, event in enumerate(self._events) if event.kind in kinds)
        return self._of_kinds[kinds]

    def _select_listing(self, name: str) -> Places:
        if name not in self._in_listing:
            try:
                number, _ = find_listing(self._connection, name)
            except UsageError:  # of a tag that is crawled from tomorrow on, or of an archive that was begun anew
                self._in_listing[name] = frozenset()
            else:
                since = self._load_members().get(number, {})
                self._in_listing[name] = frozenset(
                    n for n, event in enumerate(self._events) if since.get(event.item_id, event.run + 1) <= event.run
                )
        return self._in_listing[name]

    def _load_members(self) -> dict[int, dict[int, int]]:
        """By listing: its reports, each with the run that first saw it there."""
        if self._members is None:
            self._members = defaultdict(dict)
            for item_id, listing_id, run in self._connection.execute(
                "SELECT item_id, listing_id, first_run_id FROM memberships "
                "WHERE item_id IN (SELECT value FROM json_each(?))",
                (_list_distinct(event.item_id for event in self._events),),
            ):
                self._members[listing_id][item_id] = run
        return self._members

    def _is_wanted(self, event: Event, aspects: Sequence[str]) -> bool:
        if event.kind != "changed":
            return True
        if event.version_id not in self._labels:
            self._labels[event.version_id] = _judge_version(self._connection, event.version_id)
        return any(_covers(aspect, label) for aspect in aspects for label in self._labels[event.version_id])


def _covers(aspect: str, label: str) -> bool:
    """``figures`` covers figures:zh; a title has one language only, so that ``title:zh`` is title."""
    (wanted, _, language), (name, _, spoken) = aspect.partition(":"), label.partition(":")
    return wanted == name and (not language or not spoken or language == spoken)


def _judge_version(connection: sqlite3.Connection, version_id: int) -> tuple[str, ...]:
    """The labels of what it changed, against the version that the settlement compared it with."""
    from archive.significance import judge  # noqa: PLC0415 - only a rule about what changed pays for it

    columns = ", ".join(f"{table}.{field}" for table in "pv" for field in FIELDS)
    row = connection.execute(
        f"SELECT {columns} FROM item_versions v JOIN item_versions p ON p.id = v.previous_id WHERE v.id = ?",
        (version_id,),
    ).fetchone()
    if row is None:
        return ()
    before, after = (
        dict(zip(FIELDS, values, strict=True)) for values in (tuple(row)[: len(FIELDS)], tuple(row)[len(FIELDS) :])
    )
    return judge(_read_brands(before), _read_brands(after)).labels


def _read_brands(version: Mapping[str, str]) -> dict[str, object]:
    return {**version, "brands": json.loads(version["brands"])}


def _list_distinct(numbers: Iterable[int]) -> str:
    """As the JSON that SQLite reads a list from: there may be more of them than a statement takes values."""
    return json.dumps(sorted(set(numbers)))


class _Words:
    """An index of the events' versions, and what was found in it."""

    def __init__(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        self._cursor = connection.cursor()
        self._cursor.row_factory = None  # tuples: half the time, of a million
        self._places: dict[int, list[int]] = defaultdict(list)
        for place, event in enumerate(events):
            self._places[event.version_id].append(place)
        self._index = _choose_index(connection, self._places)
        self._look_up = vocabulary(connection, self._index)
        self._queries: dict[str, Places] = {}
        self._found: dict[Node, Places] = {}

    def find(self, typed: str) -> Places:
        if typed not in self._queries:
            root = parse(typed).root
            self._queries[typed] = self._find(root) if root else frozenset()
        return self._queries[typed]

    def _find(self, node: Node) -> Places:
        if node not in self._found:
            self._found[node] = self._ask(node) if isinstance(node, Phrase) else self._combine(node)
        return self._found[node]

    def _combine(self, node: Node) -> Places:
        assert not isinstance(node, Phrase)
        first, *others = map(self._find, node.parts)
        if isinstance(node, Some):
            return first.union(*others)
        return first.intersection(*others).difference(*map(self._find, node.without))

    def _ask(self, phrase: Phrase) -> Places:
        expression = write_expression(phrase, (), self._expand)
        name = self._index.partition(".")[2]
        rows = self._cursor.execute(f"SELECT rowid FROM {self._index} WHERE {name} MATCH ?", (expression,))
        return frozenset(place for (version_id,) in rows for place in self._places.get(version_id, ()))

    def _expand(self, beginning: str) -> list[str]:
        return complete_stems(beginning, self._look_up(beginning))


def _choose_index(connection: sqlite3.Connection, versions: Mapping[int, object]) -> str:
    """The archive's own where half of it is asked for, as by a trial of its whole history; else one of these alone."""
    stored, indexed = connection.execute(
        "SELECT (SELECT count(*) FROM item_versions), (SELECT coalesce(max(id), 0) FROM version_index_docsize)"
    ).fetchone()
    if 2 * len(versions) >= stored and max(versions) <= indexed:
        return "main.version_index"
    rows = connection.execute(
        "SELECT id, summary_zh, summary_en, title FROM item_versions WHERE id IN (SELECT value FROM json_each(?))",
        (_list_distinct(versions),),
    )
    fill_index(connection, "due", map(tuple, rows))
    return "temp.due"
