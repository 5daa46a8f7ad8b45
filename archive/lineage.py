"""How two versions of one report belong together: who made the difference, and what lies between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.query import load_history

if TYPE_CHECKING:
    from archive.sqlite import sqlite3

_CAUSES = {"first": "first seen", "site": "site edit", "parser": "parser correction"}


def explain_pair(connection: sqlite3.Connection, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """In sentences, for a reader of their difference; none where the later is a site edit of the earlier."""
    if old["version"] == new["version"]:
        return ["the same version twice."]
    notes = []
    if old["version"] > new["version"]:
        notes.append(f"backwards: version {old['version']} is the later one.")
        old, new = new, old
    versions = {row["version"]: row for row in load_history(connection, new["key"])}
    path = [new]
    while path[-1]["previous"] not in (None, old["version"]):
        path.append(versions[path[-1]["previous"]])
    if path[-1]["previous"] is None:
        base = new["previous"]
        notes.append(
            f"version {new['version']} does not follow version {old['version']}: it was compared with {base}."
            if base
            else f"version {new['version']} follows no other."
        )
        path = [new]
    elif len(path) > 1:
        between = ", ".join(f"{row['version']} ({_CAUSES[row['cause']]})" for row in reversed(path))
        notes.append(f"several changes at once: from version {old['version']} to {between}.")
    causes = {row["cause"] for row in path}
    if causes == {"parser"}:
        notes.append("parser correction: the site showed this all along; only our reading of it changed.")
    elif "parser" in causes:
        notes.append("a part of it is a parser correction: that part the site showed all along.")
    return notes
