"""The crawl phase's hands: every exchange into the WARC first, then the row that points to it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from archive.captures import OK, feed_captures
from archive.config import Listing
from archive.journal import close_part, create_part, list_notes, write_note
from archive.messages import target_uri
from archive.store import DataDirectory, connect, storage_errors
from archive.walk import Stop, Walk
from archive.warc import Payload

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from archive.captures import Reader
    from archive.model import Exchange

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

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        raw = json.loads(text)
        raw["listings"] = tuple(Listing(**listing) for listing in raw["listings"])
        raw["retired"] = tuple(raw["retired"])
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
        self._writer = create_part(self._data, night.run, parser=night.parser, at=at, dry=night.dry)
        start = night.describe() | ({"software": dict(software)} if software else {})
        self._note("run-start", start, at=night.started_at)

    def _load_payloads(self) -> dict[str, tuple[int, Payload]]:
        """The payloads of this run and of the crawls before it, by digest: what need not be archived again."""
        rows = self._connection.execute(
            "SELECT p.id, p.digest, p.record_id, p.url, p.fetched_at FROM captures p "
            "WHERE p.payload_id IS NULL AND p.status = ?2 AND (p.run_id = ?1 OR p.id IN "
            "(SELECT coalesce(c.payload_id, c.id) FROM captures c WHERE c.run_id IN "
            "(SELECT id FROM runs WHERE kind = 'crawl' AND id < ?1 ORDER BY id DESC LIMIT ?3)))",
            (self._night.run, OK, NIGHTS_REMEMBERED),
        )
        return {digest: (row_id, Payload(record_id, url, at)) for row_id, digest, record_id, url, at in rows}

    def record(self, exchange: Exchange) -> None:
        """WARC member, fsync, and only then the row."""
        worth = exchange.status == OK and bool(exchange.body)
        digest = hashlib.sha256(exchange.body).hexdigest()
        payload_id, payload = self._payloads.get(digest, (None, None)) if worth else (None, None)
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
            self._payloads[digest] = (row_id, Payload(pointer.record_id, target_uri(exchange.url), exchange.fetched_at))

    def note_failure(self, url: str, listing: str | None, page: int | None, error: str, at: str) -> None:
        """A request that got no response."""
        self._note("failure", {"url": url, "listing": listing, "page": page, "error": error}, at=at)

    def note_stop(self, listing_key: str, stop: Stop | None, at: str) -> None:
        """How a walk ended; None: by its own proof."""
        self._note("walk-stop", {"listing": listing_key, "stopped": str(stop) if stop else None}, at=at)

    def resume(self, listing: Listing, reader: Reader) -> Walk:
        """A walk that already knows what this run captured before the process died."""
        walk = Walk(listing.url, page_url=listing.page_url, max_pages=self._night.max_pages)
        for _ in feed_captures(self._connection, self._data.root, self._night.run, listing.key, walk, reader):
            pass
        stop = find_stop(self._connection, self._night.run, listing.key)
        if stop is not None and stop.kind != "storage" and walk.ask is not None:  # there is room again: it goes on
            walk.fail(stop)
        return walk

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


def find_stop(connection: sqlite3.Connection, run: int, listing: str) -> Stop | None:
    """Why the crawl gave a walk up, as it noted; None where it did not."""
    for note in reversed(list_notes(connection, run, "walk-stop")):
        if note["listing"] == listing:
            return Stop.parse(str(note["stopped"])) if note["stopped"] else None
    return None
