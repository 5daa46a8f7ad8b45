"""One round of telling people: plan what the feed brought, then send what is due, one round at a time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from archive.alerts.outbox import open_outbox, read_outbox
from archive.alerts.planning import plan, register_rules
from archive.errors import Locked
from archive.store import hold_lock, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archive.alerts.sending import Tally
    from archive.config import Config
    from archive.sqlite import sqlite3
    from archive.store import DataDirectory

#: a crawl waits this long for another round to end; that one may be waiting for a hanging endpoint
PATIENCE_SECONDS = 90.0
_LOCK = "notify.lock"


@contextlib.contextmanager
def hold_outbox(
    data: DataDirectory, config: Config, *, command: str, clock: Callable[[], str], patience: float = 0.3
) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """alerts.db, planned up to now, and archive.db to read; nobody else plans or sends meanwhile.

    Raises Locked, StorageError, UsageError.
    """
    with (
        contextlib.closing(open_for_reading(data)) as connection,
        hold_lock(data, command=command, started_at=clock(), name=_LOCK, patience=patience),
        open_outbox(data.alerts) as outbox,
    ):
        plan(outbox, connection, config.rules, config.channels, now=clock())
        yield outbox, connection


@contextlib.contextmanager
def look_at_outbox(
    data: DataDirectory, config: Config, *, command: str, clock: Callable[[], str], say: Callable[[str], None]
) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """The same to read: as it stands, where a round is at work, which may be waiting for an endpoint for minutes."""
    with contextlib.ExitStack() as opened:
        try:
            pair = opened.enter_context(hold_outbox(data, config, command=command, clock=clock))
        except Locked as locked:
            outbox = opened.enter_context(read_outbox(data.alerts))
            if outbox is None:
                raise
            pair = outbox, opened.enter_context(contextlib.closing(open_for_reading(data)))
            say(f"baogao: this is how it stands now: {locked}")
        yield pair


def notify(
    data: DataDirectory,
    config: Config,
    environment: Mapping[str, str],
    *,
    command: str,
    clock: Callable[[], str],
    jitter: Callable[[], float],
    sleep: Callable[[float], object],
    say: Callable[[str], None],
    patience: float = 0.3,
) -> Tally:
    """Plan and send. Raises Locked where another round does, StorageError, UsageError."""
    from archive.alerts.sending import send_due  # noqa: PLC0415 - a night without rules need not load it

    with hold_outbox(data, config, command=command, clock=clock, patience=patience) as (outbox, connection):
        return send_due(outbox, connection, config, environment, clock=clock, jitter=jitter, sleep=sleep, say=say)


def register(data: DataDirectory, config: Config) -> None:
    """Before a night: rules that are new hear of what it settles. Does nothing where there are no rules."""
    if not config.rules:
        return
    data.prepare()
    with contextlib.ExitStack() as opened:
        connection = opened.enter_context(contextlib.closing(open_for_reading(data))) if data.db.exists() else None
        register_rules(opened.enter_context(open_outbox(data.alerts)), connection, config.rules)
