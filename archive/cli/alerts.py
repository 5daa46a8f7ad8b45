"""The commands that tell people, and what a person decides about messages that wait."""

from __future__ import annotations

import os
import sys
import time
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import click

from archive.cli.alerts_trial import try_out
from archive.cli.context import NUMBER, Context, clock, for_schedulers, print_json, say, with_globals
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.alerts.model import Delivery
    from archive.config import Config
    from archive.store import DataDirectory

#: for what only must not happen everywhere at once
_jitter = SystemRandom().random
#: what a night leaves that somebody must look at or that is still on its way
_OPEN = ("held", "pending", "dead")
NUMBERS = click.argument("numbers", nargs=-1, required=True, type=NUMBER, metavar="ID...")


def register_before_night(data: DataDirectory, config: Config) -> None:
    """New rules hear of what tonight brings. Whatever ails alerts.db, the night is crawled.

    Raises StorageError where no night can begin.
    """
    from archive.alerts.notifying import register
    from archive.errors import BaogaoError

    data.prepare()  # what the night would say of it is said once
    try:
        register(data, config)
    except BaogaoError as error:
        say(f"baogao: {error} Alerts wait until then.")


def notify_after_night(data: DataDirectory, config: Config, *, send: bool) -> dict[str, Any] | None:
    """At the end of a settled night: as `notify --json` says it, or why alerts were not sent; None: nobody is told.

    Where something stayed ``undelivered``, the night's own verdict stands.
    """
    from archive.alerts.notifying import PATIENCE_SECONDS, hold_outbox, notify
    from archive.errors import BaogaoError

    if not config.rules and not data.alerts.exists():
        return None
    try:
        if not send:
            with hold_outbox(data, config, command="baogao crawl", clock=clock, patience=PATIENCE_SECONDS):
                return None
        tally = notify(
            data,
            config,
            os.environ,
            command="baogao crawl",
            clock=clock,
            jitter=_jitter,
            sleep=time.sleep,
            say=say,
            patience=PATIENCE_SECONDS,
        )
    except BaogaoError as error:
        if error.exit_code >= 128:  # noqa: PLR2004 - a signal ends the program, whatever it was doing
            raise
        say(f"baogao: alerts were not sent: {error} `baogao notify` tries again; the night itself is settled.")
        return {"undelivered": True, "error": str(error)}
    if tally.sentence:
        say(f"alerts: {tally.sentence}")
    return tally.to_json()


@click.command()
@with_globals()
@for_schedulers(6, 8)
def notify(context: Context) -> None:
    """Send what is due: new messages, retries and daily digests; run it every hour or so.

    `baogao crawl` does it at the end of a settled night. Example: baogao notify
    """
    from archive.alerts.notifying import notify as send
    from archive.alerts.tally import Tally
    from archive.crawl import stop_on_signals
    from archive.errors import Undelivered

    config = context.load_config()
    if context.data.is_new:
        print_json(Tally(0, 0, 0, 0).to_json()) if context.as_json else click.echo(
            "nothing to send before the first night."
        )
        return
    with stop_on_signals("what was sent is on record; `baogao notify` goes on from there"):
        tally = send(
            context.data,
            config,
            os.environ,
            command="baogao notify",
            clock=clock,
            jitter=_jitter,
            sleep=time.sleep,
            say=say,
        )
    if context.as_json:
        print_json(tally.to_json())
    else:
        click.echo(tally.sentence or "nothing to send.")
    if tally.undelivered:
        sys.exit(Undelivered.exit_code)


@click.group()
def alerts() -> None:
    """What waits to be told or decided, rules tried on the past, and channels tried for real.

    Example: baogao alerts list
    """


alerts.add_command(try_out)


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what was sent, released and dropped.")
@with_globals()
def list_alerts(context: Context, *, everything: bool) -> None:
    """What is held for a person, waits to be sent, or is dead.

    Example: baogao alerts list
    """
    from archive.alerts.notifying import look_at_outbox
    from archive.alerts.outbox import list_messages

    config = context.load_config()
    with look_at_outbox(context.data, config, command="baogao alerts", clock=clock, say=say) as (outbox, connection):
        found = list_messages(outbox, states=() if everything else _OPEN)
        if context.as_json:
            from archive.alerts.listing import describe_message

            print_json([describe_message(outbox, connection, message, config) for message in found])
            return
        from archive.alerts.listing import tabulate_messages

        click.echo(tabulate_messages(outbox, connection, found, config))


@alerts.command()
@NUMBERS
@with_globals()
def release(context: Context, numbers: tuple[int, ...]) -> None:
    """Tell what was held: each rule that matches gets one summary, sent by the next `baogao notify`.

    Example: baogao alerts release 3
    """
    _decide(context, "release", numbers)


@alerts.command()
@NUMBERS
@with_globals()
def drop(context: Context, numbers: tuple[int, ...]) -> None:
    """Tell nobody: what was held, what waits, or what is dead.

    Example: baogao alerts drop 3
    """
    _decide(context, "drop", numbers)


@alerts.command()
@NUMBERS
@with_globals()
def retry(context: Context, numbers: tuple[int, ...]) -> None:
    """Try again, now, what is dead or waits for its next attempt.

    Example: baogao alerts retry 7, then baogao notify
    """
    from archive.alerts.deciding import retry_messages
    from archive.alerts.notifying import hold_outbox

    config = context.load_config()
    with hold_outbox(context.data, config, command="baogao alerts", clock=clock) as (outbox, _):
        retry_messages(outbox, _find(outbox, numbers), now=clock())
    _confirm(context, "retry", numbers, "will be tried by the next `baogao notify`")


def _find(outbox: Any, numbers: tuple[int, ...]) -> list[Delivery]:
    from archive.alerts.outbox import list_messages

    found = list_messages(outbox, ids=numbers)
    missing = sorted(set(numbers) - {message.id for message in found})
    if missing:
        raise UsageError(f"There is no alert {missing[0]}: `baogao alerts list` shows their numbers.")
    return found


def _decide(context: Context, decision: str, numbers: tuple[int, ...]) -> None:
    from archive.alerts.deciding import drop_messages, release_messages, split_held
    from archive.alerts.notifying import hold_outbox
    from archive.cli.context import writing

    config = context.load_config()
    data = context.data
    with hold_outbox(data, config, command="baogao alerts", clock=clock) as (outbox, connection):
        found = _find(outbox, numbers)
        settled, ours = split_held(found, decision, config.rules)
        events = [event for message in settled for event in list_held_events(outbox, connection, message)]
    if events:  # the settlement's own decision: on record in the journal, and so outside alerts.db
        from archive.deciding import drop_events, release_events

        with writing(context, f"baogao alerts {decision}") as (archive, reader):
            (release_events if decision == "release" else drop_events)(archive, data, events, reader, now=clock())
    with hold_outbox(data, config, command="baogao alerts", clock=clock) as (outbox, connection):
        if ours:  # nobody held the outbox for a moment: another may have sent or decided them
            _, ours = split_held(_find(outbox, tuple(each.id for each in ours)), decision, config.rules)
        if decision == "release":
            release_messages(outbox, connection, config, ours, now=clock())
        else:
            drop_messages(outbox, ours, now=clock())
    done = "released: `baogao notify` sends it" if decision == "release" else "dropped: nobody will be told"
    _confirm(context, decision, numbers, done)


def list_held_events(outbox: Any, connection: Any, message: Delivery) -> list[Any]:
    from archive.alerts.events import load_events
    from archive.alerts.outbox import list_event_ids

    return [event for event in load_events(connection, list_event_ids(outbox, message.id)) if event.alert == "held"]


def _confirm(context: Context, decision: str, numbers: tuple[int, ...], done: str) -> None:
    if context.as_json:
        print_json({"decision": decision, "ids": sorted(set(numbers))})
    else:
        for number in sorted(set(numbers)):
            click.echo(f"{number} {done}.")


@alerts.command("send-test")
@click.argument("channel")
@with_globals()
def send_test(context: Context, channel: str) -> None:
    """Send one marked test message through the real path of a channel.

    Example: baogao alerts send-test mail
    """
    from archive.alerts.sending import send_test as send
    from archive.crawl import stop_on_signals
    from archive.errors import Undelivered

    config = context.load_config()
    if channel not in config.channels:
        known = ", ".join(config.channels) or "none yet: baogao.toml needs a section [channel.NAME]"
        raise UsageError(f"There is no channel {channel!r}; there are: {known}.")
    with stop_on_signals():
        outcomes = send(config.channels[channel], config, os.environ, now=clock())
    if context.as_json:
        print_json([{"target": target, "state": each.state, "detail": each.detail} for target, each in outcomes])
    else:
        for target, outcome in outcomes:
            click.echo(f"{target}: {outcome.state}{f' ({outcome.detail})' if outcome.detail else ''}")
    if any(outcome.state != "sent" for _, outcome in outcomes):
        sys.exit(Undelivered.exit_code)
