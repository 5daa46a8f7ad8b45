"""Both summaries paragraph by paragraph, with their figures marked and tied to their counterparts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from archive.figures.align import align_figures
from archive.figures.reading import load_figures, load_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.figures.model import Figure
    from archive.sqlite import sqlite3

_KINDS = {
    "value": "another value",
    "scale": "another power of ten",
    "unit": "another unit",
    "year": "another year",
    "forecast": "a forecast on one side, a fact on the other",
    "meaning": "another meaning",
    "only_zh": "in the Chinese text only",
    "only_en": "in the English text only",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure as a place in a page; ``partner`` is the place of what the other language says."""

    place: str
    figure: Figure
    partner: str | None
    doubtful: bool

    @property
    def told(self) -> str:
        """What was read out of it, in words."""
        figure = self.figure
        words = [figure.qualifier, f"{figure.value:,f}", figure.unit, f"in {figure.year}" if figure.year else None]
        told = " ".join(word for word in words if word)
        return f"extracted: {told}, {'forecast, ' if figure.forecast else ''}{figure.role} of “{figure.measure}”"


Piece = tuple[str, Mark | None]


@dataclass(frozen=True, slots=True)
class Reading:
    paragraphs: tuple[tuple[tuple[Piece, ...], tuple[Piece, ...]], ...]  #: Chinese and English, side by side
    pairs: tuple[tuple[Mark | None, Mark | None], ...]
    disagreements: tuple[dict[str, Any], ...]


def mark_figures(connection: sqlite3.Connection, version_id: int, zh_text: str, en_text: str) -> Reading:
    zh, en = load_figures(connection, version_id)
    _, _, rows = load_rows(connection, version_id)
    doubtful = {("zh", row[3]) for row in rows} | {("en", row[4]) for row in rows}
    pairs = align_figures(zh, en)
    partners = {("zh", a.start): _place(b) for a, b in pairs if a and b} | {
        ("en", b.start): _place(a) for a, b in pairs if a and b
    }

    def mark(figure: Figure | None) -> Mark | None:
        if figure is None:
            return None
        where = figure.language, figure.start
        return Mark(_place(figure), figure, partners.get(where), where in doubtful)

    marks = [[mark(figure) for figure in figures] for figures in (zh, en)]
    return Reading(
        tuple(zip_longest(_split(zh_text, marks[0]), _split(en_text, marks[1]), fillvalue=())),
        tuple((mark(a), mark(b)) for a, b in pairs),
        tuple(_word(row) for row in rows),
    )


def _place(figure: Figure) -> str:
    return f"{figure.language}-{figure.start}"


def _split(text: str, marks: Sequence[Mark | None]) -> Iterator[tuple[Piece, ...]]:
    """Paragraphs as pieces; a figure never reaches over the end of one."""
    start = 0
    for paragraph in text.split("\n") if text else ():
        end = start + len(paragraph)
        pieces: list[Piece] = []
        at = start
        for mark in marks:
            if mark is None or mark.figure.start < at or mark.figure.end > end:
                continue
            pieces += [(text[at : mark.figure.start], None), (text[mark.figure.start : mark.figure.end], mark)]
            at = mark.figure.end
        pieces.append((text[at:end], None))
        yield tuple(piece for piece in pieces if piece[0])
        start = end + 1


def _word(row: tuple[Any, ...]) -> dict[str, Any]:
    _, _, kind, zh_start, en_start, zh_snippet, en_snippet = row
    return {
        "kind": _KINDS.get(kind, kind),
        "zh": (None if zh_start is None else f"zh-{zh_start}", zh_snippet),
        "en": (None if en_start is None else f"en-{en_start}", en_snippet),
    }
