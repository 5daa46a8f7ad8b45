"""kill -9 at any instant of settling and telling: no event is lost, and what comes twice carries the id it had before.

The seed of the random moments is printed; BAOGAO_SEED plays them again, BAOGAO_ALERT_KILLS plays more of them.
"""

import contextlib
import json
import os
import random
import secrets
import shutil
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from archive.replica import Site, catalogue, serve
from archive.sqlite import sqlite3
from tests.command import Desk, finish, side_by_side
from tests.crawls import TAG
from tests.webhook_receiver import Receiver, Reply

SEED = int(os.environ.get("BAOGAO_SEED") or secrets.randbelow(10**6))
KILLS = int(os.environ.get("BAOGAO_ALERT_KILLS") or 200)
KILLS_A_ROUND = 10  #: at most: it ends when everything has arrived
NEWS = 40
AT_ONCE = 3

CONFIG = """
[[alert]]
name = "each"
to = ["hook"]
on = ["appeared", "changed"]
digest = "each"

[[alert]]
name = "run"
to = ["hook"]

[channel.hook]
type = "webhook"
url = "{url}"
allow_private = true
"""


@dataclass(frozen=True)
class Stage:
    """An archive whose second night, with news, is captured and not settled; and who is to hear of it."""

    root: Path
    receiver: Receiver

    def desk(self, name):
        desk = Desk(self.root / name / "data")
        shutil.copytree(self.root / "captured" / "data", desk.data)
        (desk.data.parent / "baogao.toml").write_text(CONFIG.format(url=self.receiver.url(f"/{name}")))
        return desk


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    root = tmp_path_factory.mktemp("alerts")
    site = Site.of(TAG, catalogue(40 + NEWS)[NEWS:])
    desk = Desk(root / "captured" / "data")
    desk.data.parent.mkdir()
    (desk.data.parent / "baogao.toml").write_text(CONFIG.format(url="http://127.0.0.1:9/"))
    with serve(site) as served, Receiver() as receiver:
        assert desk.crawl(served.url(TAG)).code == 0
        edited = site.shown(TAG, 2)[3]
        site.edit(edited.id, next(word for word in " ".join(edited.en).split() if word.endswith("%")), "98.76%")
        for report in catalogue(NEWS):
            site.publish(report, TAG)
        assert desk.crawl("--no-settle", served.url(TAG)).code == 0
        yield Stage(root, receiver)


def tell(stage, name, *, seed):
    """Kill settling and telling until both have come to their end; what the endpoint heard, by rule and event."""
    chance = random.Random(seed)
    desk = stage.desk(name)
    stage.receiver._script[f"/{name}"] = [Reply(after=0.03)]  # so that kills meet messages in the air
    killed = 0
    for command in ["settle"] * chance.randint(1, 3) + ["notify"] * KILLS_A_ROUND:
        process = desk.start(command)
        if command == "notify" and chance.random() < 0.7:  # while a message is in the air, or a moment later
            wait_for_a_message(stage, name, process)
            time.sleep(chance.uniform(0.0, 0.06))
        else:
            time.sleep(chance.uniform(0.2, 1.0))
        if process.poll() is None:
            process.kill()
            killed += 1
        finish(process)
        let_time_pass(desk)
    assert desk.run("settle").code == 0
    for _ in range(3):
        said = desk.run("notify")
        let_time_pass(desk)
    assert (said.code, said.out) == (0, "nothing to send.\n"), (seed, said)
    return killed, hear(stage, name), set(desk.query("SELECT id, kind FROM events WHERE alert = 'due'"))


def let_time_pass(desk):
    """What was in the air waits for its next attempt, five minutes and more after the second."""
    if desk.query("SELECT count(*) FROM events WHERE alert = 'due'") and (desk.data / "alerts.db").exists():
        with contextlib.closing(sqlite3.connect(desk.data / "alerts.db", isolation_level=None)) as outbox:
            outbox.execute(
                "UPDATE messages SET not_before = created_at, attempts = min(attempts, 1) WHERE attempts > 0"
            )


def wait_for_a_message(stage, name, process):
    """Until the endpoint has one more, or the command has ended; before a second try none comes for a while."""
    before, deadline = len(stage.receiver.bodies(f"/{name}")), time.monotonic() + 6
    while len(stage.receiver.bodies(f"/{name}")) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)


def hear(stage, name):
    """(rule, event) → the ids of the messages that told it, once for each time on the wire."""
    heard = defaultdict(list)
    for received in stage.receiver.received:
        if received.path == f"/{name}":
            data = json.loads(received.body)["data"]
            for event in data["events"]:
                heard[data["rule"], event["event"], event["kind"]].append(received.id)
    return heard


def test_kills_lose_nothing_and_repeats_keep_their_id(stage):
    print(f"BAOGAO_SEED={SEED} BAOGAO_ALERT_KILLS={KILLS}")  # noqa: T201 - to play them again
    kills = lost = repeated = renamed = events = rounds = 0
    while kills < KILLS:
        names = [f"round{number}" for number in range(rounds, rounds + 2 * AT_ONCE)]
        trials = {name: partial(tell, stage, name, seed=f"{SEED} {name}") for name in names}
        rounds += len(names)
        for killed, heard, due in side_by_side(trials, at_once=AT_ONCE).values():
            kills += killed
            assert len(due) == NEWS + 1
            expected = {("each", number, kind) for number, kind in due}
            expected |= {("run", number, kind) for number, kind in due if kind == "appeared"}
            assert set(heard) <= expected
            events += len(expected)
            lost += len(expected - set(heard))
            repeated += sum(len(ids) - 1 for ids in heard.values())
            renamed += sum(len(set(ids)) > 1 for ids in heard.values())
    print(  # noqa: T201
        f"{kills} kills in {rounds} nights: of {events} events to tell {lost} lost; {repeated} repeated on the wire, "
        f"{renamed} of them with another id"
    )
    assert (lost, renamed) == (0, 0)
    assert repeated  # else no kill met a message in the air, and this says little
