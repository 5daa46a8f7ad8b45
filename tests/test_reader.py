"""The archive as a Python package: typed, read-only, light to import, and the documented lines work."""

import contextlib
import dataclasses
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import archive
import archive.reader
from archive import open_archive
from archive.cli import baogao
from archive.errors import NewerArchive, StorageError, UsageError
from archive.sqlite import sqlite3
from archive.store import open_for_writing
from tests.nights import Nights, make_reader

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """1 baseline in two tags · 2 r3 edited, r8 new, r2 gone · 3 missed · 4 a parser's correction of r4."""
    played = Nights(tmp_path_factory.mktemp("reader") / "data", reader=make_reader(1, blind_to=("®",)))
    for number in range(1, 8):
        zh = f"虚构®的r{number}规模为12.5亿元" if number == 4 else None
        played.publisher.publish(f"r{number}", *(("甲", "乙") if number == 5 else ("甲",)), zh=zh)
    played.night()
    played.publisher.edit("r3", zh="虚构的r3规模为12.6亿元")
    played.publisher.publish("r8", brands=["甲牌", "乙牌"])
    played.publisher.withdraw("r2")
    played.night()
    played.clock += timedelta(days=1)
    played.reader = make_reader(2)
    played.night()
    return played


@pytest.fixture
def opened(nights):
    with open_archive(nights.data.root) as found:
        yield found


def lines_of(nights, *words):
    return [
        json.loads(line)
        for line in CliRunner().invoke(baogao, ["--data", str(nights.data.root), *words]).stdout.splitlines()
    ]


def as_json(value):
    return json.loads(json.dumps(dataclasses.asdict(value)))


def test_it_says_what_the_command_says(nights, opened):
    assert [as_json(report) for report in opened.reports()] == lines_of(nights, "export")
    assert [as_json(report) for report in opened.reports(as_of=1)] == lines_of(nights, "export", "--as-of", "1")
    assert [as_json(event) for event in opened.changes(7)] == lines_of(nights, "changes", "--since", "7", "--json")
    assert [as_json(figure) for figure in opened.figures()] == lines_of(nights, "export", "--figures")
    assert [as_json(night) for night in opened.coverage()] == lines_of(nights, "export", "--coverage")
    (history,) = lines_of(nights, "history", "r4", "--json")
    assert [as_json(version) for version in opened.history("r4")] == history
    assert {figure.value for figure in opened.figures(versions=True) if figure.key == "r3"} == {
        "1250000000",
        "1260000000",
    }


def test_reports_can_be_chosen(opened):
    assert [report.key for report in opened.reports(state="withdrawn")] == ["r2"]
    for name in ("乙", "tag:乙"):
        assert [report.key for report in opened.reports(listing=name)] == ["r5"]
    assert list(opened.reports(as_of="2025-01-01")) == []
    assert opened.report("r3", version=1).summary_zh == "虚构的r3规模为12.5亿元"
    assert opened.report("r3", as_of=1) == opened.report("r3", as_of="2026-01-02")
    assert opened.report("r8").brands == ("甲牌", "乙牌")
    assert opened.report("r8").capture.warc_file.startswith("warc/")


def test_differences_searches_and_series(opened):
    (change,) = opened.diff("r3")
    assert (change.field, change.before, change.after) == (
        "summary_zh", "虚构的r3规模为12.5亿元", "虚构的r3规模为12.6亿元",
    )  # fmt: skip
    found = opened.search("虚构 规模", limit=3)
    assert (found.total, len(found.hits)) == (8, 3)
    assert {hit.key for hit in opened.search("规模", listing="乙").hits} == {"r5"}
    assert opened.series("规模").query == "规模"
    assert [(night.date, night.status) for night in opened.coverage(listing="tag:甲")] == [
        ("2026-01-02", "complete"), ("2026-01-03", "complete"), ("2026-01-04", "missed"), ("2026-01-05", "complete"),
    ]  # fmt: skip


def test_a_report_does_not_change_under_the_hand(opened):
    report = opened.report("r1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.title = "ein anderer"
    assert hash(report) == hash(opened.report("r1"))


def test_it_never_writes(nights, opened):
    before = nights.fingerprint()
    with pytest.raises(StorageError), opened._reading() as connection:
        connection.execute("DELETE FROM events")
    list(opened.reports())
    assert nights.fingerprint() == before


def test_the_database_file_alone_is_enough(nights, tmp_path):
    copy = tmp_path / "copy.db"
    with contextlib.closing(open_for_writing(nights.data)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    with open_archive(str(copy)) as found, open_archive(nights.data.db) as whole:
        assert list(found.reports()) == list(whole.reports())
        assert str(copy) in repr(found)


def test_what_is_wrong_is_said_in_our_errors(nights, opened, tmp_path):
    for call in (
        lambda: opened.report("r99"),
        lambda: opened.report("r1", version=7),
        lambda: opened.report("r8", as_of=1),
        lambda: opened.history("r99"),
        lambda: opened.diff("r1"),
        lambda: list(opened.reports(as_of="yesterday")),
        lambda: list(opened.reports(listing="tag:丁")),
        lambda: list(opened.reports(state="gone")),
        lambda: opened.coverage(listing="tag:丁"),
        lambda: list(opened.figures(as_of=99)),
        lambda: open_archive(tmp_path),
        lambda: open_archive(tmp_path / "nowhere" / "archive.db"),
    ):
        with pytest.raises(UsageError):
            call()
    (tmp_path / "archive.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError):
        open_archive(tmp_path)
    shutil.copytree(nights.data.root, tmp_path / "newer")
    with contextlib.closing(sqlite3.connect(tmp_path / "newer" / "archive.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerArchive):
        open_archive(tmp_path / "newer")
    closed = open_archive(nights.data.root)
    closed.close()
    closed.close()
    for call in (lambda: closed.report("r1"), lambda: list(closed.reports())):
        with pytest.raises(UsageError, match="closed"):
            call()


def test_import_is_light_and_open_archive_is_seen():
    script = (
        "import sys, archive; print(sorted(name for name in sys.modules if name.startswith('archive')), dir(archive))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.startswith("['archive'] ")
    assert "open_archive" in said
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = archive.nothing
    assert (ROOT / "archive" / "py.typed").is_file()
    script = "import sys; from archive import open_archive; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"rapidfuzz", "lxml", "datasette", "pyarrow", "sqlite_utils", "opencc", "click"} & set(loaded)


def test_mypy_knows_the_types(tmp_path):
    (tmp_path / "use.py").write_text(
        "from archive import open_archive\n"
        "with open_archive('data') as archive:\n"
        "    reveal_type([report.brands for report in archive.reports()])\n"
        "    reveal_type(archive.search('x').hits[0].key)\n"
    )
    command = [sys.executable, "-m", "mypy", "--config-file", "", "--follow-imports", "silent", tmp_path / "use.py"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert re.findall(r'type is "(?:builtins\.)?(.+?)"', said) == ["list[tuple[str, ...]]", "str"] or re.findall(
        r'type is "(.+?)"', said
    ) == ["builtins.list[builtins.tuple[builtins.str, ...]]", "builtins.str"], said


def documented_lines():
    yield archive.reader.__doc__.partition("\n\n")[2]
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL):
        if "open_archive" in block:
            yield block


def test_documented_lines_lead_from_a_notebook_to_rows(nights):
    for lines in documented_lines():
        ours, asks, theirs = lines.partition("import pandas")
        assert len([line for line in lines.splitlines() if line.strip()]) <= 10
        assert asks
        scope = {}
        exec(ours.replace('"data"', repr(str(nights.data.root))), scope)
        assert {row["key"] for row in scope["reports"]} == {f"r{number}" for number in (1, 3, 4, 5, 6, 7, 8)}
        assert {row["unit"] for row in scope["figures"]} == {"CNY"}
        assert "missed" in {row["status"] for row in scope["nights"]}
        if importlib.util.find_spec("pandas"):
            exec(asks + theirs, scope)
            assert len(scope["frame"]) > 10
