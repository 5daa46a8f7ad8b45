"""A text in pieces that are compared as wholes: sentences, tokens, and chunks of tokens where it is very long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: the end of a sentence, or a line break; begins with one set of characters, which is what makes the search fast
_END = re.compile(
    r"[。！？；.!?;\n](?:(?<=\n)"
    r"|(?<=[。！？；])[。！？；]*[”’\"'」』）)]*"  # Chinese, with what closes behind the stop
    r"|(?<=[.!?;])[\"”’)]*[^\S\n]+(?=[A-Z\"“(])|(?<=[a-z%)\"][.!?])(?=[A-Z]|iiMedia))"  # also where they are glued
)
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_TOKEN = re.compile(
    r"[\u3400-\u9fff]"
    rf"|(?=[JFMASOND]){_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?(?![\d.])"
    r"|[A-Za-z]+(?:['’-][A-Za-z]+)*"
    r"|(?=\d)(?:\d{4}年\d{1,2}月(?:\d{1,2}[日号])?|\d{1,2}月\d{1,2}[日号]"
    r"|\d{4}(?:-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.)\d{1,2}(?![\d.])"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?:,? \d{{4}})?"
    r"|\d+(?:[.,．]\d+)*[%％‰]?)"
    r"|(?<![A-Za-z\d.,)）%％年月日号万亿元])[-−+]\d+(?:[.,．]\d+)*[%％‰]?"
    r"|\s+|.",
    re.DOTALL,
)


def split_sentences(text: str) -> list[str]:
    """Sentences of either language; joined they are the text again."""
    sentences, start = [], 0
    for end in _END.finditer(text):
        if end[0] == "\n":
            sentences += [text[start : end.start()], "\n"]
        else:
            sentences.append(text[start : end.end()])
        start = end.end()
    return [sentence for sentence in [*sentences, text[start:]] if sentence]


def tokenize(text: str) -> list[str]:
    """Words, Chinese characters, whole numbers and whole dates; joined they are the text again."""
    return _TOKEN.findall(text)


def chunk_tokens(tokens: Sequence[str]) -> list[str]:
    """Tokens joined to runs that end where their own text says so, and so at the same places in both texts."""
    chunks, pending = [], []
    for token in tokens:
        pending.append(token)
        if ord(token[-1]) % 32 == 0:
            chunks.append("".join(pending))
            pending = []
    return [*chunks, "".join(pending)] if pending else chunks
