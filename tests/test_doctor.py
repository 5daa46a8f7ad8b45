"""`baogao doctor`: each check by itself, and the command on archives in every state; it never writes."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
from dataclasses import replace
from types import SimpleNamespace

import pytest

from archive.config import load_config
from archive.doctor import (
    check_clock,
    check_database,
    check_disk,
    check_history,
    check_lock,
    check_name,
    check_open_files,
    check_packages,
    check_places,
    check_queue,
    check_secrets,
    check_skew,
    check_sqlite,
    check_zones,
    choose_exit_code,
    diagnose,
    has_wal_reset_bug,
)
from archive.errors import StorageError, UsageError
from archive.examine import Place, examine, find_unmet
from archive.replica import serve
from archive.sqlite import sqlite3
from archive.store import DataDirectory
from archive.vitals import Database, History, Queue
from tests.command import Desk, asked, unprivileged, wait_for
from tests.crawls import TAG, make_site
from tests.faults_server import faults, hang, on_page
from tests.nights import EPOCH, Nights, Publisher

NOW = "2026-02-01T12:00:00Z"
HISTORY = History(3, "2026-01-29", "2026-02-01", (7, "2026-02-01T03:00:00Z"), None, 0, 0)
HOLDER = {"command": "baogao crawl", "pid": "7", "host": "h", "since": "2026-02-01T11:00:00Z"}


# the checks, one by one


@pytest.mark.parametrize(
    ("release", "sick"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 0), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_wal_reset_bug(release, sick):
    assert has_wal_reset_bug(release) == sick
    finding = check_sqlite(release, "sqlite3", has_extra=True)
    assert finding.level == ("warning" if sick else "ok")
    assert ('pip install "baogao[pysqlite3]"' in finding.advice) == sick


def test_an_extra_that_does_not_exist_is_not_advised():
    assert "pip install" not in check_sqlite((3, 40, 1), "sqlite3", has_extra=False).advice


def levels(findings):
    return [(finding.level, finding.exit_code) for finding in findings]


def test_packages_and_zones():
    assert levels([check_packages(()), check_zones(())]) == [("ok", 0), ("ok", 0)]
    assert levels([check_packages(("lxml is missing",)), check_zones(("Asia/Shanghai",))]) == [("error", 2)] * 2
    assert find_unmet() == ()


def test_secrets_and_contact():
    assert check_secrets(()) == []
    assert levels(check_secrets(("channel.mail.password_env: x is not set.",))) == [("error", 2)]
    assert (check_name(is_anonymous=True).level, check_name(is_anonymous=False).level) == ("warning", "ok")


FINE = Place("warc", 1000, 0o755, may_read=True, may_write=True)


@pytest.mark.parametrize(
    ("place", "expected", "word"),
    [
        (FINE, ("ok", 0), "uid 1000"),
        (replace(FINE, may_write=False), ("error", 7), "may not write"),
        (replace(FINE, may_read=False), ("error", 7), "may not read"),
        (replace(FINE, mode=0o777), ("warning", 0), "0777"),
        (replace(FINE, uid=0), ("warning", 0), "uid 0"),
        (replace(FINE, mode=0o644, is_private=True), ("warning", 0), "0644"),
        (replace(FINE, mode=0o600, is_private=True), ("ok", 0), "uid 1000"),
        (replace(FINE, is_wrong=True), ("error", 7), "warc is no directory"),
        (replace(FINE, name="alerts.db", is_wrong=True), ("error", 7), "a directory, and no file"),
    ],
)
def test_places(place, expected, word):
    findings = check_places((place,), 1000)
    assert levels(findings) == [expected]
    assert word in findings[0].found


@pytest.mark.parametrize(
    ("free", "inodes", "expected"),
    [
        (10**10, 10**6, ["ok"]),
        (10**10, None, ["ok"]),
        (10**8, None, ["warning"]),
        (10**6, None, ["error"]),
        (10**10, 5, ["ok", "warning"]),
    ],
)
def test_disk(free, inodes, expected):
    assert [finding.level for finding in check_disk(free, inodes)] == expected


def test_lock():
    assert check_lock("lock", None, NOW).level == "ok"
    held = check_lock("lock", HOLDER, NOW)
    assert (held.level, "baogao crawl (pid 7 on h" in held.found) == ("ok", True)
    assert check_lock("lock", HOLDER | {"since": "2026-02-01T01:00:00Z"}, NOW).level == "warning"
    assert check_lock("lock", HOLDER | {"since": "unknown"}, NOW).level == "ok"


def test_databases():
    assert levels(check_database(Database("archive.db", 10, 0))) == [("ok", 0)]
    sick = Database("archive.db", 10, 10**9, "archive.db is damaged.", exit_code=7)
    assert levels(check_database(sick)) == [("error", 7), ("warning", 0)]


def history(**changes):
    is_locked = changes.pop("is_locked", False)
    found = check_history(replace(HISTORY, **changes), NOW, is_locked=is_locked)
    return {finding.check: finding.level for finding in found}


def test_nights():
    assert history() == {"nights": "ok"}
    assert history(last_good=(5, "2026-01-31T00:01:00Z")) == {"nights": "ok"}
    assert history(last_good=(5, "2026-01-30T23:59:00Z")) == {"nights": "warning"}
    assert history(last_good=None) == {"nights": "warning"}
    for changed, check in [
        ({"open_run": (8, NOW)}, "open run"),
        ({"unindexed_files": 2}, "WARC files"),
        ({"unindexed_versions": 3}, "search index"),
    ]:
        assert history(**changed)[check] == "warning"
        assert history(**changed, is_locked=True)[check] == "ok"


def test_queue():
    assert check_queue(Queue(())).level == "ok"
    assert check_queue(Queue((("pending", 2, NOW),))).level == "ok"
    dead = check_queue(Queue((("dead", 1, "2026-01-01T00:00:00Z"), ("pending", 2, NOW))))
    assert dead.level == "warning"
    assert "1 dead (oldest: 2026-01-01T00:00:00Z), 2 pending" in dead.found


def test_clock():
    assert check_clock(NOW, None).level == "ok"
    assert check_clock(NOW, "2026-02-01T12:04:00Z").level == "ok"
    back = check_clock(NOW, "2026-02-02T12:00:00Z")
    assert (back.level, back.exit_code) == ("error", 2)
    assert "24 hours before" in back.found
    assert check_skew(NOW, "2026-02-01T12:04:00Z").level == "ok"
    assert "10 minutes behind" in check_skew(NOW, "2026-02-01T12:10:00Z").found
    assert "3 days ahead of" in check_skew(NOW, "2026-01-29T12:00:00Z").found


def test_open_files():
    assert check_open_files((), is_locked=False).level == "ok"
    assert check_open_files(("a.open",), is_locked=True).level == "ok"
    assert check_open_files(("a", "b", "c", "d"), is_locked=False).found.startswith("a, b, c and 1 more")


def test_exit_code():
    ok = check_clock(NOW, None)
    setup, storage = check_packages(("x",)), next(check_disk(0, None))
    assert choose_exit_code([ok, check_name(is_anonymous=True)]) == 0
    assert choose_exit_code([ok, setup]) == 2
    assert choose_exit_code([setup, storage]) == 7


# the facts, and the command


@pytest.fixture
def played(tmp_path):
    nights = Nights(tmp_path / "data", Publisher())
    nights.publisher.publish("h:1")
    for _ in range(2):
        nights.night()
    for path in nights.data.warc.iterdir():  # written by the clock of these nights
        os.utime(path, (EPOCH.timestamp(), EPOCH.timestamp()))
    return nights


def look(nights, now=None, config=None, environment=None):
    facts = examine(nights.data, config or load_config(None), "x", environment or {}, now=now or nights.now())
    return {finding.check: finding for finding in diagnose(facts)}, facts


def test_facts_of_a_good_archive(played):
    found, facts = look(played)
    assert facts.vitals.history.nights == 2
    assert facts.vitals.history.last_good[0] == 2
    assert facts.vitals.history.last_night == "2026-01-03"
    assert {name for name, finding in found.items() if finding.level != "ok"} - {"permissions", "disk"} <= {
        *("sqlite", "user agent", "search index")  # of nights in tests nothing is derived
    }
    assert facts.vitals.history.unindexed_versions == 1


def test_a_night_that_died(played):
    played.publisher.publish("h:2")
    played.night(die_after=0)
    found, facts = look(played)
    assert facts.vitals.history.open_run[0] == 3
    assert found["open run"].level == "warning"
    assert found["open files"].level == "warning"
    assert found["open files"].found.startswith("run-000003-01.warc.gz.open")


def test_a_configuration_that_does_not_load(played):
    found, _ = look(played, config=UsageError("baogao.toml: unknown key `x`."))
    assert (found["configuration"].level, found["configuration"].exit_code) == ("error", 2)
    assert "user agent" not in found


def test_a_file_that_the_database_does_not_know(played):
    with contextlib.closing(sqlite3.connect(played.data.db)) as connection:
        connection.execute("DELETE FROM warc_files")
        connection.commit()
    found, facts = look(played)
    assert facts.vitals.history.unindexed_files == 2
    assert found["WARC files"].level == "warning"


def test_files_that_only_the_database_knows(played):
    first, second = sorted(played.data.warc.glob("run-*.warc.gz"))
    first.unlink()
    found, _ = look(played)
    assert (found["WARC files"].level, found["WARC files"].exit_code) == ("error", 7)
    assert first.name in found["WARC files"].found
    assert second.name not in found["WARC files"].found


@pytest.mark.parametrize("name", ["warc", "state"])
def test_a_file_where_a_directory_belongs(played, name):
    shutil.rmtree(played.data.root / name)
    (played.data.root / name).touch()
    found, _ = look(played)
    assert found["permissions"].found == f"{name} is no directory"
    with pytest.raises(StorageError, match=rf"{name}: File exists"):
        played.data.prepare()


def test_a_link_that_leads_nowhere(tmp_path):
    (tmp_path / "data").symlink_to(tmp_path / "gone")
    facts = examine(DataDirectory(tmp_path / "data"), load_config(None), "x", {}, now=NOW)
    assert "is a link to" in facts.obstacle


def test_waiting_alerts(played):
    from archive.alerts.outbox import add_message, open_outbox

    states = [("held", "2026-01-01T00:00:00Z"), ("pending", NOW), ("dead", NOW), ("dead", NOW), ("sent", NOW)]
    with open_outbox(played.data.alerts) as outbox:
        for number, (state, at) in enumerate(states):
            named = {"key": str(number), "rule": "r", "channel": "c", "recipient": "", "form": "run"}
            add_message(outbox, state=state, created_at=at, not_before=at, **named)
    found, facts = look(played)
    assert facts.vitals.queue.states == (("dead", 2, NOW), ("held", 1, "2026-01-01T00:00:00Z"), ("pending", 1, NOW))
    assert found["alerts"].level == "warning"
    played.data.alerts.chmod(0o644)
    found, _ = look(played)
    assert "chmod 600" in found["permissions"].advice


def test_a_clock_that_was_set_back(played):
    found, _ = look(played, now="2025-06-01T00:00:00Z")
    assert (found["clock"].level, found["clock"].exit_code) == ("error", 2)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    root = tmp_path_factory.mktemp("doctor")
    with Desk(root / "data") as desk, serve(make_site(2)) as served:
        assert desk.crawl(served.url(TAG)).code == 0
    return root / "data"


@pytest.fixture
def desk(crawled, tmp_path):
    shutil.copytree(crawled, tmp_path / "data")
    with Desk(tmp_path / "data") as desk:
        yield desk


def snapshot(root):
    return {
        str(path.relative_to(root)): (path.stat().st_mtime_ns, path.stat().st_mode, path.stat().st_size)
        for path in sorted(root.rglob("*"))
    }


def examined(desk, *words, **how):
    """The command, which must leave every file and directory as it was."""
    before = snapshot(desk.data.parent)
    said = desk.run("doctor", "--json", *words, **how)
    assert snapshot(desk.data.parent) == before
    assert said.err == ""
    return said, {check["check"]: check for check in said.json["checks"]}


def test_a_good_archive(desk):
    said, checks = examined(desk)
    assert said.code == 0
    assert {name for name, check in checks.items() if check["level"] != "ok"} <= {"sqlite", "user agent"}
    assert checks["nights"]["found"].startswith("1 from ")
    assert checks["site clock"]["level"] == "ok"
    versions = said.json["versions"]
    wanted = {"baogao", "Python", "SQLite", "libxml2", "lxml", "Scrapy", "Twisted", "OpenSSL of Python"}
    assert all(versions[name] for name in wanted)
    assert versions["SQLite"] == sqlite3.sqlite_version
    words = desk.run("doctor")
    assert words.code == 0
    assert "Scrapy" in words.out
    assert "\x1b" not in words.out


def test_no_archive(tmp_path):
    with Desk(tmp_path / "data") as desk:
        said, checks = examined(desk)
        assert said.code == 0
        assert checks["archive"]["level"] == "warning"
        (tmp_path / "baogao.toml").write_text("[craw]\n")
        said, checks = examined(desk)
        assert said.code == 2
        assert "unknown key `craw`" in checks["configuration"]["found"]
    assert not (tmp_path / "data").exists()


def test_no_archive_and_none_can_be_made(tmp_path):
    (tmp_path / "file").touch()
    with Desk(tmp_path / "data") as desk:
        for place in (tmp_path / "file", tmp_path / "file" / "data"):
            said = desk.run("doctor", "--json", "--data", place)
            assert said.code == 7
            found = next(check for check in said.json["checks"] if check["check"] == "archive")
            assert "file is no directory" in found["found"]
            said = desk.crawl("http://127.0.0.1:9/tag/x", "--data", place)
            assert (said.code, "no directory: move" in said.err) == (7, True)


def test_a_read_only_file_system_is_no_matter_of_permissions(played, monkeypatch):
    """As root every permission is there, and advice to give one helps nobody."""
    files = SimpleNamespace(f_flag=os.ST_RDONLY, f_files=0, f_bavail=1, f_bfree=1, f_blocks=1, f_frsize=10**10)
    monkeypatch.setattr(os, "statvfs", lambda _: files)
    monkeypatch.setattr(os, "access", lambda _, mode, **__: not mode & os.W_OK)
    found, facts = look(played)
    assert (found["permissions"].level, facts.is_read_only) == ("error", True)
    assert "read-only file system" in found["permissions"].found
    with pytest.raises(StorageError, match="mount that file system writable"):
        played.data.prepare()


def test_an_archive_that_was_thrown_away(desk):
    desk.db.unlink()
    said, checks = examined(desk)
    assert said.code == 7
    assert "baogao repair" in checks["archive.db"]["found"]


def test_a_damaged_archive(desk):
    content = bytearray(desk.db.read_bytes())
    content[4096 : 4096 * 6] = b"\xa5" * (4096 * 5)
    desk.db.write_bytes(content)
    said, checks = examined(desk)
    assert said.code == 7
    assert "is damaged" in checks["archive.db"]["found"]


def test_no_sqlite_at_all(desk):
    desk.db.write_bytes(b"this is no database" * 1000)
    (desk.data / "alerts.db").write_bytes(b"nor is this" * 1000)
    said, checks = examined(desk)
    assert said.code == 7
    assert checks["alerts.db"]["level"] == "error"
    assert "reads it again from the WARC files" in checks["archive.db"]["found"]
    assert "reads it again" not in checks["alerts.db"]["found"] + checks["alerts.db"]["advice"]


def test_a_newer_archive(desk):
    with contextlib.closing(sqlite3.connect(desk.db)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    said, checks = examined(desk)
    assert said.code == 2
    assert "newer release" in checks["archive.db"]["found"]


def test_read_only(desk):
    for path in [*desk.data.rglob("*"), desk.data]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        said, checks = examined(desk, through=unprivileged())
        assert said.code == 7
        assert "may not write" in checks["permissions"]["found"]
        assert checks["archive.db"]["level"] == "ok"
        assert checks["nights"]["level"] == "ok"
    finally:
        for path in [desk.data, *desk.data.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_directory_that_may_not_be_entered(desk):
    desk.data.chmod(0o000)
    try:
        said = desk.run("doctor", "--json", through=unprivileged())
    finally:
        desk.data.chmod(0o755)
    assert said.code == 7
    assert "may not read" in said.out


def test_while_a_night_runs(desk):
    site = make_site(2)
    site.faults = faults(on_page(site, 2, hang()))
    with serve(site) as served:
        crawl = desk.start_crawl("--time-limit", "30", served.url(TAG))
        wait_for(lambda: asked(served.requests) == [1, 2])
        said = desk.run("doctor", "--json")
        assert crawl.poll() is None
        crawl.send_signal(signal.SIGTERM)
        assert crawl.wait(20) == 143
    checks = {check["check"]: check for check in said.json["checks"]}
    assert said.code == 0
    assert f"baogao crawl (pid {crawl.pid}" in checks["lock"]["found"]
    assert checks["open run"]["level"] == "ok"
    assert checks["open files"]["level"] == "ok"
    assert checks["archive.db"]["level"] == "ok"
    _, checks = examined(desk)  # stopped: the next crawl goes on
    assert checks["lock"]["found"] == "free"
    assert checks["open run"]["level"] == "warning"


def test_a_lock_without_words(desk):
    with (desk.data / "state" / "lock").open("a") as lock:
        lock.truncate(0)
        fcntl.flock(lock, fcntl.LOCK_EX)
        _, checks = examined(desk)
    assert checks["lock"]["found"].startswith("held by unknown")


def test_a_lock_with_hostile_words(desk):
    with (desk.data / "state" / "lock").open("w") as lock:
        lock.write(json.dumps({"command": "\x1b[2J", "pid": 1, "host": "h", "since": NOW}))
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = desk.run("doctor")
    assert "\x1b" not in said.out
    assert "␛[2J" in said.out


def test_nothing_waits_for_a_writer(tmp_path, played):
    """It looks, and does not hold up the one who writes."""
    found, _ = look(played)
    descriptor = os.open(played.data.state / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
    assert found["lock"].found == "free"
    assert DataDirectory(tmp_path / "data").db.exists()
