"""The characters that a feed may hold, whatever a title holds."""

from __future__ import annotations

import re

_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
# all but the characters of XML 1.0, which have neither halves of pairs nor U+FFFE; and of those, the controls that
# XML 1.0 only discourages and the marks that turn the direction of what follows
_UNFIT = re.compile(
    "[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


def clean(text: str) -> str:
    """The text without what would break or bend a feed; what :func:`archive.text.tidy` made stays as it is."""
    return _UNFIT.sub("", _LINE_END.sub("\n", text))


def clean_line(text: str) -> str:
    """The same on one line."""
    return " ".join(clean(text).split())
