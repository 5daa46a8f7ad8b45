"""In which order a night takes its listings: the one that was longest without a complete walk comes first.

A listing that never comes to its end must not keep the others waiting for ever: where its whole walk takes longer
than a budget, or failed some times in a row, it has had its turn and waits for the next one like those that were
walked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.budget import word_budget
from archive.counted import name_few
from archive.walk import LEFT_FOR_LATER, Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.config import Listing
    from archive.ledger import Ledger
    from archive.observe import Walked
    from archive.sqlite import sqlite3

#: incomplete walks in a row, those left for another night not counted: then a listing has a fault of its own
STREAK = 3
NAMED = 3  #: listings in a message on many
SLOW_RUNS = 30  #: that looked at a listing without walking it to its end: a rotation that takes longer is an issue
#: SQL for a row of ``walks`` that no budget has ended
WAS_WALKED = "(complete = 1 OR stopped NOT GLOB 'budget: *' AND stopped NOT GLOB 'over budget: *')"


@dataclass(slots=True)
class _Past:
    """Runs; 0: never."""

    turn: int = 0  #: when it was last walked, or had the time for it
    look: int = 0  #: when a page of it was last read
    failed: int = 0  #: walks in a row


def order_listings(connection: sqlite3.Connection, run: int, listings: Sequence[Listing]) -> tuple[str, ...]:
    """Keys. Of two that were walked in the same night the one goes first that was longest not looked at."""
    pasts = {listing.key: _Past() for listing in listings}
    rows = connection.execute(
        "SELECT l.key, w.run_id, w.complete, w.pages_seen, w.stopped "
        "FROM walks w JOIN listings l ON l.id = w.listing_id "
        "WHERE w.run_id < ? ORDER BY w.run_id",
        (run,),
    )
    for key, past_run, complete, pages, stopped in rows:
        past = pasts.get(key)
        if past is None:
            continue
        kind = None if complete else Stop.parse(stopped).kind
        past.look = past_run if pages else past.look
        past.failed = 0 if complete else past.failed + (kind not in LEFT_FOR_LATER)
        if complete or kind == "over budget" or (kind != "budget" and past.failed >= STREAK):
            past.turn = past_run
    keys = list(pasts)
    return tuple(sorted(keys, key=lambda key: (pasts[key].turn, pasts[key].look)))


def report_rotation(ledger: Ledger, walked: Sequence[Walked], budget: float) -> None:
    """What a budget could not do tonight, in one row for all listings: there may be thousands of them."""
    left = [each for each in walked if each.result.stop is not None and each.result.stop.kind in LEFT_FOR_LATER]
    told = word_budget(budget)
    missed = [each.listing.key for each in left if not each.result.pages_seen]
    if missed:
        message = f"The budget of {told} ended before {len(missed)} of {len(walked)} listings were looked at: make it "
        message += f"longer, or take listings out; the first of them is {missed[0]}."
        ledger.add_issue("warning", "budget", message)
    cut = [each.listing.key for each in left if each.result.stop and each.result.stop.kind == "over budget"]
    if cut:
        more = f" (and of {len(cut) - 1} more)" if len(cut) > 1 else ""
        message = f"A whole walk of {cut[0]}{more} takes longer than the budget of {told} leaves after the heads: make "
        message += "it longer; until then nothing of it is taken as withdrawn."
        ledger.add_issue("warning", "budget", message)
    slow = _find_slowest(ledger.connection, ledger.run, [each for each in left if each.result.pages_seen])
    if slow is not None and slow[1] > SLOW_RUNS:
        message = f"{slow[0]} was looked at in {slow[1]} runs and walked to its end in none of them: the budget of "
        message += f"{told} is short for {len(walked)} listings."
        ledger.add_issue("warning", "rotation-slow", message)


def report_streaks(ledger: Ledger, walked: Sequence[Walked]) -> None:
    """Which listings fail night after night, in a row for all of them: where a host is down, they are all it has."""
    known: list[str] = []
    never: list[str] = []
    for each in walked:
        if each.result.stop is None or each.result.stop.kind in LEFT_FOR_LATER:
            continue
        recent = ledger.connection.execute(
            f"SELECT complete FROM walks WHERE listing_id = ? AND run_id < ? AND {WAS_WALKED} "
            "ORDER BY run_id DESC LIMIT ?",
            (each.listing_id, ledger.run, STREAK - 1),
        ).fetchall()
        if len(recent) == STREAK - 1 and not any(complete for (complete,) in recent):
            (ever,) = ledger.connection.execute(
                "SELECT count(*) FROM walks WHERE listing_id = ? AND complete = 1", (each.listing_id,)
            ).fetchone()
            (known if ever else never).append(each.listing.key)
    look = "Look at the reasons with `baogao runs`."
    if known:
        ledger.add_issue("error", "incomplete-streak", f"{_word_streak(known)}. {look}")
    if never:
        nothing = f"and never before: nothing of {'it' if len(never) == 1 else 'them'} is announced"
        ledger.add_issue("error", "never-complete", f"{_word_streak(never)}, {nothing}. {look}")


def _word_streak(keys: Sequence[str]) -> str:
    if len(keys) == 1:
        return f"{keys[0]} has not been walked to its end in {STREAK} runs"
    return f"{name_few(keys, NAMED)} have not been walked to their end in {STREAK} runs"


def _find_slowest(connection: sqlite3.Connection, run: int, left: Sequence[Walked]) -> tuple[str, int] | None:
    """Of the listings left for another night the one longest without a complete walk, and the looks at it since."""
    since = dict(
        connection.execute(
            "SELECT listing_id, coalesce(max(iif(complete, run_id, NULL)), min(run_id) - 1) FROM walks "
            "WHERE run_id <= ? AND pages_seen > 0 GROUP BY listing_id",
            (run,),
        ).fetchall()
    )
    slowest = min(left, key=lambda each: since.get(each.listing_id, run), default=None)
    if slowest is None:
        return None
    (looks,) = connection.execute(
        "SELECT count(*) FROM walks WHERE run_id > ? AND run_id <= ? AND listing_id = ? AND pages_seen > 0",
        (since.get(slowest.listing_id, run), run, slowest.listing_id),
    ).fetchone()
    return slowest.listing.key, looks
