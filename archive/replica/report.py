"""One invented report, and the two widths its Chinese punctuation comes in."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WIDE = dict(zip(",;:()?!", "，；：（）？！", strict=True))
_HAN = r"[\u4e00-\u9fff。、“”《》（），；：]"
# a comma inside 1,234 or a colon inside 12:30 stays as it is: only marks that touch Chinese text are widened
_NARROW_MARK = re.compile(rf"(?<={_HAN})[,;:()?!]|[,;:()?!](?={_HAN})")


@dataclass(frozen=True, slots=True)
class Report:
    id: int
    title: str
    zh: tuple[str, ...]  #: paragraphs
    en: tuple[str, ...]
    brands: tuple[str, ...] = ()
    date: str = "2025-01-01"

    @property
    def href(self) -> str:
        return f"/repo13-0/{self.id}.html"


def widen(text: str) -> str:
    """Full-width punctuation: an editor calls it tidying up, and no reader calls it a change."""
    return _NARROW_MARK.sub(lambda mark: _WIDE[mark[0]], text)


def narrow(text: str) -> str:
    return text.translate({ord(wide): mark for mark, wide in _WIDE.items()})
