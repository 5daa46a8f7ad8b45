"""Two versions of a report side by side, as `baogao diff --html` draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from archive.diff import diff_records
from archive.lineage import explain_pair
from archive.markup import render_fragment
from archive.query import load_history
from archive.significance import judge
from archive.web.answers import NotThere, Page
from archive.web.links import difference_path
from archive.web.mementos import find_report

if TYPE_CHECKING:
    from archive.sqlite import sqlite3
    from archive.web.answers import Ask


def compose_comparison(connection: sqlite3.Connection, ask: Ask) -> Page:
    item = find_report(connection, ask.path["key"])
    versions = {str(row["version"]): row for row in load_history(connection, item["key"])}
    for number in (ask.path["before"], ask.path["after"]):
        if number not in versions:
            raise NotThere(f"This report has no version {number}: it has {len(versions)}, counted from 1.")
    before, after = versions[ask.path["before"]], versions[ask.path["after"]]
    notes = explain_pair(connection, before, after)
    fragment = render_fragment(before, after, diff_records(before, after), judge(before, after), notes=notes)
    context = {
        "key": item["key"],
        "before": before,
        "after": after,
        "fragment": Markup(fragment),  # noqa: S704 - archive.markup escapes everything that is not its own
        "versions": list(versions.values()),
        "turned": difference_path(item["key"], after["version"], before["version"]),
    }
    return Page("comparison.html", context)
