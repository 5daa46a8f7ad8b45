"""Exports: every table in every format, whole, typed, safe for spreadsheets, and the same bytes every time."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pyarrow.parquet
import pytest
from click.testing import CliRunner

from archive.cli import baogao
from archive.dictionary import EXPORTS, VIEWS, describe_columns
from archive.errors import UsageError
from archive.export import export_table, write_csv
from archive.parquet import write_parquet
from archive.sqlite import sqlite3
from archive.store import DataDirectory, open_for_reading
from archive.tables import flatten, hold_snapshot, read_table
from tests.command import Desk, limited
from tests.hostile import FORMULAS, TEXTS
from tests.nights import Nights

TABLES = {
    "reports": (),
    "versions": ("--versions",),
    "figures": ("--figures",),
    "disagreements": ("--disagreements",),
    "coverage": ("--coverage",),
}
UNDO = "'*[=+\\-@\t\r\n＝＋－＠]"


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """1 baseline of formulas and texts · 2 one edited, one gone, one new · 3 nobody looked · 4 incomplete."""
    played = Nights(tmp_path_factory.mktemp("export") / "data")
    for number, text in enumerate((*FORMULAS, *TEXTS)):
        played.publisher.publish(f"h{number:03}", title=f"虚构咨询 | 报告{number}", zh=text, en=text)
    for number, text in enumerate(FORMULAS):
        played.publisher.publish(f"t{number:03}", title=text, brands=[text, "虚构"])
    played.publisher.publish("f1", en="The invented size of f1 is 2.25 billion yuan, and no more than that")
    played.night()
    played.publisher.edit("h120", zh="虚构的规模为33.5亿元")
    played.publisher.withdraw("f1")
    played.publisher.publish("z9")
    played.night()
    played.clock += timedelta(days=1)
    played.night(faults={("甲", 2): "500"})
    return played


@pytest.fixture
def connection(nights):
    with contextlib.closing(open_for_reading(nights.data)) as opened:
        yield opened


def run(data, *words):
    result = CliRunner().invoke(baogao, ["--data", str(data.root), "export", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 0, result.stderr
    return result.stdout_bytes


def undo(text):
    """As the dictionary tells a reader to."""
    return text[1:] if text.startswith("'") and re.match(UNDO, text[1:]) else text


def test_no_cell_of_a_csv_is_a_formula(nights):
    records = [json.loads(line) for line in run(nights.data, "--versions").splitlines()]
    rows = list(csv.DictReader(io.StringIO(run(nights.data, "--versions", "--format", "csv").decode(), newline="")))
    assert len(FORMULAS) == len(set(FORMULAS)) == 100
    assert len(rows) == len(records) > 200
    for row, record in zip(rows, records, strict=True):
        assert not any(
            cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) for cell in row.values()
        )
        assert [undo(row[name]) for name in ("title", "summary_zh", "summary_en")] == [
            record[name] for name in ("title", "summary_zh", "summary_en")
        ]
        assert undo(row["brands"]) == "、".join(record["brands"])
    shielded = {row["title"] for row in rows if row["title"].startswith("'")}
    assert shielded == {f"'{text}" for text in FORMULAS}


def test_raw_csv_holds_the_texts_as_they_are(nights):
    records = [json.loads(line) for line in run(nights.data).splitlines()]
    content = run(nights.data, "--format", "csv", "--raw").decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [row["summary_zh"] for row in rows] == [record["summary_zh"] for record in records]
    assert set(FORMULAS) < {row["title"] for row in rows}


def test_a_negative_number_is_no_formula():
    table = EXPORTS["figures"]
    row = dict.fromkeys((column.name for column in table.columns), "x") | {
        "raw": "-5%", "value": "-5", "number": "-5", "amount": -5.0, "start": 0, "forecast": False,
    }  # fmt: skip
    (cells,) = list(csv.DictReader(io.StringIO("".join(write_csv(table, [row])), newline="")))
    assert (cells["raw"], cells["value"], cells["amount"], cells["forecast"]) == ("'-5%", "-5", "-5.0", "false")


def test_csv_is_rfc_4180(nights):
    content = run(nights.data, "--format", "csv")
    assert content.startswith(b"key,url,state,title,")
    assert content.endswith(b"\r\n")
    widths = {len(row) for row in csv.reader(io.StringIO(content.decode(), newline=""), strict=True)}
    assert widths == {len(EXPORTS["reports"].columns)}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_in_every_format_says_the_same(nights, name, tmp_path):
    records = [json.loads(line) for line in run(nights.data, *TABLES[name]).splitlines()]
    assert records
    flat = [flatten(EXPORTS[name], record) for record in records]
    rows = list(csv.DictReader(io.StringIO(run(nights.data, *TABLES[name], "--format", "csv").decode(), newline="")))
    assert list(rows[0]) == list(flat[0]) == [column.name for column in EXPORTS[name].columns]
    run(nights.data, *TABLES[name], "--format", "parquet", "-o", str(tmp_path / "it"))
    table = pyarrow.parquet.read_table(tmp_path / "it")
    assert len(table) == len(rows) == len(records)
    found = table.to_pylist()
    for column in EXPORTS[name].columns:
        for stored, wanted, cell in zip(found, flat, rows, strict=True):
            value = stored[column.name]
            if column.kind == "time":
                assert value is None or value.tzinfo is not None
                value = value and value.strftime("%Y-%m-%dT%H:%M:%SZ")
            elif column.kind == "date":
                value = value and value.isoformat()
            assert value == wanted[column.name], (name, column.name)
            if wanted[column.name] is None:
                assert cell[column.name] == ""
        assert column.empty or all(row[column.name] not in (None, "") for row in flat if name == "coverage"), column


def test_parquet_is_typed(nights, tmp_path):
    run(nights.data, "--versions", "--format", "parquet", "-o", str(tmp_path / "it"))
    schema = pyarrow.parquet.read_schema(tmp_path / "it")
    types = {field.name: str(field.type) for field in schema}
    assert types["observed_at"] == "timestamp[ms, tz=UTC]"
    assert types["brands"].startswith("list<")
    assert (types["version"], types["title"], types["published_on"]) == ("int64", "string", "date32[day]")
    assert schema.field("key").metadata[b"description"].decode() == describe_columns("reports")["key"]
    run(nights.data, "--figures", "--format", "parquet", "-o", str(tmp_path / "it"))
    table = pyarrow.parquet.read_table(tmp_path / "it")
    assert {name: str(table.schema.field(name).type) for name in ("value", "amount", "forecast")} == {
        "value": "string", "amount": "double", "forecast": "bool",
    }  # fmt: skip
    assert Decimal(1250000000) in map(Decimal, table["value"].to_pylist())


def test_parquet_is_written_group_by_group(connection):
    file = io.BytesIO()
    pulled = []

    def watched():
        for number, record in enumerate(read_table(connection, "reports")):
            pulled.append((number, file.tell()))
            yield record

    write_parquet(EXPORTS["reports"], watched(), file, group=20)
    groups = pyarrow.parquet.ParquetFile(io.BytesIO(file.getvalue())).metadata
    assert groups.num_row_groups == -(-len(pulled) // 20)
    assert len({at for _, at in pulled}) >= groups.num_row_groups - 1  # written while it was read


def test_versions_say_why_there_is_one(nights):
    records = [json.loads(line) for line in run(nights.data, "--versions").splitlines()]
    (edited,) = [record for record in records if record["key"] == "h120" and record["version"] == 2]
    assert {name: edited[name] for name in ("cause", "previous", "run")} == {"cause": "site", "previous": 1, "run": 2}
    assert edited["recorded_at"] >= edited["observed_at"]
    assert all(record["previous"] is None for record in records if record["version"] == 1)


def test_figures_are_of_the_current_readings_or_of_all(nights):
    now = [json.loads(line) for line in run(nights.data, "--figures").splitlines()]
    every = [json.loads(line) for line in run(nights.data, "--figures", "--versions").splitlines()]
    assert {(row["key"], row["version"]) for row in every} >= {("h120", 2), ("z9", 1), ("f1", 1)}
    assert {row["key"]: row["value"] for row in now}["h120"] == "3350000000"
    before = [json.loads(line) for line in run(nights.data, "--figures", "--as-of", "1").splitlines()]
    assert {row["key"] for row in now} - {row["key"] for row in before} == {"h120", "z9"}
    (disagreement,) = [
        json.loads(line) for line in run(nights.data, "--disagreements").splitlines() if json.loads(line)["key"] == "f1"
    ]
    assert (disagreement["zh_raw"], disagreement["en_raw"]) == ("12.5亿元", "2.25 billion yuan")
    every = run(nights.data, "--disagreements", "--versions").splitlines()
    assert run(nights.data, "--disagreements").splitlines() == every  # no old version disagrees
    assert len(every) == 2


def test_coverage_tells_not_there_from_not_looked(nights):
    rows = [json.loads(line) for line in run(nights.data, "--coverage").splitlines()]
    assert [(row["date"][-2:], row["status"]) for row in rows] == [
        ("02", "complete"), ("03", "complete"), ("04", "missed"), ("05", "partial"),
    ]  # fmt: skip
    assert len(run(nights.data, "--coverage", "--as-of", "2").splitlines()) == 2


def test_as_of_is_what_the_archive_knew_then(nights, connection):
    assert b'"z9"' not in run(nights.data, "--as-of", "1")
    assert b'"z9"' in run(nights.data, "--as-of", "2")
    assert run(nights.data, "--versions", "--as-of", "3") == run(nights.data, "--versions")
    events = list(read_table(connection, "events", as_of="1"))
    assert {event["run"] for event in events} == {1}


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_same_archive_same_bytes(nights, form, tmp_path):
    """Twice, and from a copy whose pages lie elsewhere in the file."""
    (tmp_path / "copy").mkdir()
    with contextlib.closing(sqlite3.connect(nights.data.db)) as opened:
        opened.execute("VACUUM INTO ?", (str(tmp_path / "copy" / "archive.db"),))
    for name, words in TABLES.items():
        first, second, third = (
            run(data, *words, "--format", form) for data in (nights.data, nights.data, DataDirectory(tmp_path / "copy"))
        )
        assert first, name
        assert first == second == third, name


def test_a_night_that_settles_meanwhile_is_not_half_in_an_export(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(5):
        nights.publisher.publish(f"r{number}")
    nights.night()
    with contextlib.closing(open_for_reading(nights.data)) as connection, hold_snapshot(connection):
        reports = read_table(connection, "reports")
        first = next(reports)
        for number in range(5):
            nights.publisher.edit(f"r{number}", zh=f"虚构的第{number}次修改")
        nights.night()
        assert [record["version"] for record in (first, *reports)] == [1] * 5
        assert len(list(read_table(connection, "events"))) == 5


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_a_full_disk_leaves_what_was_there(nights, form, tmp_path):
    target = tmp_path / "export"
    target.write_text("of last night")
    desk = Desk(nights.data.root)
    said = desk.run("export", "--format", form, "-o", target, through=limited(8192))
    assert said.code == 7
    assert "could not be written" in said.sentence
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
    assert target.read_text() == "of last night"


def test_a_dash_is_standard_output_and_no_file(nights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(nights.data, "--coverage", "-o", "-") == run(nights.data, "--coverage") != b""
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_to_and_not_replaced(connection, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    export_table(connection, "coverage", "jsonl", pipe)
    assert os.read(reader, 10_000).count(b"\n") == 4
    os.close(reader)
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize(
    "name", ["archive.db", "alerts.db", "archive.db-wal", "warc/run-000001-01.warc.gz", "state/lock"]
)
def test_no_export_takes_the_place_of_what_an_archive_is_made_of(connection, tmp_path, name):
    target = tmp_path / name
    for place in (target, tmp_path / "archive.db"):
        place.parent.mkdir(exist_ok=True)
        place.write_text("kept")
    link = tmp_path / "link"
    link.symlink_to(target)
    for word in (target, link):
        with pytest.raises(UsageError, match="belongs to an archive"):
            export_table(connection, "coverage", "jsonl", word)
    assert target.read_text() == "kept"
    export_table(connection, "coverage", "jsonl", tmp_path / "coverage.jsonl")  # beside them it may be


def test_parquet_goes_into_a_pipe_but_not_to_a_terminal(nights):
    desk = Desk(nights.data.root)
    command = desk.command("export", "--format", "parquet")
    piped = subprocess.run(command, capture_output=True, check=True).stdout
    assert piped.startswith(b"PAR1")
    assert piped == run(nights.data, "--format", "parquet")
    assert len(pyarrow.parquet.read_table(io.BytesIO(piped))) == 227
    outer, inner = pty.openpty()
    refused = subprocess.run(command, stdout=inner, stderr=subprocess.PIPE, check=False)
    os.close(inner)
    with contextlib.suppress(OSError):
        assert os.read(outer, 100) == b""
    os.close(outer)
    assert refused.returncode == 2
    assert b"this is a terminal" in refused.stderr
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cut:
        cut.stdout.close()
        assert (cut.stderr.read(), cut.wait(20)) == (b"", 0)


def test_parquet_without_its_extra_says_what_to_install(nights):
    script = "import sys; sys.modules['pyarrow'] = None; from archive.cli import main; main()"
    words = ["--data", str(nights.data.root), "export", "--format", "parquet"]
    said = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == 'baogao: Parquet needs pyarrow: run `pip install "baogao[parquet]"`, and again.\n'


def test_an_archive_of_an_older_release_says_what_it_lacks(nights, tmp_path):
    with contextlib.closing(sqlite3.connect(nights.data.db)) as opened:
        opened.execute("VACUUM INTO ?", (str(tmp_path / "archive.db"),))
    with contextlib.closing(sqlite3.connect(tmp_path / "archive.db")) as opened:
        opened.execute("PRAGMA user_version = 1")
    desk = Desk(tmp_path)
    assert desk.run("export").out.encode() == run(nights.data)
    for words in (("--figures",), ("--disagreements",), ("--package", tmp_path / "package")):
        said = desk.run("export", *words)
        assert said.code == 2
        assert "older release" in said.sentence
    assert [path.name for path in tmp_path.iterdir()] == ["archive.db"]


@pytest.mark.parametrize(
    "words",
    [
        ("--figures", "--coverage"),
        ("--coverage", "--versions"),
        ("--raw",),
        ("--raw", "--format", "parquet"),
        ("--package", "somewhere", "--figures"),
        ("--package", "somewhere", "--format", "csv"),
        ("--format", "csv", "--as-of", "yesterday"),
        ("--figures", "--as-of", "99"),
        ("--coverage", "--as-of", "2026-02-30"),
        ("--disagreements", "--as-of", "-1"),
    ],
)
def test_what_can_not_be_meant_is_refused_before_a_byte(nights, words):
    result = CliRunner().invoke(baogao, ["--data", str(nights.data.root), "export", *words])
    assert (result.exit_code if result.exit_code != 1 else result.exception.exit_code, result.stdout) == (2, "")


def test_views_for_people_are_described_column_by_column(connection):
    assert set(VIEWS) == {
        "reports", "history", "changes", "item_listings", "report_figures", "report_disagreements", "coverage",
    }  # fmt: skip
    for view in VIEWS:
        columns = [row["name"] for row in connection.execute(f"PRAGMA table_info({view})")]
        assert list(describe_columns(view)) == columns, view
    assert describe_columns("sqlite_master") == {}
    for table in (*EXPORTS.values(), *VIEWS.values()):
        assert table.title
        assert table.description
        assert all(len(column.description) > 10 for column in table.columns)
        assert {*table.key, *(name for names, _ in table.references for name in names)} <= {
            column.name for column in table.columns
        }
