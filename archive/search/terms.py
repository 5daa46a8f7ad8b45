"""What was typed into a search box, as a tree of phrases; whatever it is, it is no error.

Words are joined by "and"; ``OR`` or ``|`` binds looser; ``-word`` or ``NOT word`` leaves out; quotation marks hold a
phrase together, parentheses a group; ``pay*`` is every word that begins so; ``title:``, ``zh:`` and ``en:`` say where.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.search.segment import is_token
from archive.text import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FIELDS = ("title", "zh", "en")
LONGEST = 1000  #: characters; a sentence of a summary has three hundred
MOST_PHRASES = 64
DEEPEST = 16  #: parentheses beyond are read as blanks

TOO_LONG = f"The query is longer than {LONGEST:,} characters or {MOST_PHRASES} words: shorten it."
NOTHING = "There is nothing to search for in this query: give a word, a number or a Chinese character."
ONLY_WITHOUT = "The query only says what to leave out: give at least one word to find as well."

_QUOTES = str.maketrans(dict.fromkeys("“”„«»「」『』", '"'))
_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide) not in "｜，"}  # 艾媒咨询｜… is a title
_TOKEN = re.compile(
    r"(?P<field>(?:title|zh|en):)|(?P<quoted>\"[^\"]*\"?\*?)|(?P<open>\()|(?P<close>\))|(?P<or>\|+|OR(?![^\s()\"|]))"
    r"|(?P<and>(?:AND|&+)(?![^\s()\"|]))|(?P<not>-+(?=[^\s-])|NOT(?![^\s()\"|]))|(?P<word>[^\s()\"|]+)|\s+",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9][.,])(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{3,})(?![A-Za-z0-9]|,[0-9])"
)
_THOUSANDS = re.compile("(?<![0-9])([0-9]{1,3})，(?=[0-9]{3}(?![0-9]))")  # typed so, either is meant


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens in a row. ``spellings`` mean the same: 40000 and 40,000, 網路 and 网络."""

    spellings: tuple[str, ...]
    field: str | None = None
    prefix: bool = False  #: the last token is the beginning of a word


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Node, ...]
    without: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Node, ...]


Node = Phrase | Every | Some


@dataclass(frozen=True, slots=True)
class Query:
    """A query understood; ``root`` is None where nothing can be searched for, and ``message`` says why."""

    text: str  #: as it may be shown again
    root: Node | None
    message: str | None = None


def parse(typed: str) -> Query:
    """Never raises, and takes no longer for more than it reads."""
    text = tidy(typed[: 2 * LONGEST])
    if len(text) > LONGEST or len(typed) > 2 * LONGEST:
        return Query(text[:LONGEST] + "…", None, TOO_LONG)
    parser = _Parser(list(_split(text.translate(_QUOTES).translate(_WIDTH))))
    root = parser.read_whole()
    if parser.phrases > MOST_PHRASES:
        return Query(text, None, TOO_LONG)
    if root is None:
        return Query(text, None, ONLY_WITHOUT if parser.left_out else NOTHING)
    return Query(text, root)


def _split(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind in {"or", "and", "not"} and token.isalpha() and not token.isupper():
            kind = "word"  # "or" and "not" in small letters are words
        if kind is not None:
            yield kind, token


class _Parser:
    """Recursive descent over the tokens; what does not fit is passed over."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0
        self.phrases = 0
        self.left_out = False

    def read_whole(self) -> Node | None:
        parts = []
        while self._place < len(self._tokens):
            parts.append(self._read_some(None))
            self._take("close")  # one that nothing opened
        return _gather(Every, parts)

    def _take(self, *kinds: str) -> tuple[str, str] | None:
        if self._place < len(self._tokens) and self._tokens[self._place][0] in kinds:
            self._place += 1
            return self._tokens[self._place - 1]
        return None

    def _read_some(self, field: str | None) -> Node | None:
        parts = [self._read_every(field)]
        while self._take("or"):
            parts.append(self._read_every(field))
        return _gather(Some, parts)

    def _read_every(self, field: str | None) -> Node | None:
        parts: list[Node] = []
        without: list[Node] = []
        while self._place < len(self._tokens):
            negated, within = False, field
            while token := self._take("and", "not", "field"):
                negated = negated or token[0] == "not"
                within = token[1][:-1].lower() if token[0] == "field" else within
            if (token := self._take("open", "quoted", "word")) is None:
                break
            if (
                node := self._read_group(within) if token[0] == "open" else self._read_phrase(token[1], within)
            ) is None:
                continue
            (without if negated else parts).append(node)
        if not parts:
            self.left_out = self.left_out or bool(without)
            return None
        return _gather(Every, parts) if not without else Every(tuple(parts), tuple(without))

    def _read_group(self, field: str | None) -> Node | None:
        if self._depth == DEEPEST:
            return None
        self._depth += 1
        node = self._read_some(field)
        self._take("close")
        self._depth -= 1
        return node

    def _read_phrase(self, text: str, field: str | None) -> Phrase | None:
        stripped = _strip(text)
        if not stripped:
            return None
        self.phrases += 1
        # behind a Chinese character every token ends anyway
        prefix = text.endswith(("*", '*"')) and stripped[-1].isalnum() and ord(stripped[-1]) < 0x1100  # noqa: PLR2004 - where APART begins
        return Phrase(_spell(stripped), field, prefix)


def _gather(kind: type[Every | Some], parts: Sequence[Node | None]) -> Node | None:
    found = tuple(part for part in parts if part is not None)
    if len(found) > 1:
        return kind(found)
    return found[0] if found else None


def _strip(text: str) -> str:
    """Without what stands outside its first and last token."""
    tokens = [place for place, char in enumerate(text) if is_token(char)]
    return text[tokens[0] : tokens[-1] + 1] if tokens else ""


def _spell(text: str) -> tuple[str, ...]:
    spellings = {text: None}
    if (simplified := _simplify(text)) != text:
        spellings[simplified] = None
    for spelling in tuple(spellings):
        spellings[_THOUSANDS.sub(r"\1,", spelling)] = None
    for spelling in tuple(spellings):
        spellings[_NUMBER.sub(lambda number: number[0].replace(",", ""), spelling)] = None
        spellings[_NUMBER.sub(lambda number: f"{int(number[0].replace(',', '')):,}", spelling)] = None
    return tuple(spellings)


def _simplify(text: str) -> str:
    """Traditional characters as mainland texts have them, words included; simplified ones are left alone."""
    if text.isascii():
        return text
    characters, words = _converters()
    # the words alone would make 显着 of 显著, which is simplified
    return words.convert(text) if characters.convert(text) != text else text


@functools.cache
def _converters():  # type: ignore[no-untyped-def]  # noqa: ANN202 - opencc ships no types
    import opencc  # noqa: PLC0415 - 20 ms that a query of Latin letters does not pay

    return opencc.OpenCC("t2s"), opencc.OpenCC("tw2sp")
