"""By which channel a message goes: by its own, or by another one that leads to the same mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.alerts.rules import SmtpChannel

if TYPE_CHECKING:
    from archive.alerts.model import Delivery
    from archive.config import Config
    from archive.sqlite import sqlite3


def is_target(config: Config, name: str, recipient: str) -> bool:
    """Whether a message to them can be sent; else it is parked."""
    channel = config.channels.get(name)
    if isinstance(channel, SmtpChannel):
        return recipient in channel.to
    return channel is not None and not recipient


def list_other_ways(outbox: sqlite3.Connection, config: Config, message: Delivery) -> list[tuple[str, str]]:
    """Channels and recipients, the next one first: those of the rules whose events it tells to one mailbox."""
    own = (message.channel, message.recipient)
    rows = outbox.execute(
        "SELECT DISTINCT channel, recipient FROM deliveries WHERE message_id = ? AND recipient <> '' ORDER BY 1, 2",
        (message.id,),
    ).fetchall()
    ways = [(channel, recipient) for channel, recipient in rows if is_target(config, channel, recipient)]
    return [way for way in ways if way > own] + [way for way in ways if way < own]


def turn(outbox: sqlite3.Connection, config: Config, message: Delivery) -> bool:
    """Let it go by the next way, under the same key; False where there is none."""
    others = list_other_ways(outbox, config, message)
    if others:
        outbox.execute("UPDATE messages SET channel = ?, recipient = ? WHERE id = ?", (*others[0], message.id))
    return bool(others)
