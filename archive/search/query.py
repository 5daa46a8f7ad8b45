"""Search: reports by words of either language, ranked, with the passages that match; now, as of a night, or ever."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.errors import UsageError
from archive.model import series_of
from archive.search.finding import find
from archive.search.matching import fill_index, one_moment
from archive.search.passages import BEGIN, END, Pieces, Spans, choose_passage, cut, find_spans
from archive.search.plain import read_plain_phrases
from archive.search.scope import Standing, load_standings, make_scope
from archive.search.terms import FIELDS, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.search.finding import Finding
    from archive.search.presence import Presence
    from archive.sqlite import sqlite3

_COLUMNS = {"zh": "summary_zh", "en": "summary_en", "title": "title"}  #: in the order of the index
_QUOTED = re.compile('"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Hit:
    """One report, by the version that was found. Texts are pieces: (text, does it match?)."""

    key: str
    url: str
    version: int
    versions: tuple[int, ...]  #: all of its versions that match, where all were searched; else that one
    current: bool  #: is it the current reading, now or as of then?
    state: str
    series: str | None
    title: Pieces
    snippets: tuple[
        tuple[str, Pieces], ...
    ]  #: (zh or en, passage), those that match; the beginning where only the title does
    observed_at: str
    found_in: str | None  #: where all versions were searched: "found in version 1, gone in version 2"
    listings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits of ``total`` reports. ``message``: why nothing was searched for, or what was left out."""

    hits: tuple[Hit, ...]
    total: int
    message: str | None
    searched: bool = True  #: False: there was nothing to search for


def search(
    connection: sqlite3.Connection,
    words: str,
    *,
    fields: Sequence[str] = (),
    as_of: str | None = None,
    state: str | None = None,
    listing: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int = 20,
    all_versions: bool = False,
) -> Found:
    """Reports that have all ``words``; :mod:`archive.search.terms` says what may be typed, and nothing is an error.

    ``as_of`` is read as :func:`archive.query.resolve_as_of` does; ``since`` and ``until``, dates or UTC times, bound
    when a report was first seen. Raises UsageError for a filter that there can't be.
    """
    if unknown := set(fields) - set(FIELDS):
        raise UsageError(f"There is no field {min(unknown)!r}: search in title, zh or en.")
    with one_moment(connection):
        scope = make_scope(connection, as_of=as_of, state=state, listing=listing, since=since, until=until)
        query = parse(words)
        if query.root is None:
            return Found((), 0, query.message, searched=False)
        finding = find(connection, query.root, tuple(fields), scope, max(limit, 0), all_versions=all_versions)
        return Found(describe_hits(connection, finding, scope.run), finding.total, finding.note)


def describe_hits(connection: sqlite3.Connection, finding: Finding, run: int | None) -> tuple[Hit, ...]:
    """What was found, with its passages. Call it inside the same :func:`archive.search.matching.one_moment`."""
    if not finding.versions:
        return ()
    ids = ",".join(str(version_id) for version_id in finding.versions)
    rows = {
        row["id"]: row
        for row in connection.execute(
            "SELECT v.id, v.item_id, v.seq, v.title, v.summary_zh, v.summary_en, v.observed_at, i.key, i.url "
            f"FROM item_versions v JOIN items i ON i.id = v.item_id WHERE v.id IN ({ids})"
        )
    }
    marked = _mark(connection, finding.expression, rows)
    standings = load_standings(connection, run, [row["item_id"] for row in rows.values()])
    return tuple(
        _describe_hit(rows[version_id], marked.get(version_id, {}), standings[rows[version_id]["item_id"]], presence)
        for version_id, presence in finding.versions.items()
    )


def _mark(connection: sqlite3.Connection, expression: str, rows: dict[int, sqlite3.Row]) -> dict[int, dict[str, Spans]]:
    """Where the rows' texts match, by version and field."""
    phrases = read_plain_phrases(expression)
    if phrases is not None:
        return {number: {name: phrases.find(row[at]) for name, at in _COLUMNS.items()} for number, row in rows.items()}
    latin = any(char.isascii() and char.isalnum() for quoted in _QUOTED.findall(expression) for char in quoted)
    fill_index(
        connection,
        "hits_shown",
        (
            # a Chinese query has no match in an English text, and leaving that out is a third of the work
            (row["id"], *(row[name] if latin or not row[name].isascii() else "" for name in _COLUMNS.values()))
            for row in rows.values()
        ),
    )
    columns = ", ".join(f"highlight(hits_shown, {number}, '{BEGIN}', '{END}')" for number in range(3))
    marked = connection.execute(f"SELECT rowid, {columns} FROM temp.hits_shown WHERE hits_shown MATCH ?", (expression,))
    return {
        number: {
            name: find_spans(rows[number][_COLUMNS[name]], text) for name, text in zip(_COLUMNS, texts, strict=True)
        }
        for number, *texts in map(tuple, marked)
    }


def _describe_hit(row: sqlite3.Row, marked: dict[str, Spans], standing: Standing, presence: Presence | None) -> Hit:
    spans: dict[str, Spans] = {name: marked.get(name, ()) for name in _COLUMNS}
    shown = [name for name in ("zh", "en") if spans[name]] or [name for name in ("zh", "en") if row[_COLUMNS[name]]][:1]
    return Hit(
        key=row["key"],
        url=row["url"],
        version=row["seq"],
        versions=presence.versions if presence else (row["seq"],),
        current=presence.current if presence else True,
        state=standing.state,
        series=series_of(row["title"]),
        title=cut(row["title"], spans["title"]),
        snippets=tuple((name, choose_passage(name, row[_COLUMNS[name]], spans[name])) for name in shown),
        observed_at=row["observed_at"],
        found_in=presence.found_in if presence else None,
        listings=tuple(standing.listings),
    )
