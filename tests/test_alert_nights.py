"""What may be announced, what waits for a person, and what a person decided: returns, mass changes, twins."""

import json
from datetime import timedelta

import pytest

import tests.nights
from archive.alerts.announcements import RETURNED
from archive.alerts.events import list_events
from archive.errors import UsageError
from archive.journal import list_parts
from archive.sqlite import sqlite3
from archive.verdict import load_verdict, summarize
from tests.nights import Nights, make_reader

A, B, C = "虚构的规模为1亿元", "虚构的规模为2亿元", "虚构的规模为3亿元"


@pytest.fixture
def nights(tmp_path):
    return play_baseline(tmp_path / "data", 7)


def play_baseline(root, number, **options):
    played = Nights(root, **options)
    for one in range(1, number + 1):
        played.publisher.publish(f"r{one}")
    played.publisher.publish("x", zh=A)
    played.night()
    return played


def show(nights, *texts):
    """One night for each text of report x; None: a night on which its page can't be read."""
    for zh in texts:
        if zh is not None:
            nights.publisher.edit("x", zh=zh)
        nights.night(faults={("甲", 1): "500"} if zh is None else None)


def move(nights, old, new):
    """The site gives a report another id."""
    report = nights.publisher.reports[old]
    nights.publisher.withdraw(old)
    nights.publisher.publish(new, title="虚构咨询 | 改过的题目", zh=report["zh"], en=report["en"])
    return nights.night()


def summary(nights, run):
    with nights.opened() as connection:
        verdict = load_verdict(connection, run)
        return verdict.alerts, summarize(verdict)


def check_rebuild(nights, root):
    rebuilt = nights.rebuild(root)
    assert rebuilt.dump() == nights.dump()
    return rebuilt


@pytest.mark.parametrize(("unseen", "detail"), [(0, True), (1, True), (2, False), (3, False)])
def test_text_that_is_back_within_three_nights_says_so(nights, unseen, detail):
    """A was last seen on the first night; it is back after 2, 3, 4 and 5."""
    show(nights, B, *[None] * unseen, A)
    assert nights.details("x") == [("", "due"), ("returned to version 1" if detail else "", "due")]


def test_text_that_is_back_after_one_night_says_so(nights):
    nights.clock -= timedelta(days=1)  # B on the evening of the first night itself
    show(nights, B, A)
    days = nights.query("SELECT DISTINCT date(observed_at) FROM item_versions v WHERE item_id = 1")
    assert len(days) == 2
    assert nights.details("x") == [("", "due"), ("returned to version 1", "due")]


@pytest.mark.parametrize(("nights_of_b", "detail"), [(1, True), (2, True), (3, False)])
def test_nights_count_from_the_last_sighting_of_the_text(nights, nights_of_b, detail):
    """Not from its first: A was there for a week. B's nights are seen."""
    show(nights, *[A] * 6, *[B] * nights_of_b, A)
    assert nights.details("x")[1] == ("returned to version 1" if detail else "", "due")


def test_night_is_a_date_and_not_24_hours(nights):
    nights.clock = nights.clock.replace(hour=23)
    show(nights, A)
    for number, zh in enumerate((B, B, A)):
        nights.clock = nights.clock.replace(hour=2 if number == 2 else 20)
        show(nights, zh)  # three dates later, by the clock two days and three hours
    show(nights, C)
    nights.clock = nights.clock.replace(hour=1)
    show(nights, B, B)
    assert [detail for detail, _ in nights.details("x")] == ["", "returned to version 1", "", "returned to version 2"]


def test_detail_is_what_announcements_read(nights):
    show(nights, B, A)
    (_, (detail, _)) = nights.details("x")
    assert RETURNED.fullmatch(detail)[1] == "1"


def test_return_in_other_punctuation_is_a_return(nights):
    nights.publisher.edit("x", zh="规模(虚构)为 1亿元")
    nights.night()
    show(nights, B, "规模（虚构）为1亿元")
    assert nights.details("x")[-1] == ("returned to version 2", "due")


def test_flapping_is_announced_once(nights):
    show(nights, B, A, B, A, B)
    assert nights.details("x") == [
        ("", "due"),
        ("returned to version 1", "due"),
        *[("flapping", "quiet")] * 3,
    ]
    codes = [code for (code,) in nights.query("SELECT code FROM issues")]
    assert codes == ["flapping"]
    assert nights.query("SELECT level FROM issues") == [("warning",)]


@pytest.mark.parametrize(("rest", "detail"), [(3, ("flapping", "quiet")), (4, ("", "due"))])
def test_flapping_ends_with_three_nights_of_rest(nights, rest, detail):
    show(nights, B, A, B, *[B] * (rest - 1))
    nights.publisher.edit("x", zh=A)
    nights.night()
    assert nights.details("x")[-1] == detail


def test_flip_after_the_nights_of_rest_begins_anew(nights):
    show(nights, B, A, *[A] * 4, B, A, B)
    assert nights.details("x") == [
        ("", "due"),
        ("returned to version 1", "due"),
        ("", "due"),
        ("returned to version 3", "due"),
        ("flapping", "quiet"),
    ]


def test_third_text_is_always_announced_and_its_return_too(nights):
    show(nights, B, C)
    assert nights.details("x") == [("", "due"), ("", "due")]
    show(nights, B, A, C, "虚构的规模为4亿元", C, "虚构的规模为5亿元")
    assert nights.details("x")[2:] == [
        ("returned to version 2", "due"),
        ("flapping", "quiet"),  # A, three nights after it was last seen
        ("flapping", "quiet"),
        ("", "due"),
        ("returned to version 6", "due"),  # the last that was told is version 7: that it is gone is news
        ("", "due"),
    ]


def test_return_of_which_nobody_was_told_does_not_silence_the_next(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(1, 8):
        nights.publisher.publish(f"r{number}")
    nights.publisher.publish("x", zh=A)
    for zh in (A, B, A):  # never complete: nothing is announced
        nights.publisher.edit("x", zh=zh)
        nights.night(faults={("甲", 3): "500"})
    show(nights, A, B)
    assert nights.details("x") == [
        ("", "quiet"),
        ("returned to version 1", "quiet"),
        ("returned to version 2", "due"),
    ]


def test_text_that_was_only_a_misreading_does_not_return(tmp_path):
    nights = play_baseline(tmp_path / "data", 7, reader=make_reader(1, blind_to=("☃",)))
    nights.publisher.edit("x", zh=B + "☃")
    nights.night()  # read as B
    nights.reader = make_reader(2)
    nights.night()  # what it showed was B☃ all along
    show(nights, A)
    assert nights.details("x") == [("", "due"), ("returned to version 1", "due")]
    show(nights, B)  # the site never showed this: a third text
    assert nights.details("x")[-1] == ("", "due")


def test_return_names_the_best_reading(tmp_path):
    """Version 2 misread it, version 3 is its correction, which no night has seen confirmed."""
    nights = play_baseline(tmp_path / "data", 7, reader=make_reader(1, blind_to=("☃",)))
    show(nights, B + "☃")
    nights.reader = make_reader(2)
    show(nights, C, B + "☃")
    assert [cause for cause, _ in nights.versions("x")] == ["first", "site", "parser", "site", "site"]
    assert nights.details("x")[-1] == ("returned to version 3", "due")


def test_correction_that_takes_a_text_back_is_no_return(tmp_path):
    nights = play_baseline(tmp_path / "data", 7, reader=make_reader(1, blind_to=("☃",)))
    nights.publisher.edit("x", zh=A + "☃")
    for version, blind_to in ((2, ()), (3, ("☃",)), (4, ()), (5, ("☃",))):
        nights.reader = make_reader(version, blind_to=blind_to)
        nights.night()
    assert [kind for kind, _, _ in nights.events()] == ["corrected"]
    assert {alert for _, alert in nights.details("x")} <= {"due"}
    assert not nights.query("SELECT 1 FROM events WHERE detail LIKE 'returned%' OR detail = 'flapping'")


def test_return_is_found_in_versions_that_an_older_parser_read(tmp_path):
    """A was read without its ☃; today's parser reads it, in A of old as in A of tonight."""
    nights = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("☃",)))
    nights.publisher.publish("r1")
    nights.publisher.publish("x", zh=A + "☃")
    nights.night()
    show(nights, B)
    nights.reader = make_reader(2)
    show(nights, A + "☃")
    assert nights.details("x") == [("", "due"), ("returned to version 1", "due")]
    assert nights.query("SELECT count(*) FROM events WHERE kind = 'corrected'") == [(0,)]


def test_text_that_today_reads_otherwise_does_not_return(tmp_path):
    nights = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("☃",)))
    nights.publisher.publish("r1")
    nights.publisher.publish("x", zh=A + "☃")
    nights.night()
    show(nights, B)
    nights.reader = make_reader(2)
    show(nights, A)
    assert nights.details("x") == [("", "due"), ("", "due")]


def test_withdrawn_and_back_is_no_return_of_a_text(nights):
    nights.publisher.withdraw("x")
    nights.night()
    nights.night()
    assert nights.events() == [("withdrawn", "x", "due")]
    nights.publisher.restore("x")
    nights.night()
    assert nights.events() == [("reappeared", "x", "due")]
    assert nights.details("x") == []


def test_first_walk_of_many_reports_is_quiet(tmp_path):
    nights = play_baseline(tmp_path / "data", 60)
    assert {alert for _, _, alert in nights.events()} == {"quiet"}
    assert nights.issues() == []
    assert "nobody is told of a first walk" in summary(nights, 1)[1]


@pytest.mark.parametrize(("known", "new", "alert"), [(769, 60, "due"), (99, 60, "held"), (99, 50, "due")])
def test_many_new_reports_are_held_where_they_are_a_tenth_of_the_known(tmp_path, monkeypatch, known, new, alert):
    monkeypatch.setattr(tests.nights, "PER_PAGE", 1000)
    nights = play_baseline(tmp_path / "data", known)
    for number in range(new):
        nights.publisher.publish(f"n{number}")
    nights.night()
    assert nights.query("SELECT alert, count(*) FROM events WHERE run_id = 2 GROUP BY 1") == [(alert, new)]
    assert nights.issues() == (["flood"] if alert == "held" else [])


def edit_many(nights, number):
    for one in range(1, number + 1):
        nights.publisher.edit(f"r{one}", zh=f"又一句虚构的话{one}")
    return nights.night()


@pytest.mark.parametrize(("changed", "held"), [(9, False), (10, True), (12, True)])
def test_change_of_a_tenth_of_the_reports_is_held(tmp_path, changed, held):
    nights = play_baseline(tmp_path / "data", 79)
    verdict = edit_many(nights, changed)
    assert verdict.alerts == ({"held": changed} if held else {"due": changed})
    assert ("flood" in nights.issues()) is held


@pytest.mark.parametrize(("gone", "held"), [(8, False), (12, True)])
def test_tenth_of_the_reports_gone_or_back_is_held(tmp_path, gone, held):
    nights = play_baseline(tmp_path / "data", 79)
    kept, nights.publisher.tags["甲"] = nights.publisher.tags["甲"], nights.publisher.tags["甲"][:-gone]
    nights.night()
    alert = "held" if held else "due"
    assert nights.night().alerts == {alert: gone}
    nights.publisher.tags["甲"] = kept
    assert nights.night().alerts == {alert: gone}
    assert {(kind, alert) for kind, _, alert in nights.events()} == {("reappeared", alert)}
    check_rebuild(nights, tmp_path / "again")


def test_mass_change_is_told_with_what_to_do(tmp_path):
    nights = play_baseline(tmp_path / "data", 79)
    verdict = edit_many(nights, 12)
    (issue,) = (issue for issue in verdict.issues if issue["code"] == "flood")
    for said in ("12 events", "80 reports", "nobody is told", "`baogao alerts list`", "release`", "drop`"):
        assert said in issue["message"]
    assert "12 alerts held for a person" in summarize(verdict)


def test_mass_change_released_after_later_nights(tmp_path):
    nights = play_baseline(tmp_path / "data", 79)
    edit_many(nights, 12)
    nights.publisher.publish("new")
    nights.night()
    nights.night()
    nights.release()
    assert {alert for _, _, alert in nights.events(2)} == {"due"}
    alerts, line = summary(nights, 2)
    assert alerts == {"due": 12}
    assert "held" not in line
    nights.night()
    rebuilt = check_rebuild(nights, tmp_path / "again")
    assert {alert for _, _, alert in rebuilt.events(2)} == {"due"}


def test_mass_change_released_in_part(tmp_path):
    nights = play_baseline(tmp_path / "data", 79)
    edit_many(nights, 12)
    nights.release(keys=["r1", "r2"])
    nights.drop(keys=["r3"])
    assert summary(nights, 2)[0] == {"due": 2, "held": 9, "quiet": 1}
    check_rebuild(nights, tmp_path / "again")


def test_twin_says_why_it_is_held(nights):
    move(nights, "r4", "r40")
    assert nights.query("SELECT detail, alert FROM events WHERE run_id = 2") == [("twin", "held")]
    (message,) = nights.query("SELECT message FROM issues")[0]
    assert "`baogao alias r40 r4`" in message
    assert "`baogao alerts release`" in message
    assert "1 alert held for a person" in summary(nights, 2)[1]


def test_twin_that_nobody_would_be_told_of_is_not_held(nights):
    report = nights.publisher.reports["r4"]
    nights.publisher.publish("r40", "乙", zh=report["zh"], en=report["en"])
    nights.night()
    assert nights.query("SELECT detail, alert FROM events WHERE run_id = 2") == [("", "quiet")]
    assert "release" not in nights.query("SELECT message FROM issues")[0][0]


@pytest.mark.parametrize(("decision", "alert"), [("release", "due"), ("drop", "quiet")])
def test_twin_is_released_or_dropped(nights, tmp_path, decision, alert):
    move(nights, "r4", "r40")
    getattr(nights, decision)(keys=["r40"])
    assert nights.query("SELECT detail, alert FROM events WHERE run_id = 2") == [("twin", alert)]
    alerts, line = summary(nights, 2)
    assert alerts == {alert: 1}
    assert "held" not in line
    assert "first walk" not in line
    note = json.loads(nights.query("SELECT content FROM notes WHERE kind = ?", decision)[0][0])
    assert note["events"] == [{"run": 2, "kind": "appeared", "key": "r40"}]
    nights.night()
    check_rebuild(nights, tmp_path / "again")


def test_alias_answers_what_the_held_alert_asks(nights, tmp_path):
    move(nights, "r4", "r40")
    nights.alias("r40", "r4")
    assert nights.events() == [("appeared", "r40", "quiet")]
    with pytest.raises(UsageError, match="r40, appeared in run 2, is not held"):
        nights.release(held_before(nights, "r40"))
    nights.night()
    check_rebuild(nights, tmp_path / "again")


def test_old_key_of_an_undecided_twin_is_not_called_gone(nights, tmp_path):
    move(nights, "r4", "r40")
    nights.night()
    assert nights.events() == [("withdrawn", "r4", "held")]
    assert any(
        "`baogao alias r40 r4`" in message for (message,) in nights.query("SELECT message FROM issues WHERE run_id = 3")
    )
    nights.alias("r40", "r4")
    assert nights.events() == [("withdrawn", "r4", "quiet")]
    nights.night()
    assert nights.events() == [("changed", "r4", "due"), ("reappeared", "r4", "quiet")]
    nights.publisher.withdraw("r40")
    for _ in range(2):
        nights.night()
    assert nights.events() == [("withdrawn", "r4", "due")]
    check_rebuild(nights, tmp_path / "again")


@pytest.mark.parametrize(("decision", "alert"), [("release", "due"), ("drop", "quiet")])
def test_old_key_of_a_twin_that_a_person_decided_on_is_gone(nights, decision, alert):
    move(nights, "r4", "r40")
    getattr(nights, decision)(keys=["r40"])
    nights.night()
    assert nights.events() == [("withdrawn", "r4", "due")]
    assert nights.events(2) == [("appeared", "r40", alert)]


def test_old_key_that_is_back_before_anybody_decided_waits_too(nights):
    move(nights, "r4", "r40")
    nights.night()
    nights.publisher.restore("r4")
    nights.night()
    assert nights.events() == [("reappeared", "r4", "held")]


def test_alias_leaves_what_was_announced(nights):
    move(nights, "r4", "r40")
    nights.release(keys=["r40"])
    nights.alias("r40", "r4")
    assert nights.events() == [("appeared", "r40", "due")]


def held_before(nights, key):
    with nights.opened() as connection:
        return [event for event in list_events(connection) if event.key == key and event.run > 1]


@pytest.mark.parametrize("again", ["release", "drop"])
def test_decision_is_taken_once(nights, again):
    move(nights, "r4", "r40")
    nights.drop(keys=["r40"])
    before = nights.dump()
    with pytest.raises(UsageError, match="nothing was changed"):
        getattr(nights, again)(held_before(nights, "r40"))
    assert nights.dump() == before
    assert len([part for part in list_parts(nights.data) if not part.is_crawl]) == 1


def test_one_event_that_is_not_held_stops_the_whole_decision(nights):
    nights.publisher.publish("new")
    move(nights, "r4", "r40")
    with pytest.raises(UsageError, match="new, appeared in run 2"):
        nights.release(held_before(nights, "r40") + held_before(nights, "new"))
    assert sorted(nights.events()) == [("appeared", "new", "due"), ("appeared", "r40", "held")]


def test_decision_about_nothing_leaves_no_trace(nights):
    before = nights.dump()
    nights.release()
    assert nights.dump() == before


@pytest.mark.parametrize(("decision", "alert"), [("release", "due"), ("drop", "quiet")])
def test_decision_that_a_crash_cut_short_is_carried_out(nights, tmp_path, decision, alert):
    """The note is on disk and the row of it too; the events were not reached."""
    move(nights, "r4", "r40")
    nights.query("CREATE TRIGGER crash BEFORE UPDATE OF alert ON events BEGIN SELECT RAISE(ABORT, 'crash'); END")
    with pytest.raises(sqlite3.Error, match="crash"):
        getattr(nights, decision)(keys=["r40"])
    nights.query("DROP TRIGGER crash")
    assert nights.events() == [("appeared", "r40", "held")]
    nights.settle()  # recovers first
    assert nights.events() == [("appeared", "r40", alert)]
    nights.night()
    check_rebuild(nights, tmp_path / "again")


def test_alias_that_a_crash_cut_short_is_carried_out(nights, tmp_path):
    move(nights, "r4", "r40")
    nights.query("CREATE TRIGGER crash BEFORE INSERT ON item_aliases BEGIN SELECT RAISE(ABORT, 'crash'); END")
    with pytest.raises(sqlite3.Error, match="crash"):
        nights.alias("r40", "r4")
    nights.query("DROP TRIGGER crash")
    nights.night()
    assert nights.query("SELECT key FROM item_aliases") == [("r40",)]
    check_rebuild(nights, tmp_path / "again")


def test_decision_that_only_the_journal_knows_is_carried_out(nights, tmp_path):
    """As after a restored backup of archive.db: the file is newer than it."""
    move(nights, "r4", "r40")
    backup = nights.data.db.read_bytes()
    nights.release(keys=["r40"])
    for path in nights.data.root.glob("archive.db*"):
        path.unlink()
    nights.data.db.write_bytes(backup)
    nights.settle()
    assert nights.events() == [("appeared", "r40", "due")]


def test_decision_during_an_interrupted_night_is_replayed_before_it(nights, tmp_path):
    """It was in force when that night was settled."""
    move(nights, "r4", "r40")
    nights.night(die_after=1)
    nights.alias("r40", "r4")
    nights.clock -= timedelta(days=1)
    nights.night()
    assert nights.query("SELECT count(*) FROM runs") == [(3,)]
    assert nights.query("SELECT last_run_id FROM items WHERE key = 'r4'") == [(3,)]
    rebuilt = nights.rebuild(tmp_path / "again")
    for table in ("items", "item_aliases", "events", "sightings", "memberships", "issues"):
        assert rebuilt.query(f"SELECT * FROM {table}") == nights.query(f"SELECT * FROM {table}"), table


def test_decision_about_what_a_newer_parser_does_not_see_is_skipped(tmp_path):
    nights = play_baseline(tmp_path / "data", 7)
    report = nights.publisher.reports["r4"]
    nights.publisher.publish("r40", zh=report["zh"], en=report["en"], mark="odd")
    nights.night()
    nights.release(keys=["r40"])
    rebuilt = nights.rebuild(tmp_path / "again", reader=make_reader(2, blind_to=("odd",)))
    assert rebuilt.query("SELECT 1 FROM items WHERE key = 'r40'") == []
    rebuilt.night()


def test_released_twin_is_due_once_over_further_nights(nights):
    move(nights, "r4", "r40")
    nights.release(keys=["r40"])
    for _ in range(3):
        nights.night()
    assert nights.query(
        "SELECT run_id, alert FROM events e JOIN items i ON i.id = e.item_id WHERE key = 'r40' AND kind = 'appeared'"
    ) == [(2, "due")]
