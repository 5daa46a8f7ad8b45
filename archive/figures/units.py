"""What figures are measured in: one vocabulary for both languages, and which units compare with each other."""

from __future__ import annotations

from decimal import Decimal

_CODES = "CNY USD HKD EUR JPY GBP KRW TWD AUD CAD SGD CHF RUB INR THB MOP MYR AED BRL VND IDR ZAR TRY SAR NZD"
CURRENCIES = frozenset(_CODES.split())
#: shares that no decimal says exactly, and how many make a whole
PARTS = {"thirds": 3, "sixths": 6, "sevenths": 7, "ninths": 9}
_SHARES = frozenset({"%", "pp", "times", "bps", "‰", *PARTS})

#: unit: what it measures, and how many of that dimension's first unit it is
_DIMENSIONS: dict[str, tuple[str, Decimal]] = {
    unit: (rows[0][0], Decimal(factor))
    for rows in (
        (("seconds", "1"), ("minutes", "60"), ("hours", "3600"), ("days", "86400"), ("weeks", "604800")),
        (("months", "1"), ("quarters", "3"), ("years", "12")),
        (("grams", "1"), ("milligrams", "0.001"), ("jin", "500"), ("kilograms", "1000"), ("tonnes", "1000000")),
        (("metres", "1"), ("kilometres", "1000"), ("centimetres", "0.01"), ("millimetres", "0.001"), ("nm", "1E-9")),
        (("square metres", "1"), ("square kilometres", "1000000"), ("hectares", "10000")),
        (("litres", "1"), ("millilitres", "0.001"), ("cubic metres", "1000")),
        (("W", "1"), ("kW", "1E3"), ("MW", "1E6"), ("GW", "1E9"), ("TW", "1E12")),
        (("Wh", "1"), ("kWh", "1E3"), ("MWh", "1E6"), ("GWh", "1E9"), ("TWh", "1E12")),
        (
            ("B", "1"),
            ("KB", "1E3"),
            ("MB", "1E6"),
            ("GB", "1E9"),
            ("TB", "1E12"),
            ("PB", "1E15"),
            ("EB", "1E18"),
            ("ZB", "1E21"),
        ),
        (("Hz", "1"), ("MHz", "1E6"), ("GHz", "1E9")),
        (("Mbps", "1"), ("Gbps", "1E3")),
        (("pp", "1"), ("bps", "0.01")),
        (("%", "1"), ("‰", "0.1")),
    )
    for unit, factor in rows
}
_ALONE = frozenset({"mu", "inches", "degrees", "times", "years old", "EFLOPS", "PFLOPS", "mAh", "Wh/kg", "km/h"})


def to_dimension(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """The value in the first unit of what it measures: count nouns are one class, since a 家 may be a store."""
    if unit in CURRENCIES or unit in _ALONE or unit in _SHARES - _DIMENSIONS.keys():
        return value, unit
    dimension, factor = _DIMENSIONS.get(unit, ("items", Decimal(1)))
    return value * factor, dimension


def is_count(unit: str) -> bool:
    """Of things, not of money, shares or physical units."""
    return unit not in _SHARES and to_dimension(Decimal(1), unit)[1] == "items"


def is_share(unit: str) -> bool:
    """Measures a part or a multiple of something."""
    return unit in _SHARES
