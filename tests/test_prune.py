"""``baogao prune`` drops pages that nothing cites, and nothing else: every answer, and the archive that the WARC files
make, stay what they were; killed at any moment, a file is the old one or the new one.

The seed of the random moments is printed; BAOGAO_SEED plays them again.
"""

import contextlib
import copy
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.captures import load_exchange
from archive.errors import Locked, PrunedCapture, StorageError, UsageError
from archive.keeping.backup import back_up
from archive.keeping.dump import dump_content
from archive.keeping.restore import restore
from archive.keeping.trial import try_backup
from archive.night import recover
from archive.pruned import holds_pruned
from archive.pruning import choose_nights, prune, read_age
from archive.query import iterate_records
from archive.repair import repair
from archive.store import DataDirectory, open_for_reading, open_for_writing
from archive.verify import verify
from archive.warc import iterate_records as iterate_warc
from tests.command import Desk, limited
from tests.nights import Nights, Publisher, make_reader
from tests.test_random_nights import Witness, night_plans
from tests.test_upgrades import run_and_kill

SEED = int(os.environ.get("BAOGAO_SEED") or secrets.randbelow(10**6))
KILLS = 40
QUIET = {"deeds": [], "parser": None, "die_after": None, "late": False, "decide": None}
FUTURE = "2031-01-01T00:00:00Z"


class Restless(Publisher):
    """The same reports on pages whose bytes are others at each request, or at each night."""

    def __init__(self, *, nightly=False):
        super().__init__()
        self.nightly = nightly
        self.served = 0
        self.chance = random.Random(5)

    def serve(self, tag, number, **more):
        page = json.loads(super().serve(tag, number, **more))
        self.served += 1
        if not self.nightly:
            page["noise"] = f"{self.chance.getrandbits(4000):x}"
        else:
            page["noise"] = f"{random.Random(f'{self.night} {tag} {number}').getrandbits(4000):x}"
        return json.dumps(page).encode()

    night = 0


def restless(root, **options):
    witness = Witness.__new__(Witness)
    played = Nights(root, Restless(**options), reader=make_reader(1, blind_to=("®", "☃")))
    witness.nights, witness.parser, witness.number, witness.alerts, witness.shown = played, 1, 0, {}, []
    for number in range(5):
        witness.publish(("甲",) if number % 2 else ("甲", "乙"))
    return witness


@contextlib.contextmanager
def reading(data):
    with contextlib.closing(open_for_reading(data)) as connection:
        yield connection


def ask_everything(data):
    """The canonical dump, and every export as of every run."""
    with reading(data) as connection:
        runs = [run for (run,) in connection.execute("SELECT id FROM runs WHERE outcome <> 'open'")]
        exports = {run: list(iterate_records(connection, versions=True, as_of=str(run))) for run in runs}
        return dump_content(connection), exports, list(iterate_records(connection, versions=True))


def without_places(answers):
    """Exports name the place of a capture in its file, which moves."""
    _, exports, now = copy.deepcopy(answers)
    for record in [each for records in (*exports.values(), now) for each in records]:
        del record["capture"]["warc_offset"]
    return exports, now


def prune_all(nights, *, dry=False):
    with nights.opened() as connection:
        return prune(connection, nights.data, before=FUTURE, now=FUTURE, dry=dry)


def problems(nights):
    with reading(nights.data) as connection:
        return verify(connection, nights.data, nights.reader).problems


def quiet_archive(root, *, nights=8, nightly=False):
    """A night that sees reports first, quiet ones, a report gone, quiet ones."""
    played = Nights(root, Restless(nightly=nightly))
    for number in range(7):
        played.publisher.publish(f"r{number}", *(("甲", "乙") if number % 3 else ("甲",)))

    def play():
        played.publisher.night += 1
        return played.night()

    for _ in range(nights):
        play()
    played.publisher.withdraw("r3")
    for _ in range(nights):
        play()
    return played


@pytest.fixture
def nights(tmp_path):
    return quiet_archive(tmp_path / "data")


def test_quiet_nights_lose_their_pages_and_no_answer(nights, tmp_path):
    before, sizes = ask_everything(nights.data), sum(path.stat().st_size for path in nights.data.warc.iterdir())
    foreseen = nights.data.root.rglob("*")
    contents = {path: path.read_bytes() for path in foreseen if path.is_file() and path.suffix == ".gz"}
    dry = prune_all(nights, dry=True)
    assert {path: path.read_bytes() for path in contents} == contents
    done = prune_all(nights)
    assert done == dry
    assert done.nights == [2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15]
    assert done.kept == {"event": 2, "last": 2, "proof": 1}
    assert sizes - sum(path.stat().st_size for path in nights.data.warc.iterdir()) == done.freed > 20_000
    assert problems(nights) == []
    after = ask_everything(nights.data)
    assert without_places(after) == without_places(before)
    again = prune_all(nights)
    assert again.nights == []
    assert again.kept["pruned"] == len(done.nights)
    rebuilt = nights.rebuild(tmp_path / "again")
    assert ask_everything(rebuilt.data) == ask_everything(nights.data)
    nights.night()
    assert problems(nights) == []
    assert nights.events() == []


def test_pages_that_never_change_are_left_alone(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(7):
        nights.publisher.publish(f"r{number}")
    for _ in range(6):
        nights.night()
    contents = {path: path.read_bytes() for path in nights.data.warc.iterdir()}
    done = prune_all(nights)
    assert done.nights == []
    assert done.kept["nothing"] == 4
    assert {path: path.read_bytes() for path in contents} == contents


def test_dropped_page_is_a_sentence_and_no_version_loses_its_own(nights):
    prune_all(nights)
    with reading(nights.data) as connection:
        for (capture,) in connection.execute("SELECT capture_id FROM item_versions").fetchall():
            load_exchange(connection, nights.data.root, capture)
        gone = connection.execute("SELECT id, digest FROM captures WHERE pruned_at IS NOT NULL").fetchall()
        assert len(gone) > 20
        for capture, digest in gone:
            with pytest.raises(PrunedCapture, match=f"SHA-256 {digest}.* was dropped by `baogao prune` on {FUTURE}"):
                load_exchange(connection, nights.data.root, capture)


def test_notes_and_kept_pages_stay_byte_for_byte(nights):
    def records(data):
        return {
            path.name: [(record.record_id, record.type, record.headers, record.block) for record in iterate_warc(path)]
            for path in sorted(data.warc.iterdir())
        }

    before = records(nights.data)
    prune_all(nights)
    replaced = 0
    for name, after in records(nights.data).items():
        there = [each for each in after if each in before[name]]
        assert [each for each in before[name] if each in there] == there
        gone = [each for each in before[name] if each not in there]
        assert {kind for _, kind, _, _ in gone} <= {"request", "response", "revisit"}
        replaced += len(gone)
    assert replaced > 40


def test_a_page_that_a_later_night_refers_to_stays(tmp_path):
    nights = quiet_archive(tmp_path / "data", nights=3, nightly=True)
    nights.publisher.night -= 1  # the same bytes as two nights before
    nights.night()
    prune_all(nights)
    assert problems(nights) == []
    with reading(nights.data) as connection:
        for (capture,) in connection.execute(
            "SELECT id FROM captures WHERE payload_id IS NOT NULL AND pruned_at IS NULL"
        ).fetchall():
            load_exchange(connection, nights.data.root, capture)


def test_a_dropped_page_that_comes_again_is_archived_again(tmp_path):
    nights = Nights(tmp_path / "data", Restless(nightly=True))
    for number in range(15):
        nights.publisher.publish(f"r{number}")
    for night in (1, 2, 3, 4, 5):
        nights.publisher.night = night
        nights.night()
    assert prune_all(nights).nights == [2, 3, 4]
    for night, is_new in ((3, 1), (5, 0)):  # the very bytes of a night whose pages are gone; of one that is kept
        nights.publisher.night = night
        run = nights.night().run
        tonight = nights.query("SELECT payload_id IS NULL, pruned_at FROM captures WHERE run_id = ? AND page = 2", run)
        assert tonight == [(is_new, None)]
    assert problems(nights) == []


def test_verify_beside_a_prune_raises_no_false_alarm(nights):
    stages = []

    def prune_meanwhile(stage, *_):
        if stage == "versions against their captures" and not stages:
            stages.append(stage)
            prune_all(nights)

    with reading(nights.data) as connection, pytest.raises(Locked, match="pruned while it was verified"):
        verify(connection, nights.data, nights.reader, progress=prune_meanwhile)
    assert problems(nights) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(st.one_of(night_plans, st.just(QUIET)), min_size=3, max_size=9), st.integers(0, 9))
def test_random_nights_pruned_are_the_same_archive(plans, when):
    with tempfile.TemporaryDirectory() as scratch:
        witness = restless(Path(scratch) / "data")
        nights = witness.nights
        for number, plan in enumerate(plans):
            witness.play(plan)
            if number == when:
                prune_all(nights)
                assert problems(nights) == []
        before = ask_everything(nights.data)
        prune_all(nights)
        assert problems(nights) == []
        after = ask_everything(nights.data)
        assert without_places(after) == without_places(before)
        if witness.parser == 1:
            rebuilt = nights.rebuild(Path(scratch) / "again")
            assert ask_everything(rebuilt.data) == after
        newer = nights.rebuild(Path(scratch) / "newer", make_reader(witness.parser + 1))
        with reading(newer.data) as connection:
            assert verify(connection, newer.data, newer.reader).problems == []
        witness.play(QUIET)
        assert problems(nights) == []


def test_pruned_archive_is_compacted_and_read_again(nights, tmp_path):
    from archive.folding import fold

    for _ in range(8):
        nights.night()
    prune_all(nights)
    before = ask_everything(nights.data)
    with nights.opened() as connection:
        folded = fold(connection)
        assert folded.after < folded.before
    assert ask_everything(nights.data) == before
    prune_all(nights)
    assert without_places(ask_everything(nights.data)) == without_places(before)
    rebuilt = nights.rebuild(tmp_path / "again")
    assert ask_everything(rebuilt.data) == ask_everything(nights.data)


def test_backup_restore_and_repair_of_a_pruned_archive(nights, tmp_path):
    place = tmp_path / "backup"
    back_up(nights.data, place, at=nights.now())
    files = set((place / "files").iterdir())
    prune_all(nights)
    done = back_up(nights.data, place, at=nights.now())
    assert len(done.copied) >= 10
    assert {each for each in files if not each.name.endswith("archive.db")} <= set((place / "files").iterdir())
    trial = try_backup(place, nights.reader)
    assert trial.problems == []
    assert trial.is_compared
    restore(place, tmp_path / "restored")
    assert ask_everything(DataDirectory(tmp_path / "restored")) == ask_everything(nights.data)
    before = ask_everything(nights.data)
    nights.data.db.unlink()
    repairs = repair(nights.data, nights.reader, now=nights.now(), say=lambda _: None)
    assert repairs.broken == []
    assert ask_everything(nights.data) == before


def test_an_archive_of_before_is_told_apart_from_a_damaged_file(nights, tmp_path):
    with contextlib.closing(open_for_writing(nights.data)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(nights.data.db, tmp_path / "earlier.db")
    prune_all(nights)
    now = ask_everything(nights.data)
    shutil.copy(tmp_path / "earlier.db", nights.data.db)
    desk = Desk(nights.data.root)
    said = desk.run("settle")
    assert said.code == 7
    assert "was pruned when another archive.db was in use: run `baogao repair`, which reads that again" in said.sentence
    assert all("was pruned when another archive.db was in use: `baogao repair`" in each for each in problems(nights))
    foreseen = repair(nights.data, nights.reader, now=nights.now(), say=lambda _: None, dry=True)
    assert foreseen.broken == []
    assert "would be moved aside and read again" in foreseen.done[-1]
    repairs = repair(nights.data, nights.reader, now=nights.now(), say=lambda _: None)
    assert repairs.broken == []
    assert (repairs.kept / "archive.db").exists()
    assert ask_everything(nights.data) == now
    assert problems(nights) == []


def test_an_archive_of_before_and_a_cut_file_are_not_taken_for_a_pruned_one(nights, tmp_path):
    with contextlib.closing(open_for_writing(nights.data)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(nights.data.db, tmp_path / "earlier.db")
    prune_all(nights)
    path = next(path for path in sorted(nights.data.warc.iterdir()) if holds_pruned(path))
    with reading(nights.data) as connection:
        (place,) = connection.execute(
            "SELECT min(warc_offset) FROM captures WHERE warc_file = ? AND pruned_at IS NOT NULL",
            (f"warc/{path.name}",),
        ).fetchone()
        (end,) = connection.execute(
            "SELECT warc_offset + warc_length FROM captures WHERE warc_file = ? AND warc_offset = ?",
            (f"warc/{path.name}", place),
        ).fetchone()
    shutil.copy(tmp_path / "earlier.db", nights.data.db)
    os.truncate(path, end)  # between two records: whole, as far as it goes
    repairs = repair(nights.data, nights.reader, now=nights.now(), say=lambda _: None)
    assert any(path.name in each and "restore that file from a backup" in each for each in repairs.broken)
    assert nights.data.db.read_bytes() == (tmp_path / "earlier.db").read_bytes()


def test_a_copied_file_counts_once(tmp_path):
    played = Nights(tmp_path)
    for number in range(4):
        played.publisher.publish(f"r{number}")
    for _ in range(3):
        played.night()
    assert played.query("SELECT count(*) FROM captures WHERE payload_id IS NOT NULL") != [(0,)]
    repair(played.data, played.reader, now=played.now(), say=lambda _: None)
    before, known = played.dump(), played.query("SELECT count(*) FROM captures")
    last = max(played.data.warc.iterdir())
    shutil.copy(last, last.with_name(last.name.replace("-01.", "-02.")))
    with reading(played.data) as connection:
        report = verify(connection, played.data, played.reader)
    assert report.problems == []
    assert any("each counts once; move the copy out of warc/" in notice for notice in report.notices)
    repairs = repair(played.data, played.reader, now=played.now(), say=lambda _: None)
    assert (repairs.done, repairs.broken) == ([], [])
    assert played.dump() == before
    played.data.db.unlink()
    repair(played.data, played.reader, now=played.now(), say=lambda _: None)
    assert played.query("SELECT count(*) FROM captures") == known
    last.with_name(last.name.replace("-01.", "-02.")).unlink()
    assert problems(played) == []


def test_nothing_is_dropped_while_a_kept_page_is_damaged_or_a_file_is_lost(nights, tmp_path):
    before = {path.name: path.read_bytes() for path in nights.data.warc.iterdir()}
    ((file, place),) = nights.query(
        "SELECT c.warc_file, c.warc_offset + c.warc_length / 2 FROM item_versions v JOIN captures c "
        "ON c.id = v.capture_id ORDER BY v.id LIMIT 1"
    )
    kept = nights.data.root / file
    kept.write_bytes(before[kept.name][:place] + b"spoiled" + before[kept.name][place + 7 :])
    with pytest.raises(StorageError, match="nothing was dropped"):
        prune_all(nights)
    kept.rename(tmp_path / "lost")
    with pytest.raises(StorageError, match="is missing: restore it"):
        prune_all(nights)
    del before[kept.name]
    assert {path.name: path.read_bytes() for path in nights.data.warc.iterdir()} == before


def test_warcio_reads_the_new_files(nights):
    prune_all(nights)
    checked = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", *map(str, sorted(nights.data.warc.iterdir()))],
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_tampered_place_is_found(nights):
    prune_all(nights)
    with contextlib.closing(open_for_writing(nights.data)) as connection:
        connection.execute("UPDATE captures SET pruned_at = NULL WHERE pruned_at IS NOT NULL AND run_id = 4")
    assert any("another record" in problem for problem in problems(nights))


@pytest.mark.parametrize("age", ["13d", "1w", "0d", "", "90", "3m", "-20d", "1 y", "99999y"])
def test_age_that_is_none_or_too_young(age):
    with pytest.raises(UsageError, match="give days, weeks or years"):
        read_age(age, now="2026-06-01T00:00:00Z")


def test_age_counts_back_from_now():
    assert read_age("90d", now="2026-06-01T00:00:00Z") == "2026-03-03T00:00:00Z"
    assert read_age("2w", now="2026-06-01T00:00:00Z") == "2026-05-18T00:00:00Z"
    assert read_age("2000y", now="2026-06-01T00:00:00Z").startswith("0027-")


def test_young_nights_stay(nights):
    with nights.opened() as connection:
        assert {reason for _, reason in choose_nights(connection, "2020-01-01T00:00:00Z")} == {"young"}


# ── killed, and no room ──────────────────────────────────────────────────────


def test_kills_leave_each_file_old_or_new(tmp_path):
    print(f"BAOGAO_SEED={SEED}")  # noqa: T201 - for whoever sees it fail
    chance = random.Random(SEED)
    nights = quiet_archive(tmp_path / "data")
    root, kept = nights.data.root, tmp_path / "before"
    shutil.copytree(root, kept)
    old = {path.name: path.read_bytes() for path in nights.data.warc.iterdir()}
    answers = without_places(ask_everything(nights.data))
    seconds = run_and_kill(lambda: prune_all(nights))
    new = {path.name: path.read_bytes() for path in nights.data.warc.iterdir()}
    final = ask_everything(nights.data)
    counts = Counter()
    for _ in range(KILLS):
        shutil.rmtree(root)
        shutil.copytree(kept, root)
        run_and_kill(lambda: prune_all(nights), after=chance.uniform(0, 1.1 * seconds))
        found = {path.name: path.read_bytes() for path in nights.data.warc.iterdir()}
        assert all(content in (old[name], new[name]) for name, content in found.items())
        counts["pending"] += any((nights.data.state / "pruning").glob("*"))
        counts["old" if found == old else "new" if found == new else "some"] += 1
        with nights.opened() as connection:
            recover(connection, nights.data, nights.reader)
        assert problems(nights) == []
        assert without_places(ask_everything(nights.data)) == answers
        prune_all(nights)
        assert ask_everything(nights.data) == final
    print(f"{KILLS} kills: {dict(counts)}")  # noqa: T201
    assert counts["some"]


@pytest.mark.parametrize("moment", ["before the rename", "before the commit"])
def test_ended_between_two_steps(nights, tmp_path, monkeypatch, moment):
    from archive import rewriting

    before = without_places(ask_everything(nights.data))

    class Dead(BaseException):
        pass

    def die(*_):
        raise Dead

    with monkeypatch.context() as patched:
        patched.setattr(rewriting, "_rename" if moment == "before the rename" else "sync_directory", die)
        with pytest.raises(Dead):
            prune_all(nights)
    assert len(list((nights.data.state / "pruning").iterdir())) == 1
    assert problems(nights) == []  # a reader finds what archive.db speaks of
    with reading(nights.data) as connection:
        for (capture,) in connection.execute("SELECT id FROM captures WHERE pruned_at IS NULL").fetchall():
            load_exchange(connection, nights.data.root, capture)
    assert without_places(ask_everything(nights.data)) == before
    if moment == "before the rename":
        with pytest.raises(Locked, match=r"is being pruned, .* run `baogao settle`, which finishes it"):
            back_up(nights.data, tmp_path / "backup", at=nights.now())
    shutil.copytree(nights.data.root, tmp_path / "mended")
    mended = DataDirectory(tmp_path / "mended")
    assert repair(mended, nights.reader, now=nights.now(), say=lambda _: None).broken == []
    assert without_places(ask_everything(mended)) == before
    with nights.opened() as connection:
        done = recover(connection, nights.data, nights.reader)
    assert bool(done) == (moment == "before the rename")
    assert back_up(nights.data, tmp_path / "backup", at=nights.now()).copied
    assert not list((nights.data.state / "pruning").iterdir())
    assert problems(nights) == []


def test_what_makes_room_begins_where_a_night_may_not(nights, monkeypatch):
    from archive.cli import baogao

    def run(*words):
        return CliRunner().invoke(baogao, ["--data", str(nights.data.root), *words])

    usage = shutil.disk_usage(nights.data.root)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert isinstance(run("settle").exception, StorageError)
    assert "pruned: " in run("prune", "--keep", "14d").output
    assert "folded" in run("compact").output


def test_full_disk_loses_nothing(nights):
    before = {path.name: path.read_bytes() for path in nights.data.warc.iterdir()}
    desk = Desk(nights.data.root)
    said = desk.run("prune", "--keep", "14d", through=limited(4000))
    assert said.code == 7
    assert before == {path.name: path.read_bytes() for path in nights.data.warc.iterdir()}
    assert problems(nights) == []
    (nights.data.state / "pruning").touch()  # as good as a full disk: no file can be made in it
    said = desk.run("prune", "--keep", "14d")
    assert said.code == 7
    assert "make room, as much as the largest WARC file takes" in said.sentence
    assert before == {path.name: path.read_bytes() for path in nights.data.warc.iterdir()}
    (nights.data.state / "pruning").unlink()
    assert desk.run("prune", "--keep", "14d").code == 0
    assert problems(nights) == []


def test_damaged_file_is_left_alone(nights):
    path = nights.data.warc / "run-000004-01.warc.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"run-000004-01.* is damaged"):
        prune_all(nights)
    assert path.read_bytes() == bytes(content)


def test_command(nights):
    desk = Desk(nights.data.root)
    before = desk.snapshot()
    said = desk.run("prune", "--keep", "14d", "--dry-run")
    assert said.code == 0
    assert desk.snapshot() == before
    assert "11 nights before" in said.out
    assert "would be pruned: 11 WARC files" in said.out
    assert "something happened" in said.out
    told = desk.run("prune", "--keep", "14d", "--json").json
    assert len(told["nights"]) == 11
    assert told["freed"] == told["bytes_before"] - told["bytes_after"] > 0
    assert "pruned before" in desk.run("prune", "--keep", "14d").out
    assert desk.run("prune", "--keep", "5d").code == 2
    for key in ("r0", "r3"):
        raw = desk.run("show", key, "--version", "1", "--raw")
        assert raw.code == 0
        assert key in raw.out
