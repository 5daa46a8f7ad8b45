"""What a person decides about messages: release what was held, drop it, or try a dead one again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.alerts.outbox import enable
from archive.alerts.planning import release
from archive.errors import UsageError
from archive.printable import spell_out
from archive.store import transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.alerts.model import Delivery
    from archive.alerts.rules import Rule
    from archive.config import Config
    from archive.sqlite import sqlite3


def split_held(
    messages: Sequence[Delivery], decision: str, rules: Sequence[Rule]
) -> tuple[list[Delivery], list[Delivery]]:
    """Those held by the settlement, for every rule, and the others. Raises UsageError for what can't be decided so."""
    names = {"", *(rule.name for rule in rules)}
    for message in messages:
        allowed = ("held",) if decision == "release" else ("held", "pending", "dead")
        if message.state not in allowed:
            raise UsageError(
                f"Alert {message.id} is {message.state}: only what is {' or '.join(allowed)} can be "
                f"{decision.rstrip('e')}{'p' if decision == 'drop' else ''}ed; nothing was changed."
            )
        if decision == "release" and message.rule not in names:
            raise UsageError(
                f"Alert {message.id} was held for the rule {spell_out(message.rule)}, which baogao.toml does not have: "
                f"name it there, or tell nobody by `baogao alerts drop {message.id}`; nothing was changed."
            )
    held = [message for message in messages if not message.rule and message.state == "held"]
    return held, [message for message in messages if message not in held]


def release_messages(
    outbox: sqlite3.Connection,
    connection: sqlite3.Connection,
    config: Config,
    messages: Sequence[Delivery],
    *,
    now: str,
) -> None:
    for message in messages:
        release(outbox, connection, config.rules, config.channels, message.id, now=now)


def drop_messages(outbox: sqlite3.Connection, messages: Sequence[Delivery], *, now: str) -> None:
    with transaction(outbox):
        outbox.executemany(
            "UPDATE messages SET state = 'dropped', reason = ? WHERE id = ?",
            [(f"dropped by a person at {now}", message.id) for message in messages],
        )


def retry_messages(outbox: sqlite3.Connection, messages: Sequence[Delivery], *, now: str) -> None:
    """From the first attempt on, under the same key. A target that wanted no more is asked again. Raises UsageError."""
    for message in messages:
        if message.state not in {"dead", "pending"}:
            raise UsageError(f"Alert {message.id} is {message.state}: only what is dead or pending is tried again.")
    with transaction(outbox):
        for message in messages:
            outbox.execute(
                "UPDATE messages SET state = 'pending', attempts = 0, not_before = ?, reason = '' WHERE id = ?",
                (now, message.id),
            )
            enable(outbox, message.channel, message.recipient)
