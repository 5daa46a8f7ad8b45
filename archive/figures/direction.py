"""Which way a figure points: up or down, a gain or a loss, as far as the words beside it say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.figures.model import Figure

_WINDOW = 60
_BY_ZH = r"(?:了|约|近|逾|超过?|至少|高?达|幅度?为?){0,3} ?$"
_UP_ZH = re.compile(rf"(?<![负零])(?:增长|增加|上升|上涨|提高|提升|攀升){_BY_ZH}")
_DOWN_ZH = re.compile(rf"(?:下降|下滑|减少|下跌|降低|萎缩|缩减|负增长){_BY_ZH}")
_WORD_EN = re.compile(
    r"\b(?:(?P<up>rose|risen|rising|grew|grown|growing|increas(?:ed?|es|ing)|climb(?:ed|s|ing)?|jump(?:ed|s|ing)?"
    r"|surg(?:ed?|es|ing)|soar(?:ed|s|ing)?|up)"
    r"|(?P<down>fell|fallen|falling|declin(?:ed?|es|ing)|decreas(?:ed?|es|ing)|drop(?:ped|s|ping)?|shr[aiu]nk(?:s|ing)?"
    r"|plunged|tumbled|slid|down))\b",
    re.IGNORECASE,
)
#: "rose to 5%", "a decline with growth of 5%": the number is not by how much
_NOT_BY_EN = re.compile(r"\b(?:to|from|at|with|growth|rate|pace|less|slow\w*|narrow\w*|widen\w*)\b", re.IGNORECASE)
_END_EN = re.compile(r"[;\0\n\"“”]|[.,](?= )")
_AFTER_EN = re.compile(
    r" (?:(?:year-on-year|annual|sharp|slight) ){0,2}(?:(increase|rise)|(decrease|decline|drop|fall))\b"
)
_LOSS = re.compile(
    r"亏|负|逆差|赤字|下|减|降|跌|流出|缩|缺口|蒸发|损"
    r"|\b(?:loss(?:es)?|lost|los(?:e|es|ing)|deficit|negative|minus|net outflow|outflows?|shortfall|gap|f[ae]ll\w*"
    r"|declin\w*|decreas\w*|drop\w*|down|shr[aiu]nk\w*|contract\w*|reduc\w*|plung\w*|slid|slump\w*|lower|less|fewer)\b",
    re.IGNORECASE,
)


def find_direction(text: str, figure: Figure) -> int:
    """1 up, -1 down, 0 where the words are not sure to say it."""
    if figure.value < 0:
        return 0
    before = text[max(0, figure.start - _WINDOW) : figure.start]
    if figure.language == "zh":
        return bool(_UP_ZH.search(before)) - bool(_DOWN_ZH.search(before))
    if after := _AFTER_EN.match(text, figure.end):
        return 1 if after[1] else -1
    clause = before[max((end.end() for end in _END_EN.finditer(before)), default=0) :]
    words = list(_WORD_EN.finditer(clause))
    if not words or _NOT_BY_EN.search(clause, words[-1].end()) or any(char.isdecimal() for char in clause):
        return 0
    return 1 if words[-1]["up"] else -1


def speaks_of_loss(text: str, figure: Figure) -> bool:
    """Whether anything near says that less is meant, so that no minus is needed."""
    return figure.value < 0 or bool(_LOSS.search(text[max(0, figure.start - _WINDOW) : figure.end + _WINDOW]))
