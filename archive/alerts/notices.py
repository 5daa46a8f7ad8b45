"""A message of the outbox with all that it tells, loaded when it is about to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.alerts.announcements import load_announcements
from archive.alerts.events import find_event, load_events
from archive.alerts.model import Notice
from archive.alerts.outbox import list_told
from archive.errors import BaogaoError
from archive.printable import spell_out

if TYPE_CHECKING:
    from archive.alerts.model import Announcement, Delivery, Event
    from archive.alerts.outbox import Told
    from archive.config import Config
    from archive.sqlite import sqlite3

MOST_EVENTS = 200  #: that one message spells out

#: what the last message of a channel told: a digest goes to many recipients
Cache = dict[tuple["Told", ...], tuple["Announcement", ...]]


class Gone(BaogaoError):
    """What a message was to tell of is not there."""


def load_notice(
    outbox: sqlite3.Connection, connection: sqlite3.Connection, config: Config, message: Delivery, cache: Cache
) -> Notice:
    """Raises Gone."""
    told = list_told(outbox, message.id)
    if not told:
        raise Gone("it tells of no event any more")
    first = tuple(told[:MOST_EVENTS])
    if first not in cache:
        announcements = _load(connection, config, first)
        cache.clear()
        cache[first] = announcements
    return Notice(
        message.idempotency_key,
        message.rule,
        message.form,
        cache[first],
        message.created_at,
        config.base_url,
        *((len(told), tuple(each.event_id for each in told)) if len(told) > MOST_EVENTS else ()),
    )


def _load(connection: sqlite3.Connection, config: Config, told: tuple[Told, ...]) -> tuple[Announcement, ...]:
    order = {rule.name: number for number, rule in enumerate(config.rules)}
    numbered = {event.id: event for event in load_events(connection, [each.event_id for each in told])}
    events: list[Event] = []
    rules: dict[int, tuple[str, ...]] = {}
    for each in told:
        event = numbered.get(each.event_id)
        if event is None or (event.run, event.kind, event.key) != (each.run, each.kind, each.key):
            event = find_event(connection, each.run, each.kind, each.key)  # read again from the WARCs, numbers move
        if event is None:
            raise Gone(f"the event {each.kind} of {spell_out(each.key)} in run {each.run} is not in the archive")
        events.append(event)
        rules[event.id] = tuple(sorted(each.rules, key=lambda name: (order.get(name, len(order)), name)))
    events.sort(key=lambda event: event.id)
    return load_announcements(connection, events, rules)
