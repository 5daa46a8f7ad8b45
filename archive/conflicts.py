"""Listings that disagree on the text of a report: said once, as long as the same texts disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.compare import compare
from archive.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.ledger import Ledger
    from archive.observe import Observation
    from archive.rereading import Rereader


def report_conflict(ledger: Ledger, rereader: Rereader, item_id: int, losers: Sequence[Observation], why: str) -> None:
    """``losers``: what was seen of the report tonight and may not speak.

    A tag that is stale shows its text every night, and so does one that waits for the walk of a better one: an issue
    for each of them every night would hide what is new.
    """
    if not all(_lost_before(ledger, rereader, item_id, loser) for loser in losers):
        key, capture_id = losers[0].key, losers[0].capture_id
        ledger.add_issue(
            "warning", "conflict", f"{key} reads differently on two pages of this run, or {why}.", capture_id
        )


def _lost_before(ledger: Ledger, rereader: Rereader, item_id: int, loser: Observation) -> bool:
    """True where this listing, when it was last seen with the report, showed the very text that loses tonight."""
    earlier = ledger.connection.execute(
        "SELECT s.capture_id FROM shown s JOIN captures c ON c.id = s.capture_id "
        "WHERE s.item_id = ?1 AND s.version_id IS NULL AND c.listing_id = ?2 AND c.run_id = "
        "(SELECT max(x.run_id) FROM shown y JOIN captures x ON x.id = y.capture_id "
        "WHERE y.item_id = ?1 AND x.listing_id = ?2 AND x.run_id < ?3) ORDER BY c.id DESC LIMIT 1",
        (item_id, loser.listing_id, ledger.run),
    ).fetchone()
    if earlier is None:
        return False
    try:
        before = rereader.read_item(earlier[0], item_id)
    except StorageError:  # dropped, or lost: only what is told depends on it, and no night is to fail for that
        return False
    return before is not None and compare(before, loser.content) != "changed"
