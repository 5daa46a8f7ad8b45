"""The figures of versions as rows of the archive, made where they are missing or of an older grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive import figures
from archive.store import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from archive.figures.model import Disagreement, Figure

#: versions a transaction: what a kill loses is less than a second of work
BATCH = 200


def refresh_figures(connection: sqlite3.Connection) -> int:
    """Extract what is missing; how many versions were read. Commits batch by batch."""
    read = 0
    while rows := connection.execute(
        "SELECT v.id, v.summary_zh, v.summary_en FROM item_versions v LEFT JOIN readings_of_figures f "
        "ON f.version_id = v.id WHERE coalesce(f.grammar, 0) < ? ORDER BY v.id LIMIT ?",
        (figures.VERSION, BATCH),
    ).fetchall():
        with transaction(connection):
            for version_id, zh_text, en_text in rows:
                _replace(connection, version_id, zh_text, en_text)
        read += len(rows)
    return read


def _replace(connection: sqlite3.Connection, version_id: int, zh_text: str, en_text: str) -> None:
    from archive.figures.align import find_disagreements  # noqa: PLC0415 - nights with nothing new do not pay for it
    from archive.figures.extract import extract_figures  # noqa: PLC0415

    zh, en = extract_figures(zh_text, "zh"), extract_figures(en_text, "en")
    for table in ("figures", "figure_disagreements", "readings_of_figures"):
        connection.execute(f"DELETE FROM {table} WHERE version_id = ?", (version_id,))
    connection.executemany(
        f"INSERT INTO figures VALUES ({', '.join('?' * 15)})", (_row(version_id, figure) for figure in (*zh, *en))
    )
    connection.executemany(
        "INSERT INTO figure_disagreements VALUES (?, ?, ?, ?, ?, ?, ?)",
        _disagreement_rows(version_id, find_disagreements(zh_text, en_text, zh, en)),
    )
    connection.execute("INSERT INTO readings_of_figures VALUES (?, ?)", (version_id, figures.VERSION))


def _row(version_id: int, figure: Figure) -> tuple[object, ...]:
    return (
        *(version_id, figure.language, figure.start, figure.end, figure.raw),
        *(format(figure.number, "f"), format(figure.scale, "f"), format(figure.value, "f"), float(figure.value)),
        *(figure.unit, figure.qualifier, figure.year, figure.forecast, figure.role, figure.measure),
    )


def _disagreement_rows(version_id: int, found: Iterable[Disagreement]) -> Iterable[tuple[object, ...]]:
    for number, one in enumerate(found, 1):
        yield (
            *(version_id, number, one.kind, one.zh.start if one.zh else None, one.en.start if one.en else None),
            *(one.zh_snippet, one.en_snippet),
        )
