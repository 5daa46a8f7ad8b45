"""The bounds of a night, each from both sides."""

import json
from dataclasses import replace

import pytest

from archive.verdict import load_verdict
from archive.vet import ListingFigures, vet_changes, vet_listing
from tests.nights import Nights

HEALTHY = ListingFigures(
    listing="tag:x",
    page_1_was_read=True,
    complete=True,
    entries=100,
    untitled=0,
    zh=100,
    en=100,
    ratio=4.0,
    ratio_entries=100,
    entries_before=100,
    zh_share_before=1.0,
    en_share_before=1.0,
    ratio_before=4.0,
    familiar=100,
)


def broken(figures):
    return {(gate.name, gate.hard) for gate in vet_listing(figures) if not gate.passed}


def test_healthy_night_and_first_night_pass():
    assert broken(HEALTHY) == set()
    first = replace(HEALTHY, entries_before=None, zh_share_before=None, en_share_before=None, ratio_before=None)
    assert broken(first) == set()


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (
            {"entries": 0, "zh": 0, "en": 0, "ratio": None, "ratio_entries": 0, "complete": False},
            {("entries-present", True)},
        ),
        ({"entries": 79, "zh": 79, "en": 79}, {("entries-share", True)}),
        ({"entries": 80, "zh": 80, "en": 80}, set()),
        ({"entries": 79, "zh": 79, "en": 79, "complete": False}, set()),
        ({"entries": 201, "zh": 201, "en": 201}, {("entries-growth", False)}),
        ({"familiar": 0}, {("entries-known", True)}),
        ({"familiar": 0, "complete": False}, set()),
        ({"familiar": 0, "entries_before": 19}, {("entries-growth", False)}),
        ({"en": 79}, {("english-share", True)}),
        ({"en": 80}, set()),
        ({"zh": 70}, {("chinese-share", True)}),
        ({"untitled": 3}, {("untitled-share", True)}),
        ({"untitled": 2}, set()),
        ({"ratio": 2.4}, {("length-ratio", True)}),
        ({"ratio": 2.5}, set()),
        ({"ratio": 2.4, "ratio_before": None}, {("length-ratio", False)}),
        ({"ratio": 1.2, "ratio_before": 1.5}, set()),
        ({"ratio": 1.0, "ratio_before": 1.5}, {("length-ratio", True)}),
    ],
)
def test_bounds(figures, expected):
    assert broken(replace(HEALTHY, **figures)) == expected


@pytest.mark.parametrize(
    ("before", "tonight"),
    [({"entries_before": 5}, {"entries": 3, "zh": 3, "en": 3}), ({}, {"entries": 4, "zh": 4, "en": 3})],
)
def test_handful_is_not_rejected_for_one_edit(before, tonight):
    small = replace(HEALTHY, entries=5, zh=5, en=5, entries_before=5, ratio_entries=5)
    assert broken(replace(small, **before, **tonight)) == set()


def test_page_that_could_not_be_fetched_proves_nothing():
    unread = replace(HEALTHY, page_1_was_read=False, complete=False, entries=0, zh=0, en=0, ratio=None, ratio_entries=0)
    assert vet_listing(unread) == []  # a bound that "passed" with 0 entries of at least 1 would say that it was tried


@pytest.mark.parametrize(
    ("changed", "known", "passed"), [(21, 100, False), (20, 100, True), (9, 10, True), (10, 40, False)]
)
def test_share_of_changed_reports(changed, known, passed):
    assert [gate.passed for gate in vet_changes(changed, known)] == [passed]


def test_nothing_known_nothing_to_compare():
    assert vet_changes(0, 0) == []


def test_a_site_that_moves_all_its_ids_shows_twins_and_no_strangers(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(20):
        nights.publisher.publish(f"r{number}")
    nights.night()
    old = [nights.publisher.reports[key] for key in reversed(nights.publisher.tags["甲"])]
    nights.publisher.tags["甲"].clear()
    for report in old:
        nights.publisher.publish(f"moved-{report['key']}", title=report["title"], zh=report["zh"], en=report["en"])
    assert nights.night().outcome == "complete"
    assert {alert for kind, _, alert in nights.events() if kind == "appeared"} == {"held"}
    assert set(nights.issues()) >= {"twin"}


def test_an_empty_listing_that_a_person_has_accepted_rejects_no_later_night(tmp_path):
    """One tag among thousands that has lost its last report must not stop the others for ever."""
    nights = Nights(tmp_path / "data")
    for number in range(6):
        nights.publisher.publish(f"r{number}", "甲")
    nights.publisher.publish("b", "乙")
    nights.night("甲", "乙")
    nights.publisher.withdraw("b", "乙")
    verdict = nights.night("甲", "乙")
    assert (verdict.outcome, verdict.exit_code) == ("rejected", 4)
    nights.accept(verdict.run)
    nights.publisher.publish("r9", "甲")
    verdict = nights.night("甲", "乙")
    assert (verdict.outcome, verdict.exit_code) == ("partial", 3)
    assert nights.events() == [("appeared", "r9", "due")]
    assert "entries-present" in nights.issues()
    nights.publisher.publish("c", "乙")
    assert nights.night("甲", "乙").outcome == "complete"
    nights.publisher.withdraw("c", "乙")
    assert nights.night("甲", "乙").outcome == "rejected"


def test_a_listing_that_shows_only_strangers_is_rejected_until_a_person_accepts_it(tmp_path):
    """Another site has a tag of that name: none of the reports is taken as gone, none is announced."""
    nights = Nights(tmp_path / "data")
    for number in range(20):
        nights.publisher.publish(f"r{number}")
    nights.night()
    nights.publisher.tags["甲"].clear()
    for number in range(20):
        nights.publisher.publish(f"s{number}")
    for _ in range(2):
        verdict = nights.night()
        assert (verdict.outcome, verdict.counts["appeared"]) == ("rejected", 0)
        assert [gate["name"] for gate in verdict.gates if not gate["passed"]] == ["entries-known"]
    assert nights.query("SELECT count(*) FROM items WHERE state <> 'listed'") == [(0,)]
    assert nights.accept(verdict.run).counts["appeared"] == 20
    assert nights.night().outcome == "complete"


def test_a_gate_that_is_kept_claims_nothing(tmp_path):
    """Neither in what a night stores nor, of nights that an earlier release has stored, in what is printed."""
    nights = Nights(tmp_path / "data")
    for number in range(8):
        nights.publisher.publish(f"r{number}")
    nights.night()
    nights.publisher.tags["甲"].clear()
    nights.night()
    ((stats,),) = nights.query("SELECT stats FROM runs WHERE id = 1")
    assert not any(gate.get("message") for gate in json.loads(stats)["gates"])
    older = [gate | {"message": "everything is lost"} for gate in json.loads(stats)["gates"]]
    with nights.opened() as connection:
        connection.execute(
            "UPDATE runs SET stats = json_set(stats, '$.gates', json(?)) WHERE id = 1", (json.dumps(older),)
        )
        told = [load_verdict(connection, run).to_json()["gates"] for run in (1, 2)]
    assert {gate["message"] for gate in told[0]} == {""}
    assert any(not gate["passed"] and "shows no entries where it had 8" in gate["message"] for gate in told[1])
    assert all(gate["passed"] == (not gate["message"]) for gate in told[1])
