"""Figures as rows: made once, made again when the grammar rises, never news, never half a version."""

import pytest
from click.testing import CliRunner

from archive import figures
from archive.cli import baogao
from archive.derive import derive
from archive.figures import rows
from archive.figures.reading import list_figures, load_figures
from archive.figures.rows import refresh_figures
from archive.sqlite import sqlite3
from archive.store import open_for_reading
from tests.nights import Nights

TABLES = ("figures", "figure_disagreements", "readings_of_figures")


@pytest.fixture
def nights(tmp_path):
    played = Nights(tmp_path / "data")
    for number in range(1, 8):
        played.publisher.publish(
            f"r{number}", zh=f"2024年虚构的木桥市场规模为{number}2.5亿元，其中{number}8.5%在乡间。"
        )
    played.night()
    played.publisher.edit("r3", zh="2024年虚构的木桥市场规模为99.5亿元。")
    played.night()
    return played


def refresh(nights):
    with nights.opened() as connection:
        return refresh_figures(connection)


def derived(nights):
    return {table: nights.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES[:2]} | {
        "readings_of_figures": nights.query("SELECT * FROM readings_of_figures ORDER BY 1")
    }


def published(nights):
    """What the archive says of the site, without what is derived from it."""
    return {
        table: nights.query(f"SELECT * FROM {table}")
        for table in ("runs", "items", "item_versions", "item_changes", "events", "issues", "sightings", "captures")
    }


def clear(nights):
    with nights.opened() as connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table}")


def test_two_derivations_give_the_same_rows_and_the_second_reads_nothing(nights):
    assert refresh(nights) == 8
    first = derived(nights)
    assert len(first["figures"]) >= 22
    assert len(first["readings_of_figures"]) == 8
    assert refresh(nights) == 0
    clear(nights)
    refresh(nights)
    assert derived(nights) == first


def test_rows_say_what_stands_in_the_text(nights):
    refresh(nights)
    for language in ("zh", "en"):
        wrong = nights.query(
            "SELECT f.raw FROM figures f JOIN item_versions v ON v.id = f.version_id WHERE f.language = ? "
            f'AND f.raw <> substr(v.summary_{language}, f.start + 1, f."end" - f.start)',
            language,
        )
        assert wrong == []
    assert {value for (value,) in nights.query("SELECT value FROM figures WHERE raw LIKE '12.5亿%'")} == {"1250000000"}


def test_a_newer_grammar_reads_everything_again_and_is_no_news(nights, monkeypatch):
    refresh(nights)
    before, said = derived(nights), published(nights)
    monkeypatch.setattr(figures, "VERSION", figures.VERSION + 1)
    assert refresh(nights) == 8
    assert derived(nights)["figures"] == before["figures"]
    assert {grammar for _, grammar in derived(nights)["readings_of_figures"]} == {figures.VERSION}
    assert published(nights) == said


def test_the_next_writing_command_brings_the_figures_up_to_date(nights, monkeypatch):
    said = published(nights)
    assert nights.query("SELECT count(*) FROM readings_of_figures") == [(0,)]
    for _ in range(2):
        monkeypatch.setattr(figures, "VERSION", figures.VERSION + 1)
        result = CliRunner().invoke(baogao, ["--data", str(nights.data.root), "settle"])
        assert result.exit_code == 0, result.output
        assert nights.query("SELECT grammar, count(*) FROM readings_of_figures GROUP BY 1") == [(figures.VERSION, 8)]
        assert published(nights) == said


def test_death_between_batches_leaves_what_the_next_command_completes(nights, monkeypatch):
    refresh(nights)
    whole = derived(nights)
    clear(nights)
    monkeypatch.setattr(rows, "BATCH", 3)
    begun = []
    with nights.opened() as connection:
        connection.set_trace_callback(lambda said: begun.append(said) if said.startswith("BEGIN") else None)
        connection.set_progress_handler(lambda: len(begun) >= 3, 1)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            refresh_figures(connection)
    assert nights.query("SELECT count(*) FROM readings_of_figures") == [(6,)]
    assert nights.query(
        "SELECT count(*) FROM figures WHERE version_id NOT IN (SELECT version_id FROM readings_of_figures)"
    ) == [(0,)]
    assert refresh(nights) == 2
    assert derived(nights) == whole


def test_death_inside_a_batch_leaves_no_half_version(nights, monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 3)
    steps = iter([0] * 40)
    with nights.opened() as connection:
        inserts = []
        connection.set_trace_callback(
            lambda said: inserts.append(said) if said.startswith("INSERT INTO readings_of") else None
        )
        connection.set_progress_handler(lambda: len(inserts) >= 5 and next(steps, 1), 1)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            refresh_figures(connection)
    assert nights.query("SELECT count(*) FROM readings_of_figures") == [(3,)]
    assert refresh(nights) == 5


def test_what_is_not_derived_yet_is_read_on_the_spot(nights, monkeypatch):
    def read():
        connection = open_for_reading(nights.data)
        try:
            zh, en = load_figures(connection, 3)
            return [*list_figures(connection)], [*list_figures(connection, disagreeing=True)], zh, en
        finally:
            connection.close()

    fresh = read()
    assert len(fresh[0]) >= 20
    assert fresh[2]
    refresh(nights)
    assert read() == fresh
    monkeypatch.setattr(figures, "VERSION", figures.VERSION + 1)
    renewed = read()
    assert {one["grammar"] for one in renewed[0]} == {figures.VERSION}
    assert renewed[2:] == fresh[2:]


def test_archives_read_again_from_their_warcs_have_the_same_figures(nights, tmp_path):
    other = nights.rebuild(tmp_path / "again")
    for each in (nights, other):
        with each.opened() as connection:
            derive(connection, print)
    assert derived(other) == derived(nights)
    assert other.dump() == nights.dump()
