"""Every case of the design's table: given these nights, these events and alerts."""

from collections import Counter

import pytest

from tests.nights import UNREADABLE, Nights, make_reader


@pytest.fixture
def nights(tmp_path):
    played = Nights(tmp_path / "data")
    for number in range(1, 8):
        played.publisher.publish(f"r{number}")
    return played


def test_first_complete_walk_is_a_silent_baseline(nights):
    verdict = nights.night()
    assert (verdict.outcome, verdict.exit_code) == ("complete", 0)
    assert verdict.counts["appeared"] == 7
    assert {alert for _, _, alert in nights.events()} == {"quiet"}


def test_new_report_is_announced_once(nights):
    nights.night()
    nights.publisher.publish("r8")
    nights.night()
    assert nights.events() == [("appeared", "r8", "due")]
    nights.night()
    assert nights.events() == []


def test_new_report_in_a_newly_added_tag_is_quiet(nights):
    nights.night()
    nights.publisher.publish("r9", "乙")
    nights.night()
    assert nights.events() == [("appeared", "r9", "quiet")]


def test_unchanged_night_says_nothing_and_sees_everything(nights):
    nights.night()
    verdict = nights.night()
    assert nights.events() == []
    assert verdict.counts["entries"] == 7
    assert nights.query("SELECT count(*) FROM item_versions")[0][0] == 7


def test_changed_figure_makes_a_version(nights):
    nights.night()
    nights.publisher.edit("r3", zh="虚构的r3规模为12.6亿元")
    nights.night()
    assert nights.events() == [("changed", "r3", "due")]
    assert [cause for cause, _ in nights.versions("r3")] == ["first", "site"]
    assert nights.query("SELECT key, field FROM changes") == [("r3", "summary_zh")]


def test_text_that_returns_is_a_third_version(nights):
    before = nights.publisher.reports["r3"]["zh"]
    nights.night()
    nights.publisher.edit("r3", zh="另一句虚构的话")
    nights.night()
    nights.publisher.edit("r3", zh=before)
    nights.night()
    assert [text for _, text in nights.versions("r3")] == [before, "另一句虚构的话", before]
    assert nights.events() == [("changed", "r3", "due")]


def test_cosmetic_edit_is_no_version_and_one_event_a_variant(nights):
    nights.publisher.publish("r8", zh="规模(虚构)为 12.5亿元")
    nights.night()
    for zh in ("规模（虚构）为12.5亿元", "规模(虚构)为 12.5亿元", "规模（虚构）为12.5亿元"):
        nights.publisher.edit("r8", zh=zh)
        nights.night()
    assert nights.query("SELECT kind, alert, count(*) FROM events WHERE kind <> 'appeared' GROUP BY 1, 2") == [
        ("cosmetic", "quiet", 1)
    ]
    assert len(nights.versions("r8")) == 1


def test_withdrawn_after_two_complete_walks_and_once(nights):
    nights.night()
    nights.publisher.withdraw("r2")
    nights.night()
    assert (nights.state("r2"), nights.events()) == ("missing", [])
    nights.night()
    assert (nights.state("r2"), nights.events()) == ("withdrawn", [("withdrawn", "r2", "due")])
    nights.night()
    assert nights.events() == []
    assert nights.query("SELECT count(*) FROM items")[0][0] == 7


def test_reappeared_is_never_new(nights):
    nights.night()
    nights.publisher.withdraw("r2")
    nights.night()
    nights.night()
    first = nights.query("SELECT first_seen_at FROM items WHERE key = 'r2'")
    nights.publisher.restore("r2")
    nights.night()
    assert nights.events() == [("reappeared", "r2", "due")]
    assert nights.query("SELECT first_seen_at FROM items WHERE key = 'r2'") == first
    assert len(nights.versions("r2")) == 1


def test_missing_and_back_says_nothing(nights):
    nights.night()
    nights.publisher.withdraw("r2")
    nights.night()
    nights.publisher.restore("r2")
    nights.night()
    nights.publisher.withdraw("r2")
    nights.night()
    assert nights.state("r2") == "missing"
    assert nights.query("SELECT count(*) FROM events WHERE kind <> 'appeared'")[0][0] == 0


def test_what_can_not_be_read_as_an_entry_is_an_issue_with_its_page_once(nights):
    nights.publisher.publish("a")
    nights.publisher.publish("b", title="虚构的怪条目", mark=UNREADABLE)
    assert nights.night("甲").outcome == "complete"
    assert nights.issues() == ["unread"]
    message, url = nights.query("SELECT message, url FROM issues i JOIN captures c ON c.id = i.capture_id")[0]
    assert "虚构的怪条目" in message
    assert url.endswith("/tag/%E7%94%B2")
    assert nights.night("甲").outcome == "complete"
    assert nights.issues() == []
    nights.publisher.edit("b", mark="")  # what was odd about it is gone, or a newer parser reads it
    nights.night("甲")
    assert nights.state("b") == "listed"


def test_moved_between_pages_is_two_sightings_and_one_observation(nights):
    nights.night()
    nights.publisher.tags["甲"].append("r7")  # listed twice: at the top and at the end
    verdict = nights.night()
    assert nights.events() == []
    assert verdict.counts["entries"] == 7
    assert nights.query(
        "SELECT count(*) FROM sightings s JOIN items i ON i.id = s.item_id JOIN captures c ON c.id = s.capture_id "
        "WHERE i.key = 'r7' AND c.run_id = 2"
    ) == [(3,)]  # page 1, page 3, and page 1 again


@pytest.mark.parametrize("fault", ["500", "captcha", "garbage", "empty"])
def test_partial_run_counts_what_was_seen_and_takes_nothing_as_gone(nights, fault):
    nights.night()
    nights.publisher.publish("r8")
    for _ in range(3):
        verdict = nights.night(faults={("甲", 2): fault})
    assert verdict.outcome == "partial"
    assert verdict.exit_code == (5 if fault == "captcha" else 3)
    assert nights.query("SELECT DISTINCT state FROM items") == [("listed",)]
    assert nights.events(2) == [("appeared", "r8", "due")]
    assert "incomplete-streak" not in nights.issues(3)
    assert "incomplete-streak" in nights.issues(4)


def test_never_complete_listing_announces_nothing_and_becomes_an_issue(nights):
    for _ in range(3):
        nights.night(faults={("甲", 3): "500"})
    nights.publisher.publish("r8")
    nights.night(faults={("甲", 3): "500"})
    assert nights.events() == [("appeared", "r8", "quiet")]
    assert "never-complete" in nights.issues(3)


def test_a_host_that_is_down_for_some_nights_is_one_issue_for_all_its_listings(tmp_path):
    tags = ["甲", "乙", "丙", "丁", "戊"]
    nights = Nights(tmp_path / "data", ranks=tags)
    nights.publisher.publish("r1", *tags)
    nights.night()
    for _ in range(3):
        nights.night(faults={(tag, 1): "500" for tag in tags})
    assert Counter(nights.issues()) == {"walk-incomplete": 5, "incomplete-streak": 1}
    ((message,),) = nights.query("SELECT message FROM issues WHERE code = 'incomplete-streak'")
    assert message.startswith("tag:甲, tag:乙, tag:丙 and 2 more have not been walked to their end in 3 runs.")
    rebuilt = nights.rebuild(tmp_path / "again")
    assert rebuilt.query("SELECT code, message FROM issues") == nights.query("SELECT code, message FROM issues")


def test_short_walk_announces_but_never_withdraws(nights):
    nights.night()
    nights.publisher.publish("r8")
    nights.publisher.withdraw("r1")
    for _ in range(3):
        verdict = nights.night(max_pages=1)
    assert verdict.exit_code == 3
    assert nights.events(2) == [("appeared", "r8", "due")]
    assert nights.state("r1") == "listed"


def test_aborted_run_is_continued(nights, tmp_path):
    nights.night()
    nights.publisher.publish("r8")
    assert nights.night(die_after=2) is None
    verdict = nights.night()
    assert (verdict.run, verdict.outcome) == (3, "complete")  # more than six hours later: aborted, and a new run
    assert nights.query("SELECT outcome FROM runs WHERE id = 2") == [("aborted",)]


def test_aborted_run_within_hours_is_the_same_run(nights):
    nights.night()
    nights.publisher.publish("r8")
    nights.night(die_after=2)
    nights.clock -= __import__("datetime").timedelta(days=1)
    verdict = nights.night()
    assert (verdict.run, verdict.outcome) == (2, "complete")
    assert nights.events() == [("appeared", "r8", "due")]
    pages = nights.query("SELECT page FROM captures WHERE run_id = 2 ORDER BY id")
    assert [page for (page,) in pages] == [1, 2, 3, 1]


def test_aborted_run_settled_late_proves_no_absence(nights):
    nights.night()
    nights.publisher.withdraw("r1")
    nights.publisher.publish("r8")
    nights.night(die_after=3)
    verdicts = nights.settle()
    assert [(verdict.outcome, verdict.exit_code) for verdict in verdicts] == [("aborted", 3)]
    assert nights.events() == [("appeared", "r8", "due")]
    assert nights.state("r1") == "listed"


def test_several_tags_are_one_item_and_leaving_one_is_no_withdrawal(nights):
    nights.publisher.publish("both", "甲", "乙")
    nights.night()
    nights.publisher.withdraw("both", "甲")
    for _ in range(3):
        nights.night()
        assert nights.events() == []
    assert nights.state("both") == "listed"
    assert nights.query("SELECT count(*) FROM memberships m JOIN items i ON i.id = m.item_id WHERE key = 'both'") == [
        (2,)
    ]


def test_one_tag_failing_while_the_item_leaves_the_other_is_no_withdrawal(nights):
    nights.publisher.publish("both", "甲", "乙")
    nights.publisher.publish("x", "乙")
    nights.night()
    nights.publisher.withdraw("both", "甲")
    for _ in range(3):
        nights.night(faults={("乙", 1): "500"})
    assert nights.state("both") == "listed"


def test_walks_that_prove_absence_may_lie_on_different_nights(nights):
    nights.publisher.publish("both", "甲", "乙")
    nights.publisher.publish("x", "乙")
    nights.night()
    nights.publisher.withdraw("both")
    nights.night(faults={("乙", 1): "500"})
    nights.night(faults={("乙", 1): "500"})
    nights.night(faults={("甲", 1): "500"})
    assert nights.state("both") == "missing"
    nights.night(faults={("甲", 1): "500"})
    assert nights.events() == [("withdrawn", "both", "due")]


def test_tags_that_disagree_are_a_conflict_and_the_lower_rank_speaks(nights):
    nights.publisher.publish("both", "甲", "乙")
    override = {"乙": {"both": {"zh": "乙的另一种虚构说法"}}}
    nights.night(override=override)
    assert nights.versions("both") == [("first", "虚构的both规模为12.5亿元")]
    assert nights.issues() == ["conflict"]
    nights.night(override=override)
    assert nights.events() == []
    assert nights.issues() == []  # it was told
    null = nights.query("SELECT count(*) FROM sightings WHERE version_id IS NULL")
    assert null == [(4,)]  # twice a night: page 1, and page 1 again
    nights.night(override={"乙": {"both": {"zh": "乙的第三种虚构说法"}}})
    assert nights.issues() == ["conflict"]
    nights.night()
    nights.night(override=override)
    assert nights.issues() == ["conflict"]


def test_a_conflict_is_told_again_where_the_page_of_the_night_before_is_lost(nights):
    override = {"乙": {"both": {"zh": "乙的另一种虚构说法"}}}
    nights.publisher.publish("both", "甲", "乙")
    nights.night(override=override)
    for path in nights.data.warc.iterdir():
        path.unlink()
    nights.publisher.publish("r0", "甲", "乙")
    for number in range(1, 8):  # else page 2 or 3 is only referred to
        nights.publisher.edit(f"r{number}", brands=["虚构品牌"])
    nights.night(override=override)
    assert nights.issues() == ["conflict"]


def test_lesser_listing_alone_is_a_witness_until_the_better_one_lost_the_item(nights):
    nights.publisher.publish("both", "甲", "乙")
    override = {"乙": {"both": {"zh": "乙的另一种虚构说法"}}}
    nights.night()
    for told in (["conflict"], []):  # once
        nights.night(override=override, faults={("甲", 1): "500"})
        assert nights.events() == []
        assert [code for code in nights.issues() if code == "conflict"] == told
    nights.publisher.withdraw("both", "甲")
    nights.night(override=override)
    assert nights.events() == [("changed", "both", "due")]


def test_retired_listing_proves_nothing_and_hinders_nothing(nights):
    nights.publisher.publish("both", "甲", "乙")
    nights.night(configured=True)
    nights.publisher.withdraw("both", "甲")
    nights.night("甲", configured=True)
    nights.night("甲", configured=True)
    assert nights.events() == [("withdrawn", "both", "due")]


def test_report_that_only_a_retired_listing_still_showed_is_not_gone(nights):
    nights.publisher.publish("moved", "甲", "乙")
    nights.publisher.publish("x", "乙")
    nights.night(configured=True)
    nights.publisher.withdraw("moved", "甲")
    for _ in range(3):
        nights.night(configured=True)
    for _ in range(3):
        nights.night("甲", configured=True)
        assert (nights.state("moved"), nights.events()) == ("listed", [])
    nights.publisher.withdraw("moved")
    nights.night(configured=True)
    assert nights.state("moved") == "missing"
    nights.night(configured=True)
    assert nights.events() == [("withdrawn", "moved", "due")]


def test_parser_change_alone_is_a_correction_and_never_an_alert(tmp_path):
    nights = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("®",)))
    nights.publisher.publish("r1", zh="品牌®的虚构规模")
    nights.publisher.publish("r2")
    nights.night()
    nights.reader = make_reader(2)
    nights.night()
    assert nights.events() == [("corrected", "r1", "quiet")]
    assert nights.versions("r1") == [("first", "品牌的虚构规模"), ("parser", "品牌®的虚构规模")]
    first, correction = nights.query(
        "SELECT observed_at, recorded_at FROM item_versions WHERE item_id = 2 ORDER BY seq"
    )
    assert first[0] == correction[0]
    assert first[1] < correction[1]
    nights.night()
    assert nights.events() == []
    assert nights.history("r1") == ["品牌®的虚构规模"]


def test_parser_and_site_change_are_told_apart(tmp_path):
    nights = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("®",)))
    nights.publisher.publish("r1", zh="品牌®的虚构规模")
    nights.night()
    nights.reader = make_reader(2)
    nights.publisher.edit("r1", zh="品牌®的新规模")
    nights.night()
    assert nights.events() == [("corrected", "r1", "quiet"), ("changed", "r1", "due")]
    assert nights.query("SELECT before, after FROM changes WHERE cause = 'site'") == [
        ("品牌®的虚构规模", "品牌®的新规模")
    ]


def test_entry_that_an_older_parser_overlooked_is_no_news(tmp_path):
    nights = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("odd",)))
    nights.publisher.publish("r1")
    nights.publisher.publish("r2", mark="odd")
    nights.night()
    nights.reader = make_reader(2)
    nights.publisher.publish("r3")
    nights.night()
    assert sorted(nights.events()) == [("appeared", "r2", "quiet"), ("appeared", "r3", "due")]


def test_entry_that_a_newer_parser_loses_is_not_withdrawn(tmp_path):
    nights = Nights(tmp_path / "data", reader=make_reader(1))
    nights.publisher.publish("r1")
    nights.publisher.publish("r2", mark="odd")
    nights.night()
    nights.reader = make_reader(2, blind_to=("odd",))
    for _ in range(3):
        nights.night()
    assert nights.state("r2") == "listed"
    assert "lost-by-parser" in nights.issues()


def test_reparse_of_history_corrects_old_readings_and_never_alerts(tmp_path):
    nights = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("®",)))
    nights.publisher.publish("r1", zh="甲®")
    nights.night()
    nights.publisher.edit("r1", zh="甲®乙")
    nights.night()
    nights.publisher.edit("r1", zh="甲®丙")
    nights.night()
    verdict = nights.reparse(make_reader(2))
    assert (verdict.kind, verdict.counts["corrected"]) == ("reparse", 3)
    assert {alert for _, _, alert in nights.events()} == {"quiet"}
    assert nights.history("r1") == ["甲®", "甲®乙", "甲®丙"]
    assert nights.query("SELECT summary_zh FROM reports") == [("甲®丙",)]
    assert len(nights.versions("r1")) == 6  # the old belief stays
    nights.night()
    assert nights.events() == []


def test_change_that_was_only_misreading_folds_out_of_history(tmp_path):
    nights = Nights(tmp_path / "data", reader=make_reader(1, blind_to=()))
    nights.publisher.publish("r1", zh="规模☃")
    nights.night()
    nights.publisher.edit("r1", zh="规模")
    nights.night()
    nights.reparse(make_reader(2, blind_to=("☃",)))
    assert nights.history("r1") == ["规模"]


def test_redesign_is_rejected_and_writes_nothing_but_the_issue(nights):
    nights.night()
    before = nights.query("SELECT * FROM items"), nights.query("SELECT count(*) FROM walks")
    verdict = nights.night(faults={("甲", 1): "garbage"})
    assert (verdict.outcome, verdict.exit_code) == ("rejected", 4)
    assert nights.events() == []
    assert nights.issues() == ["walk-incomplete", "entries-present"]
    assert (nights.query("SELECT * FROM items"), nights.query("SELECT count(*) FROM walks")) == before
    assert nights.query("SELECT count(*) FROM captures WHERE run_id = 2") == [(1,)]


def test_mass_edit_is_rejected_until_a_person_accepts_it(nights):
    for number in range(8, 41):
        nights.publisher.publish(f"r{number}")
    nights.night()
    for number in range(1, 13):
        nights.publisher.edit(f"r{number}", zh=f"全新的虚构文字{number}")
    verdict = nights.night()
    assert (verdict.outcome, verdict.counts["changed"]) == ("rejected", 0)
    verdict = nights.accept(2)
    assert (verdict.outcome, verdict.counts["changed"]) == ("complete", 12)
    assert {alert for _, _, alert in nights.events()} == {"held"}
    assert nights.night().counts["changed"] == 0


def test_rejected_run_is_not_accepted_after_a_later_one(nights):
    from archive.errors import Rejected

    nights.night()
    nights.night(faults={("甲", 1): "garbage"})
    nights.night()
    with pytest.raises(Rejected, match="run 3"):
        nights.accept(2)


def test_half_a_listing_is_rejected(nights):
    for number in range(8, 31):
        nights.publisher.publish(f"r{number}")
    nights.night()
    nights.publisher.tags["甲"] = nights.publisher.tags["甲"][:15]
    assert nights.night().outcome == "rejected"


def test_lost_language_everywhere_is_rejected(nights):
    nights.night()
    for key in nights.publisher.reports:
        nights.publisher.edit(key, en="")
    assert nights.night().outcome == "rejected"


def test_twin_is_held_and_named(nights):
    nights.night()
    old = nights.publisher.reports["r4"]
    nights.publisher.withdraw("r4")
    nights.publisher.publish("r40", title="虚构咨询 | 改过的题目", zh=old["zh"], en=old["en"])
    nights.night()
    assert nights.events() == [("appeared", "r40", "held")]
    assert nights.issues() == ["twin"]


def test_alias_makes_the_twin_the_same_report(nights):
    from archive.deciding import add_alias
    from archive.errors import UsageError

    nights.night()
    old = nights.publisher.reports["r4"]
    nights.publisher.withdraw("r4")
    nights.publisher.publish("r40", zh=old["zh"], en=old["en"], title=old["title"])
    nights.night()
    with nights.opened() as connection:
        add_alias(connection, nights.data, "r40", "r4", "moved", nights.reader, now=nights.now())
    nights.night()
    nights.night()
    assert nights.state("r4") == "listed"
    assert nights.query("SELECT count(*) FROM events WHERE kind = 'withdrawn'") == [(0,)]
    assert "r40" not in {key for (key,) in nights.query("SELECT key FROM reports")}
    with nights.opened() as connection, pytest.raises(UsageError, match="no report nobody"):
        add_alias(connection, nights.data, "nobody", "r4", "", nights.reader, now=nights.now())


def test_a_report_that_moved_twice_is_read_again_by_the_key_it_had(nights):
    """Both keys stand on one page, and only one of them was known as the old report's when that page was settled."""
    nights.night()
    nights.night()
    old = nights.publisher.reports["r1"]
    for key in ("r60", "r70"):
        nights.publisher.publish(key, zh=old["zh"], en=old["en"])
        if key == "r60":
            nights.publisher.withdraw("r1")
        nights.night()
        nights.alias(key, "r1")
    assert nights.query("SELECT count(*) FROM item_versions v JOIN items i ON i.id = v.item_id WHERE key = 'r1'") == [
        (2,)
    ]
    assert nights.verify().problems == []
    assert nights.reparse(make_reader(2)).counts["corrected"] == 0


def test_lost_field_is_kept_until_a_second_complete_night(nights):
    nights.night()
    full = nights.publisher.reports["r5"]["en"]
    nights.publisher.edit("r5", en="")
    nights.night()
    assert (nights.events(), nights.issues()) == ([], ["thinner"])
    assert nights.query("SELECT summary_en FROM reports WHERE key = 'r5'") == [(full,)]
    nights.night()
    assert nights.events() == [("changed", "r5", "due")]


def test_lost_field_that_comes_back_between_is_never_a_version(nights):
    nights.night()
    full = nights.publisher.reports["r5"]["en"]
    for en in ("", full, "", full):
        nights.publisher.edit("r5", en=en)
        nights.night()
    assert len(nights.versions("r5")) == 1


def test_settling_twice_changes_nothing(nights):
    from archive.settle import settle

    nights.night()
    nights.publisher.publish("r8")
    nights.night()
    before = nights.dump()
    with nights.opened() as connection:
        again = settle(connection, nights.data, 2, nights.reader)
    assert again.counts["appeared"] == 1
    assert nights.dump() == before


def test_flood_is_held(nights):
    nights.night()
    for number in range(100, 160):
        nights.publisher.publish(f"r{number}")
    nights.night()
    assert {alert for _, _, alert in nights.events()} == {"held"}
    assert "flood" in nights.issues()


def test_replay_of_the_warcs_gives_the_same_archive(nights, tmp_path):
    nights.publisher.publish("both", "甲", "乙")
    nights.night()
    nights.publisher.edit("r3", zh="新的虚构文字")
    nights.publisher.withdraw("r2")
    nights.night(faults={("乙", 1): "500"})
    nights.night(faults={("甲", 1): "garbage"})
    nights.night()
    nights.night(faults={("甲", 1): "garbage"})
    nights.accept(5)
    nights.reparse(make_reader(2))
    nights.publisher.restore("r2")
    nights.night(die_after=2)
    nights.settle()
    nights.night(settle_it=False)
    nights.settle()
    rebuilt = nights.rebuild(tmp_path / "again", reader=nights.reader)
    assert nights.query("SELECT count(*) FROM runs") == [(8,)]
    for table in ("events", "items", "listings", "memberships", "walks", "captures", "notes", "sightings", "issues"):
        assert rebuilt.query(f"SELECT * FROM {table}") == nights.query(f"SELECT * FROM {table}"), table
    for view in ("reports", "history", "changes"):
        columns = "key, version, title, summary_zh" if view != "changes" else "*"
        assert rebuilt.query(f"SELECT {columns} FROM {view}") == nights.query(f"SELECT {columns} FROM {view}"), view


def test_replay_under_one_parser_is_equal_to_the_last_row(nights, tmp_path):
    nights.night()
    nights.publisher.publish("r8")
    nights.night(faults={("甲", 2): "500"})
    nights.publisher.edit("r3", zh="新的虚构文字")
    nights.night()
    assert nights.rebuild(tmp_path / "again").dump() == nights.dump()


@pytest.mark.parametrize("step", range(9))
def test_report_published_while_walking_is_seen_the_same_night(tmp_path, step):
    nights = Nights(tmp_path / "data")
    for number in range(22):
        nights.publisher.publish(f"r{number}")
    nights.night()
    nights.night(meanwhile=lambda captured: nights.publisher.publish("new") if captured == step else None)
    known = [key for (key,) in nights.query("SELECT key FROM items")]
    if step < 8:
        assert nights.events() == [("appeared", "new", "due")]
    nights.night()
    assert nights.events() == ([] if step < 8 else [("appeared", "new", "due")] * ("new" not in known))
    assert nights.query("SELECT DISTINCT state FROM items") == [("listed",)]


@pytest.mark.parametrize("step", range(8))
def test_report_deleted_while_walking_withdraws_no_other(tmp_path, step):
    nights = Nights(tmp_path / "data")
    for number in range(22):
        nights.publisher.publish(f"r{number}")
    nights.night()
    for gone in ("r20", "r12"):
        nights.night(
            meanwhile=lambda captured, gone=gone: nights.publisher.withdraw(gone) if captured == step else None
        )
    assert set(nights.query("SELECT key FROM items WHERE state = 'withdrawn'")) <= {("r20",), ("r12",)}
    nights.night()
    assert nights.query("SELECT key FROM items WHERE state <> 'listed' ORDER BY key") == [("r12",), ("r20",)]
    assert {key for kind, key, _ in nights.events(1) + nights.events(2) + nights.events(3) if kind == "withdrawn"} <= {
        "r20"
    }
