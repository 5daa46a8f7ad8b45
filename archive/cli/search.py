"""The command that searches, and what it found for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archive.cli.context import Context, print_json, reading, say, with_globals
from archive.counted import counted
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.search.passages import Pieces
    from archive.search.query import Found, Hit

MOST = 10_000  #: hits at once; whoever wants all takes `baogao export`


# no short option: -hotel leaves out hotels
@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="QUERY...")
@click.option(
    "--field", "fields", multiple=True, type=click.Choice(["title", "zh", "en"]), help="Only there; may be repeated."
)
@click.option("--as-of", metavar="RUN|TIME", help="As the archive knew it then.")
@click.option("--state", type=click.Choice(["listed", "missing", "withdrawn"]))
@click.option("--listing", metavar="KEY", help="Only reports that this listing holds or held, such as tag:人民日报.")
@click.option("--since", metavar="DATE", help="First seen on that day (UTC) or later.")
@click.option("--until", metavar="DATE", help="First seen on that day (UTC) or earlier.")
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True)
@click.option("--all-versions", is_flag=True, help="Old texts as well, and in which version they were.")
@with_globals()
def search(context: Context, /, words: tuple[str, ...], *, limit: int, all_versions: bool, **filters: Any) -> None:
    """Find reports by their words, Chinese or English; those with all of them in the title come first.

    Words are joined by "and". OR stands between alternatives, parentheses group, -word leaves out, "quotation marks"
    keep a phrase together, pay* is every word that begins so, title: zh: en: say where. 40000 is 40,000 too, and
    traditional characters find simplified ones. Options stand anywhere before a bare --.

    Example: baogao search 数字人民币 -跨境 'title:"digital RMB"'
    """
    from archive.query import explain_as_of
    from archive.search.query import search as find
    from archive.search.terms import parse

    for word in words:
        if word.startswith("--"):
            raise UsageError(
                f"There is no option {parse(word).text}: `baogao search --help` lists them; one dash leaves a word out."
            )
    query = " ".join(words)
    with reading(context, research=True) as connection:
        if odd := explain_as_of(connection, filters["as_of"]):
            say(f"baogao: {odd}")
        found = find(connection, query, limit=limit, all_versions=all_versions, **filters)
    if not found.searched:
        raise UsageError(found.message or "")
    if context.as_json:
        print_json({"query": parse(query).text, **describe(found)})
    else:
        click.echo(render_found(found))


def describe(found: Found) -> dict[str, Any]:
    return {"total": found.total, "message": found.message, "hits": [_describe_hit(hit) for hit in found.hits]}


def _describe_hit(hit: Hit) -> dict[str, Any]:
    return {
        "key": hit.key,
        "url": hit.url,
        "title": _join(hit.title),
        "series": hit.series,
        "state": hit.state,
        "listings": hit.listings,
        "version": hit.version,
        "current": hit.current,
        "observed_at": hit.observed_at,
        "versions": hit.versions,
        "found_in": hit.found_in,
        "snippets": [
            {"field": field, "text": _join(pieces), "matches": _place(pieces)}
            for field, pieces in (("title", hit.title), *hit.snippets)
        ],
    }


def _join(pieces: Pieces) -> str:
    return "".join(text for text, _ in pieces)


def _place(pieces: Pieces) -> list[list[int]]:
    """Where the matches stand: [start, end) in code points."""
    places, place = [], 0
    for text, match in pieces:
        if match:
            places.append([place, place + len(text)])
        place += len(text)
    return places


def render_found(found: Found) -> str:
    if not found.hits:
        return "\n".join(filter(None, ("nothing found.", found.message)))
    shown = "" if len(found.hits) == found.total else f", the first {len(found.hits)} of them; --limit shows more"
    last = f"{counted(found.total, 'report')} found{shown}."
    return "\n\n".join((*map(_render_hit, found.hits), "\n".join(filter(None, (last, found.message)))))


def _render_hit(hit: Hit) -> str:
    from archive.printable import spell_out

    version = f"version {hit.version}{'' if hit.current else ' (not the current one)'}"
    lines = [
        "".join(click.style(spell_out(text), bold=True, underline=match) for text, match in hit.title),
        f"{spell_out(hit.key)}  {version}  {hit.state}  {hit.observed_at}",
    ]
    if hit.found_in:
        lines.append(hit.found_in)
    for _, pieces in hit.snippets:
        shown = (
            click.style(spell_out(text), bold=True, fg="yellow") if match else spell_out(text) for text, match in pieces
        )
        lines.append("  " + "".join(shown))
    return "\n".join(lines)
