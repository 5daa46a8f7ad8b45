"""The commands that write: a night, and what a person decides about one."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.context import (
    NUMBER,
    Context,
    NamedPath,
    Seconds,
    clock,
    for_schedulers,
    print_json,
    say,
    with_globals,
    writing,
)
from archive.cli.measuring import measuring
from archive.cli.watching import Watch, watching
from archive.errors import Undelivered, UsageError

if TYPE_CHECKING:
    from archive.verdict import Verdict

#: of crawl and check
LISTING_HELP = "Only configured listings whose key or URL matches, as in a shell; may be repeated."


def finish(context: Context, verdict: Verdict, **more: object) -> None:
    """Print a verdict and leave with its exit code."""
    print_verdict(context, verdict, **more)
    sys.exit(verdict.exit_code or 0)


def print_verdict(context: Context, verdict: Verdict, **more: object) -> None:
    """``more``: for a program."""
    from archive.export import dump_json
    from archive.verdict import summarize, tabulate

    with contextlib.suppress(BrokenPipeError):  # whoever reads no more still learns how the night ended
        if context.as_json:
            click.echo(dump_json(verdict.to_json() | {"summary": summarize(verdict)} | more))
        else:
            if verdict.walks:
                click.echo(tabulate(verdict))
            click.echo(summarize(verdict))
        sys.stdout.flush()  # telling people may take a while
    for issue in verdict.issues:
        if issue["code"] in {"silence", "clock"}:  # of a night that is fine otherwise, nobody would look at the issues
            say(issue["message"])


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--listing", "patterns", multiple=True, metavar="PATTERN", help=LISTING_HELP)
@click.option("--delay", type=Seconds(0, 3600), metavar="S", help="Seconds between two requests.")
@click.option("--max-pages", type=click.IntRange(1, 100_000), metavar="N", help="Stop each walk after N pages.")
@click.option("--dry-run", is_flag=True, help="Fetch, parse and vet; keep nothing but the WARC.")
@click.option("--no-settle", is_flag=True, help="Archive only; settle later with `baogao settle`.")
@click.option("--no-notify", is_flag=True, help="Tell nobody yet; `baogao notify` does.")
@click.option("--time-limit", type=Seconds(1), metavar="S", help="End the night after S seconds.  [5 h]")
@click.option(
    "--metrics", type=NamedPath(path_type=Path, dir_okay=False), metavar="FILE", help="Write a Prometheus textfile."
)
@click.option("-v", "--verbose", is_flag=True, help="Log every request.")
@with_globals()
@for_schedulers(6)
def crawl(context: Context, /, metrics: Path | None, **night: Any) -> None:
    """One night: walk every listing, archive, settle, print the verdict, and tell who wants to know.

    Example: baogao crawl --delay 3
    """
    with watching(context) as watch, measuring(context, metrics):
        _play_night(context, watch, **night)


def _play_night(
    context: Context,
    watch: Watch,
    urls: tuple[str, ...],
    patterns: tuple[str, ...],
    delay: float | None,
    max_pages: int | None,
    time_limit: float | None,
    *,
    dry_run: bool,
    no_settle: bool,
    no_notify: bool,
    verbose: bool,
) -> None:
    from archive.budget import TIME_LIMIT_SECONDS
    from archive.cli.alerts import notify_after_night, register_before_night
    from archive.config import check_delay, choose_listings
    from archive.crawl import crawl as crawl_night
    from archive.crawl import stop_on_signals
    from archive.night import Options

    config = context.load_config()
    listings = choose_listings(config, urls, patterns)  # what was mistyped at a keyboard is nobody's bad night
    watch.config = None if dry_run else config
    options = Options(
        delay=config.delay if delay is None else delay,
        max_pages=max_pages or config.max_pages,
        dry=dry_run,
        settle=dry_run or not no_settle,
        verbose=verbose,
    )
    check_delay(options.delay, listings, "--delay" if delay is not None else "crawl.delay")
    with stop_on_signals():
        if not dry_run:
            register_before_night(context.data, config)
        verdict = crawl_night(
            context.data,
            config,
            listings,
            options,
            configured=not (urls or patterns),
            clock=clock,
            say=say,
            time_limit=time_limit or TIME_LIMIT_SECONDS,
            begun=watch.begin,
        )
    watch.verdict = verdict
    if verdict.outcome == "open":
        say(f"run {verdict.run} is captured; `baogao settle` settles it.")
        if context.as_json:
            print_json(verdict.to_json() | {"delivery": None})
        return
    if dry_run:
        say("dry run: nothing but the WARC was kept.")
        finish(context, verdict, delivery=None)
    if not context.as_json:
        print_verdict(context, verdict)
    delivery = None
    try:
        with stop_on_signals("the night is settled and what was sent is on record; `baogao notify` goes on from there"):
            delivery = notify_after_night(context.data, config, send=not no_notify)
    finally:
        if context.as_json:  # one document, and it also says why the code is 8
            print_verdict(context, verdict, delivery=delivery)
    sys.exit(verdict.exit_code or (Undelivered.exit_code if delivery and delivery["undelivered"] else 0))


@click.command()
@with_globals()
def settle(context: Context) -> None:
    """Settle what is captured and not settled: after a crash, `--no-settle` or `scrapy crawl`.

    Example: baogao settle
    """
    from archive.night import find_open_run
    from archive.settle import settle as settle_run

    with writing(context, "baogao settle") as (connection, reader):
        run = find_open_run(connection)
        verdict = None if run is None else settle_run(connection, context.data, run, reader)
    if verdict is not None:
        finish(context, verdict)
    elif context.as_json:
        click.echo("null")
    else:
        click.echo("nothing to settle.")


@click.command()
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

    with writing(context, "baogao reparse") as (connection, reader):
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


@click.command()
@click.argument("run", type=NUMBER)
@with_globals()
def accept(context: Context, run: int) -> None:
    """Settle a rejected run after a person has looked.

    Example: baogao accept 12
    """
    from archive.deciding import accept as accept_run

    with writing(context, "baogao accept") as (connection, reader):
        verdict = accept_run(connection, context.data, run, reader, now=clock())
    finish(context, verdict)


@click.command()
@click.argument("key")
@click.argument("existing")
@click.option("--reason", default="", help="For the record.")
@with_globals()
def alias(context: Context, key: str, existing: str, reason: str) -> None:
    """Say that KEY is another key of the report EXISTING: the site moved its id.

    Example: baogao alias report.iimedia.cn:99001 report.iimedia.cn:46641
    """
    from archive.deciding import add_alias

    with writing(context, "baogao alias") as (connection, reader):
        add_alias(connection, context.data, key, existing, reason, reader, now=clock())
    if context.as_json:
        print_json({"key": key, "existing": existing, "reason": reason})
    else:
        click.echo(f"{key} is {existing} from now on.")


@click.command()
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
