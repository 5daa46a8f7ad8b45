"""The feeds of `baogao serve`, as feed readers ask for them: again and again."""

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from archive.deciding import add_alias
from archive.feeds.atom import build_atom
from archive.feeds.entries import load_feed
from archive.feeds.jsonfeed import build_json_feed
from archive.feeds.selection import make_selection
from archive.store import open_for_reading
from tests.feeds import ids, links, parse_atom, parse_json_feed, titles
from tests.web import collection
from tests.web.conftest import serving
from tests.web.markup import parse_inert

PATHS = ("/feed.atom", "/feed.json", "/feed.atom?on=all", "/feed.json?q=咖啡&listing=甲", "/feed.atom?q=没有这样的词")


def parse(response):
    return (
        parse_atom(response.content)
        if "atom" in response.headers["content-type"]
        else parse_json_feed(response.content)
    )


@pytest.mark.parametrize("path", PATHS)
def test_feed_is_valid_and_of_its_type(served, path):
    response = served.get(path)
    assert response.status_code == 200
    kind = "atom+xml" if "atom" in path else "feed+json"
    assert response.headers["content-type"] == f"application/{kind}; charset=utf-8"
    parse(response)


def test_feed_is_that_of_the_command(served, nights):
    connection = open_for_reading(nights.data)
    asked = {"on": ["all"], "listing": "甲", "query": "虚构"}
    feed = load_feed(connection, make_selection(connection, **asked), base_url=served.base)
    connection.close()
    assert len(feed.entries) > 5
    assert served.get("/feed.atom?on=all&listing=甲&q=虚构").content == build_atom(feed)
    assert served.get("/feed.json?on=all&listing=甲&q=虚构").content == build_json_feed(feed)


def test_feed_names_itself_and_its_links_lead_somewhere(served):
    feed = parse(served.get("/feed.atom?on=withdrawn,changed&listing=%E7%94%B2"))
    itself = links(feed)["self"]
    assert parse(served.client.get(itself)).findtext("{*}id") == feed.findtext("{*}id")
    assert "reports" in served.client.get(links(feed)["alternate"]).text
    for entry in feed.findall("{*}entry"):
        assert served.client.get(links(entry)["related"]).status_code == 200


def test_behind_a_proxy_links_are_of_the_configured_address(nights, tmp_path):
    base, config = "https://reports.example.org/archive", tmp_path / "baogao.toml"
    config.write_text(f'[web]\nbase_url = "{base}/"\n', encoding="utf-8")
    with serving(nights.data.root, "--config", str(config)) as site:
        feed = parse(site.get("/feed.atom?on=all"))
        cited = site.report(collection.EDITED, "/v/2/cite/ris").text
    assert links(feed) == {"self": f"{base}/feed.atom?on=all", "alternate": f"{base}/"}
    assert all(links(entry)["related"].startswith(f"{base}/r/") for entry in feed.findall("{*}entry"))
    assert f"{base}/r/{collection.EDITED}/v/2" in cited


def test_kinds_are_those_that_were_asked_for(served):
    new, changed, every = (served.get(f"/feed.atom{query}") for query in ("", "?on=changed", "?on=all"))
    assert set(ids(parse(new))) | set(ids(parse(changed))) < set(ids(parse(every)))
    assert not set(ids(parse(new))) & set(ids(parse(changed)))
    twice = served.get("/feed.atom?on=changed&on=withdrawn")
    assert titles(parse(twice)) == titles(parse(served.get("/feed.atom?on=withdrawn,changed")))
    assert set(ids(parse(twice))) | set(ids(parse(new))) == set(ids(parse(every)))
    assert len(ids(parse(new))) == 7


def test_empty_parameters_are_none(served):
    """As a form sends them."""
    assert served.get("/feed.atom?q=&listing=&on=").content == served.get("/feed.atom").content


@pytest.mark.parametrize(
    "query", ["on=cosmetic", "on=changed,x", "listing=nowhere", "q=-x", "q=%22", "q=" + "x" * 1100]
)
@pytest.mark.parametrize("name", ["feed.atom", "feed.json"])
def test_wrong_parameter_is_a_page_that_says_so(served, name, query):
    response = served.get(f"/{name}?{query}")
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/html")
    assert "etag" not in response.headers or "last-modified" not in response.headers
    assert "That can't be answered" in parse_inert(response.text).text


# again


@pytest.mark.parametrize("path", PATHS)
def test_feed_that_is_known_is_not_sent_again(served, path):
    first = served.get(path)
    tag, changed = first.headers["etag"], first.headers["last-modified"]
    assert tag.startswith('"')
    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"x", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": changed},
        {"If-Modified-Since": later(changed, 60)},
        {"If-None-Match": tag, "If-Modified-Since": later(changed, -60)},
    ):
        again = served.get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b""), headers
        assert (again.headers["etag"], again.headers["last-modified"]) == (tag, changed)
    for headers in (
        {"If-None-Match": '"x"'},
        {"If-None-Match": '"x"', "If-Modified-Since": changed},
        {"If-Modified-Since": later(changed, -1)},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": ""},
        {"If-Modified-Since": changed.removesuffix(" GMT")},
        {"If-Modified-Since": changed.replace("GMT", "+" + "9" * 20)},
    ):
        again = served.get(path, headers=headers)
        assert (again.status_code, again.content) == (200, first.content), headers


def later(moment, seconds):
    return format_datetime(parsedate_to_datetime(moment) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("path", PATHS[:2])
def test_head(served, path):
    response = served.client.head(served.base + path)
    known = served.get(path)
    assert (response.status_code, response.content) == (200, b"")
    for name in ("etag", "last-modified", "content-type"):
        assert response.headers[name] == known.headers[name]
    again = served.client.head(served.base + path, headers={"If-None-Match": known.headers["etag"]})
    assert again.status_code == 304


def test_wrong_feed_is_never_taken_for_known(served):
    assert served.get("/feed.atom?on=x", headers={"If-None-Match": "*"}).status_code == 400


def test_what_happens_in_the_archive_is_seen(tmp_path):
    nights = collection.play(tmp_path / "data")
    with serving(nights.data.root) as site:
        first = site.get("/feed.atom")
        known = {"If-Modified-Since": first.headers["last-modified"]}
        assert site.get("/feed.atom", headers=known).status_code == 304
        nights.publisher.publish("127.0.0.1:500", "甲", title="虚构咨询 | 2026年又一份虚构报告")
        nights.night()
        second = site.get("/feed.atom", headers=known)
        assert second.status_code == 200
        assert titles(parse(second))[0] == "虚构咨询 | 2026年又一份虚构报告"
        assert ids(parse(second))[1:] == ids(parse(first))
        with nights.opened() as connection:
            add_alias(
                connection, nights.data, "127.0.0.1:500", "127.0.0.1:301", "moved", nights.reader, now=nights.now()
            )
        third = site.get("/feed.atom", headers={"If-Modified-Since": second.headers["last-modified"]})
        assert third.status_code == 200
        assert ids(parse(third)) == ids(parse(second))
        assert titles(parse(third)) == titles(parse(second))


def test_other_documents_are_sent_as_before(served):
    path = f"/r/{collection.EDITED}/v/1/record.json"
    again = served.get(path, headers={"If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT"})
    assert (again.status_code, again.content) == (200, served.get(path).content)


# the way there


@pytest.mark.parametrize(
    ("query", "carried"),
    [("", ""), ("?q=支付&year=2025", "?q=%E6%94%AF%E4%BB%98"), ("?listing=tag:乙", "?listing=tag%3A%E4%B9%99")],
)
def test_listing_leads_to_its_feed(served, query, carried):
    page = parse_inert(served.get(f"/{query}").text)
    heads = [attributes for tag, attributes in page.tags if tag == "link" and attributes["rel"] == "alternate"]
    assert [(each["type"], each["href"]) for each in heads] == [
        ("application/atom+xml", f"/feed.atom{carried}"),
        ("application/feed+json", f"/feed.json{carried}"),
    ]
    assert f"/feed.atom{carried}" in page.links()
    for each in heads:
        parse(served.get(each["href"]))
