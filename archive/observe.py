"""Step 1 and 2 of a settlement: what the captures of a run show, in a temporary table, and who speaks for whom.

The texts stand in a TEMP table, not in memory, so that settling does not grow with the number of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.captures import feed_captures
from archive.compare import Content
from archive.recording import load_stops
from archive.vet import ListingFigures
from archive.walk import EMPTY, LEFT_FOR_LATER, Stop, Walk, WalkResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from archive.captures import Capture, Reader
    from archive.config import Listing
    from archive.model import Entry
    from archive.sqlite import sqlite3

_TABLE = """
CREATE TEMP TABLE entries (
  capture_id INTEGER NOT NULL, position INTEGER NOT NULL, listing_id INTEGER NOT NULL, rank INTEGER NOT NULL,
  page INTEGER NOT NULL, fetched_at TEXT NOT NULL, item_id INTEGER, key TEXT NOT NULL, url TEXT NOT NULL,
  who TEXT NOT NULL,      -- the report: its item through key or alias, else its key
  same INTEGER,           -- the current version of the item, where it reads so to the letter: most entries, most nights
  title TEXT NOT NULL, brands TEXT NOT NULL, published_on TEXT,
  zh INTEGER NOT NULL, en INTEGER NOT NULL,             -- characters of the summaries
  summary_zh TEXT, summary_en TEXT,                     -- NULL where they are the version's
  again INTEGER NOT NULL, -- 1: of the very bytes that this page had when it was read before, in the same walk
  PRIMARY KEY (capture_id, position))
"""
_INDEXES = (
    # all that an election needs, so that it never touches the texts
    (
        "CREATE INDEX temp.entries_by_report "
        "ON entries (who, rank, listing_id, page, again, capture_id DESC, position) WHERE title <> ''"
    ),
    "CREATE INDEX temp.entries_by_listing ON entries (listing_id)",  # the bounds ask listing by listing
)
_INSERT = """
INSERT INTO temp.entries
SELECT ?1, ?2, ?3, ?4, ?5, ?6, n.item_id, ?7, ?8, coalesce(n.item_id, ?7), v.id, ?9, ?10, ?11, length(?12), length(?13),
       iif(v.id IS NULL, ?12, NULL), iif(v.id IS NULL, ?13, NULL), ?14
FROM (SELECT coalesce((SELECT item_id FROM item_aliases WHERE key = ?7),
                      (SELECT id FROM items WHERE key = ?7)) AS item_id) n
LEFT JOIN items i ON i.id = n.item_id
LEFT JOIN item_versions v ON v.id = i.version_id AND v.title = ?9 AND v.brands = ?10 AND v.published_on IS ?11
                         AND v.summary_zh = ?12 AND v.summary_en = ?13
"""
_WINNERS = """
CREATE TEMP TABLE winners (
  id INTEGER PRIMARY KEY, capture_id INTEGER NOT NULL, position INTEGER NOT NULL, listing_id INTEGER NOT NULL,
  fetched_at TEXT NOT NULL, item_id INTEGER, url TEXT NOT NULL, others INTEGER NOT NULL, same INTEGER)
"""
_ELECT = """
INSERT INTO temp.winners (capture_id, position, listing_id, fetched_at, item_id, url, others, same)
SELECT e.capture_id, e.position, e.listing_id, e.fetched_at, e.item_id, e.url, w.others,
       (SELECT e.same FROM items i
        WHERE i.id = e.item_id AND w.others = 0 AND i.state <> 'withdrawn' AND i.parser = :parser)
FROM (SELECT capture_id, position, count(*) OVER (PARTITION BY who) - 1 AS others, row_number() OVER
      (PARTITION BY who ORDER BY rank, listing_id, page, again, capture_id DESC, position) AS place
      FROM temp.entries WHERE title <> '') w
CROSS JOIN temp.entries e ON e.capture_id = w.capture_id AND e.position = w.position
WHERE w.place = 1 ORDER BY e.rank, e.listing_id, e.page, e.capture_id, e.position
"""
_OBSERVED = (
    "e.capture_id, e.position, e.listing_id, e.rank, e.page, e.fetched_at, e.item_id, e.key, e.url, e.title, e.brands, "
    "coalesce(e.summary_zh, v.summary_zh), coalesce(e.summary_en, v.summary_en), e.published_on"
)


@dataclass(frozen=True, slots=True)
class Observation:
    """One entry on one page. Of several for a report in one run, the first in order speaks."""

    capture_id: int
    position: int
    listing_id: int
    rank: int
    page: int
    fetched_at: str
    item_id: int | None
    key: str
    url: str
    content: Content
    others: int  #: further entries of the same report tonight


@dataclass(frozen=True, slots=True)
class Walked:
    listing: Listing
    listing_id: int
    result: WalkResult
    unread: tuple[tuple[str, int], ...] = ()  #: how what could not be read begins, and on which capture


def read_run(
    connection: sqlite3.Connection,
    root: Path,
    run: int,
    listings: Sequence[Listing],
    reader: Reader,
    *,
    max_pages: int,
    fallback: Stop,
) -> list[Walked]:
    """Read every listing page of the run into the table; ``fallback``: why a walk without a word of its own ended."""
    connection.execute("DROP TABLE IF EXISTS temp.entries")
    connection.execute(_TABLE)
    walked, stops = [], load_stops(connection, run)
    for listing in listings:
        listing_id = connection.execute("SELECT id FROM listings WHERE key = ?", (listing.key,)).fetchone()[0]
        walk = Walk(listing.url, page_url=listing.page_url, max_pages=max_pages)
        unread: dict[str, int] = {}
        digests: dict[int, str] = {}
        for capture, page in feed_captures(connection, root, run, listing.key, walk, reader):
            unread = dict.fromkeys(page.unread, capture.id) | unread
            again = digests.get(capture.page) == capture.digest
            digests[capture.page] = capture.digest
            connection.executemany(
                _INSERT,
                [(*_row(capture, position, listing, entry), again) for position, entry in enumerate(page.entries, 1)],
            )
        if walk.ask is not None:
            walk.fail(stops.get(listing.key) or fallback)
        walked.append(Walked(listing, listing_id, walk.result(), tuple(unread.items())))
    for index in _INDEXES:
        connection.execute(index)
    return walked


def _row(capture: Capture, position: int, listing: Listing, entry: Entry) -> tuple[object, ...]:
    content = Content.of_entry(entry)
    return (
        *(capture.id, position, capture.listing_id, listing.rank, capture.page, capture.fetched_at),
        *(entry.key, entry.url, content.title, content.brands, content.published_on),
        *(content.summary_zh, content.summary_en),
    )


def elect(connection: sqlite3.Connection, parser: int) -> None:
    """Choose who speaks for each report, into ``temp.winners`` and in page order, so that events follow the listing.

    Best-ranked listing, lowest page, latest reading of it, first place; entries without a title speak for nothing.
    Of the same bytes read twice the first speak: they stand in the WARC as a response, the second only refer to it.
    ``same`` is the current version where nothing about the report is new: no other entry, no other text, and that
    confirmed by ``parser`` already. It is found here, for all of them at once, because it is what most nights are.
    """
    connection.execute("DROP TABLE IF EXISTS temp.winners")
    connection.execute(_WINNERS)
    connection.execute(_ELECT, {"parser": parser})


def list_contested(connection: sqlite3.Connection) -> Iterator[Observation]:
    """The winners that have to be looked at one by one."""
    rows = connection.execute(
        f"SELECT {_OBSERVED}, w.others FROM temp.winners w CROSS JOIN temp.entries e "
        "ON e.capture_id = w.capture_id AND e.position = w.position LEFT JOIN item_versions v ON v.id = e.same "
        "WHERE w.same IS NULL ORDER BY w.id"
    )
    for row in rows:
        yield _observation(row)


def find_others(connection: sqlite3.Connection, winner: Observation) -> list[Observation]:
    """The further entries of the same report in this run."""
    rows = connection.execute(
        f"SELECT {_OBSERVED}, 0 FROM temp.entries e LEFT JOIN item_versions v ON v.id = e.same "
        "WHERE e.who = ? AND e.title <> '' AND NOT (e.capture_id = ? AND e.position = ?) "
        "ORDER BY e.capture_id, e.position",
        (str(winner.item_id or winner.key), winner.capture_id, winner.position),
    )
    return [_observation(row) for row in rows]


def _observation(row: tuple[object, ...]) -> Observation:
    return Observation(*row[:9], Content(*row[9:14]), row[14])  # type: ignore[arg-type, call-arg]


def measure(connection: sqlite3.Connection, walked: Walked, run: int) -> ListingFigures:
    """The figures the bounds are about: tonight's from the table, the earlier ones from the last complete walk."""
    listing_id, result = walked.listing_id, walked.result
    # new reports may get their English later: of a head, where they are many, only those known count as a sample
    is_sample = result.stop is not None and result.stop.kind in LEFT_FOR_LATER
    sampled = "item_id IS NOT NULL" if is_sample else "TRUE"
    entries, untitled, zh, en, known_entries = connection.execute(
        f"SELECT count(DISTINCT who), coalesce(sum(title = ''), 0), count(DISTINCT iif(zh AND {sampled}, who, NULL)), "
        f"count(DISTINCT iif(en AND {sampled}, who, NULL)), count(DISTINCT item_id) "
        "FROM temp.entries WHERE listing_id = ?",
        (listing_id,),
    ).fetchone()
    ratio, ratio_entries = _median(
        connection,
        f"SELECT 1.0 * en / zh FROM temp.entries WHERE listing_id = :listing AND zh AND en AND {sampled}",
        {"listing": listing_id},
    )
    before = connection.execute(
        "SELECT run_id, entries_seen FROM walks WHERE listing_id = ? AND complete = 1 AND run_id < ? "
        "ORDER BY run_id DESC LIMIT 1",
        (listing_id, run),
    ).fetchone()
    zh_before = en_before = ratio_before = None
    if before:
        # the readings of what that walk saw, or of what a sample shows, as they are believed now
        known = (
            "FROM memberships m JOIN items i ON i.id = m.item_id JOIN item_versions v ON v.id = i.version_id "
            "WHERE m.listing_id = :listing AND m.last_run_id >= :run"
            if not is_sample
            else "FROM (SELECT DISTINCT item_id FROM temp.entries WHERE listing_id = :listing) e "
            "JOIN items i ON i.id = e.item_id JOIN item_versions v ON v.id = i.version_id WHERE TRUE"
        )
        values = {"listing": listing_id, "run": before[0]}
        zh_before, en_before = connection.execute(
            f"SELECT avg(v.summary_zh <> ''), avg(v.summary_en <> '') {known}", values
        ).fetchone()
        ratio_before, _ = _median(
            connection,
            f"SELECT 1.0 * length(v.summary_en) / length(v.summary_zh) {known} "
            "AND v.summary_zh <> '' AND v.summary_en <> ''",
            values,
        )
    return ListingFigures(
        listing=walked.listing.key,
        page_1_was_read=result.pages_seen > 0 or _page_1_disappoints(result.stop),
        complete=result.complete,
        entries=entries,
        untitled=untitled,
        zh=zh,
        en=en,
        ratio=ratio,
        ratio_entries=ratio_entries,
        entries_before=before[1] if before else None,
        zh_share_before=zh_before,
        en_share_before=en_before,
        ratio_before=ratio_before,
        familiar=known_entries or int(before is not None and _shows_known_texts(connection, listing_id)),
        empty_before=_was_empty(connection, listing_id, run),
        known=known_entries if is_sample else None,
    )


def _shows_known_texts(connection: sqlite3.Connection, listing_id: int) -> bool:
    """Reports whose keys nobody knows, with summaries that are known: the site moved its ids (see archive.twins)."""
    rows = connection.execute(
        "SELECT title, brands, summary_zh, summary_en, published_on FROM temp.entries "
        "WHERE listing_id = ? AND item_id IS NULL AND (zh OR en)",
        (listing_id,),
    )
    return any(
        connection.execute(
            "SELECT 1 FROM item_versions WHERE summary_hash = ? LIMIT 1", (Content(*row).hashes()[2],)
        ).fetchone()
        for row in rows.fetchall()
    )


def _was_empty(connection: sqlite3.Connection, listing_id: int, run: int) -> bool:
    """True where the last run that counts found it empty: rejected, and accepted by a person."""
    row = connection.execute(
        "SELECT stopped FROM walks WHERE listing_id = ? AND run_id < ? ORDER BY run_id DESC LIMIT 1",
        (listing_id, run),
    ).fetchone()
    return row is not None and row[0] is not None and Stop.parse(row[0]) == EMPTY


def _page_1_disappoints(stop: Stop | None) -> bool:
    return stop is not None and stop.kind in {"refused", "empty page"}


def _median(connection: sqlite3.Connection, query: str, values: dict[str, int]) -> tuple[float | None, int]:
    ratios = sorted(ratio for (ratio,) in connection.execute(query, values))
    return (ratios[len(ratios) // 2] if ratios else None), len(ratios)
