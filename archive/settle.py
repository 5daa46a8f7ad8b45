"""Settlement: a run's captures become items, versions, events and a verdict, in one transaction.

First reading, recovery after a crash, acceptance by a person and the replay of the WARCs into an empty database are
this same code; it knows no clock: its times come from the journal.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from archive.captures import measure_answers
from archive.config import Listing
from archive.errors import UsageError
from archive.items import ItemSettler
from archive.journal import find_note, list_notes
from archive.ledger import Ledger
from archive.moments import SKEW, parse_time
from archive.observe import Walked, elect, list_contested, measure, read_run
from archive.progress import track
from archive.pruned import NIGHT
from archive.replay import replay_night
from archive.rereading import Rereader
from archive.rotation import report_rotation, report_streaks
from archive.silences import list_silences
from archive.standing import watch_reader
from archive.store import storage_errors, transaction
from archive.verdict import Verdict, load_verdict, log_verdict
from archive.vet import Gate, is_mass_change, vet_changes, vet_listing
from archive.walk import LEFT_FOR_LATER, Stop

if TYPE_CHECKING:
    from archive.captures import Reader
    from archive.sqlite import sqlite3
    from archive.store import DataDirectory

#: how a run ended that must be told to an operator, and with which exit code; the first that holds counts
_EXIT_OF_STOP = (("blocked", 5), ("time limit", 9))


def settle(
    connection: sqlite3.Connection, data: DataDirectory, run: int, reader: Reader, *, accepted_at: str | None = None
) -> Verdict:
    """Settle one run and say how it went; a run that is settled already is left as it is.

    ``accepted_at``: a person has looked at a rejected run and accepts it; its bounds are reported, but veto nothing.
    """
    (outcome,) = connection.execute("SELECT outcome FROM runs WHERE id = ?", (run,)).fetchone()
    if outcome != "open" and not (outcome == "rejected" and accepted_at):
        return load_verdict(connection, run)
    with storage_errors(data.db), transaction(connection):
        if find_note(connection, run, NIGHT) is not None:  # what was settled before its pages were dropped
            replay_night(connection, data.root, run, reader)
        else:
            _Settlement(connection, data, run, watch_reader(connection, run, reader), accepted_at).run_steps()
    return log_verdict(load_verdict(connection, run))


class _Settlement:
    """The eight steps, on one run, inside one transaction."""

    def __init__(
        self, connection: sqlite3.Connection, data: DataDirectory, run: int, reader: Reader, accepted_at: str | None
    ) -> None:
        self.connection = connection
        self.data = data
        self.run = run
        self.reader = reader
        self.accepted = accepted_at is not None
        start = find_note(connection, run, "run-start")
        if start is None:
            raise UsageError(f"Run {run} has no run-start record in its WARC: it can't be settled.")
        self.start = start
        self.listings = [Listing(**listing) for listing in start["listings"]]  # type: ignore[attr-defined]
        self.end = find_note(connection, run, "run-end")
        self.aborted = self.end is None
        self.at = accepted_at or str(self.end["at"] if self.end else self._last_sign())
        self.ledger = Ledger(connection, run, reader.version, self.at)

    def _last_sign(self) -> str:
        """The last thing a run did that died before its end."""
        (fetched,) = self.connection.execute(
            "SELECT max(fetched_at) FROM captures WHERE run_id = ?", (self.run,)
        ).fetchone()
        return str(fetched or self.start["started_at"])

    def run_steps(self) -> None:
        self.connection.execute("DELETE FROM issues WHERE run_id = ?", (self.run,))  # of its rejection
        walked = self._read_walks()
        gates = [gate for each in walked for gate in vet_listing(measure(self.connection, each, self.run))]
        known = self.connection.execute("SELECT count(*) FROM items WHERE state <> 'withdrawn'").fetchone()[0]
        self.connection.execute("SAVEPOINT publishing")
        self._publish(walked)
        gates += vet_changes(self.ledger.counts["changed"], known)
        rejected = not self.accepted and any(gate.hard and not gate.passed for gate in gates)
        if rejected:
            self.connection.execute("ROLLBACK TO publishing")
            self.ledger = Ledger(self.connection, self.run, self.reader.version, self.at)
        else:
            self._hold_mass_change(known)
        self.connection.execute("RELEASE publishing")
        self._report_walks(walked, rejected=rejected)
        self._report_gates(gates, rejected=rejected)
        self._report_clock()
        if not rejected and not self.aborted:
            self._report_silences(walked)
        self._close(walked, gates, rejected=rejected)

    def _read_walks(self) -> list[Walked]:
        reason = str(self.end["reason"]) if self.end else "the process died"
        fallback = (
            Stop("time limit", "the night took longer than it may")
            if reason == "time limit"
            else Stop("interrupted", reason)
        )
        walked = read_run(
            self.connection,
            self.data.root,
            self.run,
            self.listings,
            self.reader,
            max_pages=int(self.start["max_pages"]),  # type: ignore[call-overload]
            fallback=fallback,
        )
        if not self.aborted:
            return walked
        # what an aborted run saw counts, what it did not see proves nothing
        return [
            replace(each, result=each.result.without_proof(Stop("interrupted", "the run was aborted")))
            for each in walked
        ]

    def _publish(self, walked: list[Walked]) -> None:
        earlier = self.connection.execute(
            "SELECT DISTINCT listing_id FROM walks WHERE complete = 1 AND run_id < ?", (self.run,)
        ).fetchall()
        self.connection.executemany(
            "INSERT INTO walks VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(self.run, each.listing_id, each.result.pages_expected, each.result.pages_seen),
                    *(each.result.entries_seen, each.result.complete),
                    str(each.result.stop) if each.result.stop else None,
                )
                for each in walked
            ],
        )
        settler = ItemSettler(
            self.ledger,
            Rereader(self.connection, self.data.root, self.reader),
            announced_listings=frozenset(row[0] for row in earlier),
            complete_listings=frozenset(each.listing_id for each in walked if each.result.complete),
        )
        elect(self.connection, self.reader.version)
        settler.take_unchanged()
        for seen in track(list_contested(self.connection), f"settling run {self.run}: report"):
            settler.take(seen)
        settler.take_absences()
        untitled = self.connection.execute("SELECT capture_id, key FROM temp.entries WHERE title = ''").fetchall()
        for capture_id, key in untitled:
            self.ledger.add_issue("warning", "untitled", f"{key} has no title on its page: left out.", capture_id)
        for each in walked:
            for begins, capture_id in each.unread:
                self._report_unread(f"{each.listing.key}: “{begins}…” looks like an entry", capture_id)

    def _report_unread(self, what: str, capture_id: int) -> None:
        """Once: it mostly stands there every night."""
        if not self.connection.execute(
            "SELECT 1 FROM issues WHERE code = 'unread' AND substr(message, 1, ?) = ?", (len(what), what)
        ).fetchone():
            message = f"{what}, but could not be read as one: it is not in the archive's tables, only in its WARC file."
            self.ledger.add_issue("warning", "unread", message, capture_id)

    def _hold_mass_change(self, known: int) -> None:
        (due,) = self.connection.execute(
            "SELECT count(*) FROM events WHERE run_id = ? AND alert = 'due'", (self.run,)
        ).fetchone()
        changed = sum(self.ledger.counts[kind] for kind in ("changed", "withdrawn", "reappeared"))
        if is_mass_change(changed=changed, due=due, known=known):
            self.connection.execute("UPDATE events SET alert = 'held' WHERE run_id = ? AND alert = 'due'", (self.run,))
            self.ledger.add_issue(
                "warning",
                "flood",
                f"Mass change: this run would have announced {due} events, where {known} reports were known "
                f"({changed} of them changed, gone or back). They are held and nobody is told: look at them with "
                "`baogao alerts list`, then run `baogao alerts release` or `baogao alerts drop`.",
            )

    def _report_walks(self, walked: list[Walked], *, rejected: bool) -> None:
        for each in walked:
            stop = each.result.stop
            if stop is None or stop.kind in LEFT_FOR_LATER:
                continue
            level = "warning" if stop.kind in {"page cap", "interrupted", "time limit"} else "error"
            code = "blocked" if stop.kind == "blocked" else "walk-incomplete"
            self.ledger.add_issue(level, code, f"{each.listing.key}: {stop.reason}.")  # type: ignore[arg-type]
        if not rejected:
            report_streaks(self.ledger, walked)
        if self.start.get("budget"):
            report_rotation(self.ledger, walked, float(self.start["budget"]))  # type: ignore[arg-type]
        for note in list_notes(self.connection, self.run, "failure"):
            self.ledger.add_issue("warning", "no-response", f"{note['url']}: {note['error']}.")

    def _report_gates(self, gates: list[Gate], *, rejected: bool) -> None:
        for gate in gates:
            if not gate.passed:
                level = "error" if gate.hard and rejected else "warning"
                self.ledger.add_issue(level, gate.name, f"{gate.message}.")  # type: ignore[arg-type]

    def _report_clock(self) -> None:
        """Times go backwards: nothing depends on them, but whoever reads them should know."""
        (before,) = self.connection.execute("SELECT max(finished_at) FROM runs WHERE id < ?", (self.run,)).fetchone()
        began = str(self.start["started_at"])
        if before and parse_time(before) - parse_time(began) > SKEW:
            self.ledger.add_issue(
                "warning",
                "clock",
                f"This night began at {began} by the clock, and an earlier one ended at {before}: the clock was set "
                "back, or was ahead then. The order of the nights is right, their times are not: set the clock (NTP).",
            )

    def _report_silences(self, walked: list[Walked]) -> None:
        looked_at = {each.listing_id: each.listing.key for each in walked if each.result.pages_seen}
        for key, silence in list_silences(self.connection, self.run, looked_at):
            self.ledger.add_issue(
                "warning",
                "silence",
                f"{key}: no new report since {silence.since}, for {silence.days} days; its own rhythm allows "
                f"{silence.usual}. Look at it in a browser: has it ended or moved, or is it read wrongly?",
            )

    def _close(self, walked: list[Walked], gates: list[Gate], *, rejected: bool) -> None:
        # what the budget left for another night is no failure of this one, where at least a page was looked at
        stops = {
            each.result.stop.kind
            for each in walked
            if each.result.stop and not (each.result.stop.kind in LEFT_FOR_LATER and each.result.pages_seen)
        }
        if self.end and self.end["reason"] == "time limit":  # also where a process before had left all for later
            stops.add("time limit")
        if rejected:
            outcome, exit_code = "rejected", 4
        else:
            outcome = "aborted" if self.aborted else "partial" if stops else "complete"
            exit_code = next((code for kind, code in _EXIT_OF_STOP if kind in stops), 3 if stops or self.aborted else 0)
        stats = {
            "counts": {
                "pages": sum(each.result.pages_seen for each in walked),
                "entries": sum(each.result.entries_seen for each in walked),
                **self.ledger.counts,
            },
            "walks": [
                {
                    "listing": each.listing.key,
                    "complete": each.result.complete,
                    "pages_seen": each.result.pages_seen,
                    "pages_expected": each.result.pages_expected,
                    "entries_seen": each.result.entries_seen,
                    "stopped": str(each.result.stop) if each.result.stop else None,
                }
                for each in walked
            ],
            "gates": [gate.to_json() for gate in gates],
            "issues": self.ledger.issues,
            "accepted": self.accepted,
            "bytes": measure_answers(self.connection, self.run),
        }
        self.connection.execute(
            "UPDATE runs SET outcome = ?, exit_code = ?, parser = ?, finished_at = ?, close_reason = ?, stats = ? "
            "WHERE id = ?",
            (
                *(outcome, exit_code, self.reader.version, self.at),
                *(self.end["reason"] if self.end else None, json.dumps(stats, ensure_ascii=False), self.run),
            ),
        )
