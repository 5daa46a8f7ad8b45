"""The commands of somebody who sets baogao up: a configuration to begin with, a first look at it, what ails it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.context import Context, Seconds, clock, print_json, say, with_globals
from archive.cli.nights import LISTING_HELP
from archive.counted import counted
from archive.errors import UsageError
from archive.printable import spell_out

if TYPE_CHECKING:
    from archive.doctor import Finding
    from archive.firstpages import FirstPage

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@with_globals()
def init(context: Context) -> None:
    """Write a baogao.toml that explains itself; as it stands it changes nothing.

    Asks nothing and never overwrites a file. Example: baogao init, or baogao init --config /etc/baogao.toml
    """
    from importlib.resources import files

    from archive.durable import refuse_place, write_new

    path = context.find_config() or Path("baogao.toml")
    text = files("archive").joinpath("starter.toml").read_bytes()
    try:
        write_new(path, text)
    except FileExistsError:
        raise UsageError(f"{path} is there already and stays as it is: name another file with --config.") from None
    except OSError as error:
        raise refuse_place(path, error, "name another place with --config") from error
    if context.as_json:
        print_json({"path": str(path)})
    else:
        click.echo(f"{spell_out(str(path))} is written: edit it, then run `baogao check`.")


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--listing", "patterns", multiple=True, metavar="PATTERN", help=LISTING_HELP)
@click.option("--delay", type=Seconds(0, 3600), metavar="S", help="Seconds between two requests.")
@with_globals()
def check(context: Context, urls: tuple[str, ...], patterns: tuple[str, ...], delay: float | None) -> None:
    """Load the configuration, fetch page 1 of each listing, and say what a night would make of it.

    Keeps nothing, locks nothing and needs no archive. Ends as a crawl would: 0, 3 (no answer), 4 (not to be read:
    redesigned?), 5 (blocked); 2 where only a secret is missing. Example: baogao check
    """
    from archive.config import check_delay, choose_listings
    from archive.crawl import Stopped, stop_on_signals
    from archive.examine import find_missing_secrets
    from archive.firstpages import check_first_pages, choose_exit_code

    config = context.load_config()
    listings = choose_listings(config, urls, patterns)
    pause = config.delay if delay is None else delay
    check_delay(pause, listings, "--delay" if delay is not None else "crawl.delay")
    secrets = list(find_missing_secrets(config, os.environ))
    try:
        with stop_on_signals():
            pages = check_first_pages(
                listings,
                delay=pause,
                user_agent=config.user_agent,
                now=clock(),
                hosts_at_once=config.max_concurrent_hosts,
            )
    except Stopped as stopped:
        say("baogao: stopped; a check keeps nothing.")
        sys.exit(stopped.exit_code)
    code = choose_exit_code(pages) or (UsageError.exit_code if secrets else 0)
    name = context.find_config()
    if context.as_json:
        told = [page.to_json() for page in pages]
        print_json({"config": name and str(name), "listings": told, "secrets": secrets, "exit_code": code})
    else:
        counts = f"listings: {len(config.listings)}, rules: {len(config.rules)}, channels: {len(config.channels)}"
        click.echo(f"configuration: {spell_out(str(name or 'the built-in default'))} ({counts})")
        for page in pages:
            click.echo("\n" + _render_page(page))
        for secret in secrets:
            click.echo(f"\nsecret missing or not usable: {spell_out(secret)}")
    sys.exit(code)


def _render_page(page: FirstPage) -> str:
    lines = [f"{spell_out(page.listing)}  {spell_out(page.url)}"]
    if page.stopped is not None:
        lines.append(f"  NOT READ (exit code {page.exit_code}): {spell_out(page.stopped)}")
    if page.entries is not None:
        untitled = f", {page.untitled} without a title" if page.untitled else ""
        pages = counted(page.pages, "page") if page.pages else "no last page"
        total = f", {counted(page.reports, 'report')}" if page.reports else ""
        follows = f"page 2 by {page.next_by}: {page.next_url}" if page.next_url else "nothing leads to a page 2"
        lines += [
            f"  entries  {page.entries}: {page.chinese} with Chinese, {page.english} with English{untitled}",
            f"  first    {spell_out(page.first or '')}",
            f"  last     {spell_out(page.last or '')}",
            f"  pager    announces {pages}{total}; {spell_out(follows)}",
            f"  frame    {counted(page.frame or 0, 'text')} beside entries and pager; {page.charset}",
        ]
    lines += [f"  note     {spell_out(note)}" for note in page.notes]
    return "\n".join(lines)


@click.command()
@with_globals()
def doctor(context: Context) -> None:
    """What ails this installation or its archive, and what to do; works without an archive, and never writes.

    Ends with 0 where nothing is broken (warnings are no fault), 7 where nothing could be stored, 2 where the
    installation or its configuration is wrong. Example: baogao doctor
    """
    from archive.doctor import choose_exit_code, diagnose
    from archive.examine import examine

    name = context.find_config()
    try:
        config = context.load_config()
    except UsageError as error:
        config = error  # type: ignore[assignment]
    facts = examine(context.data, config, str(name or "the built-in default"), os.environ, now=clock())
    findings = diagnose(facts)
    code = choose_exit_code(findings)
    if context.as_json:
        checks = [finding.to_json() for finding in findings]
        print_json({"exit_code": code, "versions": facts.versions, "checks": checks})
    else:
        from archive.render import render_table

        versions = [(name, version) for name, version in facts.versions.items() if version]
        click.echo(render_table(("", ""), versions).strip() + "\n\n" + _render_findings(findings))
    sys.exit(code)


def _render_findings(findings: list[Finding]) -> str:
    width = max(len(finding.check) for finding in findings)
    lines = []
    for finding in findings:
        level = click.style(f"{finding.level:<7}", fg=_COLOURS[finding.level])
        lines.append(f"{level}  {finding.check:<{width}}  {spell_out(finding.found)}")
        if finding.advice:
            lines.append(f"{'':<{width + 9}}  → {spell_out(finding.advice)}")
    return "\n".join(lines)
