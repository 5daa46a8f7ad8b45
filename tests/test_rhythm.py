"""The dead-man's switch: a listing without news for longer than its own rhythm, once for each silence."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.rhythm import SHORTEST, Look, find_silence, measure_rhythm
from tests.nights import Nights

DAY = date(2026, 1, 1)


def looks(text, *, every=1):
    """A dot for each look without news, an N for each with some."""
    return [Look(DAY + timedelta(days=every * number), mark == "N") for number, mark in enumerate(text)]


@pytest.mark.parametrize(
    ("gaps", "usual"),
    [
        ([], 14),
        ([3], 14),
        ([30], 30),
        ([1] * 98 + [20], 20),
        ([1] * 99 + [20], 14),
        ([20] + [16] + [1] * 99, 16),
        ([1] * 240 + [17, 18, 19], 17),
    ],
)
def test_the_rhythm_is_the_99th_percentile_of_the_gaps(gaps, usual):
    assert measure_rhythm(gaps) == usual


def test_no_look_no_silence():
    assert find_silence([]) is None


@pytest.mark.parametrize(("nights", "silent"), [(14, False), (15, True)])
def test_without_a_rhythm_two_weeks_are_allowed(nights, silent):
    found = find_silence(looks("." + "." * nights))
    assert bool(found) == silent
    if found:
        assert (found.since, found.days, found.usual) == (DAY, 15, 14)


def test_news_end_it():
    assert find_silence(looks("." * 20)) is not None
    assert find_silence(looks("." * 20 + "N")) is None
    assert find_silence(looks("." * 20 + "N" + "." * 20)) is None
    assert find_silence(looks("." * 20 + "N" + "." * 21)).usual == 20


def test_a_slow_listing_is_given_its_time():
    monthly = "N".join("." * 29 for _ in range(4))
    assert find_silence(looks(monthly + ".")) is None
    assert find_silence(looks(monthly + "..")).days == 31


def test_nights_on_which_nobody_looked_are_not_the_listing_s_silence():
    away = [*looks("...N"), Look(DAY + timedelta(days=100), news=True)]
    after = [Look(DAY + timedelta(days=100 + number), news=False) for number in range(1, 16)]
    assert find_silence([*away, *after[:-1]]) is None
    assert find_silence([*away, *after]).usual == SHORTEST


def test_what_was_not_there_after_a_pause_is_missing_all_the_same():
    assert find_silence([*looks("..N"), Look(DAY + timedelta(days=40), news=False)]).days == 38


def test_a_chinese_new_year_is_expected_from_the_second_on():
    year = "N......" * 48 + "N" + "." * 18
    assert find_silence(looks(year)) is not None
    assert find_silence(looks(year + year)) is None
    lively = "N." * 170 + "N" + "." * 18
    assert find_silence(looks(lively + lively)) is not None


histories = st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=40)


def play(history):
    day, found = DAY, [Look(DAY, news=False)]
    for step, news in history:
        day += timedelta(days=step)
        found.append(Look(day, news))
    return found


@given(histories)
def test_a_silence_is_longer_than_two_weeks_and_than_what_is_usual(history):
    found = play(history)
    silence = find_silence(found)
    if silence:
        assert silence.days > silence.usual >= SHORTEST
        assert silence.since + timedelta(days=silence.days) == found[-1].on
        assert silence.since in {look.on for look in found}


@given(histories)
def test_news_today_are_no_silence(history):
    assert find_silence([*play(history), Look(date(2040, 1, 1), news=True)]) is None


@given(histories, st.integers(0, 30))
def test_a_silence_does_not_end_by_itself(history, more):
    found = play(history)
    if find_silence(found):
        assert find_silence([*found, Look(found[-1].on + timedelta(days=more), news=False)])


@given(st.lists(st.tuples(st.integers(-400, 400), st.booleans()), max_size=40))
def test_a_clock_that_goes_back_is_no_error(history):
    silence = find_silence(play(history))
    assert silence is None or silence.days > SHORTEST


@given(histories)
def test_the_longest_gap_of_a_short_history_is_always_allowed(history):
    """Whatever was borne before is borne again."""
    found = play(history)
    again = found[-1].on + timedelta(days=1)
    longest, since = 0, found[0].on
    for before, look in pairwise(found):
        if look.news and look.on > since:
            longest, since = max(longest, (before.on - since).days + 1), look.on
    quiet = [Look(again, news=True), *(Look(again + timedelta(days=n), news=False) for n in range(longest + 1))]
    assert find_silence([*found, *quiet]) is None


# through real nights


@pytest.fixture
def nights(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(5):
        nights.publisher.publish(f"a{number}", "甲")
    return nights


def silences(nights):
    return nights.query("SELECT run_id, message FROM issues WHERE code = 'silence' ORDER BY id")


def test_it_is_said_once_and_ends_with_a_new_report(nights, tmp_path):
    for _ in range(15):
        nights.night()
    assert silences(nights) == []
    nights.night()
    said = "tag:甲: no new report since 2026-01-02, for 15 days; its own rhythm allows 14. "
    said += "Look at it in a browser: has it ended or moved, or is it read wrongly?"
    assert silences(nights) == [(16, said)]
    for _ in range(5):
        nights.night()
    assert len(silences(nights)) == 1
    nights.publisher.publish("n1", "甲")
    nights.night()
    for _ in range(22):  # as long as the silence before was: the listing's own rhythm by now
        nights.night()
    assert [run for run, _ in silences(nights)] == [16, 22 + 22]
    assert nights.rebuild(tmp_path / "again").dump() == nights.dump()


def test_its_level_is_a_warning_and_the_night_is_as_good_as_any(nights):
    verdicts = [nights.night() for _ in range(16)]
    assert [issue["level"] for issue in verdicts[-1].issues] == ["warning"]
    assert (verdicts[-1].outcome, verdicts[-1].exit_code) == ("complete", 0)


def test_edits_and_withdrawals_are_no_news(nights):
    nights.night()
    for number in range(14):
        nights.publisher.edit("a0", zh=f"虚构的规模为{number}亿元")
        nights.night()
    nights.publisher.withdraw("a4")
    nights.night()
    assert len(silences(nights)) == 1


def test_each_listing_has_its_own(nights):
    nights.publisher.publish("b0", "乙")
    for number in range(16):
        nights.publisher.publish(f"b{number + 1}", "乙")
        nights.night()
    assert [text[:6] for _, text in silences(nights)] == ["tag:甲:"]


def test_a_report_known_from_another_listing_is_news_in_this_one(nights):
    nights.publisher.publish("b0", "乙")
    for number in range(16):
        if number == 8:
            nights.publisher.restore("b0", "甲")
        nights.night()
    assert [text[:6] for _, text in silences(nights)] == ["tag:乙:"]


def test_nights_that_did_not_see_it_prove_no_silence(nights, tmp_path):
    nights.night()
    for _ in range(20):
        nights.night(faults={("甲", 1): "500"})
    assert silences(nights) == []
    nights.night(faults={("甲", 2): "500"})  # its first page, where new reports stand, was seen
    assert [run for run, _ in silences(nights)] == [22]
    assert nights.rebuild(tmp_path / "again").dump() == nights.dump()


def test_a_night_that_died_says_nothing_but_what_it_saw(nights, tmp_path):
    nights.night()
    nights.clock += timedelta(days=10)
    nights.publisher.publish("n1", "甲")
    nights.night(die_after=1)
    nights.clock += timedelta(days=2)  # too late to go on with
    for _ in range(12):
        nights.night()
    assert nights.query("SELECT outcome FROM runs WHERE id = 2") == [("aborted",)]
    assert silences(nights) == []  # counted from the night that died
    for _ in range(3):
        nights.night()
    assert len(silences(nights)) == 1
    assert nights.rebuild(tmp_path / "again").dump() == nights.dump()


def test_a_rejected_night_is_silent_until_it_is_accepted(nights, tmp_path):
    for number in range(6, 16):
        nights.publisher.publish(f"a{number}", "甲")
    nights.night()
    nights.clock += timedelta(days=20)
    kept = nights.publisher.tags["甲"][:]
    nights.publisher.tags["甲"] = kept[:6]
    verdict = nights.night()
    assert verdict.outcome == "rejected"
    assert silences(nights) == []
    nights.accept(verdict.run)
    assert [run for run, _ in silences(nights)] == [verdict.run]
    assert nights.rebuild(tmp_path / "again").dump() == nights.dump()


def spend_blind_nights(nights):
    for _ in range(20):
        nights.night(faults={("甲", 1): "500"})


def spend_a_night_that_dies(nights):
    nights.clock += timedelta(days=20)
    nights.night(die_after=1)
    nights.clock += timedelta(days=2)


@pytest.mark.parametrize("spend", [spend_blind_nights, spend_a_night_that_dies])
def test_what_proves_no_silence_makes_no_rhythm_either(nights, spend):
    nights.night()
    spend(nights)
    nights.publisher.publish("n1", "甲")
    nights.night()
    for _ in range(14):
        nights.night()
    assert silences(nights) == []
    nights.night()
    ((_, text),) = silences(nights)
    assert "its own rhythm allows 14." in text
