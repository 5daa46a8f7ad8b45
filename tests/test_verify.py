"""``verify`` compares every row that is a proof with the bytes it cites."""

import contextlib
import random
import re

import pytest

from archive.alerts.model import Event
from archive.alerts.outbox import add_deliveries, add_message, open_outbox
from archive.balance import check_events, check_runs
from archive.derive import derive
from archive.sqlite import sqlite3
from archive.store import open_for_reading
from archive.verify import verify
from tests.command import Desk
from tests.nights import Nights, make_reader
from tests.terminals import Terminal

#: a version's text with the hashes that belong to it
TEXT = "title, summary_zh, summary_en, content_hash, exact_hash, summary_hash"


@pytest.fixture
def nights(tmp_path):
    played = Nights(tmp_path / "data")
    for number in range(1, 8):
        played.publisher.publish(f"r{number}")
    played.night()
    played.publisher.edit("r3", zh="虚构的r3规模为12.6亿元")
    played.night()
    return played


def problems(nights):
    connection = open_for_reading(nights.data)
    try:
        return verify(connection, nights.data, nights.reader).problems
    finally:
        connection.close()


def tamper(nights, *statements):
    """As somebody would who does not want to be stopped by a guard."""
    connection = sqlite3.connect(nights.data.db)
    for name in ("versions_are_final", "versions_are_kept", "captures_are_final"):
        connection.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_sound_archive_has_no_problem(nights):
    assert problems(nights) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE captures SET url = 'http://127.0.0.1/elsewhere' WHERE id = 2",
        "UPDATE captures SET status = 404 WHERE id = 2",
        "UPDATE captures SET fetched_at = '2020-01-01T00:00:00Z' WHERE id = 2",
        "UPDATE captures SET page = 7 WHERE id = 2",
        "UPDATE captures SET warc_offset = warc_offset + 1 WHERE id = 2",
        "UPDATE captures SET digest = 'ff' WHERE id = 2",
        "UPDATE item_versions SET observed_at = '2020-01-01T00:00:00Z' WHERE id = 1",
        "UPDATE item_versions SET capture_id = 3 WHERE id = 1",
        "UPDATE item_versions SET title = '另一个虚构的题目' WHERE id = 1",
        f"UPDATE item_versions SET ({TEXT}) = (SELECT {TEXT} FROM item_versions WHERE id = 5) WHERE id = 1",
        "DELETE FROM captures WHERE id = 2",
        "DELETE FROM item_versions WHERE id = 1",
    ],
)
def test_changed_row_is_found(nights, statement):
    tamper(nights, statement)
    assert problems(nights)


def test_lost_and_cut_files_are_named(nights):
    first, second = sorted(nights.data.warc.iterdir())
    second.write_bytes(second.read_bytes()[:-40])
    assert any(second.name in problem for problem in problems(nights))
    first.unlink()
    assert any(f"{first.name} is missing" in problem for problem in problems(nights))


def found(nights):
    connection = open_for_reading(nights.data)
    try:
        stages = []
        report = verify(
            connection,
            nights.data,
            nights.reader,
            progress=lambda stage, done, total: stages.append((stage, done, total)),
        )
    finally:
        connection.close()
    assert stages
    assert all(0 <= done <= total for _, done, total in stages)
    return report


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE items SET state = 'missing' WHERE key = 'r2'", "r2: state is missing, but its runs say listed"),
        ("UPDATE memberships SET last_run_id = 1 WHERE item_id = 1", "was not seen in the runs"),
        (
            "UPDATE items SET first_seen_at = '2020-01-01T00:00:00Z' WHERE key = 'r4'",
            "r4 was not seen when its row says",
        ),
        ("UPDATE events SET version_id = 5 WHERE id = 1", "event 1 speaks of a version that is none of"),
        ("DELETE FROM events WHERE id = 2", "has no event that says when it appeared"),
        ("DELETE FROM events WHERE id = 8", "version 2 of r3 has no event that says when it changed"),
        ("UPDATE events SET alert = 'due' WHERE id = 1", "since make it quiet"),
        ("UPDATE events SET alert = 'held' WHERE id = 8", "since make it due"),
        ("DELETE FROM walks WHERE run_id = 2", "the walks of run 2 are not those that it says"),
        ("UPDATE runs SET stats = '{}' WHERE id = 2", "what run 2 says it wrote can't be read"),
        ("DELETE FROM sightings", "has no sighting or no version"),
        ("DROP TABLE walks", "walks missing in it"),
    ],
)
def test_state_that_the_runs_do_not_give_is_found(nights, statement, named):
    tamper(nights, statement)
    (first, *_) = found(nights).faults
    assert (first.part, named in first.text) == ("archive", True), first
    assert first.text.endswith("`baogao repair` reads archive.db again from the WARC files.")


def test_what_is_not_derived_yet_is_a_notice(nights):
    report = found(nights)
    assert report.problems == []
    assert [notice.split(" ", 1)[1] for notice in report.notices] == [
        "8 versions are not in the search index yet: the next command that writes adds them.",
        "8 versions have no figures of today's grammar yet: the next command that writes adds them.",
    ]
    with nights.opened() as connection:
        derive(connection, print)
    assert found(nights).notices == []
    tamper(
        nights, "DELETE FROM version_index_docsize WHERE id = 2", "UPDATE figures SET raw = '77%' WHERE version_id = 4"
    )
    assert [fault.part for fault in found(nights).faults] == ["index", "figures"]


@pytest.fixture
def decided(tmp_path):
    """What may become of an alert: a flood, released and dropped; a twin; a rejected run accepted; a new parser."""
    played = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("®",)))
    publisher = played.publisher
    for number in range(60):
        publisher.publish(f"r{number}", zh=f"虚构®的r{number}规模为12.5亿元")
    played.night()
    for number in range(11):
        publisher.edit(f"r{number}", zh=f"又改了®r{number}")
    played.night()
    assert "flood" in played.issues()
    played.release(keys=["r0", "r1"])
    played.drop(keys=["r2"])
    publisher.publish("r99", zh=publisher.reports["r30"]["zh"], en=publisher.reports["r30"]["en"])
    publisher.withdraw("r30")
    played.night()
    played.night()
    played.alias("r99", "r30")
    for number in range(20, 40):
        publisher.edit(f"r{number}", zh=f"全改了®r{number}")
    rejected = played.night()
    assert rejected.outcome == "rejected"
    played.accept(rejected.run)
    played.reparse(make_reader(2))
    publisher.edit("r50", zh="虚构®的r50规模为12.7亿元")
    publisher.edit("r51", zh="虚构®的r51规模为 12.5 亿元")
    played.night()
    return played


def find_unbalanced(nights):
    with contextlib.closing(open_for_reading(nights.data)) as connection:
        return [*check_events(connection), *check_runs(connection)]


def test_every_alert_is_what_its_run_and_the_decisions_make_it(decided):
    assert problems(decided) == []
    events = decided.query("SELECT id, alert, run_id FROM events")
    assert {alert for _, alert, _ in events} == {"due", "quiet", "held"}
    (last,) = decided.query("SELECT max(run_id) FROM notes WHERE kind IN ('release', 'drop', 'alias', 'accept')")[0]
    assert last < decided.query("SELECT max(id) FROM runs")[0][0]
    for number, alert, _ in random.Random(len(events)).sample(events, 25):
        for other in {"due", "quiet", "held"} - {alert}:
            tamper(decided, f"UPDATE events SET alert = '{other}' WHERE id = {number}")
            (found,) = find_unbalanced(decided)
            assert found.startswith(f"event {number} ("), found
            assert f"is {other}, but its run and what was decided since make it {alert}" in found
            tamper(decided, f"UPDATE events SET alert = '{alert}' WHERE id = {number}")
    assert find_unbalanced(decided) == []


def test_every_lost_event_and_issue_is_found(decided):
    for table in ("events", "issues"):
        ids = [number for (number,) in decided.query(f"SELECT id FROM {table}")]
        for number in random.Random(len(ids)).sample(ids, min(40, len(ids))):
            with contextlib.closing(sqlite3.connect(decided.data.db, isolation_level=None)) as connection:
                connection.execute("BEGIN")
                connection.execute(f"DELETE FROM {table} WHERE id = ?", (number,))
                assert [*check_events(connection), *check_runs(connection)]
                connection.execute("ROLLBACK")


def test_an_archive_of_an_older_release_does_not_count_its_issues(decided):
    tamper(decided, "UPDATE runs SET stats = json_remove(stats, '$.issues')")
    assert problems(decided) == []
    tamper(decided, "DELETE FROM issues WHERE code = 'changed-share'")
    assert any("run 5 wrote 1 changed-share issue, and 0 are there" in each for each in problems(decided))


def test_a_decision_that_a_crash_kept_from_being_carried_out_is_no_damage(decided):
    decided.publisher.publish(
        "r100", zh=decided.publisher.reports["r7"]["zh"], en=decided.publisher.reports["r7"]["en"]
    )
    decided.night()
    decided.release(keys=["r100"])
    tamper(decided, "UPDATE events SET alert = 'held' WHERE id = (SELECT max(id) FROM events WHERE kind = 'appeared')")
    assert problems(decided) == []
    decided.settle()
    assert decided.events()[-1] == ("appeared", "r100", "due")
    tamper(decided, "UPDATE events SET alert = 'quiet' WHERE id = (SELECT max(id) FROM events WHERE kind = 'appeared')")
    assert problems(decided)


def test_nothing_is_written(nights):
    with nights.opened() as connection:
        derive(connection, print)
    before = {path: path.read_bytes() for path in nights.data.root.rglob("*.db*")}
    assert found(nights).problems == []
    assert {path: path.read_bytes() for path in nights.data.root.rglob("*.db*") if path in before} == before


def test_alerts_are_looked_at_too(nights):
    with open_outbox(nights.data.alerts) as outbox:
        message = add_message(
            outbox, key="1", rule="all", channel="desk", recipient="a@example.org", form="run", state="sent",
            created_at="2026-01-03T00:00:00Z", not_before="2026-01-03T00:00:00Z",
        )  # fmt: skip
        known = Event(1, 1, "appeared", "r7", 1, 1, "2026-01-02T18:30:08Z", "due")
        stranger = Event(2, 7, "appeared", "elsewhere:1", 1, 1, "2026-01-02T18:30:08Z", "due")
        add_deliveries(outbox, message, "all", "desk", "a@example.org", [known, stranger])
    report = found(nights)
    assert report.problems == []
    assert report.notices[-1] == "alerts.db tells of 1 event that archive.db does not have: not told again."
    with nights.data.alerts.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)
    (fault,) = found(nights).faults
    assert fault.part == "alerts"
    assert "alerts.db is damaged" in fault.text


@pytest.mark.parametrize("words", [["verify"], ["repair", "--dry-run"]])
def test_progress_is_for_people_at_a_terminal_only(tmp_path, words):
    """One line that is written over and gone at the end; nothing in a pipe, and nothing beside a log for programs."""
    nights = Nights(tmp_path / "data")
    for number in range(25):
        many = range(100 * number, 100 * number + 15)
        zh = "".join(f"虚构的第{each}种规模为{each}.5亿元。" for each in many)
        nights.publisher.publish(f"r{number}", zh=zh, en=" ".join(f"Size {each} is {each}.5 billion." for each in many))
    nights.night()
    with nights.opened() as connection:
        derive(connection, print)
    with Desk(nights.data.root) as desk:
        shown = Terminal(desk).run(*words)
        assert any(re.search(r"(figures  \d+ %|search index …)", text) for text in shown.drawings), shown
        assert shown.screen == []
        assert "\r" not in shown.out
        assert Terminal(desk).run("--log-format", "json", *words).sent == ""
        assert desk.run(*words).err == ""
