"""A backup taken at any moment restores to a whole archive; what is cut, altered or unsafe restores to nothing.

The seed of the random moments is printed; BAOGAO_SEED plays them again, BAOGAO_BACKUPS takes more backups.
"""

import contextlib
import fcntl
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from archive.captures import todays_reader
from archive.errors import StorageError
from archive.keeping.backup import back_up
from archive.keeping.depot import lock_depot, open_depot
from archive.keeping.dump import dump_content
from archive.keeping.manifest import _seal, read_manifest
from archive.keeping.restore import restore
from archive.replica import Site, catalogue, serve
from archive.sqlite import sqlite3
from archive.store import DataDirectory, open_for_reading
from archive.verify import verify
from tests.command import Desk, finish, limited, side_by_side, unprivileged, wait_for
from tests.crawls import TAG, make_site
from tests.faults_server import faults, on_every_page, slow
from tests.nights import Nights
from tests.webhook_receiver import Receiver, Reply

SEED = int(os.environ.get("BAOGAO_SEED") or secrets.randbelow(10**6))
BACKUPS = int(os.environ.get("BAOGAO_BACKUPS") or 15)  #: at least: a night takes five
KILLS = 20
AT = "2026-01-05T03:00:00Z"
PRIVATE = "wh" + "sec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"

CONFIG = """
[[alert]]
name = "news"
to = ["hook"]
on = ["appeared", "changed"]
digest = "each"

[channel.hook]
type = "webhook"
url = "{url}"
secret_file = "{secret}"
allow_private = true
"""


def configure(desk, url):
    secret = desk.data.parent / "hook.secret"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text(PRIVATE)
    secret.chmod(0o600)
    (desk.data.parent / "baogao.toml").write_text(CONFIG.format(url=url, secret=secret))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Two nights with news that were told, to be copied."""
    desk = Desk(tmp_path_factory.mktemp("model") / "data")
    site = Site.of(TAG, catalogue(31)[1:])
    with serve(site) as served, Receiver() as receiver:
        configure(desk, receiver.url("/hook"))
        assert desk.crawl(served.url(TAG)).code == 0
        site.publish(catalogue(1)[0], TAG)
        said = desk.crawl(served.url(TAG))
        assert said.code == 0, said
        assert len(receiver.received) == 1
    return desk


@pytest.fixture
def desk(model, tmp_path):
    shutil.copytree(model.data.parent, tmp_path / "here")
    with Desk(tmp_path / "here" / "data") as desk:
        yield desk


@pytest.fixture
def place(desk, tmp_path):
    """A backup of it."""
    said = desk.run("backup", tmp_path / "kept")
    assert said.code == 0, said
    return tmp_path / "kept"


def files_of(place):
    """Every file of a backup by its bytes, but for the lock, which is empty."""
    return {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def manifest_of(place):
    return read_manifest((place / "manifest.json").read_bytes(), place / "manifest.json")


def stored(place, name):
    (path,) = place.glob(f"files/*-{name}")
    return path


def reseal(place, change):
    """A manifest as somebody would write it who knows how."""
    path = place / "manifest.json"
    body = json.loads(path.read_bytes())
    del body["manifest_sha256"]
    change(body)
    path.write_text(json.dumps(body | {"manifest_sha256": _seal(body)}))


def check_restored(place, target):
    """Restore and verify, in this process; the archive's desk and the manifest."""
    manifest = restore(place, target)
    data = DataDirectory(target)
    with contextlib.closing(open_for_reading(data)) as connection:
        assert verify(connection, data, todays_reader()).problems == []
        assert dump_content(connection) == manifest.content
    return Desk(target), manifest


def is_copying(process, place):
    """True too where it has ended."""
    return process.poll() is not None or list(place.glob("files/.unfinished-*"))


def moments_of_a_night(desk, run, served, receiver, chance):
    """Crawl; stop for each of three pages, for the end of the walk, and for a message in the air."""
    asked, heard = len(served.requests), len(receiver.received)
    moments = [
        *(lambda page=page: len(served.requests) >= asked + page for page in sorted(chance.sample(range(1, 8), 3))),
        lambda: desk.query("SELECT 1 FROM runs WHERE id = ?", run) and not list(desk.data.glob("warc/*.open")),
        lambda: len(receiver.received) > heard,
    ]
    crawl = desk.start_crawl(served.url(TAG))
    for moment in moments:
        wait_for(lambda moment=moment: moment() or crawl.poll() is not None)
        yield
    assert finish(crawl).code == 0


def settled(content):
    return content | {"runs": [run for run in content["runs"] if run[1] != "open"]}


# what comes back


def test_restored_archive_is_the_archive(desk, place, tmp_path):
    said = desk.run("restore", place, tmp_path / "back")
    assert said.code == 0, said
    assert "of run 2 (" in said.out
    assert "every SHA-256 right" in said.out
    assert "under the ids it had" in said.out
    back = Desk(tmp_path / "back")
    assert back.run("verify").code == 0
    assert back.content() == desk.content()
    assert back.warcs == desk.warcs
    for name in desk.warcs:
        assert (back.data / "warc" / name).read_bytes() == (desk.data / "warc" / name).read_bytes()
    assert (back.data / "baogao.toml").read_bytes() == (desk.data.parent / "baogao.toml").read_bytes()
    assert [(back.data / name).stat().st_mode & 0o777 for name in ("alerts.db", "archive.db")] == [0o600, 0o644]
    assert stored(place, "alerts.db").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "here", "kept"]
    assert back.run("settle").out == "nothing to settle.\n"
    with serve(Site.of(TAG, catalogue(33))) as served:
        for archive in (desk, back):  # and it goes on as the other would
            assert archive.crawl("--no-notify", served.url(TAG)).code == 0
    assert back.content() == desk.content()


def test_a_night_may_begin_while_a_restored_archive_is_read(place, tmp_path):
    desk = Desk(tmp_path / "data")
    restore(place, desk.data)
    with contextlib.closing(open_for_reading(DataDirectory(desk.data))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchone()
        said = desk.run("settle")
        assert said.code == 0, said


def test_no_secret_is_in_a_backup(place):
    kept = files_of(place)
    assert any(b"secret_file" in content for content in kept.values())  # the configuration names its place
    assert not any(PRIVATE.encode() in content for content in kept.values())


def test_a_second_backup_copies_only_what_is_new(desk, place):
    before = files_of(place)
    said = desk.run("backup", place, "--json").json
    assert (said["copied"], said["skipped"]["files"]) == ({"files": 0, "bytes": 0}, 5)
    assert said["skipped"]["bytes"] == said["bytes"] == sum(kept.bytes for kept in manifest_of(place).files)
    with serve(make_site(4)) as served:
        assert desk.crawl("--no-notify", served.url(TAG)).code == 0
    said = desk.run("backup", place, "--json").json
    assert (said["files"], said["copied"]["files"], said["skipped"]["files"]) == (6, 3, 3)  # both databases, one WARC
    assert said["copied"]["bytes"] + said["skipped"]["bytes"] == said["bytes"]
    after = files_of(place)
    gone = {path.name.partition("-")[2] for path in before.keys() - after.keys()}
    assert gone == {"archive.db", "alerts.db"}
    assert len(after) == 6 + 2
    assert desk.run("backup", "--test", place).code == 0


@pytest.mark.parametrize("copy", [shutil.copyfile, shutil.copy2], ids=["cp", "cp -p"])
def test_a_warc_file_made_whole_again_takes_the_place_of_the_damaged_one(desk, tmp_path, copy):
    warc, whole, place = desk.data / "warc" / desk.warcs[0], tmp_path / "whole", tmp_path / "kept-damaged"
    shutil.copy2(warc, whole)
    content = bytearray(warc.read_bytes())
    content[len(content) // 2] ^= 1  # as long as before
    warc.write_bytes(content)
    for _ in range(2):  # it is not forgotten
        said = desk.run("backup", place)
        assert (said.code, f"warc/{warc.name} at byte" in said.out, "was copied as it is" in said.out) == (
            7,
            True,
            True,
        )
    assert desk.run("backup", "--test", place).code == 7
    copy(whole, warc)  # what `baogao verify` advises
    assert desk.run("backup", place).code == 0
    assert desk.run("backup", "--test", place).code == 0


def test_a_damaged_warc_file_does_not_take_the_place_of_its_whole_copy(desk, tmp_path):
    warc, place = desk.data / "warc" / desk.warcs[0], tmp_path / "kept-good"
    assert desk.run("backup", place).code == 0
    whole = warc.read_bytes()
    warc.write_bytes(whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:])
    for _ in range(2):
        (told,) = desk.run("backup", place, "--json").json["damaged"]
        assert told.startswith(f"warc/{warc.name} at byte ")
        assert "its earlier copy, which is whole, stays" in told
    assert desk.run("backup", "--test", place).code == 0
    shutil.copy(stored(place, warc.name), warc)  # as that sentence tells
    assert desk.run("backup", place).code == 0
    assert "damaged" not in json.loads((place / "manifest.json").read_text())


def test_a_warc_file_cut_short_does_not_take_the_place_of_the_whole_one(desk, tmp_path):
    warc, place = desk.data / "warc" / desk.warcs[0], tmp_path / "kept-whole"
    assert desk.run("backup", place).code == 0
    manifest = (place / "manifest.json").read_bytes()
    warc.write_bytes(warc.read_bytes()[:-100])
    said = desk.run("backup", place)
    assert said.code == 7
    assert "bytes where archive.db knows" in said.sentence
    assert (place / "manifest.json").read_bytes() == manifest
    assert desk.run("backup", "--test", place).code == 0


def test_a_warc_file_untouched_since_the_earlier_backup_is_not_read_again(desk, tmp_path):
    data, place = DataDirectory(desk.data), tmp_path / "unread"
    back_up(data, place, at="2100-01-01T00:00:00Z")  # later than any file here
    warc = desk.data / "warc" / desk.warcs[0]
    warc.write_bytes(b"x" * warc.stat().st_size)  # nobody looks
    assert f"warc/{warc.name}" in [kept.path for kept in back_up(data, place, at=AT).skipped]


@pytest.mark.parametrize("made_at", ["never", "0001-01-01T00:00:00"])
def test_a_backup_made_at_no_time_is_brought_up_to_date(desk, place, made_at):
    reseal(place, lambda body: body.update(made_at=made_at))
    assert desk.run("backup", place).code == 0


def test_equal_archives_have_equal_backups_but_for_the_time(desk, tmp_path):
    places = [tmp_path / "one", tmp_path / "two", tmp_path / "later"]
    with contextlib.closing(sqlite3.connect(desk.db, isolation_level=None)) as writer:
        writer.execute("UPDATE items SET last_seen_at = '2026-01-05T00:00:00Z'")
        assert (desk.data / "archive.db-wal").stat().st_size
        back_up(DataDirectory(desk.data), places[0], at=AT)
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for place, at in zip(places[1:], [AT, "2027-01-01T00:00:00Z"], strict=True):
            back_up(DataDirectory(desk.data), place, at=at)
    one, two, later = map(files_of, places)
    assert one == two
    differing = [path for path in one if one[path] != later[path]]
    assert differing == [Path("manifest.json")]
    bodies = [json.loads(each[Path("manifest.json")]) for each in (one, later)]
    assert {name for name in bodies[0] if bodies[0][name] != bodies[1][name]} == {"made_at", "manifest_sha256"}
    restore(places[0], tmp_path / "back")
    again = back_up(DataDirectory(tmp_path / "back"), tmp_path / "again", at=AT).manifest
    assert again.content == manifest_of(places[0]).content


def test_backup_of_an_archive_that_may_only_be_read(desk, tmp_path):
    for path in (desk.data, desk.data / "warc", desk.data / "state"):
        path.chmod(0o555)
    before = desk.snapshot()
    said = desk.run("backup", tmp_path / "kept", through=unprivileged())
    for path in (desk.data, desk.data / "warc", desk.data / "state"):
        path.chmod(0o755)
    assert said.code == 0, said
    assert desk.snapshot() == before
    assert check_restored(tmp_path / "kept", tmp_path / "back")[0].content() == desk.content()


def test_trial_says_what_it_has_proved(desk, place):
    for words in (["--test", place], ["--test"]):
        said = desk.run("backup", *words, "--json")
        assert said.code == 0, said
        assert said.json["problems"] == []
        assert said.json["compared"] is True
        assert (said.json["last_run"], said.json["versions"], said.json["content"]["items"]) == (2, 31, 31)
    assert desk.run("backup", "--test", place).out.endswith("31 versions; it says what it said then.\n")


def test_trial_finds_an_archive_that_was_sick_already(desk, tmp_path):
    with contextlib.closing(sqlite3.connect(desk.db)) as connection:
        connection.execute("DROP TRIGGER captures_are_final")
        connection.execute("UPDATE captures SET status = 404 WHERE id = 3")
        connection.commit()
    assert desk.run("backup", tmp_path / "kept").code == 0
    said = desk.run("backup", "--test", tmp_path / "kept")
    assert (said.code, "holds another record than archive.db says" in said.out) == (7, True), said


# beside whatever runs


def test_backups_during_crawling_nights_each_restore_to_the_last_settled_run(tmp_path):
    """Real crawls with a real endpoint: backups during the walk, at its end, and while messages are in the air."""
    print(f"BAOGAO_SEED={SEED}")  # noqa: T201 - to play them again
    chance = random.Random(SEED)
    desk, data = Desk(tmp_path / "here" / "data"), DataDirectory(tmp_path / "here" / "data")
    site = Site.of(TAG, catalogue(120)[40:])
    contents, made = {}, []
    with serve(site) as served, Receiver({"/hook": Reply(after=0.05)}) as receiver:
        configure(desk, receiver.url("/hook"))
        assert desk.crawl(served.url(TAG)).code == 0
        contents[1] = desk.content()
        site.faults = faults(on_every_page(slow(0.1), site))
        while len(made) < BACKUPS:
            run = len(contents) + 1
            edited = site.shown(TAG, 3)[run % 5]
            site.edit(edited.id, next(word for word in " ".join(edited.en).split() if word.endswith("%")), f"{run}.76%")
            site.publish(catalogue(40)[run], TAG)
            for _ in moments_of_a_night(desk, run, served, receiver, chance):
                place = tmp_path / f"kept{len(made)}"
                made.append((place, back_up(data, place, at=AT)))
            contents[run] = desk.content()
            assert len(desk.query("SELECT id FROM runs")) == run
        told = len(receiver.received)
    found = Counter()
    for place, backup in made:
        back, manifest = check_restored(place, tmp_path / f"{place.name}-back")
        kind = "in the walk" if backup.left_out else "captured" if manifest.open_run else "between"
        assert settled(back.content()) == contents[manifest.last_run], (place, backup)
        assert not [name for name in back.warcs if name.endswith(".open")]
        if manifest.open_run:
            found[kind] += 1
            assert back.run("settle").code == 0
            assert back.content() == contents[manifest.last_run + 1]
        elif found[kind] < 3:
            assert back.run("settle").out == "nothing to settle.\n"
            assert back.run("verify").code == 0
        if not manifest.open_run:
            found[kind] += 1
        with contextlib.closing(sqlite3.connect(back.data / "alerts.db")) as outbox:
            assert outbox.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        shutil.rmtree(back.data)
    print(f"{len(made)} backups in {len(contents) - 1} nights, {told} messages told: {dict(found)}")  # noqa: T201
    assert found["in the walk"] >= len(made) // 3


def test_backup_before_each_request_of_a_night(tmp_path):
    """Deterministic: with no page, one, two … in the WARC file that is open."""
    nights = Nights(tmp_path / "data")
    for number in range(1, 12):
        nights.publisher.publish(f"r{number}")
    nights.night()
    dump, seen = nights.fingerprint(), []

    def take(captured):
        place = tmp_path / f"kept{captured}"
        assert back_up(nights.data, place, at=AT).left_out == ["warc/run-000002-01.warc.gz"]
        restore(place, tmp_path / f"back{captured}")
        back = Nights(tmp_path / f"back{captured}")
        with back.opened() as connection:
            assert verify(connection, back.data, back.reader).problems == []
        assert back.settle() == []
        assert back.fingerprint() == dump
        seen.append(captured)

    nights.night(meanwhile=take)
    assert seen == [0, 1, 2, 3, 4]


def test_a_crashed_night_that_was_continued_is_restored_as_far_as_its_files_were_closed(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(1, 12):
        nights.publisher.publish(f"r{number}")
    nights.night()
    nights.publisher.publish("r12")
    assert nights.night(die_after=2) is None
    taken = []

    def take(captured):
        if captured == 1:
            taken.append(back_up(nights.data, tmp_path / "kept", at=AT))

    nights.night(meanwhile=take, die_after=10)  # goes on with that night, in a second file
    assert taken[0].left_out == ["warc/run-000002-02.warc.gz"]
    assert taken[0].manifest.open_run == 2
    restore(tmp_path / "kept", tmp_path / "back")
    back = Nights(tmp_path / "back", nights.publisher)
    back.clock = nights.clock
    with back.opened() as connection:
        assert verify(connection, back.data, back.reader).problems == []
        assert connection.execute("SELECT count(*) FROM captures WHERE run_id = 2").fetchone() == (2,)
    assert back.night(die_after=10).outcome == "complete"  # and goes on here too
    assert [key for _, key, _ in back.events(2)] == ["r12"]


def test_no_lock_of_the_archive_is_needed(desk, tmp_path):
    with contextlib.closing(sqlite3.connect(desk.db, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE items SET url = 'http://127.0.0.1/none'")
        assert desk.run("backup", tmp_path / "kept").code == 0
        writer.execute("ROLLBACK")
    assert check_restored(tmp_path / "kept", tmp_path / "back")[0].content() == desk.content()


def test_messages_pending_at_backup_time_are_sent_again_under_their_ids(tmp_path):
    with Desk(tmp_path / "here" / "data") as desk, Receiver({"/hook": [Reply(503), Reply(503), Reply()]}) as receiver:
        configure(desk, receiver.url("/hook"))
        site = Site.of(TAG, catalogue(11)[1:])
        with serve(site) as served:
            assert desk.crawl(served.url(TAG)).code == 0
            site.publish(catalogue(1)[0], TAG)
            assert desk.crawl(served.url(TAG)).code == 8
        assert desk.run("backup", tmp_path / "kept").code == 0
        shutil.move(desk.data, tmp_path / "lost")
        assert desk.run("restore", tmp_path / "kept", desk.data).code == 0
        for data in (tmp_path / "lost", desk.data):
            with contextlib.closing(sqlite3.connect(data / "alerts.db", isolation_level=None)) as outbox:
                outbox.execute("UPDATE messages SET not_before = created_at")
            assert desk.run("--data", data, "notify").code == 0
        assert len(receiver.received) == 4  # two of them in vain, and one by the machine that was lost afterwards
        assert len({each.id for each in receiver.received}) == 1


def test_killed_backups_leave_a_backup_that_restores(desk, place, tmp_path):
    print(f"BAOGAO_SEED={SEED}")  # noqa: T201 - to play them again
    chance, killed, started = random.Random(SEED), 0, 0
    site = Site.of(TAG, catalogue(40)[7:])
    allowed = {2: desk.content()}
    with serve(site) as served:
        while killed < KILLS:
            if len(allowed) <= killed // 4 + 1:
                year = 2030 + len(allowed)
                site.edit(site.shown(TAG, 1)[0].id, "2025" if year == 2031 else str(year - 1), str(year))
                assert desk.crawl("--no-notify", served.url(TAG)).code == 0
                allowed[max(allowed) + 1] = desk.content()
            started += 1
            process = desk.start("backup", place)
            if chance.random() < 0.7:
                wait_for(partial(is_copying, process, place))
                time.sleep(chance.uniform(0, 0.02))
            else:
                time.sleep(chance.uniform(0.1, 0.4))
            process.kill()
            killed += finish(process).code == -9
            back, manifest = check_restored(place, tmp_path / "back")
            assert back.content() == allowed[manifest.last_run]
            shutil.rmtree(back.data)
            if chance.random() < 0.2:
                assert desk.run("backup", place).code == 0
                assert manifest_of(place).last_run == max(allowed)
    assert desk.run("backup", place).code == 0
    print(f"{killed} of {started} backups killed; what was there restored each time")  # noqa: T201
    assert not list(place.glob("files/.*"))
    assert len(list(place.glob("files/*-archive.db"))) == len(list(place.glob("files/*-alerts.db"))) == 1
    assert check_restored(place, tmp_path / "back")[0].content() == desk.content()


def test_two_backups_at_once_into_one_place(desk, tmp_path):
    place = tmp_path / "kept"
    with lock_depot(place):
        said = desk.run("backup", place)
        assert (said.code, "wait until it ends" in said.sentence) == (6, True)
        assert not (place / "manifest.json").exists()
    for number in range(3):
        both = [desk.start("backup", place) for _ in range(3)]
        codes = sorted(finish(process).code for process in both)
        assert codes[0] == 0, codes
        assert set(codes) <= {0, 6}, codes
        check_restored(place, tmp_path / f"back{number}")
    with lock_depot(place):
        assert desk.run("restore", place, tmp_path / "back").code == 6
    assert not (tmp_path / "back").exists()


# full disks


def test_a_full_disk_keeps_the_earlier_backup(desk, place, tmp_path):
    before = desk.content()
    with serve(make_site(6)) as served:
        assert desk.crawl("--no-notify", served.url(TAG)).code == 0
    kept = files_of(place)
    sizes = [0, 1, 900, 5_000, 20_000, 60_000, desk.db.stat().st_size - 4096]
    for size in sizes:
        said = desk.run("backup", place, through=limited(size))
        assert said.code == 7, (size, said)
        assert "room" in said.sentence, said
        now = files_of(place)
        assert kept.items() <= now.items()
        assert {path.name.partition("-")[2] for path in now.keys() - kept.keys()} <= {*desk.warcs, "alerts.db"}
    assert check_restored(place, tmp_path / "back")[0].content() == before
    for size in sizes[:-1]:
        target = tmp_path / f"full{size}"
        said = desk.run("restore", place, target, through=limited(size))
        assert (said.code, "nothing was restored" in said.sentence) == (7, True), said
        assert not list(tmp_path.glob("full*"))
    assert desk.run("backup", place).code == 0
    assert check_restored(place, tmp_path / "after")[0].content() == desk.content()


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own, where this machine lets us mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full(desk, disk, tmp_path):
    place = disk / "kept"
    assert desk.run("backup", place).code == 0
    before, ballast = desk.content(), disk / "ballast"
    with serve(make_site(6)) as served:
        assert desk.crawl("--no-notify", served.url(TAG)).code == 0
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 12))
    said = desk.run("backup", place)
    assert (said.code, "room" in said.sentence) == (7, True), said
    assert check_restored(place, tmp_path / "back")[0].content() == before
    ballast.unlink()


def test_a_mounted_volume_is_restored_into(desk, place, disk):
    assert desk.run("restore", place, disk).code == 0
    assert " ".join(sorted(path.name for path in disk.iterdir())) == "alerts.db archive.db baogao.toml state warc"
    back = Desk(disk)
    assert back.content() == desk.content()
    assert back.run("verify").code == 0


def test_a_mounted_volume_without_room_stays_empty(desk, place, disk):
    for size in (3000, 100_000):
        said = desk.run("restore", place, disk, through=limited(size))
        assert (said.code, "nothing was restored" in said.sentence) == (7, True), said
        assert list(disk.iterdir()) == []


# what was cut or altered


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"\0")


def link(path):
    elsewhere = path.parent.parent.parent / f"elsewhere-{path.name}"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("damage", [cut, flip, lengthen, link, pipe, Path.unlink], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", ["archive.db", "alerts.db", "baogao.toml", "run-000002-01.warc.gz", "manifest.json"])
def test_what_was_cut_or_altered_is_named_and_not_restored(place, tmp_path, damage, name):
    path = place / name if name == "manifest.json" else stored(place, name)
    damage(path)
    with pytest.raises(StorageError) as refused:
        restore(place, tmp_path / "back")
    assert path.name in str(refused.value)
    assert not list(tmp_path.glob("back*"))


def test_commands_say_so_in_one_sentence(desk, place, tmp_path):
    flip(stored(place, "run-000001-01.warc.gz"))
    for words in (["restore", place, tmp_path / "back"], ["backup", "--test", place]):
        said = desk.run(*words)
        assert (said.code, "is not what its SHA-256 says" in said.sentence) == (7, True)
    assert not list(tmp_path.glob("back*"))
    said = desk.run("backup", place)  # as that sentence tells
    assert said.code == 0
    assert (
        "damaged there since it was copied, and copied anew: warc/run-000001-01.warc.gz; look at that disk." in said.out
    )
    assert desk.run("backup", place, "--json").json["rotten"] == []
    assert desk.run("backup", "--test", place).code == 0


@pytest.mark.parametrize("name", ["archive.db", "alerts.db", "baogao.toml", "run-000002-01.warc.gz"])
def test_the_next_backup_heals_what_rotted_in_the_last(desk, place, tmp_path, name):
    """Its name and size are right: only its bytes tell."""
    before = files_of(place)
    flip(stored(place, name))
    assert files_of(place) != before
    assert desk.run("backup", place).code == 0
    with open_depot(place) as (depot, manifest):
        assert all(depot.is_whole(kept) for kept in manifest.files)
    restore(place, tmp_path / "back")


@pytest.mark.parametrize("is_volume", [False, True])
def test_what_a_killed_restore_left_is_removed_by_the_next(place, tmp_path, is_volume):
    target = tmp_path / "back"
    name = f".restoring-{16 * '0'}"
    if is_volume:
        target.mkdir()
    left, busy = (
        ((target / name) if is_volume else target.with_name(f"back{name}")),
        target.with_name(f"back{name[:-1]}1"),
    )
    foreign = target.with_name("back.restoring-my-notes")
    for each in (left, busy, foreign):
        (each / "warc").mkdir(parents=True)
    descriptor = os.open(busy, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        restore(place, target)
    finally:
        os.close(descriptor)
    assert sorted(path.name for path in tmp_path.glob("back*")) == ["back", busy.name, foreign.name]
    assert not (target / name).exists()
    assert (target / "archive.db").exists()


def test_a_restore_killed_at_random_moments_is_done_again(place, tmp_path):
    target = tmp_path / "back"
    for number in range(8):
        child = os.fork()
        if not child:
            restore(place, target)
            os._exit(0)
        time.sleep(0.002 * number)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if target.exists():
            shutil.rmtree(target)
    restore(place, target)
    assert [path.name for path in tmp_path.glob("back*")] == ["back"]


@pytest.mark.parametrize("cut_at", range(0, 2600, 173))
def test_a_cut_manifest(place, tmp_path, cut_at):
    path = place / "manifest.json"
    path.write_bytes(path.read_bytes()[:cut_at])
    with pytest.raises(StorageError, match=r"manifest\.json is cut or altered"):
        restore(place, tmp_path / "back")


@pytest.mark.parametrize(
    "path",
    [
        *("../archive.db", "/etc/cron.d/x", "warc/../../x", "warc/..", "warc/", "warc", "", ".", "state/lock"),
        *("warc/a/b", "warc/.hidden", "warc/a\x1b[2J", "warc/a\x00b", "ARCHIVE.DB", "warc/\u202egnp", "warc//x"),
    ],
)
def test_a_manifest_that_leads_elsewhere(desk, place, tmp_path, path):
    reseal(place, lambda body: body["files"][-1].update(path=path))
    said = desk.run("restore", place, tmp_path / "back")
    assert (said.code, "no place in an archive" in said.sentence) == (7, True), said
    assert not list(tmp_path.glob("back*"))
    assert desk.run("backup", place).code == 7


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda body: body["files"].append(body["files"][-1]), 7),
        (lambda body: body["files"].pop(1), 7),  # archive.db
        (lambda body: body["files"][0].update(sha256="../../../etc/passwd"), 7),
        (lambda body: body["files"][0].update(bytes=-1), 7),
        (lambda body: body.update(files="x"), 7),
        (lambda body: body.update(more=1), 7),
        (lambda body: body.update(version=2), 2),
        (lambda body: body["schemas"].update({"archive.db": 99}), 2),
        (lambda body: body["schemas"].update({"alerts.db": 99}), 2),
        (lambda body: body.update(format="of something else"), 2),
    ],
)
def test_a_manifest_of_another_shape(desk, place, tmp_path, change, code):
    reseal(place, change)
    assert desk.run("restore", place, tmp_path / "back").code == code
    assert not list(tmp_path.glob("back*"))


def test_links_in_a_backup_lead_nowhere(desk, place, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    shutil.copytree(place / "files", victim / "files")
    shutil.rmtree(place / "files")
    (place / "files").symlink_to(victim / "files")
    before = files_of(victim)
    for words in (["backup", place], ["restore", place, tmp_path / "back"]):
        assert "follows none" in finish(desk.start(*words)).err
        assert desk.run(*words).code == 7
    assert files_of(victim) == before
    (place / "files").unlink()
    shutil.copytree(victim / "files", place / "files")
    (place / "lock").unlink()
    (place / "lock").symlink_to(victim / "lock")
    assert desk.run("backup", place).code == 7
    assert files_of(victim) == before


# where it may go, and where not


def test_places_that_a_backup_refuses(desk, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").write_text("x")
    (tmp_path / "shut").mkdir(mode=0o555)
    (tmp_path / "way").symlink_to(desk.data / "warc")
    refused = {
        "": (2, "Name the directory"),
        desk.data: (2, "lie one in the other"),
        desk.data / "warc" / "kept": (2, "lie one in the other"),
        desk.data.parent: (2, "lie one in the other"),
        tmp_path / "way" / "kept": (2, "lie one in the other"),
        tmp_path / "file": (2, "not a directory"),
        tmp_path / "file" / "kept": (2, "no directory"),
        tmp_path / "home": (2, "holds other things"),
        tmp_path / "unmounted" / "kept": (2, "mount its disk"),
        tmp_path / "shut" / "kept": (7, "Permission denied"),
    }
    before = desk.snapshot()
    for place, (code, words) in refused.items():
        said = desk.run("backup", *([place] if place else []), through=unprivileged())
        assert (said.code, words in said.sentence) == (code, True), (place, said)
    assert desk.snapshot() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "here", "home", "shut", "way"]
    assert Desk(tmp_path / "none").run("backup", tmp_path / "kept").code == 2
    assert not (tmp_path / "kept").exists()


def test_places_that_a_restore_refuses(desk, place, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "shut").mkdir(mode=0o555)
    refused = {
        desk.data: (2, "is not empty"),
        tmp_path: (2, "is not empty"),
        tmp_path / "file": (2, "not a directory"),
        tmp_path / "none" / "back": (2, "no directory"),
        place / "back": (2, "inside the backup"),
        tmp_path / "shut" / "back": (7, "Permission denied"),
    }
    before, kept = desk.snapshot(), files_of(place)
    for target, (code, words) in refused.items():
        said = desk.run("restore", place, target, through=unprivileged())
        assert (said.code, words in said.sentence) == (code, True), (target, said)
    for source in (tmp_path / "none", tmp_path / "shut", tmp_path / "file", desk.data):
        assert desk.run("restore", source, tmp_path / "back").code == 2
    assert desk.snapshot() == before
    assert files_of(place) == kept
    assert not list(tmp_path.glob("back*"))
    (tmp_path / "empty").mkdir()
    assert desk.run("restore", place, tmp_path / "empty").code == 0


def test_another_archive_does_not_replace_a_backup(desk, place, tmp_path):
    """Nor does the empty one that a crawl makes where the real one was lost, or an older state of it."""
    kept = files_of(place)
    other = Desk(tmp_path / "other" / "data")
    with serve(make_site(1)) as served:
        assert other.crawl(served.url(TAG)).code == 0
        assert "another archive" in other.run("backup", place).sentence
        shutil.copytree(desk.data, tmp_path / "older")
        assert desk.crawl("--no-notify", served.url(TAG)).code in {0, 4}
        assert desk.run("backup", place).code == 0
        kept = files_of(place)
        said = Desk(tmp_path / "older").run("backup", place)
    assert (said.code, "knows run 3" in said.sentence) == (2, True)
    assert files_of(place) == kept


def test_a_lost_warc_file_is_named_and_the_earlier_backup_has_it(desk, place):
    kept = files_of(place)
    (desk.data / "warc" / "run-000001-01.warc.gz").unlink()
    said = desk.run("backup", place)
    assert (said.code, "'warc/run-000001-01.warc.gz' is missing" in said.sentence) == (7, True)
    assert files_of(place) == kept


def test_an_archive_that_points_elsewhere_takes_nothing_from_there(desk, place):
    kept = files_of(place)
    with contextlib.closing(sqlite3.connect(desk.db)) as connection:
        connection.execute("INSERT INTO warc_files VALUES ('../hook.secret', 2, 9)")
        connection.commit()
    said = desk.run("backup", place)
    assert (said.code, "'../hook.secret' is missing" in said.sentence) == (7, True)
    assert kept.items() <= files_of(place).items()
    assert not any(PRIVATE.encode() in content for content in files_of(place).values())


def test_a_damaged_archive_is_not_backed_up(desk, place):
    kept = files_of(place)
    with desk.db.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(4096 * 20))
    assert desk.run("backup", place).code == 7
    assert files_of(place) == kept


def test_backups_go_on_where_the_manifest_was_lost(desk, place):
    (place / "manifest.json").unlink()
    said = desk.run("backup", place, "--json").json
    assert (said["copied"]["files"], said["skipped"]["files"]) == (0, 5)


def test_archive_of_the_first_schema_is_backed_up_as_it_is(tmp_path):
    sql = (Path(__file__).parent / "fixtures/archives/schema-1.sql").read_text(encoding="utf-8")
    data = DataDirectory(tmp_path / "data")
    data.prepare()
    with contextlib.closing(sqlite3.connect(data.db)) as connection:
        connection.executescript(sql)
        for file, size in connection.execute("SELECT file, bytes FROM warc_files"):
            (data.root / file).write_bytes(b"\0" * size)  # its bytes are not the subject, its length is
    backup = back_up(data, tmp_path / "kept", at=AT)
    assert backup.manifest.schemas == {"archive.db": 1}
    restore(tmp_path / "kept", tmp_path / "back")
    with contextlib.closing(open_for_reading(DataDirectory(tmp_path / "back"))) as connection:
        assert dump_content(connection) == backup.manifest.content


def test_a_backup_may_be_restored_by_several_at_once(desk, place, tmp_path):
    calls = {name: partial(check_restored, place, tmp_path / name) for name in ("a", "b", "c")}
    for back, _ in side_by_side(calls).values():
        assert back.content() == desk.content()


def test_an_empty_directory_whose_parent_may_not_be_written_is_restored_into(desk, place, tmp_path):
    """As a container has it, whose only volume belongs to it."""
    inner = tmp_path / "shut" / "volume"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o555)
    said = desk.run("restore", place, inner, through=unprivileged())
    assert said.code == 0, said
    assert Desk(inner).content() == desk.content()
    assert (inner / "alerts.db").stat().st_mode & 0o777 == 0o600


def test_a_stopped_backup_leaves_nothing_behind(desk, place):
    codes = Counter()
    for _ in range(4):
        stored(place, "archive.db").unlink()
        process = desk.start("backup", place)
        wait_for(partial(is_copying, process, place))
        process.terminate()
        codes[finish(process).code] += 1
        assert not list(place.glob("files/.*"))
        assert desk.run("backup", place).code == 0
    assert set(codes) <= {0, 143}, codes
    assert desk.run("backup", "--test", place).code == 0


def test_a_backup_whose_manifest_can_not_be_written_is_none(desk, place, tmp_path):
    """The last step fails: all that the earlier manifest names is still there."""
    before = desk.content()
    with serve(make_site(4)) as served:
        assert desk.crawl("--no-notify", served.url(TAG)).code == 0
    place.chmod(0o555)
    said = desk.run("backup", place, through=unprivileged())
    place.chmod(0o755)
    assert (said.code, "Permission denied" in said.sentence) == (7, True)
    assert check_restored(place, tmp_path / "back")[0].content() == before
