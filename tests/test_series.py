"""`baogao series`: one measure over reports and versions, as a table, as JSON and as a picture."""

import contextlib
import itertools
import json
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from decimal import Decimal

import pytest
from click.testing import CliRunner

from archive.cli import baogao
from archive.derive import derive
from archive.errors import UsageError
from archive.figures.axis import choose_ticks, fit_values, fit_years, write_number
from archive.figures.plot import draw_series
from archive.figures.series import Series, build_series
from archive.figures.statements import Revision, Statement
from archive.figures.table import render_series
from archive.figures.words import parse_words
from archive.store import open_for_reading
from tests.nights import Nights, make_reader

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '虚构咨询 | 2025年云梯</title><script>alert(1)</script><image href="http://127.0.0.1/x"/>&\'"'


def write_zh(size, later):
    said = f"2024年虚构的云梯市场规模为{size}亿元，同比增长8.5%"
    return f"{said}，若保持当前节奏，2027年预计将达到{later}亿元。另有3000人受访。"


def write_en(size, later):
    return (
        f"The market size of invented ladders was {size} billion yuan in 2024, a year-on-year increase of 8.5%, and it "
        f"is expected to reach {later} billion yuan in 2027. Another 3,000 people were interviewed."
    )


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """1 four reports · 2 the forecast of r1 revised · 3 a parser correction of r2 · 4 r1 no longer forecasts."""
    played = Nights(tmp_path_factory.mktemp("series") / "data", reader=make_reader(1, blind_to=("6",)))
    publisher = played.publisher
    publisher.publish("r1", title="虚构咨询 | 2025年中国云梯报告", zh=write_zh("12.5", "20"), en=write_en("1.25", "2"))
    publisher.publish("r2", "乙", title=HOSTILE, zh="2023年虚构的云梯市场规模为96亿元。", en="")
    publisher.publish("r3", title="虚构咨询 | 2025年中国竹筏报告", zh="2024年虚构的竹筏市场规模为30亿元。", en="")
    publisher.publish("r4", title="虚构咨询 | 无数字", zh="此文没有数字", en="")
    played.night()
    publisher.edit("r1", zh=write_zh("12.5", "31"), en=write_en("1.25", "3.1"))
    played.night()
    played.reader = make_reader(2)
    played.night()
    publisher.edit("r1", zh=write_zh("12.5", "31").split("，若保持")[0], en=write_en("1.25", "3.1").split(", and")[0])
    played.night()
    with played.opened() as connection:
        derive(connection, print)
    return played


@pytest.fixture
def connection(nights):
    opened = open_for_reading(nights.data)
    yield opened
    opened.close()


def call(nights, *arguments):
    result = CliRunner().invoke(baogao, ["--data", str(nights.data.root), "series", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def tell(series):
    return [
        (
            one.key,
            one.year,
            str(one.value / 10**8),
            "forecast" if one.forecast else "fact",
            one.until and one.until[:10],
        )
        for one in series.statements
    ]


def test_a_measure_over_reports_years_and_versions(connection):
    series = build_series(connection, "云梯 市场规模")
    assert (series.unit, series.role, series.message) == ("CNY", "level", None)
    assert tell(series) == [
        ("r2", 2023, "96", "fact", None),
        ("r1", 2024, "12.5", "fact", None),
        ("r1", 2027, "20", "forecast", "2026-01-03"),
        ("r1", 2027, "31", "forecast", "2026-01-05"),
    ]
    first, revised = series.statements[2:]
    assert first.revision == Revision(Decimal(3100000000), "31亿元", 2, first.until, Decimal("55.0"))
    assert revised.revision is None
    assert revised.said_at == first.until
    assert (first.raw_zh, first.raw_en) == ("20亿元", "2 billion yuan")
    assert first.raw == "20亿元 / 2 billion yuan"
    assert first.continued
    assert "市场规模" in first.measure


def test_repeated_in_every_version_is_said_once(connection):
    (fact,) = [one for one in build_series(connection, "云梯 市场规模").statements if one.year == 2024]
    assert (fact.version, fact.said_at[:10], fact.until) == (1, "2026-01-02", None)


def test_a_correction_of_the_parser_is_no_revision(connection):
    (corrected,) = [one for one in build_series(connection, "云梯 市场规模").statements if one.key == "r2"]
    assert (corrected.value, corrected.version, corrected.said_at[:10]) == (9600000000, 2, "2026-01-02")
    (then,) = [one for one in build_series(connection, "云梯 市场规模", as_of="2").statements if one.key == "r2"]
    assert (then.value, then.version) == (900000000, 1)


def test_as_of_a_night_before_the_revision(connection):
    assert tell(build_series(connection, "云梯 市场规模", as_of="1"))[-1] == ("r1", 2027, "20", "forecast", None)
    assert tell(build_series(connection, "云梯 市场规模", as_of="2026-01-03"))[-1] == (
        "r1",
        2027,
        "31",
        "forecast",
        None,
    )
    assert build_series(connection, "云梯 市场规模", as_of="2020-01-01").statements == ()


def test_other_units_are_named_and_can_be_asked_for(connection):
    assert ("%", "change", 1) in build_series(connection, "云梯").others
    grown = build_series(connection, "云梯", unit="percent")
    assert [(one.unit, one.role, str(one.value)) for one in grown.statements] == [("%", "change", "8.5")]
    none = build_series(connection, "云梯 规模", unit="USD")
    assert none.statements == ()
    assert none.others[0][0] == "CNY"
    assert "no figure with these words has that unit" in none.message
    assert build_series(connection, "云梯 规模", role="share").statements == ()


@pytest.mark.parametrize(
    "query",
    [
        "雲梯 市場規模",
        "云梯　市场规模",
        "“云梯” 市场规模",
        "ladders market",
        "LADDER Market Size",
        "云梯 market",
        "市场规模 云梯 云梯",
    ],
)
def test_words_in_either_language_and_script(connection, query):
    series = build_series(connection, query)
    assert ("r1", 2024, "12.5", "fact", None) in tell(series)
    assert "r3" not in {one.key for one in series.statements}


def test_narrowed_to_a_listing(connection):
    assert {one.key for one in build_series(connection, "市场规模", listing="乙").statements} == {"r2"}
    assert {one.key for one in build_series(connection, "市场规模", listing="甲").statements} == {"r1", "r3"}


def test_words_of_the_sentence_help_where_no_measure_has_them(connection):
    series = build_series(connection, "云梯 受访")
    assert {one.value for one in series.statements} == {3000}
    assert "no measure has these words" in series.message


def test_nothing_found_names_near_measures(connection, nights):
    series = build_series(connection, "云梯市场的规模")
    assert series.statements == ()
    assert "no extracted figure has these words; near are: " in series.message
    assert "云梯市场规模" in series.message
    assert call(nights, "云梯市场的规模").exit_code == 0
    assert "near are" in call(nights, "云梯市场的规模").stdout
    assert "have these words" not in build_series(connection, "云梯市场规模", as_of="2000-01-01").message
    assert "at another time" in build_series(connection, "云梯市场规模", as_of="2000-01-01").message


@pytest.mark.parametrize("query", ["", "  ", "，。！", '"', "-", "\x1b", "\udcff", "·" * 50])
def test_no_word_is_a_usage_error(connection, query):
    with pytest.raises(UsageError, match="no word to search for"):
        build_series(connection, query)


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "a" * 150,
        "NEAR(云梯 2)",
        "云梯 AND OR NOT",
        "title:云梯",
        "云*",
        "(",
        '云"梯',
        "'; --",
        "{云}",
        "a^b",
        "😀 x",
        "%_",
        "\x00a",
    ],
)
def test_whatever_is_typed_is_no_accident(connection, query):
    with contextlib.suppress(UsageError):
        build_series(connection, query)


def test_too_long_a_question_is_refused(connection):
    with pytest.raises(UsageError, match="200 characters at most"):
        build_series(connection, "云" * 201)


def test_english_words_end_as_they_like_but_begin_at_a_word():
    assert parse_words("AI").are_in("sales of AI phones")
    assert not parse_words("AI").are_in("maintained stores")
    assert parse_words("company").are_in("companies")
    assert parse_words("markets").are_in("the market of")
    assert not parse_words("12.5").are_in("112.5")


def test_versions_without_index_and_figures_are_found_too(tmp_path):
    played = Nights(tmp_path / "data")
    played.publisher.publish("r1", title="虚构咨询 | 云梯", zh=write_zh("12.5", "20"), en="")
    played.night()
    connection = open_for_reading(played.data)
    try:
        assert len(build_series(connection, "云梯 市场规模").statements) == 2
    finally:
        connection.close()


def test_table_for_a_person(nights):
    shown = call(nights, "云梯 市场规模").stdout
    assert "CNY, level: 4 figures extracted from 2 reports" in shown
    row = next(line for line in shown.splitlines() if line.startswith("2027  2,000,000,000 CNY"))
    assert "20亿元 / 2 billion yuan" in row
    assert "since 2026-01-02, revised 20亿元 → 31亿元 (+55.0 %) on 2026-01-03" in row
    assert next(line for line in shown.splitlines() if "31亿元 / " in line).endswith(
        "since 2026-01-03 until 2026-01-05"
    )
    assert re.search(r"^\[\d\] r1  虚构咨询", shown, re.MULTILINE)
    assert call(nights, "云梯", "市场规模").stdout == shown
    assert "CNY, level: 1 figure extracted from 1 report\n" in call(nights, "竹筏 市场规模").stdout


def test_json(nights):
    found = json.loads(call(nights, "云梯 市场规模", "--json").stdout)
    assert list(found) == ["query", "unit", "role", "message", "statements", "others"]
    first = next(one for one in found["statements"] if one["year"] == 2027)
    assert first["value"] == "2000000000"
    assert first["revision"] == {
        "value": "3100000000", "raw": "31亿元", "version": 2, "on": first["until"], "percent": "55.0",
    }  # fmt: skip


def test_plot_is_written_whole_and_always_the_same(nights, tmp_path):
    file = tmp_path / "series.svg"
    call(nights, "云梯 市场规模", "--plot", str(file))
    first = file.read_bytes()
    call(nights, "云梯 市场规模", "--plot", str(file))
    assert file.read_bytes() == first
    assert list(tmp_path.iterdir()) == [file]
    missed = CliRunner().invoke(
        baogao, ["--data", str(nights.data.root), "series", "云梯", "--plot", str(tmp_path / "no" / "x.svg")]
    )
    assert missed.exception.exit_code == 7
    nothing = call(nights, "火车", "--plot", str(tmp_path / "none.svg"))
    assert "was not written" in nothing.stderr
    assert not (tmp_path / "none.svg").exists()


def check(svg):
    """Well-formed, described, and nothing that runs or leads anywhere."""
    root = ET.fromstring(svg)
    names = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert names <= {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "circle",
        "path",
        "line",
        "polyline",
        "text",
        "tspan",
        "g",
    }
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
    assert "url(" not in root.findtext(f"{SVG}style")
    assert "@import" not in root.findtext(f"{SVG}style")
    assert "nan" not in re.sub(">[^<]*<", "><", svg)
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")
    left, top, width, height = map(float, root.get("viewBox").split())
    for element in root.iter():
        for name, value in element.attrib.items():
            if name in ("x", "cx", "x1", "x2"):
                assert left <= float(value) <= width, (element.tag, name, value)
            if name in ("y", "cy", "y1", "y2"):
                assert top <= float(value) <= height, (element.tag, name, value)
    return root


def test_picture_of_facts_forecasts_and_revisions(connection):
    svg = draw_series(build_series(connection, "云梯 市场规模"))
    root = check(svg)
    kinds = [
        element.get("class") for element in root.iter() if element.get("class", "").startswith(("fact", "forecast"))
    ]
    assert kinds.count("forecast past") == 2
    assert kinds.count("fact") == 2 + 1 + 2  # the points, the key, the legend's two reports
    assert [element.get("class") for element in root.iter(f"{SVG}polyline")] == ["line old c0", "line old c0"]
    assert len([element for element in root.iter() if element.get("class") == "tip"]) == 1
    assert "revised 20亿元 → 31亿元" in svg
    assert "prefers-color-scheme:dark" in svg
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


POINT = Statement(
    key="r1", title=HOSTILE + "\x1b[31m\u202e", version=1, year=2024, value=Decimal(10**9), unit="CNY", role="level",
    forecast=False, qualifier=None, measure="规模", continued=False, raw_zh="10亿元", raw_en=None,
    said_at="2026-01-02T18:00:00Z",
)  # fmt: skip


def test_a_series_without_figures_is_a_picture_that_says_so():
    svg = draw_series(Series("<虚构>", None, None, ()))
    assert "nothing to draw" in svg
    assert "&lt;虚构&gt;" in svg


def draw(*statements, query="云梯"):
    return draw_series(Series(query, statements[0].unit, statements[0].role, statements))


@pytest.mark.parametrize("value", ["0", "1", "-5", "0.0001", "1000000000000000", "12345678901.5"])
def test_picture_of_one_point(value):
    check(draw(replace(POINT, value=Decimal(value)), query=HOSTILE))
    check(draw(replace(POINT, value=Decimal(value), unit="%")))


def test_an_archive_that_somebody_else_wrote_does_not_reach_the_terminal():
    shown = render_series(Series("云梯", "CNY", "level", (replace(POINT, measure="\x9b31m"),)))
    assert not {"\x1b", "\u202e", "\x9b"} & set(shown)
    assert "␛[31m" in shown


def test_picture_of_many_points_is_quiet():
    points = [
        replace(
            POINT,
            key=f"r{report:02}",
            year=year,
            value=Decimal(10**8 * (report * 7 + year - 2000)),
            forecast=year > 2024,
        )
        for report in range(40)
        for year in range(2015, 2031)
    ]
    root = check(draw(*points))
    assert len([one for one in root.iter(f"{SVG}text") if one.get("class") == "value"]) <= 10
    assert "30 more reports in grey" in "".join(root.itertext())


def test_equal_points_stand_side_by_side():
    root = check(draw(*(replace(POINT, key=f"r{report}") for report in range(4))))
    groups = [one for one in root.iter(f"{SVG}g") if one.find(f"{SVG}title") is not None]
    assert len({tuple(sorted(group[1].attrib.items())) for group in groups}) == 4


def test_what_cannot_be_drawn_is_left_out_and_said():
    root = check(draw(POINT, replace(POINT, year=None), replace(POINT, value=Decimal("9" * 400))))
    assert "2 figures not drawn" in "".join(root.itertext())


@pytest.mark.parametrize(
    ("low", "high"), [(0, 12.5), (0, 1), (-3.2, 24.5), (12.5, 13.5), (7, 7), (0, 0), (0, 9.9e25), (1e-9, 3e-9)]
)
def test_ticks_hold_both_ends(low, high):
    ticks = choose_ticks(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 2 <= len(ticks) <= 9
    assert all(math.isclose(b - a, ticks[1] - ticks[0], rel_tol=1e-6) for a, b in itertools.pairwise(ticks))


def test_units_fit_the_values():
    assert fit_values([Decimal(125 * 10**7), Decimal(0)], "CNY").label == "亿元 (100 million yuan)"
    assert fit_values([Decimal(2 * 10**12)], "CNY").label == "万亿元 (trillion yuan)"
    assert fit_values([Decimal(5)], "CNY").label == "元 (yuan)"
    assert fit_values([Decimal(3 * 10**9)], "USD").label == "billion USD"
    assert fit_values([Decimal(30000)], "persons").label == "万 persons (10,000)"
    assert fit_values([Decimal(10**8), Decimal(10**12)], "CNY").logarithmic
    assert fit_years([1990, 2030]).ticks[1] - fit_years([1990, 2030]).ticks[0] == 3
    assert [write_number(each) for each in (0.0, 12.5, 1117.8, 3771.3, 250000.0, 0.37)] == [
        "0", "12.5", "1,117.8", "3,771.3", "250,000", "0.37",
    ]  # fmt: skip
