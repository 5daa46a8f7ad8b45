"""Numbers that are written in words: 一千二百万, 两万五, twelve million, one hundred and twenty."""

from __future__ import annotations

from decimal import Decimal

HAN = "零〇一二两三四五六七八九十百千万亿"  #: what a Chinese numeral is written in
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_LARGE = (("万亿", 10**12), ("亿", 10**8), ("万", 10**4))
_LONGEST = 16  #: characters; a longer run counts nothing

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_ROUND = "twenty thirty forty fifty sixty seventy eighty ninety"
_ENGLISH = {word: value for value, word in enumerate(_SMALL.split())} | {
    word: value * 10 for value, word in enumerate(_ROUND.split(), start=2)
}
ENGLISH_WORDS = tuple(_ENGLISH)


def read_chinese(numeral: str) -> tuple[Decimal, Decimal] | None:
    """Number and scale; None where it counts nothing exactly, as 三四百 does."""
    if not 0 < len(numeral) <= _LONGEST:
        return None
    scale = next((size for mark, size in _LARGE if mark in numeral), 1)
    if "点" in numeral:
        return _read_point(numeral)
    value = _read_large(numeral)
    return None if value is None else (Decimal(value) / scale, Decimal(scale))


def _read_point(numeral: str) -> tuple[Decimal, Decimal] | None:
    whole, _, rest = numeral.partition("点")
    fraction = rest.rstrip("十百千万亿")
    scale = 1
    tail = rest[len(fraction) :]
    for mark, size in (*_LARGE, *_TENS.items()):
        if tail.endswith(mark):
            scale *= size
            tail = tail.removesuffix(mark)
    value = _read_large(whole)
    if value is None or tail or not fraction or any(digit not in _DIGITS for digit in fraction):
        return None
    return Decimal(f"{value}." + "".join(str(_DIGITS[digit]) for digit in fraction)), Decimal(scale)


def _read_large(numeral: str) -> int | None:
    for mark, size in _LARGE[1:]:
        head, found, tail = numeral.rpartition(mark)
        if found:
            above = _read_large(head) if head else 1
            below = _read_large(tail) if tail else 0
            if above is None or below is None or below >= size:
                return None
            # 两万五 is 25,000
            short = len(tail) == 1 and tail in _DIGITS
            return above * size + (below * size // 10 if short else below)
    return _read_section(numeral)


def _read_section(numeral: str) -> int | None:
    """Below 10,000."""
    total, digit, last, skipped = 0, None, 10_000, False
    for mark in numeral:
        if mark in "零〇":
            if digit is not None:
                return None
            skipped = True
        elif mark in _DIGITS:
            if digit is not None:
                return None
            digit = _DIGITS[mark]
        else:
            unit = _TENS.get(mark, last)
            if unit >= last:
                return None
            total += (1 if digit is None else digit) * unit
            digit, last, skipped = None, unit, False
    if digit is not None:
        # 三百五 is 350
        total += digit * (last // 10 if last in {100, 1000} and not skipped else 1)
    return total


def read_english(words: str) -> Decimal | None:
    """A number below a thousand in words; the scale is read elsewhere."""
    total, part = 0, None
    for word in words.lower().replace("-", " ").split():
        if word == "and":
            continue
        if word == "hundred":
            if part is None or total or not 0 < part < 10:  # noqa: PLR2004 - "twenty hundred" counts nothing
                return None
            total, part = part * 100, None
        elif word in {"a", "an"}:
            part = 1
        elif part is None:
            part = _ENGLISH[word]
        elif part >= 20 and part % 10 == 0 and 0 < _ENGLISH[word] < 10:  # noqa: PLR2004 - twenty-five
            part += _ENGLISH[word]
        else:
            return None
    return Decimal(total + (part or 0)) if total or part is not None else None
