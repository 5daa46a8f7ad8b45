"""The sentence round a figure, short enough for a line of a terminal or a cell of a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.figures.model import Figure

LONGEST = 160
_REACH = 400  #: further away no sentence begins or ends that would be shown whole
_ENDS = re.compile(r"[。！？!?\n]|(?<![A-Z])\.(?=\s|[A-Z\"“]|$)")
_ELLIPSIS = "…"


def cut_snippet(text: str, figure: Figure | None) -> str:
    """The figure's sentence, or the part of it that lies round the figure; empty without a figure."""
    if figure is None:
        return ""
    floor, ceiling = max(0, figure.start - _REACH), min(len(text), figure.end + _REACH)
    start = max((match.end() for match in _ENDS.finditer(text, floor, figure.start)), default=floor)
    after = _ENDS.search(text, figure.end, ceiling)
    end = after.end() if after else ceiling
    if end - start > LONGEST:
        room = LONGEST - 2 * len(_ELLIPSIS)
        first = min(max(start, figure.start - room // 2), max(start, end - room))
        last = min(end, first + room)
        first, last = _to_word(text, first, start, figure.start, 1), _to_word(text, last, end, figure.end, -1)
        cut = (_ELLIPSIS if first > start else "") + text[first:last].strip() + (_ELLIPSIS if last < end else "")
    else:
        cut = text[start:end].strip()
    return cut.replace("\n", " ")[:LONGEST]


def _to_word(text: str, at: int, edge: int, figure: int, step: int) -> int:
    """Away from the middle of an English word, but never into the figure."""
    if at == edge:
        return at
    while at != figure and 0 < at < len(text) and _is_letter(text[at - 1]) and _is_letter(text[at]):
        at += step
    return at


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalnum()
