"""Sending to real endpoints that refuse, fail, hang and redirect: nobody is delayed, each message keeps its key."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from archive.alerts.backoff import DELAYS, add_seconds
from archive.alerts.deciding import retry_messages
from archive.alerts.events import list_events
from archive.alerts.listing import tabulate_messages
from archive.alerts.notices import load_notice
from archive.alerts.outbox import add_deliveries, add_message, list_messages, note_attempt, open_outbox
from archive.alerts.rules import Rule, make_channels
from archive.alerts.sending import send_due, send_test
from archive.config import Config
from archive.crawl import Stopped, stop_on_signals
from archive.errors import StorageError, UsageError
from archive.sqlite import sqlite3
from archive.store import open_for_reading
from tests.command import wait_for
from tests.dumping import dump_lines
from tests.mail_server import Script, serve
from tests.nights import Nights
from tests.webhook_receiver import Receiver, Reply

NOW = "2026-03-01T06:00:00Z"
MAIL = {"type": "smtp", "tls": "none", "from": "alerts@invented.example"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Four reports that were there from the first night, and three that came later."""
    nights = Nights(tmp_path_factory.mktemp("archive"))
    for number in range(4):
        nights.publisher.publish(f"old{number}")
    nights.night()
    for number in range(3):
        nights.publisher.publish(f"new{number}")
    nights.night()
    return nights.data


class Desk:
    """An outbox, the channels it is for, and a clock that moves when somebody sleeps."""

    def __init__(self, root, data, channels, *, environment=None, connection=None):
        self.root = root
        self.data = data
        self.sections = channels
        self.channels = make_channels(channels, "baogao.toml")
        self.environment = environment or {}
        self.now = NOW
        self.slept = []
        self.said = []
        self.opened = contextlib.ExitStack()
        self.outbox = self.opened.enter_context(open_outbox(root / "alerts.db"))
        self.connection = self.opened.enter_context(contextlib.closing(connection or open_for_reading(data)))
        self.events = list_events(self.connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.close()

    @property
    def config(self):
        rules = (Rule("first", tuple(self.channels)), Rule("second", tuple(self.channels)))
        return Config((), 0, "test", 1, rules, self.channels, "https://archive.invented.example")

    def plan(self, channel, recipient="", *, events=None, rule=None, at=None):
        events = self.events[-1:] if events is None else events
        rule = rule or ("first" if not self.states() else f"next {len(self.states())}")  # each tells of an event once
        number = add_message(
            self.outbox,
            key=str(uuid4()),
            rule=rule,
            channel=channel,
            recipient=recipient,
            form="run",
            state="pending",
            created_at=self.now,
            not_before=at or self.now,
        )
        add_deliveries(self.outbox, number, rule, channel, recipient, events)
        return number

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now = add_seconds(self.now, round(seconds))

    def send(self, *, patience=20.0, time_limit=600.0, clock=None):
        return send_due(
            self.outbox,
            self.connection,
            self.config,
            self.environment,
            clock=clock or (lambda: self.now),
            jitter=lambda: 0.0,
            sleep=self.sleep,
            say=self.said.append,
            patience=patience,
            time_limit=time_limit,
        )

    def message(self, number):
        return list_messages(self.outbox, ids=[number])[0]

    def states(self):
        return {each.id: each.state for each in list_messages(self.outbox)}

    def issues(self):
        return self.outbox.execute("SELECT code, run_id, message FROM issues ORDER BY id").fetchall()


@pytest.fixture
def desk(tmp_path, archive):
    with contextlib.ExitStack() as opened:
        yield lambda channels, **more: opened.enter_context(Desk(tmp_path, archive, channels, **more))


def hook(url):
    return {"type": "webhook", "url": url, "allow_private": True}


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_four_broken_endpoints_delay_nobody(desk):
    script = {
        "/fails": Reply(500),
        "/hangs": Reply(hang="answer"),
        "/redirects": Reply(302, location="/healthy"),
        "/healthy": Reply(),
    }
    with Receiver(script) as receiver:
        names = {"refuses": f"http://127.0.0.1:{closed_port()}/", **{name[1:]: receiver.url(name) for name in script}}
        desk = desk({name: hook(url) for name, url in names.items()})
        for _ in range(20):
            for name in names:
                desk.plan(name)
        started = time.time()
        tally = desk.send(patience=3.0)
        ended = time.time()
        healthy = [each for each in receiver.received if each.path == "/healthy"]
        took = max(each.at for each in healthy) - started
        tried = Counter(each.path for each in receiver.received)
        print(  # noqa: T201 - the count that is asked for
            f"healthy: {len(healthy)} of 20 in {took:.3f} s; the round: {ended - started:.1f} s; tried: {dict(tried)}"
        )
        assert len({each.id for each in healthy}) == len(healthy) == tally.sent == 20
        assert took < 2
        assert ended - started < 2 * 3.0 + 2
        # once, and once more after five seconds; what was behind them was not tried: a 500 may be about one message,
        # so that two more are tried
        assert tried == {"/healthy": 20, "/fails": 6, "/hangs": 2, "/redirects": 2}
    assert (tally.waiting, tally.dead, tally.parked, tally.undelivered) == (80, 0, 0, True)
    assert {each.channel: each.messages for each in tally.backlog} == dict.fromkeys(
        ("refuses", "fails", "hangs", "redirects"), 20
    )
    assert desk.slept == [5]
    for name in ("refuses", "fails", "hangs", "redirects"):
        waiting = [each for each in list_messages(desk.outbox, states=["pending"]) if each.channel == name]
        tried_twice = 3 if name == "fails" else 1
        assert [each.attempts for each in waiting] == [2] * tried_twice + [0] * (20 - tried_twice)
        assert {each.not_before for each in waiting} == {add_seconds(NOW, 5 + 300)}
        assert all(each.error for each in waiting)
    assert {each.error for each in list_messages(desk.outbox, states=["pending"]) if each.channel == "hangs"} == {
        "no answer within 3 seconds"
    }


def test_what_failed_at_once_is_tried_again_in_the_round_that_another_prolongs(desk):
    script = {"/fails": [Reply(500), Reply()], "/hangs": Reply(hang="answer")}
    with Receiver(script) as receiver:
        desk = desk({name[1:]: hook(receiver.url(name)) for name in script})
        failed, hung = desk.plan("fails"), desk.plan("hangs")
        started = time.monotonic()
        desk.send(patience=1.0, clock=lambda: add_seconds(desk.now, round(20 * (time.monotonic() - started))))
        assert Counter(each.path for each in receiver.received) == {"/fails": 2, "/hangs": 2}
    assert (desk.message(failed).state, desk.message(hung).state) == ("sent", "pending")


def test_a_clock_that_was_set_back_puts_nothing_off(desk):
    """By a year, that is: for an hour or two the schedule holds."""
    with Receiver() as receiver:
        desk = desk({"hook": hook(receiver.url())})
        for wait in (3600, 29 * 3600, 400 * 86400):
            desk.plan("hook", at=add_seconds(NOW, wait))
        assert desk.send().sent == len(receiver.received) == 1
        assert list(desk.states().values()) == ["pending", "pending", "sent"]


def test_a_clock_that_was_a_day_ahead_puts_off_only_a_digest_that_gathers(desk):
    with Receiver({"/hook": [Reply(500), Reply(500), Reply()]}) as receiver:
        desk = desk({"hook": hook(receiver.url())})
        tried = desk.plan("hook")
        desk.now = add_seconds(NOW, 86400)
        desk.send()
        planned, gathering = desk.plan("hook"), desk.plan("hook", at=add_seconds(desk.now, 60))
        desk.outbox.execute("UPDATE messages SET form = 'daily' WHERE id = ?", (gathering,))
        desk.now = NOW
        assert desk.send().sent == 2
        assert desk.states() == {tried: "sent", planned: "sent", gathering: "pending"}


def test_a_recipient_that_fails_does_not_concern_the_others(desk):
    script = Script({
        "RCPT:unknown@invented.example": "550 5.1.1 no such person",
        "RCPT:greylisted@invented.example": "451 4.7.1 come back",
        "RCPT:later@invented.example": "450 4.2.1 busy",
    }, times={"RCPT:later@invented.example": 1})  # fmt: skip
    with serve(script) as server:
        names = ("one", "unknown", "greylisted", "later", "two")
        to = {name: f"{name}@invented.example" for name in names}
        desk = desk({"mail": {**MAIL, "url": f"smtp://127.0.0.1:{server.port}", "to": list(to.values())}})
        numbers = {name: desk.plan("mail", address) for name, address in to.items()}
        behind = desk.plan("mail", to["greylisted"])
        again = desk.plan("mail", to["one"])
        tally = desk.send()
        keys = {name: desk.message(number).idempotency_key for name, number in numbers.items()}
        arrived = [(each.recipients[0].partition("@")[0], each.data) for each in server.received]
    assert Counter(name for name, _ in arrived) == {"one": 2, "two": 1, "later": 1}
    assert all(
        any(f"<{keys[name]}@".encode() in data for who, data in arrived if who == name) for name in ("two", "later")
    )
    assert (tally.sent, tally.dead, tally.waiting) == (4, 1, 2)
    assert desk.message(again).state == "sent"
    assert desk.message(numbers["later"]).attempts == 2
    unknown = desk.message(numbers["unknown"])
    assert (unknown.state, unknown.attempts) == ("dead", 1)
    assert "no such person" in unknown.reason
    listed = tabulate_messages(desk.outbox, desk.connection, [unknown], desk.config)
    assert "→ unknown@invented.example by mail: refused for good: RCPT: 550" in listed
    assert listed.count("no such person") == 1
    ((code, run, text),) = desk.issues()
    assert (code, run) == ("alert-dead", desk.events[-1].run)
    assert all(
        word in text for word in ("the rule next 1 with 1 event:", "unknown@invented.example by mail", "no such person")
    )
    assert desk.message(numbers["greylisted"]).attempts == 2
    untried = desk.message(behind)
    assert (untried.attempts, untried.not_before) == (0, desk.message(numbers["greylisted"]).not_before)
    assert tally.sentence == (
        "4 messages sent; 2 messages wait for mail (RCPT: 451 4.7.1 come back), next try at 2026-03-01T06:05:05Z; "
        "1 message dead: `baogao alerts list`."
    )


def test_a_mail_server_that_fails_is_asked_once_for_all(desk):
    with serve(Script({"connect": "421 4.3.2 closing"})) as server:
        to = [f"reader{number}@invented.example" for number in range(30)]
        desk = desk({"mail": {**MAIL, "url": f"smtp://127.0.0.1:{server.port}", "to": to}})
        for address in to:
            desk.plan("mail", address)
        tally = desk.send()
        assert server.connections == 2  # once, and the quick second try
    assert (tally.sent, tally.waiting, tally.dead) == (0, 30, 0)
    assert [each.attempts for each in list_messages(desk.outbox)] == [2] + [0] * 29
    assert "30 messages wait for mail (connect: 421 4.3.2 closing), next try at " in tally.sentence


@pytest.mark.parametrize(("asked", "slept", "state"), [(7, [7], "sent"), (3600, [], "pending"), (2, [5], "sent")])
def test_retry_after_is_honoured(desk, asked, slept, state):
    with Receiver({"/hook": [Reply(503, retry_after=asked), Reply()]}) as receiver:
        desk = desk({"hook": hook(receiver.url())})
        number = desk.plan("hook")
        tally = desk.send()
        assert desk.slept == slept
        assert desk.message(number).state == state
        if state == "pending":
            assert desk.message(number).not_before == add_seconds(NOW, asked)
            desk.now = add_seconds(NOW, asked - 60)
            assert desk.send().waiting == tally.waiting == 1
            assert len(receiver.received) == 1
            desk.now = add_seconds(NOW, asked)
            assert desk.send().sent == 1
        assert len({each.id for each in receiver.received}) == 1
        assert len(receiver.received) == 2


def test_one_message_that_is_always_refused_does_not_keep_the_others_from_arriving(desk):
    with Receiver({"/hook": [Reply(400), Reply(), Reply(), Reply(400)]}) as receiver:
        desk = desk({"hook": hook(receiver.url())})
        poison, *others = [desk.plan("hook") for _ in range(3)]
        tally = desk.send()
        assert (tally.sent, tally.waiting) == (2, 1)
        assert {desk.message(number).state for number in others} == {"sent"}
        assert desk.message(poison).attempts == 2


def test_410_ends_it_until_a_person_retries(desk):
    with Receiver({"/hook": [Reply(410), Reply()]}) as receiver:
        desk = desk({"hook": hook(receiver.url())})
        first, second = desk.plan("hook"), desk.plan("hook", events=desk.events)
        tally = desk.send()
        later = desk.plan("hook")
        assert (tally.sent, tally.dead, tally.waiting, tally.undelivered) == (0, 2, 0, True)
        assert desk.send().dead == 1
        assert len(receiver.received) == 1
        assert desk.states() == {first: "dead", second: "dead", later: "dead"}
        assert all(f"disabled since {NOW}: " in desk.message(number).reason for number in (first, second, later))
        assert [code for code, _, _ in desk.issues()] == ["alert-target-gone", "alert-dead", "alert-dead"]
        assert f"with {len(desk.events)} events: hook " in desk.issues()[1][2]
        retry_messages(desk.outbox, [desk.message(first)], now=desk.now)
        assert desk.send().sent == 1
        assert len({each.id for each in receiver.received}) == 1


def test_410_is_of_an_address_and_not_of_a_channels_name(desk, tmp_path):
    file = tmp_path / "address"
    with Receiver({"/old": [Reply(410)]}) as receiver:
        file.write_text(receiver.url("/old"))
        file.chmod(0o600)
        desk = desk({"hook": {"type": "webhook", "url_file": str(file), "allow_private": True}})
        first = desk.plan("hook")
        assert desk.send().dead == 1
        file.write_text(receiver.url("/new"))
        second = desk.plan("hook")
        assert desk.send().sent == 1
        file.write_text(receiver.url("/old"))
        third = desk.plan("hook")
        assert desk.send().dead == 1
        assert desk.states() == {first: "dead", second: "sent", third: "dead"}
        assert [each.path for each in receiver.received] == ["/old", "/new"]
        assert not any(receiver.url("/old") in line or "/old" in line for line in dump_lines(desk.outbox))


def test_what_comes_due_while_others_are_sent_is_sent(desk):
    """As after a crash: it was in the air a moment ago."""
    with Receiver() as receiver:
        desk = desk({"hook": hook(receiver.url())})
        number = desk.plan("hook")
        note_attempt(desk.outbox, number, at=NOW, not_before=add_seconds(NOW, 5))
        times = iter([NOW])
        assert desk.send(clock=lambda: next(times, add_seconds(NOW, 60))).sent == 1


def test_a_round_ends_and_what_is_left_stays_due(desk):
    with Receiver({f"/{number}": Reply(hang="answer") for number in range(17)}) as receiver:
        desk = desk({str(number): hook(receiver.url(f"/{number}")) for number in range(17)})
        for number in range(17):  # one more than are served at once
            desk.plan(str(number), rule=f"rule {number}")
        started = time.monotonic()
        tally = desk.send(patience=0.3, time_limit=0.2)
        assert time.monotonic() - started < 5
        assert (tally.sent, tally.dead, tally.waiting, tally.undelivered) == (0, 0, 17, True)
        assert desk.slept == []
        last = desk.message(17)
        assert (last.state, last.attempts, last.not_before) == ("pending", 0, desk.now)
        assert last.error == "not tried: the time of the round was over"
        assert desk.message(1).error == "no answer within 0.3 seconds"
    with Receiver() as receiver:
        desk.channels = make_channels({"16": hook(receiver.url())}, "baogao.toml")
        assert desk.send().sent == 1


def test_ten_attempts_by_the_schedule_under_one_key(desk):
    with Receiver({"/hook": Reply(500)}) as receiver:
        desk = desk({"hook": hook(receiver.url())})
        number = desk.plan("hook")
        times = []
        while desk.message(number).state == "pending":
            before = len(receiver.received)
            desk.now = max(desk.now, desk.message(number).not_before)
            tally = desk.send()
            assert desk.message(number).attempts == len(receiver.received) <= 10
            times += [int(each.headers["webhook-timestamp"]) for each in receiver.received[before:]]
        assert [later - earlier for earlier, later in pairwise(times)] == list(DELAYS)
        assert len({each.id for each in receiver.received}) == 1
        assert len({each.body for each in receiver.received}) == 1
        assert (tally.dead, tally.dead_in_all, tally.waiting) == (1, 1, 0)
        assert desk.message(number).reason.startswith("given up after 10 attempts: ")
        assert [code for code, _, _ in desk.issues()] == ["alert-dead"]
        desk.now = add_seconds(desk.now, 10**6)
        assert desk.send().undelivered
        assert len(receiver.received) == 10
        print(f"{len(times)} attempts in {(times[-1] - times[0]) / 3600:.1f} h, 1 id")  # noqa: T201 - the same


CHILD = """
import contextlib, json, sys
from pathlib import Path
from archive.alerts.outbox import open_outbox
from archive.alerts.rules import make_channels
from archive.alerts.sending import send_due
from archive.config import Config
from archive.store import DataDirectory, open_for_reading

root, data, sections, now = sys.argv[1:]
config = Config((), 0, "test", 1, (), make_channels(json.loads(sections), "baogao.toml"))
with open_outbox(Path(root) / "alerts.db") as outbox, contextlib.closing(
    open_for_reading(DataDirectory(Path(data)))
) as connection:
    send_due(
        outbox, connection, config, {}, clock=lambda: now, jitter=lambda: 0.0, sleep=lambda _: None, say=print
    )
"""


def test_killed_in_the_air_it_comes_again_under_the_same_key(desk):
    with Receiver({"/hook": [Reply(hang="answer"), Reply()]}) as receiver:
        desk = desk({"hook": hook(receiver.url())})
        numbers = [desk.plan("hook") for _ in range(2)]
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(desk.root), str(desk.data.root), json.dumps(desk.sections), NOW],
            cwd=Path(__file__).parent.parent,
        )
        with child:
            try:
                wait_for(lambda: receiver.received)
            finally:
                child.kill()
        first, second = map(desk.message, numbers)
        assert (first.state, first.attempts, first.not_before) == ("pending", 1, add_seconds(NOW, 5))
        assert (second.state, second.attempts, second.not_before) == ("pending", 0, NOW)
        desk.now = first.not_before
        assert desk.send().sent == 2
        assert [each.id for each in receiver.received] == [
            f"msg_{each.idempotency_key}" for each in (first, first, second)
        ]


def test_a_last_attempt_that_was_cut_short_is_no_loop(desk):
    with Receiver() as receiver:
        desk = desk({"hook": hook(receiver.url())})
        number = desk.plan("hook")
        desk.outbox.execute("UPDATE messages SET attempts = 10")
        assert desk.send().dead == 1
        assert "the last was cut short" in desk.message(number).reason
        assert not receiver.received


def test_what_is_no_longer_configured_is_parked(desk):
    with Receiver() as receiver, serve(Script()) as server:
        desk = desk({
            "hook": hook(receiver.url()),
            "mail": {**MAIL, "url": f"smtp://127.0.0.1:{server.port}", "to": ["one@invented.example"]},
        })  # fmt: skip
        parked = [desk.plan("gone"), desk.plan("mail", "former@invented.example"), desk.plan("hook", "odd")]
        desk.outbox.execute("UPDATE messages SET attempts = 1, error = 'refused' WHERE id = ?", (parked[0],))
        desk.plan("hook", rule="a rule that is gone")
        desk.plan("mail", "one@invented.example")
        tally = desk.send()
        assert (tally.sent, tally.parked, tally.waiting, tally.undelivered) == (2, 3, 0, False)
        assert len(receiver.received) == len(server.received) == 1
        assert json.loads(receiver.received[0].body)["data"]["rule"] == "a rule that is gone"
        assert [desk.message(number).state for number in parked] == ["pending"] * 3
        assert desk.send().parked == 3
        desk.outbox.execute("UPDATE messages SET not_before = ? WHERE id = ?", (add_seconds(NOW, 300), parked[0]))
        assert desk.send().sentence == "3 messages parked: no channel or recipient of that name in baogao.toml."


READER = "reader@invented.example"


@pytest.fixture
def two_ways(desk):
    """Two mail servers, and a message that either may bring to one mailbox; ``more``: of the first one's section."""

    def make(first, second, **more):
        made = desk({
            "mail": {**MAIL, "url": f"smtp://127.0.0.1:{first.port}", "to": [READER], **more},
            "spare": {**MAIL, "url": f"smtp://127.0.0.1:{second.port}", "to": [READER.title(), "x@invented.example"]},
        })  # fmt: skip
        number = made.plan("mail", READER)
        add_deliveries(made.outbox, number, "second", "spare", READER.title(), made.events[-1:])
        return made, number

    return make


@pytest.mark.parametrize("answers", [
    {"connect": "421 closing"}, {"connect": "close"}, {"RCPT": "451 come back"}, {"RCPT": "550 relaying denied"},
])  # fmt: skip
def test_one_mailbox_is_reached_by_the_channel_that_works(two_ways, answers):
    with serve(Script(answers)) as broken, serve(Script()) as server:
        desk, number = two_ways(broken, server)
        behind = desk.plan("mail", READER, rule="only by mail")
        key = desk.message(number).idempotency_key
        tally = desk.send()
        assert (tally.sent, tally.waiting) == (1, 0 if "550" in str(answers) else 1)
        assert len(desk.slept) == 1
        (received,) = server.received
        assert received.recipients == (READER.title(),)
        assert f"<{key}@".encode() in received.data
        message = desk.message(number)
        assert (message.state, message.channel, message.recipient) == ("sent", "spare", READER.title())
        assert desk.message(behind).channel == "mail"
        desk.now = add_seconds(NOW, 86400)
        desk.send()
        assert len(server.received) == 1


def test_one_mailbox_does_not_wait_for_a_secret_that_is_missing(two_ways):
    with serve(Script()) as server:
        user = {"url": "smtp://me@127.0.0.1:9", "password_env": "BAOGAO_INVENTED"}
        desk, number = two_ways(server, server, **user)
        assert desk.send().sent == 1
        assert (desk.message(number).channel, desk.message(number).attempts) == ("spare", 1)
        assert len(server.received) == 1


def test_one_mailbox_is_reached_although_a_channel_is_not_there_any_more(two_ways):
    with serve(Script()) as server:
        desk, _ = two_ways(server, server)
        del desk.channels["mail"]
        tally = desk.send()
        assert (tally.sent, tally.parked, len(server.received)) == (1, 0, 1)


def test_what_every_way_refuses_is_dead(two_ways):
    script = Script({"RCPT": "550 no such person"})
    with serve(script) as first, serve(script) as second:
        desk, number = two_ways(first, second)
        tally = desk.send()
        assert (tally.sent, tally.dead, tally.waiting) == (0, 1, 0)
        assert (desk.message(number).state, desk.message(number).attempts) == ("dead", 2)
        assert [first.connections, second.connections] == [1, 1]


def test_while_every_way_fails_each_has_its_turn(two_ways):
    script = Script({"connect": "421 closing"})
    with serve(script) as first, serve(script) as second:
        desk, number = two_ways(first, second)
        for _ in range(40):
            desk.send()
            desk.now = add_seconds(desk.now, 4 * 3600)
        assert (desk.message(number).state, desk.message(number).attempts) == ("dead", 10)
        assert [first.connections, second.connections] == [5, 5]


def test_a_missing_secret_concerns_one_channel_and_says_so(desk, tmp_path):
    private, public = tmp_path / "private", tmp_path / "public"
    for path, mode in ((private, 0o600), (public, 0o644)):
        path.write_text("whsec_" + "A" * 43 + "=", encoding="utf-8")
        path.chmod(mode)
    with Receiver() as receiver:
        desk = desk({
            "unset": hook(receiver.url("/unset")) | {"secret_env": "BAOGAO_INVENTED"},
            "public": hook(receiver.url("/public")) | {"secret_file": str(public)},
            "short": hook(receiver.url("/short")) | {"secret_env": "BAOGAO_SHORT"},
            "private": hook(receiver.url("/private")) | {"secret_file": str(private)},
        }, environment={"BAOGAO_SHORT": "whsec_c2hvcnQ="})  # fmt: skip
        for name in desk.channels:
            desk.plan(name)
            desk.plan(name)
        tally = desk.send()
        assert (tally.sent, tally.waiting, tally.dead, tally.undelivered) == (2, 6, 0, True)
        assert {each.path for each in receiver.received} == {"/private"}
        assert [each.attempts for each in list_messages(desk.outbox, states=["pending"])] == [0] * 6
        assert [said.partition(":")[0] for said in desk.said] == ["unset", "public", "short"]
        assert "BAOGAO_INVENTED is not set" in desk.said[0]
        assert "chmod 600" in desk.said[1]
        assert "c2hvcnQ" not in "".join(desk.said) + tally.sentence
        assert not desk.slept
        assert "next try with the next `baogao notify`" in tally.sentence
        desk.environment["BAOGAO_INVENTED"] = "whsec_" + "B" * 43 + "="  # mended: no waiting
        assert desk.send().sent == 2


def kill_when(condition, number=signal.SIGTERM):
    def wait():
        wait_for(condition)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_sigterm_waits_for_what_is_in_the_air_and_hands_out_no_more(desk):
    with Receiver({"/hook": Reply(after=0.7)}) as receiver:
        desk = desk({"hook": hook(receiver.url()), "other": hook(receiver.url())})
        numbers = [desk.plan(name) for name in ("hook", "other", "hook", "other")]
        with stop_on_signals():
            killer = kill_when(lambda: len(receiver.received) == 2)
            with pytest.raises(Stopped):
                desk.send()
        killer.join()
        assert len(receiver.received) == 2
    assert [desk.message(number).state for number in numbers] == ["sent", "sent", "pending", "pending"]
    assert [desk.message(number).attempts for number in numbers] == [1, 1, 0, 0]


def test_sigterm_does_not_wait_for_ever(desk):
    with Receiver({"/hook": Reply(hang="answer")}) as receiver:
        desk = desk({"hook": hook(receiver.url()), "healthy": hook(receiver.url("/healthy"))})
        number, healthy = desk.plan("hook"), desk.plan("healthy")
        with stop_on_signals():
            killer = kill_when(lambda: receiver.bodies("/hook") and desk_is_sent(desk.root, healthy))
            started = time.monotonic()
            with pytest.raises(Stopped):
                desk.send()
        killer.join()
        assert 4.5 < time.monotonic() - started < 8
    assert (desk.message(number).state, desk.message(number).attempts) == ("pending", 1)
    assert desk.message(number).not_before == add_seconds(NOW, 5)
    assert desk.message(healthy).state == "sent"


def desk_is_sent(root, number):
    with contextlib.closing(sqlite3.connect(root / "alerts.db")) as outbox:
        return outbox.execute("SELECT 1 FROM messages WHERE id = ? AND state = 'sent'", (number,)).fetchone()


def test_more_channels_than_workers(desk):
    with Receiver({"/0": Reply(hang="answer")}) as receiver:
        desk = desk({f"c{number}": hook(receiver.url(f"/{number}")) for number in range(40)})
        for name in desk.channels:
            desk.plan(name)
        tally = desk.send(patience=1.0)
        assert (tally.sent, tally.waiting) == (39, 1)
    assert not [each for each in threading.enumerate() if each.name == "courier" and not each.daemon]


def test_chat_is_served_like_the_others(desk):
    with Receiver({"/fails": Reply(500)}) as receiver:
        desk = desk({
            "room": {"type": "apprise", "url_env": "ROOM"},
            "broken": {"type": "apprise", "url_env": "BROKEN"},
            "unknown": {"type": "apprise", "url_env": "UNKNOWN"},
            "hook": hook(receiver.url()),
        }, environment={
            "ROOM": f"json://127.0.0.1:{receiver.port}/room",
            "BROKEN": f"json://127.0.0.1:{receiver.port}/fails",
            "UNKNOWN": "kanarienvogel4711",
        })  # fmt: skip
        for name in desk.channels:
            desk.plan(name)
            desk.plan(name, events=desk.events)
        tally = desk.send()
        assert (tally.sent, tally.waiting) == (4, 4)
        assert Counter(each.path for each in receiver.received) == {"/hook": 2, "/room": 2, "/fails": 4}
        assert [each.path for each in receiver.received][:1] == ["/hook"]  # apprise is slow to load: it comes last
        assert [said.partition(":")[0] for said in desk.said] == ["unknown"]
        everything = "".join(desk.said) + tally.sentence + "\n".join(dump_lines(desk.outbox))
        assert "kanarienvogel" not in everything
        assert "json://" not in everything
    assert desk.message(3).attempts == 2


@pytest.mark.parametrize(("scheme", "path"), [("json", "/room"), ("ntfy", "/")])
def test_a_chat_service_that_asks_to_wait_is_asked_once_for_all(desk, scheme, path):
    with Receiver({path: [Reply(429, retry_after=600), Reply()]}) as receiver:
        sections = {"room": {"type": "apprise", "url_env": "ROOM"}}
        desk = desk(sections, environment={"ROOM": f"{scheme}://127.0.0.1:{receiver.port}/room"})
        numbers = [desk.plan("room") for _ in range(3)]
        assert (desk.send().waiting, len(receiver.received)) == (3, 1)
        assert {desk.message(each).not_before for each in numbers} == {add_seconds(NOW, 600)}
        desk.now = add_seconds(NOW, 600)
        assert (desk.send().sent, len(receiver.received)) == (3, 4)


def test_the_whole_disk_is_full(desk):
    with Receiver() as receiver:
        desk = desk({"hook": hook(receiver.url())})
        for _ in range(5):
            desk.plan("hook", events=desk.events)
        pages = desk.outbox.execute("PRAGMA page_count").fetchone()[0]
        desk.outbox.execute(f"PRAGMA max_page_count = {pages}")
        desk.outbox.execute(
            "CREATE TRIGGER grow AFTER UPDATE ON messages WHEN new.state = 'sent' BEGIN "
            "INSERT INTO issues SELECT NULL, 1, 'error', hex(randomblob(9999)), '', ''; END"
        )
        with pytest.raises(StorageError, match=r"alerts\.db could not be written"):
            desk.send()
        assert len(receiver.received) == 1
    assert list(desk.states().values()) == ["pending"] * 5


def test_events_that_are_not_in_the_archive(desk):
    with Receiver() as receiver:
        desk = desk({"hook": hook(receiver.url())})
        moved, gone = desk.plan("hook"), desk.plan("hook")
        # the archive was read again: numbers have changed, names have not
        desk.outbox.execute("UPDATE deliveries SET event_id = 1 WHERE message_id = ?", (moved,))
        desk.outbox.execute("UPDATE deliveries SET event_id = 2, key = 'never' WHERE message_id = ?", (gone,))
        tally = desk.send()
        assert (tally.sent, tally.dead) == (1, 1)
        assert len(receiver.received) == 1
        assert desk.events[-1].key in receiver.received[0].body.decode()
        assert "never" in desk.message(gone).reason
        assert [code for code, _, _ in desk.issues()] == ["alert-dead"]


def test_a_report_that_cannot_be_worded_silences_no_other(tmp_path, archive):
    copy = tmp_path / "copy.db"
    with contextlib.closing(open_for_reading(archive)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    with contextlib.closing(sqlite3.connect(copy)) as broken:
        broken.execute("DROP TRIGGER versions_are_final")
        (last,) = broken.execute("SELECT max(version_id) FROM events").fetchone()
        broken.execute("UPDATE item_versions SET brands = '{' WHERE id = ?", (last,))
        broken.commit()
    broken = sqlite3.connect(copy)
    broken.row_factory = sqlite3.Row
    with Receiver() as receiver, Desk(tmp_path, None, {"hook": hook(receiver.url())}, connection=broken) as desk:
        bad, good = desk.plan("hook"), desk.plan("hook", events=desk.events[:1])
        tally = desk.send()
        assert (tally.sent, tally.waiting) == (1, 1)
        assert desk.message(good).state == "sent"
        assert "while composing: a bug" in desk.message(bad).error
        assert desk.message(bad).attempts == 2


def test_a_message_names_the_rules_and_is_bounded(tmp_path, tmp_path_factory):
    nights = Nights(tmp_path_factory.mktemp("many"))
    for number in range(210):
        nights.publisher.publish(f"r{number}")
    nights.night()
    with Desk(tmp_path, nights.data, {"hook": hook("http://127.0.0.1/")}) as desk:
        number = desk.plan("hook", events=desk.events)
        add_deliveries(desk.outbox, number, "second", "hook", "", desk.events[:2])
        cache = {}
        notice = load_notice(desk.outbox, desk.connection, desk.config, desk.message(number), cache)
        assert (len(notice.announcements), notice.total) == (200, 210)
        assert [each.event for each in notice.announcements] == desk.events[:200]
        assert [each.rules for each in notice.announcements[:3]] == [("first", "second")] * 2 + [("first",)]
        assert (notice.id, notice.created_at) == (desk.message(number).idempotency_key, NOW)
        another = desk.plan("hook", events=desk.events[:3])
        second = load_notice(desk.outbox, desk.connection, desk.config, desk.message(another), cache)
        assert (len(second.announcements), second.total, len(cache)) == (3, 0, 1)


def test_a_message_without_events_is_not_sent(desk):
    with Receiver() as receiver:
        desk = desk({"hook": hook(receiver.url())})
        number = desk.plan("hook", events=[])
        assert desk.send().dead == 1
        assert (desk.message(number).reason, receiver.received) == ("it tells of no event any more", [])


def test_a_digest_that_still_gathers_does_not_count(desk):
    with Receiver() as receiver:
        desk = desk({"hook": hook(receiver.url())})
        desk.plan("hook", at=add_seconds(NOW, 1))
        tally = desk.send()
        assert (tally.sentence, tally.undelivered, receiver.received) == ("", False, [])
        assert tally.to_json() == {
            **dict.fromkeys(("sent", "waiting", "dead", "dead_in_all", "held", "parked"), 0),
            "undelivered": False,
            "backlog": [],
        }


def test_a_test_message_goes_the_same_way(desk):
    script = Script({"RCPT:unknown@invented.example": "550 5.1.1 no such person"})
    with Receiver({"/fails": Reply(500), "/hangs": Reply(hang="answer")}) as receiver, serve(script) as server:
        to = ["one@invented.example", "unknown@invented.example", "two@invented.example"]
        desk = desk({
            "hook": hook(receiver.url()),
            "fails": hook(receiver.url("/fails")),
            "hangs": hook(receiver.url("/hangs")),
            "mail": {**MAIL, "url": f"smtp://127.0.0.1:{server.port}", "to": to},
            "down": {**MAIL, "url": f"smtp://127.0.0.1:{closed_port()}", "to": to},
            "unset": {"type": "webhook", "url_env": "BAOGAO_INVENTED", "allow_private": True},
        })  # fmt: skip
        found = {
            name: send_test(desk.channels[name], desk.config, {}, now=NOW, patience=1.0)
            for name in ("hook", "fails", "hangs", "mail", "down")
        }
        with pytest.raises(UsageError, match="BAOGAO_INVENTED"):
            send_test(desk.channels["unset"], desk.config, {}, now=NOW)
        states = {name: [(target, each.state) for target, each in outcomes] for name, outcomes in found.items()}
        assert states == {
            "hook": [("hook", "sent")],
            "fails": [("fails", "retry")],
            "hangs": [("hangs", "retry")],
            "mail": [(to[0], "sent"), (to[1], "final"), (to[2], "sent")],
            "down": [(each, "retry") for each in to],
        }
        assert [outcome.detail.startswith("not tried: ") for _, outcome in found["down"]] == [False, True, True]
        assert len({each.data for each in server.received}) == len(server.received) == 2
    assert desk.states() == {}
