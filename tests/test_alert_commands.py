"""Alerts as an operator and a subscriber meet them: the real command, a real receiver, nights on a served listing."""

import contextlib
import json
import signal

import pytest

from archive.replica import Site, catalogue, serve
from archive.sqlite import sqlite3
from tests.command import Desk, finish, wait_for
from tests.crawls import TAG
from tests.webhook_receiver import Receiver, Reply

CONFIG = """
[[alert]]
name = "all"
to = ["hook"]
on = ["appeared", "changed", "withdrawn", "reappeared"]

[channel.hook]
type = "webhook"
url = "{url}"
allow_private = true
"""


class Scene:
    """A listing, somebody who hears of it, and the operator's desk."""

    def __init__(self, root, site, url, receiver):
        self.site, self.url, self.receiver = site, url, receiver
        self.desk = Desk(root / "data")
        self.configure()

    def configure(self, text=None):
        self.desk.data.parent.mkdir(exist_ok=True)
        file = self.desk.data.parent / "baogao.toml"
        file.write_text(text or CONFIG.format(url=self.receiver.url()))

    def crawl(self, *words, code=0):
        said = self.desk.crawl(*words, self.url)
        assert said.code == code, said
        return said

    def publish(self, *numbers):
        for number in numbers:
            self.site.publish(catalogue(120)[number], TAG)

    @property
    def told(self):
        """(type, kinds) of each message that arrived."""
        bodies = [json.loads(each.body) for each in self.receiver.received]
        return [(body["type"], [event["kind"] for event in body["data"]["events"]]) for body in bodies]


@pytest.fixture
def scene(tmp_path):
    site = Site.of(TAG, catalogue(120)[90:])
    with serve(site) as served, Receiver() as receiver:
        yield Scene(tmp_path, site, served.url(TAG), receiver)


def test_a_crawl_tells_at_the_end_of_the_night(scene):
    said = scene.crawl()
    assert (said.err, scene.told) == ("", [])
    scene.publish(0, 1)
    said = scene.crawl()
    assert said.err == "alerts: 1 message sent.\n"
    assert said.summary.startswith("run 2 complete: 32 entries on 4 pages, 2 appeared")
    assert scene.told == [("report.digest", ["appeared", "appeared"])]
    assert scene.desk.run("notify").out == "nothing to send.\n"
    assert len(scene.receiver.received) == 1


def test_no_notify_leaves_it_to_notify(scene):
    scene.crawl("--no-notify")
    scene.publish(0)
    assert scene.crawl("--no-notify").err == ""
    assert scene.told == []
    said = scene.desk.run("notify", "--json")
    assert (said.code, said.json["sent"], said.json["undelivered"]) == (0, 1, False)
    assert scene.told == [("report.digest", ["appeared"])]


def test_captured_only_is_told_after_settle_and_notify(scene):
    scene.crawl()
    scene.publish(0)
    scene.crawl("--no-settle")
    assert scene.desk.run("notify").out == "nothing to send.\n"
    assert scene.desk.run("settle").code == 0
    assert scene.desk.run("notify").out == "1 message sent.\n"


def test_a_dry_run_tells_nobody(scene):
    scene.crawl()
    scene.publish(0)
    scene.crawl("--dry-run")
    assert scene.told == []
    assert scene.desk.run("notify").out == "nothing to send.\n"


@pytest.mark.parametrize("option", ["--dry-run", "--no-settle", "--no-notify"])
def test_where_nobody_was_to_be_told_a_program_reads_so(scene, option):
    said = scene.desk.crawl("--json", option, scene.url)
    assert said.json["delivery"] is None


def test_undelivered_is_8_and_the_night_stands(scene):
    scene.crawl()
    scene.publish(0)
    scene.configure(CONFIG.format(url="http://127.0.0.1:9/"))
    said = scene.desk.crawl("--json", scene.url)
    assert (said.code, said.json["exit_code"], said.json["outcome"]) == (8, 0, "complete")
    delivery = said.json["delivery"]
    assert (delivery["undelivered"], delivery["sent"], delivery["waiting"]) == (True, 0, 1)
    assert delivery["backlog"][0]["channel"] == "hook"
    assert "1 message waits for hook" in said.err
    assert scene.desk.run("runs", "2", "--json").json["exit_code"] == 0
    (waiting,) = scene.desk.run("alerts", "list", "--json").json
    assert (waiting["state"], waiting["attempts"], waiting["rule"]) == ("pending", 2, "all")
    scene.configure()
    assert scene.desk.run("alerts", "retry", waiting["id"]).code == 0
    assert scene.desk.run("notify").out == "1 message sent.\n"
    assert scene.receiver.received[0].id == f"msg_{waiting['key']}"


def test_the_verdict_of_a_bad_night_is_not_changed(scene):
    """An incomplete night is 3, whatever became of its alerts."""
    scene.crawl()
    scene.publish(0)
    scene.configure(CONFIG.format(url="http://127.0.0.1:9/"))
    said = scene.crawl("--max-pages", "1", code=3)
    assert "1 message waits for hook" in said.err


def test_dead_is_an_issue_of_its_run_until_somebody_decides(scene):
    scene.crawl()
    scene.publish(0)
    scene.receiver._script["/hook"] = [Reply(410)]
    said = scene.crawl(code=8)
    assert "wants no more messages" in said.err
    (issue,) = scene.desk.run("runs", "2", "--json").json["issues"]
    assert (issue["level"], issue["code"]) == ("error", "alert-target-gone")
    assert scene.desk.run("notify").code == 8
    (dead,) = scene.desk.run("alerts", "list", "--json").json
    assert dead["state"] == "dead"
    assert scene.desk.run("alerts", "drop", dead["id"]).out == f"{dead['id']} dropped: nobody will be told.\n"
    assert scene.desk.run("notify").code == 0
    assert scene.desk.run("alerts", "list").out == "nothing is held, waits or is dead.\n"


@pytest.mark.parametrize("decision", ["release", "drop"])
def test_a_flood_waits_for_a_person(scene, decision):
    scene.publish(*range(30))  # sixty known
    scene.site.publish(catalogue(120)[31], TAG)
    scene.crawl()
    scene.publish(*range(32, 89))
    said = scene.crawl()
    assert "57 alerts held for a person" in said.summary  # nearly twice the listing
    assert scene.told == []
    said = scene.desk.run("alerts", "list")
    assert "every rule → a person decides: too much changed at once" in said.out
    (held,) = scene.desk.run("alerts", "list", "--json").json
    assert (held["state"], len(held["events"])) == ("held", 57)
    assert scene.desk.run("alerts", decision, held["id"]).code == 0
    said = scene.desk.run("notify")
    if decision == "release":
        ((kind, events),) = scene.told
        body = json.loads(scene.receiver.received[0].body)["data"]
        assert (kind, body["total"], len(body["event_ids"])) == ("report.summary", 57, 57)
        assert len(events) + body["omitted"] == 57
    else:
        assert (said.out, scene.told) == ("nothing to send.\n", [])
    again = scene.desk.run("alerts", decision, held["id"])
    assert (again.code, "only what is held" in again.err) == (2, True)
    summary = scene.desk.run("runs", "2", "--json").json
    assert "held" not in summary["alerts"]


def test_what_was_held_for_a_rule_that_is_gone_can_not_be_released(scene):
    scene.crawl()
    with contextlib.closing(sqlite3.connect(scene.desk.data / "alerts.db")) as outbox, outbox:
        outbox.execute(
            "INSERT INTO messages (idempotency_key, rule, channel, recipient, form, state, created_at, not_before) "
            "VALUES ('k', 'former', '', '', 'summary', 'held', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        )
    said = scene.desk.run("alerts", "release", "1")
    assert (said.code, "held for the rule former, which baogao.toml does not have" in said.sentence) == (2, True)
    assert scene.desk.run("alerts", "list", "--json").json[0]["state"] == "held"
    assert scene.desk.run("alerts", "drop", "1").code == 0


def test_the_list_can_be_read_while_a_round_hangs(scene):
    scene.crawl()
    scene.publish(0)
    scene.crawl("--no-notify")
    scene.receiver._script["/hook"] = [Reply(hang="answer")]
    with scene.desk:
        scene.desk.start("notify")
        wait_for(lambda: scene.receiver.received)
        said = scene.desk.run("alerts", "list", "--json")
        assert (said.code, [(each["state"], each["attempts"]) for each in said.json]) == (0, [("pending", 1)])
        assert said.err.startswith("baogao: this is how it stands now: `baogao notify` (pid ")
        assert scene.desk.run("alerts", "drop", "1").code == 6


def test_notify_that_is_stopped_says_how_to_go_on(scene):
    scene.crawl()
    scene.publish(0)
    scene.crawl("--no-notify")
    scene.receiver._script["/hook"] = [Reply(after=1.0), Reply()]
    with scene.desk:
        process = scene.desk.start("notify")
        wait_for(lambda: scene.receiver.received)
        process.send_signal(signal.SIGTERM)
        said = finish(process)
    assert (said.code, said.sentence) == (
        143,
        "stopped by SIGTERM: what was sent is on record; `baogao notify` goes on from there.",
    )
    assert scene.desk.run("notify").out == "nothing to send.\n"
    assert len(scene.receiver.received) == 1


def test_a_night_that_is_stopped_while_it_tells_has_its_verdict(scene):
    scene.crawl()
    scene.publish(0)
    scene.receiver._script["/hook"] = [Reply(after=1.0)]
    with scene.desk:
        process = scene.desk.start_crawl("--json", scene.url)
        wait_for(lambda: scene.receiver.received)
        process.send_signal(signal.SIGTERM)
        said = finish(process)
    assert (said.code, said.json["outcome"], said.json["delivery"]) == (143, "complete", None)
    assert "SIGTERM: the night is settled and what was sent is on record; `baogao notify` goes on" in said.err


def test_the_list_says_what_is_parked(scene):
    scene.crawl()
    scene.publish(0)
    scene.configure(CONFIG.format(url="http://127.0.0.1:9/"))
    scene.crawl(code=8)
    scene.configure(CONFIG.format(url=scene.receiver.url()).replace('"hook"', '"other"').replace("l.hook", "l.other"))
    said = scene.desk.run("notify")
    assert (said.code, said.out) == (0, "1 message parked: no channel or recipient of that name in baogao.toml.\n")
    listed = scene.desk.run("alerts", "list").out
    assert "all → hook: parked: no channel or recipient of that name in baogao.toml" in listed
    (parked,) = scene.desk.run("alerts", "list", "--json").json
    assert (parked["parked"], parked["next_attempt_at"]) == (True, None)


def test_what_a_person_decided_outlasts_the_database(scene):
    scene.crawl()
    older = scene.site.shown(TAG, 1)[0]
    twin = catalogue(1)[0]
    scene.site.publish(type(older)(**{name: getattr(older, name) for name in older.__slots__} | {"id": twin.id}), TAG)
    scene.crawl()
    (held,) = scene.desk.run("alerts", "list", "--json").json
    assert held["reason"] == "it may be one report under two keys"
    scene.desk.run("alerts", "release", held["id"])
    alerts = scene.desk.query("SELECT kind, alert FROM events WHERE alert <> 'quiet'")
    assert alerts == [("appeared", "due")]
    for path in scene.desk.data.glob("archive.db*"):
        path.unlink()
    scene.desk.run("reparse")
    assert scene.desk.query("SELECT kind, alert FROM events WHERE alert <> 'quiet'") == alerts
    assert scene.desk.run("notify").out == "1 message sent.\n"
    assert scene.told == [("report.summary", ["appeared"])]


def test_wrong_numbers_and_names(scene):
    scene.crawl()
    for words, told in (
        (("alerts", "release", "7"), "There is no alert 7: `baogao alerts list` shows their numbers."),
        (("alerts", "send-test", "mail"), "There is no channel 'mail'; there are: hook."),
        (("alerts", "test", "none"), "There is no rule none: the configuration has all."),
    ):
        said = scene.desk.run(*words)
        assert (said.code, said.sentence) == (2, told)


def test_send_test_goes_the_real_way(scene):
    scene.crawl()
    said = scene.desk.run("alerts", "send-test", "hook", "--json")
    assert (said.code, [each["state"] for each in said.json]) == (0, ["sent"])
    assert json.loads(scene.receiver.received[0].body)["type"] == "baogao.test"
    scene.receiver._script["/hook"] = [Reply(500)]
    assert scene.desk.run("alerts", "send-test", "hook").code == 8


def test_without_an_archive_there_is_nothing_to_send(scene):
    said = scene.desk.run("notify")
    assert (said.code, said.sentence.startswith("There is no archive at")) == (2, True)


def test_a_damaged_outbox_keeps_no_night_from_being_crawled(scene):
    scene.crawl()
    scene.publish(0)
    (scene.desk.data / "alerts.db").write_bytes(b"no database " * 400)
    said = scene.crawl("--json", code=8)
    assert "alerts.db is damaged" in said.err
    assert said.json["delivery"]["undelivered"] is True
    assert "alerts.db is damaged" in said.json["delivery"]["error"]
    assert scene.desk.run("runs", "2", "--json").json["outcome"] == "complete"
    said = scene.desk.run("notify")
    assert (said.code, "reparse" in said.sentence, "run `baogao notify`, which" in said.err) == (7, False, True)
    (scene.desk.data / "alerts.db").unlink()
    assert scene.desk.run("notify").out == "1 message sent.\n"
