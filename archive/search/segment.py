"""Texts as the index takes them: one token a Chinese character, and what stands between two of them is a token too.

SQLite's own tokenizer knows words by the characters between them, and Chinese has none. So each character of a script
without spaces is set apart by :data:`BREAK`; full-width letters and digits become plain ones; and behind a punctuation
mark that touches such a character stands :data:`PAUSE`, so that 支、付 is not found for 支付. A comma or point inside a
number has it against either side, so that the tokens of 2,500 are others than those of 2 and 500. The view
``version_segments`` does the same in SQL, from the same classes: a change of them is a further migration.
"""

from __future__ import annotations

import re

from archive.search.characters import APART, BREAK, MARK, PAUSE, POINT, WIDE

_WIDE = re.compile(f"[{WIDE}]")
_MARK = "".join("\\" + char if char in "[\\]" else char for char in MARK)
_APART = re.compile(f"[{APART}]")
_RUN = re.compile(f"([{_MARK}]?)([{APART}]+)([{_MARK}]?)")
_NARROW = {ord(char): ord(char) - 0xFEE0 for code in range(0xFF10, 0xFF5B) if _WIDE.match(char := chr(code))}
_PARTED = re.compile(f"[0-9](?<![0-9].)[0-9]*+(?:[,{POINT}][0-9]++)+", re.DOTALL)
_SEPARATOR = re.compile(f"([,{POINT}])")
_GROUP = 3  #: digits between thousands commas
_YEARS = frozenset(map(str, range(1900, 2100)))
_MONTHS = frozenset(f"{month:02}" for month in range(1, 13))  #: 1998.8 is an amount more often than a month


def segment(text: str) -> str:
    """The same as the view ``version_segments``, fifty times as fast."""
    if not text.isascii():
        if _WIDE.search(text):
            text = text.translate(_NARROW)
        text = _RUN.sub(_set_apart, text).replace(BREAK + BREAK, BREAK)
    return _PARTED.sub(_hold_together, text)


def _set_apart(run: re.Match[str]) -> str:
    before, characters, behind = run.groups()
    paused = f"{BREAK}{PAUSE}{BREAK}"
    apart = f"{BREAK}{BREAK.join(characters)}{BREAK}"
    return f"{before}{paused if before else ''}{apart}{behind}{paused if behind else ''}"


def _hold_together(parted: re.Match[str]) -> str:
    """Digits with separators between them: one number, several, a date or a version."""
    parts = _SEPARATOR.split(parted[0])
    before = parted.string[parted.start() - 1 : parted.start()]
    name = before.isascii() and before.isalpha()
    paused = ""
    for at in range(1, len(parts), 2):
        digits, separator = parts[at - 1], parts[at]
        if not _is_inside(parts, at):
            paused += digits + separator
        elif name and at == 1:  # a Web3.0 is found as Web3 too
            paused += digits + separator + pause_behind(separator)
        else:
            paused += digits + PAUSE + separator + pause_behind(separator)
    return paused + parts[-1]


def pause_behind(separator: str) -> str:
    """What stands behind it inside a number; two behind a point, for 2.500 is not 2,500."""
    return PAUSE if separator == "," else PAUSE + PAUSE


def _is_inside(parts: list[str], at: int) -> bool:
    """Is this separator inside a number? The ones beside it tell 12,300.5 from 12.5,300 and from 1.2.3."""
    before, behind = parts[at - 1], parts[at + 1]
    if at > 1 and parts[at - 2] in POINT:
        return False
    if parts[at] == ",":
        return len(behind) == _GROUP and len(before) <= _GROUP
    if at + 2 < len(parts) and parts[at + 2] in POINT:
        return False
    return behind not in _MONTHS or before not in _YEARS


def join(segmented: str) -> str:
    """The text again, but for full-width letters and digits."""
    return segmented.replace(BREAK, "").replace(PAUSE, "")


def is_token(char: str) -> bool:
    """Does the index know it? All others only stand between tokens."""
    return char.isalnum() or _APART.match(char) is not None
