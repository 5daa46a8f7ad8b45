"""An archive of every earlier schema is read as it is, and upgraded whole by the first command that writes."""

import contextlib
from pathlib import Path

import pytest

from archive import schema
from archive.derive import derive
from archive.errors import UsageError
from archive.query import iterate_records, list_runs
from archive.sqlite import sqlite3
from archive.store import DataDirectory, open_for_reading, open_for_writing, require_research
from tests.nights import Nights

RELEASED = sorted(Path(__file__).parent.glob("fixtures/archives/schema-*.sql"))
EARLIER = [path for path in RELEASED if path.stem != f"schema-{schema.VERSION}"]
KEPT = ("runs", "items", "item_versions", "item_changes", "events", "issues", "sightings", "captures", "notes", "walks")


@pytest.fixture(params=EARLIER, ids=lambda path: path.stem)
def old(request, tmp_path):
    data = DataDirectory(tmp_path / "data")
    data.prepare()
    with contextlib.closing(sqlite3.connect(data.db, isolation_level=None)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    return data


def list_columns(connection):
    return {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in KEPT}


def rows(connection, columns):
    return {
        table: connection.execute(f"SELECT {', '.join(columns[table])} FROM {table} ORDER BY 1, 2").fetchall()
        for table in KEPT
    }


def test_earlier_archive_is_read_without_being_changed(old):
    before = old.db.read_bytes()
    with contextlib.closing(open_for_reading(old)) as connection:
        assert len(list(iterate_records(connection))) == 9
        assert len(list_runs(connection)) == 6
        with pytest.raises(UsageError, match=r"older release .* run `baogao settle` once"):
            require_research(connection)
    assert old.db.read_bytes() == before


def test_upgrade_keeps_every_row(old):
    with contextlib.closing(sqlite3.connect(old.db)) as connection:
        columns = list_columns(connection)
        before = rows(connection, columns)
    with contextlib.closing(open_for_writing(old)) as connection:
        assert rows(connection, columns) == before
        assert connection.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
        derive(connection, print)
        versions = connection.execute("SELECT count(*) FROM item_versions").fetchone()[0]
        for made in ("version_index_docsize", "readings_of_figures"):
            assert connection.execute(f"SELECT count(*) FROM {made}").fetchone()[0] == versions
        connection.execute("INSERT INTO version_index (version_index, rank) VALUES ('integrity-check', 1)")


def test_upgraded_archive_has_the_schema_of_a_new_one(old, tmp_path):
    def describe(connection):
        return set(
            connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB '*sqlite_*'").fetchall()
        )

    with (
        contextlib.closing(open_for_writing(old)) as upgraded,
        Nights(tmp_path / "new").opened() as new,
    ):
        assert describe(upgraded) == describe(new)


def test_deriving_twice_adds_nothing(old):
    with contextlib.closing(open_for_writing(old)) as connection:
        derive(connection, print)
        before = connection.total_changes
        derive(connection, print)
        assert connection.total_changes == before
