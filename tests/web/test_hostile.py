"""An archive full of hostile texts, and a visitor who types them: nothing ever acts, nothing breaks."""

import csv
import dataclasses
import io
import re
from urllib.parse import quote

import pytest

from archive.captures import Reader
from archive.derive import derive
from archive.printable import spell_out
from tests.nights import Nights, Publisher, read_json
from tests.web.conftest import serving
from tests.web.markup import ACTING, parse_inert
from tests.web.payloads import PAYLOADS

URLS = (
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example/x",
    "http://evil.example/a b",
    "https://ok.example/",
    "",
)


def read_hostile(body, **where):
    """The reader of the nights, with addresses that no page should have."""
    page = read_json(body, **where)
    entries = [dataclasses.replace(entry, url=URLS[place % len(URLS)]) for place, entry in enumerate(page.entries)]
    return dataclasses.replace(page, entries=tuple(entries))


def key_of(number):
    return f"127.0.0.1:{1000 + number}" if number % 3 else f"title:{number:016x}"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    publisher = Publisher()
    for number, payload in enumerate(PAYLOADS):
        publisher.publish(
            key_of(number),
            "甲",
            title=f"虚构{payload} | {payload}",
            zh=f"规模达12.5亿元{payload}\n{payload}",
            en=f"{payload} 1.25 billion yuan",
            brands=[payload],
        )
    nights = Nights(tmp_path_factory.mktemp("hostile") / "data", publisher, reader=Reader(1, read_hostile))
    nights.night()
    for number, payload in enumerate(PAYLOADS):
        publisher.edit(key_of(number), en=f"{payload} 1.35 billion yuan {payload}")
    assert nights.night().outcome == "rejected"  # too many at once to be believed
    nights.accept(2)
    with nights.opened() as connection:
        derive(connection, print)
    with serving(nights.data.root) as site:
        yield site


def shows(text):
    """The payload as a page shows it: spelled out, blanks folded."""
    return " ".join(spell_out(text, keep="\n\t\r").split())


@pytest.mark.parametrize("page", range(1, 6))
def test_listing_of_hostile_titles(hostile, page):
    parse_inert(hostile.get(f"/?page={page}").text)


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_report_with_a_hostile_text(hostile, number):
    key = key_of(number)
    response = hostile.report(key, "/v/1" if number % 2 else "")
    assert response.status_code == 200
    assert shows(PAYLOADS[number]) in parse_inert(response.text).text
    assert hostile.report(key, "/timemap").text.isascii()
    for form in ("bibtex", "ris", "text", "csl")[number % 4 :: 4]:
        response = hostile.report(key, f"/v/1/cite/{form}")
        assert response.status_code == 200
        assert "html" not in response.headers["content-type"]
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", response.text)


@pytest.mark.parametrize("number", range(0, len(PAYLOADS), 5))
def test_comparison_of_hostile_texts(hostile, number):
    response = hostile.report(key_of(number), "/diff/1/2")
    assert response.status_code == 200
    parse_inert(response.text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_words_typed_anywhere(served, payload):
    typed = quote(payload, safe="")
    for path in (f"/?q={typed}&ever=1", f"/?listing={typed}&series={typed}&page={typed}"):
        response = served.get(path)
        assert response.status_code in {200, 400}, path
        parse_inert(response.text)


@pytest.mark.parametrize("payload", PAYLOADS[::7])
def test_hostile_words_in_places_where_one_types_less(served, payload):
    typed = quote(payload, safe="")
    for path in (
        f"/?as_of={typed}",
        f"/series?q={typed}",
        f"/coverage?listing={typed}&year={typed}",
        f"/r/{typed}",
        f"/archive?sql={typed}",
        f"/archive/search?q={typed}",
        f"/archive/reports?title__contains={typed}",
        f"/archive/{typed}",
    ):
        response = served.get(path, follow_redirects=True)
        assert 200 <= response.status_code < 500, (path, response.status_code)
        if response.headers["content-type"].startswith("text/html"):
            parse_inert(response.text)


@pytest.mark.parametrize(
    "path", ["/archive/reports", "/archive/item_versions", "/archive/report_figures", "/runs/2", "/archive/events"]
)
def test_tables_of_hostile_texts(hostile, path):
    parse_inert(hostile.get(path).text)


def test_csv_of_hostile_texts_holds_no_formula(hostile):
    text = hostile.get("/archive/reports.csv?_stream=on").text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) > len(PAYLOADS)
    for row in rows:
        for cell in row:
            assert not re.match("[=+@\t\r＝＋＠]|-[^0-9]", cell), cell


def test_json_of_hostile_texts_is_no_page(hostile):
    response = hostile.get("/archive/reports.json")
    assert response.headers["content-type"].startswith("application/json")
    assert response.headers["x-content-type-options"] == "nosniff"


def test_acting_characters_are_told_from_text():
    """The measure of these tests itself."""
    assert ACTING.search("\u202e")
    assert not ACTING.search("虚构 text\n")
