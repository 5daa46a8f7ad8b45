"""How a night went: the outcome, why, and what to do next, as one line and as a small table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive import logs
from archive.counted import counted
from archive.journal import find_note
from archive.walk import LEFT_FOR_LATER, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.sqlite import sqlite3

_NEXT = {
    3: "run again",
    4: "look at the pages, then `baogao accept {run}`, or mend the parser and run again",
    5: "wait, and ask less often; never try to evade",
    9: "run again with more time, or fewer listings",
}
SHOWN = 50  #: listings in a table for people
_HOLDING = {"twin", "flood"}  #: issues that say an alert was held: a person decides, and it is held no more


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row of the run ledger, as the contract words it."""

    run: int
    kind: str
    outcome: str
    exit_code: int | None
    started_at: str
    finished_at: str | None
    parser: int
    counts: dict[str, int]
    alerts: dict[str, int]  #: events of the run by what may be done with them now: due, quiet, held
    walks: list[dict[str, Any]]
    gates: list[dict[str, Any]]
    issues: list[dict[str, str]]
    bytes: dict[str, int] | None = None  #: of the answers: archive.captures.measure_answers
    software: dict[str, str] | None = None  #: name → version
    config: str | None = None  #: archive.provenance.digest_config
    budget: float | None = None  #: seconds

    def to_json(self) -> dict[str, Any]:
        """Without what an older release has not recorded."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in told.items() if value is not None or name not in _LATER}


_LATER = {"bytes", "software", "config", "budget"}
_COUNTS = ("pages", "entries", "appeared", "changed", "cosmetic", "corrected", "withdrawn", "reappeared")


def load_verdict(connection: sqlite3.Connection, run: int) -> Verdict:
    row = tuple(
        connection.execute(
            "SELECT id, kind, outcome, exit_code, started_at, finished_at, parser, stats FROM runs WHERE id = ?", (run,)
        ).fetchone()
    )
    stats = json.loads(row[7])
    issues = connection.execute("SELECT level, code, message FROM issues WHERE run_id = ? ORDER BY id", (run,))
    start = find_note(connection, run, "run-start") or {}
    alerts = connection.execute("SELECT alert, count(*) FROM events WHERE run_id = ? GROUP BY alert", (run,))
    return Verdict(
        *row[:7],  # type: ignore[misc]
        counts=dict.fromkeys(_COUNTS, 0) | stats.get("counts", {}),
        alerts=dict(alerts.fetchall()),
        walks=stats.get("walks", []),
        # earlier releases have stored what a gate would mean if it were broken
        gates=[gate | ({"message": ""} if gate["passed"] else {}) for gate in stats.get("gates", [])],
        issues=[{"level": level, "code": code, "message": message} for level, code, message in issues],
        bytes=stats.get("bytes"),
        software=start.get("software"),  # type: ignore[arg-type]
        config=start.get("config"),  # type: ignore[arg-type]
        budget=start.get("budget"),  # type: ignore[arg-type]
    )


def log_verdict(verdict: Verdict) -> Verdict:
    """The same verdict, on record where programs read the log."""
    if logs.is_json():
        logs.log(
            "run.settled",
            summarize(verdict),
            level="error" if verdict.outcome == "rejected" else "warning" if verdict.exit_code else "info",
            run=verdict.run,
            kind=verdict.kind,
            outcome=verdict.outcome,
            exit_code=verdict.exit_code,
            counts=verdict.counts,
            bytes=verdict.bytes,
            broken_gates=[gate["name"] for gate in verdict.gates if not gate["passed"]],
        )
    return verdict


def summarize(verdict: Verdict) -> str:
    """One line: outcome, counts, reason, and what to do next."""
    counts = verdict.counts
    told = [f"{counts[kind]} {kind}" for kind in _COUNTS[2:] if counts[kind]] or ["nothing new"]
    held = verdict.alerts.get("held")
    if held:
        told.append(f"{counted(held, 'alert')} held for a person")
    elif counts["appeared"] and not verdict.alerts.get("due"):
        decided = any(issue["code"] in _HOLDING for issue in verdict.issues)
        told.append("nobody is told" + ("" if decided else " of a first walk"))
    walked = f"{tell_walked(verdict.walks)}: " if verdict.budget and verdict.walks else ""
    seen = f"{counted(counts['entries'], 'entry')} on {counted(counts['pages'], 'page')}"
    line = f"run {verdict.run} {verdict.outcome}: {walked}{seen}, " + (
        "nothing published" if verdict.outcome == "rejected" else ", ".join(told)
    )
    errors = [issue["message"] for issue in verdict.issues if issue["level"] == "error"] or [
        issue["message"] for issue in verdict.issues if issue["code"] in {"walk-incomplete", "budget"}
    ]
    if verdict.exit_code and errors:
        line += f" — {errors[0].rstrip('.')}"
        if len(errors) > 1:
            line += f" (and {len(errors) - 1} more)"
    step = _NEXT.get(verdict.exit_code or 0)
    return line + (f"; {step.format(run=verdict.run)}." if step else ".")


def tell_walked(walks: Sequence[Mapping[str, Any]]) -> str:
    """What a budget was enough for."""
    whole = sum(walk["complete"] for walk in walks)
    looked_at = sum(not walk["complete"] and walk["pages_seen"] > 0 for walk in walks)
    missed = len(walks) - whole - looked_at
    told = [(looked_at, "looked at"), (missed, "not")]
    parts = [f"{whole} of {len(walks)} listings walked to their end", *(f"{n} {how}" for n, how in told if n)]
    return ", ".join(parts)


def judge_walk(walk: Mapping[str, Any]) -> str:
    """To its end? ``head``: no, and that was the plan."""
    is_head = walk["pages_seen"] and Stop.parse(walk["stopped"] or "").kind in LEFT_FOR_LATER
    return "yes" if walk["complete"] else "head" if is_head else "NO"


def tabulate(verdict: Verdict) -> str:
    """The walks as a small table; a listing's name may be Chinese, so it stands last."""
    lines = ["complete  pages      entries  listing"]
    walks, left_out = choose_walks(verdict.walks)
    for walk in walks:
        pages = f"{walk['pages_seen']}/{walk['pages_expected'] or '?'}"
        lines.append(f"{judge_walk(walk):<9} {pages:<10} {walk['entries_seen']:<8} {walk['listing']}")
    return "\n".join(lines if not left_out else [*lines, left_out])


def choose_walks(walks: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """The walks that a person is shown, and a sentence on the others: of a great many those that need a look."""
    if len(walks) <= SHOWN:
        return walks, ""
    judged = [judge_walk(walk) for walk in walks]
    failed = [walk for walk, judgement in zip(walks, judged, strict=True) if judgement == "NO"]
    told = f"{judged.count('yes')} of {len(walks)} listings were walked to their end"
    if heads := judged.count("head"):
        told += f", of {heads} the head was read"
    if len(failed) > SHOWN:
        told += f"; {len(failed) - SHOWN} more were not"
    return failed[:SHOWN], f"{told} (--json has them all)."
