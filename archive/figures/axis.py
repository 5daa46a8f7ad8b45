"""Where a value and a year stand in a picture: nice ticks, a unit that fits, and the number beside a point."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

_TICKS = 5
#: beyond this the small ones would lie on the ground
_WIDE = 200
_WHOLE = 100_000  #: from here on nobody reads decimals
_SCALES = {
    "CNY": ((10**12, "万亿元 (trillion yuan)"), (10**8, "亿元 (100 million yuan)"), (10**4, "万元 (10,000 yuan)")),
    "%": (),
    "money": ((10**9, "billion {}"), (10**6, "million {}")),
    "count": ((10**8, "亿 {} (100 million)"), (10**4, "万 {} (10,000)")),
}


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high`` in the unit of ``label``; ``factor`` of the figures' own unit are one of it."""

    low: float
    high: float
    ticks: tuple[float, ...]
    label: str
    factor: int = 1
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """0 at its foot, 1 at its head."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def convert(self, value: Decimal) -> float:
        return float(value / self.factor)


def fit_values(values: Sequence[Decimal], unit: str) -> Axis:
    sizes = sorted(abs(value) for value in values if value)
    factor, label = _choose_scale(sizes[(len(sizes) - 1) // 2] if sizes else values[0], unit)
    low, high = float(min(values) / factor), float(max(values) / factor)
    if low > 0 and high / low > _WIDE:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        ticks = tuple(10.0**power for power in range(first, last + 1, max(1, math.ceil((last - first) / 8))))
        return Axis(10.0**first, 10.0**last, ticks, f"{label}, logarithmic", factor, logarithmic=True)
    if low >= 0 and (low <= 0.7 * high or low == high):  # a narrow band far from 0 is looked at closely
        low = 0.0
    ticks = choose_ticks(low, high)
    return Axis(ticks[0], ticks[-1], ticks, label, factor)


def _choose_scale(value: Decimal, unit: str) -> tuple[int, str]:
    kind = unit if unit in _SCALES else "money" if re.fullmatch("[A-Z]{3}", unit) else "count"
    plain = "元 (yuan)" if unit == "CNY" else unit
    return next(((factor, label.format(unit)) for factor, label in _SCALES[kind] if value >= factor), (1, plain))


def fit_years(years: Sequence[int]) -> Axis:
    first, last = min(years), max(years)
    every = max(1, math.ceil((last - first + 1) / 14))
    return Axis(first - 0.5, last + 0.5, tuple(float(year) for year in range(first, last + 1, every)), "")


def choose_ticks(low: float, high: float) -> tuple[float, ...]:
    """Multiples of 1, 2, 2.5 or 5 × 10ⁿ that hold both ends."""
    if low == high:
        low, high = low - (abs(low) or 1) / 10, high + (abs(high) or 1) / 10
    size = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(size))
    step = next((nice * power for nice in (1, 2, 2.5, 5, 10) if nice * power >= size * 0.999), 10 * power)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(number * step, 12) for number in range(first, last + 1))


def write_number(value: float) -> str:
    """Short, for a tick or a point: 1,250 or 0.37."""
    return f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:,.5g}"
