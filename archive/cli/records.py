"""The commands that read: runs, reports, versions, differences, events, and the proof of all of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from archive.cli.context import NUMBER, Context, NamedPath, print_json, reading, say, with_globals
from archive.counted import counted
from archive.errors import Locked, StorageError, UsageError

if TYPE_CHECKING:
    from archive.sqlite import sqlite3


@click.command()
@click.argument("run", type=NUMBER, required=False, metavar="[N]")
@with_globals()
def runs(context: Context, run: int | None) -> None:
    """The run ledger, or one run with its walks, gates and issues.

    Example: baogao runs 4
    """
    from archive.query import list_runs
    from archive.render import render_run, render_runs

    with reading(context) as connection:
        ledger = list_runs(connection, run)
    _add_alert_issues(context, ledger)
    if context.as_json:
        print_json(ledger if run is None else ledger[0])
    else:
        click.echo(render_runs(ledger) if run is None else render_run(ledger[0]))


def _add_alert_issues(context: Context, ledger: list[dict[str, Any]]) -> None:
    """What became of the messages; a sick alerts.db does not hide how the nights went."""
    from archive.alerts.outbox import list_issues, read_outbox

    try:
        with read_outbox(context.data.alerts) as outbox:
            if outbox is not None:
                for each in ledger:
                    each["issues"] += list_issues(outbox, each["run"])
    except (StorageError, Locked) as error:
        say(f"baogao: issues of alerts are missing here: {error}")


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    help="JSON lines (the default), CSV for spreadsheets, or Parquet.",
)
@click.option("--versions", is_flag=True, help="Every version, not only the current reading.")
@click.option("--figures", is_flag=True, help="One row a figure; with --versions, of every version.")
@click.option("--disagreements", is_flag=True, help="One row where Chinese and English do not say the same.")
@click.option("--coverage", is_flag=True, help="One row a listing and date: looked at, and how far?")
@click.option("--as-of", metavar="RUN|TIME", help="As the archive knew it then.")
@click.option("--raw", is_flag=True, help="CSV without the apostrophes that keep a spreadsheet from running formulas.")
@click.option(
    "-o",
    "--output",
    type=NamedPath(path_type=Path, dir_okay=False, allow_dash=True),
    help="A file; - or without it, standard output.",
)
@click.option(
    "--package",
    type=NamedPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help="All of it, with its dictionary, as a Frictionless data package in a new directory.",
)
@with_globals()
def export(
    context: Context,
    /,
    form: Literal["jsonl", "csv", "parquet"] | None,
    as_of: str | None,
    output: Path | None,
    package: Path | None,
    *,
    versions: bool,
    raw: bool,
    **tables: bool,
) -> None:
    """All reports as JSON lines, CSV or Parquet, in the order of their keys; same archive, same bytes.

    Example: baogao export --as-of 2026-11-01 -o reports.jsonl
    """
    from archive.cli.serve import end_on_signals
    from archive.export import export_table
    from archive.package import write_package
    from archive.printable import spell_out
    from archive.query import explain_as_of
    from archive.tables import choose_table, hold_snapshot

    name = choose_table(versions=versions, **tables)
    if package is not None:
        if form or output or name != "reports":
            raise UsageError("A package holds every table as CSV: give --package with --as-of and --raw only.")
        with end_on_signals(), reading(context, research=True) as connection, hold_snapshot(connection):
            if odd := explain_as_of(connection, as_of):
                say(f"baogao: {odd}")
            run = write_package(connection, package, as_of=as_of, raw=raw)
        held = f"as of run {run}" if run else "before its first run"
        say(f"{spell_out(str(package))}: the archive {held}; README.md in it tells what every column means.")
        return
    if raw and form != "csv":
        raise UsageError("--raw is for CSV: JSON lines and Parquet hold the texts as they are.")
    research = name in {"figures", "disagreements"}
    with end_on_signals(), reading(context, research=research) as connection, hold_snapshot(connection):
        if odd := explain_as_of(connection, as_of):
            say(f"baogao: {odd}")
        target = _take_dash(output)
        export_table(connection, name, form or "jsonl", target, versions=versions, as_of=as_of, raw=raw)


def _take_dash(output: Path | None) -> Path | None:
    """None, which is standard output, for the customary "-"."""
    return None if output == Path("-") else output


@click.command()
@click.argument("key")
@click.option("--version", "number", type=NUMBER, metavar="N", help="That version; without it the current reading.")
@click.option("--as-of", metavar="RUN|TIME", help="As the archive knew it then.")
@click.option("--raw", is_flag=True, help="The archived response body, byte for byte.")
@with_globals()
def show(context: Context, key: str, number: int | None, as_of: str | None, *, raw: bool) -> None:
    """One report.

    Example: baogao show report.iimedia.cn:46641
    """
    from archive.query import explain_as_of, load_record
    from archive.render import render_record

    with reading(context) as connection:
        record = load_record(connection, key, version=number, as_of=as_of)
        if odd := explain_as_of(connection, as_of):
            say(f"baogao: {odd}")
        if raw:
            _print_raw(context, connection, record["capture"])
        elif context.as_json:
            print_json(record)
        else:
            click.echo(render_record(record))


def _print_raw(context: Context, connection: sqlite3.Connection, capture: dict[str, Any]) -> None:
    from archive.captures import load_exchange

    (capture_id,) = connection.execute(
        "SELECT id FROM captures WHERE warc_file = ? AND warc_offset = ?",
        (capture["warc_file"], capture["warc_offset"]),
    ).fetchone()
    archived = load_exchange(connection, context.data.root, capture_id)
    coding = next((value for name, value in archived.headers if name.lower() == "content-encoding"), None)
    if coding:
        say(f"these bytes are in content coding {coding}, as they were sent: SHA-256 {capture['sha256']}")
    sys.stdout.buffer.write(archived.payload)
    sys.stdout.buffer.flush()


@click.command()
@click.argument("key")
@with_globals()
def history(context: Context, key: str) -> None:
    """The versions of a report: when the site showed them, when and why they were recorded.

    Example: baogao history report.iimedia.cn:46641
    """
    from archive.query import load_history
    from archive.render import render_history

    with reading(context) as connection:
        versions = load_history(connection, key)
    if context.as_json:
        print_json(versions)
    else:
        click.echo(render_history(versions))


@click.command()
@click.argument("key")
@click.argument("pair", type=NUMBER, nargs=-1, metavar="[A B]")
@click.option("--html", "as_html", is_flag=True, help="A page of its own, both versions side by side.")
@click.option(
    "-o",
    "--output",
    type=NamedPath(path_type=Path, dir_okay=False, allow_dash=True),
    help="With --html: a file; - for standard output.",
)
@with_globals()
def diff(context: Context, key: str, pair: tuple[int, ...], output: Path | None, *, as_html: bool) -> None:
    """What changed between two versions: fields, sentences, figures, and how much it matters; without A B: the last.

    Example: baogao diff report.iimedia.cn:46641 1 2
    """
    from archive.diff import diff_records, to_json
    from archive.export import deliver
    from archive.lineage import explain_pair
    from archive.query import load_pair
    from archive.significance import judge

    if as_html and context.as_json:
        raise UsageError("--html and --json exclude each other: give one of them.")
    if output and not as_html:
        raise UsageError("-o belongs to --html: give both, or redirect the output.")
    if len(pair) not in {0, 2}:
        raise UsageError("Give two versions to compare, or none.")
    before, after = pair or (None, None)
    with reading(context) as connection:
        old, new = load_pair(connection, key, before, after)
        notes = explain_pair(connection, old, new)
    changes, judgement = diff_records(old, new), judge(old, new)
    if as_html:
        from archive.markup import render_html

        deliver([render_html(old, new, changes, judgement, notes=notes)], _take_dash(output))
    elif context.as_json:
        compared = {"key": new["key"], "from": old["version"], "to": new["version"]}
        print_json(compared | judgement.to_json() | {"notes": notes, "fields": to_json(changes)})
    else:
        from archive.render import render_diff

        click.echo(render_diff(old, new, changes, judgement, notes))


@click.command()
@click.option("--since", type=NUMBER, default=0, metavar="N", help="Events behind this id.")
@with_globals()
def changes(context: Context, since: int) -> None:
    """The event feed; an event's id is the reader's cursor.

    Example: baogao changes --since 770
    """
    from archive.export import write_lines
    from archive.query import iterate_changes
    from archive.render import render_event

    with reading(context) as connection:
        events = iterate_changes(connection, since)
        for line in write_lines(events) if context.as_json else (render_event(event) + "\n" for event in events):
            click.echo(line, nl=False)


@click.command()
@with_globals()
def verify(context: Context) -> None:
    """Prove everything again: digests, texts, index, figures, states; exit code 7 where anything is wrong.

    It changes nothing; `baogao repair` mends. Example: baogao verify
    """
    from archive import progress
    from archive.captures import todays_reader
    from archive.printable import spell_out
    from archive.verify import verify as verify_archive

    try:
        with reading(context) as connection:
            report = verify_archive(connection, context.data, todays_reader(), progress=progress.advance_in_percent)
    finally:
        progress.erase()
    if context.as_json:
        counts = {name: getattr(report, name) for name in ("files", "records", "captures", "versions")}
        print_json(counts | {"problems": report.problems, "notices": report.notices})
    else:
        for line in (*report.problems, *report.notices):
            click.echo(spell_out(line))
        click.echo(
            f"{counted(report.files, 'WARC file')} with {counted(report.records, 'record')}, "
            f"{counted(report.captures, 'capture')}, {counted(report.versions, 'version')}: "
            f"{counted(len(report.problems), 'problem') if report.problems else 'no problems'}."
        )
    if report.problems:
        sys.exit(StorageError.exit_code)
