"""How much a change matters: labels, a verdict, the rule that gave it, and the figures that changed."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.compare import Content
from archive.revisions import FigureChange, key_of, list_changes
from archive.text import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.figures.model import Language

__all__ = ["FigureChange", "Judgement", "judge"]

#: any run of digits, with the marks inside it: what is left is the wording
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_LANGUAGES: dict[Language, str] = {"zh": "Chinese", "en": "English"}
#: what decides the verdict where several labels hold, by the word before the colon; the rest are further down
_VERDICTS = {
    "title": "title",
    "language_removed": "language removed",
    "language_added": "language added",
    "figures": "figures",
    "wording": "wording",
    "brands": "brands",
    "published_on": "publication date",
    "cosmetic": "cosmetic",
    "none": "none",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    labels: tuple[str, ...]
    verdict: str  #: the gravest of the labels, as words
    rule: str  #: what gave each label, in its order
    figures: tuple[FigureChange, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "labels": list(self.labels),
            "rule": self.rule,
            "figures": [change.to_json() for change in self.figures],
        }


def judge(before: Mapping[str, Any], after: Mapping[str, Any]) -> Judgement:
    """Compare two version records field by field, in the form in which width, quotes and spaces are alike."""
    if all(before[field] == after[field] for field in Content.__slots__):
        return Judgement(("none",), "none", "none: every character of every field is the same", ())
    rules: dict[str, str] = {}
    if fold(before["title"]) != fold(after["title"]):
        rules["title"] = "the titles differ in more than width, quotes, dashes and spaces"
    figures: list[FigureChange] = []
    for language in _LANGUAGES:
        field = f"summary_{language}"
        if before[field] != after[field]:
            figures += _judge_summary(before[field], after[field], language, rules)
    if _differ(before["brands"], after["brands"]):
        rules["brands"] = "the lists of brands differ"
    if _differ(before["published_on"], after["published_on"]):
        rules["published_on"] = "the publication dates differ"
    if not rules:
        rules["cosmetic"] = "words and figures are the same; only width, quotes, dashes, spaces or line breaks differ"
    labels = tuple(rules)
    verdict = min((label.partition(":")[0] for label in labels), key=list(_VERDICTS).index)
    return Judgement(
        labels, _VERDICTS[verdict], "; ".join(f"{label}: {rule}" for label, rule in rules.items()), tuple(figures)
    )


def _differ(before: object, after: object) -> bool:
    """As the versions themselves are compared: in the form in which they are stored."""
    old, new = (fold(json.dumps(value, ensure_ascii=False)) for value in (before, after))
    return old != new


def _judge_summary(before: str, after: str, language: Language, rules: dict[str, str]) -> list[FigureChange]:
    """Add the labels of one summary, each with its rule, and give its changed figures."""
    old, new = fold(before), fold(after)
    if old == new:
        return []
    name = _LANGUAGES[language]
    if not before or not after:
        rules[f"language_{'added' if after else 'removed'}:{language}"] = (
            f"there was no {name} summary before" if after else f"there is no {name} summary any more"
        )
        return []
    from archive.figures.extract import extract_figures  # noqa: PLC0415 - only a difference pays for it

    was, now = extract_figures(before, language), extract_figures(after, language)
    worded = _DIGITS.sub("0", old) != _DIGITS.sub("0", new)
    if worded:
        rules[f"wording:{language}"] = f"the {name} text differs where its numbers are left out"
    if Counter(map(key_of, was)) != Counter(map(key_of, now)):
        rules[f"figures:{language}"] = f"the figures of the {name} text (value, unit, year, forecast) differ"
    elif not worded:
        rules[f"figures:{language}"] = f"the {name} texts differ in their digits alone"
    else:
        return []
    return list(list_changes(before, after, was, now, language))
