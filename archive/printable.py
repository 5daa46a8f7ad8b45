"""Text of unknown origin as a terminal or a page may show it: what would act instead of being read is spelled out.

Texts are cleaned when they are read from a page (:func:`archive.text.tidy`); this is for words typed by a person, and
for an archive that somebody else wrote.
"""

from __future__ import annotations

import unicodedata
from typing import Any

#: controls, what has no shape of its own (bidi marks, joiners), halves of pairs, the two Unicode line ends
_ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def spell_out(text: str, *, keep: str = "") -> str:
    """The text with ␛ for an escape and <U+202E> for what has no picture; ``keep``: characters to leave."""
    if text.isprintable():
        return text
    return "".join(
        _name(character) if unicodedata.category(character) in _ACTING and character not in keep else character
        for character in text
    )


def _name(character: str) -> str:
    code = ord(character)
    if code < 0x20:  # noqa: PLR2004 - the control characters, each with a picture of its own from U+2400 on
        return chr(0x2400 + code)
    return f"<U+{code:04X}>"


def spell_out_values(value: Any, *, keep: str = "\n") -> Any:
    """The same for every text inside a JSON value."""
    if isinstance(value, str):
        return spell_out(value, keep=keep)
    if isinstance(value, dict):
        return {name: spell_out_values(each, keep=keep) for name, each in value.items()}
    return [spell_out_values(each, keep=keep) for each in value] if isinstance(value, list) else value
