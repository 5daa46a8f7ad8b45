"""``baogao prune``: which old nights tell nothing that the nights around them don't, and what of their WARC files goes.

A night is kept whole where anything cites it; the rules stand in ``RULES``. Of the others every page goes that no kept
record refers to; all notes, and the pages that a later night refers to, stay byte for byte. Files that hold hardly more
than references, because the pages were the same every night, are left alone.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from archive.captures import load_exchange
from archive.errors import StorageError, UsageError
from archive.moments import parse_time
from archive.progress import track
from archive.pruned import ENTRIES, NIGHT, pack_note
from archive.replay import describe_night, iterate_entries
from archive.rewriting import FOLDER, Rewriting, rewrite, swap

if TYPE_CHECKING:
    from archive.sqlite import sqlite3
    from archive.store import DataDirectory

LEAST_DAYS = 14
_AGE = re.compile(r"([1-9]\d{0,4})([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}
#: what a file system gives back at the least
BLOCK = 4096

_SETTLED = "('complete', 'partial', 'aborted')"
#: why a night is kept, and which are; the first that holds is told
RULES: dict[str, tuple[str, str]] = {
    "unsettled": (
        "no crawl, or not settled",
        f"SELECT id FROM runs WHERE kind <> 'crawl' OR outcome NOT IN {_SETTLED}",
    ),
    "young": ("younger than that", "SELECT id FROM runs WHERE started_at >= :before"),
    "event": ("something happened", "SELECT run_id FROM events"),
    "version": (
        "a version was read from it",
        (
            "SELECT run_id FROM item_versions UNION "
            "SELECT c.run_id FROM item_versions v JOIN captures c ON c.id = v.capture_id"
        ),
    ),
    "beginning": ("a listing showed a report for the first time", "SELECT first_run_id FROM memberships"),
    "issue": (
        "an issue cites a page of it",
        (
            "SELECT run_id FROM issues WHERE capture_id IS NOT NULL UNION "
            "SELECT c.run_id FROM issues s JOIN captures c ON c.id = s.capture_id"
        ),
    ),
    "decision": (
        "a person decided about it",
        (
            "SELECT run_id FROM notes WHERE kind IN ('accept', 'alias', 'release', 'drop') UNION "
            "SELECT json_extract(content, '$.run') FROM notes WHERE kind = 'accept'"
        ),
    ),
    "last": (
        "the last that showed a report, or walked a listing to its end",
        (
            "SELECT last_run_id FROM items UNION SELECT last_run_id FROM memberships UNION "
            "SELECT max(run_id) FROM walks WHERE complete = 1 GROUP BY listing_id UNION SELECT max(id) FROM runs"
        ),
    ),
    "first": (
        "the first that walked a listing to its end",
        "SELECT min(run_id) FROM walks WHERE complete = 1 GROUP BY listing_id",
    ),
    "proof": ("it proves that a report is gone", "SELECT run_id FROM temp.proofs"),
    "thin": (
        "a page showed a text that did not count",
        "SELECT c.run_id FROM shown s JOIN captures c ON c.id = s.capture_id WHERE s.version_id IS NULL",
    ),
}
PRUNED, NOTHING = "pruned", "nothing"  #: pruned before; nothing worth it in its files


@dataclass(slots=True)
class Pruning:
    """What was done, or would be."""

    before: str
    nights: list[int] = field(default_factory=list)
    files: int = 0
    bytes_before: int = 0  #: of these files
    bytes_after: int = 0
    kept: dict[str, int] = field(default_factory=dict)  #: nights by reason: of RULES, PRUNED, NOTHING

    @property
    def freed(self) -> int:
        return self.bytes_before - self.bytes_after


def read_age(text: str, *, now: str) -> str:
    """The time before which nights may be pruned. Raises UsageError."""
    match = _AGE.fullmatch(text.strip())
    days = int(match[1]) * _DAYS[match[2]] if match else 0
    if days < LEAST_DAYS:
        raise UsageError(
            f"{text!r} is no age that can be kept: give days, weeks or years, as 90d, 12w or 1y, and at least "
            f"{LEAST_DAYS}d."
        )
    try:
        return (parse_time(now) - timedelta(days=days)).isoformat()[:19] + "Z"  # %Y would write year 26 as 26
    except OverflowError:
        raise UsageError(f"{text!r} is older than time: give days, weeks or years, as 90d, 12w or 1y.") from None


def describe_reasons(pruning: Pruning) -> list[tuple[int, str]]:
    """Nights kept and why, in the order of the rules."""
    words = {reason: why for reason, (why, _) in RULES.items()} | {
        PRUNED: "pruned before",
        NOTHING: "nothing to win: their files hold references to earlier pages, or next to nothing",
    }
    return [(pruning.kept[reason], why) for reason, why in words.items() if reason in pruning.kept]


def prune(connection: sqlite3.Connection, data: DataDirectory, *, before: str, now: str, dry: bool = False) -> Pruning:
    """Prune the nights that began before then, one file at a time; ``dry``: only count. Raises StorageError."""
    pruning = Pruning(before)
    connection.execute("DROP TABLE IF EXISTS temp.elsewhere")
    connection.execute("CREATE TEMP TABLE elsewhere (payload_id INTEGER PRIMARY KEY)")
    connection.execute(  # pages that another night refers to
        "INSERT INTO temp.elsewhere SELECT DISTINCT q.payload_id FROM captures q "
        "JOIN captures p ON p.id = q.payload_id WHERE q.run_id <> p.run_id"
    )
    candidates = []
    for run, reason in choose_nights(connection, before):
        if reason is None:
            candidates.append(run)
        else:
            pruning.kept[reason] = pruning.kept.get(reason, 0) + 1
    if candidates:
        _prove_kept(connection, data)
    for run in track(candidates, "pruning: night", len(candidates)):
        reason = _prune_night(connection, data, run, pruning, now=now, dry=dry)
        if reason is None:
            pruning.nights.append(run)
        else:
            pruning.kept[reason] = pruning.kept.get(reason, 0) + 1
    return pruning


def _prove_kept(connection: sqlite3.Connection, data: DataDirectory) -> None:
    """What is dropped may be the last copy of a text whose own page is damaged or lost."""
    for (file,) in connection.execute("SELECT file FROM warc_files ORDER BY file"):
        if not (data.root / file).exists():
            raise StorageError(
                f"{data.root / file} is missing: restore it from a backup, then prune; nothing was dropped."
            )
    cited = connection.execute(
        "SELECT DISTINCT coalesce(c.payload_id, c.id) FROM item_versions v JOIN captures c ON c.id = v.capture_id "
        "ORDER BY 1"
    ).fetchall()
    for (capture_id,) in cited:
        try:
            load_exchange(connection, data.root, capture_id)
        except StorageError as error:
            raise StorageError(
                f"A page that a version was read from is damaged ({str(error).rstrip('.')}): then prune; nothing was "
                "dropped."
            ) from error


def choose_nights(connection: sqlite3.Connection, before: str) -> list[tuple[int, str | None]]:
    """Every run, and why it is kept; None: it may be pruned."""
    _find_proofs(connection)
    reasons: dict[int, str] = {}
    for reason, (_, query) in reversed(RULES.items()):
        for (run,) in connection.execute(query, {"before": before}):
            reasons[run] = reason
    connection.execute("DROP TABLE temp.proofs")
    return [(run, reasons.get(run)) for (run,) in connection.execute("SELECT id FROM runs ORDER BY id").fetchall()]


def _find_proofs(connection: sqlite3.Connection) -> None:
    """The complete walks that did not show a report, from the last sighting of it to the night that took it as gone."""
    connection.execute("DROP TABLE IF EXISTS temp.proofs")
    connection.execute("CREATE TEMP TABLE proofs (run_id INTEGER PRIMARY KEY)")
    for item_id, run in connection.execute(
        "SELECT item_id, run_id FROM events WHERE kind = 'withdrawn' UNION ALL "
        "SELECT id, 9223372036854775807 FROM items WHERE state = 'missing'"
    ).fetchall():
        connection.execute(
            "INSERT OR IGNORE INTO temp.proofs SELECT w.run_id FROM ("
            "SELECT c.listing_id, max(c.run_id) AS last FROM shown s "
            "JOIN captures c ON c.id = s.capture_id WHERE s.item_id = ?1 AND c.run_id < ?2 GROUP BY 1) seen "
            "CROSS JOIN walks w ON w.listing_id = seen.listing_id AND w.complete = 1 AND w.run_id > seen.last "
            "AND w.run_id <= ?2",
            (item_id, run),
        )


def _prune_night(
    connection: sqlite3.Connection, data: DataDirectory, run: int, pruning: Pruning, *, now: str, dry: bool
) -> str | None:
    """Why it is kept after all."""
    done = connection.execute("SELECT 1 FROM notes WHERE run_id = ? AND kind = ?", (run, NIGHT)).fetchone() is not None
    dropped = _choose_pages(connection, run)
    if not dropped:
        return PRUNED if done else NOTHING
    files = [
        file
        for (file,) in connection.execute("SELECT file FROM warc_files WHERE run_id = ? ORDER BY file DESC", (run,))
    ]
    notes = []  # behind the last file; a night that was pruned half has them
    if not done:
        for number, entries in enumerate(iterate_entries(connection, run)):
            notes.append((ENTRIES, *pack_note(ENTRIES, {"entries": entries}, at=now, name=f"{files[0]} {number}")))
        notes.append((NIGHT, *pack_note(NIGHT, describe_night(connection, run, at=now), at=now, name=files[0])))
    planned = []
    for number, file in enumerate(files):
        planned.append(rewrite(data, file, dropped, notes if number == 0 else [], at=now, sink=None))
    freed = sum(each.bytes_before - each.bytes_after for each in planned)
    if freed < BLOCK and not done:
        return NOTHING
    for number, plan in enumerate(planned):
        if not plan.is_needed:
            continue
        if not dry:
            _carry_out(connection, data, plan, dropped, notes if number == 0 else [], run, now)
        pruning.files += 1
        pruning.bytes_before += plan.bytes_before
        pruning.bytes_after += plan.bytes_after
    return None


def _carry_out(
    connection: sqlite3.Connection,
    data: DataDirectory,
    plan: Rewriting,
    dropped: frozenset[str],
    notes: list[tuple[str, bytes, str]],
    run: int,
    now: str,
) -> None:
    file = plan.file
    _compare(connection, plan)
    place = data.state / FOLDER / file.rpartition("/")[2]
    try:
        place.parent.mkdir(exist_ok=True)
        with place.open("wb") as sink:
            done = rewrite(data, file, dropped, notes, at=now, sink=sink)
        swap(connection, data, place, done, run=run)
    except OSError as error:
        with contextlib.suppress(OSError):
            place.unlink()
        raise StorageError(
            f"{place} can't be written ({error.strerror}): make room, as much as the largest WARC file takes, and run "
            f"`baogao prune` again; {file} is as it was, and nothing is lost."
        ) from error


def _compare(connection: sqlite3.Connection, plan: Rewriting) -> None:
    """Nothing is dropped whose facts archive.db has otherwise: a damaged row would become the truth."""
    for offset, facts in plan.pages.items():
        row = connection.execute(
            "SELECT c.record_id, c.url, c.status, c.fetched_at, c.digest, l.key, c.page, c.warc_length FROM captures c "
            "LEFT JOIN listings l ON l.id = c.listing_id WHERE c.warc_file = ? AND c.warc_offset = ?",
            (plan.file, offset),
        ).fetchone()
        names = ("record_id", "url", "status", "fetched_at", "digest", "listing", "page", "length")
        if row is None or tuple(row) != tuple(facts[name] for name in names):
            raise StorageError(
                f"{plan.file} at {offset} holds another page than archive.db says: run `baogao verify`; that file was "
                "left as it is."
            )


def _choose_pages(connection: sqlite3.Connection, run: int) -> frozenset[str]:
    """Record ids: pages that nothing but this night refers to, and what refers to them."""
    rows = connection.execute(
        "WITH alone AS (SELECT id FROM captures p WHERE run_id = ?1 AND payload_id IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM temp.elsewhere e WHERE e.payload_id = p.id)) "
        "SELECT record_id FROM captures WHERE run_id = ?1 AND pruned_at IS NULL "
        "AND coalesce(payload_id, id) IN (SELECT id FROM alone)",
        (run,),
    )
    return frozenset(row[0] for row in rows)
