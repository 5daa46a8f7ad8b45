"""The run ledger: every night, and one with its walks, gates and issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.query import list_runs
from archive.web.answers import NotThere, Page

if TYPE_CHECKING:
    from archive.sqlite import sqlite3
    from archive.web.answers import Ask

PER_PAGE = 60
_NEWS = ("appeared", "changed", "cosmetic", "corrected", "withdrawn", "reappeared")
OUTCOMES = {
    "complete": "every listing was walked to its proved end, or as far as the budget of a night goes",
    "partial": "what was seen counts; nothing was taken as gone",
    "rejected": "the listing looked broken: nothing was published",
    "aborted": "it ended before its time; what was seen counts",
    "open": "not settled yet",
}


def compose_nights(connection: sqlite3.Connection, ask: Ask) -> Page:
    numbers = [row[0] for row in connection.execute("SELECT id FROM runs ORDER BY id DESC")]
    pages = max(1, -(-len(numbers) // PER_PAGE))
    asked = ask.query.get("page", "")
    page = min(int(asked), pages) if asked.isdecimal() and 0 < len(asked) < 9 and int(asked) else 1  # noqa: PLR2004
    shown = numbers[(page - 1) * PER_PAGE : page * PER_PAGE]
    ledger = [run for number in shown for run in list_runs(connection, number)]
    context = {"ledger": [_tell(run) for run in ledger], "total": len(numbers), "page": page, "pages": pages}
    return Page("nights.html", context)


def compose_night(connection: sqlite3.Connection, ask: Ask) -> Page:
    number = int(ask.path["run"])
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (number,)).fetchone() is None:
        raise NotThere(f"There is no night {number} in this archive.")
    run = list_runs(connection, number)[0]
    near = connection.execute(
        "SELECT (SELECT max(id) FROM runs WHERE id < ?1), (SELECT min(id) FROM runs WHERE id > ?1)", (number,)
    ).fetchone()
    events = connection.execute(
        "SELECT e.kind, i.key, v.seq, v.title, e.alert FROM events e JOIN items i ON i.id = e.item_id "
        "JOIN item_versions v ON v.id = e.version_id WHERE e.run_id = ? ORDER BY e.id LIMIT 101",
        (number,),
    ).fetchall()
    context = {"run": _tell(run), "events": events[:100], "more": len(events) > 100, "near": tuple(near)}  # noqa: PLR2004
    return Page("night.html", context)


def _tell(run: dict[str, Any]) -> dict[str, Any]:
    news = [f"{run['counts'][kind]:,} {kind}" for kind in _NEWS if run["counts"][kind]]
    return {**run, "news": ", ".join(news) or "nothing new", "meaning": OUTCOMES.get(run["outcome"], "")}
