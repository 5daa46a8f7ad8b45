"""Records, runs and differences for a person at a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from archive.budget import word_budget
from archive.counted import counted
from archive.printable import spell_out, spell_out_values
from archive.verdict import judge_walk, tell_walked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.diff import FieldChange, Piece
    from archive.significance import Judgement

#: the fields of a difference, as a reader calls them
NAMES = {
    "title": "title",
    "brands": "brands",
    "summary_zh": "Chinese summary",
    "summary_en": "English summary",
    "published_on": "publication date",
}
_CONTEXT = 40  #: characters of unchanged text kept on each side of a change
_WORD_START, _WORD_END = re.compile("[A-Za-z0-9.,%]*"), re.compile("[A-Za-z0-9.,%]*\\Z")  #: a cut tears no number


def render_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns aligned by what a terminal shows: a Chinese character is two cells wide."""
    return "\n".join(_align([header, *rows]))


def _align(rows: Sequence[Sequence[object]]) -> list[str]:
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(measure(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = []
    for row in cells:
        padded = [cell + " " * (width - measure(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return lines


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
                *(run["started_at"], counts["pages"], counts["entries"], _size(run), _judge_gates(run["gates"])),
                ", ".join(news) or "–",
            )
        )
    header = ("run", "kind", "outcome", "exit", "started", "pages", "entries", "fetched", "gates", "news")
    return render_table(header, rows)


def _size(run: dict[str, Any], name: str = "fetched") -> str:
    """Of the answers, where it is on record."""
    return f"{run['bytes'][name] / 1024 / 1024:,.1f} MiB" if "bytes" in run else "–"


def _judge_gates(gates: Sequence[dict[str, Any]]) -> str:
    broken = sum(not gate["passed"] for gate in gates)
    return "–" if not gates else f"{broken} BROKEN" if broken else "passed"


def render_run(run: dict[str, Any]) -> str:
    """One run with its walks, gates and issues; of a great many listings those that need a look."""
    from archive.verdict import SHOWN, choose_walks  # noqa: PLC0415 - other renderings do without

    counts = ", ".join(f"{count} {kind}" for kind, count in run["counts"].items())
    lines = [
        f"run {run['run']} ({run['kind']}): {run['outcome']}, exit code {run['exit_code']}",
        f"started {run['started_at']}, finished {run['finished_at']}, parser {run['parser']}",
        f"counts: {counts}",
    ]
    if "bytes" in run:
        lines.append(f"bytes: {_size(run)} fetched, {_size(run, 'kept')} of them new to the archive (compressed)")
    if "software" in run:
        told = ", ".join(f"{name} {version}" for name, version in run["software"].items())
        lines.append(f"software: {spell_out(told)}")
    if "config" in run:
        lines.append(f"configuration: SHA-256 {spell_out(run['config'])}")
    rows: list[tuple[object, ...]]
    if run["walks"]:
        if "budget" in run:
            lines.append(f"budget: {word_budget(run['budget'])}: {tell_walked(run['walks'])}")
        walks, left_out = choose_walks(run["walks"])
        rows = [
            (
                *(judge_walk(walk), f"{walk['pages_seen']}/{walk['pages_expected'] or '?'}"),
                *(walk["entries_seen"], walk["listing"], walk["stopped"] or ""),
            )
            for walk in walks
        ]
        lines += ["", render_table(("complete", "pages", "entries", "listing", "stopped"), rows)]
        lines += [left_out] if left_out else []
    if run["gates"]:
        gates = run["gates"]
        if len(run["walks"]) > SHOWN:
            gates = [gate for gate in gates if not gate["passed"] or gate["listing"] is None]
        rows = [
            (
                *("passed" if gate["passed"] else "BROKEN", "hard" if gate["hard"] else "soft", gate["name"]),
                *(gate["observed"], gate["threshold"], gate["listing"] or "all"),
            )
            for gate in gates
        ]
        lines += ["", render_table(("gate", "", "name", "observed", "bound", "listing"), rows)]
        if passed := len(run["gates"]) - len(gates):
            lines.append(f"{passed} bounds of single listings were kept (--json has them all).")
    if run["issues"]:
        lines += ["", *_list_issues(run["issues"])]
    return "\n".join(lines)


def _list_issues(issues: list[dict[str, str]]) -> Iterator[str]:
    """Of a great many of one kind the first: one host that is down has an issue for each of its listings."""
    from archive.verdict import SHOWN  # noqa: PLC0415 - other renderings do without

    told: Counter[str] = Counter()
    for issue in issues:
        told[issue["code"]] += 1
        if told[issue["code"]] <= SHOWN:
            yield f"{issue['level']}: {issue['code']}: {issue['message']}"
    for code, count in told.items():
        if count > SHOWN:
            yield f"{count - SHOWN} more issues of the kind {code} (--json has them all)."


def render_record(record: dict[str, Any]) -> str:
    record = spell_out_values(record)
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
    versions = spell_out_values(list(versions))
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
    event = spell_out_values(event, keep="")
    fields = f" ({', '.join(event['fields'])})" if event["fields"] else ""
    about = f"{event['kind']:<10} {event['alert']:<5} {event['key']}  {event['title']}"
    return f"{event['id']:>6}  {event['at']}  {about}{fields}"


def render_coverage(rows: Sequence[dict[str, Any]], gaps: Sequence[str]) -> str:
    """Nights in a row that went alike are one line; then what the others leave unknown."""
    from archive.coverage import STATUSES, fold_nights  # noqa: PLC0415 - other renderings do without

    if not rows:
        return "no nights there: nothing was looked at in that time."
    lines: list[str] = []
    stretches = fold_nights(spell_out_values(list(rows)))
    for listing, group in groupby(stretches, lambda stretch: stretch.listing):
        own = list(group)
        counts = {status: sum(len(stretch.rows) for stretch in own if stretch.status == status) for status in STATUSES}
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        lines += [f"{listing}: {counted(sum(counts.values()), 'night')}: {told}"]
        table = [
            (
                *("", stretch.first if stretch.first == stretch.last else f"{stretch.first} … {stretch.last}"),
                *(stretch.status, counted(len(stretch.rows), "night"), _tell_nights(stretch.rows, stretch.stopped)),
            )
            for stretch in own
        ]
        lines += [*_align(table), ""]
    return "\n".join([*lines, *map(spell_out, gaps)]).rstrip("\n")


def _tell_nights(rows: Sequence[dict[str, Any]], stopped: str | None) -> str:
    if rows[0]["status"] == "missed":
        return ""
    if rows[0]["status"] == "open":
        return f"run {rows[-1]['run']} is not settled yet"
    pages = sorted({(row["pages_seen"], row["pages_expected"]) for row in rows}, key=lambda pair: pair[0])
    entries = sorted({row["entries_seen"] for row in rows})
    seen = "–".join(dict.fromkeys(str(pair[0]) for pair in (pages[0], pages[-1])))
    of = "" if rows[0]["status"] == "complete" else f" of {pages[0][1] or 'unknown many'}"
    told = f"{seen}{of} pages, {'–'.join(dict.fromkeys(map(str, (entries[0], entries[-1]))))} entries"
    return f"{told}: {stopped}" if stopped else told


def render_diff(
    old: dict[str, Any],
    new: dict[str, Any],
    changes: Sequence[FieldChange],
    judgement: Judgement,
    notes: Sequence[str] = (),
) -> str:
    old, new = spell_out_values(old), spell_out_values(new)
    lines = [
        f"{new['key']}  version {old['version']} ({old['observed_at']}) → {new['version']} ({new['observed_at']})",
        *(f"note: {spell_out(note)}" for note in notes),
    ]
    if not changes:
        return "\n".join([*lines, "no difference in words, figures or punctuation."])
    lines += ["", f"verdict: {click.style(judgement.verdict, bold=True)}"]
    lines += [f"  {rule}" for rule in judgement.rule.split("; ")]
    for change in changes:
        lines += ["", click.style(NAMES[change.field], bold=True)]
        for sentence in change.sentences:
            if sentence.operation == "replace":
                lines.append("  " + _render_pieces(sentence.pieces))
            elif sentence.before.strip():
                lines.append("  " + _mark("delete", sentence.before.strip()))
            elif sentence.after.strip():
                lines.append("  " + _mark("insert", sentence.after.strip()))
            else:
                lines.append("  a paragraph break moved")
    if judgement.figures:
        lines += ["", click.style("figures", bold=True)]
    for figure in judgement.figures:
        before, after = (spell_out(side.raw) if side else "" for side in (figure.before, figure.after))
        arrow = f"{before} → {after} ({figure.change})" if before and after else f"{before or after} ({figure.change})"
        known = figure.after or figure.before
        about = [figure.unit, *([str(known.year)] if known and known.year else [])]
        lines.append(f"  {figure.language}  {arrow}  {', '.join(about)}")
    return "\n".join(lines)


def _mark(operation: str, text: str) -> str:
    text = spell_out(text)
    return click.style(f"[-{text}-]", fg="red") if operation == "delete" else click.style(f"{{+{text}+}}", fg="green")


def _render_pieces(pieces: Sequence[Piece]) -> str:
    parts = []
    for index, piece in enumerate(pieces):
        if piece.operation == "equal":
            parts.append(spell_out(_shorten(piece.text, first=index == 0, last=index == len(pieces) - 1)))
        else:
            parts.append(_mark(piece.operation, piece.text))
    return "".join(parts).strip()


def _shorten(text: str, *, first: bool, last: bool) -> str:
    """Unchanged text far from any change is not what the reader came for."""
    if len(text) <= 2 * _CONTEXT + 10:
        return text
    head = "" if first else text[:_CONTEXT] + _WORD_START.match(text[_CONTEXT : 2 * _CONTEXT])[0]  # type: ignore[index]
    tail = "" if last else _WORD_END.search(text[-2 * _CONTEXT : -_CONTEXT])[0] + text[-_CONTEXT:]  # type: ignore[index]
    return f"{head} … {tail}"
