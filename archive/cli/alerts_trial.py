"""The command ``alerts test``: what a rule would have sent, for a person who is writing one."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING

import click

from archive.cli.context import Context, print_json, reading, say, with_globals
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.alerts.rules import Rule
    from archive.alerts.trial import Trial, TrialMessage
    from archive.sqlite import sqlite3

_FEW = 10  #: rules that an error names
_NARROWEST = 24  #: cells for titles, whatever the terminal
_EXAMPLE = '[[alert]]\nname = "everything"\nto = ["mail"]'


# not named after what it is called by: a test runner would take it for a test
@click.command("test")
@click.argument("name")
@with_globals()
def try_out(context: Context, name: str) -> None:
    """What a rule would have sent over the whole history, without sending anything.

    Example: baogao alerts test digital-money
    """
    from archive.alerts.trial import try_rule

    rule = find_rule(context.load_config().rules, name)
    with reading(context, research=True) as connection:
        trial = try_rule(connection, rule)
        for listing in rule.listings:
            _warn_of_unknown(connection, listing)
    show_trial(trial, as_json=context.as_json)


def _warn_of_unknown(connection: sqlite3.Connection, listing: str) -> None:
    """It may be crawled from tomorrow on; if it is misspelt, the rule would be silent for ever."""
    from archive.query import find_listing

    try:
        find_listing(connection, listing)
    except UsageError as error:
        say(f"baogao: {error} Until it is crawled, `listing` keeps this rule silent.")


def find_rule(rules: tuple[Rule, ...], name: str) -> Rule:
    """Raises UsageError, naming the rules that there are."""
    from archive.printable import spell_out

    if not rules:
        raise UsageError(f"There is no rule yet: add one to baogao.toml, with the channel that it names.\n\n{_EXAMPLE}")
    for rule in rules:
        if rule.name == name:
            return rule
    known = [rule.name for rule in rules[:_FEW]] + (["…"] if len(rules) > _FEW else [])
    raise UsageError(f"There is no rule {spell_out(name)}: the configuration has {', '.join(known)}.")


def show_trial(trial: Trial, *, as_json: bool) -> None:
    if as_json:
        print_json(trial.to_json())
    else:
        click.echo(render_trial(trial, shutil.get_terminal_size().columns))


def render_trial(trial: Trial, width: int) -> str:
    """A line a message, its titles cut to ``width`` cells; then the sum."""
    from archive.printable import spell_out
    from archive.render import measure, render_table

    last = spell_out(trial.sentence)
    if not trial.messages:
        return last
    header = ("date", "run", "what", "titles")
    rows = [(message.date, message.run, _tell(message)) for message in trial.messages]
    taken = sum(max(measure(str(row[column])) for row in (header, *rows)) + 2 for column in range(3))
    room = max(width - taken, _NARROWEST)
    titles = [_join_titles(message, room) for message in trial.messages]
    table = render_table(header, [(*row, cell) for row, cell in zip(rows, titles, strict=True)])
    return f"{table}\n\n{last}"


def _tell(message: TrialMessage) -> str:
    """One word a kind: 3 appeared, 1 withdrawn (held)."""
    kinds = Counter(kind for kind, _, _ in message.events)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items()) + (" (held)" if message.held else "")


def _join_titles(message: TrialMessage, room: int) -> str:
    """As many as there is room for, the last one cut."""
    from archive.printable import spell_out
    from archive.render import measure

    joined = ""
    for _, key, title in message.events:
        joined += (" · " if joined else "") + spell_out(title or key)
        if measure(joined) > room:
            break
    if measure(joined) <= room:
        return joined
    joined = joined[:room]  # a character has a cell at least
    while measure(joined) > room - 1:
        joined = joined[:-1]
    return joined.rstrip() + "…"
