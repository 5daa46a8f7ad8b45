"""What page 1 of each listing shows now: fetched by the crawling process, with all its guards, and kept nowhere.

The crawling process archives what it fetches, as always, but into a temporary directory that is removed: the archive
is neither written, nor locked, nor needed.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import logs
from archive.captures import OK, read_capture, todays_reader
from archive.crawl import PLAN_ON_STDIN, end_child, hand_over
from archive.errors import BaogaoError, StorageError
from archive.journal import open_run
from archive.model import Page
from archive.recording import Night, load_stops
from archive.store import DataDirectory, open_for_writing, storage_errors, transaction
from archive.vet import ListingFigures, vet_listing
from archive.walk import Stop, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.config import Listing
    from archive.model import Entry, Pager, Reading
    from archive.sqlite import sqlite3

RUN = 1
#: what a crawl would end with; of several listings the first of these that holds
EXIT_CODES = (4, 5, 9, 3)
_EXIT_OF_STOP = {"refused": 4, "empty page": 4, "blocked": 5, "time limit": 9}


@dataclass(frozen=True, slots=True)
class FirstPage:
    """What a crawl would make of page 1 of a listing; the fields behind ``stopped`` only where it was read."""

    listing: str
    url: str
    exit_code: int
    stopped: str | None = None  #: why it was not read or must not be believed
    notes: tuple[str, ...] = ()  #: what would not end a night, but is worth a look
    entries: int | None = None
    untitled: int | None = None
    chinese: int | None = None  #: entries with a summary in that language
    english: int | None = None
    first: str | None = None  #: titles
    last: str | None = None
    pages: int | None = None  #: as the pager announces
    reports: int | None = None  #: the same
    next_url: str | None = None  #: of page 2, where there is one
    next_by: str | None = None  #: how it was found: link, page_url, numbers, guess
    charset: str | None = None
    frame: int | None = None  #: texts that the page shows beside entries and pager

    def to_json(self) -> dict[str, Any]:
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return told | {"notes": list(self.notes)}


def check_first_pages(
    listings: Sequence[Listing], *, delay: float, user_agent: str, now: str, hosts_at_once: int = 1
) -> list[FirstPage]:
    """Page 1 of each listing, one after the other on each host. Raises what kept the crawling process from its end."""
    reader = todays_reader()
    with _temporary_archive() as data, contextlib.closing(open_for_writing(data)) as connection:
        night = Night(
            run=RUN,
            data=str(data.root),
            db=str(data.db),
            listings=tuple(listings),
            delay=delay,
            user_agent=user_agent,
            max_pages=1,
            parser=reader.version,
            started_at=now,
            settle=False,
            max_concurrent_hosts=hosts_at_once,
        )
        with storage_errors(data.db), transaction(connection):
            open_run(connection, night.describe())
        _fetch(night)
        stops = load_stops(connection, RUN)
        return [
            judge_first_page(listing, _load(connection, data.root, listing), stops.get(listing.key))
            for listing in listings
        ]


@contextlib.contextmanager
def _temporary_archive() -> Iterator[DataDirectory]:
    try:
        scratch = tempfile.TemporaryDirectory(prefix="baogao-check-")
    except OSError as error:
        raise StorageError(
            f"A check needs a temporary directory, and there is none to write to ({error.strerror}): name one with the "
            "environment variable TMPDIR."
        ) from error
    with scratch as root:
        data = DataDirectory(Path(root))
        data.prepare()
        yield data


def _fetch(night: Night) -> None:
    """The crawl phase; its standard input is a pipe from here, so that it dies with this process."""
    options = ("--parent", "--set", "BAOGAO_FIRST_PAGES=1", *((logs.AS_JSON,) if logs.is_json() else ()))
    command = [sys.executable, "-P", "-m", "crawler", PLAN_ON_STDIN, *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:  # noqa: S603 - our own module
        try:
            hand_over(night, child)
            code = child.wait()
        finally:
            end_child(child)
    if code == StorageError.exit_code:
        raise StorageError(
            f"The temporary directory {night.data} could not be written (see the message above): make room there, or "
            "name another one with the environment variable TMPDIR."
        )
    if code:
        raise BaogaoError(
            f"The crawling process ended with {code}, and what it says is above: run `baogao doctor`, and report the "
            "traceback if there is one."
        )


def _load(connection: sqlite3.Connection, root: Path, listing: Listing) -> Reading | None:
    row = connection.execute(
        "SELECT c.id, c.url FROM captures c JOIN listings l ON l.id = c.listing_id "
        "WHERE l.key = ? AND c.page = 1 AND c.status = ? ORDER BY c.id DESC LIMIT 1",
        (listing.key, OK),
    ).fetchone()
    return None if row is None else read_capture(connection, root, row[0], row[1], todays_reader())


def judge_first_page(listing: Listing, reading: Reading | None, stop: Stop | None) -> FirstPage:
    """``reading``: None where no page came; ``stop``: why then, as the crawl noted it."""
    if reading is None:
        stop = stop or Stop("interrupted", "page 1 was not asked for")
        return FirstPage(listing.key, listing.url, _EXIT_OF_STOP.get(stop.kind, 3), stop.reason)
    walk = Walk(listing.url, page_url=listing.page_url)
    walk.feed(reading)
    stop = walk.result().stop if walk.ask is None else None
    if stop is not None:
        return FirstPage(listing.key, listing.url, _EXIT_OF_STOP.get(stop.kind, 3), stop.reason)
    assert isinstance(reading, Page)
    broken = [gate for gate in vet_listing(_measure(listing, reading)) if not gate.passed]
    reasons = [gate.message for gate in broken if gate.hard]
    notes = [gate.message for gate in broken if not gate.hard]
    next_url = walk.ask.url if walk.ask is not None and not walk.ask.head else None
    next_by = _find_source(listing, reading.pager, next_url)
    if next_by == "guess":
        notes.append("nothing usable leads to page 2, so its address is guessed: set page_url for this listing")
    if not reading.closed:
        notes.append("the page does not end with </html>: it may be cut short")
    chinese, english = (sum(map(bool, texts)) for texts in zip(*map(_summaries, reading.entries), strict=True))
    return FirstPage(
        listing=listing.key,
        url=listing.url,
        exit_code=4 if reasons else 0,
        stopped="; ".join(reasons) or None,
        notes=tuple(notes),
        entries=len(reading.entries),
        untitled=sum(not entry.title for entry in reading.entries),
        chinese=chinese,
        english=english,
        first=reading.entries[0].title,
        last=reading.entries[-1].title,
        pages=reading.pager.last,
        reports=reading.pager.total,
        next_url=next_url,
        next_by=next_by,
        charset=reading.charset,
        frame=len(reading.frame),
    )


def _summaries(entry: Entry) -> tuple[str, str]:
    return entry.summary_zh, entry.summary_en


def _find_source(listing: Listing, pager: Pager, next_url: str | None) -> str | None:
    """Where the address of page 2 comes from, in the order in which a walk trusts them."""
    if next_url is None:
        return None
    if next_url in {dict(pager.links).get(2), pager.next_url}:
        return "link"
    if listing.page_url and next_url == listing.page_url.replace("{url}", listing.url).replace("{page}", "2"):
        return "page_url"
    if pager.template and next_url == pager.template.replace("{page}", "2"):
        return "numbers"
    return "guess"


def _measure(listing: Listing, page: Page) -> ListingFigures:
    """For the bounds of a first walk: there is nothing before it."""
    lengths = [tuple(map(len, _summaries(entry))) for entry in page.entries]
    ratios = sorted(english / chinese for chinese, english in lengths if chinese and english)
    return ListingFigures(
        listing=listing.key,
        page_1_was_read=True,
        complete=False,
        entries=len(page.entries),
        untitled=sum(not entry.title for entry in page.entries),
        zh=sum(bool(chinese) for chinese, _ in lengths),
        en=sum(bool(english) for _, english in lengths),
        ratio=ratios[len(ratios) // 2] if ratios else None,
        ratio_entries=len(ratios),
        entries_before=None,
        zh_share_before=None,
        en_share_before=None,
        ratio_before=None,
        familiar=0,
    )


def choose_exit_code(pages: Sequence[FirstPage]) -> int:
    found = {page.exit_code for page in pages}
    return next((code for code in EXIT_CODES if code in found), 0)
