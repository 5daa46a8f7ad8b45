"""From the lines of an entry to its two summaries: what is text, in which language, and which is a copy."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.language import split
from archive.pages.brands import read_brands, read_names
from archive.text import fold, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

CUT_SHORT = re.compile(r"(?:…+|\.{3,}|⋯+)[\]】)）]?$")
_HEAD, _ALIKE = 16, 6  #: characters folded, and those compared, to see whether two paragraphs could be copies
_MOST = 60  #: paragraphs compared with each other; an entry has a handful
_LONGEST = 100_000  #: characters of them all
_OFTEN = 3  #: entries in which a role must hold prose before its short lines count as summary
_SELDOM = 4  #: to one entry in which it holds something else

#: form of an element, form of its parent, column
ElementRole = tuple[str, str, int]


@dataclass(slots=True)
class Text:
    """One line of a block that is neither title nor furniture."""

    role: ElementRole
    text: str
    prose: bool


class RoleCount:
    """In how many entries of a page a role holds prose, and in how many a short text before or after all prose."""

    def __init__(self, entries: Iterable[list[Text]]) -> None:
        self._prose: Counter[ElementRole] = Counter()
        self._other: Counter[ElementRole] = Counter()
        for texts in entries:
            prose = [number for number, text in enumerate(texts) if text.prose]
            self._prose.update({texts[number].role for number in prose})
            if prose:
                self._other.update({text.role for text in (*texts[: prose[0]], *texts[prose[-1] + 1 :])})

    def is_summary(self, text: Text, *, between: bool) -> bool:
        """Whether a short line is a paragraph: it stands between two, or where other entries have nothing else."""
        prose = self._prose[text.role]
        return (between and prose > 0) or (prose >= _OFTEN and self._other[text.role] * _SELDOM <= prose)


def summarise(texts: list[Text], roles: RoleCount) -> tuple[str, str, tuple[str, ...]]:
    """The Chinese and the English summary and the brands."""
    brands, lines = _take_brands(texts)
    prose = [number for number, text in enumerate(lines) if text.prose]
    first, last = (prose[0], prose[-1]) if prose else (len(lines), -1)
    paragraphs: dict[str, list[str]] = {"zh": [], "en": []}
    for number, text in enumerate(lines):
        if text.prose or roles.is_summary(text, between=first < number < last):
            for language, run in split(text.text):
                said = tidy(run)
                if said:
                    paragraphs[language].append(said)
    return "\n".join(drop_copies(paragraphs["zh"])), "\n".join(drop_copies(paragraphs["en"])), brands


def _take_brands(texts: list[Text]) -> tuple[tuple[str, ...], list[Text]]:
    """The brands, and the lines without theirs; a line that only announces them is followed by the names."""
    brands: tuple[str, ...] = ()
    lines: list[Text] = []
    announced = False
    for text in texts:
        found = read_brands(text.text)
        if found is not None:
            names, rest = found
            brands = brands or names
            announced = not names and not rest
            if rest:
                lines.append(Text(text.role, rest, prose=True))
        elif announced and not text.prose:
            brands, announced = read_names(text.text), False
        else:
            announced = False
            lines.append(text)
    return brands, lines


def drop_copies(paragraphs: list[str]) -> list[str]:
    """Each text once, and of a text and its cut copy the whole one."""
    heads = {fold(paragraph[:_HEAD])[:_ALIKE] for paragraph in paragraphs}
    if len(heads) == len(paragraphs):
        return paragraphs
    if len(paragraphs) > _MOST or sum(map(len, paragraphs)) > _LONGEST:
        return list(dict.fromkeys(paragraphs))
    cut = [CUT_SHORT.search(paragraph) is not None for paragraph in paragraphs]
    folded = [fold(CUT_SHORT.sub("", paragraph)) for paragraph in paragraphs]
    dropped: set[int] = set()
    for number in range(len(folded)):
        if _spans_others(folded, number, dropped):
            dropped.add(number)
    for number, text in enumerate(folded):
        for other, whole in enumerate(folded):
            if other == number or {number, other} & dropped or not whole.startswith(text):
                continue
            if len(whole) > len(text) or (cut[number], number) > (cut[other], other):
                dropped.add(number)
    return [paragraph for number, paragraph in enumerate(paragraphs) if number not in dropped]


def _spans_others(folded: list[str], number: int, dropped: set[int]) -> bool:
    """Whether a paragraph is an abstract that runs over several of the others, or all of them in one."""
    text = folded[number]
    others = [one for index, one in enumerate(folded) if index != number and index not in dropped]
    return any(
        len(others[start]) < len(text) and "".join(others[start:]).startswith(text) for start in range(len(others) - 1)
    )
