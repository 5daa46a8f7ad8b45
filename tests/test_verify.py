"""``verify`` compares every row that is a proof with the bytes it cites."""

import os
import sqlite3
import subprocess
import sys

import pytest

from archive.alerts.model import Event
from archive.alerts.outbox import add_deliveries, add_message, open_outbox
from archive.derive import derive
from archive.store import open_for_reading
from archive.verify import verify
from tests.nights import Nights

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
        connection.execute(f"DROP TRIGGER {name}")
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
    assert report.notices[-1] == "alerts.db tells of 1 events that archive.db does not have: they are not told again."
    with nights.data.alerts.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)
    (fault,) = found(nights).faults
    assert fault.part == "alerts"
    assert "alerts.db is damaged" in fault.text


def test_progress_is_for_terminals_only(nights):
    """A pseudo-terminal sees one line that is written over and gone at the end; a pipe sees nothing."""
    master, terminal = os.openpty()
    try:
        for stderr, seen in ((subprocess.PIPE, False), (terminal, True)):
            command = [sys.executable, "-m", "archive", "--data", str(nights.data.root), "verify"]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, check=False)
            assert b"\r" not in done.stdout
            assert bool(done.stderr) is False
            if seen:
                shown = os.read(master, 65536)
                assert shown.startswith(b"\rarchive.db")
                assert shown.endswith(b"\r")
                assert b"\x1b" not in shown
    finally:
        os.close(master)
        os.close(terminal)
