"""What became of each attempt, on record: sent, tried again later, by another way, or dead with an issue."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from archive.alerts.backoff import DELAYS, add_seconds, next_attempt
from archive.alerts.outbox import (
    add_issue,
    disable,
    find_newest_run,
    note_dead,
    note_failure,
    note_sent,
    postpone,
)
from archive.alerts.ways import list_other_ways, turn
from archive.counted import counted
from archive.logs import log
from archive.printable import spell_out
from archive.store import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archive.alerts.lane import Lane
    from archive.alerts.model import Delivery, Outcome
    from archive.config import Config
    from archive.sqlite import sqlite3

#: a second attempt that near is waited for
SOON_SECONDS = 10
#: of a channel in one pass; one message that is always refused must not stand in the way of all others
_FAILURES = 3
_DETAIL = 500  #: characters of what a server said


def _name(message: Delivery) -> dict[str, Any]:
    """For the log: recipients are nobody's business there."""
    return {"alert": message.id, "rule": message.rule, "channel": message.channel, "attempt": message.attempts + 1}


class Ledger:
    def __init__(
        self,
        outbox: sqlite3.Connection,
        config: Config,
        clock: Callable[[], str],
        jitter: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        self._outbox = outbox
        self._config = config
        self._clock = clock
        self._jitter = jitter
        self._say = say
        self.sent = 0
        self.dead = 0
        self.later: dict[int, str] = {}  #: when what failed may be tried again, by number

    def judge(self, lane: Lane, message: Delivery, outcome: Outcome) -> None:
        now = self._clock()
        detail = spell_out(outcome.detail)[:_DETAIL]
        if outcome.state == "sent":
            note_sent(self._outbox, message.id, at=now)
            log("alert.sent", f"alert {message.id} was taken by {message.channel}", **_name(message))
            self.sent += 1
            return
        if outcome.state == "gone":
            log("alert.failed", f"{message.channel} is gone: {detail}", level="warning", **_name(message), state="dead")
            assert lane.courier is not None
            self._disable(message, message.recipient or lane.courier.address, detail, now)
            return
        attempts = message.attempts + 1
        later = next_attempt(attempts, now=now, jitter=self._jitter(), retry_after=outcome.retry_after)
        # refused for good by one way: by another it may arrive, each of which is asked once
        final = outcome.state == "final" and message.attempts >= len(
            list_other_ways(self._outbox, self._config, message)
        )
        told = f"alert {message.id} was not taken by {message.channel}: {detail}"
        log("alert.failed", told, level="warning", **_name(message), state="dead" if final or not later else "pending")
        if final:
            self.bury(message, f"refused for good: {detail}", detail)
        elif later is None:
            self.bury(message, f"given up after {attempts} attempts: {detail}", detail)
        else:
            self._put_off(message, detail, later)
        if outcome.state == "retry" and message is lane.in_air:  # what could not be worded says nothing of its target
            lane.failures += not message.recipient
        whole = outcome.whole_channel or lane.failures >= _FAILURES
        if whole or outcome.state == "retry":
            not_before = later or add_seconds(now, SOON_SECONDS + 1)
            self._postpone_rest(lane, not_before, detail, recipient=None if whole else message.recipient)

    def _put_off(self, message: Delivery, detail: str, later: str) -> None:
        with transaction(self._outbox):
            if turn(self._outbox, self._config, message):
                detail = f"by {message.channel}: {detail}"
            note_failure(self._outbox, message.id, error=detail, not_before=later)
        self.later[message.id] = later

    def _postpone_rest(self, lane: Lane, not_before: str, detail: str, *, recipient: str | None) -> None:
        """Untried, what would fail alike; of a mail server that answers, only what goes to the same recipient."""
        alike = [each for each in lane.messages if recipient is None or (recipient and each.recipient == recipient)]
        numbers = {each.id for each in alike}
        self.later |= dict.fromkeys(numbers, not_before)
        self.postpone(alike, detail, not_before=not_before, by_another=add_seconds(self._clock(), DELAYS[0]))
        lane.messages = deque(each for each in lane.messages if each.id not in numbers)

    def postpone(self, messages: Iterable[Delivery], error: str, *, not_before: str, by_another: str) -> None:
        """Without an attempt; ``by_another``: when those are tried that have another way."""
        with transaction(self._outbox):
            for message in messages:
                if turn(self._outbox, self._config, message):
                    why = f"by {message.channel}: {error}"
                    postpone(self._outbox, [message.id], not_before=by_another, error=why)
                    self.later[message.id] = by_another
                else:
                    postpone(self._outbox, [message.id], not_before=not_before, error=error)

    def _disable(self, message: Delivery, address: str, detail: str, now: str) -> None:
        with transaction(self._outbox):
            disable(self._outbox, message.channel, address, at=now, reason=detail)
            note_dead(self._outbox, message.id, error=detail, reason=f"disabled since {now}: {detail}")
            told = self._add_issue(message, "alert-target-gone", f"wants no more messages ({detail}) and gets none")
        self.dead += 1
        self._say(told)

    def bury(self, message: Delivery, reason: str, error: str | None = None) -> None:
        with transaction(self._outbox):
            note_dead(self._outbox, message.id, error=message.error if error is None else error, reason=reason)
            told = self._add_issue(message, "alert-dead", f"did not get it: {reason}")
        self.dead += 1
        self._say(told)

    def _add_issue(self, message: Delivery, code: str, what: str) -> str:
        target = f"{message.recipient} by {message.channel}" if message.recipient else message.channel
        events = counted(message.events, "event")
        text = (
            f"alert {message.id} of the rule {message.rule} with {events}: {target} {what}. `baogao alerts retry "
            f"{message.id}` tries again, `baogao alerts drop {message.id}` ends it."
        )
        add_issue(self._outbox, find_newest_run(self._outbox, message.id), "error", code, text, at=self._clock())
        return text
