"""The data package: valid for others' tools, described column by column, made whole or not at all."""

import contextlib
import csv
import hashlib
import io
import json
import re
import signal
import subprocess
import time
import warnings

import pytest
from click.testing import CliRunner

from archive.cli import baogao
from archive.dictionary import EXPORTS
from archive.sqlite import sqlite3
from archive.store import DataDirectory
from tests.command import BIN, Desk, limited
from tests.hostile import FORMULAS, TEXTS
from tests.nights import Nights, make_reader

FILES = [
    "README.md", "coverage.csv", "datapackage.json", "disagreements.csv", "events.csv", "figures.csv", "reports.csv",
    "versions.csv",
]  # fmt: skip


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """1 hostile texts · 2 a change, a twin and an alias · 3 incomplete · 4 a parser's correction."""
    played = Nights(tmp_path_factory.mktemp("package") / "data", reader=make_reader(1, blind_to=("®",)))
    for number, text in enumerate((*FORMULAS, *TEXTS)):
        played.publisher.publish(f"h{number:03}", title=text or "虚构", zh=text, en=text, brands=[text or "空"])
    played.publisher.publish("f1", "甲", "乙", zh="虚构®的规模为12.5亿元", en="The invented size is 2.25 billion yuan")
    played.publisher.publish("old", zh="一模一样的文字", en="One and the same text")
    played.night()
    played.publisher.edit("h120", zh="虚构的规模为33.5亿元")
    played.publisher.withdraw("old")
    played.publisher.publish("new", zh="一模一样的文字", en="One and the same text")
    played.night()
    played.night(faults={("甲", 2): "500"})
    played.reader = make_reader(2)
    played.night()
    run(played.data, "alias", "new", "old", "--reason", "虚构的搬家")
    return played


def run(data, *words):
    result = CliRunner().invoke(baogao, ["--data", str(data.root), *map(str, words)])
    assert result.exit_code == 0, result.stderr or result.exception
    return result


def pack(data, target, *words):
    run(data, "export", "--package", target, *words)
    return {path.name: path.read_bytes() for path in sorted(target.iterdir())}


def read_csv(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def validate(target):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a peer's own code
        import frictionless

        return frictionless.validate(str(target / "datapackage.json"))


@pytest.fixture(scope="module")
def package(nights, tmp_path_factory):
    target = tmp_path_factory.mktemp("packages") / "package"
    pack(nights.data, target)
    return target


def test_frictionless_finds_it_valid(package):
    report = validate(package)
    assert report.valid, report.flatten(["taskNumber", "rowNumber", "fieldName", "note"])[:5]
    assert {task.name: task.stats["rows"] for task in report.tasks} == {
        path.stem: len(read_csv(path.read_bytes())) for path in package.glob("*.csv")
    }
    assert {task.stats["warnings"] for task in report.tasks} == {0}
    said = subprocess.run(
        [BIN / "frictionless", "validate", str(package / "datapackage.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("reports.csv", b"h001,", b"h002,"),  # a digest and a key
        ("versions.csv", b",site,", b",sight,"),
    ],
)
def test_frictionless_would_see_what_is_wrong(nights, tmp_path, name, old, new):
    content = pack(nights.data, tmp_path / "package")[name]
    assert old in content
    (tmp_path / "package" / name).write_bytes(content.replace(old, new))
    assert not validate(tmp_path / "package").valid


def test_others_read_the_archived_texts(nights, package):
    """As the dictionary says: one apostrophe taken away where it stands before a formula, else nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import frictionless

        rows = frictionless.Package(str(package / "datapackage.json")).get_resource("reports").read_rows()
    wanted = {record["key"]: record for record in map(json.loads, run(nights.data, "export").stdout.splitlines())}
    assert len(rows) == len(wanted) > 100
    for row in rows:
        for name in ("title", "summary_zh", "summary_en"):
            text = row[name] or ""
            if re.match("''*[=+\\-@\t\r\n＝＋－＠]", text):
                text = text[1:]
            assert text == wanted[row["key"]][name]
        assert row["observed_at"].strftime("%Y-%m-%dT%H:%M:%SZ") == wanted[row["key"]]["observed_at"]


def test_descriptor_tells_digests_licences_and_sources(nights, package):
    descriptor = json.loads((package / "datapackage.json").read_bytes())
    assert descriptor["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert (descriptor["version"], descriptor["name"]) == ("4", "baogao-reports")
    assert descriptor["created"] == nights.query("SELECT finished_at FROM runs WHERE id = 4")[0][0]
    assert [licence["name"] for licence in descriptor["licenses"]] == ["MIT", "CC0-1.0", "other-closed"]
    assert [source["title"] for source in descriptor["sources"]] == ["tag:乙", "tag:甲"]
    for resource in descriptor["resources"]:
        content = (package / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        names = [licence["name"] for licence in resource["licenses"]]
        assert names == (["CC0-1.0"] if resource["name"] == "coverage" else ["CC0-1.0", "other-closed"])


def test_every_column_is_described(package):
    descriptor = json.loads((package / "datapackage.json").read_bytes())
    readme = (package / "README.md").read_text(encoding="utf-8")
    assert [resource["name"] for resource in descriptor["resources"]] == list(EXPORTS)
    for resource in descriptor["resources"]:
        header = next(csv.reader(io.StringIO((package / resource["path"]).read_text(encoding="utf-8"))))
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == header
        assert all(len(field["description"]) > 10 for field in fields)
        assert resource["title"]
        assert resource["description"]
        part = readme.partition(f"## {resource['path']}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| (\w+) \| \w", part, re.MULTILINE)[1:] == header
    assert "one apostrophe" in readme
    assert "one apostrophe" in descriptor["description"]


def test_same_archive_same_bytes(nights, package, tmp_path):
    first = {path.name: path.read_bytes() for path in sorted(package.iterdir())}
    assert list(first) == FILES
    (tmp_path / "copy").mkdir()
    with contextlib.closing(sqlite3.connect(nights.data.db)) as opened:
        opened.execute("VACUUM INTO ?", (str(tmp_path / "copy" / "archive.db"),))
    assert pack(nights.data, tmp_path / "second") == first
    assert pack(DataDirectory(tmp_path / "copy"), tmp_path / "third") == first


def test_as_of_the_last_run_it_is_the_same_package(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(7):
        nights.publisher.publish(f"r{number}")
    nights.night()
    nights.publisher.edit("r3", zh="虚构的规模为33.5亿元")
    nights.night()
    assert pack(nights.data, tmp_path / "now") == pack(nights.data, tmp_path / "as-of", "--as-of", "2")


def test_as_of_a_run_it_is_what_was_known_then(nights, tmp_path):
    content = pack(nights.data, tmp_path / "package", "--as-of", "1")
    assert validate(tmp_path / "package").valid
    assert json.loads(content["datapackage.json"])["version"] == "1"
    assert {row["version"] for row in read_csv(content["versions.csv"])} == {"1"}
    assert {row["run"] for row in read_csv(content["events.csv"])} == {"1"}
    assert len(read_csv(content["coverage.csv"])) == 2
    before = pack(nights.data, tmp_path / "before", "--as-of", "2025-01-01")
    assert validate(tmp_path / "before").valid
    assert json.loads(before["datapackage.json"])["version"] == "0"
    assert read_csv(before["reports.csv"]) == []


def test_it_holds_every_version_with_its_figures(package):
    rows = {path.stem: read_csv(path.read_bytes()) for path in package.glob("*.csv")}
    assert {(row["key"], row["version"], row["cause"]) for row in rows["versions"] if row["version"] != "1"} == {
        ("h120", "2", "site"),
        ("f1", "2", "parser"),
    }
    assert {row["value"] for row in rows["figures"] if row["key"] == "f1"} == {"1250000000", "2250000000"}
    assert {(row["key"], row["zh_raw"] != "", row["en_raw"] != "") for row in rows["disagreements"]} >= {
        ("f1", True, True)
    }
    assert "new" in {row["key"] for row in rows["events"]} - {row["key"] for row in rows["reports"]}
    assert [row["status"] for row in rows["coverage"] if row["listing"] == "tag:甲"] == [
        "complete", "complete", "partial", "complete",
    ]  # fmt: skip


def test_raw_says_that_it_is(nights, tmp_path):
    content = pack(nights.data, tmp_path / "package", "--raw")
    assert validate(tmp_path / "package").valid
    assert set(FORMULAS) < {row["title"] for row in read_csv(content["reports.csv"])}
    for name in ("README.md", "datapackage.json"):
        assert "exactly those of the archive" in content[name].decode()
        assert "one apostrophe" not in content[name].decode()


def test_nothing_that_is_there_is_overwritten(nights, tmp_path):
    desk = Desk(nights.data.root)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("full", "link", "nowhere\x1b[31m\u202e/package"):
        said = desk.run("export", "--package", tmp_path / name)
        assert said.code == 2
        assert said.err.strip().isprintable()
        assert "name" in said.sentence
    assert desk.run("export", "--package", tmp_path / "file").code == 2
    assert desk.run("export", "--package", tmp_path / "empty").code == 0
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == FILES
    assert (tmp_path / "file").read_text() == (tmp_path / "full" / "mine.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full", "link"]


def test_a_full_disk_leaves_no_half_package(nights, tmp_path):
    said = Desk(nights.data.root).run("export", "--package", tmp_path / "package", through=limited(20_000))
    assert said.code == 7
    assert "could not be written" in said.sentence
    assert list(tmp_path.iterdir()) == []


def test_before_the_first_night_it_is_empty_and_says_so(nights, tmp_path):
    said = run(nights.data, "export", "--package", tmp_path / "package", "--as-of", "2020-01-01")
    assert "it knew nothing yet as of 2020-01-01" in said.stderr
    assert "the archive before its first run" in said.stderr
    assert validate(tmp_path / "package").valid
    title = json.loads((tmp_path / "package" / "datapackage.json").read_text())["title"]
    assert title == "Archived report listings before the first run"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_nothing_behind(nights, tmp_path, number):
    for attempt in range(9):
        place = tmp_path / str(attempt)
        place.mkdir()
        command = [BIN / "baogao", "--data", nights.data.root, "export", "--package", place / "package"]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as started:
            while not any(place.iterdir()) and started.poll() is None:
                time.sleep(0.001)
            started.send_signal(number)
            started.communicate(timeout=60)
        if started.returncode == 128 + number:
            assert list(place.iterdir()) == []
            return
        assert [path.name for path in place.iterdir()] == ["package"]  # it was quicker than we
    pytest.fail("it was always quicker than the signal")
