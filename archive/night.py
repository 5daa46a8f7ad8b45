"""Between nights: recover what a crash left, begin or continue a run.

Everything here runs under the lock of :mod:`archive.store`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import count, groupby
from typing import TYPE_CHECKING, Any

from archive import progress
from archive.counted import counted
from archive.deciding import apply_decisions, find_last_settled
from archive.journal import (
    find_note,
    find_unindexed,
    index_part,
    list_parts,
    open_run,
    repair_parts,
    write_part,
)
from archive.moments import parse_time
from archive.provenance import digest_config
from archive.recording import CAPTURED, Night
from archive.reparse import replay_reparse
from archive.rewriting import finish_swaps
from archive.rotation import order_listings
from archive.settle import settle
from archive.store import storage_errors, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.captures import Reader
    from archive.config import Config, Listing
    from archive.sqlite import sqlite3
    from archive.store import DataDirectory
    from archive.verdict import Verdict

#: an interrupted run younger than this is continued, an older one is settled as it is: the listing has moved on
CONTINUE_WITHIN = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Options:
    """How one night departs from the configuration."""

    delay: float
    max_pages: int
    dry: bool = False
    settle: bool = True
    verbose: bool = False


def recover(connection: sqlite3.Connection, data: DataDirectory, reader: Reader) -> list[str]:
    """Close torn files, index what archive.db does not know, settle all of that but an unfinished night.

    Says what was done, in sentences.
    """
    done = []
    if not data.db_copy:  # a dry run leaves all as it is
        done += finish_swaps(connection, data)
        done += [str(repaired) for repaired in repair_parts(data)]
    apply_decisions(connection, data, find_last_settled(connection), reader)  # a crash may have come in between
    known = find_open_run(connection)
    parts = find_unindexed(connection, data)
    indexed = count(1)
    if parts and not connection.execute("SELECT 1 FROM runs").fetchone():
        done.append(f"archive.db was empty: read {counted(len(parts), 'WARC file')} again")
    for run, group in groupby(parts, lambda part: part.run):
        pending = find_open_run(connection)
        if pending is not None and pending < run:
            _close_run(connection, data, pending, reader)
        for part in group:
            progress.advance("reading WARC file", next(indexed), len(parts))
            if part.is_crawl:
                index_part(connection, data, part)
                continue
            if find_open_run(connection) == run:
                _close_run(connection, data, run, reader)
            index_part(connection, data, part)
            apply_decisions(connection, data, run, reader)
    pending = find_open_run(connection)
    if pending is not None and find_note(connection, pending, "run-start") is None:
        # died before its first record: nothing of it is in the journal, and so it never was
        connection.execute("DELETE FROM runs WHERE id = ?", (pending,))
    elif pending is not None and (_kind(connection, pending) == "reparse" or _is_history(connection, pending, known)):
        _close_run(connection, data, pending, reader)
    return done


def _is_history(connection: sqlite3.Connection, run: int, known: int | None) -> bool:
    """True for a finished night that archive.db had lost: it is to be settled, not to be taken for tonight's."""
    return run != known and find_note(connection, run, "run-end") is not None


def find_open_run(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT id FROM runs WHERE outcome = 'open'").fetchone()
    return row[0] if row else None


def _kind(connection: sqlite3.Connection, run: int) -> str:
    return str(connection.execute("SELECT kind FROM runs WHERE id = ?", (run,)).fetchone()[0])


def _close_run(connection: sqlite3.Connection, data: DataDirectory, run: int, reader: Reader) -> None:
    if _kind(connection, run) == "reparse":
        replay_reparse(connection, data, run, reader)
    else:
        settle(connection, data, run, reader)


def begin_night(
    connection: sqlite3.Connection,
    data: DataDirectory,
    listings: Sequence[Listing],
    config: Config,
    options: Options,
    reader: Reader,
    *,
    now: str,
    configured: bool,
) -> tuple[Night | None, list[Verdict]]:
    """The night to crawl, a new one or the one a crash interrupted, and the verdicts of runs settled on the way.

    No night: what a crash left needed only to be settled, and that was this night's work. ``configured``: the
    listings are all there are, so that those missing among them are retired.
    """
    pending = find_open_run(connection)
    settled = []
    if pending is not None:
        start, end = find_note(connection, pending, "run-start"), find_note(connection, pending, "run-end")
        (started_at,) = connection.execute("SELECT started_at FROM runs WHERE id = ?", (pending,)).fetchone()
        age = parse_time(now) - parse_time(started_at)
        young = timedelta(0) <= age < CONTINUE_WITHIN and not options.dry
        planned = [asdict(listing) for listing in listings]
        assert start is not None  # else recover has removed it
        if end is None and young and start["listings"] == planned:
            return _plan(connection, data, pending, start, listings, config, options, reader), []
        settled.append(settle(connection, data, pending, reader))
        if end is not None and end["reason"] != CAPTURED and young and start["listings"] == planned:
            return None, settled
    keys = {listing.key for listing in listings}
    retired = [
        key
        for (key,) in connection.execute("SELECT key FROM listings WHERE walked = 1 ORDER BY id")
        if configured and key not in keys
    ]
    run = next_run(connection, data)
    start = {"started_at": now, "retired": retired}
    night = _plan(connection, data, run, start, listings, config, options, reader)
    with storage_errors(data.db), transaction(connection):
        open_run(connection, night.describe())
    return night, settled


def next_run(connection: sqlite3.Connection, data: DataDirectory) -> int:
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()
    return max(int(last), *(part.run for part in list_parts(data)), 0) + 1


def _plan(
    connection: sqlite3.Connection,
    data: DataDirectory,
    run: int,
    start: dict[str, Any],
    listings: Sequence[Listing],
    config: Config,
    options: Options,
    reader: Reader,
) -> Night:
    return Night(
        run=run,
        data=str(data.root),
        db=str(data.db),
        listings=tuple(listings),
        delay=options.delay,
        user_agent=config.user_agent,
        max_pages=options.max_pages,
        parser=reader.version,
        started_at=start["started_at"],
        retired=tuple(start["retired"]),
        settle=options.settle,
        dry=options.dry,
        verbose=options.verbose,
        config=digest_config(config, listings, delay=options.delay, max_pages=options.max_pages),
        order=order_listings(connection, run, listings),
        budget=config.budget,
        max_concurrent_hosts=config.max_concurrent_hosts,
    )


def end_for_time(connection: sqlite3.Connection, data: DataDirectory, night: Night, *, at: str) -> None:
    """Put on record that the night was ended for its time limit, so that it is settled as far as it came."""
    end = {"at": at, "reason": "time limit"}
    write_part(connection, data, night.run, "run-end", end, parser=night.parser, at=at, dry=night.dry)
