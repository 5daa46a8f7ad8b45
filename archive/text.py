"""What counts as the same text: the three forms of a field and their hashes.

``raw`` is what stands in the WARC; ``text`` (:func:`tidy`) is what is stored and shown; ``fold`` (:func:`fold`)
decides whether words and figures are the same. The table of examples is tests/test_text.py. The rules are part of
the parser: a change here raises ``archive.pages.VERSION``.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

RULES = "c1:"  #: version of the rules, stands before everything that is hashed

_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# control characters but TAB and LF, soft hyphen, zero-width, bidi marks, BOM, surrogates, non-characters
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_BLANKS = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")  # but single spaces, which are most, and stay as they are
# one character, or below a pair, that a tidy text does not hold: most are tidy, and this was a fifth of a parse
_UNTIDY = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_UNTIDY_PAIRS = ("  ", " \n", "\n ", "\n\n")
_LINE_EDGE = re.compile(r" ?\n[ \n]*")
_FOLDS = str.maketrans(
    {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
    | dict.fromkeys(map(ord, "“”„«»「」『』"), '"')
    | dict.fromkeys(map(ord, "‘’"), "'")
    | dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
    | {ord("…"): "...", ord("\n"): " "}
)
# every space but those between two ASCII letters or digits, and those that part two numbers: "3, 500", "5 -3"
_LOOSE_SPACE = re.compile(r" (?!(?<=[A-Za-z0-9] )[A-Za-z0-9])(?!(?<=[0-9] )[-+,.][0-9])(?!(?<=[0-9][,.] )[-+,.]?[0-9])")


def tidy(raw: str) -> str:
    """The ``text`` form: NFC, LF, nothing invisible, single spaces, trimmed lines, no empty ones."""
    text = raw
    if _UNTIDY.search(raw) or any(pair in raw for pair in _UNTIDY_PAIRS):
        text = _INVISIBLE.sub("", _LINE_END.sub("\n", raw))
        text = _LINE_EDGE.sub("\n", _BLANKS.sub(" ", text))
    return unicodedata.normalize("NFC", text.strip(" \n"))


def fold(text: str) -> str:
    """The ``fold`` form of a tidy text: width, quotes, dashes and loose spaces made alike."""
    return _LOOSE_SPACE.sub("", text.translate(_FOLDS))


def digest(fields: Iterable[str]) -> str:
    """SHA-256 over the fields, as lower-case hex, under the version of these rules."""
    return hashlib.sha256((RULES + "\x1f".join(fields)).encode()).hexdigest()


def digest_folded(fields: Iterable[str]) -> str:
    """The same over the fields' fold forms: equal where words and figures are equal."""
    return digest(map(fold, fields))
