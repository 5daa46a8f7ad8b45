"""What can be taken away, as streams of records: reports, versions, events, figures, disagreements and coverage."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal

from archive.errors import UsageError
from archive.query import iterate_changes, iterate_records, resolve_as_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.dictionary import Table
    from archive.sqlite import sqlite3

Name = Literal["reports", "versions", "events", "figures", "disagreements", "coverage"]


def choose_table(*, versions: bool, figures: bool, disagreements: bool, coverage: bool) -> Name:
    """The table that the options of a command name. Raises UsageError where they name two."""
    wanted: dict[Name, bool] = {"figures": figures, "disagreements": disagreements, "coverage": coverage}
    chosen = [name for name, asked in wanted.items() if asked]
    if len(chosen) > 1 or (versions and coverage):
        raise UsageError(
            "An export is one table: give one of --figures, --disagreements or --coverage, the last without --versions."
        )
    return chosen[0] if chosen else "versions" if versions else "reports"


@contextlib.contextmanager
def hold_snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """One state of the archive for everything that is read inside, whatever a night settles meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.rollback()


def read_table(
    connection: sqlite3.Connection, name: Name, *, as_of: str | None = None, versions: bool = False
) -> Iterator[dict[str, Any]]:
    """The records of a table in the order of their keys; ``versions``: figures and disagreements of every version.

    Raises UsageError, at once and not at the first record.
    """
    run = resolve_as_of(connection, as_of)
    match name:
        case "reports":
            return iterate_records(connection, as_of=as_of)
        case "versions":
            return _iterate_versions(connection, as_of)
        case "events":
            return (event for event in iterate_changes(connection) if run is None or event["run"] <= run)
        case "figures":
            from archive.figures.reading import iterate_figures  # noqa: PLC0415 - most exports are of reports

            figures = iterate_figures(connection, versions=versions, as_of=as_of)
            return (figure | {"amount": float(figure["value"])} for figure in figures)
        case "disagreements":
            return _iterate_disagreements(connection, as_of, run, versions=versions)
        case "coverage":
            from archive.coverage import list_coverage  # noqa: PLC0415

            return iter(list_coverage(connection, as_of=as_of))


def _iterate_versions(connection: sqlite3.Connection, as_of: str | None) -> Iterator[dict[str, Any]]:
    for record in iterate_records(connection, versions=True, as_of=as_of):
        cause = connection.execute(
            "SELECT v.cause, p.seq AS previous, v.run_id AS run, v.recorded_at FROM items i "
            "JOIN item_versions v ON v.item_id = i.id AND v.seq = ? LEFT JOIN item_versions p ON p.id = v.previous_id "
            "WHERE i.key = ?",
            (record["version"], record["key"]),
        ).fetchone()
        yield record | dict(cause)


def _iterate_disagreements(
    connection: sqlite3.Connection, as_of: str | None, run: int | None, *, versions: bool
) -> Iterator[dict[str, Any]]:
    from archive.figures.reading import list_figures, load_rows  # noqa: PLC0415

    if not versions:
        for found in list_figures(connection, as_of=as_of, disagreeing=True):
            yield _compose(*(found[name] for name in _DISAGREEMENT), *(found[side] or {} for side in ("zh", "en")))
        return
    for version_id, *version in connection.execute(
        "SELECT v.id, i.key, v.seq, v.title FROM items i JOIN item_versions v ON v.item_id = i.id "
        "WHERE i.key NOT IN (SELECT key FROM item_aliases) AND (?1 IS NULL OR v.run_id <= ?1) ORDER BY i.key, v.seq",
        (run,),
    ):
        _, figures, disagreements = load_rows(connection, version_id)
        # the rows are those of the tables `figures` and `figure_disagreements`
        sides = {(row[1], row[2]): {"raw": row[4], "start": row[2]} for row in figures}
        for _, _, kind, zh, en, *snippets in disagreements:
            yield _compose(*version, kind, *snippets, sides.get(("zh", zh), {}), sides.get(("en", en), {}))


_DISAGREEMENT = ("key", "version", "title", "kind", "zh_snippet", "en_snippet")


def _compose(*values: Any) -> dict[str, Any]:
    """A disagreement; the last two values are its figures."""
    *told, zh, en = values
    return dict(zip(_DISAGREEMENT, told, strict=True)) | {
        "zh_raw": zh.get("raw"),
        "en_raw": en.get("raw"),
        "zh_start": zh.get("start"),
        "en_start": en.get("start"),
    }


def flatten(table: Table, record: dict[str, Any]) -> dict[str, Any]:
    """The record with the columns of the dictionary: what is nested in it stands beside the rest."""
    flat = dict(record)
    if capture := record.get("capture"):
        flat |= {f"capture_{name}": capture[name] for name in ("url", "fetched_at", "sha256")}
        flat |= {name: capture[name] for name in ("warc_file", "warc_offset", "parser")}
    return {column.name: flat[column.name] for column in table.columns}
