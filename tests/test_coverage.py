"""Which nights were looked at: listings, dates, statuses; the function, the view and the command say the same."""

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.cli import baogao
from archive.coverage import list_coverage, list_gaps, list_nights
from archive.deciding import accept
from archive.errors import UsageError
from archive.store import open_for_reading
from tests.nights import Nights, Publisher

ROW = ["date", "listing", "status", "run", "pages_seen", "pages_expected", "entries_seen", "stopped"]


def publisher(*tags, reports=7):
    site = Publisher()
    for number in range(reports):
        site.publish(f"r{number}", *tags)
    return site


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """02 complete · 03 partial · 04 missed · 05 rejected · 06 and 07 complete; 乙: from 06 on, retired after it."""
    played = Nights(tmp_path_factory.mktemp("coverage") / "data", publisher("甲"))
    played.night("甲")
    played.night("甲", faults={("甲", 2): "500"})
    played.clock = played.clock.replace(day=4)
    played.night("甲", faults={("甲", 1): "garbage"})
    played.publisher.publish("s1", "乙")
    played.night("甲", "乙")
    played.night("甲", configured=True)
    return played


def tell(nights, **how):
    connection = open_for_reading(nights.data)
    try:
        return [(row["date"][5:], row["listing"][4:], row["status"]) for row in list_coverage(connection, **how)]
    finally:
        connection.close()


def view(connection):
    return [dict(row) for row in connection.execute("SELECT * FROM coverage ORDER BY date, listing")]


def run(nights, *arguments):
    result = CliRunner().invoke(baogao, ["--data", str(nights.data.root), "coverage", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit | UsageError), result.exception
    return result


def test_each_date_has_its_status(nights):
    assert [row[0] for row in nights.query("SELECT outcome FROM runs")] == [
        "complete", "partial", "rejected", "complete", "complete",
    ]  # fmt: skip
    assert tell(nights) == [
        ("01-02", "甲", "complete"),
        ("01-03", "甲", "partial"),
        ("01-04", "甲", "missed"),
        ("01-05", "甲", "rejected"),
        ("01-06", "乙", "complete"),
        ("01-06", "甲", "complete"),
        ("01-07", "甲", "complete"),
    ]


def test_rows_say_how_far_the_walk_came(nights):
    connection = open_for_reading(nights.data)
    rows = list_coverage(connection, listing="tag:甲")
    connection.close()
    assert all(list(row) == ROW for row in rows)
    assert [(row["run"], row["pages_seen"], row["pages_expected"], row["entries_seen"]) for row in rows[:3]] == [
        (1, 3, 3, 7),
        (2, 1, 3, 3),
        (None, None, None, None),
    ]
    assert rows[0]["stopped"] is None
    assert rows[1]["stopped"] == "fetch error: page 2: HTTP 500"


def test_until_adds_missed_nights_but_none_to_a_retired_listing(nights):
    assert tell(nights, until="2026-01-09")[-2:] == [("01-08", "甲", "missed"), ("01-09", "甲", "missed")]
    assert tell(nights, until="2026-01-03") == tell(nights)[:2]
    assert tell(nights, until="2025-12-31") == []


def test_as_of_a_run_or_a_time_knows_no_later_one(nights):
    assert tell(nights, as_of="2") == tell(nights)[:2]
    assert tell(nights, as_of="3") == tell(nights)[:4]
    assert tell(nights, as_of="2026-01-03") == tell(nights)[:2]
    assert tell(nights, as_of="4") == tell(nights)[:6]
    assert tell(nights, as_of="2026-01-01") == []
    assert tell(nights, as_of="4", until="2026-01-07")[6:] == [("01-07", "乙", "missed"), ("01-07", "甲", "missed")]
    assert tell(nights, as_of="5", until="2026-01-08")[7:] == [("01-08", "甲", "missed")]


def test_wrong_words_are_told(nights):
    for wrong, said in [
        ({"listing": "tag:丁"}, "known are tag:乙, tag:甲"),
        ({"as_of": "77"}, "no run 77"),
        ({"as_of": "soon"}, "no point in time"),
        ({"until": "2026-02-31"}, "no point in time"),
    ]:
        with pytest.raises(UsageError, match=said):
            tell(nights, **wrong)


def test_an_open_run_is_neither_missed_nor_complete(tmp_path):
    played = Nights(tmp_path / "data", publisher("甲"))
    played.night()
    played.night(settle_it=False)
    assert tell(played) == [("01-02", "甲", "complete"), ("01-03", "甲", "open")]
    with played.opened() as connection:
        connection.row_factory = None
        assert [row[2] for row in connection.execute("SELECT * FROM coverage ORDER BY date")] == ["complete", "open"]
    assert "run 2 is not settled yet" in run(played).stdout
    with pytest.raises(UsageError, match="Run 2 is not settled yet"):
        tell(played, as_of="2")
    played.settle()
    assert tell(played) == [("01-02", "甲", "complete"), ("01-03", "甲", "complete")]


def test_acceptance_counts_from_its_own_time(tmp_path):
    played = Nights(tmp_path / "data", publisher("甲"))
    played.night()
    played.night(faults={("甲", 1): "garbage"})
    with played.opened() as connection:
        accept(connection, played.data, 2, played.reader, now="2026-01-09T08:00:00Z")
    assert tell(played) == [("01-02", "甲", "complete"), ("01-03", "甲", "partial")]
    assert tell(played, as_of="2026-01-08")[1] == ("01-03", "甲", "rejected")
    assert tell(played, as_of="2026-01-09")[1] == ("01-03", "甲", "partial")


def test_an_archive_without_nights_is_covered_by_nothing(tmp_path):
    played = Nights(tmp_path / "data")
    with played.opened():
        pass
    assert tell(played) == []
    assert tell(played, until="2026-01-09") == []
    assert "nothing was looked at" in run(played).stdout


def test_of_several_runs_of_a_date_the_best_counts(tmp_path):
    """The same in the view: partial with few entries, partial with more, then one that is not settled."""
    played = Nights(tmp_path / "data", publisher("甲", reports=10))
    played.night()
    played.night(faults={("甲", 3): "500"})
    played.clock -= timedelta(days=1)
    played.night(faults={("甲", 2): "500"})
    played.clock -= timedelta(days=1)
    played.night(settle_it=False)
    connection = open_for_reading(played.data)
    rows = list_coverage(connection)
    assert [(row["date"], row["status"], row["run"]) for row in rows] == [
        ("2026-01-02", "complete", 1),
        ("2026-01-03", "partial", 2),
    ]
    assert rows == view(connection)
    connection.close()


def test_a_listing_that_is_retired_now_was_not_while_it_was_still_walked(tmp_path):
    site = publisher("甲")
    site.publish("s1", "乙")
    played = Nights(tmp_path / "data", site)
    played.night("甲", "乙")
    played.night("甲")
    played.night("甲", "乙")
    played.night("甲", configured=True)
    assert ("01-03", "乙", "missed") in tell(played, as_of="2")
    assert [row for row in tell(played) if row[1] == "乙"] == [
        ("01-02", "乙", "complete"),
        ("01-03", "乙", "missed"),
        ("01-04", "乙", "complete"),
    ]


# the view

STATUS = st.sampled_from(["complete", "partial", "aborted", "rejected", "open"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(
        st.tuples(
            st.integers(0, 5),  # days since the run before
            STATUS,
            st.sampled_from(["crawl", "crawl", "crawl", "reparse"]),
            st.dictionaries(st.sampled_from("甲乙丙"), st.tuples(st.booleans(), st.integers(0, 9)), max_size=3),
        ),
        max_size=8,
    ),
    retired=st.sets(st.sampled_from("甲乙丙")),
)
def test_the_view_says_the_same(model, runs, retired):
    connection = model
    connection.execute("BEGIN")
    try:
        _play(connection, runs, retired)
        rows = list_coverage(connection)
        assert rows == view(connection)
        assert len({(row["date"], row["listing"]) for row in rows}) == len(rows)
    finally:
        connection.execute("ROLLBACK")


@pytest.fixture
def model(tmp_path):
    from archive.sqlite import sqlite3

    played = Nights(tmp_path / "model")
    with played.opened() as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def _play(connection, runs, retired):
    for number, tag in enumerate("甲乙丙", 1):
        connection.execute(
            "INSERT INTO listings VALUES (?, ?, '', 1, NULL, ?)", (number, f"tag:{tag}", tag not in retired)
        )
    day = 1
    for number, (later, wanted, kind, walks) in enumerate(runs, 1):
        day += later
        outcome = "complete" if wanted == "open" and number < len(runs) else wanted  # only the last can be open
        at = f"{date(2026, 1, 1) + timedelta(day)}T18:00:00Z"
        told = [
            {
                "listing": f"tag:{tag}", "complete": done, "pages_seen": 1, "pages_expected": None,
                "entries_seen": entries, "stopped": None if done else "page cap: enough",
            }
            for tag, (done, entries) in walks.items()
        ]  # fmt: skip
        stats = json.dumps({} if outcome == "open" else {"walks": told}, ensure_ascii=False)
        finished = None if outcome == "open" else at
        connection.execute(
            "INSERT INTO runs (id, kind, outcome, parser, started_at, finished_at, stats) VALUES (?, ?, ?, 1, ?, ?, ?)",
            (number, kind, outcome, at, finished, stats),
        )
        start = json.dumps({"listings": [{"key": f"tag:{tag}"} for tag in walks]})
        connection.execute(
            "INSERT INTO notes VALUES (NULL, ?, 'run-start', ?, ?, 'w', 0)", (number, start, f"n{number}")
        )


# for people


def test_command_folds_nights_and_says_what_cannot_be_known(nights):
    said = run(nights, "--until", "2026-01-07").stdout
    assert "tag:甲: 6 nights: 3 complete, 1 partial, 1 rejected, 1 missed" in said
    assert "2026-01-06 … 2026-01-07  complete  2 nights  3 pages, 7 entries" in said
    assert "partial   1 night   1 of 3 pages, 3 entries: fetch error: page 2: HTTP 500" in said
    assert (
        "tag:甲: a report that appeared and was gone between 2026-01-02 and 2026-01-06 may not have been seen" in said
    )
    assert "tag:乙: 1 night: 1 complete" in said


def test_command_speaks_json_and_filters(nights):
    rows = json.loads(run(nights, "--since", "2026-01-03", "--until", "2026-01-05", "--json").stdout)
    assert [row["status"] for row in rows] == ["partial", "missed", "rejected"]
    assert {row["listing"] for row in json.loads(run(nights, "--listing", "tag:乙", "--json").stdout)} == {"tag:乙"}
    assert json.loads(run(nights, "--as-of", "2", "--json").stdout)[-1]["date"] == "2026-01-03"
    assert json.loads(run(nights, "--as-of", "2026-01-04", "--json").stdout)[-1]["status"] == "missed"


def test_gap_keeps_its_ends_where_only_a_part_of_it_is_asked_for(nights):
    said = run(nights, "--since", "2026-01-04", "--until", "2026-01-04").stdout
    assert "1 night: 1 missed" in said
    assert "between 2026-01-02 and 2026-01-06" in said
    assert "between" not in run(nights, "--since", "2026-01-06", "--until", "2026-01-07").stdout


def test_nights_run_up_to_today_which_is_not_missed_before_it_is_over(nights):
    connection = open_for_reading(nights.data)
    rows = list_nights(connection, listing="tag:甲", today="2026-01-09")
    looked = list_nights(connection, listing="tag:甲", today="2026-01-07")
    connection.close()
    assert [(row["date"], row["status"]) for row in rows][-2:] == [("2026-01-07", "complete"), ("2026-01-08", "missed")]
    assert looked[-1]["date"] == "2026-01-07"


def test_gaps_without_an_end_or_a_beginning():
    def night(day, status):
        return {"date": f"2026-03-0{day}", "listing": "tag:甲", "status": status}

    assert list_gaps([night(1, "complete"), night(2, "complete")]) == []
    assert list_gaps([night(1, "complete"), night(2, "missed"), night(3, "missed"), night(4, "complete")]) == [
        "tag:甲: a report that appeared and was gone between 2026-03-01 and 2026-03-04 was not seen."
    ]
    assert list_gaps([night(1, "partial"), night(2, "complete")]) == [
        "tag:甲: a report that appeared and was gone before 2026-03-02 may not have been seen: a part of it was."
    ]
    (open_end,) = list_gaps([night(1, "complete"), night(2, "missed")])
    assert "since 2026-03-01" in open_end


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--listing", "\x1b]0;x\x07"), "There is no listing"),
        (("--since", "never"), "no point in time"),
        (("--since", "2026-02-02", "--until", "2026-01-01"), "later than --until"),
        (("--as-of", "77"), "There is no run 77"),
    ],
)
def test_wrong_words_of_the_command(nights, words, said):
    result = run(nights, *words)
    assert said in str(result.exception)
    assert "\x1b" not in str(result.exception)
