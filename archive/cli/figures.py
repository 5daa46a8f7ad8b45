"""The commands that read figures: those of reports, where their languages disagree, and one measure over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.context import NUMBER, Context, NamedPath, print_json, reading, say, with_globals
from archive.counted import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archive.figures.reading import Extracted
    from archive.sqlite import sqlite3

ROLES = ("level", "count", "share", "change", "ratio", "threshold")
as_of_option = click.option("--as-of", metavar="RUN|DATE", help="As the archive knew it then.")
listing_option = click.option("--listing", metavar="L", help="Only reports of that listing: its key, tag or address.")
unit_option = click.option("--unit", metavar="U", help="Only in that unit: CNY, USD, %, persons, …")


@click.command()
@click.argument("key", required=False, metavar="[KEY]")
@click.option("--version", "number", type=NUMBER, metavar="N", help="That version; without it the current reading.")
@click.option("--disagreeing", is_flag=True, help="Where Chinese and English do not say the same.")
@as_of_option
@listing_option
@unit_option
@with_globals()
def figures(
    context: Context,
    key: str | None,
    number: int | None,
    as_of: str | None,
    listing: str | None,
    unit: str | None,
    *,
    disagreeing: bool,
) -> None:
    """The figures of a report, or of all: amounts, percentages, counts and ratios as extracted from the summaries.

    Example: baogao figures report.iimedia.cn:46641 --disagreeing
    """
    from archive.export import deliver
    from archive.figures.reading import list_figures, name_unit, read_versions
    from archive.query import explain_as_of

    unit = name_unit(unit) if unit is not None else None
    with reading(context, research=True) as connection:
        if odd := explain_as_of(connection, as_of):
            say(f"baogao: {odd}")
        if context.as_json:
            found = list_figures(
                connection, key, version=number, as_of=as_of, disagreeing=disagreeing, listing=listing, unit=unit
            )
            deliver(_write_array(found), None)
            return
        read = read_versions(connection, key, version=number, as_of=as_of, listing=listing)
        for part in _render(connection, read, unit, disagreeing=disagreeing):
            click.echo(part)


def _write_array(found: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One JSON document, piece by piece: the figures of a large archive do not fit into memory."""
    from archive.export import dump_json

    mark = "["
    for one in found:
        yield f"{mark}\n{dump_json(one)}"
        mark = ","
    yield "[]\n" if mark == "[" else "\n]\n"


def _render(
    connection: sqlite3.Connection, read: Iterable[Extracted], unit: str | None, *, disagreeing: bool
) -> Iterator[str]:
    """Report by report, and in the end what was looked through."""
    from archive.figures.reading import load_texts, measures_in
    from archive.figures.table import render_disagreements, render_figures

    versions, shown = 0, 0
    units: set[str] = set()
    for one in read:
        versions += 1
        found = one.describe_disagreements() if disagreeing else one.describe()
        units.update(figure["unit"] for figure in found if not disagreeing)
        chosen = [each for each in found if unit is None or measures_in(each, unit)]
        if chosen:
            shown += len(chosen)
            if disagreeing:
                texts = load_texts(connection, one.disagreements[0][0])
                yield render_disagreements(one.key, one.version, one.title, chosen, texts)
            else:
                yield render_figures(one.key, one.version, one.title, chosen)
    what = "disagreement" if disagreeing else "figure"
    inside = counted(versions, "report")
    if shown:
        yield f"{counted(shown, what)} extracted from {inside} by a program; no person has checked them."
    elif not versions:
        yield "no reports there yet."
    elif unit is not None and units:
        yield f"no {what} in {unit!r} was extracted from {inside}; the units there are {', '.join(sorted(units))}."
    else:
        yield f"no {what}{'' if unit is None else f' in {unit!r}'} was extracted from {inside}."


@click.command()
@click.argument("words", nargs=-1, required=True)
@as_of_option
@listing_option
@unit_option
@click.option("--role", type=click.Choice(ROLES), help="Only in that role; without it the one said most often.")
@click.option("--plot", type=NamedPath(path_type=Path, dir_okay=False), metavar="FILE.svg", help="Draw it too.")
@with_globals()
def series(
    context: Context,
    words: tuple[str, ...],
    as_of: str | None,
    listing: str | None,
    unit: str | None,
    role: str | None,
    plot: Path | None,
) -> None:
    """One measure over reports and versions: who said what of which year, when, and how it was revised.

    Every word must stand in the measure or in the report's title, one at least in the measure.

    Example: baogao series "数字人 市场规模" --plot series.svg
    """
    from archive.export import deliver
    from archive.figures.plot import can_be_drawn, draw_series
    from archive.figures.series import build_series
    from archive.figures.table import render_series
    from archive.query import explain_as_of

    with reading(context, research=True) as connection:
        if odd := explain_as_of(connection, as_of):
            say(f"baogao: {odd}")
        found = build_series(connection, " ".join(words), as_of=as_of, unit=unit, role=role, listing=listing)
    if context.as_json:
        print_json(found.describe())
    else:
        click.echo(render_series(found))
    if plot is None:
        return
    if any(map(can_be_drawn, found.statements)):
        deliver([draw_series(found)], plot)
    else:
        say(f"baogao: {plot.name!r} was not written: no figure of this series has a year.")
