"""One report, now or in one version: texts, figures, history, proof, citation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive.query import list_versions, load_history, load_record
from archive.web.answers import Moved, Page
from archive.web.links import difference_path, report_path
from archive.web.marking import mark_figures
from archive.web.mementos import (
    describe_gate,
    describe_memento,
    find_original,
    find_report,
    load_version,
    pass_gate,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.sqlite import sqlite3
    from archive.web.answers import Ask

_CAUSES = {
    "first": "first reading",
    "site": "the site was edited",
    "parser": "our reading was corrected; the site was not edited",
}
_EVENTS = {
    "appeared": "Appeared in the listing",
    "changed": "Changed by the site",
    "cosmetic": "Tidied by the site: same words, same figures",
    "corrected": "Read again by a better parser",
    "withdrawn": "No longer listed",
    "reappeared": "Listed again",
}
FIELDS = {
    "title": "title",
    "brands": "brands",
    "summary_zh": "Chinese summary",
    "summary_en": "English summary",
    "published_on": "publication date",
}


def compose_report(connection: sqlite3.Connection, ask: Ask) -> Page | Moved:
    """The current reading; it is also the way to the version of a moment."""
    item = find_report(connection, ask.path["key"])
    if ask.query.get("as_of"):
        record = load_record(connection, item["key"], as_of=ask.query["as_of"])
        return Moved(report_path(item["key"], record["version"]))
    if item["key"] != ask.path["key"]:
        return Moved(report_path(item["key"]))
    gate = pass_gate(connection, ask, item["key"])
    if gate is not None:
        return gate
    record = load_record(connection, item["key"])
    original = find_original(item["url"], list_versions(connection, item["id"]))
    context = _describe(connection, ask, item, record) | {"permanent": False}
    return Page("report.html", context, headers=describe_gate(ask, item["key"], original))


def compose_version(connection: sqlite3.Connection, ask: Ask) -> Page:
    """A permalink: this text, forever."""
    record, versions, row = load_version(connection, ask)
    item = find_report(connection, record["key"])
    headers = describe_memento(ask, item["key"], find_original(item["url"], versions), versions, row["seq"])
    return Page("report.html", _describe(connection, ask, item, record) | {"permanent": True}, headers=headers)


def _describe(connection: sqlite3.Connection, ask: Ask, item: sqlite3.Row, record: dict[str, Any]) -> dict[str, Any]:
    history = load_history(connection, item["key"])
    current = load_record(connection, item["key"])["version"]
    version = next(row for row in history if row["version"] == record["version"])
    (version_id,) = connection.execute(
        "SELECT id FROM item_versions WHERE item_id = ? AND seq = ?", (item["id"], record["version"])
    ).fetchone()
    events = _list_events(connection, item["id"])
    return {
        "record": record,
        "item": item,
        "version": version,
        "current": current,
        "corrected_in": next(
            (row["version"] for row in history if row["cause"] == "parser" and row["previous"] == record["version"]),
            None,
        ),
        "history": [_tell(item["key"], row, current) for row in reversed(history)],
        "events": events,
        "withdrawn_at": next((row["at"] for row in reversed(events) if row["kind"] == "withdrawn"), None),
        "reading": mark_figures(connection, version_id, record["summary_zh"], record["summary_en"]),
        "listings": _list_listings(connection, item["id"]),
        "citations": _cite(record, ask.base_url),
        "cause": _CAUSES[version["cause"]],
    }


def _tell(key: str, row: dict[str, Any], current: int) -> dict[str, Any]:
    """A version as the history shows it."""
    return {
        **row,
        "told": _CAUSES[row["cause"]],
        "changed": [FIELDS.get(field, field) for field in row["fields"]],
        "current": row["version"] == current,
        "path": report_path(key, row["version"]),
        "difference": difference_path(key, row["previous"], row["version"]) if row["previous"] else None,
    }


def _list_events(connection: sqlite3.Connection, item_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT e.kind, e.at, e.run_id, e.fields, v.seq FROM events e JOIN item_versions v ON v.id = e.version_id "
        "WHERE e.item_id = ? ORDER BY e.id",
        (item_id,),
    )
    events = [
        {
            **dict(row),
            "told": _EVENTS[row["kind"]],
            "fields": [FIELDS.get(field, field) for field in json.loads(row["fields"])],
        }
        for row in rows
    ]
    seen = {"kind": "seen", "told": "Last seen", "fields": []}
    at, run_id = connection.execute("SELECT last_seen_at, last_run_id FROM items WHERE id = ?", (item_id,)).fetchone()
    return sorted([*events, seen | {"at": at, "run_id": run_id}], key=lambda event: str(event["at"]))


def _list_listings(connection: sqlite3.Connection, item_id: int) -> Sequence[sqlite3.Row]:
    return connection.execute(
        "SELECT l.key, l.url, f.started_at AS first_at, m.first_run_id, z.started_at AS last_at, m.last_run_id "
        "FROM memberships m JOIN listings l ON l.id = m.listing_id JOIN runs f ON f.id = m.first_run_id "
        "JOIN runs z ON z.id = m.last_run_id WHERE m.item_id = ? ORDER BY l.rank, l.key",
        (item_id,),
    ).fetchall()


def _cite(record: dict[str, Any], base_url: str) -> dict[str, str]:
    from archive.cite import cite  # noqa: PLC0415

    return {form: cite(record, form, base_url=base_url) for form in ("text", "bibtex", "csl", "ris")}
