"""A number with what stands beside it, before its meaning is known; ranges and lists share unit and scale."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from archive.figures.units import CURRENCIES, PARTS

if TYPE_CHECKING:
    from collections.abc import Callable

ONE = Decimal(1)
NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,3}(?: [0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?"
#: digits that a figure may have: a product with a scale is exact in the 28 digits of a Decimal
LONGEST = 15
#: figures a text: what holds more is no summary, and the rest of it is not read
MOST = 2_000
_SCALE_GAP = 50  #: 800 to 1.2 million: the first is no 800 million

_RANGE = re.compile(r" ?(?:--?|——?|~|至|到|to|out of|-to-) ?")
#: 由3.2亿增至5.6亿元, "to 120 million from 350 million yuan": one unit, each its own scale
_MOVE = re.compile(
    r"(?:增长|增加|提升|提高|上升|下降|扩大|减少|攀升|上涨|下滑|回落|升|增|降)(?:至|到)(?:\0{4,8}的?)?"
    r"| (?:in (?:19|20)[0-9]{2} )?(?:to|from) "
)
_LONGEST_GAP = 14
_BETWEEN = re.compile(r"\bbetween (?:\S+ ){0,3}$", re.IGNORECASE)
_AND = re.compile(r" (?:and) |和|与")
_LIST = re.compile(r"、|和|及|以及|与|, ?(?:and )?| and ")


@dataclass(frozen=True, slots=True)
class Quantity:
    """Candidate of a figure: bare while it has neither unit nor scale."""

    start: int
    end: int
    number: Decimal
    scale: Decimal
    unit: str | None
    qualifier: str | None = None
    #: a bare number that stands where a figure does: "reached 378,000"
    stands: bool = False
    #: its unit if nothing else gives one
    otherwise: str = "items"

    @property
    def bare(self) -> bool:
        return self.unit is None and self.scale == ONE

    @property
    def value(self) -> Decimal:
        return self.number * self.scale


def read_quantities(
    hidden: str, candidate: re.Pattern[str], read: Callable[[str, re.Match[str], int], Quantity | None]
) -> list[Quantity]:
    """Whatever ``read`` makes of the candidates; it is told where the quantity before ends."""
    found: list[Quantity] = []
    end = 0
    for match in islice(candidate.finditer(hidden), 5 * MOST):
        if match.start() < end:
            continue
        if len(found) == MOST:
            break
        quantity = read(hidden, match, end)
        if quantity is not None and len(quantity.number.as_tuple().digits) <= LONGEST:
            found.append(quantity)
            end = quantity.end
    return [one for one in _list_ages(hidden, _join_ranges(hidden, found)) if one.unit is not None or one.stands]


def _join_ranges(shadow: str, found: list[Quantity]) -> list[Quantity]:
    """Share unit and scale over 20~30亿元, "between 20 and 30 million USD" and "12.1, 15.3 and 18.6 billion yuan"."""
    joined = list(found)
    for at in range(len(joined) - 2, -1, -1):
        first, second = joined[at], joined[at + 1]
        if first.unit is not None and second.unit is not None:
            continue
        gap = shadow[first.end : second.start] if second.start - first.end <= _LONGEST_GAP else "\n"
        before = shadow[max(0, first.start - 24) : first.start]
        if first.unit is not None and not _may_follow(first, gap, shadow):
            continue
        if _RANGE.fullmatch(gap) or (_AND.fullmatch(gap) and _BETWEEN.search(before)):
            joined[at], joined[at + 1] = _share(first, second, both=True)
        elif _MOVE.fullmatch(gap) and not first.bare and first.unit is None:
            joined[at] = replace(first, unit=second.unit)
        elif first.unit is None and _LIST.fullmatch(gap) and second.unit is not None:
            respectively = "分别" in before or "respectively" in shadow[second.end : second.end + 60]
            if not respectively and not _may_list(first, second):
                continue
            joined[at], _ = _share(first, second, both=False)
    return joined


def _list_ages(shadow: str, found: list[Quantity]) -> list[Quantity]:
    """Aged 18-24, 25-34 and 35-44: they are said to be ages once."""
    listed = list(found)
    for at in range(len(listed) - 2):
        said, first, second = listed[at : at + 3]
        if said.unit != "years old" or not (first.bare and second.bare and first.number < second.number):
            continue
        if second.end - said.end <= 2 * _LONGEST_GAP and (
            _LIST.fullmatch(shadow[said.end : first.start]) and _RANGE.fullmatch(shadow[first.end : second.start])
        ):
            listed[at + 1], listed[at + 2] = replace(first, unit=said.unit), replace(second, unit=said.unit)
    return listed


def _may_follow(first: Quantity, gap: str, shadow: str) -> bool:
    """$20-30 million and 20%-30 are one range; "grew 6.3% to 510 million" is none."""
    if not gap.strip(" ").strip("-—~") or (shadow[first.start] == "百" and gap in {"至", "到"}):
        return True
    return first.unit == "years old" or (first.unit in CURRENCIES and not shadow[first.start].isdigit())


def _may_list(first: Quantity, second: Quantity) -> bool:
    """12.1、15.3亿元 is a list of amounts; 2、3个 is not one of figures."""
    return first.number != first.number.to_integral_value() and second.number != second.number.to_integral_value()


def _share(first: Quantity, second: Quantity, *, both: bool) -> tuple[Quantity, Quantity]:
    if first.unit is None and second.unit is not None:
        scale = first.scale
        if first.bare and first.number <= second.number * _SCALE_GAP:
            scale = second.scale
        first = replace(first, unit=second.unit, scale=scale, qualifier=first.qualifier or second.qualifier)
    elif both and first.bare and second.unit is None and not second.bare:
        first = replace(first, scale=second.scale, stands=second.stands)
    elif both and first.unit is None and second.unit is None and (first.stands or second.stands):
        # the words before speak of both
        otherwise = second.otherwise if first.bare else first.otherwise
        first, second = replace(first, stands=True, otherwise=otherwise), replace(second, otherwise=otherwise)
    elif both and second.unit is None and first.unit is not None:
        # $20-30 million
        scale = second.scale if first.scale == ONE and first.number <= second.number * _SCALE_GAP else first.scale
        first, second = replace(first, scale=scale), replace(second, unit=first.unit)
    return first, second


def share_of(numerator: int, denominator: int) -> tuple[Decimal, str] | None:
    """A fraction as an exact number with its unit: 三分之一 is one of three, and no decimal says so."""
    if not 0 < numerator < denominator:
        return None
    if not numerator * 10_000 % denominator:
        return Decimal(numerator * 10_000 // denominator) / 100, "%"
    name = next((name for name, parts in PARTS.items() if parts == denominator), None)
    return (Decimal(numerator), name) if name else None
