"""Two keys with the very same summaries: what is told of either waits until a person says if they are one report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.ledger import Alert, Ledger

TWIN = "twin"  #: events.detail of what hangs on that answer


def find_twin(ledger: Ledger, version_id: int) -> str | None:
    """The key of an older report that has had the summaries of a new one."""
    row = ledger.connection.execute(
        "SELECT i.key FROM item_versions n JOIN item_versions v ON v.summary_hash = n.summary_hash "
        "JOIN items i ON i.id = v.item_id WHERE n.id = ? AND n.summary_hash <> '' AND v.run_id < ? "
        "ORDER BY v.id LIMIT 1",
        (version_id, ledger.run),
    ).fetchone()
    return row[0] if row else None


def add_withdrawal(ledger: Ledger, item_id: int, version_id: int, alert: Alert) -> None:
    """Held, with its issue, where the report may only have moved to a key that nobody has decided on yet."""
    row = (
        alert == "due"
        and ledger.connection.execute(
            "SELECT o.key, t.key FROM item_versions v JOIN item_versions n ON n.summary_hash = v.summary_hash "
            "JOIN items t ON t.id = n.item_id JOIN events e ON e.item_id = t.id AND e.kind = 'appeared' "
            "JOIN items o ON o.id = v.item_id WHERE o.id = ? AND v.summary_hash <> '' AND t.id <> o.id "
            "AND t.state = 'listed' AND e.alert = 'held' AND e.detail = ? ORDER BY t.id LIMIT 1",
            (item_id, TWIN),
        ).fetchone()
    )
    if not row:
        ledger.add_event(item_id, "withdrawn", version_id, alert=alert)
        return
    old, new = row
    ledger.add_issue(
        "warning",
        "twin",
        f"The listings show {old} no longer, but its very summaries as {new}: nobody is told until you say "
        f"`baogao alias {new} {old}`, or that it is gone, `baogao alerts release`.",
    )
    ledger.add_event(item_id, "withdrawn", version_id, alert="held", detail=TWIN)


def add_return(ledger: Ledger, item_id: int, version_id: int, alert: Alert) -> None:
    """News to whoever heard that the report was gone: while that is held, this is; where it was dropped, nobody is."""
    told, detail = ledger.connection.execute(
        "SELECT alert, detail FROM events WHERE item_id = ? AND kind = 'withdrawn' ORDER BY id DESC LIMIT 1",
        (item_id,),
    ).fetchone()
    if detail == TWIN and told != "due":
        ledger.add_event(item_id, "reappeared", version_id, alert=told, detail=TWIN)
    else:
        ledger.add_event(item_id, "reappeared", version_id, alert=alert)
