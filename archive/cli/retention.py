"""The commands that make an archive smaller: pages that nothing cites, sightings that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.cli.context import Context, clock, print_json, with_globals
from archive.counted import counted

if TYPE_CHECKING:
    from archive.pruning import Pruning


@click.command()
@click.option("--keep", "age", required=True, metavar="AGE", help="Keep all nights younger than that: 90d, 12w, 1y.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would be done; change nothing.")
@with_globals()
def prune(context: Context, age: str, *, is_dry: bool) -> None:
    """Drop pages of old nights that tell nothing new from the WARC files; nothing ever does so by itself.

    A night is kept whole where an event, a version, an issue with a page or a decision is of it, where it is the first
    or the last that walked a listing to its end or showed a report, and where it proves that a report is gone; so every
    version keeps the page it was read from. Of the others the pages go that no later night refers to; address, time,
    SHA-256 and what stood on them stay on record. What is dropped is gone: keep a backup.

    Example: baogao prune --keep 1y --dry-run
    """
    from archive.cli.context import reading, writing
    from archive.pruning import prune as prune_nights
    from archive.pruning import read_age

    now = clock()
    before = read_age(age, now=now)
    if is_dry:
        with reading(context, research=True) as connection:
            pruning = prune_nights(connection, context.data, before=before, now=now, dry=True)
    else:
        with writing(context, "baogao prune", frees=True) as (connection, _):
            pruning = prune_nights(connection, context.data, before=before, now=now)
    _print_pruning(context, pruning, is_dry=is_dry)


def _print_pruning(context: Context, pruning: Pruning, *, is_dry: bool) -> None:
    from archive.pruning import describe_reasons

    if context.as_json:
        counts = {name: getattr(pruning, name) for name in ("before", "nights", "files", "bytes_before", "bytes_after")}
        print_json({"dry_run": is_dry} | counts | {"freed": pruning.freed, "kept": pruning.kept})
        return
    nights, files = counted(len(pruning.nights), "night"), counted(pruning.files, "WARC file")
    click.echo(
        f"{nights} before {pruning.before} {'would be pruned' if is_dry else 'pruned'}: {files}, "
        f"{pruning.freed:,} of {pruning.bytes_before:,} bytes freed."
    )
    if pruning.kept:
        click.echo("nights kept, by the first reason that holds:")
    for count, words in describe_reasons(pruning):
        click.echo(f"{count:>6}  {words}")


@click.command()
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would be done; change nothing.")
@with_globals()
def compact(context: Context, *, is_dry: bool) -> None:
    """Fold old sightings in archive.db: "on this page from night 3 to night 90" instead of a row each night.

    The last 14 crawls stay as they are. Nothing is lost but the place on the page that an old night showed a report at;
    every answer stays the same.

    Example: baogao compact
    """
    from archive.cli.context import reading, writing
    from archive.folding import fold, shrink

    is_smaller = False
    if is_dry:
        with reading(context, research=True) as connection:
            folding = fold(connection, dry=True)
    else:
        with writing(context, "baogao compact", frees=True) as (connection, _):
            folding = fold(connection)
            is_smaller = shrink(connection, context.data, folding)
    freed = folding.bytes_before - folding.bytes_after
    if context.as_json:
        rows = {"rows_before": folding.before, "rows_after": folding.after}
        print_json({"dry_run": is_dry, "last_run": folding.last_run} | rows | {"freed": freed})
        return
    if folding.last_run is None:
        click.echo("nothing to fold: there are no more nights than are kept as they are.")
        return
    if folding.after == folding.before and not is_smaller:
        click.echo(f"nothing to fold: sightings to run {folding.last_run} are folded already.")
        return
    verb = "would be folded" if is_dry else "folded"
    click.echo(f"sightings to run {folding.last_run} {verb}: {folding.before:,} rows, {folding.after:,} after that.")
    if not is_dry:
        click.echo(
            f"archive.db: {freed:,} bytes freed." if is_smaller else "archive.db: the nights to come fill the room."
        )
