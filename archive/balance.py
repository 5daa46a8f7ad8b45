"""The books balanced: events, alerts, issues and walks against versions, decisions and what each run says it wrote."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.ledger import KINDS
from archive.shown import stand_in
from archive.twins import TWIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.sqlite import sqlite3

#: what a version is announced by, in the words of a sentence
_TOLD = {"first": "it appeared", "site": "it changed", "parser": "it was corrected"}
_WITHOUT_EVENT = """
SELECT v.cause, i.key, v.seq FROM item_versions v JOIN items i ON i.id = v.item_id WHERE NOT EXISTS (
  SELECT 1 FROM events e WHERE e.run_id = v.run_id AND e.item_id = v.item_id AND e.version_id = v.id
  AND e.kind = CASE v.cause WHEN 'first' THEN 'appeared' WHEN 'site' THEN 'changed' ELSE 'corrected' END)
ORDER BY v.id"""
_STRANGE = """
SELECT DISTINCT i.key
FROM (SELECT item_id, version_id FROM sightings UNION SELECT item_id, version_id FROM sighting_spans) s
JOIN item_versions v ON v.id = s.version_id JOIN items i ON i.id = s.item_id WHERE v.item_id <> s.item_id ORDER BY 1"""
_SHOWN = """
SELECT c.run_id, c.listing_id, count(DISTINCT s.item_id)
FROM shown s JOIN captures c ON c.id = s.capture_id GROUP BY 1, 2"""
#: the events whose alert hangs on whether a listing that showed, or held, the report had been walked to its end before
_ANNOUNCED = """
WITH proved(listing_id, run_id) AS (SELECT listing_id, min(run_id) FROM walks WHERE complete = 1 GROUP BY listing_id)
SELECT e.id FROM events e WHERE e.kind IN ('appeared', 'changed', 'reappeared') AND EXISTS (
  SELECT 1 FROM shown s JOIN captures c ON c.id = s.capture_id AND c.run_id = e.run_id
  JOIN proved p ON p.listing_id = c.listing_id AND p.run_id < e.run_id WHERE s.item_id = e.item_id)
UNION ALL
SELECT e.id FROM events e WHERE e.kind = 'withdrawn' AND EXISTS (
  SELECT 1 FROM memberships m JOIN proved p ON p.listing_id = m.listing_id AND p.run_id < e.run_id
  WHERE m.item_id = e.item_id AND m.first_run_id <= e.run_id)"""
_EVENTS = """
SELECT e.id, e.run_id, e.item_id, i.key, e.kind, e.detail, e.alert FROM events e JOIN items i ON i.id = e.item_id
ORDER BY e.id"""
_DECISIONS = "SELECT run_id, kind, content FROM notes WHERE kind IN ('accept', 'alias', 'release', 'drop') ORDER BY id"
#: events.detail of what is told to nobody, whoever shows it; see archive.items and archive.returns
_SILENT = {"flapping", "overlooked by an earlier parser"}
_AFTER = {"release": "due", "drop": "quiet"}


def check_sightings(connection: sqlite3.Connection) -> Iterator[str]:
    """Sentences: what was shown, folded or not, against the versions it names and the entries each walk counted."""
    stand_in(connection)
    for (key,) in connection.execute(_STRANGE):
        yield f"{key} was shown reading as another report"
    shown = {(run, listing): count for run, listing, count in connection.execute(_SHOWN)}
    (aliases,) = connection.execute("SELECT count(*) FROM notes WHERE kind = 'alias'").fetchone()
    for run, listing, key, read in connection.execute(
        "SELECT w.run_id, w.listing_id, l.key, w.entries_seen FROM walks w JOIN listings l ON l.id = w.listing_id "
        "ORDER BY 1, 3"
    ):
        found = shown.get((run, listing), 0)
        if found > read or (found < read and not aliases):  # two keys may be one report
            yield f"run {run} read {read} entries of {key}, and it shows {found}"


def check_events(connection: sqlite3.Connection) -> Iterator[str]:
    """Sentences: events about a version that is not of their report, versions without their event, alerts altered."""
    for number, key in connection.execute(
        "SELECT e.id, i.key FROM events e LEFT JOIN items i ON i.id = e.item_id LEFT JOIN item_versions v "
        "ON v.id = e.version_id WHERE v.item_id IS NOT e.item_id ORDER BY e.id"
    ):
        yield f"event {number} speaks of a version that is none of {key or 'a report'}"
    for cause, key, seq in connection.execute(_WITHOUT_EVENT):
        which = key if cause == "first" else f"version {seq} of {key}"
        yield f"{which} has no event that says when {_TOLD[cause]}"
    try:
        for event, allowed in _Replay(connection).run():
            if event.alert not in allowed:
                yield (
                    f"event {event.id} ({event.key} {event.kind} in run {event.run}) is {event.alert}, but its run and "
                    f"what was decided since make it {' or '.join(sorted(allowed))}"
                )
    except (ValueError, KeyError, TypeError):
        yield "what was decided can't be read in its notes"


@dataclass(frozen=True, slots=True)
class _Event:
    id: int
    run: int
    item_id: int
    key: str
    kind: str
    detail: str
    alert: str


class _Replay:
    """What became of each event's alert, run by run and decision by decision."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.outcomes = dict(connection.execute("SELECT id, outcome FROM runs WHERE outcome <> 'open' ORDER BY id"))
        self.events: dict[int, list[_Event]] = {run: [] for run in self.outcomes}
        for row in connection.execute(_EVENTS):
            self.events.setdefault(row[1], []).append(_Event(*row))
        stand_in(connection)
        self.announced = {number for (number,) in connection.execute(_ANNOUNCED)}
        self.flooded = {run for (run,) in connection.execute("SELECT run_id FROM issues WHERE code = 'flood'")}
        self.items = dict(connection.execute("SELECT key, id FROM items"))
        self.decisions: dict[int, list[tuple[str, dict[str, Any]]]] = {}
        for run, kind, content in connection.execute(_DECISIONS).fetchall():
            self.decisions.setdefault(run, []).append((kind, json.loads(content)))
        self.alerts: dict[_Event, str] = {}
        self.before: dict[_Event, str] = {}  #: the last decisions: what the next command that writes carries out
        self.withdrawn: dict[int, _Event] = {}

    def run(self) -> Iterator[tuple[_Event, set[str]]]:
        """Every event of a settled run, and what its alert may be."""
        accepted = {decision["run"] for made in self.decisions.values() for kind, decision in made if kind == "accept"}
        for run in self.outcomes:
            self.before.clear()
            if run not in accepted:
                self._settle(run)
            for kind, decision in self.decisions.get(run, []):
                self._decide(kind, decision)
        for event, alert in self.alerts.items():
            yield event, {alert, self.before.get(event, alert)}

    def _settle(self, run: int) -> None:
        for event in self.events.get(run, []):
            alert = self._tell_first(event)
            self.alerts[event] = "held" if alert == "due" and run in self.flooded else alert
            if event.kind == "withdrawn":
                self.withdrawn[event.item_id] = event

    def _tell_first(self, event: _Event) -> str:
        if event.kind in {"cosmetic", "corrected"} or event.detail in _SILENT:
            return "quiet"
        if event.detail == TWIN:
            told = self.withdrawn.get(event.item_id) if event.kind == "reappeared" else None
            return self.alerts[told] if told else "held"
        return "due" if event.id in self.announced else "quiet"

    def _decide(self, kind: str, decision: dict[str, Any]) -> None:
        if kind == "accept":
            self._settle(decision["run"])
        elif kind == "alias":
            new, old = self.items.get(decision["key"]), self.items.get(decision["existing"])
            for event in list(self.alerts):
                appeared = event.kind == "appeared"
                if (appeared and event.item_id == new) or (
                    not appeared and event.detail == TWIN and event.item_id == old
                ):
                    self._end_hold(event, "quiet")
        else:
            named = {(each["run"], each["kind"], self.items.get(each["key"])) for each in decision["events"]}
            for event in list(self.alerts):
                if (event.run, event.kind, event.item_id) in named:
                    self._end_hold(event, _AFTER[kind])

    def _end_hold(self, event: _Event, alert: str) -> None:
        if self.alerts[event] == "held":
            self.alerts[event], self.before[event] = alert, "held"


def check_runs(connection: sqlite3.Connection) -> Iterator[str]:
    """Sentences: settled runs that wrote other events, issues or walks than the archive has of them."""
    events = _count(connection, "SELECT run_id, kind, count(*) FROM events GROUP BY 1, 2")
    issues = _count(connection, "SELECT run_id, code, count(*) FROM issues GROUP BY 1, 2")
    walks: dict[int, list[tuple[Any, ...]]] = {}
    for run, *walk in connection.execute(
        "SELECT w.run_id, l.key, w.complete, w.pages_seen, w.pages_expected, w.entries_seen, w.stopped FROM walks w "
        "JOIN listings l ON l.id = w.listing_id"
    ):
        walks.setdefault(run, []).append(tuple(walk))
    for run, outcome, content in connection.execute(
        "SELECT id, outcome, stats FROM runs WHERE outcome <> 'open' ORDER BY id"
    ).fetchall():
        try:
            told = _Told.of_stats(json.loads(content), published=outcome != "rejected")
        except (ValueError, KeyError, TypeError, AttributeError):
            yield f"what run {run} says it wrote can't be read"
            continue
        yield from _compare(run, "event", told.events, events.get(run, Counter()))
        yield from _compare(run, "issue", told.issues, issues.get(run, Counter()), at_least=not told.all_issues)
        if sorted(told.walks) != sorted(walks.get(run, [])):
            yield f"the walks of run {run} are not those that it says"


@dataclass(frozen=True, slots=True)
class _Told:
    """What a run says of itself, in runs.stats."""

    events: dict[str, int]
    issues: dict[str, int]
    walks: list[tuple[Any, ...]]
    all_issues: bool  #: False: an older release settled it, and only those are known that a gate or a walk implies

    @classmethod
    def of_stats(cls, stats: dict[str, Any], *, published: bool) -> _Told:
        walked = [
            tuple(
                walk[name]
                for name in ("listing", "complete", "pages_seen", "pages_expected", "entries_seen", "stopped")
            )
            for walk in stats.get("walks", [])
        ]
        implied = Counter(gate["name"] for gate in stats.get("gates", []) if not gate["passed"])
        implied.update(
            "blocked" if str(walk[-1]).startswith("blocked") else "walk-incomplete" for walk in walked if walk[-1]
        )
        return cls(
            {kind: stats["counts"][kind] for kind in KINDS},
            stats.get("issues", dict(implied)),
            walked if published else [],
            "issues" in stats,
        )


def _compare(
    run: int, what: str, told: dict[str, int], found: Counter[str], *, at_least: bool = False
) -> Iterator[str]:
    for name in sorted({*told, *found}):
        wanted, there = told.get(name, 0), found[name]
        if there < wanted or (there > wanted and not at_least):
            yield f"run {run} wrote {wanted or 'no'} {name} {what}{'s' * (wanted != 1)}, and {there} are there"


def _count(connection: sqlite3.Connection, query: str) -> dict[int, Counter[str]]:
    counted: dict[int, Counter[str]] = {}
    for run, name, count in connection.execute(query):
        counted.setdefault(run, Counter())[name] = count
    return counted
