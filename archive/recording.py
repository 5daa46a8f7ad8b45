"""The crawl phase's hands: every exchange into the WARC first, then the row that points to it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from archive.budget import Head
from archive.captures import OK, feed_captures
from archive.config import Listing
from archive.journal import close_part, create_part, list_notes, write_note
from archive.messages import target_uri
from archive.store import DataDirectory, connect, storage_errors
from archive.walk import LEFT_FOR_LATER, Stop, Walk
from archive.warc import Payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archive.captures import Reader
    from archive.model import Exchange
    from archive.sqlite import sqlite3

#: crawls whose payloads are looked up for an identical one: after a blocked night the one before it counts
NIGHTS_REMEMBERED = 7
FINISHED = "finished"  #: run-end: the crawl phase ran to its end
CAPTURED = "captured"  #: run-end: the same, and the run waits for a later settling


@dataclass(frozen=True, slots=True)
class Night:
    """The plan of one run's crawl phase, as it is handed to the crawling process."""

    run: int
    data: str  #: the data directory
    db: str  #: archive.db, or its throw-away copy in a dry run
    listings: tuple[Listing, ...]
    delay: float
    user_agent: str
    max_pages: int
    parser: int
    started_at: str
    retired: tuple[str, ...] = ()  #: keys of listings that are no longer walked
    settle: bool = True  #: False: captured only, to be settled by a later command
    dry: bool = False  #: leave nothing but the WARC, and that marked as no night's evidence
    verbose: bool = False
    config: str = ""  #: archive.provenance.digest_config
    order: tuple[str, ...] = ()  #: keys of the listings as they are taken; none: as they stand in ``listings``
    budget: float | None = None  #: seconds, see archive.budget; None: every listing is walked to its end
    max_concurrent_hosts: int = 1

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        raw = json.loads(text)
        raw["listings"] = tuple(Listing(**listing) for listing in raw["listings"])
        raw["retired"], raw["order"] = tuple(raw["retired"]), tuple(raw["order"])
        return cls(**raw)

    def describe(self) -> dict[str, object]:
        """What a reading of the WARCs alone must know of this run."""
        return {
            "run": self.run,
            "kind": "crawl",
            "parser": self.parser,
            "started_at": self.started_at,
            "max_pages": self.max_pages,
            "listings": [asdict(listing) for listing in self.listings],
            "retired": list(self.retired),
            **({"config": self.config} if self.config else {}),
            **({"budget": self.budget} if self.budget else {}),
        }


class Recorder:
    """Archives one run's exchanges; the only writer of its WARC file. Every method may raise StorageError."""

    def __init__(self, night: Night, *, at: str, software: Mapping[str, str] | None = None) -> None:
        self._night = night
        self._data = DataDirectory(Path(night.data))
        self._connection = connect(Path(night.db))
        # a row lost in a power cut is made again from its record, which was synced before it (journal.index_part)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._listing_ids = dict(self._connection.execute("SELECT key, id FROM listings"))
        self._payloads = self._load_payloads()
        self._stops = load_stops(self._connection, night.run)  #: of an earlier process of this run
        self._writer = create_part(self._data, night.run, parser=night.parser, at=at, dry=night.dry)
        start = night.describe() | ({"software": dict(software)} if software else {})
        self._note("run-start", start, at=night.started_at)

    def _load_payloads(self) -> dict[bytes, int]:
        """The payloads of this run and of the crawls before it, by digest: what need not be archived again.

        Captures by their number alone: ten thousand pages that change every night are seventy thousand of them.
        """
        rows = self._connection.execute(
            "SELECT p.digest, p.id FROM captures p "
            "WHERE p.payload_id IS NULL AND p.pruned_at IS NULL AND p.status = ?2 AND (p.run_id = ?1 OR p.id IN "
            "(SELECT coalesce(c.payload_id, c.id) FROM captures c WHERE c.run_id IN "
            "(SELECT id FROM runs WHERE kind = 'crawl' AND id < ?1 ORDER BY id DESC LIMIT ?3)))",
            (self._night.run, OK, NIGHTS_REMEMBERED),
        )
        return {bytes.fromhex(digest): row_id for digest, row_id in rows}

    def _find_payload(self, digest: bytes) -> tuple[int | None, Payload | None]:
        capture_id = self._payloads.get(digest)
        if capture_id is None:
            return None, None
        with storage_errors(Path(self._night.db)):
            row = self._connection.execute(
                "SELECT record_id, url, fetched_at FROM captures WHERE id = ?", (capture_id,)
            ).fetchone()
        return capture_id, Payload(*row)

    def record(self, exchange: Exchange) -> None:
        """WARC member, fsync, and only then the row."""
        worth = exchange.status == OK and bool(exchange.body)
        digest = hashlib.sha256(exchange.body).digest()
        payload_id, payload = self._find_payload(digest) if worth else (None, None)
        pointer = self._writer.append(exchange, revisit_of=payload)
        listing_id = self._listing_ids.get(exchange.listing) if exchange.listing else None
        row_id = self._insert(
            "INSERT INTO captures (run_id, listing_id, page, url, status, fetched_at, digest, payload_id, record_id, "
            "warc_file, warc_offset, warc_length) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._night.run,
            listing_id,
            exchange.page,
            target_uri(exchange.url),
            exchange.status,
            exchange.fetched_at,
            pointer.digest,
            payload_id,
            *(pointer.record_id, pointer.file, pointer.offset, pointer.length),
        )
        if worth and payload is None:
            self._payloads[digest] = row_id

    def note_failure(self, url: str, listing: str | None, page: int | None, error: str, at: str) -> None:
        """A request that got no response."""
        self._note("failure", {"url": url, "listing": listing, "page": page, "error": error}, at=at)

    def note_stop(self, listing_key: str, stop: Stop | None, at: str) -> None:
        """How a walk ended; None: by its own proof."""
        self._note("walk-stop", {"listing": listing_key, "stopped": str(stop) if stop else None}, at=at)

    def resume(self, listing: Listing, reader: Reader, head: Head | None = None) -> Walk:
        """A walk that already knows what this run has captured, before its process died or since; so does ``head``."""
        walk = Walk(listing.url, page_url=listing.page_url, max_pages=self._night.max_pages)
        for _, page in feed_captures(self._connection, self._data.root, self._night.run, listing.key, walk, reader):
            if head is not None:
                head.take(page, self.find_unknown(listing.key, page.keys), walk)
        stop = self._stops.get(listing.key)
        if stop is not None and not _goes_on(stop) and walk.ask is not None:
            walk.fail(stop)
        return walk

    def list_ended(self) -> set[str]:
        """The listings that an earlier process of this run had done with."""
        return {key for key, stop in self._stops.items() if stop is None or not _goes_on(stop)}

    def begin_head(self, listing: Listing) -> Head:
        row = self._connection.execute(
            "SELECT 1 FROM memberships WHERE listing_id = ? LIMIT 1", (self._listing_ids[listing.key],)
        ).fetchone()
        return Head(is_new=row is None)

    def find_unknown(self, listing_key: str, keys: Iterable[str]) -> set[str]:
        """Those of the reports on a page that the listing did not hold before this run, under any of their keys."""
        rows = self._connection.execute(
            "SELECT k.value FROM json_each(?1) k WHERE NOT EXISTS (SELECT 1 FROM memberships m "
            "WHERE m.listing_id = ?2 AND m.item_id = coalesce((SELECT item_id FROM item_aliases WHERE key = k.value), "
            "(SELECT id FROM items WHERE key = k.value)))",
            (json.dumps(list(keys)), self._listing_ids[listing_key]),
        )
        return {key for (key,) in rows}

    def find_length(self, listing_key: str) -> int | None:
        """Pages of the listing when it was last walked to its end."""
        row = self._connection.execute(
            "SELECT pages_seen FROM walks WHERE listing_id = ? AND complete = 1 ORDER BY run_id DESC LIMIT 1",
            (self._listing_ids[listing_key],),
        ).fetchone()
        return row[0] if row else None

    def close(self, at: str, *, finished: bool) -> None:
        """Close the file; ``finished``: the crawl phase ran to its end, so that the run can be settled."""
        try:
            if finished:
                self._note("run-end", {"at": at, "reason": FINISHED if self._night.settle else CAPTURED}, at=at)
            with storage_errors(Path(self._night.db)):
                close_part(self._writer, self._connection, self._data, self._night.run)
        finally:
            self._connection.close()

    def _note(self, kind: str, content: Mapping[str, object], *, at: str) -> None:
        with storage_errors(Path(self._night.db)):
            write_note(self._writer, self._connection, self._night.run, kind, content, at=at)

    def _insert(self, sql: str, *values: object) -> int:
        with storage_errors(Path(self._night.db)):
            return self._connection.execute(sql, values).lastrowid or 0


def _goes_on(stop: Stop) -> bool:
    """True where a continued night has what the walk ended for the lack of: room, or time."""
    return stop.kind == "storage" or stop.kind in LEFT_FOR_LATER


def load_stops(connection: sqlite3.Connection, run: int) -> dict[str, Stop | None]:
    """By listing: why the crawl gave its walk up, as it noted last; None where the walk ended by its own proof."""
    notes = list_notes(connection, run, "walk-stop")
    return {str(note["listing"]): Stop.parse(str(note["stopped"])) if note["stopped"] else None for note in notes}
