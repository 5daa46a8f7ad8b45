"""An older database is copied and then upgraded in one step, whatever happens in between; a newer one is left alone.

The seed of the random moments is printed; BAOGAO_SEED plays them again.
"""

import contextlib
import os
import random
import secrets
import shutil
import signal
import stat
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from archive import schema
from archive.alerts import outbox
from archive.alerts.outbox import open_outbox
from archive.errors import Locked, NewerArchive, StorageError
from archive.sqlite import sqlite3
from archive.store import DataDirectory, open_for_writing, transaction
from archive.upgrade import list_copies
from tests.command import Desk, finish, limited
from tests.dumping import dump_lines
from tests.nights import Nights

SEED = int(os.environ.get("BAOGAO_SEED") or secrets.randbelow(10**6))
KILLS = 50
ARCHIVES = Path(__file__).parent / "fixtures" / "archives"
#: a later release, made up: rows and tables, and enough of them that there is time to be killed
NEXT = """
ALTER TABLE listings ADD COLUMN remark TEXT NOT NULL DEFAULT '';
UPDATE listings SET remark = key;
CREATE TABLE remarks (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
INSERT INTO remarks (text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
  SELECT 'remark ' || i FROM n;
CREATE INDEX remarks_by_text ON remarks (text);
"""


def load(path, name):
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript((ARCHIVES / name).read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
    return path


@pytest.fixture
def data(tmp_path):
    found = DataDirectory(tmp_path / "data")
    found.prepare()
    load(found.db, "schema-1.sql")
    return found


@pytest.fixture
def next_release(monkeypatch):
    def add_remarks(db):
        for statement in schema.split_statements(NEXT):
            db.execute(statement)

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_remarks))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)


@pytest.fixture
def next_outbox(monkeypatch):
    monkeypatch.setattr(
        outbox, "MIGRATIONS", (*outbox.MIGRATIONS, NEXT.replace("listings", "rules").replace("key", "name"))
    )
    monkeypatch.setattr(outbox, "VERSION", outbox.VERSION + 1)


def quiet(_):
    pass


def say(text):
    print(text)  # noqa: T201 - counts and seeds, for whoever runs this with -s or sees it fail


def upgrade(data, say=quiet):
    with contextlib.closing(open_for_writing(data, say=say)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def upgrade_outbox(path, say=quiet):
    with open_outbox(path, say=say) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def describe(path):
    """Version, schema and rows: equal descriptions are equal databases."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        lines = [line for line in dump_lines(connection) if '"_sqlite_migrations" VALUES' not in line]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("PRAGMA user_version").fetchone()[0], lines


@pytest.mark.parametrize("name", sorted(path.name for path in ARCHIVES.glob("schema-*.sql")))
def test_archive_of_every_released_schema_is_upgraded_to_that_of_a_new_one(tmp_path, name):
    data = DataDirectory(tmp_path / "data")
    data.prepare()
    load(data.db, name)
    assert upgrade(data) == schema.VERSION

    def tables(connection):
        query = "SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB '*sqlite_*'"
        return set(connection.execute(query).fetchall())

    with contextlib.closing(sqlite3.connect(data.db)) as upgraded, Nights(tmp_path / "new").opened() as new:
        assert tables(upgraded) == tables(new)
        upgraded.execute("INSERT INTO version_index (version_index) VALUES ('integrity-check')")
    assert (ARCHIVES / f"schema-{schema.VERSION}.sql").exists(), "what this release makes is upgraded by the next one"
    assert (ARCHIVES / f"alerts-{outbox.VERSION}.sql").exists()


def test_copy_is_made_once_kept_and_named(data):
    before, said = describe(data.db), []
    data.db.chmod(0o640)
    upgrade(data, said.append)
    (copy,) = list_copies(data.db)
    assert copy == data.root / "archive.db.schema-1"
    assert describe(copy) == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert len(said) == 1
    assert f"upgraded from schema 1 to {schema.VERSION}; {copy} holds it as it was" in said[0]
    upgrade(data, said.append)
    assert len(said) == 1
    # back to the older release, as the sentence says, and up again: the copy is found
    for path in data.root.glob("archive.db*"):
        if path.name in {"archive.db", "archive.db-wal"}:
            path.unlink()
    shutil.copy(copy, data.db)
    upgrade(data, said.append)
    assert list_copies(data.db) == [copy]
    # … and after a night of the older release a further copy is kept
    shutil.copy(copy, data.db)
    with contextlib.closing(sqlite3.connect(data.db)) as connection:
        connection.execute("UPDATE listings SET rank = 77")
        connection.commit()
    changed = describe(data.db)
    upgrade(data, said.append)
    assert [path.name for path in list_copies(data.db)] == ["archive.db.schema-1", "archive.db.schema-1.2"]
    assert describe(copy) == before
    assert describe(list_copies(data.db)[1]) == changed


def test_new_and_present_archives_leave_no_copy(data, tmp_path):
    upgrade(data)
    (copy,) = list_copies(data.db)
    copy.unlink()
    upgrade(data)
    with Nights(tmp_path / "new").opened():
        pass
    with open_outbox(tmp_path / "alerts.db"):
        pass
    assert not list_copies(data.db) + list_copies(tmp_path / "new" / "archive.db") + list_copies(tmp_path / "alerts.db")


def test_alerts_are_upgraded_behind_a_private_copy(tmp_path, next_outbox):
    path = load(tmp_path / "alerts.db", "alerts-1.sql")
    before, said = describe(path), []
    assert upgrade_outbox(path, said.append) == 2
    (copy,) = list_copies(path)
    assert describe(copy) == before
    assert {stat.S_IMODE(each.stat().st_mode) for each in (path, copy)} == {0o600}
    assert len(said) == 1
    with open_outbox(path, say=said.append) as opened:
        assert opened.execute("SELECT state FROM messages ORDER BY id").fetchall() == [("sent",), ("pending",)]
        assert opened.execute("SELECT name, remark FROM rules").fetchall() == [("茶馆", "茶馆")]
    assert len(said) == 1


def test_newer_databases_are_refused_and_left_alone(tmp_path):
    desk = Desk(tmp_path / "data")
    load(desk.db, f"schema-{schema.VERSION}.sql")
    alerts = load(desk.data / "alerts.db", f"alerts-{outbox.VERSION}.sql")
    DataDirectory(desk.data).prepare()
    for path, words in ((alerts, ["notify"]), (desk.db, ["settle"])):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 99")
        before = describe(path)
        said = desk.run(*words)
        assert said.code == 2
        assert "newer release" in said.sentence
        assert describe(path) == before
    with pytest.raises(NewerArchive), open_outbox(alerts):
        pass


# ── kill -9 ──────────────────────────────────────────────────────────────────


def run_and_kill(action, *, after=None):
    """``action`` in a process of its own, killed ``after`` seconds; the seconds that it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, b"!")
            action()
        finally:
            os._exit(0)
    os.read(reading, 1)
    started = time.perf_counter()
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)
    return time.perf_counter() - started


def list_steps(data, tmp_path):
    """The archive as it is after each migration but the last: a kill may leave that too."""
    steps, place = [], DataDirectory(tmp_path / "steps")
    shutil.copytree(data.root, place.root)
    with contextlib.closing(sqlite3.connect(place.db)) as connection:
        first = connection.execute("PRAGMA user_version").fetchone()[0] + 1
    for version in range(first, schema.VERSION):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
            patched.setattr(schema, "VERSION", version)
            upgrade(place)
        steps.append(describe(place.db))
    return steps


def kill_often(path, action, tmp_path, steps=()):
    """Old or new after each kill, or one of the steps, never between; and the next command finishes it."""
    say(f"BAOGAO_SEED={SEED}")
    chance = random.Random(SEED)
    shutil.copytree(path.parent, tmp_path / "before")
    old = describe(path)
    action()  # loads what it needs, so that the children need not
    new = describe(path)
    shutil.rmtree(path.parent)
    shutil.copytree(tmp_path / "before", path.parent)
    seconds = run_and_kill(action)
    assert describe(path) == new
    assert new[0] == old[0] + 1 + len(steps)
    counts = Counter()
    for _ in range(KILLS):
        shutil.rmtree(path.parent)
        shutil.copytree(tmp_path / "before", path.parent)
        run_and_kill(action, after=chance.uniform(0, 1.1 * seconds))
        found = describe(path)
        assert found in (old, *steps, new), f"between schemas, seed {SEED}"
        copies = list_copies(path)
        assert found == old or copies, "upgraded without a copy"
        counts[found[0] if found != old else "old, copied" if copies else "old"] += 1
        action()
        assert describe(path) == new
        assert [describe(copy) for copy in list_copies(path)] == [old, *([found] if found in steps else [])]
        assert not list(path.parent.glob("*.unfinished*"))
    say(f"{KILLS} kills -9 while {path.name} was upgraded from {old[0]} to {new[0]}: {dict(counts)}")
    return counts


def test_kills_during_the_upgrade_from_the_first_schema(data, tmp_path):
    counts = kill_often(data.db, lambda: upgrade(data), tmp_path, list_steps(data, tmp_path))
    assert len(counts) > 1


def test_kills_during_the_upgrade_to_upkeep(data, tmp_path):
    for path in data.root.glob("archive.db*"):
        path.unlink()
    load(data.db, "schema-2.sql")
    assert len(kill_often(data.db, lambda: upgrade(data), tmp_path)) > 1


def test_kills_during_the_next_upgrade(data, tmp_path, next_release):
    for path in data.root.glob("archive.db*"):
        path.unlink()
    load(data.db, f"schema-{schema.VERSION - 1}.sql")
    assert len(kill_often(data.db, lambda: upgrade(data), tmp_path)) > 1


def test_kills_during_an_upgrade_of_alerts(tmp_path, next_outbox):
    path = load(tmp_path / "data" / "alerts.db", "alerts-1.sql")
    assert len(kill_often(path, lambda: upgrade_outbox(path), tmp_path)) > 1


def test_kill_at_every_statement(data, tmp_path):
    """Not only where chance leads: before each statement that SQLite carries out."""
    shutil.copytree(data.root, tmp_path / "before")
    steps = list_steps(data, tmp_path)
    old = describe(data.db)
    upgrade(data)
    new = describe(data.db)
    deaths, seen = 0, set()
    while True:
        shutil.rmtree(data.root)
        shutil.copytree(tmp_path / "before", data.root)
        run_and_kill(partial(dying, data, deaths))
        found = describe(data.db)
        assert found in (old, *steps, new)
        seen.add(found[0])
        if (data.root / "survived").exists():
            break
        deaths += 1
    say(f"killed before each of {deaths} statements")
    assert deaths > 40
    assert seen == set(range(1, schema.VERSION + 1))


def dying(data, statements):
    """SIGKILL before a statement, by SQLite's own trace."""
    left = [statements]

    class Connection(sqlite3.Connection):
        def __init__(self, *words, **more):
            super().__init__(*words, **more)
            self.set_trace_callback(self.count)

        def count(self, _):
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    connect = sqlite3.connect
    sqlite3.connect = lambda *words, **more: connect(*words, factory=Connection, **more)  # of this process, which ends
    upgrade(data, quiet)
    (data.root / "survived").touch()


def test_next_command_finishes_a_killed_upgrade(tmp_path):
    desk = Desk(tmp_path / "data")
    for delay in (0.25, 0.4, 0.55):
        shutil.rmtree(desk.data, ignore_errors=True)
        load(desk.db, "schema-1.sql")
        settle = desk.start("settle")
        time.sleep(delay)
        settle.kill()
        finish(settle)
        said = desk.run("settle")
        assert said.code == 0, said
        assert desk.query("PRAGMA user_version") == [(schema.VERSION,)]
        assert list_copies(desk.db)[0].name == "archive.db.schema-1"
        assert desk.query("SELECT count(*) FROM readings_of_figures") == desk.query(
            "SELECT count(*) FROM item_versions"
        )


# ── two at once, and no room ─────────────────────────────────────────────────


def test_two_commands_upgrade_at_once(tmp_path):
    desk = Desk(tmp_path / "data")
    load(desk.db, "schema-1.sql")
    said = [finish(process) for process in [desk.start("settle") for _ in range(3)]]
    assert {each.code for each in said} <= {0, 6}
    assert any(each.code == 0 for each in said)
    assert not any("Traceback" in each.err for each in said)
    assert sum("is upgraded from schema 1" in each.err for each in said) == 1
    assert [path.name for path in list_copies(desk.db)] == ["archive.db.schema-1"]


def test_two_upgrades_of_alerts_wait_for_each_other(tmp_path, next_outbox, monkeypatch):
    path = load(tmp_path / "alerts.db", "alerts-1.sql")
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            code = 1
            try:
                code = 0 if upgrade_outbox(path) == 2 else 1
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert [each.name for each in list_copies(path)] == ["alerts.db.schema-1"]
    shutil.copy(list_copies(path)[0], path)
    monkeypatch.setattr(outbox, "BUSY_SECONDS", 0.1)
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder,
        transaction(holder),
        pytest.raises(Locked),
    ):
        upgrade_outbox(path)


def test_full_disk_during_the_copy_changes_nothing(tmp_path):
    desk = Desk(tmp_path / "data")
    load(desk.db, "schema-1.sql")
    for folder in ("warc", "state"):
        (desk.data / folder).mkdir()
    before = describe(desk.db)
    said = desk.run("settle", through=limited(desk.db.stat().st_size // 2))
    assert said.code == 7
    assert "is copied before it is upgraded" in said.sentence
    assert describe(desk.db) == before
    assert sorted(path.name for path in desk.data.iterdir() if "-shm" not in path.name and "-wal" not in path.name) == [
        "archive.db",
        "state",
        "warc",
    ]
    assert desk.run("settle").code == 0
    assert len(list_copies(desk.db)) == 1


def test_full_disk_during_the_copy_of_alerts_changes_nothing(tmp_path, next_outbox):
    path = load(tmp_path / "alerts.db", "alerts-1.sql")
    before = describe(path)
    (tmp_path / "alerts.db.schema-1.unfinished").mkdir()  # as good as a full disk: it can't be made
    with pytest.raises(StorageError, match="copied before it is upgraded"):
        upgrade_outbox(path)
    assert describe(path) == before
    (tmp_path / "alerts.db.schema-1.unfinished").rmdir()
    assert upgrade_outbox(path) == 2
