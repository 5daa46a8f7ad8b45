"""Figures of a text of one language."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from archive.figures import chinese, english
from archive.figures.measures import find_measure
from archive.figures.model import Figure
from archive.figures.names import hide_names
from archive.figures.roles import find_qualifier, find_role, is_forecast, spans_years
from archive.figures.shadow import shade
from archive.figures.years import Years, assign_years, find_chinese_years, find_english_years, hide_years

if TYPE_CHECKING:
    from archive.figures.model import Language

_ENDS = {
    "zh": re.compile(r"[。!?\n]"),
    "en": re.compile(
        r"[.!?](?<!\bU\.S\.)(?<!\b[A-Z]\.)(?<!\bInc\.)(?<!\bCo\.)(?<!\bLtd\.)(?<!\bvs\.)(?<!\bapprox\.)(?<!\bNo\.)"
        r"[\"”')]?(?= +[A-Z0-9\"“$¥€£])|\n"
    ),
}
_CLAUSES = {"zh": re.compile(r"[,;。\n]"), "en": re.compile(r"[;\n]|\.(?= )|, (?=and |while |but |with |which )")}


_LONGEST_SENTENCE = 1_000
_LONGEST_GAP = 12
_JOINS = re.compile(
    r"、|和|与|及|以及|至|-|~|—| and |, and | to "
    r"|(?:回落|下降|提升|提高|上升|增长|放缓|收窄|扩大|加快|升|降|增)(?:至|到)"
)
_SPANS = re.compile(r" ?(?:至|到|-|~|—|——|to) ?")
_SHARED = frozenset({"threshold", "change"})


def extract_figures(text: str, language: Language) -> tuple[Figure, ...]:
    """The figures of a stored summary, in the order of the text."""
    shadow = shade(text, language)
    if language == "zh":
        mentions = find_chinese_years(shadow)
        found = chinese.find_quantities(hide_names(hide_years(shadow, mentions), language))
    else:
        found = english.find_quantities(hide_names(shadow, language))
        mentions = find_english_years(shadow, found)
    years = Years(shadow, language, mentions)
    sentences = [0, *(match.end() for match in _ENDS[language].finditer(shadow))]
    clauses = [0, *(match.end() for match in _CLAUSES[language].finditer(shadow))]
    figures: list[Figure] = []
    for quantity in found:
        at = bisect_right(sentences, quantity.start) - 1
        sentence, before = sentences[at], max(sentences[max(0, at - 1)], quantity.start - 2 * _LONGEST_SENTENCE)
        # no sentence of a summary is longer; a text without any end of one must not be read again for each figure
        sentence = max(sentence, quantity.start - _LONGEST_SENTENCE)
        while sentence < quantity.start and shadow[sentence] == " ":
            sentence += 1
        clause = clauses[bisect_right(clauses, quantity.start) - 1]
        previous = (figures[-1].end, figures[-1].measure) if figures else None
        year = years.of(quantity.start, quantity.end, sentence, before)
        forecast = is_forecast(shadow, quantity.start, quantity.end, year, sentence, language)
        figures.append(
            Figure(
                language=language,
                start=quantity.start,
                end=quantity.end,
                raw=text[quantity.start : quantity.end],
                number=quantity.number,
                scale=quantity.scale,
                unit=quantity.unit or quantity.otherwise,
                qualifier=find_qualifier(shadow, quantity, language),
                year=None if spans_years(shadow, quantity) else year,
                forecast=forecast,
                role=find_role(shadow, quantity, language, clause),
                measure=find_measure(shadow, text, quantity, language, previous),
            )
        )
    return tuple(assign_years(shadow, mentions, _agree(shadow, figures)))


def _agree(shadow: str, figures: list[Figure]) -> list[Figure]:
    """What is said of one figure of a list or range is said of its neighbour: 增速分别为11.5%和25.2%."""
    for at in range(1, len(figures)):
        first, second = figures[at - 1], figures[at]
        gap = shadow[first.end : second.start]
        if first.unit != second.unit or len(gap) > _LONGEST_GAP or not _JOINS.fullmatch(gap):
            continue
        if first.role == "change" and second.role == "share":
            figures[at] = replace(second, role="change")
    for at in range(len(figures) - 1, 0, -1):
        first, second = figures[at - 1], figures[at]
        gap = shadow[first.end : second.start]
        if (
            first.unit == second.unit
            and len(gap) <= _LONGEST_GAP
            and _SPANS.fullmatch(gap)
            and (second.role in _SHARED or second.unit == "years old")
        ):
            role = "threshold" if second.unit == "years old" else second.role
            figures[at - 1], figures[at] = replace(first, role=role), replace(second, role=role)
    return figures
