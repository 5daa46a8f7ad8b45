"""Texts as the index takes them: every Chinese character set apart by a zero-width space."""

from __future__ import annotations

import re

#: invisible in a terminal and a page; never part of a stored text
BREAK = "\u200b"
_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002fffd"
_EACH = re.compile(f"[{_HAN}]")


def segment(text: str) -> str:
    """The same as the view ``version_segments``, fifty times as fast."""
    return _EACH.sub(f"{BREAK}\\g<0>{BREAK}", text).replace(BREAK + BREAK, BREAK)


def join(segmented: str) -> str:
    """The text again."""
    return segmented.replace(BREAK, "")
