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
    assert broken(unread) == set()


@pytest.mark.parametrize(
    ("changed", "known", "passed"), [(21, 100, False), (20, 100, True), (9, 10, True), (10, 40, False)]
)
def test_share_of_changed_reports(changed, known, passed):
    assert [gate.passed for gate in vet_changes(changed, known)] == [passed]


def test_nothing_known_nothing_to_compare():
    assert vet_changes(0, 0) == []


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
