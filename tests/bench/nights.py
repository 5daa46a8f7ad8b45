"""Nights put into an archive without a network: the publisher's pages go straight to the recorder."""

import contextlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.captures import todays_reader
from archive.config import Config, make_listing
from archive.crawl import hold_archive
from archive.model import Exchange
from archive.night import Options, begin_night
from archive.recording import Recorder
from archive.settle import settle
from archive.store import DataDirectory, open_for_writing
from tests.bench.publisher import TAG
from tests.bench.running import CommandFailedError

EPOCH = datetime(2026, 1, 1, 18, 30, tzinfo=UTC)
ORIGIN = "http://127.0.0.1"
CONTENT_TYPE = "text/html; charset=utf-8"


@dataclass
class Archive:
    """An archive whose nights are a day apart."""

    root: Path
    nights: int = 0
    bodies: list = field(default_factory=list)  #: of the last night, in the order they were read: (url, bytes)

    @property
    def data(self):
        return DataDirectory(self.root)

    @contextlib.contextmanager
    def opened(self):
        with contextlib.closing(open_for_writing(self.data)) as connection:
            yield connection

    def capture(self, site):
        """One night's crawl phase: every page, then page 1 again. Returns its run, which waits to be settled."""
        at = (EPOCH + timedelta(days=self.nights)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.nights += 1
        reader = todays_reader()
        listing = make_listing(ORIGIN + site.address(f"/tag/{TAG}", 1).partition("?")[0], rank=10)
        config = Config((listing,), 0, "bench", 1000)
        with hold_archive(self.data, reader, command="bench", now=at, say=lambda _: None) as (connection, _):
            options = Options(delay=0, max_pages=1000)
            night, _ = begin_night(connection, self.data, [listing], config, options, reader, now=at, configured=True)
            recorder = Recorder(night, at=at)
            self.bodies = []
            for page in (*range(1, site.last_page(TAG) + 1), 1):
                url = listing.url if page == 1 else ORIGIN + site.address(f"/tag/{TAG}", page)
                body = site.page(TAG, page)
                headers = (("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body))))
                recorder.record(Exchange(url, "GET", (), 200, headers, body, at, listing=listing.key, page=page))
                self.bodies.append((url, body))
            recorder.note_stop(listing.key, None, at)
            recorder.close(at, finished=True)
        return night.run

    def settle(self, run):
        """Settle one run; the seconds it took, of which none are for opening the archive."""
        with self.opened() as connection:
            reader = todays_reader()
            started = time.perf_counter()
            verdict = settle(connection, self.data, run, reader)
            seconds = time.perf_counter() - started
        if verdict.outcome != "complete":
            raise CommandFailedError(f"run {run} of the benchmark is {verdict.outcome}: {verdict}")
        return seconds

    def read_alone(self):
        """The seconds it takes to parse the last night's pages, out of memory."""
        reader = todays_reader()
        started = time.perf_counter()
        for url, body in self.bodies:
            reader.read(body, url=url, content_type=CONTENT_TYPE)
        return time.perf_counter() - started

    def size(self):
        """Bytes of archive.db with nothing left in its WAL."""
        with self.opened() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.data.db.stat().st_size
