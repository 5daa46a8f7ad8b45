"""Which figures of a text a question is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from archive.figures.model import Figure

if TYPE_CHECKING:
    from archive.figures.words import Words

#: the figures of one language that are chosen, each with the measure that it is taken to be of
Choice = Callable[[str, str, Sequence[Figure]], dict[Figure, str]]
_SENTENCE_END = re.compile(r"[。！？!?\n]|\.(?=\s)")
#: what begins a measure of its own where a sentence goes on
_NOUNS = re.compile(
    "金额|[销交贸成]售?易?交?额|出口|进口|收入|营收|利润|产[值量]|销量|投资|融资|费用?|成本|[售单均物]价|价格|支出|补贴|税|"
    "revenue|sales|profit|export|import|output|invest|financ|cost|price|spending|income|expen|subsid|tax|saved?",
    re.IGNORECASE,
)


def choose_by_measure(words: Words) -> Choice:
    """Every word in the measure or the title, one at least in the measure; and what such a sentence goes on with."""

    def choose(title: str, text: str, figures: Sequence[Figure]) -> dict[Figure, str]:
        chosen: dict[Figure, str] = {}
        leaders: dict[tuple[str, str], Figure] = {}
        for figure in figures:
            if words.touch(figure.measure) and words.are_in(f"{figure.measure}\n{title}"):
                leaders[figure.unit, figure.role] = figure
                chosen[figure] = figure.measure
                continue
            leader = leaders.get((figure.unit, figure.role))
            if leader is not None and _continues(text, leader, figure):
                chosen[figure] = leader.measure
        return chosen

    return choose


def choose_by_sentence(words: Words) -> Choice:
    """Every word in the measure, the title or the sentence."""

    def choose(title: str, text: str, figures: Sequence[Figure]) -> dict[Figure, str]:
        chosen = {}
        for figure in figures:
            begin = max((match.end() for match in _SENTENCE_END.finditer(text, 0, figure.start)), default=0)
            end = _SENTENCE_END.search(text, figure.end)
            sentence = text[begin : end.start() if end else len(text)]
            if words.are_in(f"{figure.measure}\n{sentence}\n{title}"):
                chosen[figure] = figure.measure
        return chosen

    return choose


def _continues(text: str, leader: Figure, figure: Figure) -> bool:
    """The same for another year: "…规模为12亿元，预计2027年将达20亿元" names its measure once."""
    return (
        figure.year not in (None, leader.year)
        and _SENTENCE_END.search(text, leader.end, figure.start) is None
        and all(noun.casefold() in leader.measure.casefold() for noun in _NOUNS.findall(figure.measure))
    )
