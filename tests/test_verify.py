"""``verify`` compares every row that is a proof with the bytes it cites."""

import sqlite3

import pytest

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
