"""The commands that read: runs, reports, versions, differences, events, and the proof of all of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.context import NUMBER, Context, print_json, reading, say, with_globals
from archive.errors import StorageError

if TYPE_CHECKING:
    import sqlite3


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
    if context.as_json:
        print_json(ledger if run is None else ledger[0])
    else:
        click.echo(render_runs(ledger) if run is None else render_run(ledger[0]))


@click.command()
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--versions", is_flag=True, help="Every version, not only the current reading.")
@click.option("--as-of", metavar="RUN|TIME", help="As the archive knew it then.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; standard output without."
)
@with_globals()
def export(context: Context, form: str, as_of: str | None, output: Path | None, *, versions: bool) -> None:
    """All reports as JSON lines or CSV, in the order of their keys; same archive, same bytes.

    Example: baogao export --as-of 2026-11-01 -o reports.jsonl
    """
    from archive.export import deliver, write_csv, write_lines
    from archive.query import iterate_records

    with reading(context) as connection:
        records = iterate_records(connection, versions=versions, as_of=as_of)
        deliver(write_csv(records) if form == "csv" else write_lines(records), output)


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
    from archive.query import load_record
    from archive.render import render_record

    with reading(context) as connection:
        record = load_record(connection, key, version=number, as_of=as_of)
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
@click.argument("before", type=NUMBER, required=False, metavar="[A")
@click.argument("after", type=NUMBER, required=False, metavar="B]")
@with_globals()
def diff(context: Context, key: str, before: int | None, after: int | None) -> None:
    """What changed between two versions, by field and sentence, in both languages; without A B: the last change.

    Example: baogao diff report.iimedia.cn:46641 1 2
    """
    from archive.diff import diff_records, to_json
    from archive.query import load_pair
    from archive.render import render_diff

    with reading(context) as connection:
        old, new = load_pair(connection, key, before, after)
    changes = diff_records(old, new)
    if context.as_json:
        print_json({"key": new["key"], "from": old["version"], "to": new["version"], "fields": to_json(changes)})
    else:
        click.echo(render_diff(old, new, changes))


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
    """Compute every digest again; exit code 7 where anything is wrong.

    Example: baogao verify
    """
    from archive.captures import todays_reader
    from archive.verify import verify as verify_archive

    with reading(context) as connection:
        report = verify_archive(connection, context.data, todays_reader())
    if context.as_json:
        print_json({name: getattr(report, name) for name in report.__slots__})
    else:
        for line in (*report.problems, *report.notices):
            click.echo(line)
        click.echo(
            f"{report.files} WARC files with {report.records} records, {report.captures} captures, {report.versions} "
            f"versions: {len(report.problems) or 'no'} problem{'s' if len(report.problems) != 1 else ''}."
        )
    if report.problems:
        sys.exit(StorageError.exit_code)
