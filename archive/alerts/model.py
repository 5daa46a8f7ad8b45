"""What passes between the parts: an event as it is told, a message to one target, and how its sending ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.alerts.rules import Kind

#: run: all of one run; each: one event; daily: what gathered until a time of day; summary: what a person released
Form = Literal["run", "each", "daily", "summary", "test"]


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the event feed; ``(run, kind, key)`` names it even in an archive that was read again from the WARCs."""

    id: int
    run: int
    kind: Kind
    key: str
    item_id: int
    version_id: int
    at: str
    alert: Literal["due", "quiet", "held"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event, with all that a message may tell of it."""

    uid: str  #: a UUID that stays the same for this event for ever: the id of its feed entry
    event: Event
    record: Mapping[str, Any]  #: of its version, as archive.query.load_record gives it
    before: Mapping[str, Any] | None = None  #: of a change: the record it was compared with
    returned_to: int | None = None  #: of a change: the version whose words and figures are back
    last_seen_at: str = ""  #: of a withdrawal: when the site last showed it
    rules: tuple[str, ...] = ()  #: every rule that matches
    latest_version: int | None = None  #: of the report by now; None: that of the record


@dataclass(frozen=True, slots=True)
class Notice:
    """One message, the same for every attempt to send it."""

    id: str  #: the idempotency key, a UUID
    rule: str
    form: Form
    announcements: tuple[Announcement, ...]
    created_at: str
    base_url: str | None = None  #: of the archive's web page
    total: int = 0  #: events it is about, where announcements hold only the first of them; 0: all
    event_ids: tuple[int, ...] = ()  #: of all of them, in that case


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended.

    retry: try later; final: this target will never take this message; gone: the target wants no more messages at all.
    """

    state: Literal["sent", "retry", "final", "gone"]
    detail: str = ""  #: for a person; never an address or a secret
    retry_after: float | None = None  #: seconds the target asked for
    whole_channel: bool = False  #: nothing else of this channel could be sent either: the server, not the recipient


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox: a message to one target, and how far it came."""

    id: int
    idempotency_key: str
    rule: str  #: empty: held for every rule
    channel: str  #: empty: no message yet, but what waits for a person
    recipient: str  #: of mail; else empty: the channel is the target
    form: Form
    state: Literal["held", "released", "pending", "sent", "dead", "dropped"]
    events: int
    created_at: str
    not_before: str
    attempts: int
    reason: str  #: why it is held, dead or dropped
    error: str  #: of the last attempt
    attempted_at: str | None
    sent_at: str | None
