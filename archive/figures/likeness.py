"""Whether a Chinese and an English figure say one value, the same rounded, or nearly the same digits."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from archive.figures.units import PARTS, is_share, to_dimension

if TYPE_CHECKING:
    from archive.figures.model import Figure

_TOLERANCE = Decimal("0.5")
_PRECISE = 3  #: digits of the rounder of two numbers: with fewer, 14.5亿 and 1 billion would be one


def is_equal(zh: Figure, en: Figure) -> bool:
    """One value of one dimension: 3500万千瓦 and 35 GW; 三分之一 and 33.3%."""
    # a loss of 3 million is a profit of -3 million
    one, other = to_dimension(abs(zh.value), zh.unit), to_dimension(abs(en.value), en.unit)
    if one == other or zh.raw.replace(" ", "") == en.raw.replace(" ", ""):  # 0.3pct may mean points in both
        return True
    if not (is_share(zh.unit) and is_share(en.unit)):
        return False
    left, right = _in_percent(zh), _in_percent(en)
    if left is None or right is None:
        return False
    if zh.unit in PARTS or en.unit in PARTS:
        return abs(left - right) < _TOLERANCE
    # 增长1倍 is 100 %, and 翻番 a growth of 100 %
    return "times" in {zh.unit, en.unit} and (left == right or abs(left - right) == 100)  # noqa: PLR2004


def is_rounded(zh: Figure, en: Figure) -> bool:
    """5240.82亿元 and 524.08 billion yuan: what another scale would have made longer was rounded, and nothing else."""
    if zh.scale == en.scale:
        return False
    (one, dimension), (other, same) = to_dimension(abs(zh.value), zh.unit), to_dimension(abs(en.value), en.unit)
    rounder = max(zh, en, key=_find_step)
    return (
        dimension == same
        and len(_plain(rounder.number).lstrip("0")) >= _PRECISE
        and abs(one - other) * 2 <= _find_step(rounder)
    )


def _find_step(figure: Figure) -> Decimal:
    """What one more in its last written digit is worth."""
    exponent = figure.number.as_tuple().exponent
    assert isinstance(exponent, int)  # it is finite
    return to_dimension(Decimal(1).scaleb(exponent) * figure.scale, figure.unit)[0]


def _in_percent(figure: Figure) -> Decimal | None:
    if figure.unit == "times":
        return figure.value * 100
    if figure.unit in PARTS:
        return figure.value * 100 / PARTS[figure.unit]
    return figure.value if figure.unit == "%" else None


def differs_in_unit(zh: Figure, en: Figure) -> bool:
    return zh.unit != en.unit and not differs_in_scale(zh, en) and zh.number == en.number and zh.scale == en.scale


def differs_in_scale(zh: Figure, en: Figure) -> bool:
    return _digits(zh.value) == _digits(en.value) != "" and abs(zh.value) != abs(en.value)


def _digits(value: Decimal) -> str:
    return "".join(map(str, value.as_tuple().digits)).strip("0")


def _plain(value: Decimal) -> str:
    return format(abs(value), "f").replace(".", "")


def has_like_digits(zh: Figure, en: Figure) -> bool:
    """As if somebody had mistyped one."""
    return _similar(_digits(zh.value), _digits(en.value)) or _similar(_plain(zh.value), _plain(en.value))


def _similar(one: str, other: str) -> bool:
    """One digit changed, left out or added, or two exchanged."""
    if len(one) == len(other):
        differing = [at for at in range(len(one)) if one[at] != other[at]]
        if len(differing) == 2:  # noqa: PLR2004
            first, second = differing
            return one[first] == other[second] and one[second] == other[first]
        return len(differing) < 2 and len(one) > 1  # noqa: PLR2004
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1 or len(shorter) < 2:  # noqa: PLR2004
        return False
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
