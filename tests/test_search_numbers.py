"""A number is found wherever it stands, with commas or without, and never as a piece of another."""

import random
from contextlib import closing

import pytest

from archive.search.characters import BREAK, PAUSE
from archive.search.finding import _expander
from archive.search.matching import fill_index, one_moment, write_expression
from archive.search.passages import BEGIN, END, cut, find_spans
from archive.search.segment import join, segment
from archive.search.terms import parse
from archive.sqlite import sqlite3

#: what stands before and behind a number
BEFORE = ("约", "达", "（", "US$", "+", " ", "、", "；", "为 ", "up ", "~", "，")
BEHIND = ("亿元", "%", "）", " people", "、", "。", ", ", "万", " ", "；", "-", "，")
WIDE = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789."}
#: several numbers in one, as they are found
SEVERAL = {
    "2024.05": ("2024.05", "2024", "05"),
    "2024.5": ("2024.5",),
    "2024.5.12": ("2024", "5", "12"),
    "1.2.3": ("1", "2", "3"),
    "2024,563.7": ("2024", "563.7"),
    "563.7,500": ("563.7", "500"),
    "2,5000": ("2", "5000"),
    "12,05": ("12", "05"),
    "12，500": ("12", "500"),
}


def write_number(chance):
    """One of few numbers, whose pieces are numbers of others; with what it is found by."""
    whole = chance.choice(
        ("1", "2", "5", "12", "67", "563", "500", "2500", "40000", "12500", "567500", "3000", "1234567")
    )
    value = whole + chance.choice(("", "", ".5", ".7", ".05", ".67", ".500"))
    written = f"{int(whole):,}{value[len(whole) :]}" if chance.random() < 0.6 else value
    if "," not in written and chance.random() < 0.2:
        written = written.translate(WIDE)
    return written, (value,)


def write_text(chance):
    """A text, and where the numbers stand in it."""
    text, places = "", []
    for _ in range(chance.randint(1, 6)):
        written, values = write_number(chance) if chance.random() < 0.8 else chance.choice(tuple(SEVERAL.items()))
        text += chance.choice(BEFORE)
        places += [(value, len(text), len(text) + len(written)) for value in values]
        text += written + chance.choice(BEHIND)
    return text, places


@pytest.fixture(scope="module")
def numbers():
    chance = random.Random(7)
    records = [write_text(chance) for _ in range(1500)]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        fill_index(connection, "shown", ((number, text, "", "") for number, (text, _) in enumerate(records)))
        yield connection, records


def look_up(connection, typed):
    with one_moment(connection):
        expression = write_expression(parse(typed).root, (), _expander(connection, ["temp.shown"], []))
    sql = f"SELECT rowid, highlight(shown, 0, '{BEGIN}', '{END}') FROM shown WHERE shown MATCH ?"
    return dict(connection.execute(sql, (expression,)).fetchall())


def test_whole_numbers_and_no_pieces(numbers):
    connection, records = numbers
    values = {value for _, places in records for value, _, _ in places}
    pieces = {piece for value in values for piece in value.split(".")} | {"000", "234", "234567", "1234", "0", "50"}
    for value in values | pieces:
        expected = {number for number, (_, places) in enumerate(records) if value in {place[0] for place in places}}
        whole, point, rest = value.partition(".")
        forms = {value, value.translate(WIDE), f"{int(whole):,}{point}{rest}" if whole[0] != "0" else value}
        for typed in forms:
            assert set(look_up(connection, typed)) == expected, typed
    assert len(values) > 60
    assert pieces - values


def test_the_number_is_marked_and_nothing_else(numbers):
    connection, records = numbers
    single = {"563.7", "2500", "12500.67", "40000", "1234567.05"}
    for value in single:
        for number, highlighted in look_up(connection, value).items():
            text, places = records[number]
            spans = find_spans(text, highlighted)
            assert "".join(part for part, _ in cut(text, spans)) == text
            marked = {text[start:end] for start, end in spans}
            assert {written.replace(",", "").replace("．", ".") for written in marked} <= {
                value,
                value.translate(WIDE).replace("．", "."),
            }
            if not any(text[start:end] in SEVERAL for _, start, end in places):
                assert list(spans) == [(start, end) for found, start, end in places if found == value]


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("40*", {"40,000", "40.5", "4000", "400,000.5"}),
        ("40,0*", {"40,000"}),
        ("4,00*", {"4,001.5"}),
        ("40.*", {"40,000", "40.5", "4000", "400,000.5"}),
        ("12.0*", {"12.05", "12.07GW"}),
        ("2024.0*", {"2024.05"}),
        ("web3*", {"Web3.0"}),
        ("Web3", {"Web3.0"}),
        ("Web3.0", {"Web3.0"}),
        ("0", set()),
        ("RMB2,500", {"RMB2,500"}),
        ("500", set()),
        ("40000", {"40,000"}),
        ("05", {"2024.05"}),
        ("12.07GW", {"12.07GW"}),
        ("7GW", set()),
    ],
)
def test_beginnings_and_names(typed, texts):
    every = (
        "40,000",
        "40.5",
        "4000",
        "400,000.5",
        "140,400",
        "4,001.5",
        "12.05",
        "12.07GW",
        "2024.05",
        "Web3.0",
        "RMB2,500",
    )
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        fill_index(connection, "shown", ((number, f"约{text}的", "", "") for number, text in enumerate(every)))
        assert {every[number] for number in look_up(connection, typed)} == texts


@pytest.mark.parametrize("text", ["1,234,567.5", "12.05亿", "５．５", f"7.5{PAUSE}1.5", "Web3.0", "2024.05.12"])
def test_pauses_go_away_again(text):
    assert join(segment(text)).translate(WIDE) == text.replace(PAUSE, "").translate(WIDE)
    assert find_spans(text, f"{BREAK}{BEGIN}{segment(text)}{END}") == ((0, len(text)),)
