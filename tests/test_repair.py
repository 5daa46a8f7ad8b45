"""Each damage made for real, repaired, and the archive compared with what it was; nothing is ever deleted."""

import contextlib
import os
import random
import secrets
import shutil
import signal
import stat
import time
from collections import Counter
from dataclasses import replace

import pytest

from archive.alerts.outbox import open_outbox
from archive.derive import derive
from archive.errors import Locked, StorageError, UsageError
from archive.keeping.dump import dump_content
from archive.remaking import find_damage
from archive.repair import repair
from archive.sqlite import sqlite3
from archive.store import hold_lock, open_for_reading
from archive.verify import verify
from tests.command import Desk, limited, unprivileged
from tests.nights import Nights, make_reader

SEED = int(os.environ.get("BAOGAO_SEED") or secrets.randbelow(10**6))
KILLS = 24
NOW = "2026-02-03T04:05:06Z"


@pytest.fixture
def nights(tmp_path):
    """Five nights with an edit, a withdrawal and an alias, and an alerts.db."""
    played = Nights(tmp_path / "data")
    publisher = played.publisher
    for number in range(1, 8):
        publisher.publish(f"r{number}")
    publisher.publish("r8", "甲", "乙")
    played.night()
    publisher.edit("r3", zh="虚构的r3规模为12.6亿元")
    publisher.publish("r9", "甲")
    played.night()
    publisher.withdraw("r5")
    publisher.publish("r10", zh=publisher.reports["r1"]["zh"], en=publisher.reports["r1"]["en"])
    played.night()
    played.alias("r10", "r1")
    played.night()
    played.night()
    with played.opened() as connection:
        derive(connection, quiet)
    with contextlib.closing(sqlite3.connect(played.data.db)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open_outbox(played.data.alerts) as outbox:
        outbox.execute("INSERT INTO rules VALUES ('all', 1, 1, 1, 'appeared', 'r1')")
    return played


def quiet(_):
    pass


def mend(nights, **more):
    return repair(nights.data, nights.reader, now=NOW, say=quiet, **more)


def content(nights):
    with contextlib.closing(open_for_reading(nights.data)) as connection:
        return dump_content(connection)


def verified(nights):
    with contextlib.closing(open_for_reading(nights.data)) as connection:
        report = verify(connection, nights.data, nights.reader)
    return report.problems + report.notices


def tamper(nights, *statements):
    with contextlib.closing(sqlite3.connect(nights.data.db, isolation_level=None)) as connection:
        for name in ("versions_are_final", "versions_are_kept", "captures_are_final", "closed_runs_stay_closed"):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def files(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith(("lock", "-shm", "-wal"))
    }


def overwrite(path, start, size=200):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * size)


def wreck(path):
    """Every page but the first few is rubbish."""
    overwrite(path, 8192, path.stat().st_size - 8192)


def test_sound_archive_is_left_alone(nights):
    before = files(nights.data.root)
    repairs = mend(nights)
    assert (repairs.done, repairs.broken, repairs.kept) == ([], [], None)
    assert files(nights.data.root) == before
    assert verified(nights) == []


ROWS = {
    "capture's row": "DELETE FROM captures WHERE id = 2",
    "capture's place": "UPDATE captures SET warc_offset = warc_offset + 1 WHERE id = 2",
    "version's text": "UPDATE item_versions SET title = '另一个虚构的题目' WHERE id = 1",
    "version lost": "DELETE FROM item_versions WHERE id = 3",
    "state": "UPDATE items SET state = 'listed' WHERE key = 'r5'",
    "last seen": "UPDATE items SET last_seen_at = '2026-01-02T00:00:00Z' WHERE key = 'r2'",
    "reading": "UPDATE items SET version_id = (SELECT min(v.id) FROM item_versions v WHERE v.item_id = items.id) "
    "WHERE key = 'r3'",
    "event of another": "UPDATE events SET version_id = 2 WHERE id = 1",
    "first event": "DELETE FROM events WHERE id = 4",
    "change's event": "DELETE FROM events WHERE kind = 'changed'",
    "withdrawal's event": "DELETE FROM events WHERE kind = 'withdrawn'",
    "alert": "UPDATE events SET alert = 'due' WHERE id = 2",
    "decided alert": "UPDATE events SET alert = 'due' WHERE detail = 'twin'",
    "issue": "DELETE FROM issues WHERE code = 'twin'",
    "walk": "DELETE FROM walks WHERE run_id = 2",
    "membership": "DELETE FROM memberships WHERE item_id = 1",
    "table": "DROP TABLE sightings",
    "note": "DELETE FROM notes WHERE kind = 'run-end' AND run_id = 2",
    "note's words": "UPDATE notes SET content = replace(content, '甲', '丙') WHERE kind = 'walk-stop' AND run_id = 2",
    "note that is no JSON": "UPDATE notes SET content = substr(content, 2) WHERE kind = 'run-start' AND run_id = 2",
    "address that is no text": "UPDATE captures SET url = CAST(x'68747470ff' AS TEXT) WHERE id = 2",
    "title that is no text": "UPDATE item_versions SET title = CAST(x'e889' AS TEXT) WHERE id = 1",
    "ledger that is no text": "UPDATE runs SET stats = CAST(x'7bff' AS TEXT) WHERE id = 2",
    "capture's listing": "UPDATE captures SET listing_id = 3 - listing_id WHERE id = 2",
    "capture's file": "UPDATE captures SET warc_file = replace(warc_file, '-01.', 'm01.') WHERE id = 2",
    "file's name": "UPDATE warc_files SET file = replace(file, '-01.', 'm01.') WHERE run_id = 2",
}


@pytest.mark.parametrize("statement", ROWS.values(), ids=ROWS)
def test_wrong_rows_are_found_and_read_again(nights, statement):
    before, warcs = content(nights), files(nights.data.warc)
    tamper(nights, statement)
    found = verified(nights)
    assert found
    assert all("`baogao repair`" in each or "the next command" in each for each in found), found
    repairs = mend(nights)
    assert repairs.done, found
    assert repairs.broken == []
    assert content(nights) == before
    assert verified(nights) == []
    assert files(nights.data.warc) == warcs
    if repairs.kept:
        assert (repairs.kept / "archive.db").exists()
        assert stat.S_IMODE(repairs.kept.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [wreck, lambda path: path.unlink(), lambda path: path.write_bytes(b""),
                                    lambda path: path.write_bytes(b"no database" * 100)])  # fmt: skip
def test_lost_and_damaged_archive_is_read_again(nights, damage):
    before = content(nights)
    nights.data.db.chmod(0o640)
    damage(nights.data.db)
    sick = nights.data.db.read_bytes() if nights.data.db.exists() else None
    foreseen = mend(nights, dry=True)
    assert foreseen.broken == []
    assert "read again from" in foreseen.done[-1]
    assert (nights.data.db.read_bytes() if nights.data.db.exists() else None) == sick
    repairs = mend(nights)
    assert repairs.broken == []
    assert content(nights) == before
    assert verified(nights) == []
    assert sick is None or (repairs.kept / "archive.db").read_bytes() == sick
    assert sick is None or stat.S_IMODE(nights.data.db.stat().st_mode) == 0o640
    assert mend(nights).done == []


def test_records_that_archive_db_does_not_know_are_read(nights):
    before = content(nights)
    tamper(nights, "DELETE FROM warc_files", "DELETE FROM captures WHERE url LIKE '%robots%'")
    repairs = mend(nights)
    assert (repairs.broken, repairs.kept) == ([], None)
    assert content(nights) == before
    tamper_again = "DELETE FROM notes WHERE kind = 'walk-stop' OR kind = 'run-end' AND run_id = 1"
    with contextlib.closing(sqlite3.connect(nights.data.db, isolation_level=None)) as connection:
        gone = connection.execute(tamper_again).rowcount
    assert gone
    repairs = mend(nights)
    assert repairs.done == [f"archive.db: read {gone} records of the WARC files that it did not know."]
    assert content(nights) == before


def test_commands_name_a_row_that_is_no_json_any_more(nights):
    tamper(nights, "UPDATE notes SET content = substr(content, 2) WHERE kind = 'run-start' AND run_id = 2")
    desk = Desk(nights.data.root)
    for words in (["runs"], ["export", "--as-of", "4"]):
        said = desk.run(*words)
        assert (said.code, "run `baogao repair`" in said.sentence) == (7, True)


NO_TEXT = "CAST(x'32ff' AS TEXT)"  #: one byte fell over


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET kind = 'crawk' WHERE id = 2",
        "UPDATE issues SET level = 'errox'",
        f"UPDATE runs SET finished_at = {NO_TEXT} WHERE id = 2",
        f"UPDATE warc_files SET file = {NO_TEXT} WHERE run_id = 2",
        f"UPDATE listings SET url = {NO_TEXT}",
        f"UPDATE events SET at = {NO_TEXT} WHERE id = 2",
        "UPDATE events SET fields = '(]' WHERE id = 2",
    ],
)
def test_whatever_stops_a_command_is_found_and_read_again(nights, statement):
    nights.night(faults={("灯笼", 1): "captcha"})  # has an issue
    before = content(nights)
    tamper(nights, "PRAGMA ignore_check_constraints = ON", statement)
    assert verified(nights)
    assert mend(nights).broken == []
    assert content(nights) == before
    assert verified(nights) == []


def test_alerts_that_break_a_constraint_are_moved_aside(nights):
    with contextlib.closing(sqlite3.connect(nights.data.alerts, isolation_level=None)) as outbox:
        outbox.execute("PRAGMA ignore_check_constraints = ON")
        outbox.execute("INSERT INTO messages VALUES (1, 'one', '', '', '', 'each', 'sendt', '', '', 0, '', '', '', '')")
    assert any("alerts.db is damaged (CHECK" in found for found in verified(nights))
    assert any("alerts.db was damaged (CHECK" in done for done in mend(nights).done)
    assert verified(nights) == []


@pytest.mark.parametrize("column", ["number", "value"])
def test_commands_name_a_number_that_is_none_any_more(nights, column):
    tamper(nights, f"UPDATE figures SET {column} = '1z'")
    desk = Desk(nights.data.root)
    said = desk.run("figures") if column == "value" else desk.run("series", "规模")
    assert (said.code, "run `baogao repair`" in said.sentence) == (7, True)


@pytest.mark.parametrize("name", ["archive.db", "alerts.db"])
@pytest.mark.parametrize("kind", ["directory", "dangling link"])
def test_what_lies_in_the_place_of_a_wal_is_named(nights, name, kind):
    odd = nights.data.root / f"{name}-wal"
    odd.unlink(missing_ok=True)
    odd.with_name(f"{name}-shm").unlink(missing_ok=True)
    if kind == "directory":
        odd.mkdir()
    else:
        odd.symlink_to(nights.data.root / "elsewhere")
    with pytest.raises(StorageError, match=rf"{name}-wal is no plain file.*move it away"):
        mend(nights)
    if name == "archive.db":
        with pytest.raises(StorageError, match="move it away"):
            verified(nights)
    else:
        assert any("move it away" in found for found in verified(nights))


def test_a_database_left_half_written_is_not_read_where_nothing_may_be_written(nights, tmp_path):
    place = tmp_path / "killed"
    with contextlib.closing(sqlite3.connect(nights.data.db, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE listings SET rank = 9")
        connection.execute("CREATE TABLE unfinished (content BLOB)")
        connection.execute("INSERT INTO unfinished VALUES (zeroblob(100000))")
        shutil.copytree(nights.data.root, place)
    desk = Desk(place)
    place.chmod(0o555)
    for words in (["runs"], ["verify"]):
        said = desk.run(*words, through=unprivileged())
        assert (said.code, "may read and write the file and its directory" in said.sentence) == (7, True)
    place.chmod(0o755)
    assert "is damaged" not in desk.run("doctor").out
    assert not (place / "archive.db-journal").exists()


@pytest.mark.parametrize("word", ["'or'", "CAST(x'ff' AS TEXT)"])
def test_altered_view_is_named_and_made_again(nights, word):
    before = content(nights)
    tamper(
        nights,
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, 'folded or not', {word}) WHERE name = 'shown'",
    )
    assert verified(nights) == [
        "archive.db: shown not what the schema says: `baogao repair` reads archive.db again from the WARC files."
    ]
    assert mend(nights).broken == []
    assert (verified(nights), content(nights)) == ([], before)


@pytest.mark.parametrize("byte", [b"\xff", b"\t"])
def test_schema_whose_names_are_no_text_is_read_again(nights, byte):
    before = content(nights)
    whole = nights.data.db.read_bytes()
    nights.data.db.write_bytes(whole.replace(b"CREATE VIEW shown AS", b"CREATE VIEW sho" + byte + b"n AS"))
    with pytest.raises(StorageError, match="baogao repair"):
        open_for_reading(nights.data)
    assert mend(nights).broken == []
    assert content(nights) == before


@pytest.mark.parametrize("name", ["archive.db", "alerts.db"])
def test_the_journal_of_a_killed_writer_stops_no_reader(nights, tmp_path, name):
    """A restored database is no WAL file yet: whoever first writes into it changes that, in a transaction."""
    before, place = content(nights), tmp_path / "killed"
    with contextlib.closing(sqlite3.connect(nights.data.root / name, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE unfinished (content BLOB)")
        connection.execute("INSERT INTO unfinished VALUES (zeroblob(100000))")  # more than is kept in memory
        shutil.copytree(nights.data.root, place)  # as a kill leaves it
    assert (place / f"{name}-journal").stat().st_size
    killed = replace(nights.data, root=place)
    with contextlib.closing(open_for_reading(killed)) as connection:
        assert dump_content(connection) == before
        assert verify(connection, killed, nights.reader).problems == []
    assert not (place / f"{name}-journal").exists()


INDEX = {
    "row": "DELETE FROM version_index_docsize WHERE id = 3",
    "blocks": "UPDATE version_index_data SET block = x'00' WHERE id > 10",
    "other text": "INSERT INTO version_index (rowid, zh, en, title) VALUES (999, '茶', 'tea', '茶')",
    "emptied": "INSERT INTO version_index (version_index) VALUES ('delete-all')",
}


@pytest.mark.parametrize("statement", INDEX.values(), ids=INDEX)
def test_damaged_index_is_made_again(nights, statement):
    before = content(nights)
    tamper(nights, statement)
    bytes_before = nights.data.db.read_bytes()
    found = verified(nights)
    assert found
    assert nights.data.db.read_bytes() == bytes_before, "verify writes nothing"
    repairs = mend(nights)
    assert repairs.broken == []
    assert repairs.kept is None
    assert verified(nights) == []
    assert content(nights) == before


@pytest.mark.parametrize("table", ["version_index_data", "version_index_idx", "version_index_config"])
def test_index_without_its_tables_is_made_with_the_archive(nights, table):
    before = content(nights)
    tamper(nights, f"DROP TABLE {table}")
    assert verified(nights)
    repairs = mend(nights)
    assert repairs.broken == []
    assert content(nights) == before
    assert verified(nights) == []


FIGURES = {
    "all rows": "DELETE FROM figures",
    "one of several": "DELETE FROM figures WHERE version_id = 2 AND language = 'zh'",
    "a year": "UPDATE figures SET year = 1999 WHERE version_id = 2",
    "a disagreement": "INSERT INTO figure_disagreements VALUES (2, 9, 'value', NULL, NULL, '甲', 'a')",
    "a raw text": "UPDATE figures SET raw = '99亿' WHERE version_id = 2 AND language = 'zh'",
    "an amount": "UPDATE figures SET amount = 7 WHERE version_id = 2",
    "a value": "UPDATE figures SET value = '7' WHERE version_id = 2",
    "no number": "UPDATE figures SET number = 'many' WHERE version_id = 2",
    "all readings": "DELETE FROM readings_of_figures",
    "an older grammar": "UPDATE readings_of_figures SET grammar = 0 WHERE version_id < 4",
}


@pytest.mark.parametrize("statement", FIGURES.values(), ids=FIGURES)
def test_figures_are_extracted_again(nights, statement):
    def rows():
        with contextlib.closing(sqlite3.connect(nights.data.db)) as connection:
            return connection.execute("SELECT * FROM figures ORDER BY 1, 2, 3").fetchall()

    before = rows()
    assert before
    tamper(nights, statement)
    assert verified(nights)
    assert mend(nights).broken == []
    assert rows() == before
    assert verified(nights) == []


def test_torn_file_is_closed_and_its_end_kept(nights):
    nights.night(die_after=2)
    (torn,) = nights.data.warc.glob("*.open")
    with torn.open("ab") as file:
        file.write(b"half a record")
    size = torn.stat().st_size
    assert any("cuts and closes it" in each for each in verified(nights))
    foreseen = mend(nights, dry=True)
    assert any(torn.name in each for each in foreseen.done)
    assert torn.stat().st_size == size
    repairs = mend(nights)
    assert repairs.broken == []
    closed = torn.with_suffix("")
    assert closed.stat().st_size + closed.with_name(closed.name + ".torn").stat().st_size == size
    assert verified(nights) == []


def test_damaged_alerts_are_moved_aside(nights):
    path = nights.data.alerts
    sick = b"no database at all" * 300
    path.write_bytes(sick)
    path.with_name("alerts.db-wal").unlink(missing_ok=True)
    assert any("alerts.db is damaged" in each for each in verified(nights))
    repairs = mend(nights)
    assert repairs.broken == []
    assert (repairs.kept / "alerts.db").read_bytes() == sick
    assert stat.S_IMODE((repairs.kept / "alerts.db").stat().st_mode) == 0o600
    assert not path.exists()
    assert "`baogao notify` begins anew" in repairs.done[0]
    assert verified(nights) == []


# ── what a person must mend ──────────────────────────────────────────────────


@pytest.mark.parametrize("archive", [None, wreck, lambda path: path.unlink()], ids=["sound", "damaged", "gone"])
@pytest.mark.parametrize("warc", ["member", "missing", "cut", "run missing"])
def test_damaged_warc_is_named_and_nothing_is_read_again_without_it(nights, archive, warc):
    before = content(nights)
    (path,) = nights.data.warc.glob("run-000002-01*" if warc == "run missing" else "run-000003-01*")
    whole = path.read_bytes()
    if warc == "member":
        overwrite(path, len(whole) // 2, 64)
    elif warc == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        path.unlink()
    if archive:
        archive(nights.data.db)
    frozen = files(nights.data.root)
    assert mend(nights, dry=True).broken
    assert files(nights.data.root) == frozen
    repairs = mend(nights)
    assert any("restore" in each and "backup" in each for each in repairs.broken), repairs
    assert repairs.kept is None
    assert files(nights.data.root) == frozen
    path.write_bytes(whole)
    assert mend(nights).broken == []
    assert content(nights) == before
    assert verified(nights) == []


def test_wrong_rows_and_a_damaged_warc(nights):
    tamper(nights, "UPDATE items SET state = 'missing' WHERE key = 'r2'", "DELETE FROM captures WHERE id = 2")
    (path,) = nights.data.warc.glob("run-000003-01*")
    overwrite(path, path.stat().st_size // 2, 64)
    frozen = files(nights.data.root)
    repairs = mend(nights)
    assert "restore them, then run `baogao repair`" in repairs.broken[-1]
    assert files(nights.data.root) == frozen


def test_run_that_only_archive_db_knows_is_not_thrown_away(nights):
    """The last night's file is lost without a trace, and a row is wrong besides."""
    last = max(nights.data.warc.glob("run-*"))
    last.unlink()
    tamper(nights, f"DELETE FROM warc_files WHERE file = 'warc/{last.name}'", "DELETE FROM memberships")
    frozen = files(nights.data.root)
    assert mend(nights).broken
    assert files(nights.data.root) == frozen


def test_no_archive_is_a_wrong_directory(tmp_path):
    empty = Nights(tmp_path / "none")
    for dry in (True, False):
        with pytest.raises(UsageError, match="nothing to repair"):
            mend(empty, dry=dry)


def test_a_directory_in_the_place_of_archive_db_is_named(nights):
    nights.data.db.unlink()
    nights.data.db.mkdir()
    for dry in (True, False):
        with pytest.raises(StorageError, match=r"archive\.db is no file: move it away"):
            mend(nights, dry=dry)
    assert nights.data.db.is_dir()


def test_repair_waits_for_nobody(nights):
    with hold_lock(nights.data, command="baogao crawl", started_at=NOW), pytest.raises(Locked, match="baogao crawl"):
        mend(nights)
    nights.data.alerts.write_bytes(b"rubbish" * 300)
    with (
        hold_lock(nights.data, command="baogao notify", started_at=NOW, name="notify.lock"),
        pytest.raises(Locked, match="baogao notify"),
    ):
        mend(nights)
    assert nights.data.alerts.exists()


# ── kill -9 ──────────────────────────────────────────────────────────────────


def run_and_kill(action, after=None):
    started = time.perf_counter()
    child = os.fork()
    if not child:
        try:
            action()
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.perf_counter() - started


def test_killed_repair_is_done_again(nights, tmp_path):
    chance = random.Random(SEED)
    before = content(nights)
    wreck(nights.data.db)
    sick = nights.data.db.read_bytes()
    root = nights.data.root
    shutil.copytree(root, tmp_path / "sick")
    mend(nights)
    shutil.rmtree(root)
    shutil.copytree(tmp_path / "sick", root)
    seconds = run_and_kill(lambda: mend(nights))
    counts = Counter()
    for _ in range(KILLS):
        shutil.rmtree(root)
        shutil.copytree(tmp_path / "sick", root)
        run_and_kill(lambda: mend(nights), after=chance.uniform(0, 1.1 * seconds))
        here = nights.data.db.exists() and nights.data.db.read_bytes() == sick
        kept = [path.read_bytes() for path in nights.data.state.glob("repaired-*/archive.db")]
        assert here or kept == [sick], f"seed {SEED}"
        if nights.data.db.exists() and not here:
            assert find_damage(nights.data.db) is None
        counts["before" if here else "after" if nights.data.db.exists() else "between"] += 1
        assert mend(nights).broken == []
        assert content(nights) == before
        assert verified(nights) == []
        assert not (nights.data.state / "rebuilding").exists()
    print(f"{KILLS} kills -9 during a repair, seed {SEED}: {dict(counts)}")  # noqa: T201 - for -s and failures
    assert len(counts) > 1


# ── the command ──────────────────────────────────────────────────────────────


@pytest.fixture
def desk(tmp_path):
    from archive.replica import serve
    from tests.crawls import TAG, make_site

    with serve(make_site(1)) as served, Desk(tmp_path / "desk") as desk:
        assert desk.crawl(served.url(TAG)).code == 0
        yield desk


def test_command_says_what_it_did(desk):
    assert desk.run("repair").out == "nothing to repair.\n"
    before = desk.content()
    desk.db.write_bytes(b"no database" * 200)
    said = desk.run("repair", "--dry-run", "--json")
    assert said.code == 0
    assert (said.json["dry_run"], said.json["broken"], said.json["kept"]) == (True, [], None)
    assert "would be moved aside and read again from 1 WARC file" in said.json["done"][0]
    said = desk.run("repair", "--json")
    assert said.code == 0, said
    assert "state/repaired-" in said.json["kept"]
    assert desk.content() == before
    assert desk.run("verify").code == 0
    warc = next((desk.data / "warc").iterdir())
    overwrite(warc, warc.stat().st_size // 2, 64)
    for words in (["repair"], ["repair", "--dry-run"], ["verify"]):
        said = desk.run(*words)
        assert said.code == 7
        assert f"warc/{warc.name} at byte" in said.out
        assert "restore that file from a backup" in said.out
    assert desk.run("repair", "--json").json["broken"]


def test_full_disk_leaves_the_old_archive(desk):
    desk.db.write_bytes(b"no database" * 200)
    before = desk.snapshot()
    said = desk.run("repair", through=limited(20_000))
    assert said.code == 7
    assert desk.snapshot() == before
    assert desk.run("repair").code == 0


def test_newer_and_foreign_archives_are_refused(desk):
    with contextlib.closing(sqlite3.connect(desk.db)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = desk.snapshot()
    said = desk.run("repair")
    assert said.code == 2
    assert "newer release" in said.sentence
    assert desk.snapshot() == before


def test_rebuilding_with_a_newer_parser_reads_all_anew(tmp_path):
    nights = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("※",)))
    nights.publisher.publish("r1", zh="虚构的※规模为3亿元")
    nights.night()
    nights.reparse(make_reader(2))
    before = content(nights)
    nights.data.db.unlink()
    assert mend(nights).broken == []
    assert verified(nights) == []
    assert set(content(nights)) == set(before)
    assert nights.versions("r1")[-1][1] == "虚构的※规模为3亿元"
