"""What the crawler decides without a network."""

from datetime import UTC, datetime

import pytest
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError

from archive.config import DEFAULT_USER_AGENT
from archive.retry_after import parse_retry_after
from crawler import settings
from crawler.guard import may_ask, may_connect
from crawler.retry import back_off
from crawler.robots import product_token, read_robots
from crawler.spiders.reports import split_urls
from crawler.stops import explain, judge_status

HOME = "https://report.example.com/tag/a"


@pytest.mark.parametrize(
    "url",
    [
        "https://report.example.com/tag/a?page=2",
        "https://report.example.com:443/x",
        "https://REPORT.example.com/x",
    ],
)
def test_the_site_of_the_listing_may_be_asked(url):
    assert may_ask(url, home=HOME) is None


@pytest.mark.parametrize(
    ("url", "home", "reason"),
    [
        ("https://example.com/", HOME, "leads away"),
        ("https://evil.report.example.com/", HOME, "leads away"),
        ("https://report.example.com.evil.com/", HOME, "leads away"),
        ("https://report.example.com:8443/", HOME, "leads away"),
        ("http://report.example.com/", HOME, "leads away"),  # TLS is not given up again
        ("https://report.example.com@evil.com/", HOME, "user name"),
        ("https://me:secret@report.example.com/", HOME, "user name"),
        ("file:///etc/passwd", HOME, "neither http nor https"),
        ("ftp://report.example.com/", HOME, "neither http nor https"),
        ("data:text/html,x", HOME, "neither http nor https"),
        ("https://report.example.com:99999/", HOME, "not a web address"),
        ("https://[::1/", HOME, "not a web address"),
        ("http://127.0.0.1:8001/", "http://127.0.0.1:8000/", "leads away"),
        ("http://169.254.169.254/latest/meta-data/", "http://169.254.169.254/", "not a public address"),
        ("http://10.0.0.1/", "http://10.0.0.1/", "not a public address"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:127.0.0.1]/", "not a public address"),
        ("http://0.0.0.0/", "http://0.0.0.0/", "not a public address"),
    ],
)
def test_everything_else_may_not(url, home, reason):
    assert reason in may_ask(url, home=home)


def test_http_may_become_https_of_the_same_host():
    assert may_ask("https://example.com/x", home="http://example.com/") is None
    assert may_ask("https://example.com:8443/x", home="http://example.com:8080/") is not None


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::"),
    ],
)
def test_no_public_host_leads_to_an_address_that_is_not_public(address):
    assert not may_connect("report.example.com", address)
    assert not may_connect(address.partition("%")[0], "10.0.0.1")


@pytest.mark.parametrize("address", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "2606:4700::1111"])
def test_public_addresses_may_be_connected_to(address):
    assert may_connect("report.example.com", address)
    assert not may_connect("localhost", address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_a_loopback_host_leads_to_loopback_only(host):
    assert may_connect(host, "127.0.0.1")
    assert not may_connect(host, "192.168.1.1")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("1000000000", 1e9),
        ("9" * 400, None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("soon", None),
        ("", None),
        ("Thu, 01 Jan 2026 18:30:45 GMT", 45),
        ("Thu, 01 Jan 2026 18:30:45 -0000", 45),
        ("Thu, 01 Jan 2026 18:00:00 GMT", 0),
        ("Thursday, 01-Jan-26 18:31:00 GMT", 60),
        ("Thu, 99 Jan 2026 18:30:45 GMT", None),
        ("\u0665", None),  # a digit, but not of HTTP
    ],
)
def test_retry_after(value, seconds):
    assert parse_retry_after(value, now=datetime(2026, 1, 1, 18, 30, tzinfo=UTC)) == seconds


def test_back_off_doubles_and_never_falls_below_its_pause():
    assert [back_off(n, pause=1, chance=0) for n in (1, 2, 3)] == [1, 2, 4]
    assert back_off(1, pause=1, chance=1) == 1.5


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, None),
        *((status, "blocked") for status in (401, 403, 407, 429)),
        *((status, "fetch error") for status in (204, 206, 301, 304, 400, 404, 410, 418, 500, 503, 999)),
    ],
)
def test_statuses(status, kind):
    stop = judge_status(status)
    assert (stop and stop.kind) == kind


RULES = b"""\
User-agent: *
Disallow: /private
Crawl-delay: 3

User-agent: baogao
Disallow: /tag/
Allow: /tag/open
Crawl-delay: 7
"""


def test_robots_rules_for_our_name_come_before_those_for_all():
    rules = read_robots(200, RULES)
    assert rules.forbid("http://x/tag/a", "baogao")
    assert rules.forbid("http://x/tag/open", "baogao") is None
    assert rules.forbid("http://x/private", "baogao") is None
    assert rules.forbid("http://x/private", "other")
    assert (rules.crawl_delay("baogao"), rules.crawl_delay("other")) == (7, 3)


@pytest.mark.parametrize(
    ("status", "body", "allowed"),
    [
        (200, b"", True),
        (200, b"<!DOCTYPE html><html><body>Disallow: /</body></html>", True),
        (200, b"\xff\xfe\x00garbage", True),
        (200, b"\xef\xbb\xbfUser-agent: *\nDisallow: /", False),
        (200, b"User-agent: *\nDisallow: /tag\n" + b"#" * 600_000, False),
        (200, b"#" * 600_000 + b"\nUser-agent: *\nDisallow: /tag\n", True),  # behind what has to be read
        (404, b"User-agent: *\nDisallow: /", True),
        (410, b"", True),
        (401, b"", True),
        (403, b"", True),
        (429, b"", False),
        (500, b"", False),
        (503, b"User-agent: *\nAllow: /", False),
        (302, b"", False),
    ],
)
def test_robots_by_rfc_9309(status, body, allowed):
    assert (read_robots(status, body).forbid("http://x/tag/a", "baogao") is None) == allowed


@pytest.mark.parametrize(
    ("agent", "token"),
    [("baogao/0.1 (+https://example.com)", "baogao"), ("Robot", "Robot"), ("my bot/2", "my bot"), ("/x", "/x")],
)
def test_product_token(agent, token):
    assert product_token(agent) == token


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("http://a/tag/x", ["http://a/tag/x"]),
        ("http://a/x, https://b/y", ["http://a/x", "https://b/y"]),
        ("http://a/x\nhttp://a/y", ["http://a/x", "http://a/y"]),
        ("http://a/tag/x,y", ["http://a/tag/x,y"]),
        ("", []),
    ],
)
def test_urls_of_the_spider_argument(text, urls):
    assert split_urls(text) == urls


def test_errors_are_explained_in_words():
    assert explain(DownloadTimeoutError("Getting http://x took longer than 1 seconds.")) == "no complete answer in time"
    deep = DownloadFailedError("[<twisted.python.failure.Failure object at 0x7f>]")
    deep.__cause__ = ConnectionResetError("Connection was\nreset.")
    assert explain(deep) == "Connection was reset"


def test_settings_name_the_same_agent_as_the_configuration():
    assert settings.USER_AGENT == DEFAULT_USER_AGENT
