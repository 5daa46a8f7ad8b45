"""How the last night went and how the archive stands, as a Prometheus textfile for node_exporter."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.alerts.outbox import read_outbox
from archive.errors import BaogaoError, StorageError
from archive.moments import parse_time
from archive.printable import spell_out
from archive.store import open_for_reading, storage_errors
from archive.verdict import Verdict, load_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.sqlite import sqlite3
    from archive.store import DataDirectory

#: name → what it is; every series begins with "baogao_"
HELP = {
    "command_exit_code": "Exit code of the command that wrote this file",
    "command_duration_seconds": "How long it took",
    "command_timestamp_seconds": "When it ended",
    "last_run_info": "The last run of the ledger",
    "last_run_exit_code": "Its exit code in the ledger",
    "last_run_finished_timestamp_seconds": "When it was settled",
    "last_run_duration_seconds": "From its beginning to its settlement",
    "last_good_run_finished_timestamp_seconds": "When a crawl was last complete, with exit code 0",
    "listings": "Listings of the last run: walked to their end, only looked at, or not",
    "listing_complete": "Was the listing walked to its proved end in the last run",
    "listing_pages": "Pages of the listing in the last run, seen and expected",
    "listing_entries": "Entries of the listing in the last run",
    "events": "Events of the last run by kind",
    "event_alerts": "Events of the last run by what may be done with them",
    "responses": "Archived responses of the last run by HTTP status",
    "requests_without_response": "Requests of the last run that got none",
    "field_coverage_ratio": "Share of the reports seen in the last run that have the field",
    "gate_observed": "What a bound of the last run was compared with",
    "gate_threshold": "The bound",
    "gate_passed": "Was it kept",
    "issues": "Issues of the last run by level",
    "issue_codes": "Issues of the last run by code; RUNBOOK.md explains each",
    "reports": "Reports of the archive by state",
    "versions": "Versions of all reports",
    "outbox_messages": "Messages by state; held ones wait for a person",
    "outbox_oldest_pending_seconds": "Age of the oldest message that was due and is not sent",
    "size_bytes": "Bytes on disk",
    "disk_free_bytes": "Bytes free where the archive is",
}
#: with more listings than these, a bound of a single one is a series only while it is broken: there are six of each
LISTINGS_WITH_GATES = 50


_READABLE = 0o644  #: for the collector, who is somebody else, under whatever umask a night runs
_BEGINNING = b"# HELP baogao_"  #: of every file written here


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


def measure(data: DataDirectory, *, exit_code: int, seconds: float, now: str) -> list[Sample]:
    """Everything that can be told, also of an archive that is sick or not there."""
    samples = [
        Sample("command_exit_code", exit_code),
        Sample("command_duration_seconds", seconds),
        Sample("command_timestamp_seconds", _read_time(now)),
    ]
    with (
        contextlib.suppress(BaogaoError),
        contextlib.closing(open_for_reading(data)) as connection,
        storage_errors(data.db),
    ):
        samples += [*_measure_archive(connection), *_measure_last_run(connection)]
    with contextlib.suppress(BaogaoError), read_outbox(data.alerts) as outbox:
        if outbox is not None:
            samples += _measure_outbox(outbox, now)
    with contextlib.suppress(OSError):
        samples += _measure_disk(data)
    return samples


def _read_time(text: str) -> float:
    return parse_time(text).timestamp()


def _measure_archive(connection: sqlite3.Connection) -> Iterator[Sample]:
    for state, count in connection.execute("SELECT state, count(*) FROM items GROUP BY state"):
        yield Sample("reports", count, (("state", state),))
    yield Sample("versions", connection.execute("SELECT count(*) FROM item_versions").fetchone()[0])
    (good,) = connection.execute(
        "SELECT max(finished_at) FROM runs WHERE kind = 'crawl' AND outcome = 'complete' AND exit_code = 0"
    ).fetchone()
    if good is not None:
        yield Sample("last_good_run_finished_timestamp_seconds", _read_time(good))


def _measure_last_run(connection: sqlite3.Connection) -> Iterator[Sample]:
    (run,) = connection.execute("SELECT max(id) FROM runs WHERE kind = 'crawl'").fetchone()
    if run is None:
        return
    verdict = load_verdict(connection, run)
    yield Sample("last_run_info", 1, (("run", str(run)), ("outcome", verdict.outcome), ("parser", str(verdict.parser))))
    if verdict.finished_at is not None:
        yield Sample("last_run_exit_code", verdict.exit_code or 0)
        yield Sample("last_run_finished_timestamp_seconds", _read_time(verdict.finished_at))
        yield Sample("last_run_duration_seconds", _read_time(verdict.finished_at) - _read_time(verdict.started_at))
    yield from _measure_verdict(verdict)
    for status, count in connection.execute(
        "SELECT status, count(*) FROM captures WHERE run_id = ? GROUP BY status", (run,)
    ):
        yield Sample("responses", count, (("code", str(status)),))
    (failures,) = connection.execute(
        "SELECT count(*) FROM notes WHERE run_id = ? AND kind = 'failure'", (run,)
    ).fetchone()
    yield Sample("requests_without_response", failures)
    yield from _measure_coverage(connection, run)


def _measure_verdict(verdict: Verdict) -> Iterator[Sample]:
    yield from _measure_looks(verdict)
    for walk in verdict.walks:
        listing = ("listing", walk["listing"])
        yield Sample("listing_complete", walk["complete"], (listing,))
        yield Sample("listing_entries", walk["entries_seen"], (listing,))
        for state in ("seen", "expected"):
            if walk[f"pages_{state}"] is not None:
                yield Sample("listing_pages", walk[f"pages_{state}"], (listing, ("state", state)))
    for kind, count in verdict.counts.items():
        if kind not in {"pages", "entries"}:
            yield Sample("events", count, (("kind", kind),))
    for alert in ("due", "quiet", "held"):
        yield Sample("event_alerts", verdict.alerts.get(alert, 0), (("alert", alert),))
    for gate in verdict.gates:
        if len(verdict.walks) > LISTINGS_WITH_GATES and gate["passed"] and gate["listing"]:
            continue
        labels = (("gate", gate["name"]), ("listing", gate["listing"] or ""))
        for part in ("observed", "threshold", "passed"):
            yield Sample(f"gate_{part}", float(gate[part]), labels)
    yield from _measure_issues(verdict)


def _measure_looks(verdict: Verdict) -> Iterator[Sample]:
    looks = {"whole": 0, "looked_at": 0, "missed": 0}
    for walk in verdict.walks:
        looks["whole" if walk["complete"] else "looked_at" if walk["pages_seen"] else "missed"] += 1
    for look, count in looks.items():
        yield Sample("listings", count, (("walked", look),))


def _measure_issues(verdict: Verdict) -> Iterator[Sample]:
    for level in ("warning", "error"):
        yield Sample("issues", sum(issue["level"] == level for issue in verdict.issues), (("level", level),))
    for code, count in Counter(issue["code"] for issue in verdict.issues).items():
        yield Sample("issue_codes", count, (("code", code),))


def _measure_coverage(connection: sqlite3.Connection, run: int) -> Iterator[Sample]:
    seen, *having = connection.execute(
        "SELECT count(*), count(nullif(title, '')), count(nullif(summary_zh, '')), count(nullif(summary_en, '')), "
        "count(nullif(brands, '[]')), count(nullif(published_on, '')) "
        "FROM items i JOIN item_versions v ON v.id = i.version_id WHERE i.last_run_id = ?",
        (run,),
    ).fetchone()
    names = ("title", "summary_zh", "summary_en", "brands", "published_on")
    for name, count in zip(names, having, strict=True):
        if seen:
            yield Sample("field_coverage_ratio", count / seen, (("field", name),))


def _measure_outbox(outbox: sqlite3.Connection, now: str) -> Iterator[Sample]:
    counts = dict(outbox.execute("SELECT state, count(*) FROM messages GROUP BY state").fetchall())
    for state in ("held", "pending", "sent", "dead", "dropped"):
        yield Sample("outbox_messages", counts.get(state, 0), (("state", state),))
    (oldest,) = outbox.execute(
        "SELECT min(created_at) FROM messages WHERE state = 'pending' AND (attempts > 0 OR not_before <= ?)", (now,)
    ).fetchone()
    yield Sample("outbox_oldest_pending_seconds", max(0.0, _read_time(now) - _read_time(oldest)) if oldest else 0)


def _measure_disk(data: DataDirectory) -> Iterator[Sample]:
    for path in (data.db, data.db.with_name("archive.db-wal"), data.alerts):
        if path.exists():
            yield Sample("size_bytes", path.stat().st_size, (("of", path.name),))
    if data.warc.is_dir():
        yield Sample("size_bytes", sum(each.stat().st_size for each in data.warc.iterdir()), (("of", "warc"),))
    yield Sample("disk_free_bytes", shutil.disk_usage(data.root).free)


def write_metrics(samples: list[Sample], file: Path, *, of: DataDirectory) -> None:
    """Whole or not at all: a scraper never reads half of it. Nothing but an earlier one is replaced.

    Each series has the label ``archive``, the data directory: a collector that meets the same series in two files of
    one machine drops both. Raises StorageError.
    """
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile  # noqa: PLC0415 - 75 ms

    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    archive = spell_out(str(of.root.resolve()))
    for sample in samples:
        labels = {"archive": archive, **dict(sample.labels)}
        if sample.name not in gauges:
            gauges[sample.name] = Gauge(f"baogao_{sample.name}", HELP[sample.name], list(labels), registry=registry)
        gauges[sample.name].labels(**labels).set(sample.value)
    target = Path(os.path.realpath(file))  # a link stays one
    new = target.with_name(f"{target.name}.{os.getpid()}.new")  # of two commands that end at once, each its own
    try:
        if not _is_ours(target):
            raise StorageError(
                f"The metrics file {file} is there and no metrics file of baogao: it stays as it is; name another with "
                "--metrics."
            )
        write_to_textfile(str(new), registry)
        new.chmod(_READABLE)
        new.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise StorageError(
            f"The metrics file {file} can't be written ({error.strerror}): check its directory, or name another with "
            "--metrics."
        ) from error


def _is_ours(target: Path) -> bool:
    """Whether nothing is lost with it: no database or configuration, no device like /dev/null."""
    if not target.exists():
        return True
    if not target.is_file():
        return False
    with target.open("rb") as there:
        return there.read(len(_BEGINNING)) in (b"", _BEGINNING)
