"""Text from outside as a message may hold it: nothing in it acts, and where it is cut, no character is torn."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from archive.printable import spell_out
from archive.sentences import split_sentences
from archive.text import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

MORE = "…"
_JOINER = "\u200d"
_MARKS = frozenset({"Mn", "Mc", "Me"})
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_JAMO = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))  #: vowels and finals, written onto the consonant before them
_FLAGS = range(0x1F1E6, 0x1F200)  #: two of these are one flag
#: a number with what makes it greater or smaller: of 61.8万亿元, 61.8万 would be another amount
_AMOUNT = re.compile(
    r"\d(?:[\d.,]*\d)?(?:\s?(?:[%％‰十百千万萬亿億兆]+|percent|(?:hundred|thousand|million|billion|trillion)\b))?",
    re.IGNORECASE,
)
_LONGEST_AMOUNT = 40  #: characters; a longer row of digits tells nobody an amount
_LONGEST = 32  #: code points of one character: a tower of accents is no longer a character


def one_line(text: str) -> str:
    """On one line, without anything that acts instead of being read; blanks and line ends become one blank."""
    return spell_out(tidy(text).replace("\n", " "))


def paragraphs(text: str) -> str:
    """The same with its line ends."""
    return spell_out(tidy(text), keep="\n")


def cut(text: str, limit: int) -> str:
    """At most ``limit`` code points, whole characters and amounts only; what was cut ends in an ellipsis."""
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    kept = 0
    for end in _find_ends(text):
        if end > limit - len(MORE):
            break
        kept = end
    # a text that begins with it is cut all the same
    return (text[: find_amount(text, kept)[0]].rstrip() or text[:kept].rstrip()) + MORE


def find_amount(text: str, place: int) -> tuple[int, int]:
    """Where the amount begins and ends that a cut at ``place`` would tear; else that place twice."""
    for amount in _AMOUNT.finditer(text, max(0, place - 2 * _LONGEST_AMOUNT), place + _LONGEST_AMOUNT):
        if amount.start() < place < amount.end() and len(amount[0]) <= _LONGEST_AMOUNT:
            return amount.span()
    return place, place


def excerpt(text: str, limit: int) -> str:
    """The first sentences that fit, on one line; of a first one that is too long, its beginning."""
    return _keep_sentences(one_line(text), limit)


def whole(text: str, limit: int) -> str:
    """All its paragraphs; of a text longer than ``limit`` those sentences that fit."""
    return _keep_sentences(paragraphs(text), limit)


def _keep_sentences(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    kept = ""
    for sentence in split_sentences(text):
        if len(kept) + len(sentence) + len(MORE) >= limit:
            break
        kept += sentence
    return f"{kept.rstrip()} {MORE}" if kept.strip() else cut(text, limit)


def _find_ends(text: str) -> Iterator[int]:
    """Where a reader sees a character end."""
    start, flags = 0, 0
    for place in range(1, len(text)):
        flags = flags + 1 if ord(text[place - 1]) in _FLAGS else 0
        if _continues(text, place, flags) and place - start < _LONGEST:
            continue
        yield place
        start = place
    yield len(text)


def _continues(text: str, place: int, flags: int) -> bool:
    code = ord(text[place])
    return (
        unicodedata.category(text[place]) in _MARKS
        or text[place] == _JOINER
        or text[place - 1] == _JOINER
        or code in _SKIN_TONES
        or code in _TAGS
        or any(code in jamo for jamo in _JAMO)
        or (code in _FLAGS and flags % 2 == 1)
    )
