"""The command ``baogao`` as an operator runs it: real processes, and what is left when they have ended."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from archive.sqlite import sqlite3

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent
#: launchers: python -c LAUNCHER … command
_LIMITED = "import os, resource, sys; n = int(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n))"
#: root writes where it may not, unless CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH are taken from what it starts
_UNPRIVILEGED = "import ctypes, os, sys; libc = ctypes.CDLL(None); [libc.prctl(24, n, 0, 0, 0) for n in (1, 2)]"


def limited(size):
    """For ``through``: no file may grow beyond ``size`` bytes."""
    return (sys.executable, "-c", f"{_LIMITED}; os.execv(sys.argv[2], sys.argv[2:])", str(size))


def unprivileged():
    """For ``through``: permission bits count, whoever runs the tests."""
    return (sys.executable, "-c", f"{_UNPRIVILEGED}; os.execv(sys.argv[1], sys.argv[1:])")


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def summary(self):
        """The last line on stdout: the verdict of a night."""
        return self.out.splitlines()[-1]

    @property
    def sentence(self):
        """What stands on stderr, which must be one line of at most two sentences, for a person."""
        assert self.out == "", self.out
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("baogao: "), self.err
        assert lines[0].endswith((".", "?")), self.err
        assert len(re.findall(r"[.!?](?:\s|$)", lines[0])) <= 2, self.err
        return lines[0].removeprefix("baogao: ")


@dataclass(frozen=True)
class Desk:
    """One data directory and the commands that are run on it."""

    data: Path
    started: list = field(default_factory=list, repr=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Leave nothing running, whatever a test stumbled over."""
        for process in self.started:
            with contextlib.suppress(OSError):
                process.kill()
            with process:
                pass

    def command(self, *words, through=()):
        return [*through, str(BIN / "baogao"), "--data", str(self.data), *map(str, words)]

    def start(self, *words, through=(), env=None, **popen):
        """The command, running; the caller waits for it."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            self.command(*words, through=through),
            cwd=self.data.parent,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **popen,
        )
        self.started.append(process)
        return process

    def run(self, *words, timeout=60, **popen):
        """The command from start to end; a traceback is never an answer."""
        started = time.monotonic()
        said = finish(self.start(*words, **popen), started=started, timeout=timeout)
        assert "Traceback" not in said.err, said.err
        return said

    def crawl(self, *words, **popen):
        return self.run("crawl", "--delay", "0", *words, **popen)

    def start_crawl(self, *words, **popen):
        return self.start("crawl", "--delay", "0", *words, **popen)

    @property
    def db(self):
        return self.data / "archive.db"

    @property
    def warcs(self):
        return sorted(path.name for path in (self.data / "warc").iterdir())

    def query(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, values).fetchall()

    def content(self):
        """What the archive says, run numbers and times left out: equal nights have equal contents."""
        return {
            "items": self.query(
                "SELECT i.key, i.url, i.state, v.seq FROM items i "
                "JOIN item_versions v ON v.id = i.version_id ORDER BY 1"
            ),
            "versions": self.query(
                "SELECT i.key, v.seq, p.seq, v.cause, v.content_hash, v.exact_hash, v.summary_hash "
                "FROM item_versions v JOIN items i ON i.id = v.item_id "
                "LEFT JOIN item_versions p ON p.id = v.previous_id ORDER BY 1, 2"
            ),
            "fields": self.query(
                "SELECT i.key, v.seq, c.field FROM item_changes c JOIN item_versions v ON v.id = c.version_id "
                "JOIN items i ON i.id = v.item_id ORDER BY 1, 2, 3"
            ),
            "events": self.query(
                "SELECT e.id, e.kind, i.key, v.seq, e.detail, e.alert FROM events e JOIN items i ON i.id = e.item_id "
                "JOIN item_versions v ON v.id = e.version_id ORDER BY e.id"
            ),
            "memberships": self.query(
                "SELECT i.key, l.key FROM memberships m JOIN items i ON i.id = m.item_id "
                "JOIN listings l ON l.id = m.listing_id ORDER BY 1, 2"
            ),
            "walks": self.query(
                "SELECT l.key, w.complete, w.stopped, w.pages_seen, w.pages_expected, w.entries_seen FROM walks w "
                "JOIN listings l ON l.id = w.listing_id ORDER BY w.run_id, l.key"
            ),
            "runs": self.query("SELECT kind, outcome, exit_code FROM runs ORDER BY id"),
            "issues": self.query("SELECT level, code, message FROM issues ORDER BY id"),
        }

    def snapshot(self):
        """Every file and what is in it, but for what says nothing: SQLite's shared memory, who held the lock last."""
        found = {
            str(path.relative_to(self.data)): path.read_bytes()
            for path in sorted(self.data.rglob("*"))
            if path.is_file() and path.name not in {"lock", "archive.db-shm"}
        }
        return {
            name: hashlib.sha256(content).hexdigest()
            for name, content in found.items()
            if content or not name.endswith("-wal")
        }


def environment(more=None):
    """The operator's, without what would lead the command elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BAOGAO_", "COLUMNS"))}
    return kept | (more or {})


def finish(process, *, started=None, timeout=60):
    """Wait for a started command; one that does not end is killed, and the test fails."""
    started = time.monotonic() if started is None else started
    with process:
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            if process.poll() is None:
                process.kill()
    return Said(process.returncode, out.decode(), err.decode(), time.monotonic() - started)


def side_by_side(calls, *, at_once=3):
    """{name: function} → {name: its result}: nights that mostly wait are played together."""
    with ThreadPoolExecutor(at_once) as pool:
        started = {name: pool.submit(call) for name, call in calls.items()}
        return {name: future.result() for name, future in started.items()}


def wait_for(condition, *, seconds=20.0, pause=0.002):
    """The first true value of ``condition()``."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(pause)
    return value


def children_of(pid):
    """The living processes that ``pid`` has started."""
    return [child for child, state, parent in _processes() if parent == pid and state != "Z"]


def is_alive(pid):
    """False for a zombie too: it does nothing any more."""
    return any(each == pid and state != "Z" for each, state, _ in _processes())


def _processes():
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                state, parent = (place / "stat").read_text().rpartition(")")[2].split()[:2]
                yield int(place.name), state, int(parent)


def kill_group(process):
    """kill -9 of a command that was started with ``start_new_session=True``, and of all it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def asked(requests):
    """The pages of the listing that were asked for, in order."""
    return [int(request.query.get("page", 1)) for request in requests if request.path.startswith("/tag/")]
