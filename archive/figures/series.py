"""One measure over reports and versions: who said what of which year, since when, and how it was revised."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.figures.choice import choose_by_measure, choose_by_sentence
from archive.figures.reading import name_unit
from archive.figures.rows import write_exact
from archive.figures.statements import Statement, follow_report
from archive.figures.words import find_versions, normalise, parse_words
from archive.query import find_listing, resolve_as_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.figures.model import Role
    from archive.figures.words import Words
    from archive.sqlite import sqlite3

ROLES: tuple[Role, ...] = ("level", "count", "share", "change", "ratio", "threshold")
_CURRENCY = re.compile("[A-Z]{3}")
_NEARBY = 200_000  #: figures among which near measures are looked for: a hint must not take long


@dataclass(frozen=True, slots=True)
class Series:
    """``statements`` are all of one unit and one role; ``others`` counts what else has these words."""

    query: str
    unit: str | None
    role: str | None
    statements: tuple[Statement, ...]
    others: tuple[tuple[str, str, int], ...] = ()  #: unit, role, statements
    message: str | None = None  #: why nothing was found, or how it was

    def describe(self) -> dict[str, Any]:
        """For JSON: exact decimals as strings."""
        rows = []
        for one in self.statements:
            row = dataclasses.asdict(one) | {"value": write_exact(one.value)}
            if one.revision is not None:
                percent = None if one.revision.percent is None else format(one.revision.percent, "f")
                row["revision"] |= {"value": write_exact(one.revision.value), "percent": percent}
            rows.append(row)
        others = [{"unit": unit, "role": role, "statements": count} for unit, role, count in self.others]
        return {
            "query": self.query,
            "unit": self.unit,
            "role": self.role,
            "message": self.message,
            "statements": rows,
            "others": others,
        }


def build_series(
    connection: sqlite3.Connection,
    query: str,
    *,
    as_of: str | None = None,
    unit: str | None = None,
    role: str | None = None,
    listing: str | None = None,
) -> Series:
    """Raises UsageError for a question without a word, an unknown listing or a point in time that is none."""
    words = parse_words(query)
    run = resolve_as_of(connection, as_of)
    held = find_listing(connection, listing)[0] if listing is not None else None
    items = _find_items(connection, words, run, held)
    message = None
    found = [each for item in items for each in follow_report(connection, *item, run, choose_by_measure(words))]
    if not found:
        found = [each for item in items for each in follow_report(connection, *item, run, choose_by_sentence(words))]
        message = "no measure has these words; the figures below stand in sentences or reports that have them."
    groups: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in found:
        groups[statement.unit, statement.role].append(statement)
    wanted = [
        each
        for each in groups
        if (unit is None or each[0].casefold() == name_unit(unit).casefold()) and role in (None, each[1])
    ]
    if not wanted:
        return Series(query, None, None, (), _count(groups), _explain(connection, query, words, found=bool(found)))
    best = min(wanted, key=lambda group: _rank(group, groups[group]))
    statements = sorted(groups.pop(best), key=lambda one: (one.year or 9999, one.said_at, one.key, one.value))
    return Series(query, *best, tuple(statements), _count(groups), message)


def _find_items(
    connection: sqlite3.Connection, words: Words, run: int | None, listing: int | None
) -> list[tuple[int, str]]:
    return [
        tuple(row)
        for row in connection.execute(
            "SELECT DISTINCT i.id, i.key FROM json_each(?1) found JOIN item_versions v ON v.id = found.value "
            "JOIN items i ON i.id = v.item_id WHERE i.key NOT IN (SELECT key FROM item_aliases) "
            "AND (?2 IS NULL OR v.run_id <= ?2) AND (?3 IS NULL OR EXISTS (SELECT 1 FROM memberships m WHERE "
            "m.item_id = i.id AND m.listing_id = ?3 AND (?2 IS NULL OR m.first_run_id <= ?2))) ORDER BY i.key",
            (json.dumps(find_versions(connection, words)), run, listing),
        )
    ]


def _rank(group: tuple[str, str], statements: Sequence[Statement]) -> tuple[object, ...]:
    """Amounts of money first, then what is said most often."""
    unit, role = group
    money = role == "level" and _CURRENCY.fullmatch(unit)
    return not money, -len(statements), ROLES.index(role) if role in ROLES else len(ROLES), unit


def _count(groups: Mapping[tuple[str, str], Sequence[Statement]]) -> tuple[tuple[str, str, int], ...]:
    ranked = sorted(groups, key=lambda group: _rank(group, groups[group]))
    return tuple((*group, len(groups[group])) for group in ranked)


def _explain(connection: sqlite3.Connection, query: str, words: Words, *, found: bool) -> str:
    """Why there is nothing to show, in a sentence that leads on."""
    if found:
        return "no figure with these words has that unit and role."
    import rapidfuzz  # noqa: PLC0415 - only where nothing was found

    measures = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT measure FROM (SELECT measure FROM figures LIMIT ?) WHERE measure <> '' ORDER BY measure",
            (_NEARBY,),
        )
    ]
    near = rapidfuzz.process.extract(
        normalise(query), measures, scorer=rapidfuzz.fuzz.WRatio, processor=normalise, limit=5, score_cutoff=50
    )
    if not near:
        return "no extracted figure has these words, in its measure, its sentence or its title."
    if same := [measure for measure, *_ in near if words.are_in(measure)]:
        return f"no extracted figure has these words there; at another time or in another listing: {', '.join(same)}."
    return f"no extracted figure has these words; near are: {', '.join(measure for measure, *_ in near)}."
