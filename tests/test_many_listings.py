"""More listings than fit on a command line, on a screen or in a sentence."""

import contextlib
import json

import pytest

from archive.captures import todays_reader
from archive.config import make_listing
from archive.metrics import LISTINGS_WITH_GATES
from archive.observe import Walked, measure, read_run
from archive.replica import Site, catalogue, serve
from archive.store import DataDirectory, open_for_writing
from archive.verdict import SHOWN, choose_walks
from archive.vet import Gate
from archive.walk import Stop, WalkResult
from tests.command import Desk

MANY = 1500


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


def configure(desk, served, tags):
    file = desk.data.parent / "baogao.toml"
    listings = "".join(f'[[listing]]\nurl = "{served.url(tag)}"\n' for tag in tags)
    file.write_text(f"[crawl]\ndelay = 0\n{listings}", encoding="utf-8")
    return "--config", str(file)


def make_walk(number, stopped, pages=0):
    return {"complete": stopped is None, "listing": str(number), "stopped": stopped, "pages_seen": pages}


def test_a_plan_longer_than_a_command_line(desk):
    """A thousand percent-encoded addresses are more than Linux takes as one argument."""
    tags = [f"虚构行业观察{number:04d}" for number in range(MANY)]
    site = Site({tag: [] for tag in tags}, robots="User-agent: *\nDisallow: /\n")
    with serve(site) as served:
        config = configure(desk, served, tags)
        checked = desk.run("check", *config, "--json")
        crawled = desk.run("crawl", *config)
        assert {request.path for request in served.requests} == {"/robots.txt"}
    assert (checked.code, len(checked.json["listings"])) == (5, MANY)
    assert crawled.code == 5
    assert desk.query("SELECT count(*) FROM walks WHERE stopped GLOB 'blocked: *'") == [(MANY,)]
    (note,) = desk.query("SELECT length(CAST(content AS BLOB)) FROM notes WHERE kind = 'run-start'")
    assert note[0] > 128 * 1024, "this plan would have fitted"
    assert len(crawled.out.splitlines()) == 1 + SHOWN + 2  # the header, the sentence on the others, the summary
    assert f"0 of {MANY} listings were walked to their end; {MANY - SHOWN} more were not" in crawled.out
    run = desk.run("runs", "1")
    assert run.out.count("\nerror: blocked: ") == SHOWN
    assert run.out.splitlines()[-1] == f"{MANY - SHOWN} more issues of the kind blocked (--json has them all)."
    assert len(desk.run("runs", "1", "--json").json["issues"]) == MANY


def test_what_a_person_is_shown_of_many_listings(desk):
    tags = [f"tag-{number}" for number in range(LISTINGS_WITH_GATES + 1)]
    site = Site()
    for number, report in enumerate(catalogue(2 * len(tags))):
        site.publish(report, tags[number % len(tags)])
    site.listings[tags[3]].clear()
    with serve(site) as served:
        config = configure(desk, served, tags)
        metrics = desk.data.parent / "baogao.prom"
        crawled = desk.run("crawl", *config, "--metrics", metrics)
        assert crawled.code == 4, crawled
    lines = crawled.out.splitlines()
    assert [line.split()[-1] for line in lines[1:-2]] == ["tag:tag-3"]
    assert lines[-2].startswith(f"{len(tags) - 1} of {len(tags)} listings were walked to their end")
    run = desk.run("runs", "1")
    assert run.out.count("tag:tag-") < 10, run.out
    assert "bounds of single listings were kept" in run.out
    told = desk.run("runs", "1", "--json").json
    assert len(told["walks"]) == len(tags)
    assert [gate for gate in told["gates"] if bool(gate["message"]) is gate["passed"]] == []
    written = metrics.read_text()
    assert 'gate="entries-present",listing="tag:tag-3"} 0.0' in written
    assert 'gate="entries-present",listing="tag:tag-4"}' not in written
    assert f'baogao_listing_entries{{archive="{desk.data}",listing="tag:tag-4"}} 2.0' in written
    refused = desk.run("coverage", "--listing", "nowhere")
    assert (refused.code, "…" in refused.sentence, len(refused.sentence) < 400) == (2, True, True)


def test_a_few_walks_are_all_shown():
    walks = [make_walk(number, "fetch error: no answer") for number in range(SHOWN)]
    assert choose_walks(walks) == (walks, "")


def test_of_many_walks_those_that_failed():
    heads = [make_walk(number, "budget: only its head was read tonight", pages=1) for number in range(SHOWN)]
    failed = [make_walk(number, "fetch error: no answer") for number in range(SHOWN + 2)]
    shown, told = choose_walks([*heads, make_walk(0, None), *failed])
    assert shown == failed[:SHOWN]
    assert (
        told
        == "1 of 103 listings were walked to their end, of 50 the head was read; 2 more were not (--json has them all)."
    )


def test_a_bound_that_was_kept_needs_no_words():
    gate = Gate("entries-share", "tag:x", 0.5, 0.8, passed=False, hard=True, message="half is gone")
    kept = Gate("entries-share", "tag:x", 1.0, 0.8, passed=True, hard=True, message="half is gone")
    assert gate.to_json()["message"] == "half is gone"
    told = json.loads(json.dumps(kept.to_json()))
    assert (told["observed"], told["threshold"], "message" in told) == (1.0, 0.8, False)


def test_the_bounds_of_one_listing_do_not_read_the_others(tmp_path):
    """Else a thousand listings would be read a thousand times a night."""
    data = DataDirectory(tmp_path / "data")
    data.prepare()
    with contextlib.closing(open_for_writing(data)) as connection:
        read_run(connection, data.root, 1, [], todays_reader(), max_pages=1, fallback=Stop("interrupted", ""))
        walk = WalkResult(complete=True, pages_seen=1, pages_expected=1, entries_seen=1, stop=None)
        listing = make_listing("http://127.0.0.1/tag/x", rank=10)
        connection.execute("INSERT INTO runs (id, kind, parser, started_at) VALUES (1, 'crawl', 1, '')")
        connection.execute("INSERT INTO listings (id, key, url, rank) VALUES (1, 'tag:x', '', 10)")
        connection.execute("INSERT INTO walks VALUES (1, 1, 1, 1, 1, 1, NULL)")  # or there is nothing to compare with
        asked = []
        connection.set_trace_callback(asked.append)
        measure(connection, Walked(listing, 1, walk), 2)
        connection.set_trace_callback(None)
        assert len(asked) == 7, asked
        plans = [connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall() for statement in asked]
    assert [row[3] for plan in plans for row in plan if row[3].startswith("SCAN")] == []
