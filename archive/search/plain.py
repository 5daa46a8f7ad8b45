"""Matches of Chinese phrases alone, found by looking: only words of letters need the index's tokenizer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archive.search.characters import BREAK

_QUOTED = re.compile('"([^"]*)"')
_HAN = re.compile("[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class PlainPhrases:
    """Phrases of Chinese characters, as patterns."""

    patterns: tuple[re.Pattern[str], ...]

    def find(self, text: str) -> tuple[tuple[int, int], ...]:
        """Their places in a text, in order; what overlaps is one."""
        found = sorted(match.span() for pattern in self.patterns for match in pattern.finditer(text))
        spans: list[tuple[int, int]] = []
        for start, end in found:
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        return tuple(spans)


def read_plain_phrases(expression: str) -> PlainPhrases | None:
    """The phrases of a MATCH expression; None where one has more than Chinese characters, or a field of its own."""
    phrases = [quoted.replace(BREAK, "").replace(" ", "") for quoted in _QUOTED.findall(expression)]
    if "{" in expression or not all(map(_HAN.fullmatch, phrases)):
        return None
    # a blank between two characters is as good as none, to the index and so here
    return PlainPhrases(tuple(re.compile(" *".join(phrase)) for phrase in dict.fromkeys(phrases)))
