"""Is this the same report text? Pure comparisons on the content of one entry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from archive.text import digest, digest_folded, fold

if TYPE_CHECKING:
    from archive.model import Entry

Difference = Literal["same", "cosmetic", "changed"]

FIELDS = ("title", "brands", "summary_zh", "summary_en", "published_on")


@dataclass(frozen=True, slots=True)
class Content:
    """The fields whose change is a change, in the ``text`` form; brands as they stand in a version: a JSON list."""

    title: str
    brands: str
    summary_zh: str
    summary_en: str
    published_on: str | None

    @classmethod
    def of_entry(cls, entry: Entry) -> Content:
        brands = json.dumps(entry.brands, ensure_ascii=False) if entry.brands else "[]"
        return cls(entry.title, brands, entry.summary_zh, entry.summary_en, entry.published_on)

    def fields(self) -> tuple[str, ...]:
        return (self.title, self.brands, self.summary_zh, self.summary_en, self.published_on or "")

    @property
    def exact_hash(self) -> str:
        return digest(self.fields())

    @property
    def content_hash(self) -> str:
        return digest_folded(self.fields())

    def hashes(self) -> tuple[str, str, str]:
        """``content_hash``, ``exact_hash`` and ``summary_hash``, each field folded only once for all of them.

        ``summary_hash`` is of the summaries alone, and "" where there is none: it tells a twin, whose title or id was
        changed.
        """
        title, brands, zh, en, published_on = (fold(field) for field in self.fields())
        summary_hash = digest((zh, en)) if self.summary_zh or self.summary_en else ""
        return digest((title, brands, zh, en, published_on)), self.exact_hash, summary_hash


def compare(before: Content, after: Content) -> Difference:
    if before == after:
        return "same"
    return "cosmetic" if before.content_hash == after.content_hash else "changed"


def changed_fields(before: Content, after: Content) -> tuple[str, ...]:
    """The fields whose words or figures differ."""
    pairs = zip(FIELDS, before.fields(), after.fields(), strict=True)
    return tuple(name for name, old, new in pairs if old != new and fold(old) != fold(new))


def is_thinner(before: Content, after: Content) -> bool:
    """True where a language that had a summary has none now: more often a broken page than an edit."""
    return bool((before.summary_zh and not after.summary_zh) or (before.summary_en and not after.summary_en))
