"""The figures of reports, now or as of a night: from the archive, or made on the spot where they are not in it yet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from archive import figures
from archive.errors import UsageError
from archive.figures.model import Figure
from archive.figures.rows import Row, make_rows
from archive.query import choose_reading, find_item, find_listing, load_record, resolve_as_of
from archive.text import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.sqlite import sqlite3

_STORED = (
    "raw",
    "start",
    "end",
    "number",
    "scale",
    "value",
    "unit",
    "qualifier",
    "year",
    "forecast",
    "role",
    "measure",
)
#: how a unit is called at a keyboard
_UNITS = {
    **dict.fromkeys(("yuan", "rmb", "元", "人民币", "人民币元", "¥"), "CNY"),
    **dict.fromkeys(("dollar", "dollars", "us dollars", "美元", "$", "us$"), "USD"),
    **dict.fromkeys(("percent", "per cent", "％", "百分比"), "%"),
    **dict.fromkeys(("人", "person", "people"), "persons"),
}


@dataclass(frozen=True, slots=True)
class Extracted:
    """One version with the rows of its figures, as the tables ``figures`` and ``figure_disagreements`` hold them."""

    key: str
    version: int
    title: str
    grammar: int
    rows: list[Row]
    disagreements: list[Row]

    def describe(self) -> list[dict[str, Any]]:
        return [self._describe(row) for row in self.rows]

    def describe_disagreements(self) -> list[dict[str, Any]]:
        sides = {(row[1], row[2]): row for row in self.rows}
        return [
            {
                "key": self.key,
                "version": self.version,
                "title": self.title,
                "kind": kind,
                "zh": self._describe(sides["zh", zh_start]) if zh_start is not None else None,
                "en": self._describe(sides["en", en_start]) if en_start is not None else None,
                "zh_snippet": zh_snippet,
                "en_snippet": en_snippet,
            }
            for _, _, kind, zh_start, en_start, zh_snippet, en_snippet in self.disagreements
        ]

    def _describe(self, row: Row) -> dict[str, Any]:
        _, language, start, end, raw, number, scale, value, _, unit, qualifier, year, forecast, role, measure = row
        values = (raw, start, end, number, scale, value, unit, qualifier, year, bool(forecast), role, measure)
        return {
            "key": self.key,
            "version": self.version,
            "language": language,
            **dict(zip(_STORED, values, strict=True)),
            "grammar": self.grammar,
        }


def list_figures(
    connection: sqlite3.Connection,
    key: str | None = None,
    *,
    version: int | None = None,
    as_of: str | None = None,
    disagreeing: bool = False,
    listing: str | None = None,
    unit: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Figures, or with ``disagreeing`` what Chinese and English do not say alike, by key, language and place.

    Raises UsageError, at once and not at the first item.
    """
    read = read_versions(connection, key, version=version, as_of=as_of, listing=listing)
    return (
        one
        for extracted in read
        for one in (extracted.describe_disagreements() if disagreeing else extracted.describe())
        if unit is None or measures_in(one, unit)
    )


def iterate_figures(
    connection: sqlite3.Connection, *, versions: bool = False, as_of: str | None = None
) -> Iterator[dict[str, Any]]:
    """All figures of the current readings or of every version, in the order of key, version, language and place."""
    if not versions:
        return list_figures(connection, as_of=as_of)
    run = resolve_as_of(connection, as_of)
    rows = connection.execute(
        "SELECT v.id, i.key, v.seq, v.title FROM items i JOIN item_versions v ON v.item_id = i.id "
        "WHERE i.key NOT IN (SELECT key FROM item_aliases) AND (?1 IS NULL OR v.run_id <= ?1) ORDER BY i.key, v.seq",
        (run,),
    )
    return (figure for row in rows for figure in _extract(connection, *row).describe())


def measures_in(one: dict[str, Any], unit: str) -> bool:
    """Of a figure or a disagreement as :func:`list_figures` gives it."""
    sides = (one["zh"], one["en"]) if "kind" in one else (one,)
    return any(side is not None and side["unit"].casefold() == unit.casefold() for side in sides)


def name_unit(word: str) -> str:
    """The unit as figures hold it: CNY for yuan, RMB or 元."""
    return _UNITS.get(word.casefold(), word)


def read_versions(
    connection: sqlite3.Connection,
    key: str | None = None,
    *,
    version: int | None = None,
    as_of: str | None = None,
    listing: str | None = None,
) -> Iterator[Extracted]:
    """The current reading of every report, or of one, or one version of it. Raises UsageError, at once."""
    if key is None and version is not None:
        raise UsageError("A version is of one report: give its KEY too.")
    held, held_key = find_listing(connection, listing) if listing is not None else (None, None)
    if key is None:
        run = resolve_as_of(connection, as_of)
        rows = _choose_all(connection, held) if run is None else _choose_all_as_of(connection, run, held)
    else:
        key = tidy(key)
        record = load_record(connection, key, version=version, as_of=as_of)
        if held_key is not None and held_key not in record["listings"]:
            return iter(())
        rows = connection.execute(
            "SELECT id, ?, seq, title FROM item_versions WHERE item_id = ? AND seq = ?",
            (record["key"], find_item(connection, key)["id"], record["version"]),
        )
    return (_extract(connection, *row) for row in rows)


def _choose_all(connection: sqlite3.Connection, listing: int | None) -> Iterator[Row]:
    return connection.execute(
        "SELECT v.id, i.key, v.seq, v.title FROM items i JOIN item_versions v ON v.id = i.version_id "
        "WHERE i.key NOT IN (SELECT key FROM item_aliases) AND (?1 IS NULL OR EXISTS "
        "(SELECT 1 FROM memberships m WHERE m.item_id = i.id AND m.listing_id = ?1)) ORDER BY i.key",
        (listing,),
    )


def _choose_all_as_of(connection: sqlite3.Connection, run: int, listing: int | None) -> Iterator[Row]:
    items = connection.execute(
        "SELECT i.id, i.key FROM items i WHERE i.key NOT IN (SELECT key FROM item_aliases) AND (?1 IS NULL OR EXISTS "
        "(SELECT 1 FROM memberships m WHERE m.item_id = i.id AND m.listing_id = ?1 AND m.first_run_id <= ?2)) "
        "ORDER BY i.key",
        (listing, run),
    )
    for item_id, key in items:
        versions = list_readings(connection, item_id, run)
        if versions:
            chosen = choose_reading(versions)
            yield chosen["version_id"], key, chosen["seq"], chosen["title"]


def list_readings(connection: sqlite3.Connection, item_id: int, run: int | None = None) -> list[sqlite3.Row]:
    """The versions of an item without their texts: what choosing among them needs."""
    return connection.execute(
        "SELECT id AS version_id, seq, previous_id, cause, title, observed_at FROM item_versions "
        "WHERE item_id = ?1 AND (?2 IS NULL OR run_id <= ?2) ORDER BY seq",
        (item_id, run),
    ).fetchall()


def _extract(connection: sqlite3.Connection, version_id: int, key: str, version: int, title: str) -> Extracted:
    grammar, rows, disagreements = load_rows(connection, version_id)
    return Extracted(key, version, title, grammar, rows, disagreements)


def load_rows(connection: sqlite3.Connection, version_id: int) -> tuple[int, list[Row], list[Row]]:
    """The grammar and the rows of one version; a night that was killed may have left them missing or old."""
    row = connection.execute("SELECT grammar FROM readings_of_figures WHERE version_id = ?", (version_id,)).fetchone()
    if row is None or row[0] < figures.VERSION:
        texts = load_texts(connection, version_id)
        return figures.VERSION, *make_rows(version_id, texts["zh"], texts["en"])
    extracted, disagreements = (
        [tuple(each) for each in connection.execute(f"SELECT * FROM {table} WHERE version_id = ?", (version_id,))]
        for table in ("figures", "figure_disagreements")
    )
    return int(row[0]), extracted, disagreements


def load_texts(connection: sqlite3.Connection, version_id: int) -> dict[str, str]:
    """The summaries by language."""
    rows = connection.execute("SELECT summary_zh, summary_en FROM item_versions WHERE id = ?", (version_id,))
    return dict(zip(("zh", "en"), rows.fetchone(), strict=True))


def load_figures(connection: sqlite3.Connection, version_id: int) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """Those of the Chinese text and those of the English one, each in the order of the text."""
    _, rows, _ = load_rows(connection, version_id)
    found = [_restore(row) for row in rows]
    return tuple(each for each in found if each.language == "zh"), tuple(
        each for each in found if each.language == "en"
    )


def _restore(row: Row) -> Figure:
    _, language, start, end, raw, number, scale, _, _, unit, qualifier, year, forecast, role, measure = row
    amounts = Decimal(number), Decimal(scale)
    return Figure(language, start, end, raw, *amounts, unit, qualifier, year, bool(forecast), role, measure)
