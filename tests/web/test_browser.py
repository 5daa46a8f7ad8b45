"""The web page in a real Chromium: by mouse, by keyboard, on a telephone, in the dark, without JavaScript."""

import os
import shutil
from pathlib import Path

import pytest

from tests.web.collection import BILINGUAL, EDITED, GONE, TITLED

#: set where the tests must not be skipped
REQUIRED = "CI_REQUIRE_BROWSER"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
)
PAGES = (
    "/",
    "/?q=支付&ever=1",
    "/?q=没有这样的词",
    f"/r/{EDITED}",
    f"/r/{EDITED}/v/1",
    f"/r/{EDITED}/diff/1/2",
    f"/r/{BILINGUAL}",
    f"/r/{GONE}",
    f"/r/{TITLED}",
    "/runs",
    "/runs/5",
    "/coverage",
    "/series?q=支付 市场规模",
    "/about",
    "/archive",
    "/archive/reports?_facet=state",
    "/archive?sql=select+1",
    "/archive/runs/4",
    "/r/nothing",
)


def find_chromium():
    named = os.environ.get("CHROMIUM")
    return named or next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


@pytest.fixture(scope="module")
def chromium():
    path = find_chromium()
    if path is None:
        reason = "no Chromium: `make browser` installs Debian's; CHROMIUM names another one"
        if os.environ.get(REQUIRED):
            pytest.fail(f"{reason}, and {REQUIRED} is set")
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Visit:
    """A page in a browser, and everything that it complained of or asked for."""

    def __init__(self, page, base):
        self.page = page
        self.base = base
        self.said = []
        self.asked = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path):
        return self.page.goto(self.base + path)

    def overflow(self):
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture
def visit(chromium, served, request):
    """Options of the context come as the fixture's parameter."""
    options = {"java_script_enabled": True} | getattr(request, "param", {})
    context = chromium.new_context(**options)
    visit = Visit(context.new_page(), served.base)
    yield visit
    context.close()
    foreign = [url for url in visit.asked if not url.startswith((served.base, "data:"))]
    assert not foreign, foreign
    complaints = [text for text in visit.said if "404" not in text and "400" not in text]
    assert not complaints, complaints


WITHOUT_SCRIPT = pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True, ids=["no-js"])
TELEPHONE = pytest.mark.parametrize(
    "visit", [{"viewport": {"width": 360, "height": 740}, "has_touch": True}], indirect=True, ids=["telephone"]
)


@WITHOUT_SCRIPT
def test_search_open_compare_cite(visit):
    page = visit.page
    visit.open("/")
    page.get_by_label("Search titles").fill("支付")
    page.get_by_label("Old versions too").check()
    page.get_by_role("button", name="Search").click()
    assert "of 52 reports" in page.get_by_role("heading", level=2).first.inner_text()
    assert page.locator("mark", has_text="支付").count() > 0
    page.get_by_role("link", name="虚构咨询 | 2025年中国虚构支付").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "虚构咨询 | 2025年中国虚构支付行业报告"

    page.get_by_role("link", name="what changed since version 1").last.click()
    assert page.locator("del").count() > 0
    assert page.locator("ins").count() > 0
    page.go_back()

    page.get_by_text("BibTeX", exact=True).first.click()
    assert "@" in page.locator("pre").first.inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSL JSON").click()
    assert download.value.suggested_filename == "127.0.0.1-101-v6.json"
    with page.expect_download() as download:
        page.get_by_role("link", name="Archived response").click()
    assert Path(download.value.path()).read_bytes().startswith(b'{"entries"')


@WITHOUT_SCRIPT
def test_marked_figure_leads_to_its_counterpart(visit):
    visit.open(f"/r/{BILINGUAL}")
    figure = visit.page.locator("a.figure[lang], p[lang=zh-Hans] a.figure").first
    target = figure.get_attribute("href").removeprefix("#")
    figure.click()
    counterpart = visit.page.locator(f"[id='{target}']")
    assert visit.page.url.endswith(f"#{target}")
    assert target.startswith("en-")
    assert "billion" in counterpart.inner_text()


@WITHOUT_SCRIPT
def test_facets_and_dates_narrow_the_listing_down(visit):
    page = visit.page
    visit.open("/")
    page.get_by_role("complementary").get_by_role("link", name="withdrawn").click()
    assert "1 of 52 reports" in page.locator("#found").inner_text()
    page.get_by_role("link", name="Remove: State: withdrawn").click()
    assert "52 reports" in page.locator("#found").inner_text()
    page.get_by_label("As of").fill("2026-01-02")
    page.get_by_role("button", name="Search").click()
    assert "as the archive knew them on 2026-01-02" in page.locator("#found").inner_text()


def test_keyboard_reaches_search_and_content(visit):
    page = visit.page
    visit.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("支付")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    assert page.locator("mark").count() > 0
    outline = page.evaluate(
        "(document.querySelector('#q').focus(), getComputedStyle(document.querySelector('#q')).outlineStyle)"
    )
    assert outline != "none"


@TELEPHONE
def test_telephone_never_scrolls_sideways(visit):
    wide = {}
    for path in (*PAGES, "/archive/search?q=支付"):
        visit.open(path)
        if visit.overflow() > 0:
            wide[path] = visit.overflow()
    assert not wide


@TELEPHONE
def test_tables_are_not_pressed_on_a_telephone(visit):
    """A column that must be scrolled to must not break its words into a tower, which makes every row as high."""
    for path in ("/runs", "/series?q=支付 市场规模"):
        visit.open(path)
        heights = visit.page.eval_on_selector_all("tbody tr", "rows => rows.map(row => row.offsetHeight)")
        assert max(heights) < 100


def test_title_without_a_blank_pushes_no_column_away(visit):
    visit.open("/series?q=支付 市场规模")
    visit.page.evaluate("document.querySelector('tbody a').textContent = 'W'.repeat(5000)")
    inside, outside = visit.page.evaluate(
        "(region => [region.scrollWidth, region.clientWidth])(document.querySelector('.scroll'))"
    )
    assert inside <= outside


@TELEPHONE
def test_filters_are_reached_on_a_telephone(visit):
    visit.open("/")
    visit.page.get_by_role("link", name="Narrow down").tap()
    assert visit.page.url.endswith("#filters")
    visit.page.get_by_role("complementary").get_by_role("link", name="missing").tap()
    assert "1 of 52 reports" in visit.page.locator("#found").inner_text()


@pytest.mark.parametrize("visit", [{"color_scheme": "dark"}], indirect=True, ids=["dark"])
def test_dark_is_dark(visit):
    visit.open("/")
    red, *_ = visit.page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert red < 64


def test_axe_finds_no_violation(visit):
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), {}
    for path in PAGES:
        visit.open(path)
        for scheme, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):  # dark changes no more
            options |= {"resultTypes": ["violations"]}  # the rest is not told, which takes half the time
            visit.page.emulate_media(color_scheme=scheme)
            if violations := axe.run(visit.page, options=options).response["violations"]:
                found[path, scheme] = [(each["id"], each["nodes"][0]["html"]) for each in violations]
    assert not found, found


def test_picture_is_drawn(visit):
    visit.open("/series?q=支付 市场规模")
    assert visit.page.evaluate("document.querySelector('.chart img').naturalWidth") > 100
    visit.open("/series.svg?q=支付 市场规模")
    assert visit.page.evaluate("document.querySelector('svg text') !== null")
