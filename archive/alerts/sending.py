"""Emptying the outbox: what is due is tried, and once more what may be tried again at once."""

from __future__ import annotations

from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from archive.alerts.backoff import count_seconds
from archive.alerts.couriers import Worker, open_courier
from archive.alerts.dispatch import ROUND_SECONDS, Dispatch, find_path, say_unanswered
from archive.alerts.ledger import SOON_SECONDS
from archive.alerts.model import Notice, Outcome
from archive.alerts.outbox import BEGIN_ANEW, count_messages, list_backlog, list_messages
from archive.alerts.rules import SmtpChannel
from archive.alerts.tally import Backlog, Tally
from archive.alerts.ways import is_target, turn
from archive.store import storage_errors, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archive.alerts.rules import Channel
    from archive.config import Config
    from archive.sqlite import sqlite3

__all__ = ["Tally", "send_due", "send_test"]

#: for one message, however its endpoint behaves; each kind of channel ends earlier by itself, but for a name server
PATIENCE_SECONDS = 30.0


def send_due(
    outbox: sqlite3.Connection,
    connection: sqlite3.Connection,
    config: Config,
    environment: Mapping[str, str],
    *,
    clock: Callable[[], str],
    jitter: Callable[[], float],
    sleep: Callable[[float], object],
    say: Callable[[str], None],
    patience: float = PATIENCE_SECONDS,
    time_limit: float = ROUND_SECONDS,
) -> Tally:
    """Try every message that is due, and once more what may be tried again within ten seconds.

    ``time_limit``: in seconds; what is not in the air by then stays due.
    Raises StorageError; and whatever the caller's signal handlers raise, after what was in the air is on record.
    """
    with storage_errors(find_path(outbox), cure=BEGIN_ANEW):
        _leave_dead_ends(outbox, config)
        due = list_messages(outbox, due_by=clock())
        served = [message for message in due if is_target(config, message.channel, message.recipient)]
        dispatch = Dispatch(outbox, connection, config, environment, clock, jitter, say, patience, time_limit)
        dispatch.deliver(served)
        now = clock()
        # also what a crash left in the air a moment ago, which may have come due meanwhile
        asked = {each.id for each in due}
        cut = {
            each.id: each.not_before
            for each in list_messages(outbox, states=("pending",))
            if each.attempts and each.id not in asked
        }
        later = (cut | dispatch.ledger.later).items()  # what failed first may be due again while another was hanging
        soon = {number: at for number, at in later if count_seconds(now, at) <= SOON_SECONDS}
        if soon and not dispatch.is_over:
            last = max(soon.values())
            sleep(max(0.0, count_seconds(now, last)))
            again = list_messages(outbox, due_by=max(last, clock()))
            again = [message for message in again if message.id in soon]
            dispatch.deliver(each for each in again if is_target(config, each.channel, each.recipient))
        waiting = list_messages(outbox, states=("pending",))
        return Tally(
            dispatch.ledger.sent,
            dispatch.ledger.dead,
            sum(not is_target(config, each.channel, each.recipient) for each in waiting),
            count_messages(outbox, "dead"),
            count_messages(outbox, "held"),
            _sum_up(outbox, config, clock()),
        )


def send_test(
    channel: Channel,
    config: Config,
    environment: Mapping[str, str],
    *,
    now: str,
    patience: float = PATIENCE_SECONDS,
) -> list[tuple[str, Outcome]]:
    """One marked message to each target of a channel, the way every message goes. Raises UsageError."""
    courier = open_courier(channel, environment)
    finished: SimpleQueue[Worker] = SimpleQueue()
    worker = Worker(courier, finished)
    outcomes: list[tuple[str, Outcome]] = []
    stop: Outcome | None = None
    try:
        for recipient in channel.to if isinstance(channel, SmtpChannel) else ("",):
            if stop is not None:
                outcomes.append((recipient, Outcome("retry", f"not tried: {stop.detail}", whole_channel=True)))
                continue
            key = str(uuid5(NAMESPACE_URL, f"baogao test\n{channel.name}\n{recipient}\n{now}"))
            worker.hand_over(courier.compose(Notice(key, "", "test", (), now, config.base_url), recipient, now))
            try:
                outcome = finished.get(timeout=patience).outcome
            except Empty:
                outcome = None
            outcome = outcome or say_unanswered(patience)
            outcomes.append((recipient or channel.name, outcome))
            stop = outcome if outcome.whole_channel and outcome.state != "sent" else None
    finally:
        worker.dismiss()
        worker.join(2.0)
    return outcomes


def _leave_dead_ends(outbox: sqlite3.Connection, config: Config) -> None:
    """What was for a channel or recipient that is not there any more goes by another that is, if there is one."""
    with transaction(outbox):
        for message in list_messages(outbox, states=("pending",)):
            if not is_target(config, message.channel, message.recipient):
                turn(outbox, config, message)


def _sum_up(outbox: sqlite3.Connection, config: Config, now: str) -> tuple[Backlog, ...]:
    """What waits, by channel, but for what is parked."""
    channels: dict[str, Backlog] = {}
    for channel, recipient, messages, at, error in list_backlog(outbox):
        if is_target(config, channel, recipient):
            known = channels.get(channel, Backlog(channel, 0, at, error))
            first = min(known, Backlog(channel, 0, at, error), key=lambda each: each.next_attempt_at)
            channels[channel] = replace(first, messages=known.messages + messages)
    return tuple(replace(each, is_due=each.next_attempt_at <= now) for each in channels.values())
