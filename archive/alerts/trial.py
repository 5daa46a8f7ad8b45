"""What a rule would have sent over the whole history, had it been there from the first night; nothing is sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from archive.alerts.announcements import RETURNED
from archive.alerts.events import list_events
from archive.alerts.matching import match_events
from archive.alerts.schedule import next_daily
from archive.counted import counted
from archive.search.matching import one_moment
from archive.vet import MAX_DUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.alerts.model import Event, Form
    from archive.alerts.rules import Digest, Rule
    from archive.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class TrialMessage:
    """To each target of the rule, unless another rule has told a person of these events first."""

    run: int  #: whose events these are; of a daily message that gathered several, the last
    date: str  #: UTC; of a daily message that of its zone
    form: Form
    held: bool  #: for a person to release or drop
    events: tuple[tuple[str, str, str], ...]  #: (kind, key, title)


@dataclass(frozen=True, slots=True)
class Trial:
    name: str
    nights: int  #: dates (UTC) on which a crawl began that was settled; a rejected one published nothing
    messages: tuple[TrialMessage, ...]  #: in the order of their sending

    @property
    def events(self) -> int:
        return sum(len(message.events) for message in self.messages)

    @property
    def held(self) -> int:
        return sum(message.held for message in self.messages)

    @property
    def sentence(self) -> str:
        nights = counted(self.nights, "night")
        if not self.messages:
            return f"{self.name} would not have fired in {nights}."
        held = f"; {self.held} held for a person" if self.held else ""
        fired = counted(len(self.messages), "time")
        return f"{self.name} would have fired {fired} in {nights} ({counted(self.events, 'event')}{held})."

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.name,
            "nights": self.nights,
            "fired": len(self.messages),
            "events": self.events,
            "held": self.held,
            "messages": [
                {
                    "run": message.run,
                    "date": message.date,
                    "form": message.form,
                    "held": message.held,
                    "events": [{"kind": kind, "key": key, "title": title} for kind, key, title in message.events],
                }
                for message in self.messages
            ],
        }


def try_rule(connection: sqlite3.Connection, rule: Rule) -> Trial:
    """As if each run had been planned when it was settled.

    What the settlement held counts as held, unless a person has decided since; what a person released is due as it is
    in the feed now.
    """
    with one_moment(connection):
        told = [event for event in list_events(connection) if event.alert != "quiet"]
        wanted = match_events(connection, [rule], told)[rule.name]
        batches = sorted(_list_batches(rule.digest, wanted), key=lambda batch: batch.at)
        (nights,) = connection.execute(
            "SELECT count(DISTINCT date(started_at)) FROM runs "
            "WHERE kind = 'crawl' AND outcome NOT IN ('open', 'rejected')"
        ).fetchone()
        return Trial(rule.name, nights, tuple(_describe(connection, batch, rule.digest) for batch in batches))


@dataclass(frozen=True, slots=True)
class _Batch:
    at: str
    form: Form
    held: bool
    events: Sequence[Event]


def _list_batches(digest: Digest, events: Sequence[Event]) -> Iterator[_Batch]:
    gathered: dict[str, list[Event]] = defaultdict(list)
    for _, group in groupby(events, key=lambda event: event.run):
        of_run = list(group)
        yield from _list_holds([event for event in of_run if event.alert == "held"])
        due = [event for event in of_run if event.alert == "due"]
        if len(due) > MAX_DUE:
            yield _Batch(due[-1].at, "summary", held=True, events=due)
        elif digest.form == "each":
            yield from (_Batch(event.at, "each", held=False, events=[event]) for event in due)
        elif digest.form == "daily":
            for event in due:
                _gather(gathered[next_daily(digest, now=event.at)], event)
        elif due:
            yield _Batch(due[-1].at, "run", held=False, events=due)
    yield from (_Batch(at, "daily", held=False, events=group) for at, group in gathered.items() if group)


def _list_holds(held: Sequence[Event]) -> Iterator[_Batch]:
    """Twins are decided one by one, the rest of a run at once."""
    together: dict[str, list[Event]] = defaultdict(list)
    for event in held:
        together[event.key if event.detail == "twin" else ""].append(event)
    yield from (_Batch(events[-1].at, "summary", held=True, events=events) for events in together.values())


def _gather(waiting: list[Event], event: Event) -> None:
    """Into the message of that day. A change that is taken back before it was told of is told of once."""
    if RETURNED.fullmatch(event.detail):
        waiting[:] = [each for each in waiting if (each.kind, each.key) != ("changed", event.key)]
    waiting.append(event)


def _describe(connection: sqlite3.Connection, batch: _Batch, digest: Digest) -> TrialMessage:
    moment = datetime.fromisoformat(batch.at)
    return TrialMessage(
        run=batch.events[-1].run,
        date=(moment.astimezone(digest.zone) if batch.form == "daily" else moment).date().isoformat(),
        form=batch.form,
        held=batch.held,
        events=tuple((event.kind, event.key, _load_title(connection, event)) for event in batch.events),
    )


def _load_title(connection: sqlite3.Connection, event: Event) -> str:
    (title,) = connection.execute("SELECT title FROM item_versions WHERE id = ?", (event.version_id,)).fetchone()
    return str(title)
