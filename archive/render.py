"""Records, runs and differences for a person at a terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.diff import FieldChange, Piece

_NAMES = {
    "title": "title",
    "brands": "brands",
    "summary_zh": "Chinese summary",
    "summary_en": "English summary",
    "published_on": "publication date",
}
_CONTEXT = 40  #: characters of unchanged text kept on each side of a change


def render_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns aligned by what a terminal shows: a Chinese character is two cells wide."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(measure(row[column]) for row in cells) for column in range(len(header))]
    lines = []
    for row in cells:
        padded = [cell + " " * (width - measure(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def measure(text: str) -> int:
    """Width in terminal cells."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def render_runs(ledger: Sequence[dict[str, Any]]) -> str:
    if not ledger:
        return "no runs yet."
    rows = []
    for run in ledger:
        counts = run["counts"]
        news = [f"{counts[kind]} {kind}" for kind in list(counts)[2:] if counts[kind]]
        rows.append(
            (
                *(run["run"], run["kind"], run["outcome"], "" if run["exit_code"] is None else run["exit_code"]),
                *(run["started_at"], counts["pages"], counts["entries"], ", ".join(news) or "–"),
            )
        )
    return render_table(("run", "kind", "outcome", "exit", "started", "pages", "entries", "news"), rows)


def render_run(run: dict[str, Any]) -> str:
    """One run with its walks, gates and issues."""
    counts = ", ".join(f"{count} {kind}" for kind, count in run["counts"].items())
    lines = [
        f"run {run['run']} ({run['kind']}): {run['outcome']}, exit code {run['exit_code']}",
        f"started {run['started_at']}, finished {run['finished_at']}, parser {run['parser']}",
        f"counts: {counts}",
    ]
    rows: list[tuple[object, ...]]
    if run["walks"]:
        rows = [
            (
                *("yes" if walk["complete"] else "NO", f"{walk['pages_seen']}/{walk['pages_expected'] or '?'}"),
                *(walk["entries_seen"], walk["listing"], walk["stopped"] or ""),
            )
            for walk in run["walks"]
        ]
        lines += ["", render_table(("complete", "pages", "entries", "listing", "stopped"), rows)]
    if run["gates"]:
        rows = [
            (
                *("passed" if gate["passed"] else "BROKEN", "hard" if gate["hard"] else "soft", gate["name"]),
                *(gate["observed"], gate["threshold"], gate["listing"] or "all"),
            )
            for gate in run["gates"]
        ]
        lines += ["", render_table(("gate", "", "name", "observed", "bound", "listing"), rows)]
    if run["issues"]:
        lines += ["", *(f"{issue['level']}: {issue['code']}: {issue['message']}" for issue in run["issues"])]
    return "\n".join(lines)


def render_record(record: dict[str, Any]) -> str:
    capture = record["capture"]
    lines = [
        click.style(record["title"], bold=True),
        f"{record['key']}  version {record['version']}  {record['state']}",
        record["url"],
        "",
        f"listed in       {'、'.join(record['listings'])}",
        f"first seen      {record['first_seen_at']}",
        f"last seen       {record['last_seen_at']}",
        f"shown like this {record['observed_at']}",
    ]
    if record["published_on"]:
        lines.append(f"published on    {record['published_on']}")
    if record["brands"]:
        lines.append(f"brands          {'、'.join(record['brands'])}")
    for summary in (record["summary_zh"], record["summary_en"]):
        if summary:
            lines += ["", *summary.split("\n")]
    lines += [
        "",
        f"proof: {capture['warc_file']} at {capture['warc_offset']}, SHA-256 {capture['sha256']}",
        f"       {capture['url']} fetched {capture['fetched_at']}, read by parser {capture['parser']}",
    ]
    return "\n".join(lines)


def render_history(versions: Sequence[dict[str, Any]]) -> str:
    causes = {"first": "first seen", "site": "site edit", "parser": "parser correction"}
    rows = [
        (
            *(row["version"], causes[row["cause"]] + (f" of {row['previous']}" if row["cause"] == "parser" else "")),
            *(row["observed_at"], row["recorded_at"], row["run"], ", ".join(row["fields"]) or "–", row["title"]),
        )
        for row in versions
    ]
    return render_table(("version", "cause", "shown by the site", "recorded", "run", "fields", "title"), rows)


def render_event(event: dict[str, Any]) -> str:
    fields = f" ({', '.join(event['fields'])})" if event["fields"] else ""
    about = f"{event['kind']:<10} {event['alert']:<5} {event['key']}  {event['title']}"
    return f"{event['id']:>6}  {event['at']}  {about}{fields}"


def render_diff(old: dict[str, Any], new: dict[str, Any], changes: Sequence[FieldChange]) -> str:
    lines = [f"{new['key']}  version {old['version']} ({old['observed_at']}) → {new['version']} ({new['observed_at']})"]
    if not changes:
        lines.append("no difference in words, figures or punctuation.")
    for change in changes:
        lines += ["", click.style(_NAMES[change.field], bold=True)]
        for sentence in change.sentences:
            if sentence.operation == "replace":
                lines.append("  " + _render_pieces(sentence.pieces))
            elif sentence.before.strip():
                lines.append("  " + click.style(f"[-{sentence.before.strip()}-]", fg="red"))
            elif sentence.after.strip():
                lines.append("  " + click.style(f"{{+{sentence.after.strip()}+}}", fg="green"))
            else:
                lines.append("  a paragraph break moved")
    return "\n".join(lines)


def _render_pieces(pieces: Sequence[Piece]) -> str:
    parts = []
    for index, piece in enumerate(pieces):
        if piece.operation == "delete":
            parts.append(click.style(f"[-{piece.text}-]", fg="red"))
        elif piece.operation == "insert":
            parts.append(click.style(f"{{+{piece.text}+}}", fg="green"))
        else:
            parts.append(_shorten(piece.text, first=index == 0, last=index == len(pieces) - 1))
    return "".join(parts).strip()


def _shorten(text: str, *, first: bool, last: bool) -> str:
    """Unchanged text far from any change is not what the reader came for."""
    if len(text) <= 2 * _CONTEXT + 10:
        return text
    head = "" if first else text[:_CONTEXT]
    tail = "" if last else text[-_CONTEXT:]
    return f"{head} … {tail}"
