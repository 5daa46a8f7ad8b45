"""Reading the archive: now, as of a night, as JSON, as CSV, and for a person."""

import csv
import hashlib
import io
import json

import pytest
from click.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from archive.cli import baogao
from archive.errors import UsageError
from archive.query import iterate_changes, iterate_records, list_runs, load_history, load_pair, load_record
from archive.store import open_for_reading
from tests.nights import Nights, make_reader

RECORD = [
    "key", "url", "state", "title", "series", "brands", "summary_zh", "summary_en", "published_on", "version",
    "first_seen_at", "last_seen_at", "observed_at", "listings", "capture",
]  # fmt: skip


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """1 baseline · 2 r3 edited, r8 new · 3 r2 gone · 4 r2 withdrawn · 5 a parser correction of r4."""
    played = Nights(tmp_path_factory.mktemp("query") / "data", reader=make_reader(1, blind_to=("®",)))
    for number in range(1, 8):
        played.publisher.publish(f"r{number}", zh=f"虚构®的r{number}规模为12.5亿元" if number == 4 else None)
    played.night()
    played.publisher.edit("r3", zh="虚构的r3规模为12.6亿元", title="=虚构咨询 | 公式")
    played.publisher.publish("r8", brands=["甲", "乙"])
    played.night()
    played.publisher.withdraw("r2")
    played.night()
    played.night()
    played.reader = make_reader(2)
    played.night()
    return played


@pytest.fixture
def connection(nights):
    opened = open_for_reading(nights.data)
    yield opened
    opened.close()


def run(nights, *arguments):
    result = CliRunner().invoke(baogao, ["--data", str(nights.data.root), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout


def test_record_has_the_fields_of_the_contract(connection):
    record = load_record(connection, "r3")
    assert list(record) == RECORD
    assert list(record["capture"]) == ["url", "fetched_at", "sha256", "warc_file", "warc_offset", "parser"]
    assert (record["version"], record["state"], record["listings"]) == (2, "listed", ["tag:甲"])
    assert load_record(connection, "r8")["brands"] == ["甲", "乙"]
    assert load_record(connection, "r1")["series"] == "虚构咨询"


def test_as_of_a_run_is_what_the_archive_knew_then(connection):
    assert load_record(connection, "r3", as_of="1")["version"] == 1
    assert load_record(connection, "r3", as_of="2")["version"] == 2
    assert [load_record(connection, "r2", as_of=str(run))["state"] for run in range(1, 6)] == [
        "listed", "listed", "missing", "withdrawn", "withdrawn",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="not in the archive as of 1"):
        load_record(connection, "r8", as_of="1")
    assert len(list(iterate_records(connection, as_of="1"))) == 7
    assert load_record(connection, "r4", as_of="4")["summary_zh"] == "虚构的r4规模为12.5亿元"
    assert load_record(connection, "r4", as_of="5")["summary_zh"] == "虚构®的r4规模为12.5亿元"


def test_as_of_a_date_means_its_last_second(connection):
    assert len(list(iterate_records(connection, as_of="2026-01-02"))) == 7
    assert len(list(iterate_records(connection, as_of="2026-01-03"))) == 8
    assert list(iterate_records(connection, as_of="2025-12-31")) == []
    assert len(list(iterate_records(connection, as_of="2026-01-03T00:00:00Z"))) == 7
    for wrong in ("yesterday", "2026-1-2", "99"):
        with pytest.raises(UsageError):
            list(iterate_records(connection, as_of=wrong))


def test_as_of_the_last_run_is_now(connection):
    assert list(iterate_records(connection, as_of="5")) == list(iterate_records(connection))


def play_retirements(root):
    """乙 and 甲 are walked or retired in turn; what each night's records were at once is returned beside them."""
    played = Nights(root)
    for number in range(6):
        played.publisher.publish(f"r{number}", *("甲", "乙") if number < 4 else ("甲",))
    told = {}

    def night(*tags):
        played.night(*tags, configured=True)
        opened = open_for_reading(played.data)
        told[str(len(told) + 1)] = list(iterate_records(opened))
        opened.close()

    night("甲", "乙")
    played.publisher.withdraw("r0", "乙")
    night("乙")  # 甲 is retired, and holds r0 for all that is known
    night("乙")
    night("甲", "乙")
    played.publisher.withdraw("r1", "甲", "乙")
    night("甲", "乙")
    night("甲")  # r1 is withdrawn
    played.publisher.withdraw("r5", "甲")
    night("甲")
    night("乙")  # r5 was missing when 甲 was retired, and stays so
    night("乙")
    night("甲", "乙")
    played.publisher.withdraw("r2", "甲")
    night("甲", "乙")
    night("甲")  # only 乙 still held r2: it is neither missing nor withdrawn
    night("甲")
    return played, told


def test_as_of_a_run_states_are_as_it_left_them_whatever_was_retired(tmp_path):
    played, told = play_retirements(tmp_path / "data")
    opened = open_for_reading(played.data)
    for number, records in told.items():
        assert list(iterate_records(opened, as_of=number)) == records, number
        assert load_record(opened, "r0", as_of=number) == records[0]
    opened.close()
    states = [[record["state"] for record in records] for records in told.values()]
    assert [of_run[0] for of_run in states][:4] == ["listed", "missing", "withdrawn", "listed"]
    assert [of_run[1] for of_run in states][4:] == ["missing", "withdrawn"] + 7 * ["withdrawn"]
    assert [of_run[5] for of_run in states][5:] == ["listed", "missing", "missing", "missing"] + 4 * ["withdrawn"]
    assert {of_run[2] for of_run in states} == {"listed"}


def test_last_seen_is_the_last_page_that_showed_it_now_and_as_of(tmp_path):
    played = Nights(tmp_path / "data")
    played.publisher.publish("r1", "甲", "乙")
    played.night()
    opened = open_for_reading(played.data)
    now = load_record(opened, "r1")
    assert now == load_record(opened, "r1", as_of="1")
    pages = [at for (at,) in opened.execute("SELECT fetched_at FROM captures WHERE listing_id IS NOT NULL ORDER BY id")]
    assert now["last_seen_at"] == pages[-1] > pages[0]
    opened.close()


def test_a_report_of_the_first_page_points_to_the_bytes_and_not_to_a_reference_to_them(tmp_path):
    played = Nights(tmp_path / "data")
    for number in range(1, 6):
        played.publisher.publish(f"r{number}")
    played.night()
    opened = open_for_reading(played.data)
    pages = opened.execute("SELECT fetched_at, digest, warc_file, warc_offset FROM captures WHERE page = 1").fetchall()
    assert len(pages) == 2, "page 1 is read again"
    assert pages[0]["digest"] == pages[1]["digest"]
    record = load_record(opened, "r5")
    opened.close()
    assert record["first_seen_at"] == record["observed_at"] == pages[0]["fetched_at"] < record["last_seen_at"]
    capture = record["capture"]
    with (tmp_path / "data" / capture["warc_file"]).open("rb") as file:
        file.seek(capture["warc_offset"])
        archived = next(iter(ArchiveIterator(file)))
        assert hashlib.sha256(archived.content_stream().read()).hexdigest() == capture["sha256"]
    assert archived.rec_headers["WARC-Date"] == capture["fetched_at"]


def test_a_time_before_the_first_night_is_told_and_not_taken_for_an_empty_listing(nights):
    words = ["--data", str(nights.data.root), "export", "--as-of"]
    early = CliRunner().invoke(baogao, [*words, "2025-12-31"])
    assert (early.exit_code, early.stdout) == (0, "")
    assert early.stderr == "baogao: the archive begins on 2026-01-02: it knew nothing yet as of 2025-12-31.\n"
    assert CliRunner().invoke(baogao, [*words, "2026-01-02"]).stderr == ""


def test_history_and_pair(connection):
    versions = load_history(connection, "r4")
    assert [(row["version"], row["cause"], row["previous"]) for row in versions] == [
        (1, "first", None),
        (2, "parser", 1),
    ]
    assert versions[0]["observed_at"] == versions[1]["observed_at"]
    assert load_history(connection, "r3")[1]["fields"] == ["summary_zh", "title"]
    before, after = load_pair(connection, "r3", None, None)
    assert (before["version"], after["version"]) == (1, 2)
    for wrong in [("r1", None, None), ("r3", 1, None), ("r3", 1, 7), ("nobody", None, None)]:
        with pytest.raises(UsageError):
            load_pair(connection, *wrong)


def test_unknown_key_names_near_ones(connection):
    with pytest.raises(UsageError, match="did you mean r1"):
        load_record(connection, "1")
    with pytest.raises(UsageError, match="baogao export"):
        load_record(connection, "100%")
    with pytest.raises(UsageError, match="did you mean r1"):
        load_record(connection, " r1 ")


def test_the_address_of_a_report_names_its_key(tmp_path):
    played = Nights(tmp_path / "data")
    played.publisher.publish("127.0.0.1:46641")
    played.night()
    opened = open_for_reading(played.data)
    for address in ("http://127.0.0.1:8000/repo13-0/46641.html", "HTTP://127.0.0.1/report.jsp?reportId=46641&_t=1 "):
        with pytest.raises(UsageError, match=r"did you mean 127\.0\.0\.1:46641\?"):
            load_record(opened, address)
    opened.close()


def test_feed_is_read_behind_a_cursor(connection):
    events = list(iterate_changes(connection))
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert list(events[0]) == ["id", "run", "at", "kind", "key", "version", "fields", "title", "alert"]
    assert [(event["kind"], event["key"], event["fields"]) for event in iterate_changes(connection, 7)] == [
        ("appeared", "r8", []),
        ("changed", "r3", ["title", "summary_zh"]),
        ("withdrawn", "r2", []),
        ("corrected", "r4", ["summary_zh"]),
    ]


def test_runs_have_the_fields_of_the_contract(connection):
    ledger = list_runs(connection)
    assert [row["run"] for row in ledger] == [1, 2, 3, 4, 5]
    assert set(ledger[0]) >= {
        "run", "kind", "outcome", "exit_code", "started_at", "finished_at", "parser", "counts", "walks", "issues",
    }  # fmt: skip
    assert ledger[1]["counts"] | {"pages": 3, "entries": 8} == {
        "pages": 3, "entries": 8, "appeared": 1, "changed": 1, "cosmetic": 0, "corrected": 0, "withdrawn": 0,
        "reappeared": 0,
    }  # fmt: skip
    assert ledger[1]["walks"] == [
        {
            "listing": "tag:甲",
            "complete": True,
            "pages_seen": 3,
            "pages_expected": 3,
            "entries_seen": 8,
            "stopped": None,
        }
    ]


def test_export_is_ordered_and_the_same_twice(nights):
    first, second = run(nights, "export"), run(nights, "export")
    assert first == second
    records = [json.loads(line) for line in first.splitlines()]
    assert [record["key"] for record in records] == sorted(record["key"] for record in records)
    assert "虚构" in first
    versions = [json.loads(line) for line in run(nights, "export", "--versions").splitlines()]
    assert len(versions) == 10


def test_csv_is_whole_and_holds_no_formula(nights, tmp_path):
    target = tmp_path / "reports.csv"
    run(nights, "export", "--format", "csv", "-o", str(target))
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert len(rows) == 8
    assert {row["key"]: row["title"] for row in rows}["r3"] == "'=虚构咨询 | 公式"
    assert [path.name for path in tmp_path.iterdir()] == ["reports.csv"]


def test_every_reading_command_speaks_json_and_to_people(nights):
    for arguments in (["runs"], ["runs", "2"], ["show", "r3"], ["history", "r3"], ["diff", "r3"], ["verify"]):
        json.loads(run(nights, *arguments, "--json"))
        assert len(run(nights, *arguments)) > 40, arguments
    assert len(run(nights, "changes", "--json").splitlines()) == 11
    assert "[-12.5-]{+12.6+}" in run(nights, "diff", "r3")
    assert json.loads(run(nights, "diff", "r3", "--json"))["fields"][0]["field"] == "title"


def test_global_options_stand_before_or_behind_the_command(nights):
    root = str(nights.data.root)
    before = CliRunner().invoke(baogao, ["--data", root, "--json", "show", "r3"]).stdout
    behind = CliRunner().invoke(baogao, ["show", "r3", "--json", "--data", root]).stdout
    assert before == behind
    assert json.loads(before)["key"] == "r3"


def test_every_command_has_help_with_an_example():
    for name, command in baogao.commands.items():
        shown = CliRunner().invoke(baogao, [name, "--help"]).stdout
        assert "Example" in shown, name
        assert command.help, name
