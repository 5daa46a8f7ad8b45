"""The rows that a settlement or a re-reading writes: versions, events, issues."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from archive.compare import FIELDS, Content, changed_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.sqlite import sqlite3

Cause = Literal["first", "site", "parser"]
EventKind = Literal["appeared", "changed", "cosmetic", "corrected", "withdrawn", "reappeared"]
Alert = Literal["due", "quiet", "held"]
KINDS: tuple[EventKind, ...] = ("appeared", "changed", "cosmetic", "corrected", "withdrawn", "reappeared")


@dataclass(frozen=True, slots=True)
class Version:
    """A row of ``item_versions``."""

    id: int
    item_id: int
    parser: int
    capture_id: int
    observed_at: str
    content: Content


@dataclass(slots=True)
class Ledger:
    """Writes for one run, at one time; counts what it wrote."""

    connection: sqlite3.Connection
    run: int
    parser: int
    at: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    issues: dict[str, int] = field(default_factory=dict)  #: by code

    def find_version(self, version_id: int) -> Version:
        row = self.connection.execute(
            f"SELECT id, item_id, parser, capture_id, observed_at, {', '.join(FIELDS)} FROM item_versions WHERE id = ?",
            (version_id,),
        ).fetchone()
        return Version(*row[:5], Content(*row[5:]))  # type: ignore[call-arg]

    def add_version(
        self,
        item_id: int,
        content: Content,
        cause: Cause,
        *,
        previous: Version | None,
        capture_id: int,
        observed_at: str,
    ) -> int:
        version_id = self.connection.execute(
            "INSERT INTO item_versions (item_id, seq, previous_id, cause, title, brands, summary_zh, summary_en, "
            "published_on, content_hash, exact_hash, summary_hash, parser, capture_id, run_id, observed_at, "
            "recorded_at) "
            "VALUES (?1, (SELECT count(*) + 1 FROM item_versions WHERE item_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
            "?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            (
                *(item_id, previous.id if previous else None, cause),
                *(content.title, content.brands, content.summary_zh, content.summary_en, content.published_on),
                *content.hashes(),
                *(self.parser, capture_id, self.run, observed_at, self.at),
            ),
        ).lastrowid
        assert version_id is not None
        if previous:
            fields = name_fields(previous.content, content)
            self.connection.executemany(
                "INSERT INTO item_changes (version_id, field) VALUES (?, ?)", [(version_id, name) for name in fields]
            )
        return version_id

    def add_event(
        self,
        item_id: int,
        kind: EventKind,
        version_id: int,
        *,
        alert: Alert,
        fields: Sequence[str] = (),
        detail: str = "",
    ) -> bool:
        """False where the event stood in the feed already (a cosmetic variant seen before)."""
        ignore = "OR IGNORE" if kind == "cosmetic" else ""
        added = self.connection.execute(
            f"INSERT {ignore} INTO events (run_id, item_id, kind, version_id, fields, detail, at, alert) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.run, item_id, kind, version_id, json.dumps(fields), detail, self.at, alert),
        ).rowcount
        self.counts[kind] += added
        return bool(added)

    def add_issue(
        self, level: Literal["warning", "error"], code: str, message: str, capture_id: int | None = None
    ) -> None:
        self.connection.execute(
            "INSERT INTO issues (run_id, capture_id, level, code, message, at) VALUES (?, ?, ?, ?, ?, ?)",
            (self.run, capture_id, level, code, message, self.at),
        )
        self.issues[code] = self.issues.get(code, 0) + 1


def name_fields(before: Content, after: Content) -> tuple[str, ...]:
    """The fields whose words or figures differ; where only blanks or punctuation do, the fields they stand in."""
    return changed_fields(before, after) or _fields_unlike(before, after)


def _fields_unlike(before: Content, after: Content) -> tuple[str, ...]:
    pairs = zip(FIELDS, before.fields(), after.fields(), strict=True)
    return tuple(name for name, old, new in pairs if old != new)
