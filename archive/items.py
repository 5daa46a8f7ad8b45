"""Steps 4 to 6 of a settlement: what one report's observation, or its absence, means for it (design: every case)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.captures import OK
from archive.compare import Content, compare, is_thinner
from archive.conflicts import report_conflict
from archive.errors import PrunedCapture
from archive.ledger import name_fields
from archive.model import Page
from archive.observe import Observation, find_others
from archive.returns import add_change
from archive.shown import find_last_capture
from archive.twins import TWIN, add_return, add_withdrawal, find_twin

if TYPE_CHECKING:
    from archive.ledger import Alert, Ledger, Version
    from archive.rereading import Rereader
    from archive.sqlite import sqlite3

WITHDRAWN_AFTER = 2  #: complete walks, of every listing that held it


@dataclass(slots=True)
class ItemSettler:
    """Takes observations one by one; every row of items, sightings and memberships is written here."""

    ledger: Ledger
    rereader: Rereader
    announced_listings: frozenset[int]  #: with a complete walk in an earlier run: what they show may be announced
    complete_listings: frozenset[int]  #: walked to the end tonight
    overlooked: dict[int, frozenset[str]] = field(default_factory=dict)  #: by listing; see _list_overlooked

    @property
    def connection(self) -> sqlite3.Connection:
        return self.ledger.connection

    def take_unchanged(self) -> None:
        """Settle what tonight says nothing new of: seen again, as it stands; see observe.elect."""
        run = {"run": self.ledger.run}
        self.connection.execute(
            "INSERT INTO sightings SELECT capture_id, position, item_id, same FROM temp.winners WHERE same IS NOT NULL"
        )
        self.connection.execute(
            "UPDATE items SET state = 'listed', last_seen_at = max(last_seen_at, w.fetched_at), last_run_id = :run, "
            "url = iif(w.url = '', items.url, w.url) FROM temp.winners w WHERE w.item_id = items.id "
            "AND w.same IS NOT NULL",
            run,
        )
        self.connection.execute(
            "INSERT INTO memberships SELECT item_id, listing_id, :run, :run FROM temp.winners WHERE same IS NOT NULL "
            "ON CONFLICT (item_id, listing_id) DO UPDATE SET last_run_id = excluded.last_run_id",
            run,
        )

    def take(self, seen: Observation) -> None:
        """Settle what tonight says of one report."""
        others = find_others(self.connection, seen) if seen.others else []
        if seen.item_id is None:
            item_id, version_id = self._add_item(seen, others)
            self._add_sightings(item_id, seen, others, version_id)
        else:
            self._add_sightings(seen.item_id, seen, others, self._take_known(seen, others))

    def _alert(self, observations: list[Observation]) -> Alert:
        listings = {seen.listing_id for seen in observations}
        return "due" if listings & self.announced_listings else "quiet"

    def _add_item(self, seen: Observation, others: list[Observation]) -> tuple[int, int]:
        ledger = self.ledger
        times = [each.fetched_at for each in (seen, *others)]
        item_id = self.connection.execute(
            "INSERT INTO items (key, url, parser, first_seen_at, last_seen_at, last_run_id) VALUES (?, ?, ?, ?, ?, ?)",
            (seen.key, seen.url, ledger.parser, min(times), max(times), ledger.run),
        ).lastrowid
        assert item_id is not None
        version_id = ledger.add_version(
            item_id, seen.content, "first", previous=None, capture_id=seen.capture_id, observed_at=seen.fetched_at
        )
        self.connection.execute("UPDATE items SET version_id = ? WHERE id = ?", (version_id, item_id))
        alert, detail = self._alert([seen, *others]), ""
        twin = find_twin(ledger, version_id)
        if twin:
            alert, detail = ("held", TWIN) if alert == "due" else (alert, "")
            held = " (that drops its held alert); if it is another, `baogao alerts release`" if detail else ""
            message = f"{seen.key} ({seen.content.title}) has the very summaries of {twin}: if the site moved its id "
            message += f"or edited its title, run `baogao alias {seen.key} {twin}`{held}."
            ledger.add_issue("warning", "twin", message, seen.capture_id)
        elif alert == "due" and seen.key in self._list_overlooked(seen.listing_id):
            alert, detail = "quiet", "overlooked by an earlier parser"
        ledger.add_event(item_id, "appeared", version_id, alert=alert, detail=detail)
        return item_id, version_id

    def _list_overlooked(self, listing_id: int) -> frozenset[str]:
        """What today's parser sees on the last complete walk of a listing, where an older one read it.

        A report that stands there was overlooked then; that it is read tonight is a fix, not news.
        """
        if listing_id not in self.overlooked:
            captures = self.connection.execute(
                "SELECT c.id FROM captures c JOIN runs r ON r.id = c.run_id "
                "WHERE c.status = ?1 AND c.listing_id = ?2 AND r.parser < ?3 AND c.pruned_at IS NULL AND c.run_id = "
                "(SELECT max(run_id) FROM walks WHERE listing_id = ?2 AND complete = 1 AND run_id < ?4) ORDER BY c.id",
                (OK, listing_id, self.ledger.parser, self.ledger.run),
            ).fetchall()
            readings = (self.rereader.read_page(capture_id) for (capture_id,) in captures)
            self.overlooked[listing_id] = frozenset(
                key for page in readings if isinstance(page, Page) for key in page.keys
            )
        return self.overlooked[listing_id]

    def _take_known(self, seen: Observation, others: list[Observation]) -> int | None:
        """The version that tonight's text is, None where it does not speak for the report."""
        item_id = seen.item_id
        assert item_id is not None
        version_id, parser, state = self.connection.execute(
            "SELECT version_id, parser, state FROM items WHERE id = ?", (item_id,)
        ).fetchone()
        current = self.ledger.find_version(version_id)
        if parser < self.ledger.parser:
            current = self.rebase(current)
        alert = self._alert([seen, *others])
        speaking = self._compare(seen, current, alert)
        if state == "withdrawn":
            add_return(self.ledger, item_id, speaking or current.id, alert)
        self.connection.execute(
            "UPDATE items SET state = 'listed', last_seen_at = max(last_seen_at, ?), last_run_id = ?, parser = ?, "
            "version_id = ?, url = iif(? = '', url, ?) WHERE id = ?",
            (
                *(max(each.fetched_at for each in (seen, *others)), self.ledger.run, self.ledger.parser),
                speaking or current.id,
                *(seen.url, seen.url, item_id),
            ),
        )
        return speaking

    def rebase(self, current: Version) -> Version:
        """Read the current version's own capture with today's parser: a difference is a correction, not an edit."""
        reread = self.rereader.read_item(current.capture_id, current.item_id)
        if reread is None:
            self.ledger.add_issue(
                "warning",
                "reread-failed",
                f"Parser {self.ledger.parser} does not find report {current.item_id} on the page it was read from "
                f"by parser {current.parser}: the older reading stays.",
                current.capture_id,
            )
            return current
        return correct(self.ledger, current, reread)

    def _compare(self, seen: Observation, current: Version, alert: Alert) -> int | None:
        difference = compare(current.content, seen.content)
        if difference == "same":
            return current.id
        if difference == "cosmetic":
            self.ledger.add_event(
                current.item_id,
                "cosmetic",
                current.id,
                alert="quiet",
                fields=name_fields(current.content, seen.content),
                detail=seen.content.exact_hash,
            )
            return current.id
        if self._is_witness(seen, current.item_id):
            why = "a listing of better rank still holds it, but was not seen with it tonight"
            report_conflict(self.ledger, self.rereader, current.item_id, [seen], why)
            return None
        if is_thinner(current.content, seen.content) and not self._was_as_thin(seen, current):
            self.ledger.add_issue(
                "warning",
                "thinner",
                f"{seen.key} lacks a language or a summary that it had: the fuller reading stays until a second "
                "complete night shows the same.",
                seen.capture_id,
            )
            return None
        version_id = self.ledger.add_version(
            current.item_id,
            seen.content,
            "site",
            previous=current,
            capture_id=seen.capture_id,
            observed_at=seen.fetched_at,
        )
        add_change(self.ledger, self.rereader, seen, current, version_id, alert)
        return version_id

    def _is_witness(self, seen: Observation, item_id: int) -> bool:
        row = self.connection.execute(
            "SELECT 1 FROM absences a JOIN listings l ON l.id = a.listing_id "
            "WHERE a.item_id = ? AND a.misses = 0 AND a.listing_id <> ? AND l.rank < ?",
            (item_id, seen.listing_id, seen.rank),
        ).fetchone()
        return row is not None

    def _was_as_thin(self, seen: Observation, current: Version) -> bool:
        """True where an earlier complete night, since the fuller text was last seen, showed this very thin text."""
        if seen.listing_id not in self.complete_listings:
            return False
        earlier = self.connection.execute(
            "SELECT s.capture_id FROM shown s JOIN captures c ON c.id = s.capture_id "
            "JOIN walks w ON w.run_id = c.run_id AND w.listing_id = c.listing_id AND w.complete = 1 "
            "WHERE s.item_id = ?1 AND s.version_id IS NULL AND c.run_id < ?2 AND c.run_id > "
            "(SELECT max(x.run_id) FROM shown y JOIN captures x ON x.id = y.capture_id "
            "WHERE y.item_id = ?1 AND y.version_id IS NOT NULL) ORDER BY c.run_id DESC LIMIT 1",
            (current.item_id, self.ledger.run),
        ).fetchone()
        if earlier is None:
            return False
        before = self.rereader.read_item(earlier[0], current.item_id)
        return before is not None and compare(before, seen.content) != "changed"

    def _add_sightings(self, item_id: int, seen: Observation, others: list[Observation], speaking: int | None) -> None:
        rows = [(seen.capture_id, seen.position, item_id, speaking)]
        losers = []
        for other in others:
            agrees = compare(seen.content, other.content) != "changed"
            losers += [] if agrees else [other]
            rows.append((other.capture_id, other.position, item_id, speaking if agrees else None))
        if losers:
            report_conflict(self.ledger, self.rereader, item_id, losers, "in two listings")
        self.connection.executemany("INSERT INTO sightings VALUES (?, ?, ?, ?)", rows)
        self.connection.executemany(
            "INSERT INTO memberships VALUES (?1, ?2, ?3, ?3) "
            "ON CONFLICT (item_id, listing_id) DO UPDATE SET last_run_id = excluded.last_run_id",
            {(item_id, each.listing_id, self.ledger.run) for each in (seen, *others)},
        )

    def take_absences(self) -> None:
        """What two complete walks of every listing that held it did not show is withdrawn; after one it is missing."""
        rows = self.connection.execute(
            "SELECT i.id, i.state, i.version_id, i.parser, min(a.misses) AS misses FROM items i "
            "JOIN absences a ON a.item_id = i.id "
            "JOIN memberships m ON m.item_id = i.id AND m.listing_id = a.listing_id "
            "WHERE i.last_run_id < ? AND i.state <> 'withdrawn' AND i.key NOT IN (SELECT key FROM item_aliases) "
            # what only a listing that is retired by now still showed: nobody has looked there since
            "GROUP BY i.id HAVING min(a.misses) > 0 AND max(m.last_run_id) = i.last_run_id ORDER BY i.id",
            (self.ledger.run,),
        ).fetchall()
        for item_id, state, version_id, parser, misses in rows:
            if parser < self.ledger.parser and self._is_unreadable_now(item_id):
                continue
            becomes = "withdrawn" if misses >= WITHDRAWN_AFTER else "missing"
            if becomes == state:
                continue
            self.connection.execute("UPDATE items SET state = ? WHERE id = ?", (becomes, item_id))
            if becomes == "withdrawn":
                listings = self.connection.execute(
                    "SELECT listing_id FROM memberships WHERE item_id = ?", (item_id,)
                ).fetchall()
                announced = self.announced_listings.intersection(row[0] for row in listings)
                add_withdrawal(self.ledger, item_id, version_id, "due" if announced else "quiet")

    def _is_unreadable_now(self, item_id: int) -> bool:
        """True where today's parser fails on the page that last showed the report: its own fault, no absence."""
        capture_id = find_last_capture(self.connection, item_id)
        assert capture_id is not None
        try:
            if self.rereader.read_item(capture_id, item_id) is not None:
                return False
        except PrunedCapture:  # not the last night any more when it was pruned: that night took it as gone
            return False
        self.ledger.add_issue(
            "error",
            "lost-by-parser",
            f"Parser {self.ledger.parser} does not find report {item_id} where an earlier one did: it is not gone.",
            capture_id,
        )
        return True


def correct(ledger: Ledger, reading: Version, reread: Content) -> Version:
    """Record what today's parser makes of a version's own capture; the version itself where that is the same."""
    if reread == reading.content:
        return reading
    version_id = ledger.add_version(
        reading.item_id,
        reread,
        "parser",
        previous=reading,
        capture_id=reading.capture_id,
        observed_at=reading.observed_at,
    )
    fields = name_fields(reading.content, reread)
    ledger.add_event(reading.item_id, "corrected", version_id, alert="quiet", fields=fields)
    return ledger.find_version(version_id)
