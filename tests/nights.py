"""Nights in a few lines: an invented publisher, crawled without a network into a real WARC and a real archive.

The pages are JSON, read by a reader of our own, because these tests are about the meaning of nights; the real parser,
the real spider and a real server are joined in test_end_to_end.py.
"""

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from archive.alerts.events import list_events
from archive.captures import Reader
from archive.config import Config, make_listing
from archive.deciding import accept, add_alias, drop_events, release_events
from archive.model import Entry, Exchange, Page, Pager, Refused
from archive.night import Options, begin_night, next_run, recover
from archive.recording import Recorder
from archive.reparse import reparse
from archive.settle import settle
from archive.store import DataDirectory, open_for_reading, open_for_writing
from archive.verify import verify
from archive.walk import Stop
from tests.dumping import dump_lines

EPOCH = datetime(2026, 1, 1, 18, 30, tzinfo=UTC)
HOST = "http://127.0.0.1"
PER_PAGE = 3
UNREADABLE = "unreadable"  #: the mark of what looks like an entry and can't be read as one


def read_json(body, *, url, content_type=None, blind_to=()):
    """Parser of these tests; ``blind_to``: marks that an older version of it did not read."""
    if body.startswith(b"<"):
        return Refused("blocked", "a captcha stands in front of the listing")
    try:
        page = json.loads(body)
    except ValueError:
        return Refused("unreadable", "this is no listing")

    def clean(text):
        for mark in blind_to:
            text = text.replace(mark, "")
        return text

    return Page(
        tuple(
            Entry(
                entry["key"],
                f"{HOST}/{entry['key']}",
                clean(entry["title"]),
                tuple(entry.get("brands", ())),
                clean(entry["zh"]),
                clean(entry["en"]),
                None,
            )
            for entry in page["entries"]
            if entry.get("mark") not in blind_to and entry.get("mark") != UNREADABLE
        ),
        Pager(number=page["number"], last=page["last"], next_url=page["next"]),
        frame=frozenset({"listing"}),
        unread=tuple(entry["title"] for entry in page["entries"] if entry.get("mark") == UNREADABLE),
    )


def make_reader(version=1, *, blind_to=()):
    return Reader(version, lambda body, **where: read_json(body, **where, blind_to=blind_to))


@dataclass
class Publisher:
    """Reports by key, and tags that list them, newest first."""

    reports: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)

    def publish(self, key, *tags, title=None, zh=None, en=None, **more):
        self.reports[key] = {
            "key": key,
            "title": title or f"虚构咨询 | 报告{key}",
            "zh": zh if zh is not None else f"虚构的{key}规模为12.5亿元",
            "en": en if en is not None else f"The invented size of {key} is 1.25 billion yuan, and no more than that",
            **more,
        }
        for tag in tags or ("甲",):
            self.tags.setdefault(tag, []).insert(0, key)

    def edit(self, key, **fields):
        self.reports[key] = self.reports[key] | fields

    def withdraw(self, key, *tags):
        for tag in tags or tuple(self.tags):
            if key in self.tags[tag]:
                self.tags[tag].remove(key)

    def restore(self, key, tag="甲", place=0):
        self.tags[tag].insert(place, key)

    def serve(self, tag, number, *, override=None):
        keys = self.tags.get(tag, [])
        last = max(1, -(-len(keys) // PER_PAGE))
        shown = keys[(number - 1) * PER_PAGE : number * PER_PAGE]
        entries = [self.reports[key] | (override or {}).get(key, {}) for key in shown]
        follows = f"{HOST}/tag/{tag}?page={number + 1}" if number < last else None
        return json.dumps({"entries": entries, "number": number, "last": last, "next": follows}).encode()


class Nights:
    """An archive and the nights that are played on it."""

    def __init__(self, root: Path, publisher: Publisher | None = None, *, ranks=("甲", "乙", "丙"), reader=None):
        self.data = DataDirectory(root)
        self.publisher = publisher or Publisher()
        self.ranks = ranks
        self.reader = reader or make_reader()
        self.readers = {}
        self.clock = EPOCH
        self._ids = count()
        self.data.prepare()

    def now(self):
        self.clock += timedelta(seconds=2)
        return self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")

    @contextlib.contextmanager
    def opened(self):
        connection = open_for_writing(self.data)
        try:
            yield connection
        finally:
            connection.close()

    def listings(self, tags):
        return [make_listing(f"{HOST}/tag/{tag}", rank=10 * (1 + self.ranks.index(tag))) for tag in tags]

    def config(self, tags):
        return Config(tuple(self.listings(tags)), 0, "test", 500)

    def night(
        self,
        *tags,
        faults=None,
        override=None,
        die_after=None,
        max_pages=500,
        settle_it=True,
        configured=False,
        meanwhile=None,
        leave=None,
        budget=None,
    ):
        """Play one night. ``faults``: (tag, page) → "500", "captcha", "empty" or "garbage"; ``die_after``: captures;
        ``meanwhile``: called with the number of pages captured so far, before each request; ``leave``: tag → the
        pages after which the ``budget`` leaves it, or those and the Stop."""
        tags = tags or tuple(tag for tag in self.ranks if tag in self.publisher.tags)
        self.clock += timedelta(days=1) if die_after is None else timedelta(0)
        with self.opened() as connection:
            recover(connection, self.data, self.reader)
            options = Options(0, max_pages, settle=settle_it)
            night, settled = begin_night(
                connection,
                self.data,
                self.listings(tags),
                replace(self.config(tags), budget=budget),
                options,
                self.reader,
                now=self.now(),
                configured=configured,
            )
            if night is None:
                return settled[-1]
            if not self._crawl(night, faults or {}, override, die_after, meanwhile, leave or {}):
                return None
            if not settle_it:
                return None
            verdict = settle(connection, self.data, night.run, self.reader)
            self.readers[night.run] = self.reader
            return verdict

    def _crawl(self, night, faults, override, die_after, meanwhile, leave):
        recorder = Recorder(night, at=self.now())
        captured = 0
        by_key = {listing.key: listing for listing in night.listings}
        for listing in (by_key[key] for key in night.order):
            walk = recorder.resume(listing, self.reader)
            left = leave.get(listing.key.removeprefix("tag:"))
            pages, stop = left if isinstance(left, tuple) else (left, Stop("budget", "only its head was read tonight"))
            while walk.ask is not None:
                ask = walk.ask
                if pages is not None and ask.page > pages:
                    walk.fail(stop)
                    break
                if meanwhile:
                    meanwhile(captured)
                tag = listing.key.removeprefix("tag:")
                body = self.publisher.serve(tag, ask.page, override=(override or {}).get(tag))
                body, status = spoil(faults.get((tag, ask.page)), ask.page, body)
                if die_after is not None and captured >= die_after:
                    drop(recorder)
                    return False
                exchange = Exchange(
                    ask.url, "GET", (), status, (("Content-Type", "application/json"),), body, self.now(),
                    listing.key, ask.page,
                )  # fmt: skip
                recorder.record(exchange)
                captured += 1
                if status != 200:
                    walk.fail(Stop("fetch error", f"page {ask.page}: HTTP {status}"))
                else:
                    walk.feed(self.reader.read(body, url=ask.url))
            recorder.note_stop(listing.key, walk.result().stop, self.now())
        recorder.close(self.now(), finished=True)
        return True

    def reparse(self, reader, only_run=None):
        self.reader = reader
        self.clock += timedelta(days=1)
        with self.opened() as connection:
            recover(connection, self.data, reader)
            verdict = reparse(
                connection, self.data, next_run(connection, self.data), reader, now=self.now(), only_run=only_run
            )
            self.readers[verdict.run] = reader
            return verdict

    def accept(self, run):
        with self.opened() as connection:
            return accept(connection, self.data, run, self.reader, now=self.now())

    def release(self, events=None, *, keys=()):
        """A person lets these events be announced; else what is held of these reports, or all that is held."""
        self._decide(release_events, events, keys)

    def drop(self, events=None, *, keys=()):
        self._decide(drop_events, events, keys)

    def _decide(self, decide, events, keys):
        with self.opened() as connection:
            recover(connection, self.data, self.reader)
            if events is None:
                held = [event for event in list_events(connection) if event.alert == "held"]
                events = [event for event in held if not keys or event.key in keys]
            decide(connection, self.data, events, self.reader, now=self.now())

    def alias(self, key, existing):
        with self.opened() as connection:
            add_alias(connection, self.data, key, existing, "moved", self.reader, now=self.now())

    def settle(self):
        with self.opened() as connection:
            recover(connection, self.data, self.reader)
            return [
                settle(connection, self.data, run, self.reader)
                for (run,) in connection.execute("SELECT id FROM runs WHERE outcome = 'open'").fetchall()
            ]

    def rebuild(self, root: Path, reader=None):
        """The archive read again from the WARCs alone, in an empty directory."""
        other = Nights(root, self.publisher, ranks=self.ranks, reader=reader or self.reader)
        for path in self.data.warc.iterdir():
            (other.data.warc / path.name).write_bytes(path.read_bytes())
        with other.opened() as connection:
            recover(connection, other.data, other.reader)
        other.settle()
        return other

    def verify(self):
        with contextlib.closing(open_for_reading(self.data)) as connection:
            return verify(connection, self.data, self.reader)

    def query(self, sql, *values):
        with self.opened() as connection:
            return connection.execute(sql, values).fetchall()

    def events(self, run=None):
        """(kind, key, alert) of one run, the last by default; in the feed's order."""
        run = run or self.query("SELECT max(id) FROM runs")[0][0]
        return self.query(
            "SELECT e.kind, i.key, e.alert FROM events e JOIN items i ON i.id = e.item_id "
            "WHERE e.run_id = ? ORDER BY e.id",
            run,
        )

    def details(self, key):
        """(detail, alert) of the changes of one report, in the feed's order."""
        return self.query(
            "SELECT e.detail, e.alert FROM events e JOIN items i ON i.id = e.item_id "
            "WHERE i.key = ? AND e.kind = 'changed' ORDER BY e.id",
            key,
        )

    def issues(self, run=None):
        run = run or self.query("SELECT max(id) FROM runs")[0][0]
        return [row[0] for row in self.query("SELECT code FROM issues WHERE run_id = ? ORDER BY id", run)]

    def state(self, key):
        return self.query("SELECT state FROM items WHERE key = ?", key)[0][0]

    def versions(self, key):
        """(cause, zh) by version."""
        return self.query(
            "SELECT v.cause, v.summary_zh FROM item_versions v JOIN items i ON i.id = v.item_id WHERE i.key = ? "
            "ORDER BY v.seq",
            key,
        )

    def history(self, key):
        return [row[0] for row in self.query("SELECT summary_zh FROM history WHERE key = ? ORDER BY valid_from", key)]

    def dump(self):
        """Everything the archive says, as one text: equal dumps are equal archives."""
        with self.opened() as connection:
            lines = [line for line in dump_lines(connection) if "_sqlite_migrations" not in line]
        return "\n".join(lines)

    def fingerprint(self):
        return hashlib.sha256(self.dump().encode()).hexdigest()


def spoil(fault, number, body):
    """(body, status) of a page with that fault."""
    spoiled = {
        "500": b"oops",
        "captcha": b"<captcha>",
        "garbage": b"garbage",
        "empty": json.dumps({"entries": [], "number": number, "last": None, "next": None}).encode(),
    }
    return spoiled.get(fault, body), 500 if fault == "500" else 200


def drop(recorder):
    """Leave everything as kill -9 would: the WARC file open and unfinished."""
    recorder._connection.close()
    os.close(recorder._writer._descriptor)
    recorder._writer._descriptor = -1
