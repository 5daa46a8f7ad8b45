"""A change that brings an earlier text back: announced once, and not again while the report goes back and forth.

A *night* is a date, UTC. A text is back after as many nights as lie between the date of the last sighting of it, that
is the last page that proves it was still shown, and the date on which it is seen again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from archive.ledger import name_fields

if TYPE_CHECKING:
    from archive.ledger import Alert, Ledger, Version
    from archive.observe import Observation
    from archive.rereading import Rereader
    from archive.sqlite import sqlite3

NIGHTS = 3  #: a text that was away for longer is a text like any other
FLAPPING = "flapping"  #: events.detail of a flip that is not announced
_RETURNED = "returned to version "  #: events.detail of a return, with the number of the version behind it


@dataclass(frozen=True, slots=True)
class _Shown:
    """A text that the site showed before, by our best reading of it."""

    seq: int
    content_hash: str
    parser: int
    capture_id: int
    last_seen_at: str


@dataclass(frozen=True, slots=True)
class _Flip:
    at: str
    further: bool  #: False: the return that was announced


def add_change(
    ledger: Ledger, rereader: Rereader, seen: Observation, current: Version, version_id: int, alert: Alert
) -> None:
    """The event of a site edit, which made ``version_id`` of ``current``.

    A return is announced, and says so. A further flip between texts that the report had up to three nights before the
    last flip is not, until three nights have passed without one. A third text is always announced, and so is the
    first return after it: nobody was told of that.
    """
    last = _find_last_flip(ledger.connection, seen, current.item_id, version_id)
    back_to = _find_return(ledger, rereader, seen, version_id, last.at if last else seen.fetched_at)
    detail = ""
    if back_to is not None and last is None:
        detail = f"{_RETURNED}{back_to}"
    elif back_to is not None and last is not None:
        detail, alert = FLAPPING, "quiet"
        if not last.further:
            ledger.add_issue(
                "warning",
                FLAPPING,
                f"{seen.key} goes back and forth between texts that it had before (tonight: version {back_to}): its "
                f"first return was announced, further flips are not until {NIGHTS} nights pass without one.",
                seen.capture_id,
            )
    fields = name_fields(current.content, seen.content)
    ledger.add_event(current.item_id, "changed", version_id, alert=alert, fields=fields, detail=detail)


def _find_last_flip(connection: sqlite3.Connection, seen: Observation, item_id: int, version_id: int) -> _Flip | None:
    """The item's last change, where that was a flip within the nights, and a return that is told or may yet be."""
    row = connection.execute(
        "SELECT e.detail, e.alert, v.observed_at FROM item_versions v CROSS JOIN events e ON e.run_id = v.run_id "
        "AND e.item_id = v.item_id AND e.kind = 'changed' AND e.version_id = v.id "
        "WHERE v.item_id = ? AND v.id < ? ORDER BY v.seq DESC LIMIT 1",
        (item_id, version_id),
    ).fetchone()
    if row is None or _count_nights(row[2], seen.fetched_at) > NIGHTS:
        return None
    detail, alert, at = row
    if detail == FLAPPING or (detail.startswith(_RETURNED) and alert != "quiet"):
        return _Flip(at, detail == FLAPPING)
    return None


def _find_return(ledger: Ledger, rereader: Rereader, seen: Observation, version_id: int, until: str) -> int | None:
    """The version whose words and figures are back; None where they are new, or were gone three nights before."""
    item_id = seen.item_id
    assert item_id is not None
    content_hash = seen.content.content_hash
    for shown in _list_shown(ledger.connection, item_id, version_id):
        if _count_nights(shown.last_seen_at, until) > NIGHTS:
            continue
        reading = shown.content_hash
        if shown.parser < ledger.parser:  # nobody has read it with today's parser yet: a difference is no edit
            reread = rereader.read_item(shown.capture_id, item_id)
            reading = reread.content_hash if reread else reading
        if reading == content_hash:
            return shown.seq
    return None


def _list_shown(connection: sqlite3.Connection, item_id: int, before: int) -> list[_Shown]:
    """What the site showed of an item in versions below ``before``, the latest first: one for each observation.

    A reading that a correction has replaced was never shown. What the view ``readings`` says, for one item.
    """
    seen = dict(
        connection.execute(
            "SELECT s.version_id, max(c.fetched_at) FROM shown s JOIN captures c ON c.id = s.capture_id "
            "WHERE s.item_id = ? AND s.version_id IS NOT NULL GROUP BY s.version_id",
            (item_id,),
        ).fetchall()
    )
    best: dict[int, _Shown] = {}  # by observation
    observation_of: dict[int, int] = {}
    for version_id, previous_id, cause, seq, content_hash, parser, capture_id, observed_at in connection.execute(
        "SELECT id, previous_id, cause, seq, content_hash, parser, capture_id, observed_at FROM item_versions "
        "WHERE item_id = ? AND id < ? ORDER BY id",
        (item_id, before),
    ):
        observation = observation_of[previous_id] if cause == "parser" else version_id
        observation_of[version_id] = observation
        last = max(seen.get(version_id, ""), observed_at)
        if cause == "parser":
            last = max(last, best[observation].last_seen_at)
        best[observation] = _Shown(seq, content_hash, parser, capture_id, last)
    return sorted(best.values(), key=lambda shown: shown.last_seen_at, reverse=True)


def _count_nights(start: str, end: str) -> int:
    return (date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days
