"""`baogao figures`: of one report, of all, of a version, as of a night; where the languages disagree; asked badly."""

import json
import tracemalloc

import pytest
from click.testing import CliRunner

from archive.cli import baogao
from archive.derive import derive
from archive.figures.reading import iterate_figures, list_figures
from archive.store import open_for_reading
from tests.nights import Nights, make_reader

FIGURE = [
    "key", "version", "language", "raw", "start", "end", "number", "scale", "value", "unit", "qualifier", "year",
    "forecast", "role", "measure", "grammar",
]  # fmt: skip
LADDERS = ("2024年虚构的云梯市场规模为12.5亿元。", "The market size of invented ladders was 1.25 billion yuan in 2024.")


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """1 five reports · 2 r1 revised · 3 r3 read better: "7" is a digit that the old parser dropped."""
    played = Nights(tmp_path_factory.mktemp("figures") / "data", reader=make_reader(1, blind_to=("7",)))
    played.publisher.publish("r1", zh=LADDERS[0], en=LADDERS[1])
    played.publisher.publish(
        "r2",
        "乙",
        title="虚构咨询 | 竹筏<b>2025</b>",
        zh="据称30亿元不多。2024年竹业为130亿元，虚构的竹筏市场规模为30亿元，其中42.5%在南方。",
        en="It is said that 3 billion yuan is little. In 2024 bamboo came to 13 billion yuan, and the market size of "
        "invented rafts was 3.1 billion yuan, of which 42.5% in the south.",
    )
    played.publisher.publish("r3", zh="2024年虚构的木屐市场规模为87亿元。", en="")
    played.publisher.publish("r4", zh="此文没有数字", en="There is nothing to count in this invented text at all")
    played.night()
    played.publisher.edit("r1", zh=LADDERS[0].replace("12.5", "13.1"), en=LADDERS[1].replace("1.25", "1.31"))
    played.night()
    played.reader = make_reader(2)
    played.night()
    with played.opened() as connection:
        derive(connection, print)
    return played


def run(nights, *arguments):
    result = CliRunner().invoke(baogao, ["--data", str(nights.data.root), "figures", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout


def ask(nights, *arguments):
    return json.loads(run(nights, *arguments, "--json"))


def refuse(nights, *arguments):
    """The sentence of a UsageError."""
    result = CliRunner().invoke(baogao, ["--data", str(nights.data.root), "figures", *arguments])
    assert result.exception is not None
    assert getattr(result.exception, "exit_code", None) == 2, result.exception
    assert result.stdout == ""
    return str(result.exception)


def test_figures_of_a_report_are_exact_and_point_into_its_text(nights):
    english, chinese = ask(nights, "r1")
    assert list(chinese) == FIGURE
    text = LADDERS[0].replace("12.5", "13.1")
    assert text[chinese["start"] : chinese["end"]] == chinese["raw"] == "13.1亿元"
    assert {name: chinese[name] for name in ("number", "scale", "value", "unit", "year", "forecast", "role")} == {
        "number": "13.1", "scale": "100000000", "value": "1310000000", "unit": "CNY", "year": 2024,
        "forecast": False, "role": "level",
    }  # fmt: skip
    assert (chinese["key"], chinese["version"], chinese["language"]) == ("r1", 2, "zh")
    assert (english["language"], english["value"]) == ("en", "1310000000")
    assert "市场规模" in chinese["measure"]


def test_versions_and_nights_of_the_past(nights):
    assert {one["value"] for one in ask(nights, "r1", "--version", "1")} == {"1250000000"}
    assert {one["value"] for one in ask(nights, "r1", "--as-of", "1")} == {"1250000000"}
    assert {one["value"] for one in ask(nights, "r1", "--as-of", "2026-01-03")} == {"1310000000"}
    past = [one for one in ask(nights, "--as-of", "1") if one["key"] == "r1"]
    assert past == ask(nights, "r1", "--as-of", "1")
    assert ask(nights, "--as-of", "3") == ask(nights)
    assert ask(nights, "--as-of", "2020-01-01") == []


def test_as_of_is_the_reading_of_that_time_and_today_the_best_one(nights):
    assert [one["value"] for one in ask(nights, "r3", "--as-of", "2")] == ["800000000"]
    assert [one["value"] for one in ask(nights, "r3")] == ["8700000000"]


def test_whole_archive_in_the_order_of_keys(nights):
    everything = ask(nights)
    assert everything == sorted(everything, key=lambda one: (one["key"], one["version"], one["language"], one["start"]))
    assert [one for one in everything if one["key"] == "r2"] == ask(nights, "r2")
    assert {one["key"] for one in everything} == {"r1", "r2", "r3"}


def test_narrowed_to_a_listing_and_a_unit(nights):
    for name in ("乙", "tag:乙", "http://127.0.0.1/tag/乙"):
        assert {one["key"] for one in ask(nights, "--listing", name)} == {"r2"}
    assert ask(nights, "r1", "--listing", "乙") == []
    assert {one["unit"] for one in ask(nights, "--unit", "元")} == {"CNY"}
    assert {one["raw"] for one in ask(nights, "--unit", "%")} == {"42.5%"}
    assert "the units there are %, CNY" in run(nights, "--unit", "furlongs")
    assert "There is no listing '丁'" in refuse(nights, "--listing", "丁")


def test_disagreements_show_both_sides(nights):
    (found,) = ask(nights, "--disagreeing")
    assert list(found) == ["key", "version", "title", "kind", "zh", "en", "zh_snippet", "en_snippet"]
    assert (found["key"], found["version"], found["kind"]) == ("r2", 1, "value")
    assert (found["zh"]["value"], found["en"]["value"]) == ("3000000000", "3100000000")
    assert list(found["zh"]) == FIGURE
    shown = run(nights, "--disagreeing")
    assert "规模为[30亿元]" in shown
    assert "was [3.1 billion yuan]" in shown
    assert ask(nights, "r1", "--disagreeing") == []
    assert "no disagreement was extracted from 1 report." in run(nights, "r1", "--disagreeing")


def test_for_a_person(nights):
    shown = run(nights)
    assert shown.index("r1  version 2") < shown.index("r2  version 1") < shown.index("r3  version")
    row = next(line for line in shown.splitlines() if "13.1亿元" in line)
    assert "1,310,000,000 CNY" in row
    assert "2024" in row
    assert "fact" in row
    assert "extracted from 4 reports by a program" in shown
    assert "no figure was extracted from 1 report." in run(nights, "r4")
    assert "no reports there yet." in run(nights, "--as-of", "2020-01-01")


def test_odd_questions_get_a_sentence(nights):
    assert "give its KEY" in refuse(nights, "--version", "1")
    assert "no version 9" in refuse(nights, "r1", "--version", "9")
    assert "no version 2" in refuse(nights, "r1", "--version", "2", "--as-of", "1")
    assert "There is no report nobody" in refuse(nights, "nobody")
    assert "There is no report " in refuse(nights, "\udcff\x1b[31m")
    assert "\x1b" not in refuse(nights, "\udcff\x1b[31m")
    assert "no run 99" in refuse(nights, "--as-of", "99")
    assert "no point in time" in refuse(nights, "--as-of", "someday", "--json")
    assert "no listing" in refuse(nights, "--listing", "\udcff", "--json")
    assert ask(nights, "--unit", "'; DROP TABLE figures; --") == []


def test_figures_for_the_export(nights):
    connection = open_for_reading(nights.data)
    try:
        every = list(iterate_figures(connection, versions=True))
        assert [(one["key"], one["version"], one["language"], one["start"]) for one in every] == sorted(
            (one["key"], one["version"], one["language"], one["start"]) for one in every
        )
        assert {one["version"] for one in every if one["key"] == "r1"} == {1, 2}
        first = [one for one in every if one["version"] == 1 and one["key"] in ("r1", "r2")]
        assert [one for one in iterate_figures(connection, versions=True, as_of="1") if one["key"] != "r3"] == first
        assert list(iterate_figures(connection)) == list(list_figures(connection)) == ask(nights)
    finally:
        connection.close()


def test_a_large_archive_is_written_piece_by_piece(nights, tmp_path):
    connection = open_for_reading(nights.data)
    try:
        (one,) = list_figures(connection, "r3")
    finally:
        connection.close()
    from archive.cli.figures import _write_array

    tracemalloc.start()
    count = sum(1 for _ in _write_array(one for _ in range(20_000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_001
    assert peak < 1_000_000
    assert json.loads("".join(_write_array([one, one]))) == [one, one]
    assert "".join(_write_array([])) == "[]\n"
