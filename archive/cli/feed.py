"""The command that writes the feed for feed readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.context import Context, NamedPath, reading, with_globals
from archive.errors import UsageError

if TYPE_CHECKING:
    from typing import Literal


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["atom", "json"]), help="Atom (the default), or JSON Feed; --json is json."
)
@click.option(
    "--on",
    multiple=True,
    type=click.Choice(["appeared", "changed", "withdrawn", "reappeared", "all"]),
    help="These events, not new reports alone; may be repeated.  [appeared]",
)
@click.option("--listing", metavar="KEY", help="Only reports that this listing holds or held, such as tag:人民日报.")
@click.option("--search", "query", metavar="QUERY", help="Only what this search finds; as in `baogao search`.")
@click.option(
    "-o",
    "--output",
    type=NamedPath(path_type=Path, dir_okay=False, allow_dash=True),
    help="A file, untouched where nothing is new; - or without it, standard output.",
)
@with_globals()
def feed(
    context: Context,
    /,
    form: Literal["atom", "json"] | None,
    on: tuple[str, ...],
    listing: str | None,
    query: str | None,
    output: Path | None,
) -> None:
    """The latest 100 events that may be announced, as a feed; `baogao serve` has it as /feed.atom and /feed.json.

    Links to archived versions need `base_url` in the section [web] of baogao.toml.

    Example: baogao feed --search '数字人民币 OR "digital RMB"' --on all -o /srv/www/feed.atom
    """
    from archive.cli.serve import end_on_signals
    from archive.export import open_whole
    from archive.feeds.atom import build_atom
    from archive.feeds.entries import load_feed
    from archive.feeds.jsonfeed import build_json_feed
    from archive.feeds.selection import make_selection
    from archive.feeds.writing import write_feed
    from archive.tables import hold_snapshot

    if context.as_json and form == "atom":
        raise UsageError("--json is --format json, and excludes --format atom: give one of them.")
    base_url = context.load_config().base_url
    with end_on_signals():
        with reading(context, research=query is not None) as connection, hold_snapshot(connection):
            selection = make_selection(connection, on=on, listing=listing, query=query)
            made = load_feed(connection, selection, base_url=base_url)
        content = build_json_feed(made) if context.as_json or form == "json" else build_atom(made)
        if output is None or output == Path("-"):
            with open_whole(None) as file:
                file.write(content)
        else:
            write_feed(content, output)
