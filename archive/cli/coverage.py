"""The command ``coverage``: which nights were looked at."""

from __future__ import annotations

import click

from archive.cli.context import Context, clock, print_json, reading, with_globals
from archive.errors import UsageError


@click.command()
@click.option("--listing", metavar="L", help="That listing alone.")
@click.option("--since", metavar="DATE", help="From this date (UTC) on.")
@click.option("--until", metavar="DATE", help="Up to this date; without it up to today.")
@click.option("--as-of", metavar="RUN|TIME", help="By the runs of that time.")
@with_globals()
def coverage(context: Context, listing: str | None, since: str | None, until: str | None, as_of: str | None) -> None:
    """Which nights were looked at, listing by listing: complete, partial, rejected, missed.

    Only a complete night can tell that a report was not there.

    Example: baogao coverage --since 2026-11-01
    """
    from archive.coverage import list_gaps, list_nights
    from archive.moments import read_moment
    from archive.render import render_coverage

    first = read_moment(since)[:10] if since else ""
    last = read_moment(until)[:10] if until else "9"
    if first > last:
        raise UsageError(f"--since {first} is later than --until {last}: exchange them.")
    with reading(context) as connection:
        nights = list_nights(connection, listing=listing, as_of=as_of, today=clock()[:10])
    rows = [row for row in nights if first <= row["date"] <= last]
    if context.as_json:
        print_json(rows)
    else:
        click.echo(render_coverage(rows, list_gaps(nights, since=first, until=last)))
