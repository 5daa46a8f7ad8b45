"""Nights as an operator lives through them: the real command, a real server, the real parser, and every reading."""

import csv
import hashlib
import io
import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial

import pytest

from archive.replica import Site, catalogue, serve
from archive.replica.demo import english_correction
from archive.replica.markup import MARKUPS, PAGERS, captcha
from archive.replica.site import Answer, listing_path
from tests.command import ROOT, Desk, environment, finish, kill_group, side_by_side, wait_for
from tests.crawls import TAG, make_site
from tests.faults_server import faults, hang, on_page

RUN = {"run", "kind", "outcome", "exit_code", "started_at", "finished_at", "parser", "counts", "walks", "issues"}
COUNTS = ["pages", "entries", "appeared", "changed", "cosmetic", "corrected", "withdrawn", "reappeared"]
WALK = ["listing", "complete", "pages_seen", "pages_expected", "entries_seen", "stopped"]
EVENT = ["id", "run", "at", "kind", "key", "version", "fields", "title", "alert"]
RECORD = [
    *("key", "url", "state", "title", "series", "brands", "summary_zh", "summary_en", "published_on", "version"),
    *("first_seen_at", "last_seen_at", "observed_at", "listings", "capture"),
]
CAPTURE = ["url", "fetched_at", "sha256", "warc_file", "warc_offset", "parser"]


@dataclass
class Story:
    """Nine nights of one listing and what was said after each."""

    desk: Desk
    site: Site
    origin: str
    said: dict = field(default_factory=dict)
    key: dict = field(default_factory=dict)  #: role → key of a report
    pages: dict = field(default_factory=dict)  #: page → its bytes at the end
    edit: tuple = ("", "")

    def night(self, name, *words):
        self.said[name] = self.desk.crawl(*words, self.origin + listing_path(TAG))


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    site = Site.of(TAG, catalogue(31)[1:])
    with serve(site) as served:
        story = Story(Desk(tmp_path_factory.mktemp("story") / "data"), site, served.origin)
        play(story, site)
        yield story


def play(story, site):
    edited, gone, tidied = site.shown(TAG, 2)[3], site.shown(TAG, 3)[4], site.shown(TAG, 1)[2]
    story.key = {
        "edited": f"127.0.0.1:{edited.id}",
        "gone": f"127.0.0.1:{gone.id}",
        "new": f"127.0.0.1:{catalogue(1)[0].id}",
        "tidied": f"127.0.0.1:{tidied.id}",
    }
    story.night("baseline")
    story.night("quiet", "--json")
    story.edit = english_correction(edited)
    site.edit(edited.id, *story.edit)
    story.night("edited")
    site.publish(catalogue(1)[0], TAG)
    site.tidy_punctuation(tidied.id)
    story.night("new and tidied")
    site.withdraw(gone.id)
    site.faults = faults(on_page(site, 2, Answer.page(captcha())))
    for name in ("captcha", "captcha again"):
        story.night(name)
    site.faults = None
    for name in ("missing", "withdrawn", "after"):
        story.night(name)
    story.pages = {number: site.page(TAG, number) for number in (1, 2, 3)}


def summary(story, name):
    return story.said[name].summary.partition(" — ")[0]


def test_the_first_night_is_a_baseline_and_the_second_says_nothing_new(story):
    said = story.said["baseline"]
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:2] == [
        "complete  pages      entries  listing",
        f"yes       3/3        30       tag:{TAG}",
    ]
    assert summary(story, "baseline").startswith("run 1 complete: 30 entries on 3 pages, 30 appeared")
    quiet = story.said["quiet"].json
    assert story.said["quiet"].code == 0
    assert quiet["outcome"] == "complete"
    assert {name: quiet["counts"][name] for name in COUNTS} == dict.fromkeys(COUNTS, 0) | {"pages": 3, "entries": 30}
    assert quiet["issues"] == []


def test_an_edited_figure_is_told_as_exactly_that(story):
    assert summary(story, "edited") == "run 3 complete: 30 entries on 3 pages, 1 changed."
    diff = story.desk.run("diff", story.key["edited"], "--json")
    assert [each["field"] for each in diff.json["fields"]] == ["summary_en"]
    assert (diff.json["from"], diff.json["to"]) == (1, 2)
    text = story.desk.run("diff", story.key["edited"]).out
    before, after = (figure.strip() for figure in story.edit)
    assert before in text
    assert after in text
    (event,) = [each for each in events(story) if each["run"] == 3]
    assert (event["kind"], event["key"], event["fields"], event["version"], event["alert"]) == (
        *("changed", story.key["edited"], ["summary_en"], 2, "due"),
    )


def test_a_new_report_is_due_once_and_tidied_punctuation_is_no_version(story):
    assert summary(story, "new and tidied") == "run 4 complete: 31 entries on 4 pages, 1 appeared, 1 cosmetic."
    told = {event["key"]: (event["kind"], event["alert"]) for event in events(story) if event["run"] == 4}
    assert told == {story.key["new"]: ("appeared", "due"), story.key["tidied"]: ("cosmetic", "quiet")}
    assert len(story.desk.run("history", story.key["tidied"], "--json").json) == 1
    assert {event["alert"] for event in events(story) if event["run"] == 1} == {"quiet"}


def test_a_captcha_is_exit_code_5_and_nothing_is_taken_as_gone(story):
    for number, name in ((5, "captcha"), (6, "captcha again")):
        said = story.said[name]
        assert said.code == 5
        assert summary(story, name) == f"run {number} partial: 10 entries on 1 page, nothing new"
        assert said.summary.endswith("never try to evade.")
    assert not [event for event in events(story) if event["run"] in {5, 6}]


def test_a_report_is_withdrawn_after_two_complete_walks_and_told_once(story):
    assert summary(story, "missing") == "run 7 complete: 30 entries on 3 pages, nothing new."
    assert summary(story, "withdrawn") == "run 8 complete: 30 entries on 3 pages, 1 withdrawn."
    assert summary(story, "after") == "run 9 complete: 30 entries on 3 pages, nothing new."
    states = [story.desk.run("show", story.key["gone"], "--as-of", run, "--json").json["state"] for run in (6, 7, 8, 9)]
    assert states == ["listed", "missing", "withdrawn", "withdrawn"]
    assert [event["run"] for event in events(story) if event["kind"] == "withdrawn"] == [8]


def events(story):
    return story.desk.run("changes", "--json").lines


def test_the_feed_has_the_form_of_the_contract_and_a_cursor(story):
    feed = events(story)
    assert all(list(event) == EVENT for event in feed)
    assert [event["id"] for event in feed] == list(range(1, len(feed) + 1))
    cursor = feed[-3]["id"]
    assert story.desk.run("changes", "--since", cursor, "--json").lines == feed[-2:]
    assert story.desk.run("changes", "--since", 10**6).out == ""
    assert len(story.desk.run("changes").out.splitlines()) == len(feed)


def test_the_ledger_has_the_form_of_the_contract(story):
    ledger = story.desk.run("runs", "--json").json
    assert [run["run"] for run in ledger] == list(range(1, 10))
    for run in ledger:
        assert run.keys() >= RUN
        assert list(run["counts"]) == COUNTS
        assert [list(walk) for walk in run["walks"]] == [WALK]
        assert all(issue.keys() >= {"level", "code", "message"} for issue in run["issues"])
        for moment in (run["started_at"], run["finished_at"]):
            assert len(moment) == 20
            assert moment.endswith("Z")
    assert [run["exit_code"] for run in ledger] == [0, 0, 0, 0, 5, 5, 0, 0, 0]
    assert story.desk.run("runs", 5, "--json").json == ledger[4]
    assert len(story.desk.run("runs").out.splitlines()) == 10
    text = story.desk.run("runs", 5).out
    assert "captcha" in text or "blocked" in text


def test_a_report_has_the_form_of_the_contract_and_the_texts_of_the_site(story):
    record = story.desk.run("show", story.key["edited"], "--json").json
    assert list(record) == RECORD
    assert list(record["capture"]) == CAPTURE
    report = story.site.reports[int(story.key["edited"].rpartition(":")[2])]
    assert record["title"] == report.title
    assert (record["series"], record["brands"]) == ("虚构咨询", list(report.brands))
    assert record["summary_zh"] == "\n".join(report.zh)
    assert record["summary_en"] == "\n".join(report.en)
    assert (record["state"], record["version"], record["listings"]) == ("listed", 2, [f"tag:{TAG}"])
    first = story.desk.run("show", story.key["edited"], "--version", 1, "--json").json
    assert first["summary_en"] == record["summary_en"].replace(story.edit[1], story.edit[0])
    assert story.desk.run("show", story.key["edited"], "--as-of", 2, "--json").json["version"] == 1
    assert report.title in story.desk.run("show", story.key["edited"]).out


def test_the_archived_page_is_given_back_byte_for_byte(story):
    shown = story.desk.start("show", story.key["new"], "--raw")
    body, err = shown.communicate(timeout=20)
    assert (shown.returncode, err) == (0, b"")
    record = story.desk.run("show", story.key["new"], "--json").json
    assert hashlib.sha256(body).hexdigest() == record["capture"]["sha256"]
    assert record["title"] in body.decode()


def test_the_history_tells_when_and_why(story):
    first, second = story.desk.run("history", story.key["edited"], "--json").json
    assert (first["version"], first["cause"], first["fields"]) == (1, "first", [])
    assert (second["version"], second["cause"], second["fields"]) == (2, "site", ["summary_en"])
    assert second["previous"] == 1
    assert len(story.desk.run("history", story.key["edited"]).out.splitlines()) >= 2


def test_an_export_is_the_same_bytes_every_time(story, tmp_path):
    for words in ((), ("--versions",), ("--as-of", "4"), ("--format", "csv"), ("--format", "csv", "--versions")):
        said = story.desk.run("export", *words)
        story.desk.run("export", *words, "-o", tmp_path / "export")
        assert (tmp_path / "export").read_bytes() == said.out.encode(), words
        assert story.desk.run("export", *words).out == said.out
    records = story.desk.run("export").lines
    assert all(list(record) == RECORD for record in records)
    assert [record["key"] for record in records] == sorted(record["key"] for record in records)
    assert len(records) == 31
    assert {record["state"] for record in records} == {"listed", "withdrawn"}
    rows = list(csv.DictReader(io.StringIO(story.desk.run("export", "--format", "csv").out, newline="")))
    assert [row["key"] for row in rows] == [record["key"] for record in records]
    assert [row["summary_zh"] for row in rows] == [record["summary_zh"] for record in records]
    assert len(story.desk.run("export", "--as-of", 3).lines) == 30


def test_verify_finds_nothing_wrong(story):
    said = story.desk.run("verify", "--json")
    assert said.code == 0
    assert said.json["problems"] == []
    assert (said.json["files"], said.json["versions"]) == (9, 32)


def test_no_output_holds_escape_sequences_or_progress(story):
    for words in (("runs",), ("runs", 5), ("show", story.key["edited"]), ("diff", story.key["edited"]), ("changes",)):
        said = story.desk.run(*words)
        assert "\x1b" not in said.out
        assert said.err == ""


def test_an_unchanged_night_costs_next_to_nothing(story):
    sizes = {path.name: path.stat().st_size for path in (story.desk.data / "warc").iterdir()}
    assert sizes["run-000002-01.warc.gz"] < 0.4 * sizes["run-000001-01.warc.gz"]


def test_reparse_and_settle_find_nothing_left_to_do(story):
    before = story.desk.snapshot()
    assert "nothing to correct" in story.desk.run("reparse").out
    assert story.desk.run("reparse", "--json").json is None
    assert story.desk.run("settle").out == "nothing to settle.\n"
    assert story.desk.run("settle", "--json").json is None
    assert story.desk.snapshot() == before


def test_the_whole_history_is_read_again_from_the_warcs_alone(story, tmp_path):
    rebuilt = Desk(tmp_path / "data")
    (rebuilt.data / "warc").mkdir(parents=True)
    for path in (story.desk.data / "warc").iterdir():
        (rebuilt.data / "warc" / path.name).write_bytes(path.read_bytes())
    assert rebuilt.run("reparse").code == 0
    assert rebuilt.content() == story.desk.content()
    for words in (("export", "--versions"), ("changes", "--json"), ("runs", "--json")):
        assert rebuilt.run(*words).out == story.desk.run(*words).out


# other sites, other ways


@pytest.mark.parametrize("form", ["table", "runon"])
def test_other_markups_are_read_exactly(tmp_path, form):
    desk = Desk(tmp_path / "data")
    charset = {"table": "gb18030", "runon": "utf-8"}[form]
    site = make_site(
        2,
        markup=MARKUPS[form],
        pager=PAGERS["next"],
        charset=charset,
        content_type=f"text/html; charset={charset}",
        address=lambda base, n: base if n == 1 else f"{base}/{n}.html",
    )
    with serve(site) as served:
        said = desk.crawl(served.url(TAG))
    assert said.code == 0, said
    found = {record["key"]: record for record in desk.run("export").lines}
    assert len(found) == 20
    for report in site.reports.values():
        record = found[f"127.0.0.1:{report.id}"]
        joined = "" if form == "runon" else "\n"
        assert (record["title"], record["summary_zh"]) == (report.title, joined.join(report.zh))
        assert record["summary_en"] == joined.join(report.en)


def test_two_listings_of_a_configuration_share_their_reports(tmp_path):
    desk = Desk(tmp_path / "data")
    site = make_site(2)
    shared = list(site.reports)[:5]
    for number in shared:
        site.add_tag(number, "交友")
    with serve(site) as served:
        (tmp_path / "baogao.toml").write_text(
            f'[crawl]\ndelay = 0\n\n[[listing]]\nurl = "{served.origin}/tag/{TAG}"\n\n'
            f'[[listing]]\nurl = "{served.url("交友")}"\n',
            encoding="utf-8",
        )
        said = desk.run("crawl", "--json")  # baogao.toml of the working directory
        assert said.code == 0, said
        assert [walk["listing"] for walk in said.json["walks"]] == [f"tag:{TAG}", "tag:交友"]
        key = f"127.0.0.1:{shared[0]}"
        assert desk.run("show", key, "--json").json["listings"] == sorted(["tag:交友", f"tag:{TAG}"])
        site.remove_tag(shared[0], TAG)
        for _ in range(2):
            said = desk.run("crawl", "--config", tmp_path / "baogao.toml")
            assert said.summary.endswith("nothing new."), said
        assert desk.run("show", key, "--json").json["state"] == "listed"
        elsewhere = desk.run("crawl", env={"BAOGAO_CONFIG": str(tmp_path / "baogao.toml")})
        assert elsewhere.code == 0


def test_a_dry_run_keeps_nothing_but_its_warc(tmp_path):
    desk = Desk(tmp_path / "data")
    site = make_site(2)
    with serve(site) as served:
        url = served.url(TAG)
        assert desk.crawl(url).code == 0
        before = desk.snapshot()
        site.publish(catalogue(40)[-1], TAG)
        for number in (1, 2):
            said = desk.crawl("--dry-run", url)
            assert said.code == 0, said
            assert "1 appeared" in said.summary
            assert "dry run" in said.err
            after = desk.snapshot()
            assert {name: after[name] for name in before} == before
            added = sorted(after.keys() - before.keys())
            assert len(added) == number
            assert all(name.startswith("warc/dry-") and name.endswith(".warc.gz") for name in added)
        assert desk.run("verify").code == 0
        said = desk.crawl(url)  # what a dry run saw is not known: it is news tonight
        assert said.summary.startswith("run 2 complete: 21 entries on 3 pages, 1 appeared")
    content, export = desk.content(), desk.run("export").out
    desk.db.unlink()
    assert desk.run("reparse").code == 0
    assert (desk.content(), desk.run("export").out) == (content, export)


def test_a_dry_run_into_an_empty_directory_makes_no_archive(tmp_path):
    desk = Desk(tmp_path / "data")
    with serve(make_site(1)) as served:
        said = desk.crawl("--dry-run", "--json", served.url(TAG))
    assert said.code == 0
    assert said.json["counts"]["appeared"] == 10
    assert not desk.db.exists()
    assert [name[:4] for name in desk.warcs] == ["dry-"]


def test_a_dry_run_leaves_an_interrupted_night_as_it_is(tmp_path):
    desk = Desk(tmp_path / "data")
    site = make_site(2)
    site.faults = faults(on_page(site, 2, hang()))
    with serve(site) as served:
        crawl = desk.start_crawl(served.url(TAG), start_new_session=True)
        wait_for(lambda: any("page=2" in request.target for request in served.requests))
        kill_group(crawl)
        finish(crawl)
        site.faults = None
        before = desk.snapshot()
        assert "warc/run-000001-01.warc.gz.open" in before
        assert desk.crawl("--dry-run", served.url(TAG)).code == 0
        after = desk.snapshot()
        assert {name: after[name] for name in before} == before
        assert desk.crawl(served.url(TAG)).summary.startswith("run 1 complete: 20 entries on 2 pages, 20 appeared")


def test_a_night_can_be_captured_now_and_settled_later(tmp_path):
    desk = Desk(tmp_path / "data")
    with serve(make_site(2)) as served:
        said = desk.crawl("--no-settle", served.url(TAG))
        assert (said.code, said.out) == (0, "")
        assert "baogao settle" in said.err
        (run,) = desk.run("runs", "--json").json
        assert (run["outcome"], run["exit_code"]) == ("open", None)
        assert desk.run("export").out == ""
        said = desk.run("settle", "--json")
        assert (said.code, said.json["outcome"], said.json["counts"]["appeared"]) == (0, "complete", 20)


def test_scrapy_crawl_writes_entries_and_is_settled_by_baogao(tmp_path):
    """Scrapy's own way, from a checkout."""
    desk = Desk(tmp_path / "data")
    with serve(make_site(2)) as served:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "scrapy", "crawl", "reports", "-s", "DOWNLOAD_DELAY=0"),
                *("-a", f"url={served.origin}/tag/{TAG}", "-O", tmp_path / "reports.jsonl"),
            ],
            cwd=ROOT,
            env=environment({"BAOGAO_DATA": str(desk.data)}),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in (tmp_path / "reports.jsonl").read_text(encoding="utf-8").splitlines()]
    said = desk.run("settle", "--json")
    assert (said.code, said.json["outcome"], said.json["counts"]["entries"]) == (0, "complete", 20)
    records = {record["key"]: record for record in desk.run("export").lines}
    assert {entry["key"] for entry in entries} == records.keys()
    for entry in entries:
        for name in ("url", "title", "series", "brands", "summary_zh", "summary_en"):
            assert entry[name] == records[entry["key"]][name]
    assert desk.run("verify").code == 0


def test_both_spellings_of_an_address_are_one_listing(tmp_path):
    desk = Desk(tmp_path / "data")
    with serve(make_site(1)) as served:
        assert desk.crawl(served.url(TAG)).code == 0
        assert desk.crawl(f"{served.origin}/tag/{TAG}").summary.endswith("nothing new.")
    assert desk.query("SELECT key FROM listings") == [(f"tag:{TAG}",)]


def test_an_alias_makes_one_report_of_two(tmp_path):
    desk = Desk(tmp_path / "data")
    site = make_site(1)
    with serve(site) as served:
        assert desk.crawl(served.url(TAG)).code == 0
        old, new = (f"127.0.0.1:{number}" for number in list(site.reports)[:2])
        said = desk.run("alias", new, old, "--reason", "the site moved it")
        assert (said.code, said.out) == (0, f"{new} is {old} from now on.\n")
    assert desk.run("show", new, "--json").json["key"] == old
    assert new not in desk.run("export").out


def test_every_command_has_help_with_an_example(tmp_path):
    commands = (
        "crawl",
        "settle",
        "reparse",
        "accept",
        "runs",
        "export",
        "show",
        "history",
        "diff",
        "changes",
        "verify",
    )
    helps = side_by_side({name: partial(Desk(tmp_path / "data").run, name, "--help") for name in commands})
    for name, said in helps.items():
        assert said.code == 0
        assert f"Example: baogao {name}" in " ".join(said.out.split())
        assert "--data" in said.out
        assert "--json" in said.out
    assert not (tmp_path / "data").exists()
    said = Desk(tmp_path / "data").run("--version")
    assert (said.code, said.out) == (0, "baogao, version 0.1.0\n")
