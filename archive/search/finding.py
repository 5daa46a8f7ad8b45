"""Which reports a query finds, and which of them come first."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from archive.query import list_versions
from archive.search.characters import PAUSE
from archive.search.matching import WORDS, complete_stems, fill_index, vocabulary, write_expression
from archive.search.presence import Presence, tell_presence
from archive.search.scope import Scope, list_current, select_items

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.search.terms import Node
    from archive.sqlite import sqlite3

RANKED = 3_000  #: of more reports than these, which a word hardly tells apart, the newest are ranked
_INDEX = "main.version_index"
_UNINDEXED = "temp.unindexed"


@dataclass(frozen=True, slots=True)
class Finding:
    expression: str  #: for MATCH, of this connection's index
    versions: dict[int, Presence | None]  #: best first; with what all versions tell, where all were searched
    total: int
    note: str | None = None


def find(
    connection: sqlite3.Connection,
    root: Node,
    fields: tuple[str, ...],
    scope: Scope,
    limit: int,
    *,
    all_versions: bool,
) -> Finding:
    """The best ``limit`` reports: those with everything in the title first, then by bm25, then the newest.

    Versions that a killed night left unindexed are indexed in passing.
    """
    sources = [_INDEX, _UNINDEXED] if _index_rest(connection) else [_INDEX]
    cut_short: list[str] = []
    expression = write_expression(root, fields, _expander(connection, sources, cut_short))
    search = _Search(connection, sources, expression)
    items, values = select_items(connection, scope)
    if all_versions:
        versions, total = search.find_ever(f"SELECT id FROM items WHERE {items}", values, scope.run, limit)
    else:
        current = list_current(connection, scope, items)
        ids, total = search.find_current(current, values, limit)
        versions = dict.fromkeys(ids)
    note = f"{cut_short[0]}* begins many words: the commonest {WORDS} were searched for." if cut_short else None
    return Finding(expression, versions, total, note)


def _index_rest(connection: sqlite3.Connection) -> bool:
    rows = connection.execute(
        "SELECT id, summary_zh, summary_en, title FROM item_versions "
        "WHERE id > (SELECT coalesce(max(id), 0) FROM version_index_docsize)"
    )
    first = rows.fetchone()
    if first is not None:
        fill_index(connection, _UNINDEXED.removeprefix("temp."), chain((first,), rows))
    return first is not None


def _expander(connection: sqlite3.Connection, sources: list[str], cut_short: list[str]) -> Callable[[str], list[str]]:
    @functools.cache
    def vocabularies() -> list[Callable[[str], list[str]]]:
        return [vocabulary(connection, source) for source in sources]

    def expand(beginning: str) -> list[str]:
        stems = [look_up(beginning) for look_up in vocabularies()]
        if any(len(found) == WORDS for found in stems):
            cut_short.append(beginning.strip(PAUSE))
        return complete_stems(beginning, dict.fromkeys(chain.from_iterable(stems)))

    return expand


class _Search:
    """One expression, asked of the index and of what stands beside it."""

    def __init__(self, connection: sqlite3.Connection, sources: list[str], expression: str) -> None:
        self._cursor = connection.cursor()
        self._cursor.row_factory = None  # tuples: half the time, of a hundred thousand
        self._connection = connection
        self._sources = sources
        self._values = {"all": expression, "titled": f"{{title}} : ({expression})"}

    def _select(self, columns: str, which: str = "all", then: str = "") -> str:
        # +rowid: with a plain one SQLite would ask the index once for each id
        return " UNION ALL ".join(
            f"SELECT * FROM (SELECT {columns} FROM {source} WHERE {source.partition('.')[2]} MATCH :{which} {then})"
            for source in self._sources
        )

    def _ask(self, sql: str, values: dict[str, str | int]) -> list[tuple[int, ...]]:
        return self._cursor.execute(sql, self._values | values).fetchall()

    def find_current(self, current: str, values: dict[str, str | int], limit: int) -> tuple[list[int], int]:
        """``current`` is a condition on version ids."""
        newest = f"AND +rowid {current} ORDER BY rowid DESC LIMIT {RANKED + 1}"
        titled = self._select("rowid", "titled", "AND rowid >= (SELECT min(id) FROM hit)")
        rows = self._ask(
            f"WITH hit(id, score) AS MATERIALIZED ({self._select('rowid, rank', then=newest)}) "
            f"SELECT id, id IN ({titled}) AS titled, (SELECT count(*) FROM hit) FROM hit "
            f"ORDER BY titled DESC, score, id DESC LIMIT :limit",
            values | {"limit": max(limit, 1)},
        )
        total = rows[0][2] if rows else 0
        if total <= RANKED:
            return [row[0] for row in rows[:limit]], total
        counted = self._ask(self._select("count(*)", then=f"AND +rowid {current}"), values)
        if not rows[-1][1]:  # older ones may have it in the title
            titled = self._select("rowid, rank", "titled", newest)
            older = self._ask(f"{titled} ORDER BY 2, 1 DESC LIMIT :limit", values | {"limit": limit})
            rows = older + rows
        return list(dict.fromkeys(row[0] for row in rows))[:limit], sum(row[0] for row in counted)

    def find_ever(
        self, items: str, values: dict[str, str | int], run: int | None, limit: int
    ) -> tuple[dict[int, Presence | None], int]:
        rows = self._ask(
            f"WITH hit(id, score) AS MATERIALIZED ({self._select('rowid, rank')}) "
            f"SELECT v.item_id, hit.id, hit.id IN ({self._select('rowid', 'titled')}), hit.score "
            f"FROM hit JOIN item_versions v ON v.id = hit.id "
            f"WHERE (:run IS NULL OR v.run_id <= :run) AND v.item_id IN ({items})",
            values | {"run": run},  # type: ignore[dict-item]
        )
        matching: dict[int, set[int]] = {}
        best: dict[int, tuple[int, ...]] = {}
        for item_id, version_id, titled, score in rows:
            matching.setdefault(item_id, set()).add(version_id)
            place = (-titled, score, -version_id)
            best[item_id] = min(place, best.get(item_id, place))
        found: dict[int, Presence | None] = {}
        for item_id in sorted(best, key=best.__getitem__)[:limit]:
            presence = tell_presence(list_versions(self._connection, item_id, run), frozenset(matching[item_id]))
            found[presence.version_id] = presence
        return found, len(best)
