"""One round of sending: every channel by a worker of its own, so that a dead endpoint delays nobody.

All SQLite work and all wording is done in the calling thread. That a message is in the air is on record before it is:
a crash leaves it pending, and it is tried again by the schedule, under the same key. A channel has one message in the
air at a time, so that nothing is counted as tried that was not.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict, deque
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING

from archive.alerts.backoff import ATTEMPTS, next_attempt
from archive.alerts.couriers import Courier, Worker, open_courier
from archive.alerts.lane import Lane
from archive.alerts.ledger import Ledger
from archive.alerts.model import Outcome
from archive.alerts.notices import Gone, load_notice
from archive.alerts.outbox import explain_disabled, note_attempt, postpone
from archive.alerts.rules import ChatChannel
from archive.errors import BaogaoError, UsageError
from archive.logs import log
from archive.sqlite import sqlite3
from archive.store import storage_errors, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from archive.alerts.model import Delivery
    from archive.config import Config

WORKERS = 16  #: channels served at once
#: for what is in the air when the program is to end; for servers to be left politely
_STOPPING_SECONDS, _FAREWELL_SECONDS = 5.0, 2.0
#: of a round: the next one begins an hour after this one; what is left then is the next one's
ROUND_SECONDS = 45 * 60.0


def find_path(connection: sqlite3.Connection) -> Path:
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


def say_unanswered(patience: float) -> Outcome:
    return Outcome("retry", f"no answer within {patience:g} seconds", whole_channel=True)


class Dispatch:
    def __init__(
        self,
        outbox: sqlite3.Connection,
        connection: sqlite3.Connection,
        config: Config,
        environment: Mapping[str, str],
        clock: Callable[[], str],
        jitter: Callable[[], float],
        say: Callable[[str], None],
        patience: float,
        time_limit: float = ROUND_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._connection = connection
        self._config = config
        self._environment = environment
        self._clock = clock
        self._jitter = jitter
        self._say = say
        self._patience = patience
        self._end = monotonic() + time_limit
        self._finished: SimpleQueue[Worker] = SimpleQueue()
        self._leaving: list[Worker] = []
        self._archive = find_path(connection)
        self.ledger = Ledger(outbox, config, clock, jitter, say)

    @property
    def is_over(self) -> bool:
        """Nothing more is handed out in this round."""
        return monotonic() >= self._end

    def deliver(self, messages: Iterable[Delivery]) -> None:
        """Try each once; what fails is on record with the time of its next attempt."""
        lanes = self._form_lanes(messages)
        active: list[Lane] = []
        try:
            while lanes or active:
                while lanes and len(active) < WORKERS:
                    active.append(lanes.popleft())
                    if not self._hand_over_next(active[-1]):
                        self._close(active.pop())
                for lane in self._await(active) if active else []:
                    self._conclude(lane)
                    if not self._hand_over_next(lane):
                        active.remove(lane)
                        self._close(lane)
        except sqlite3.Error:
            raise
        except BaseException:  # a signal: hand out nothing more, but know what became of what is in the air
            self._conclude_late(active)
            raise
        finally:
            for lane in active:
                self._close(lane)
            deadline = monotonic() + _FAREWELL_SECONDS
            for worker in self._leaving:
                worker.join(max(0.0, deadline - monotonic()))
            self._leaving.clear()

    def _form_lanes(self, messages: Iterable[Delivery]) -> deque[Lane]:
        by_channel: dict[str, deque[Delivery]] = defaultdict(deque)
        for message in sorted(messages, key=lambda each: (each.attempts > 1, each.id)):
            by_channel[message.channel].append(message)
        lanes = [Lane(self._config.channels[name], found) for name, found in by_channel.items()]
        return deque(sorted(lanes, key=lambda lane: isinstance(lane.channel, ChatChannel)))  # apprise loads slowly

    def _close(self, lane: Lane) -> None:
        if lane.worker is not None:
            lane.worker.dismiss()
            if lane.in_air is None:  # else it hangs
                self._leaving.append(lane.worker)
            lane.worker = None

    # Out

    def _hand_over_next(self, lane: Lane) -> bool:
        """False where nothing of this channel is left to try."""
        if self.is_over:
            self._leave_rest(lane)
        while lane.messages:
            message = lane.messages.popleft()
            if message.attempts >= ATTEMPTS:
                self.ledger.bury(message, f"given up after {ATTEMPTS} attempts, of which the last was cut short")
                continue
            courier = self._open(lane, message)
            if courier is None:
                return False
            reason = explain_disabled(self._outbox, message.channel, message.recipient or courier.address)
            if reason is not None:
                self.ledger.bury(message, reason)
            elif self._hand_over(lane, message, courier):
                return True
        return False

    def _leave_rest(self, lane: Lane) -> None:
        """Due as it is, with the reason where there is none yet."""
        rest = [each.id for each in lane.messages if not (each.attempts or each.error)]
        with transaction(self._outbox):
            postpone(self._outbox, rest, not_before=self._clock(), error="not tried: the time of the round was over")
        lane.messages.clear()

    def _open(self, lane: Lane, message: Delivery) -> Courier | None:
        """None where a secret is missing or wrong: its messages stay due, for an operator who mends it."""
        if lane.courier is not None:
            return lane.courier
        try:
            lane.courier = open_courier(lane.channel, self._environment)
        except UsageError as error:
            waiting = [message, *lane.messages]
            lane.messages.clear()
            now = self._clock()
            self.ledger.postpone(waiting, str(error), not_before=now, by_another=now)
            told = f"{lane.channel.name}: not served: {error}"
            log("alert.failed", told, level="warning", channel=lane.channel.name, state="pending")
            self._say(told)
        return lane.courier

    def _hand_over(self, lane: Lane, message: Delivery, courier: Courier) -> bool:
        now = self._clock()
        failed = message.attempts + 1
        later = next_attempt(failed, now=now, jitter=self._jitter(), retry_after=None) or now
        note_attempt(self._outbox, message.id, at=now, not_before=later)
        try:
            with storage_errors(self._archive):
                notice = load_notice(self._outbox, self._connection, self._config, message, lane.cache)
            parcel = courier.compose(notice, message.recipient, now)
        except Gone as gone:
            self.ledger.bury(message, str(gone))
            return False
        except (BaogaoError, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 - one report that can't be worded must not silence all others
            self.ledger.judge(
                lane, message, Outcome("retry", f"{type(error).__name__} while composing: a bug of baogao")
            )
            return False
        if lane.worker is None:
            lane.worker = Worker(courier, self._finished)
        lane.deadline = monotonic() + self._patience
        lane.in_air = message
        lane.worker.hand_over(parcel)
        return True

    # Back

    def _await(self, active: list[Lane]) -> list[Lane]:
        """Lanes whose message came to an end, or to the end of our patience."""
        with contextlib.suppress(Empty):
            self._finished.get(timeout=max(0.0, min(lane.deadline for lane in active) - monotonic()))
        return [lane for lane in active if lane.outcome is not None or lane.deadline <= monotonic()]

    def _conclude(self, lane: Lane) -> None:
        assert lane.worker is not None
        assert lane.in_air is not None
        outcome = lane.outcome
        self.ledger.judge(lane, lane.in_air, outcome or say_unanswered(self._patience))
        if outcome is None:  # it still hangs there
            self._close(lane)
            lane.courier = None
        else:
            lane.worker.outcome = None
        lane.in_air = None

    def _conclude_late(self, active: list[Lane]) -> None:
        deadline = monotonic() + _STOPPING_SECONDS
        waiting = [lane for lane in active if lane.in_air is not None]
        while waiting:
            for lane in [each for each in waiting if each.outcome is not None]:
                self._conclude(lane)
                waiting.remove(lane)
            try:
                if waiting:
                    self._finished.get(timeout=max(0.0, deadline - monotonic()))
            except Empty:
                return
