"""What each page says, and what stands round all of them."""

import re
from urllib.parse import quote

import pytest

from archive.web.headers import POLICY
from tests.web.collection import BILINGUAL, EDITED, GONE, MISSING, TITLED
from tests.web.markup import parse_inert

OURS = (
    "/",
    "/?q=支付",
    "/?q=支付&sort=newest&ever=1",
    "/?year=2025&state=listed&page=2",
    "/?as_of=2026-01-04",
    "/?q=没有这样的词",
    f"/r/{EDITED}",
    f"/r/{EDITED}/v/1",
    f"/r/{EDITED}/diff/5/6",
    f"/r/{BILINGUAL}",
    f"/r/{GONE}",
    f"/r/{MISSING}",
    f"/r/{TITLED}",
    "/runs",
    "/runs/5",
    "/runs/8",
    "/coverage",
    "/series",
    "/series?q=支付 市场规模",
    "/series?q=没有这样的词",
    "/about",
    "/r/nothing",
    "/nothing",
)
THEIRS = (
    "/archive",
    "/archive/reports",
    "/archive/reports?_facet=state",
    "/archive/runs/4",
    "/archive/search?q=支付",
    "/archive?sql=select+1",
    "/archive?sql=select+wrong",
    "/archive/nothing",
    "/-/metadata",
)


def text_of(served, path):
    return parse_inert(served.get(path).text).text


@pytest.mark.parametrize("path", [*OURS, *THEIRS])
def test_nothing_acts_in_any_page(served, path):
    response = served.get(path)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = parse_inert(response.text)
    assert ("link", {"rel": "stylesheet", "href": "/static/style.css"}) in page.tags
    assert page.ids().count("content") == 1


@pytest.mark.parametrize(
    "path",
    [*OURS, *THEIRS, "/static/style.css", "/archive/reports.json", "/archive/reports.csv", f"/r/{EDITED}/timemap"],
)
def test_every_response_has_the_same_headers(served, path):
    headers = served.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "set-cookie" not in headers


def test_policy_of_the_picture_permits_its_own_style_sheets_alone(served):
    response = served.get("/series.svg?q=支付 市场规模")
    assert response.headers["content-type"].startswith("image/svg+xml")
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "<script" not in response.text
    assert " style=" not in response.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/archive", "/-/auth-token"])
def test_only_reading(served, method, path):
    response = served.client.request(method, served.base + path)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert response.headers["content-security-policy"] == POLICY


def test_head_has_no_body(served):
    response = served.client.head(served.base + "/")
    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.parametrize(
    "path", ["/-/databases.json", "/-/threads.json", "/-/auth-token", "/-/permissions", "/-/logout"]
)
def test_pages_about_the_machine_are_not_there(served, path):
    assert served.get(path).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_other_names_are_refused(served, host):
    """A page elsewhere could point a name of its own to this machine, and read the archive through it."""
    response = served.get("/", headers={"Host": host})
    assert response.status_code == 421
    assert response.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("host", ["localhost", "localhost:8001", "127.0.0.1", "[::1]:8001"])
def test_names_of_this_machine_are_answered(served, host):
    assert served.get("/about", headers={"Host": host}).status_code == 200


def test_unchanged_page_is_not_sent_again(served):
    first = served.get(f"/r/{EDITED}/v/1")
    again = served.get(f"/r/{EDITED}/v/1", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["memento-datetime"] == first.headers["memento-datetime"]
    assert served.get("/", headers={"If-None-Match": "*"}).status_code == 304
    assert served.get(f"/r/{EDITED}/v/2").headers["etag"] != first.headers["etag"]


# the listing


def test_listing_is_newest_first_and_turns_pages(served):
    first, second = parse_inert(served.get("/").text), parse_inert(served.get("/?page=2").text)
    keys = [link for link in first.links() if link.startswith("/r/") and "#" not in link]
    assert keys[0] == "/r/127.0.0.1:318"
    assert len(set(keys)) == 20
    assert not set(keys) & {link for link in second.links() if link.startswith("/r/")}
    assert "Page 1 of 3" in first.text
    assert "/?page=2" in first.links()


@pytest.mark.parametrize("page", ["0", "-1", "x", "99", "9" * 40, "²"])
def test_page_that_there_is_not_is_one_that_there_is(served, page):
    assert "of 3" in text_of(served, f"/?page={quote(page)}")


@pytest.mark.parametrize(("words", "key"), [("支付", EDITED), ("invented digital", BILINGUAL), ("没有编号", TITLED)])
def test_search_finds(served, words, key):
    page = parse_inert(served.get(f"/?q={words}").text)
    assert f"/r/{key}" in page.links()
    assert any(tag == "mark" for tag, _ in page.tags)


def test_old_versions_are_searched_on_demand(served):
    """Version 1 spoke of 12.05 billion yuan; no current reading does."""
    assert "0 of" in text_of(served, "/?q=12.05")
    page = parse_inert(served.get("/?q=12.05&ever=1").text)
    assert any(link.startswith(f"/r/{EDITED}/v/") for link in page.links())
    assert "found in version" in page.text.lower()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=withdrawn", 1),
        ("state=missing", 1),
        ("listing=tag:乙", 3),
        ("series=–", 1),
        ("year=2026", 7),
        ("year=1999", 0),
    ],
)
def test_facets_count_what_they_choose(served, query, count):
    name, value = query.split("=")
    assert f"{count} of 52 reports" in text_of(served, f"/?{query}")
    facet = re.search(
        rf'href="/\?{name}={re.escape(quote(value))}"[^>]*><bdi>[^<]*</bdi> <span class="count">(\d+)',
        served.get("/").text,
    )
    assert (int(facet[1]) if facet else 0) == count


def test_facets_are_counted_within_a_search(served):
    page = served.get("/?q=支付").text
    assert 'href="/?q=%E6%94%AF%E4%BB%98&amp;state=listed"' in page
    assert 'state=withdrawn"' not in page


def test_as_of_is_what_was_known_then(served):
    assert "47 reports" not in text_of(served, "/")
    assert "44 of" not in text_of(served, "/?as_of=2026-01-02")
    page = parse_inert(served.get("/?as_of=2026-01-02&q=支付").text)
    assert f"/r/{EDITED}/v/1" in page.links()
    assert "withdrawn" not in text_of(served, "/?as_of=2026-01-07&state=missing").split("Year in the title")[0].replace(
        "withdrawn 0", ""
    )
    assert "1 of" in text_of(served, "/?as_of=2026-01-07&state=missing")


@pytest.mark.parametrize(
    ("as_of", "status"), [("2025-01-01", 200), ("2026-02-31", 400), ("yesterday", 400), ("99", 400), ("3", 200)]
)
def test_odd_points_in_time(served, as_of, status):
    response = served.get(f"/?as_of={as_of}")
    assert response.status_code == status
    assert "Traceback" not in response.text
    if as_of == "2025-01-01":
        assert "knew no report" in response.text


def test_nothing_found_is_explained_by_what_was_looked_at(served):
    text = text_of(served, "/?q=没有这样的词")
    assert "No report matches that" in text
    assert "tag:甲 : last complete night 2026-02-05 (night 27)" in text.replace("甲:", "甲 :")


def test_sparkline_counts_what_was_new(served):
    """Six of the reports came after the first walk of their listing."""
    page = served.get("/").text
    assert "7 in all" in page
    assert "45 were there on a first walk" in text_of(served, "/")


# a report


def test_report_has_both_languages_side_by_side_with_marked_figures(served):
    page = parse_inert(served.report(BILINGUAL).text)
    marked = {
        attributes["id"]: attributes
        for tag, attributes in page.tags
        if attributes.get("class", "").startswith("figure")
    }
    assert {"zh", "en"} == {place.split("-")[0] for place in marked}
    for place, attributes in marked.items():
        assert attributes["href"].removeprefix("#") in marked
        assert marked[attributes["href"].removeprefix("#")]["href"] == f"#{place}"
        assert attributes["title"].startswith("extracted: ")
    assert "Where the two languages disagree" in page.text
    assert "Another power of ten" in page.text


def test_report_without_a_language_says_so(served):
    assert "The listing gave no English text." in text_of(served, f"/r/{TITLED}")


def test_history_tells_edits_from_corrections(served):
    text = text_of(served, f"/r/{EDITED}")
    assert text.count("The site was edited: ") == 2
    assert text.count("Our reading was corrected; the site was not edited: Chinese summary") == 3
    assert "Version 6 of 6" in text


def test_withdrawn_report_stays(served):
    response = served.report(GONE)
    assert response.status_code == 200
    assert "no longer listed since 2026-01-13" in parse_inert(response.text).text
    assert "The last complete walk did not find this report" in text_of(served, f"/r/{MISSING}")


def test_key_may_be_encoded_or_not(served):
    assert served.get(f"/r/{EDITED}").text == served.get(f"/r/{quote(EDITED, safe='')}").text


@pytest.mark.parametrize(
    "path",
    ["/r/nothing", "/r/127.0.0.1:999", f"/r/{EDITED}/v/7", f"/r/{EDITED}/v/0", f"/r/{EDITED}/diff/1/9", "/runs/99"],
)
def test_what_is_not_there_is_said_in_a_sentence(served, path):
    response = served.get(path)
    assert response.status_code == 404
    lead = re.search(r'<p class="lead">(.*?)</p>', response.text)[1]
    assert re.fullmatch(r"(There is no|This report has no) .*\.", lead), lead


def test_comparison_shows_both_sides(served):
    page = parse_inert(served.get(f"/r/{EDITED}/diff/1/2").text)
    assert "12.05" in page.text
    assert "12.55" in page.text
    assert [tag for tag, _ in page.tags if tag in {"del", "ins"}]
    assert "Verdict: figures" in page.text


# to take away


@pytest.mark.parametrize(("form", "sign"), [("bibtex", "@"), ("csl", '"URL"'), ("ris", "TY  - "), ("text", "/v/2")])
def test_citation_names_the_permalink(served, form, sign):
    response = served.report(EDITED, f"/v/2/cite/{form}")
    assert response.headers["content-disposition"].startswith('attachment; filename="127.0.0.1-101-v2.')
    assert sign in response.text
    assert f"{served.base}/r/{EDITED}/v/2" in response.text.replace("\\", "")


def test_capture_is_a_file_of_bytes_with_the_digest_of_the_record(served):
    import hashlib

    record = served.report(EDITED, "/v/2/record.json").json()
    response = served.report(EDITED, "/v/2/capture")
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["content-disposition"].startswith("attachment")
    assert hashlib.sha256(response.content).hexdigest() == record["capture"]["sha256"]
    assert (record["key"], record["version"]) == (EDITED, 2)


def test_csv_of_datasette_holds_no_formula(served):
    rows = served.get("/archive.csv?sql=select+'=1%2B1','@a',-5,'a'").text.splitlines()
    assert rows[1] == "'=1+1,'@a,-5,a"


# nights, coverage, figures, tables


def test_nights_and_their_gates(served):
    assert "27" in text_of(served, "/runs")
    text = text_of(served, "/runs/5")
    assert "partial" in text
    assert "Stopped by" in text
    assert "entries-present" in text
    assert "passed" in text


def test_calendar_names_every_status_in_words(served):
    page = parse_inert(served.get("/coverage").text)
    assert "24 complete, 2 partial, 9 missed" in page.text
    assert "26 complete, 9 missed" in page.text
    assert "/runs/5" in page.links()
    assert re.search(r"6 ◐ partial", page.text)


def test_series_is_a_table_and_a_picture(served):
    page = parse_inert(served.get("/series?q=支付 市场规模").text)
    assert "12,050,000,000" in page.text
    assert "+8.3 %" in page.text
    assert [attributes["src"] for tag, attributes in page.tags if tag == "img"] == [
        f"/series.svg?q={quote('支付')}+{quote('市场规模')}"
    ]


def test_picture_of_a_series_without_figures_says_so(served):
    response = served.get("/series.svg?q=没有这样的量")
    assert response.status_code == 200
    assert "nothing to draw" in response.text


@pytest.mark.parametrize("query", ['"', "*", "，。"])
def test_series_of_no_word_keeps_the_form(served, query):
    response = served.get(f"/series?q={quote(query)}")
    assert response.status_code == 400
    page = parse_inert(response.text)
    assert "no word to search for" in page.text
    assert "`" not in page.text
    assert ("input", query) in [(tag, attributes.get("value")) for tag, attributes in page.tags]


def test_tables_are_described_and_the_recipe_searches(served):
    text = text_of(served, "/archive/reports")
    assert "Key of the report" in text
    rows = served.get("/archive/search.json?q=支付&_shape=array").json()
    assert EDITED in {row["key"] for row in rows}
    assert "version_index" not in text_of(served, "/archive").split("The tables beneath")[1]


@pytest.mark.parametrize(
    "table", ["events", "item_versions", "captures", "memberships", "walks", "issues", "sightings"]
)
def test_tables_that_refer_to_others_are_shown(served, table):
    """Their references leave the column out, which Datasette alone would answer with a 500."""
    assert served.get(f"/archive/{table}?_size=3").status_code == 200


def test_row_shows_what_refers_to_it(served):
    assert "from run_id in events" in text_of(served, "/archive/runs/1")


def test_sql_is_stopped_in_time(served):
    endless = "with recursive c(n) as (select 1 union all select n+1 from c) select max(n) from c"
    response = served.get(f"/archive.json?sql={quote(endless)}")
    assert response.status_code == 400
    assert "interrupted" in response.text.lower()


@pytest.mark.parametrize(
    "sql", ["delete from items", "attach ':memory:' as x", "create table x (y)", "pragma user_version=9"]
)
def test_sql_writes_nothing(served, sql):
    assert served.get(f"/archive.json?sql={quote(sql)}").status_code in {400, 403}
