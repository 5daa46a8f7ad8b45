"""The command that cites a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.cli.context import NUMBER, Context, reading, say, with_globals
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.cite import Form


@click.command()
@click.argument("key")
@click.option("--version", "number", type=NUMBER, metavar="N", help="That version; without it the current reading.")
@click.option("--as-of", metavar="RUN|TIME", help="As the archive knew it then.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "bibtex", "csl", "ris"]),
    help="A sentence (the default), or what a reference manager reads.",
)
@click.option("--base-url", metavar="URL", help="Of a served archive: links to the version's page there.")
@with_globals()
def cite(
    context: Context, key: str, number: int | None, as_of: str | None, form: Form | None, base_url: str | None
) -> None:
    """One version of a report as a citation that can be proved; --json is --format csl.

    The access time is that of the archived page; a date of publication that no page shows is never guessed (n.d.).

    Example: baogao cite report.iimedia.cn:46641 --version 1 --format bibtex
    """
    from archive.cite import cite as cite_record
    from archive.query import explain_as_of, load_record

    if context.as_json and form not in (None, "csl"):
        raise UsageError(f"--json is --format csl, and excludes --format {form}: give one of them.")
    with reading(context) as connection:
        record = load_record(connection, key, version=number, as_of=as_of)
        if odd := explain_as_of(connection, as_of):
            say(f"baogao: {odd}")
    click.echo(cite_record(record, form or ("csl" if context.as_json else "text"), base_url=base_url))
