"""Permalinks that never change their meaning, as mementos (RFC 7089)."""

import re
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from archive.web.mementos import find_original
from tests.web.collection import EDITED

LINK = re.compile(r'<([^<>\s]*)>((?:;\s*[a-z]+="[^"]*")*)(?:,\s*|\s*$)')


def parse_links(text):
    """[(address, {attribute: value})]; everything must be a link."""
    found, at = [], 0
    for match in LINK.finditer(text):
        assert match.start() == at, text[at : match.start()]
        at = match.end()
        found.append((match[1], dict(re.findall(r'([a-z]+)="([^"]*)"', match[2]))))
    assert at == len(text)
    return found


def related(links, word):
    return [address for address, attributes in links if word in attributes["rel"].split()]


def test_version_says_when_it_was_shown_and_who_stands_beside_it(served):
    response = served.report(EDITED, "/v/2")
    links = parse_links(response.headers["link"])
    permalink = f"{served.base}/r/{EDITED}"
    assert response.headers["memento-datetime"] == "Mon, 05 Jan 2026 18:32:24 GMT"
    assert related(links, "original") == [served.report(EDITED, "/v/2/record.json").json()["url"]]
    assert related(links, "timegate") == [permalink]
    assert related(links, "timemap") == [f"{permalink}/timemap"]
    assert related(links, "prev") == related(links, "first") == [f"{permalink}/v/1"]
    assert related(links, "next") == [f"{permalink}/v/3"]
    assert related(links, "last") == [f"{permalink}/v/6"]
    assert f"{permalink}/v/2" in related(links, "memento")
    assert response.headers["link"].isascii()


def test_timemap_lists_every_version_with_its_time(served):
    response = served.report(EDITED, "/timemap")
    assert response.headers["content-type"] == "application/link-format; charset=utf-8"
    links = parse_links(response.text)
    mementos = [(address, attributes) for address, attributes in links if "memento" in attributes["rel"].split()]
    assert [address.rpartition("/")[2] for address, _ in mementos] == ["1", "2", "3", "4", "5", "6"]
    for address, attributes in mementos:
        version = served.client.get(address)
        assert version.headers["memento-datetime"] == attributes["datetime"]
    (about,) = [attributes for _, attributes in links if attributes["rel"] == "self"]
    assert parsedate_to_datetime(about["from"]) <= parsedate_to_datetime(about["until"])


def test_all_versions_are_mementos_of_one_resource(served):
    """Whatever page of the listing each stood on; the archived page itself is a memento of that page."""
    tails = ("", "/timemap", "/v/1", "/v/4", "/v/6", "/v/6/record.json")
    answers = [served.report(EDITED, tail) for tail in tails]
    links = [parse_links(answer.text if "timemap" in answer.url.path else answer.headers["link"]) for answer in answers]
    assert len({tuple(related(each, "original")) for each in links}) == 1
    capture = served.report(EDITED, "/v/2/capture")
    assert parse_links(capture.headers["link"]) == [("http://127.0.0.1/tag/%E7%94%B2", {"rel": "original"})]
    assert capture.headers["memento-datetime"] == "Mon, 05 Jan 2026 18:32:24 GMT"


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)"])
def test_report_without_an_address_is_a_memento_of_its_first_page(url):
    versions = [{"capture_url": "http://127.0.0.1/tag/甲"}, {"capture_url": "http://127.0.0.1/tag/甲?page=2"}]
    assert find_original(url, versions) == "http://127.0.0.1/tag/甲"


def test_permalink_says_the_same_whatever_came_later(served):
    """Version 1 is the first reading, although version 4 corrects it and version 6 is current."""
    record = served.report(EDITED, "/v/1/record.json").json()
    assert record["summary_en"].startswith("Data show that the market size of invented payments in China reached 12.05")
    assert "〔旧〕" not in record["summary_zh"]
    page = served.report(EDITED, "/v/1").text
    assert 'reached <a class="figure' in page
    assert "The current reading is" in page
    assert "as we first read what the site showed" in page
    assert "version 4</a> corrects that reading" in page
    assert "as the site showed it on" in served.report(EDITED, "/v/5").text


@pytest.mark.parametrize(("days", "version"), [(-9, 4), (0, 4), (2.9, 4), (3.5, 5), (20, 6)])
def test_gate_leads_to_what_the_site_showed_then_by_our_best_reading(served, days, version):
    first = parsedate_to_datetime(served.report(EDITED, "/v/1").headers["memento-datetime"])
    moment = format_datetime(first + timedelta(days=days), usegmt=True)
    response = served.get(f"/r/{EDITED}", headers={"Accept-Datetime": moment})
    assert response.status_code == 302
    assert response.headers["location"] == f"/r/{EDITED}/v/{version}"
    assert "accept-datetime" in response.headers["vary"].lower()


def test_gate_refuses_what_is_no_date(served):
    assert served.get(f"/r/{EDITED}", headers={"Accept-Datetime": "yesterday"}).status_code == 400


def test_as_of_leads_to_the_version_known_then(served):
    """On 6 January nobody had corrected anything yet."""
    assert served.get(f"/r/{EDITED}?as_of=2026-01-06").headers["location"] == f"/r/{EDITED}/v/2"
    assert served.get(f"/r/{EDITED}?as_of=2025-12-31").status_code == 400
