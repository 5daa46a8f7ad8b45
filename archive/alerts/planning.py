"""From the event feed to the outbox: each event behind a rule's cursor becomes a message, or waits for a person.

All of one planning is one transaction of alerts.db; what a crash undoes is planned again, under the same keys.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.alerts.announcements import RETURNED
from archive.alerts.cursors import Cursor, advance, mend_numbers, read_cursors
from archive.alerts.events import find_namespace, list_events, load_events, name_message
from archive.alerts.matching import match_events
from archive.alerts.outbox import add_deliveries, add_issue, add_message, list_event_ids
from archive.alerts.rules import SmtpChannel, WebhookChannel
from archive.alerts.schedule import next_daily
from archive.search.matching import one_moment
from archive.store import transaction
from archive.vet import MAX_DUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archive.alerts.model import Event, Form
    from archive.alerts.rules import Channel, Rule
    from archive.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Target:
    channel: str
    recipient: str = ""
    is_person: bool = True  #: who is told of an event once, whichever rules match; a program hears of every rule


def plan(
    outbox: sqlite3.Connection,
    connection: sqlite3.Connection,
    rules: Sequence[Rule],
    channels: Mapping[str, Channel],
    *,
    now: str,
) -> None:
    """Bring the outbox up to the feed's last event, and to what a person has decided meanwhile."""
    planner = _Planner(outbox, connection, rules, channels, now)
    # one moment: a night that is settled meanwhile must not move the feed's end behind what was read
    with transaction(outbox), one_moment(connection):
        mend_numbers(outbox, connection)
        planner.take_holds()
        planner.take_events()


def release(
    outbox: sqlite3.Connection,
    connection: sqlite3.Connection,
    rules: Sequence[Rule],
    channels: Mapping[str, Channel],
    hold: int,
    *,
    now: str,
) -> None:
    """Turn what was held for one rule into a summary for each of its targets."""
    planner = _Planner(outbox, connection, rules, channels, now)
    with transaction(outbox):
        planner.release_rule(hold)


def list_targets(rule: Rule, channels: Mapping[str, Channel]) -> list[Target]:
    targets = []
    for name in rule.to:
        channel = channels[name]
        if isinstance(channel, SmtpChannel):
            targets += [Target(name, recipient) for recipient in channel.to]
        else:
            targets.append(Target(name, is_person=not isinstance(channel, WebhookChannel)))
    return targets


class _Planner:
    def __init__(
        self,
        outbox: sqlite3.Connection,
        connection: sqlite3.Connection,
        rules: Sequence[Rule],
        channels: Mapping[str, Channel],
        now: str,
    ) -> None:
        self.outbox = outbox
        self.connection = connection
        self.rules = {rule.name: rule for rule in rules}
        self.channels = channels
        self.now = now
        self.namespace = find_namespace(connection)
        self.mailboxes = {
            (name, recipient)
            for name, channel in channels.items()
            if isinstance(channel, SmtpChannel)
            for recipient in channel.to
        }

    def take_holds(self) -> None:
        """What the settlement held waits under a number of its own; what was decided since leaves it."""
        known = self.outbox.execute("SELECT id, state FROM messages WHERE rule = ''").fetchall()
        for number, state in known:
            if state != "held":
                continue
            events = load_events(self.connection, list_event_ids(self.outbox, number))
            if any(event.alert == "held" for event in events):
                continue
            due = [event for event in events if event.alert == "due"]
            self._close_hold(number, "released" if due else "dropped", "decided")
            self._announce(due, "summary")
        numbered = {row[0] for row in self.outbox.execute("SELECT event_id FROM deliveries WHERE rule = ''")}
        waiting: dict[tuple[int, str], list[Event]] = defaultdict(list)
        for (number,) in self.connection.execute("SELECT id FROM events WHERE alert = 'held'").fetchall():
            if number not in numbered:
                for event in load_events(self.connection, [number]):
                    waiting[event.run, event.key if event.detail == "twin" else ""].append(event)
        for (run, twin), events in sorted(waiting.items()):
            reason = "it may be one report under two keys" if twin else "too much changed at once"
            self._hold("", events, reason, run, twin, events[0].kind, events[0].key)

    def _hold(self, rule: str, events: list[Event], reason: str, *parts: object) -> None:
        number = add_message(
            self.outbox,
            key=self._name("hold", rule, *parts),
            rule=rule,
            channel="",
            recipient="",
            form="summary",
            state="held",
            created_at=self.now,
            not_before=self.now,
            reason=reason,
        )
        add_deliveries(self.outbox, number, rule, "", "", events)

    def _close_hold(self, number: int, state: str, reason: str) -> None:
        self.outbox.execute(
            "UPDATE messages SET state = ?, reason = reason || '; ' || ? WHERE id = ?", (state, reason, number)
        )

    def release_rule(self, number: int) -> None:
        (name,) = self.outbox.execute("SELECT rule FROM messages WHERE id = ?", (number,)).fetchone()
        events = load_events(self.connection, list_event_ids(self.outbox, number))
        self._close_hold(number, "released", "released")
        if name in self.rules:
            self._write(self.rules[name], events, "summary")

    def take_events(self) -> None:
        cursors = read_cursors(self.outbox, self.connection, self.rules)
        by_cursor: dict[int, list[Rule]] = defaultdict(list)
        for name, cursor in cursors.items():
            by_cursor[cursor.event_id].append(self.rules[name])
        found: dict[str, list[Event]] = {}
        for since, rules in by_cursor.items():
            due = [event for event in list_events(self.connection, since=since) if event.alert == "due"]
            found |= match_events(self.connection, rules, due)
        for name, rule in self.rules.items():  # in the order of the file: the first one tells a person
            self._take_rule(rule, found[name])
        advance(self.outbox, self.connection, cursors)

    def _take_rule(self, rule: Rule, events: list[Event]) -> None:
        if len(events) <= MAX_DUE:
            self._write(rule, events, None)
            return
        first, last = events[0], events[-1]
        self._hold(rule.name, events, f"{len(events)} events at once", first.run, first.kind, first.key, last.id)
        add_issue(
            self.outbox,
            last.run,
            "warning",
            "alert-flood",
            f"{len(events)} events are due at once for the rule {rule.name}: held, nobody was told. `baogao alerts "
            "list` shows them; `baogao alerts release` sends one summary, `drop` none.",
            at=self.now,
        )

    def _announce(self, events: list[Event], form: Form) -> None:
        """To every rule that existed when they happened."""
        if not events:
            return
        known = {
            name: cursor.since_run for name, cursor in read_cursors(self.outbox, self.connection, self.rules).items()
        }
        found = match_events(self.connection, list(self.rules.values()), events)
        for name, rule in self.rules.items():
            self._write(rule, [event for event in found[name] if event.run > known[name]], form)

    def _write(self, rule: Rule, events: list[Event], form: Form | None) -> None:
        """Messages to each target of the rule; ``form``: other than its own."""
        for target in list_targets(rule, self.channels) if events else ():
            fresh = self._without_told(rule, target, events)
            self._take_back(rule, target, fresh)
            batches: dict[tuple[object, ...], list[Event]] = defaultdict(list)
            for event in fresh:
                batches[self._choose_batch(rule, event, form)].append(event)
            for parts, batch in batches.items():
                self._add(rule, target, form or rule.digest.form, parts, batch)

    def _choose_batch(self, rule: Rule, event: Event, form: Form | None) -> tuple[object, ...]:
        if form is not None:
            return (form,)
        if rule.digest.form == "each":
            return "each", event.run, event.kind, event.key
        if rule.digest.form == "daily":
            return "daily", next_daily(rule.digest, now=event.at)  # also its name, whenever it is planned
        return "run", event.run

    def _without_told(self, rule: Rule, target: Target, events: list[Event]) -> list[Event]:
        """Events that this rule has not told this target; what another rule told a person is noted with its message.

        A person is a mailbox, by whichever channel.
        """
        fresh = []
        for event in events:
            rows = self.outbox.execute(
                "SELECT d.rule, d.channel, d.recipient, m.id, m.state "
                "FROM deliveries d JOIN messages m ON m.id = d.message_id "
                "WHERE d.event_id = ?1 AND d.recipient = ?3 COLLATE NOCASE AND (d.channel = ?2 OR d.recipient <> '') "
                "AND m.state IN ('pending', 'sent')",
                (event.id, target.channel, target.recipient),
            ).fetchall()
            if (rule.name, target.channel) in {row[:2] for row in rows}:
                continue
            telling = [
                number
                for _, channel, recipient, number, state in rows
                # else it is parked
                if state == "sent" or not target.recipient or (channel, recipient) in self.mailboxes
            ]
            if telling and target.is_person:
                add_deliveries(self.outbox, telling[0], rule.name, target.channel, target.recipient, [event])
            else:
                fresh.append(event)
        return fresh

    def _take_back(self, rule: Rule, target: Target, events: list[Event]) -> None:
        """A change that was taken back before anybody was told of it: the return tells of both."""
        for event in events:
            if not RETURNED.fullmatch(event.detail):
                continue
            earlier = self.outbox.execute(
                "SELECT d.event_id, d.message_id FROM deliveries d JOIN messages m ON m.id = d.message_id "
                "WHERE d.rule = ? AND d.channel = ? AND d.recipient = ? AND d.kind = 'changed' AND d.key = ? "
                "AND m.state = 'pending' AND m.attempts = 0 AND d.event_id < ?",
                (rule.name, target.channel, target.recipient, event.key, event.id),
            ).fetchall()
            for event_id, message_id in earlier:
                self.outbox.execute(
                    "DELETE FROM deliveries WHERE event_id = ? AND message_id = ?", (event_id, message_id)
                )
                if not list_event_ids(self.outbox, message_id):
                    self.outbox.execute("DELETE FROM messages WHERE id = ?", (message_id,))

    def _add(self, rule: Rule, target: Target, form: Form, parts: tuple[object, ...], events: list[Event]) -> None:
        names: Iterable[object] = (rule.name, target.channel, target.recipient, *parts)
        if form == "summary":
            names = (*names, *((event.run, event.kind, event.key) for event in events))
        number = None
        attempt = 0
        while number is None:
            key = self._name(*names, *((attempt,) if attempt else ()))
            row = self.outbox.execute(
                "SELECT id, state, attempts FROM messages WHERE idempotency_key = ?", (key,)
            ).fetchone()
            if row is None:
                number = add_message(
                    self.outbox,
                    key=key,
                    rule=rule.name,
                    channel=target.channel,
                    recipient=target.recipient,
                    form=form,
                    state="pending",
                    created_at=self.now,
                    not_before=str(parts[1]) if form == "daily" else self.now,
                )
            elif row[1] == "pending" and not row[2]:
                number = row[0]  # a daily one that still gathers
            attempt += 1
        add_deliveries(self.outbox, number, rule.name, target.channel, target.recipient, events)

    def _name(self, *parts: object) -> str:
        return name_message(self.namespace, *parts)


def register_rules(outbox: sqlite3.Connection, connection: sqlite3.Connection | None, rules: Sequence[Rule]) -> None:
    """Put on record where new rules begin: called before a night, so that a crash behind it can't move that."""
    with transaction(outbox):
        start = Cursor.at_last_night(connection)
        outbox.executemany(
            "INSERT OR IGNORE INTO rules VALUES (?, ?, ?, ?, ?, ?)", [(rule.name, *start.row()) for rule in rules]
        )
