"""The figures of versions as rows of the archive, made where they are missing or of an older grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive import figures
from archive.progress import advance
from archive.store import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from archive.figures.model import Disagreement, Figure
    from archive.sqlite import sqlite3

Row = tuple[Any, ...]
#: versions a transaction: what a kill loses is less than a second of work
BATCH = 200


def count_unread(connection: sqlite3.Connection) -> int:
    """Versions whose figures are missing or of an older grammar."""
    (count,) = connection.execute(
        "SELECT (SELECT count(*) FROM item_versions) - (SELECT count(*) FROM readings_of_figures WHERE grammar >= ?)",
        (figures.VERSION,),
    ).fetchone()
    return int(count)


def refresh_figures(connection: sqlite3.Connection, missing: int | None = None) -> int:
    """Extract what is missing, ``missing`` of them if known; how many versions were read. Commits batch by batch."""
    read, last = 0, 0
    while rows := connection.execute(
        "SELECT v.id, v.summary_zh, v.summary_en FROM item_versions v LEFT JOIN readings_of_figures f "
        "ON f.version_id = v.id WHERE v.id > ? AND coalesce(f.grammar, 0) < ? ORDER BY v.id LIMIT ?",
        (last, figures.VERSION, BATCH),
    ).fetchall():
        with transaction(connection):
            for number, (version_id, zh_text, en_text) in enumerate(rows, read + 1):
                advance("extracting figures: version", number, missing)
                _replace(connection, version_id, zh_text, en_text)
        read, last = read + len(rows), rows[-1][0]
    return read


def make_rows(version_id: int, zh_text: str, en_text: str) -> tuple[list[Row], list[Row]]:
    """The rows of one version for the tables ``figures`` and ``figure_disagreements``, in the order of their keys."""
    from archive.figures.align import find_disagreements  # noqa: PLC0415 - nights with nothing new do not pay for it
    from archive.figures.extract import extract_figures  # noqa: PLC0415

    zh, en = extract_figures(zh_text, "zh"), extract_figures(en_text, "en")
    figure_rows = sorted((_row(version_id, figure) for figure in (*zh, *en)), key=lambda row: row[1:3])
    return figure_rows, list(_disagreement_rows(version_id, find_disagreements(zh_text, en_text, zh, en)))


def _replace(connection: sqlite3.Connection, version_id: int, zh_text: str, en_text: str) -> None:
    figure_rows, disagreement_rows = make_rows(version_id, zh_text, en_text)
    for table in ("figures", "figure_disagreements", "readings_of_figures"):
        connection.execute(f"DELETE FROM {table} WHERE version_id = ?", (version_id,))
    connection.executemany(f"INSERT INTO figures VALUES ({', '.join('?' * 15)})", figure_rows)
    connection.executemany("INSERT INTO figure_disagreements VALUES (?, ?, ?, ?, ?, ?, ?)", disagreement_rows)
    connection.execute("INSERT INTO readings_of_figures VALUES (?, ?)", (version_id, figures.VERSION))


def write_exact(value: Decimal) -> str:
    """Equal values are equal texts: 12.5亿 and 1.250 billion are both 1250000000."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _row(version_id: int, figure: Figure) -> Row:
    return (
        *(version_id, figure.language, figure.start, figure.end, figure.raw),
        *(format(figure.number, "f"), format(figure.scale, "f"), write_exact(figure.value), float(figure.value)),
        *(figure.unit, figure.qualifier, figure.year, figure.forecast, figure.role, figure.measure),
    )


def _disagreement_rows(version_id: int, found: Iterable[Disagreement]) -> Iterable[Row]:
    for number, one in enumerate(found, 1):
        yield (
            *(version_id, number, one.kind, one.zh.start if one.zh else None, one.en.start if one.en else None),
            *(one.zh_snippet, one.en_snippet),
        )
