"""What is said of a figure, and of two that should be one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Literal

Language = Literal["zh", "en"]
Role = Literal["level", "share", "change", "threshold", "count", "ratio"]
Kind = Literal["value", "scale", "unit", "year", "forecast", "meaning", "only_zh", "only_en"]

#: Python's own context has 28 digits; no number of a text is read that has as many
_EXACT = Context(prec=200)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a text with the unit that it measures in; ``raw`` is ``text[start:end]``."""

    language: Language
    start: int  #: offsets in code points into the stored summary
    end: int
    raw: str
    number: Decimal  #: without its scale: 3316.6
    scale: Decimal  #: 100000000 for 亿
    unit: str  #: ISO 4217 code, %, or a plural noun: persons, companies, units; "items" for a count noun without a name
    qualifier: str | None  #: over, under, nearly, about, at least, at most
    year: int | None  #: that the text says it speaks of; never guessed from the title
    forecast: bool
    role: Role
    measure: str  #: the phrase that is measured

    @property
    def value(self) -> Decimal:
        """Exact, never rounded; without the zeros that a scale leaves behind."""
        value = self.number * self.scale
        return value.to_integral_value() if value == value.to_integral_value() else value.normalize()


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Where Chinese and English of one version do not say the same; None on the side that says nothing."""

    kind: Kind
    zh: Figure | None
    en: Figure | None
    zh_snippet: str
    en_snippet: str
