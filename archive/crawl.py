"""One night from outside: hold the lock, let the crawling process fetch, then settle what it archived.

Scrapy ends with exit code 0 after nearly everything, so the crawl phase runs in a process of its own
(``python -m crawler``), and what is believed afterwards is the journal alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from archive import logs, progress, relay
from archive.ahead import ReadAhead
from archive.budget import TIME_LIMIT_SECONDS
from archive.captures import todays_reader
from archive.database_file import check
from archive.derive import derive
from archive.errors import BaogaoError, Incomplete, StorageError
from archive.journal import find_note, find_unindexed, index_part, repair_parts
from archive.night import begin_night, end_for_time, find_open_run, recover
from archive.settle import settle
from archive.sqlite import sqlite3
from archive.standing import Standing, load_expected
from archive.store import hold_lock, open_for_reading, open_for_writing, storage_errors
from archive.verdict import Verdict, load_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from archive.captures import Reader
    from archive.config import Config, Listing
    from archive.night import Options
    from archive.recording import Night
    from archive.store import DataDirectory

#: what the crawling process gets to close its files before it is killed; SIGTERM must end a night within 10 s
STOP_SECONDS = 8
#: between two looks at what the crawling process has archived: soon after a page, seldom at a polite pace
SHORT_PAUSE_SECONDS = 0.01
LONG_PAUSE_SECONDS = 0.64
PLAN_ON_STDIN = "-"  #: instead of the plan itself: a command line takes 128 KiB at most, some 900 listings


class Stopped(BaogaoError):
    """SIGTERM or SIGINT came: what was archived is kept, the next crawl goes on from there."""

    def __init__(self, number: int, kept: str = "what was archived is kept; `baogao crawl` goes on from there") -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}: {kept}.")
        self.exit_code = 128 + number


@contextlib.contextmanager
def stop_on_signals(*kept: str) -> Iterator[None]:
    """Turn SIGTERM and SIGINT into Stopped, wherever the program is; ``kept``: words other than a crawl's."""

    def stop(number: int, _: FrameType | None) -> None:
        raise Stopped(number, *kept)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def hold_archive(
    data: DataDirectory, reader: Reader, *, command: str, now: str, say: Callable[[str], None], frees: bool = False
) -> Iterator[tuple[sqlite3.Connection, int]]:
    """The archive for one writer: locked, checked, and recovered from whatever the last one left; and its lock."""
    data.prepare(frees=frees)
    with hold_lock(data, command=command, started_at=now) as lock:
        connection = open_for_writing(data, say=say)
        try:
            with storage_errors(data.db):
                for done in recover(connection, data, reader):
                    say(done)
                yield connection, lock
                if not data.db_copy:
                    derive(connection, say)
        finally:
            progress.erase()
            connection.close()


@contextlib.contextmanager
def copy_for_dry_run(data: DataDirectory) -> Iterator[DataDirectory]:
    """The same directory with a throw-away copy of its archive.db."""
    data.prepare()
    with tempfile.TemporaryDirectory(prefix="baogao-dry-") as scratch:
        copy = Path(scratch) / "archive.db"
        if data.db.exists():
            with (
                storage_errors(data.db),
                contextlib.closing(open_for_reading(data)) as source,  # so that nothing is changed, not even its mode
                contextlib.closing(sqlite3.connect(copy)) as target,
            ):
                check(source)
                source.backup(target)
        yield replace(data, db_copy=copy)


def crawl(
    data: DataDirectory,
    config: Config,
    listings: Sequence[Listing],
    options: Options,
    *,
    configured: bool,
    clock: Callable[[], str],
    say: Callable[[str], None],
    time_limit: float = TIME_LIMIT_SECONDS,
    begun: Callable[[], None] = lambda: None,
) -> Verdict:
    """One night; its outcome is "open" where it was to be captured only. ``begun``: called when the lock is held.

    Raises what kept it from a verdict (Locked, StorageError, Stopped, …).
    """
    reader = todays_reader()
    with contextlib.ExitStack() as held:
        if options.dry:
            data = held.enter_context(copy_for_dry_run(data))
        connection, lock = held.enter_context(hold_archive(data, reader, command="baogao crawl", now=clock(), say=say))
        begun()
        night, settled = begin_night(
            connection, data, listings, config, options, reader, now=clock(), configured=configured
        )
        for verdict in settled:
            say(f"run {verdict.run}, left by an earlier crawl, was settled first: {verdict.outcome}")
        if night is None:
            return settled[-1]
        _log_start(connection, night)
        ahead = ReadAhead(connection, data.root, night.run, reader)
        _fetch(connection, data, night, lock, ahead, clock=clock, time_limit=time_limit)
        return (
            settle(connection, data, night.run, ahead.reader) if options.settle else load_verdict(connection, night.run)
        )


def _log_start(connection: sqlite3.Connection, night: Night) -> None:
    logs.bind_run(night.run)
    if logs.is_json():
        keys = [listing.key for listing in night.listings]
        logs.log(
            "run.started",
            f"run {night.run}: {len(keys)} listing{'' if len(keys) == 1 else 's'} to walk",
            listings=keys,
            continued=find_note(connection, night.run, "run-start") is not None,
            delay=night.delay,
            max_pages=night.max_pages,
            dry=night.dry,
        )


def _fetch(
    connection: sqlite3.Connection,
    data: DataDirectory,
    night: Night,
    lock: int,
    ahead: ReadAhead,
    *,
    clock: Callable[[], str],
    time_limit: float,
) -> None:
    """Run the crawling process to its end, whatever that is. Raises where the run can't be settled now."""
    standing = Standing(night.order, night.delay, time.monotonic(), budget=night.budget)
    if progress.is_on():
        standing.expected = load_expected(connection, night.listings)
    code = _run_child(night, lock, ahead, time_limit, standing)
    if code is None:
        recover_parts(connection, data)
        end_for_time(connection, data, night, at=clock())
    elif code == StorageError.exit_code:
        raise StorageError(
            f"The crawl could not write below {data.root} (full, over a quota or size limit, or read-only; see the "
            "message above): make room and run again; what was archived is kept, and the night goes on from there."
        )
    elif code - 128 in (signal.SIGINT, signal.SIGTERM):  # sent to the crawling process alone
        raise Stopped(code - 128)
    elif code < 0:
        raise Incomplete(
            f"The crawling process was killed by {signal.Signals(-code).name} (out of memory?): what was archived is "
            "kept; run `baogao crawl` again, it goes on from there."
        )
    elif code:
        raise BaogaoError(
            f"The crawling process failed with exit code {code}; its traceback is above. What was archived is kept; "
            "run `baogao crawl` again, and report the traceback."
        )


def recover_parts(connection: sqlite3.Connection, data: DataDirectory) -> None:
    """Close and index what a killed crawling process left."""
    repair_parts(data)
    for part in find_unindexed(connection, data):
        index_part(connection, data, part)


def _run_child(night: Night, lock: int, ahead: ReadAhead, time_limit: float, standing: Standing) -> int | None:
    """The exit code of ``python -m crawler``; None: it was stopped for the time limit.

    Its standard input is a pipe from here: when this process dies, it reads the end of it and dies too. Until then it
    holds the lock with us: nothing crawls, and nothing repairs what it writes, beside it.
    """
    command = [sys.executable, "-P", "-m", "crawler", PLAN_ON_STDIN, "--parent"]
    stderr = None
    if relay.is_needed():
        command.append(logs.AS_JSON)
        stderr = subprocess.PIPE
    child = subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stderr=stderr, pass_fds=(lock,)
    )
    with relay.relaying(child.stderr, standing, verbose=night.verbose):
        try:
            hand_over(night, child)
            import archive.pages.reading  # noqa: F401, PLC0415 - for the settlement, while the child loads Scrapy

            return _wait_reading(child, ahead, time_limit)
        finally:
            end_child(child)


def hand_over(night: Night, child: subprocess.Popen[bytes]) -> None:
    """Write the plan to the standard input of a crawling process, which stays open."""
    assert child.stdin is not None
    rest = night.to_json().encode() + b"\n"
    with contextlib.suppress(BrokenPipeError):  # it is dead already, and its exit code says why
        while rest:
            rest = rest[os.write(child.stdin.fileno(), rest) :]


def end_child(child: subprocess.Popen[bytes]) -> None:
    """See it end: in good order where it still runs, and killed where that takes too long."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdin:
        child.stdin.close()


def _wait_reading(child: subprocess.Popen[bytes], ahead: ReadAhead, time_limit: float) -> int | None:
    """The child's exit code, None after the time limit; what it archives is read meanwhile."""
    deadline, pause = time.monotonic() + time_limit, SHORT_PAUSE_SECONDS
    while child.poll() is None:
        if time.monotonic() > deadline:
            return None
        if ahead.read_next():
            pause = SHORT_PAUSE_SECONDS
            continue
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(2 * pause, LONG_PAUSE_SECONDS)
    return child.returncode


@contextlib.contextmanager
def hold_own_night(
    data: DataDirectory, config: Config, listings: Sequence[Listing], options: Options, *, clock: Callable[[], str]
) -> Iterator[Night]:
    """For ``scrapy crawl``, which has no parent: lock, recovery and a run of its own, settled by `baogao settle`.

    Raises Locked, StorageError, UsageError.
    """
    reader = todays_reader()
    data.prepare()
    with hold_lock(data, command="scrapy crawl", started_at=clock()):
        connection = open_for_writing(data)
        try:
            with storage_errors(data.db):
                recover(connection, data, reader)
                pending = find_open_run(connection)
                if pending is not None:  # Scrapy users expect a crawl to fetch: what waits is settled before it
                    settle(connection, data, pending, reader)
                night, _ = begin_night(
                    connection, data, listings, config, options, reader, now=clock(), configured=False
                )
        finally:
            connection.close()
        assert night is not None
        yield night
