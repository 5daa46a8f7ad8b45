"""The invented site: its content must be plausible, its server real, and its faults what they claim to be."""

import gzip
import http.client
import re
import time
from decimal import Decimal

import pytest

from archive.replica import catalogue, demo_nights, demo_site, listing_path, serve
from archive.replica.demo import TAG
from archive.text import fold
from tests import faults_server as fs

REPORTS = catalogue(300)
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_the_same_seed_gives_the_same_reports():
    assert catalogue(40) == REPORTS[:40]
    assert catalogue(40, seed=1) != REPORTS[:40]
    assert len({r.title for r in REPORTS}) == len({r.id for r in REPORTS}) == 300
    assert [r.id for r in REPORTS] == sorted((r.id for r in REPORTS), reverse=True)
    assert [r.date for r in REPORTS] == sorted((r.date for r in REPORTS), reverse=True)


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_summaries_are_plausible(start):
    for report in REPORTS[start : start + 100]:
        check(report)


def check(report):
    zh, en = "".join(report.zh), "".join(report.en)
    assert 260 <= len(zh) <= 700
    assert 3.5 <= len(en) / len(zh) <= 4.5
    assert len(report.zh) == len(report.en)
    assert not HAN.search(re.sub(r'"[^"]*"', "", en))
    assert "{" not in zh + en
    shares = re.compile(r"\d+\.\d\d%")
    assert sorted(shares.findall(zh)) == sorted(shares.findall(en))
    assert sorted(_yuan_zh(zh)) == sorted(_yuan_en(en))


def _yuan_zh(text):
    units = {"亿": Decimal(10) ** 8, "万亿": Decimal(10) ** 12, "万": Decimal(10) ** 4}
    found = re.findall(r"([\d.]+) ?(万亿|亿|万)(?:元|美元)", text)
    return [Decimal(number) * units[unit] for number, unit in found]


def _yuan_en(text):
    units = {"billion ": Decimal(10) ** 9, "trillion ": Decimal(10) ** 12}
    found = re.findall(r"([\d.,]+) (billion |trillion )?(?:yuan|US dollars)", text)
    amounts = [Decimal(number.replace(",", "")) * units.get(unit, 1) for number, unit in found]
    return [amount for amount in amounts if amount >= 10_000]  # prices are plain yuan in both


def test_a_page_compresses_like_a_real_one():
    site = demo_site()
    page = site.page(TAG, 5)
    assert site.last_page(TAG) == 77
    assert len(gzip.compress(page)) > 11_000
    assert "本页内容纯属虚构" in page.decode()
    assert "Everything on this page is invented" in page.decode()


def test_the_nights_of_the_demo():
    site, seen = demo_site(), []
    for night in demo_nights():
        before = dict(site.reports)
        night.prepare(site)
        edited = [(r, site.reports[i]) for i, r in before.items() if site.reports[i] != r]
        seen.append((night.name, len(site.listings[TAG]), len(edited)))
        if night.name == "edits":
            changed = [(a, b) for a, b in edited if fold("".join(a.en)) != fold("".join(b.en))]
            cosmetic = [(a, b) for a, b in edited if a.en == b.en]
            assert len(changed) == len(cosmetic) == 1
            assert changed[0][0].zh == changed[0][1].zh
            assert fold("".join(cosmetic[0][0].zh)) == fold("".join(cosmetic[0][1].zh))
    assert [name for name, _, _ in seen] == ["baseline", "new report", "edits", "captcha", "withdrawn"]
    assert [count for _, count, _ in seen] == [770, 771, 770, 770, 770]
    assert [edits for _, _, edits in seen] == [0, 0, 2, 0, 0]


@pytest.fixture
def served():
    site = demo_site()
    with serve(site) as running:
        yield running


def ask(served, number=1, path=None, timeout=5):
    client = http.client.HTTPConnection("127.0.0.1", served.port, timeout=timeout)
    try:
        client.request("GET", path or f"{listing_path(TAG)}?page={number}")
        answer = client.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        client.close()


def test_the_server_keeps_connections_and_a_log(served):
    client = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    for number in (1, 2, 78):
        client.request("GET", f"{listing_path(TAG)}?page={number}", headers={"X-Test": "1"})
        answer = client.getresponse()
        assert answer.status == (404 if number == 78 else 200)
        assert len(answer.read()) == int(answer.headers["Content-Length"])
    client.close()
    assert [request.query["page"] for request in served.requests] == ["1", "2", "78"]
    assert served.requests[0].headers["x-test"] == "1"
    assert ask(served, path="/robots.txt")[:2] == (200, b"User-agent: *\nAllow: /\n")
    assert ask(served, path=served.site.shown(TAG, 1)[0].href)[0] == 200
    assert ask(served, path="/nothing")[0] == 404


def test_what_the_publisher_does_shows_at_once(served):
    site = served.site
    third = site.shown(TAG, 1)[2]
    site.withdraw(third.id)
    assert third.title not in ask(served)[1].decode()
    assert ask(served, path=third.href)[0] == 404
    site.restore(third.id)
    assert site.shown(TAG, 1)[2] == third
    site.move(third.id, TAG, 25)
    assert third.title in ask(served, 3)[1].decode()
    site.add_tag(third.id, "咖啡")
    site.edit(third.id, third.title, "虚构咨询 | 改过的标题")
    assert "改过的标题" in ask(served, path=listing_path("咖啡"))[1].decode()


FAULTS = {
    "500": (fs.status(500), 500),
    "429": (fs.status(429, retry_after=7), 429),
    "captcha": (fs.not_a_listing(), 200),
    "redirect": (fs.login_redirect(), 302),
    "reset": (fs.reset(), ConnectionResetError),
    "reset in the body": (fs.reset(after=5000), ConnectionResetError),
    "half a body": (fs.half_body(), http.client.IncompleteRead),
    "no http": (fs.raw(fs.NOT_HTTP), http.client.BadStatusLine),
    "bad chunks": (fs.raw(fs.BAD_CHUNKS), http.client.IncompleteRead),
    "hang": (fs.hang(), TimeoutError),
    "drip": (fs.drip(0.05), None),
    "short body": (fs.short_body(), 200),
    "bomb": (fs.bomb(16), 200),
    "9 MiB": (fs.hostile("9 MiB"), 200),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_real(served, name):
    fault, outcome = FAULTS[name]
    site = served.site
    site.faults = fs.faults(fs.on_page(site, 2, fault, times=1))
    assert ask(served, 1)[0] == 200
    if name == "drip":
        started = time.monotonic()
        served.site.faults = fs.faults(fs.on_page(site, 2, fs.drip(0.05, size=9000)))
        assert ask(served, 2)[0] == 200
        assert time.monotonic() - started > 0.15
    elif isinstance(outcome, int):
        assert ask(served, 2)[0] == outcome
    else:
        with pytest.raises(outcome):
            ask(served, 2, timeout=0.5)
    if name != "drip":
        assert ask(served, 2)[:2] == (200, site.page(TAG, 2))  # once only


def test_the_publisher_may_act_in_the_middle_of_a_walk(served):
    site = served.site
    gone = site.shown(TAG, 3)[0]
    site.faults = fs.faults(fs.before_page(site, 2, lambda: site.withdraw(gone.id)))
    ask(served, 1)
    assert gone in site.shown(TAG, 3)
    ask(served, 2)
    assert gone not in site.shown(TAG, 3)
