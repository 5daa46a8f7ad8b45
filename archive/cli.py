"""The command ``baogao``: options → one function → what is printed → exit code."""

from __future__ import annotations

import contextlib
import errno
import functools
import math
import os
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from archive.errors import BaogaoError, StorageError, UsageError
from archive.store import DataDirectory, open_for_reading, storage_errors

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from archive.captures import Reader
    from archive.config import Config
    from archive.verdict import Verdict

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Context:
    """The global options, from before or behind the command's name."""

    data_root: Path | None = None
    config_path: Path | None = None
    as_json: bool = False

    @property
    def data(self) -> DataDirectory:
        return DataDirectory(self.data_root or Path(os.environ.get("BAOGAO_DATA") or "data"))

    def load_config(self) -> Config:
        from archive.config import load_config

        path = self.config_path or (Path(os.environ["BAOGAO_CONFIG"]) if os.environ.get("BAOGAO_CONFIG") else None)
        if path is None and Path("baogao.toml").exists():
            path = Path("baogao.toml")
        return load_config(path)


class Seconds(click.FloatRange):
    """A number of seconds, which "nan" is not: it would pass every comparison."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return seconds


#: of a run, a version or an event; SQLite's largest
NUMBER = click.IntRange(0, 2**63 - 1)


def clock() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def say(text: str) -> None:
    click.echo(text, err=True)


def with_globals(*, reads: bool = True) -> Callable[[Callable[Concatenate[Context, P], R]], Callable[P, R]]:
    """Give a command --data and --config, with ``reads`` --json too, and the context as its first argument."""

    def decorate(command: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
        @functools.wraps(command)
        def invoke(*args: P.args, **kwargs: P.kwargs) -> R:
            context = click.get_current_context().ensure_object(Context)
            context.data_root = kwargs.pop("data_root", None) or context.data_root  # type: ignore[assignment]
            context.config_path = kwargs.pop("config_path", None) or context.config_path  # type: ignore[assignment]
            context.as_json = bool(kwargs.pop("as_json", False)) or context.as_json
            return command(context, *args, **kwargs)

        options = [
            click.option(
                "--data", "data_root", type=click.Path(path_type=Path, readable=False), help="Data directory.  [./data]"
            ),
            click.option("--config", "config_path", type=click.Path(path_type=Path), help="Configuration file."),
        ]
        if reads:
            options.append(click.option("--json", "as_json", is_flag=True, help="Print JSON."))
        return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), invoke)

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="baogao", prog_name="baogao")
@with_globals()
def baogao(context: Context) -> None:
    """Crawl a report listing every night, archive it, and say what changed.

    Example: baogao crawl https://report.iimedia.cn/tag/人民日报
    """


def finish(context: Context, verdict: Verdict) -> None:
    """Print a verdict and leave with its exit code."""
    from archive.export import dump_json
    from archive.verdict import summarize, tabulate

    with contextlib.suppress(BrokenPipeError):  # whoever reads no more still learns how the night ended
        if context.as_json:
            click.echo(dump_json(verdict.to_json() | {"summary": summarize(verdict)}))
        else:
            if verdict.walks:
                click.echo(tabulate(verdict))
            click.echo(summarize(verdict))
    sys.exit(verdict.exit_code or 0)


@baogao.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--delay", type=Seconds(0, 3600), metavar="S", help="Seconds between two requests.")
@click.option("--max-pages", type=click.IntRange(1, 100_000), metavar="N", help="Stop each walk after N pages.")
@click.option("--dry-run", is_flag=True, help="Fetch, parse and vet; keep nothing but the WARC.")
@click.option("--no-settle", is_flag=True, help="Archive only; settle later with `baogao settle`.")
@click.option("--time-limit", type=Seconds(1), metavar="S", help="End the night after S seconds.  [5 h]")
@click.option("-v", "--verbose", is_flag=True, help="Log every request.")
@with_globals()
def crawl(
    context: Context,
    urls: tuple[str, ...],
    delay: float | None,
    max_pages: int | None,
    time_limit: float | None,
    *,
    dry_run: bool,
    no_settle: bool,
    verbose: bool,
) -> None:
    """One night: walk every listing, archive, settle, and print the verdict.

    Example: baogao crawl --delay 3
    """
    from archive.config import check_delay, choose_listings
    from archive.crawl import TIME_LIMIT_SECONDS, stop_on_signals
    from archive.crawl import crawl as crawl_night
    from archive.night import Options

    config = context.load_config()
    listings = choose_listings(config, urls)
    options = Options(
        delay=config.delay if delay is None else delay,
        max_pages=max_pages or config.max_pages,
        dry=dry_run,
        settle=dry_run or not no_settle,
        verbose=verbose,
    )
    check_delay(options.delay, listings, "--delay" if delay is not None else "crawl.delay")
    with stop_on_signals():
        verdict = crawl_night(
            context.data,
            config,
            listings,
            options,
            configured=not urls,
            clock=clock,
            say=say,
            time_limit=time_limit or TIME_LIMIT_SECONDS,
        )
    if verdict.outcome == "open":
        say(f"run {verdict.run} is captured; `baogao settle` settles it.")
        if context.as_json:
            _print_json(verdict.to_json())
        return
    if dry_run:
        say("dry run: nothing but the WARC was kept.")
    finish(context, verdict)


@baogao.command()
@with_globals()
def settle(context: Context) -> None:
    """Settle what is captured and not settled: after a crash, `--no-settle` or `scrapy crawl`.

    Example: baogao settle
    """
    from archive.night import find_open_run
    from archive.settle import settle as settle_run

    with _writing(context, "baogao settle") as (connection, reader):
        run = find_open_run(connection)
        verdict = None if run is None else settle_run(connection, context.data, run, reader)
    if verdict is not None:
        finish(context, verdict)
    elif context.as_json:
        click.echo("null")
    else:
        click.echo("nothing to settle.")


@baogao.command()
@click.option("--run", "only_run", type=NUMBER, metavar="N", help="Only the captures of this run.")
@with_globals()
def reparse(context: Context, only_run: int | None) -> None:
    """Read old captures again with today's parser; no network, no alerts.

    Where archive.db is gone, it is made again from the WARC files. Example: baogao reparse
    """
    from archive.night import find_open_run, next_run
    from archive.reparse import is_read_by
    from archive.reparse import reparse as reparse_captures
    from archive.settle import settle as settle_run

    with _writing(context, "baogao reparse") as (connection, reader):
        if only_run is not None and not connection.execute("SELECT 1 FROM runs WHERE id = ?", (only_run,)).fetchone():
            raise UsageError(f"There is no run {only_run}: `baogao runs` lists them.")
        pending = find_open_run(connection)
        if pending is not None:
            settle_run(connection, context.data, pending, reader)
        verdict = None
        if only_run is not None or not is_read_by(connection, reader):
            run = next_run(connection, context.data)
            verdict = reparse_captures(connection, context.data, run, reader, now=clock(), only_run=only_run)
    if verdict is not None:
        finish(context, verdict)
    elif context.as_json:
        click.echo("null")
    else:
        click.echo(f"every capture is read by parser {reader.version}, today's: nothing to correct.")


@baogao.command()
@click.argument("run", type=NUMBER)
@with_globals()
def accept(context: Context, run: int) -> None:
    """Settle a rejected run after a person has looked.

    Example: baogao accept 12
    """
    from archive.night import accept as accept_run

    with _writing(context, "baogao accept") as (connection, reader):
        verdict = accept_run(connection, context.data, run, reader, now=clock())
    finish(context, verdict)


@baogao.command()
@click.argument("key")
@click.argument("existing")
@click.option("--reason", default="", help="For the record.")
@with_globals()
def alias(context: Context, key: str, existing: str, reason: str) -> None:
    """Say that KEY is another key of the report EXISTING: the site moved its id.

    Example: baogao alias report.iimedia.cn:99001 report.iimedia.cn:46641
    """
    from archive.night import add_alias

    with _writing(context, "baogao alias") as (connection, reader):
        add_alias(connection, context.data, key, existing, reason, reader, now=clock())
    if context.as_json:
        _print_json({"key": key, "existing": existing, "reason": reason})
    else:
        click.echo(f"{key} is {existing} from now on.")


@baogao.command()
@click.argument("run", type=NUMBER, required=False, metavar="[N]")
@with_globals()
def runs(context: Context, run: int | None) -> None:
    """The run ledger, or one run with its walks, gates and issues.

    Example: baogao runs 4
    """
    from archive.query import list_runs
    from archive.render import render_run, render_runs

    with _reading(context) as connection:
        ledger = list_runs(connection, run)
    if context.as_json:
        _print_json(ledger if run is None else ledger[0])
    else:
        click.echo(render_runs(ledger) if run is None else render_run(ledger[0]))


@baogao.command()
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

    with _reading(context) as connection:
        records = iterate_records(connection, versions=versions, as_of=as_of)
        deliver(write_csv(records) if form == "csv" else write_lines(records), output)


@baogao.command()
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

    with _reading(context) as connection:
        record = load_record(connection, key, version=number, as_of=as_of)
        if raw:
            _print_raw(context, connection, record["capture"])
        elif context.as_json:
            _print_json(record)
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


@baogao.command()
@click.argument("key")
@with_globals()
def history(context: Context, key: str) -> None:
    """The versions of a report: when the site showed them, when and why they were recorded.

    Example: baogao history report.iimedia.cn:46641
    """
    from archive.query import load_history
    from archive.render import render_history

    with _reading(context) as connection:
        versions = load_history(connection, key)
    if context.as_json:
        _print_json(versions)
    else:
        click.echo(render_history(versions))


@baogao.command()
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

    with _reading(context) as connection:
        old, new = load_pair(connection, key, before, after)
    changes = diff_records(old, new)
    if context.as_json:
        _print_json({"key": new["key"], "from": old["version"], "to": new["version"], "fields": to_json(changes)})
    else:
        click.echo(render_diff(old, new, changes))


@baogao.command()
@click.option("--since", type=NUMBER, default=0, metavar="N", help="Events behind this id.")
@with_globals()
def changes(context: Context, since: int) -> None:
    """The event feed; an event's id is the reader's cursor.

    Example: baogao changes --since 770
    """
    from archive.export import write_lines
    from archive.query import iterate_changes
    from archive.render import render_event

    with _reading(context) as connection:
        events = iterate_changes(connection, since)
        for line in write_lines(events) if context.as_json else (render_event(event) + "\n" for event in events):
            click.echo(line, nl=False)


@baogao.command()
@with_globals()
def verify(context: Context) -> None:
    """Compute every digest again; exit code 7 where anything is wrong.

    Example: baogao verify
    """
    from archive.captures import todays_reader
    from archive.verify import verify as verify_archive

    with _reading(context) as connection:
        report = verify_archive(connection, context.data, todays_reader())
    if context.as_json:
        _print_json({name: getattr(report, name) for name in report.__slots__})
    else:
        for line in (*report.problems, *report.notices):
            click.echo(line)
        click.echo(
            f"{report.files} WARC files with {report.records} records, {report.captures} captures, {report.versions} "
            f"versions: {len(report.problems) or 'no'} problem{'s' if len(report.problems) != 1 else ''}."
        )
    if report.problems:
        sys.exit(StorageError.exit_code)


@baogao.command()
@click.option("--serve", "serving", is_flag=True, help="Only serve the invented listing.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to serve on; 0: any free one.")
@with_globals(reads=False)
def demo(context: Context, port: int, *, serving: bool) -> None:
    """Play five nights on an invented listing, into ./demo-data.

    Example: baogao demo
    """
    from archive.demo import DEFAULT_DIRECTORY, play_demo, serve_demo

    if serving:
        serve_demo(port, click.echo)
    else:
        play_demo(context.data_root or DEFAULT_DIRECTORY, click.echo)


@contextlib.contextmanager
def _writing(context: Context, command: str) -> Iterator[tuple[sqlite3.Connection, Reader]]:
    """The archive for a command that writes without the network."""
    from archive.captures import todays_reader
    from archive.crawl import hold_archive, stop_on_signals

    reader = todays_reader()
    data = context.data
    if not data.root.is_dir():
        raise UsageError(f"There is no archive at {data.root}: run `baogao crawl` first, or name it with --data.")
    with stop_on_signals(), hold_archive(data, reader, command=command, now=clock(), say=say) as (connection, _):
        yield connection, reader


@contextlib.contextmanager
def _reading(context: Context) -> Iterator[sqlite3.Connection]:
    """The archive read-only, sick files turned into sentences."""
    with storage_errors(context.data.db), contextlib.closing(open_for_reading(context.data)) as connection:
        yield connection


def _print_json(value: object) -> None:
    from archive.export import dump_json

    click.echo(dump_json(value))


#: what may befall any file at any time and is no bug
_SICK_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR}
)


def main() -> None:
    """The console script: errors become one sentence on stderr and their exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: what would be written there goes nowhere
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        getattr(sys, name).reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = _invoke()
        sys.stdout.flush()
    except BrokenPipeError:  # `baogao export | head`
        _drop_stdout()
        code = 0
    except OSError as error:
        if error.errno not in _SICK_DISK:
            raise
        _drop_stdout()
        where = error.filename or "The output"
        say(f"baogao: {where} can't be used ({error.strerror}): make room or check its permissions, and run again.")
        code = StorageError.exit_code
    sys.exit(code)


def _invoke() -> int:
    """The command's exit code. Not click's own main(): that makes an exit code 1 of a closed pipe."""
    try:
        with baogao.make_context("baogao", sys.argv[1:]) as context:
            baogao.invoke(context)
    except click.exceptions.Exit as left:  # --help, --version
        return left.exit_code
    except click.ClickException as error:
        error.show()
        return UsageError.exit_code
    except BaogaoError as error:
        say(f"baogao: {error}")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 128 + signal.SIGINT
    return 0


def _drop_stdout() -> None:
    """What is still buffered has nowhere to go; it would be an error once more when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
