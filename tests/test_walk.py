"""What proves the end of a listing, and what does not."""

import pytest

from archive.model import Page, Pager, Refused
from archive.walk import Stop, Walk

URL = "http://127.0.0.1/tag/x"
FRAME = frozenset({"关于“x”的报告", "首页", "页脚"})


def page(*keys, next_url=None, last=None, links=(), template=None, more=False, total=None, frame=FRAME, closed=True):
    from archive.model import Entry

    entries = tuple(Entry(key, "", "题", (), "", "", None) for key in keys)
    pager = Pager(last=last, next_url=next_url, links=links, template=template, more=more, total=total)
    return Page(entries, pager, frame, "utf-8", closed=closed)


def walk(pages, **options):
    """Feed the pages in the order they are asked for, by number; the head is read again from the same pages."""
    machine = Walk(URL, **options)
    asked = []
    while machine.ask is not None:
        asked.append((machine.ask.page, machine.ask.head))
        machine.feed(pages[min(machine.ask.page, len(pages)) - 1])
        assert len(asked) < 50, "the walk does not end"
    return machine.result(), asked


def test_no_link_onward_is_the_end():
    result, asked = walk([page("a", "b", next_url="2", last=2), page("c", last=2)])
    assert (result.complete, result.pages_seen, result.pages_expected, result.entries_seen) == (True, 2, 2, 3)
    assert asked == [(1, False), (2, False), (1, True)]


def test_empty_page_behind_the_announced_last_is_the_end():
    result, _ = walk([page("a", next_url="2", last=2), page("c", next_url="3", last=2), page(next_url="4", last=2)])
    assert (result.complete, result.pages_seen) == (True, 2)


def test_a_first_page_of_another_make_than_the_later_ones_is_not_cut_short():
    first = page("a", "b", next_url="2", closed=False)
    result, asked = walk([first, page("c", next_url="3"), page("d")])
    assert (result.complete, asked[-1]) == (True, (1, True))
    machine = Walk(URL)
    for reading in (first, page("c"), page("x", "a", "b", closed=False), page("c")):  # news: page 2 is read again
        assert machine.feed(reading)
    assert machine.result().complete


def test_a_first_page_that_is_whole_when_it_is_read_again_was_cut_short():
    machine = Walk(URL)
    for reading in (page("a", "b", next_url="2", closed=False), page("c"), page("a", "b", "x", next_url="2")):
        machine.feed(reading)
    result = machine.result()
    assert not result.complete
    assert "page 1 ended in the middle" in result.stop.reason


def test_the_only_page_was_cut_short_when_it_was_read_first():
    machine = Walk(URL)
    machine.feed(page("a", "b", closed=False))
    machine.feed(page("a", "b", "c"))
    assert not machine.result().complete
    assert walk([page("a", "b", closed=False)])[0].complete  # a site that never closes its pages


def test_next_that_never_ends_on_repeated_pages_is_the_end_where_nothing_contradicts():
    result, _ = walk([page("a", next_url="2"), page("b", next_url="3"), page("b", next_url="4")])
    assert result.complete
    result, _ = walk(
        [page("a", next_url="2", last=9), page("b", next_url="3", last=9), page("b", next_url="4", last=9)]
    )
    assert not result.complete
    assert result.stop.kind == "repeated page"


def test_news_that_push_every_page_down_by_one_are_not_the_end():
    """Page 2 shows what page 1 showed before, and nothing announces that there are more pages."""
    machine = Walk(URL)
    for reading in (page("a", "b", next_url="2"), page("a", "b", next_url="3"), page("n", "m", next_url="2")):
        assert machine.ask is not None
        machine.feed(reading)
    result = machine.result()
    assert not result.complete
    assert result.stop.kind == "end unclear"
    assert result.entries_seen == 4


@pytest.mark.parametrize(
    ("pages", "kind"),
    [
        ([page()], "empty page"),
        ([page("a", next_url="2", last=5), page(last=5)], "empty page"),
        ([page("a", next_url="2", last=3), page("b", next_url="3", last=3), page(last=3)], "end unclear"),
        ([page("a", next_url="2"), page(frame=frozenset({"系统提示"}))], "refused"),
        ([page("a", next_url="2"), Refused("unreadable", "no")], "refused"),
        ([page("a", next_url="2"), Refused("error", "busy")], "fetch error"),
        ([page("a", next_url="2"), Refused("blocked", "captcha")], "blocked"),
        ([page("a", next_url="2"), Refused("login", "login")], "blocked"),
        ([page("a", next_url="2"), page("b", closed=False)], "refused"),
        ([page("a", more=True), page("a", more=True)], "end unclear"),
        ([page("a", total=2), page("a", total=2)], "end unclear"),
        ([page("a", "b", next_url="2", total=5), page("c", "d", total=5), page(total=5)], "end unclear"),
        ([page("a", "b", next_url="2", last=3), page("b", "a", next_url="3", last=3)], "repeated page"),
    ],
)
def test_what_is_no_end(pages, kind):
    result, _ = walk(pages)
    assert (result.complete, result.stop.kind) == (False, kind)


def test_link_of_the_number_is_preferred_and_the_template_fills_the_gap():
    template = URL + "?page={page}"
    links = ((2, URL + "?page=2&_t=7"), (3, URL + "?page=3&_t=7"), (5, URL + "?page=5&_t=7"))
    machine = Walk(URL)
    machine.feed(page("a", links=links, last=5, template=template))
    assert machine.ask.url.endswith("?page=2&_t=7")
    machine.feed(page("b", links=links, last=5, template=template))
    assert machine.ask.url.endswith("?page=3&_t=7")
    machine.feed(page("c", links=links, last=5, template=template))
    assert machine.ask.url == URL + "?page=4"


def test_page_url_of_the_configuration_where_the_pager_has_no_links():
    machine = Walk(URL, page_url="{url}/p{page}")
    machine.feed(page("a", last=2))
    assert machine.ask.url == URL + "/p2"
    machine.feed(page("b", last=2))
    assert machine.ask.head
    machine = Walk(URL, page_url="{url}/p{page}")
    machine.feed(page("a"))
    machine.feed(page("b"))
    machine.feed(page())
    assert machine.ask.head


def test_guessed_address_must_bring_every_announced_page():
    machine = Walk(URL)
    machine.feed(page("a", last=2, more=True))
    assert machine.ask.url == URL + "?page=2"
    machine.feed(page("b", last=2))
    machine.feed(page("a", last=2))
    assert machine.result().complete


def test_what_promises_more_is_kept_by_the_last_page_that_is_known():
    """A scripted pager says "there is more" on every page; the announced last one speaks first."""
    result, asked = walk([page("a", last=2, more=True), page("b", last=2, more=True)])
    assert result.complete
    assert asked == [(1, False), (2, False), (1, True)]


def test_total_of_reports_is_an_announcement_where_no_last_page_is():
    result, asked = walk([page("a", "b", total=3), page("c", total=3)])
    assert (result.complete, asked) == (True, [(1, False), (2, False), (1, True)])
    # off by a few: the pages are there
    assert walk([page("a", "b", next_url="2", total=4), page("c", total=4)])[0].complete
    # a pager that ends before the total would is believed
    assert walk([page("a", "b", next_url="2", last=2, total=9), page("c", last=2, total=9)])[0].complete
    result, _ = walk([page("a", "b", total=9), page("a", "b", total=9)])
    assert "announces 9 reports (2 were seen)" in str(result.stop)


def test_page_in_another_order_is_a_repeated_page():
    result, _ = walk([page("a", "b", next_url="2"), page("c", next_url="3"), page("b", "a", next_url="4")])
    assert (result.complete, result.pages_seen) == (True, 2)


def test_report_published_during_the_walk_is_seen_when_the_head_is_read_again():
    machine = Walk(URL)
    for reading in (page("c", "b", next_url="2"), page("b", "a")):
        machine.feed(reading)
    assert machine.ask.head
    machine.feed(page("d", "c", next_url="2"))  # d is new: page 2 is asked for again
    assert (machine.ask.page, machine.ask.head) == (2, True)
    machine.feed(page("b", "a"))
    assert (machine.result().complete, machine.result().entries_seen) == (True, 4)


def test_report_that_slipped_to_a_page_already_read_is_seen_when_the_head_is_read_again():
    """b is taken away when page 2 was read: e moves from page 3 to page 2, unseen."""
    machine = Walk(URL)
    for reading in (page("a", "b", next_url="2"), page("c", "d", next_url="3"), page("f", "g")):
        machine.feed(reading)
    asked = []
    for reading in (page("a", "c", next_url="2"), page("d", "e", next_url="3"), page("f", "g")):
        asked.append((machine.ask.page, machine.ask.head))
        machine.feed(reading)
    assert asked == [(1, True), (2, True), (3, True)]
    assert (machine.result().complete, machine.keys) == (True, frozenset("abcdefg"))


def test_last_page_that_is_gone_meanwhile_is_not_asked_for():
    machine = Walk(URL)
    for reading in (page("a", "b", next_url="2"), page("c"), page("a", "c")):
        machine.feed(reading)
    assert (machine.ask, machine.result().complete) == (None, True)


def test_what_stands_on_every_page_has_not_moved_up():
    result, asked = walk([page("a", "b", next_url="2"), page("a", "c", next_url="3"), page("a", "d")])
    assert (result.complete, asked[3:]) == (True, [(1, True)])


def test_head_that_fails_leaves_the_walk_incomplete():
    machine = Walk(URL)
    machine.feed(page("a"))
    machine.fail(Stop("fetch error", "page 1: HTTP 500"))
    assert not machine.result().complete


def test_page_cap_and_interruption():
    result, _ = walk([page("a", next_url="2"), page("b")], max_pages=1)
    assert (result.complete, result.stop.kind) == (False, "page cap")
    result, _ = walk([page("a", next_url="2"), page("b")], max_pages=2)
    assert result.complete
    machine = Walk(URL)
    machine.feed(page("a", next_url="2"))
    assert machine.result().stop.kind == "interrupted"
    assert Stop.parse(str(machine.result().stop)) == machine.result().stop


def test_announcement_is_read_from_every_page():
    pages = [page("a", next_url="2", last=2), page("b", next_url="3", last=3), page("c", last=3)]
    assert walk(pages)[0].complete
    pages = [page("a", next_url="2", last=3), page("b", last=3)]
    result, _ = walk([*pages, page("a", last=3)])
    assert not result.complete


def test_entries_of_a_page_that_is_refused_do_not_count():
    machine = Walk(URL)
    assert machine.feed(page("a", next_url="2"))
    assert not machine.feed(page("b", closed=False))
    assert machine.result().entries_seen == 1
    machine = Walk(URL)
    machine.feed(page("a"))
    assert machine.ask.head
    assert not machine.feed(page("a", closed=False))
    assert not machine.result().complete


def test_half_rendered_page_in_the_middle_proves_no_absence():
    full = [f"a{number}" for number in range(10)]
    pages = [page(*full, next_url="2"), page(*"bcde", next_url="3"), page(*"fg")]
    result, _ = walk(pages)
    assert (result.complete, result.stop.kind) == (False, "refused")
    assert "page 2 shows only 4 entries" in result.stop.reason
    assert walk([page(*full, next_url="2"), page(*"bc")])[0].complete
