"""The words of a question about a measure, and whether a measure or a title has them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.errors import UsageError
from archive.search.segment import segment
from archive.text import fold, tidy

if TYPE_CHECKING:
    from archive.sqlite import sqlite3

MAX_LENGTH = 200
FREE = 4  #: letters from which on a word may have any ending
_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002fffd]")
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@dataclass(frozen=True, slots=True)
class Words:
    """Each word with its spellings (traditional → simplified), any of which will do."""

    spellings: tuple[tuple[str, ...], ...]

    def are_in(self, text: str) -> bool:
        return all(_has(text, word) for word in self.spellings)

    def touch(self, text: str) -> bool:
        """At least one of them is there."""
        return any(_has(text, word) for word in self.spellings)

    def to_match(self) -> str:
        """For the full-text index, whose words are never narrower than :meth:`are_in`."""
        return " AND ".join(f"({' OR '.join(map(_quote, word))})" for word in self.spellings)


def parse_words(query: str) -> Words:
    """Raises UsageError where nothing can be searched for."""
    typed = tidy(query)
    if len(typed) > MAX_LENGTH:
        raise UsageError(
            f"That question has {len(typed)} characters: give a few words, {MAX_LENGTH} characters at most."
        )
    words = [word for word in (_EDGE.sub("", part) for part in normalise(typed, spaced=True).split()) if word]
    if not words:
        raise UsageError("There is no word to search for: name a measure, such as `baogao series 市场规模`.")
    return Words(tuple(_spell(word) for word in dict.fromkeys(words)))


@functools.lru_cache(4096)
def normalise(text: str, *, spaced: bool = False) -> str:
    """Width and case made alike; ``spaced``: blanks as they stand."""
    return " ".join(map(fold, text.split())).casefold() if spaced else fold(text).casefold()


def _spell(word: str) -> tuple[str, ...]:
    if not _HAN.search(word):
        return (word,)
    import opencc  # noqa: PLC0415 - 0.1 s, and only for Chinese words

    return tuple(dict.fromkeys((word, opencc.OpenCC("tw2sp").convert(word))))


def _has(text: str, spellings: tuple[str, ...]) -> bool:
    text = normalise(text)
    return any(word in text if _HAN.search(word) else _compile(word).search(text) for word in spellings)


@functools.lru_cache(256)
def _compile(word: str) -> re.Pattern[str]:
    """An English word, its plural, and from four letters on any ending; "AI" is not in "maintain"."""
    if len(word) < FREE or not word.isalpha():
        pattern = re.escape(word) + r"s?(?![a-z0-9])"
    elif word.endswith(("y", "ies")):
        pattern = word.removesuffix("ies").removesuffix("y") + "(?:y|ies)(?![a-z])"
    else:
        pattern = re.sub("(?<=[^s])s$", "", word)
    return re.compile(f"(?<![a-z0-9]){pattern}")


def _quote(word: str) -> str:
    """As phrases of the index: half-width or full-width, a prefix where endings are free."""
    forms = dict.fromkeys((word, word.translate(_WIDE)))
    free = "*" if word.isascii() and word.isalpha() and len(word) >= FREE else ""
    return " OR ".join(f'"{segment(form).replace(chr(34), chr(34) * 2)}"{free}' for form in forms)


def find_versions(connection: sqlite3.Connection, words: Words) -> list[int]:
    """Versions whose texts have every word; those that are not indexed yet are all among them."""
    rows = connection.execute(
        "SELECT rowid FROM version_index WHERE version_index MATCH ? UNION "
        "SELECT id FROM item_versions WHERE id > (SELECT coalesce(max(id), 0) FROM version_index_docsize)",
        (words.to_match(),),
    )
    return [row[0] for row in rows]
