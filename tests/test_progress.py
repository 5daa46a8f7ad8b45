"""The progress line: on a terminal only, never more than asked for, and gone when anything else is printed."""

import re
import signal

import pytest

from archive.progress import INTERVAL_SECONDS, cut, fit
from archive.render import measure
from archive.replica import serve
from archive.standing import Standing, word_seconds
from tests.command import Desk, limited
from tests.crawls import PAGE_2, TAG, answer, make_site
from tests.terminals import ERASE, Terminal

PARTS = [(3, "listing 1 of 2"), (5, "tag:行业观察"), (1, "page 4 of 77"), (2, "2 min left"), (7, "fetching")]


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


# Words


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (80, "listing 1 of 2  tag:行业观察  page 4 of 77  2 min left  fetching"),
        (60, "listing 1 of 2  tag:行业观察  page 4 of 77  2 min left"),
        (53, "listing 1 of 2  page 4 of 77  2 min left"),
        (39, "page 4 of 77  2 min left"),
        (12, "page 4 of 77"),
        (6, "page 4"),
        (0, ""),
    ],
)
def test_a_narrow_terminal_shows_what_matters_most(columns, text):
    assert fit(PARTS, columns) == text
    assert measure(fit(PARTS, columns)) <= columns


@pytest.mark.parametrize("columns", range(12))
def test_a_chinese_character_is_never_cut_in_half(columns):
    assert measure(cut("行业a观察", columns)) in {columns, columns - 1, measure("行业a观察")}


def test_what_acts_on_a_terminal_is_spelled_out():
    shown = fit([(0, "tag:\x1b[2J\u202e\r\n")], 80)
    assert shown == "tag:␛[2J<U+202E>␍␊"


def begin(**more):
    standing = Standing(["tag:甲", "tag:乙"], 2.0, 0.0, **more)
    standing.take({"event": "walk.started", "listing": "tag:甲", "pages": 0, "entries": 0}, 100.0)
    return standing


def words(standing, now):
    return "  ".join(text for _, text in standing.tell(now) if text)


def turn(standing, page, now, *, last=None, seen=10, head=False, listing="tag:甲"):
    standing.take({"event": "page.archived", "listing": listing, "page": page}, now)
    read = {"event": "page.read", "listing": listing, "page": page, "seen": seen, "last": last, "head": head}
    standing.take(read, now)


def test_before_the_first_page_nothing_is_promised():
    standing = begin()
    assert words(standing, 101.0) == "listing 1 of 2  tag:甲  page 1 of ?  0 entries  fetching"


def test_the_time_left_comes_from_the_pace_of_this_night_and_what_is_known_of_the_rest():
    standing = begin(expected={"tag:乙": 9})
    for page in range(1, 5):
        turn(standing, page, 100.0 + 3 * page, last=10, seen=10 * page)
    # 4 pages in 12 s; 6 pages and the head here, 9 and the head there: 17 times 3 s
    assert (
        words(standing, 112.0) == "listing 1 of 2  tag:甲  page 5 of 10  40 entries  20 pages/min  51 s left  fetching"
    )
    standing.expected = {}
    assert "over 21 s left" in words(standing, 112.0)


def test_the_pace_is_never_faster_than_the_delay():
    standing = begin()
    turn(standing, 1, 100.1, last=31)
    assert "over 1 min left" in words(standing, 100.1)  # 31 times 2 s, not 31 times 0.1 s


def test_a_wait_that_the_site_asks_for_is_told_and_counted_down():
    standing = begin()
    turn(standing, 1, 102.0, last=3)
    standing.take({"event": "retry", "seconds": 35.0}, 103.0)
    assert words(standing, 103.0).endswith("asked to wait, 35 s")
    assert words(standing, 113.0).endswith("asked to wait, 25 s")
    standing.take({"event": "page.archived"}, 138.0)
    assert words(standing, 138.0).endswith("fetching")


def test_the_second_listing_goes_on_counting():
    standing = begin()
    turn(standing, 1, 102.0, last=1, seen=10)
    turn(standing, 1, 104.0, last=1, seen=10, head=True)
    standing.take({"event": "walk.started", "listing": "tag:乙", "pages": 0, "entries": 0}, 104.0)
    turn(standing, 1, 106.0, last=2, seen=7, listing="tag:乙")
    assert "listing 2 of 2  tag:乙  page 2 of 2  17 entries" in words(standing, 106.0)


def test_before_the_first_answer_nobody_knows_how_long_it_takes():
    standing = Standing(["tag:甲"], 0.0, 100.0, expected={"tag:甲": 10})
    standing.take({"event": "walk.started", "listing": "tag:甲", "pages": 0, "entries": 0}, 101.0)
    assert words(standing, 101.0) == "listing 1 of 1  tag:甲  page 1 of 10  0 entries  fetching"


def test_heads_come_first_and_what_is_left_of_the_budget_is_told():
    standing = Standing(["tag:甲", "tag:乙"], 2.0, 0.0, budget=7200.0)
    for number, key in enumerate(standing.listings):
        standing.take({"event": "walk.started", "listing": key, "pages": 0, "entries": 0, "head": True}, 100.0)
        turn(standing, 1, 102.0 + number, last=9, listing=key)
        if number:
            told = words(standing, 103.0)
            assert told.startswith("head 2 of 2  tag:乙  page 2 of 9  20 entries")
            assert told.endswith("40 pages/min  1 h 59 min of the budget left  fetching")
        standing.take({"event": "head.read", "listing": key}, 104.0)
    standing.take({"event": "walk.started", "listing": "tag:甲", "pages": 1, "entries": 10}, 3700.0)
    told = words(standing, 3700.0)
    assert told.startswith("listing 1 of 2  tag:甲  page 2 of ?  20 entries")
    assert "1 h 00 min of the budget left" in told


def test_several_hosts_are_told_of_by_the_one_that_was_heard_last():
    standing = begin(expected={"tag:乙": 9})
    standing.take({"event": "walk.started", "listing": "tag:乙", "pages": 0, "entries": 0}, 100.0)
    turn(standing, 1, 102.0, last=9, listing="tag:乙")
    turn(standing, 1, 102.0, last=4)
    assert words(standing, 102.0).startswith("listing 1 of 2  tag:甲  page 2 of 4  20 entries  2 hosts")
    standing.take({"event": "walk.ended", "listing": "tag:甲"}, 103.0)
    assert words(standing, 103.0).startswith("listing 2 of 2  tag:乙  page 2 of 9  20 entries  40 pages/min")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (90, "2 min"), (3600, "1 h 00 min"), (7530, "2 h 05 min")]
)
def test_seconds_in_words(seconds, text):
    assert word_seconds(seconds) == text


# Real terminals


def test_it_appears_is_redrawn_now_and_then_and_is_erased(desk):
    with serve(make_site(8)) as served:
        shown = Terminal(desk).run("crawl", "--delay", "0.25", served.url(TAG))
    assert shown.code == 0
    assert shown.screen == []
    assert "run 1 complete: 80 entries on 8 pages" in shown.out
    assert "\x1b" not in shown.out
    pages = [int(found[1]) for text in shown.drawings if (found := re.search(r"page (\d+) of 8", text))]
    assert len(set(pages)) >= 5
    assert pages == sorted(pages)
    assert any(re.search(r"\d+ entries  \d+ pages/min  \d+ s left", text) for text in shown.drawings)
    moments = [at for at, text in shown.pieces if text.strip("\r") and ERASE not in text]
    assert len(shown.drawings) <= (moments[-1] - moments[0]) / INTERVAL_SECONDS + 1
    assert shown.sent.endswith(ERASE)


def test_it_fits_a_narrow_terminal(desk):
    with serve(make_site(4)) as served:
        shown = Terminal(desk, columns=30).run("crawl", "--delay", "0.25", served.url(TAG))
    assert shown.code == 0
    assert any("page 3 of 4" in text for text in shown.drawings)
    assert max(map(measure, shown.drawings)) <= 29
    assert shown.screen == []


def test_a_wait_is_shown_while_it_lasts(desk):
    site = make_site(3, faults={PAGE_2: [answer(503, Retry_After="2")]})
    with serve(site) as served:
        shown = Terminal(desk).run("crawl", "--delay", "0", served.url(TAG))
    waits = [found[1] for text in shown.drawings if (found := re.search(r"asked to wait, (\d) s", text))]
    assert {"2", "1"} <= set(waits)
    assert shown.screen == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_a_clean_line_and_its_sentence(desk, number):
    def stop(process, seen):
        if "page 2 of 9" in seen:
            process.send_signal(number)
            return True
        return False

    with serve(make_site(9)) as served:
        shown = Terminal(desk).run("crawl", "--delay", "1", served.url(TAG), meanwhile=stop)
    assert shown.code == 128 + number
    assert shown.drawings
    (line,) = shown.screen
    assert line.startswith(f"baogao: stopped by {number.name}: what was archived is kept")


def test_what_the_crawling_process_says_stands_on_lines_of_its_own(desk):
    """The disk fills up while the line is drawn: its sentence and ours, and nothing else."""
    with serve(make_site(1)) as served:
        desk.crawl(served.url(TAG))
    with serve(make_site(9)) as served:
        shown = Terminal(desk).run("crawl", "--delay", "0.3", served.url(TAG), through=limited(80_000))
    assert shown.code == 7
    assert shown.drawings
    assert [line[:7] for line in shown.screen if " ERROR: " not in line] == ["baogao:"]
    assert any(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z \[crawler\.[a-z.]+\] ERROR: ", line) for line in shown.screen)


def test_reading_again_is_shown_too(desk):
    with serve(make_site(30)) as served:
        desk.crawl(served.url(TAG))
    desk.db.unlink()
    shown = Terminal(desk).run("settle")
    assert shown.code == 0
    assert any(text.startswith(("settling run 1", "reading WARC", "extracting figures")) for text in shown.drawings)
    assert [line for line in shown.screen if not line.startswith("archive.db was empty")] == []


def test_where_it_is_not_wanted_there_is_none(desk):
    with serve(make_site(4)) as served:
        words = ("crawl", "--delay", "0.3", served.url(TAG))
        assert Terminal(desk, term="dumb").run(*words).sent == ""
        assert desk.run(*words).err == ""  # a pipe
        lines = Terminal(desk).run("--log-format", "json", *words).sent.splitlines()
    assert len(lines) > 10
    assert all(line.startswith('{"ts": "') for line in lines)


def test_json_on_stdout_stays_whole_beside_it(desk):
    with serve(make_site(4)) as served:
        shown = Terminal(desk).run("crawl", "--json", "--delay", "0.3", served.url(TAG))
    assert shown.drawings
    assert shown.screen == []
    assert shown.out.startswith('{"run"')
    assert len(shown.out.splitlines()) == 1
