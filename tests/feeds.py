"""What RFC 4287 and JSON Feed 1.1 demand of a feed, for whoever has made one."""

import functools
import json
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
_GRAMMAR = Path(__file__).parent / "fixtures" / "feeds" / "atom.rng"
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")


@functools.cache
def _grammar():
    return etree.RelaxNG(etree.parse(_GRAMMAR))


def parse_atom(content):
    """The feed's element, when it has kept every rule."""
    feed = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    assert _grammar().validate(feed), _grammar().error_log
    entries = feed.findall(f"{ATOM}entry")
    ids = [each.findtext(f"{ATOM}id") for each in (feed, *entries)]
    assert len(set(ids)) == len(ids), "an id twice"
    for identifier in ids:
        assert _URI.fullmatch(identifier), identifier
    for each in (feed, *entries):
        _check_links(each)
        # the Schematron rules of the appendix
        assert each.find(f"{ATOM}author/{ATOM}name") is not None, "no author"
        links = [link.get("rel", "alternate") for link in each.findall(f"{ATOM}link")]
        assert each is feed or each.find(f"{ATOM}content") is not None or "alternate" in links
    for name in feed.iter(f"{ATOM}name", f"{ATOM}title"):
        assert (name.text or "").strip(), etree.tostring(name)
    for date in feed.iter(f"{ATOM}updated", f"{ATOM}published"):
        assert _DATE.fullmatch(date.text), date.text
        datetime.fromisoformat(date.text)
    return feed


def _check_links(element):
    seen = set()
    for link in element.findall(f"{ATOM}link"):
        assert _URI.fullmatch(link.get("href")), link.get("href")
        assert urlsplit(link.get("href")).scheme in {"http", "https"}
        if link.get("rel", "alternate") == "alternate":
            kind = (link.get("type"), link.get("hreflang"))
            assert kind not in seen, "two alternate links of one type and language"
            seen.add(kind)


def links(element):
    """{rel: href}"""
    return {link.get("rel"): link.get("href") for link in element.findall(f"{ATOM}link")}


def titles(feed):
    return [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]


def ids(feed):
    return [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]


_TEXT, _ADDRESS, _OBJECT = (lambda value: isinstance(value, str)), (lambda value: bool(_URI.fullmatch(value))), dict
_KEYS = {
    "version": _TEXT, "title": _TEXT, "description": _TEXT, "home_page_url": _ADDRESS, "feed_url": _ADDRESS,
}  # fmt: skip
_ITEM_KEYS = {
    "id": _TEXT, "url": _ADDRESS, "external_url": _ADDRESS, "title": _TEXT, "content_html": _TEXT,
    "content_text": _TEXT, "summary": _TEXT, "language": _TEXT,
    "date_published": lambda value: bool(_DATE.fullmatch(value)),
    "date_modified": lambda value: bool(_DATE.fullmatch(value)),
    "tags": lambda value: all(isinstance(each, str) for each in value),
}  # fmt: skip


def parse_json_feed(content):
    """The feed as JSON, when it has kept every rule."""
    feed = json.loads(content.decode("utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    _check(feed, _KEYS, {"authors", "items"})
    for item in feed["items"]:
        _check(item, _ITEM_KEYS, {"authors"})
        assert item["id"]
        assert item.get("content_html") or item.get("content_text")
    identifiers = [item["id"] for item in feed["items"]]
    assert len(set(identifiers)) == len(identifiers)
    return feed


def _check(found, known, more):
    for name, value in found.items():
        if name.startswith("_"):
            assert isinstance(value, dict), name
            assert "." not in name
        elif name == "authors":
            assert all(author["name"] and set(author) <= {"name", "url", "avatar"} for author in value)
        else:
            assert name in more or known[name](value), (name, value)
