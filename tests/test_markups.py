"""The parser against markups it was not written for: nine in ten is not enough, and nothing may be invented."""

import sys
import time
from collections import Counter

import pytest

from archive.model import Page, Refused
from archive.pages import read_page
from archive.replica import Request, Site
from archive.replica import markup as replica_markup
from archive.text import tidy
from archive.walk import Walk
from tests.listings import PATH, TAG, URL, Case, cases, listing_site, page_html
from tests.markups import MARKUPS, REPORTS, dated, sample, unbroken
from tests.not_listings import HOSTILE, REFUSED
from tests.pagers import PAGERS, none

EXACT = 0.99  # of all entries: title and both summaries, to the character


def wrong_fields(entry, truth):
    found = (entry.title, entry.summary_zh, entry.summary_en)
    wanted = (truth.title, "\n".join(map(tidy, truth.zh)), "\n".join(map(tidy, truth.en)))
    return [
        f"{name}: wanted {_about(b, a)} got {_about(a, b)}"
        for name, a, b in zip(("title", "zh", "en"), found, wanted, strict=True)
        if a != b
    ]


def _about(text, other):
    """The place where two texts part."""
    at = next((i for i, (x, y) in enumerate(zip(text, other, strict=False)) if x != y), min(len(text), len(other)))
    return f"{len(text)} {text[max(0, at - 12) : at + 28]!r}"


def judge(case):
    """What is wrong with the reading of one page: (exact entries, side fields that are wrong, complaints)."""
    page = read_page(case.body, url=case.url, content_type=case.content_type)
    if isinstance(page, Refused):
        return 0, Counter(), [f"refused as {page.kind}: {page.reason}"]
    wanted = {truth.key: truth for truth in case.truths}
    sides, complaints, exact = Counter(), [], 0
    complaints += [f"invented {entry.key} {entry.title!r}" for entry in page.entries if entry.key not in wanted]
    complaints += [f"invented: {key} twice" for key, n in Counter(page.keys).items() if n > 1]
    complaints += [f"missing {key}" for key in wanted if key not in page.keys]
    complaints += [f"unread, it says: {text}" for text in page.unread]
    for entry in page.entries:
        if truth := wanted.get(entry.key):
            wrong = wrong_fields(entry, truth)
            exact += not wrong
            complaints += [f"{entry.key} {each}" for each in wrong]
            sides["brands"] += entry.brands != truth.brands
            sides["published"] += entry.published_on != truth.published
            sides["link"] += not entry.url.startswith("https://")
    sides["order"] += [key for key in page.keys if key in wanted] != [key for key in wanted if key in page.keys]
    return exact, sides, complaints


def test_entries_are_exact_in_every_markup():
    total = good = 0
    sides, failures = Counter(), []
    for case in cases():
        exact, wrong, complaints = judge(case)
        total, good = total + len(case.truths), good + exact
        sides += wrong
        notes = complaints + [f"{name} wrong in {n}" for name, n in wrong.items() if n]
        if notes:
            more = f" (and {len(notes) - 3} more)" if len(notes) > 3 else ""
            failures.append(f"{case.name}: {exact} of {len(case.truths)} exact; " + "; ".join(notes[:3]) + more)
    summary = f"{good} of {total} entries exact ({good / total:.2%}), sides {dict(sides)}\n" + "\n".join(failures)
    sys.stdout.write(summary)
    assert good >= EXACT * total, summary
    assert "invented" not in summary, summary
    assert "unread" not in summary, summary
    assert max(sides.values(), default=0) <= (1 - EXACT) * total, summary


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_listing_is_refused(name):
    html, kinds = REFUSED[name]
    reading = read_page(html.encode(), url=URL, content_type="text/html; charset=utf-8")
    assert isinstance(reading, Refused), f"read as a page with {len(reading.entries)} entries"
    assert reading.kind in kinds, reading.reason


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_refused_at_once(name):
    started = time.perf_counter()
    reading = read_page(HOSTILE[name].encode(), url=URL, content_type="text/html; charset=utf-8")
    assert isinstance(reading, Refused)
    assert reading.kind == "hostile" or name == "9 MiB", reading.reason
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize("markup", ["cards", "table_of_two_rows", "flat", "runon"])
def test_a_page_cut_short_does_not_pass_for_a_whole_one(markup):
    whole = page_html(sample(30), markup, "gap", 2, 77, PATH, frame="busy").encode()
    for cut in range(1000, len(whole) - 20, 2900):
        reading = read_page(whole[:cut], url=URL, content_type="text/html; charset=utf-8")
        assert isinstance(reading, Refused) or not reading.closed, f"cut at {cut}"


def test_a_page_past_the_end_is_an_empty_page():
    site = listing_site("cards", "endless, empty", sample(0))
    reading = read_page(site.page(TAG, 3), url=f"{URL}?page=3", content_type="text/html; charset=utf-8")
    assert isinstance(reading, Page)
    assert reading.entries == ()


def walk(site: Site):
    """Walk a site without a network, as the crawl does."""
    step = Walk(URL)
    while (ask := step.ask) is not None:
        target = ask.url.removeprefix(URL.removesuffix(PATH))
        answer = site.answer(Request(0.0, "GET", target, {}, 1))
        if answer.status == 200:
            step.feed(read_page(answer.body, url=ask.url, content_type=dict(answer.headers)["Content-Type"]))
        else:
            step.feed(Refused("error", f"status {answer.status}"))
    return step.result()


@pytest.mark.parametrize("name", PAGERS)
@pytest.mark.parametrize("amount", [1, 2, 12])
def test_walks_along_every_pager(name, amount):
    """All pages are seen; and a pager without usable links never passes for a listing of one page."""
    pager = PAGERS[name]
    reports = REPORTS[: amount * 10 - 2]
    markup = list(MARKUPS)[hash_of(name) % 5]
    result = walk(listing_site(markup, name, reports, frame="busy" if amount == 12 else "plain"))
    if pager.walkable:
        assert result.complete, result.stop
    if result.complete:
        assert result.entries_seen == len(reports), f"complete with {result.entries_seen} of {len(reports)}"


@pytest.mark.parametrize("markup", replica_markup.MARKUPS)
@pytest.mark.parametrize("pager", replica_markup.PAGERS)
def test_the_invented_site_itself(markup, pager):
    site = Site.of(TAG, REPORTS[:38])
    site.markup, site.pager = replica_markup.MARKUPS[markup], replica_markup.PAGERS[pager]
    assert walk(site).complete
    shown = unbroken if markup == "runon" else dated
    for number in range(1, 5):
        truths = tuple(map(shown, site.shown(TAG, number)))
        exact, sides, complaints = judge(Case("", site.page(TAG, number), truths))
        assert (exact, complaints, +sides) == (len(truths), [], Counter())


def test_the_captcha_of_the_demo_is_refused():
    reading = read_page(replica_markup.captcha().encode(), url=URL, content_type="text/html; charset=utf-8")
    assert isinstance(reading, Refused)
    assert reading.kind == "blocked"


def test_a_listing_without_a_pager_is_one_page():
    site = listing_site("cards", "gap", REPORTS[:9])
    site.pager = none
    assert walk(site).complete


def hash_of(name: str) -> int:
    return sum(map(ord, name))  # hash() differs from run to run
