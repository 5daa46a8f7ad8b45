"""The outbox for a person: a table, and the same as JSON; no address, no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.alerts.events import load_events
from archive.alerts.outbox import list_event_ids
from archive.alerts.tally import PARKED
from archive.alerts.ways import is_target
from archive.printable import spell_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.alerts.model import Delivery
    from archive.config import Config
    from archive.sqlite import sqlite3

_SHOWN = 3  #: titles of a hold, to decide by
_NEXT = {
    "held": "`baogao alerts release ID` tells the rules' targets in one summary, `baogao alerts drop ID` nobody.",
    "dead": "`baogao alerts retry ID` tries again, `baogao alerts drop ID` gives up.",
}


def describe_message(
    outbox: sqlite3.Connection, connection: sqlite3.Connection, message: Delivery, config: Config
) -> dict[str, Any]:
    parked = _is_parked(config, message)
    events = load_events(connection, list_event_ids(outbox, message.id))
    return {
        "id": message.id,
        "state": message.state,
        "rule": message.rule or None,
        "channel": message.channel or None,
        "recipient": message.recipient or None,
        "form": message.form,
        "key": message.idempotency_key,
        "events": [{"id": each.id, "run": each.run, "kind": each.kind, "key": each.key} for each in events],
        "reason": message.reason,
        "attempts": message.attempts,
        "error": message.error,
        "created_at": message.created_at,
        "parked": parked,
        "next_attempt_at": message.not_before if message.state == "pending" and not parked else None,
        "attempted_at": message.attempted_at,
        "sent_at": message.sent_at,
    }


def tabulate_messages(
    outbox: sqlite3.Connection, connection: sqlite3.Connection, messages: Sequence[Delivery], config: Config
) -> str:
    if not messages:
        return "nothing is held, waits or is dead."
    lines = ["id     state     events  rule → target: what"]
    for message in messages:
        target = f"{message.recipient} by {message.channel}" if message.recipient else message.channel
        what = PARKED if _is_parked(config, message) else _say_what(message)
        rule = message.rule or "every rule"
        lines.append(
            spell_out(
                f"{message.id:<6} {message.state:<9} {message.events:<7} "
                f"{rule} → {target or 'a person decides'}{f': {what}' if what else ''}"
            )
        )
        if message.state == "held":
            lines += _show_events(outbox, connection, message)
    lines += [hint for state, hint in _NEXT.items() if any(message.state == state for message in messages)]
    return "\n".join(lines)


def _is_parked(config: Config, message: Delivery) -> bool:
    return message.state == "pending" and not is_target(config, message.channel, message.recipient)


def _say_what(message: Delivery) -> str:
    if message.state == "pending":
        tried = (
            f"tried {message.attempts} times, " if message.attempts > 1 else "tried once, " if message.attempts else ""
        )
        return f"{tried}next at {message.not_before}{f' ({message.error})' if message.error else ''}"
    if message.state == "sent":
        return f"sent at {message.sent_at}"
    said = (message.reason, "" if message.error in message.reason else message.error)  # a reason may quote the error
    return "; ".join(filter(None, said))


def _show_events(outbox: sqlite3.Connection, connection: sqlite3.Connection, message: Delivery) -> list[str]:
    events = load_events(connection, list_event_ids(outbox, message.id))
    lines = []
    for event in events[:_SHOWN]:
        (title,) = connection.execute("SELECT title FROM item_versions WHERE id = ?", (event.version_id,)).fetchone()
        lines.append(spell_out(f"         run {event.run}: {event.kind} {event.key} {title[:60]}"))
    if len(events) > _SHOWN:
        lines.append(f"         and {len(events) - _SHOWN} more")
    return lines
