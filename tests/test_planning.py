"""From nights to the outbox: given these nights and rules, these messages wait."""

import contextlib
import random
from collections import Counter
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from archive.alerts.model import Event
from archive.alerts.outbox import list_event_rules, list_issues, list_messages, list_told, open_outbox
from archive.alerts.planning import MAX_DUE, plan, register_rules, release
from archive.alerts.rules import ChatChannel, Digest, Rule, SmtpChannel, WebhookChannel
from archive.alerts.secret import Source
from archive.config import load_config
from archive.sqlite import sqlite3
from archive.store import open_for_reading
from tests.dumping import dump_lines
from tests.nights import Nights, Publisher

EVERY = frozenset({"appeared", "changed", "withdrawn", "reappeared"})
CHANNELS = {
    "hook": WebhookChannel("hook", "https://hook.example.org/"),
    "other": WebhookChannel("other", "https://other.example.org/"),
    "chat": ChatChannel("chat", Source("channel.chat.url", "CHAT")),
    "mail": SmtpChannel("mail", "127.0.0.1", 25, ("a@example.org", "b@example.org"), "x@example.org", security="none"),
    "again": SmtpChannel("again", "127.0.0.1", 26, ("A@Example.org",), "x@example.org", security="none"),
}


class Office:
    """Nights, and the outbox beside them."""

    def __init__(self, root, *rules, publisher=None):
        self.nights = Nights(root, publisher)
        self.rules = rules
        self.path = self.nights.data.alerts

    @contextlib.contextmanager
    def opened(self):
        with open_outbox(self.path) as outbox, contextlib.closing(open_for_reading(self.nights.data)) as connection:
            yield outbox, connection

    def register(self):
        with self.opened() as (outbox, connection):
            register_rules(outbox, connection, self.rules)

    def plan(self):
        with self.opened() as (outbox, connection):
            plan(outbox, connection, self.rules, CHANNELS, now=self.nights.now())

    def release(self, number):
        with self.opened() as (outbox, connection):
            release(outbox, connection, self.rules, CHANNELS, number, now=self.nights.now())

    def night(self, *tags, planned=True, **more):
        verdict = self.nights.night(*tags, **more)
        if planned:
            self.plan()
        return verdict

    def messages(self, *states):
        with self.opened() as (outbox, _):
            return list_messages(outbox, states=states)

    def told(self, *states):
        """(rule, target, form, keys of events) of what waits to be sent, in order."""
        with self.opened() as (outbox, connection):
            found = []
            for message in list_messages(outbox, states=states or ("pending",)):
                numbers = list_event_rules(outbox, message.id)
                keys = [self._key(connection, number) for number in numbers]
                found.append((message.rule, message.recipient or message.channel, message.form, keys))
            return found

    def _key(self, connection, number):
        row = connection.execute(
            "SELECT e.kind, i.key FROM events e JOIN items i ON i.id = e.item_id WHERE e.id = ?", (number,)
        ).fetchone()
        return " ".join(row) if row else "gone"

    def sql(self, statement, *values):
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as outbox:
            return outbox.execute(statement, values).fetchall()

    def dump(self):
        with contextlib.closing(sqlite3.connect(self.path)) as outbox:
            return "\n".join(dump_lines(outbox))


def rule(name="all", to=("hook",), **more):
    return Rule(name, to, **more)


@pytest.fixture
def publisher():
    found = Publisher()
    for key in "abcdefgh":
        found.publish(key)
    return found


@pytest.fixture
def make(tmp_path, publisher):
    def office(*rules, first_night=True):
        made = Office(tmp_path / "data", *rules, publisher=publisher)
        if first_night:
            made.night()
        return made

    return office


def test_first_walk_is_silent_and_the_next_report_is_told(make, publisher):
    office = make(rule())
    assert office.told() == []
    publisher.publish("n")
    office.night()
    assert office.told() == [("all", "hook", "run", ["appeared n"])]


def test_planning_again_changes_nothing(make, publisher):
    office = make(rule(to=("hook", "mail")), rule("twice", digest=Digest("each")))
    publisher.publish("n")
    office.night()
    before = office.dump()
    office.plan()
    office.plan()
    assert office.dump() == before


def test_a_quiet_night_plans_nothing(make):
    office = make(rule(on=EVERY))
    office.night()
    office.night(faults={("甲", 2): "500"})
    office.night(faults={("甲", 1): "captcha"})
    assert office.messages() == []


def test_one_message_a_run_or_one_each(make, publisher):
    office = make(rule("run"), rule("each", digest=Digest("each")))
    publisher.publish("m")
    publisher.publish("n")
    office.night(planned=False)
    publisher.publish("o")
    office.night()
    runs = [told for told in office.told() if told[0] == "run"]
    assert [told[3] for told in runs] == [["appeared n", "appeared m"], ["appeared o"]]
    assert sorted(told[3] for told in office.told() if told[0] == "each") == [
        ["appeared m"], ["appeared n"], ["appeared o"],
    ]  # fmt: skip


def test_daily_gathers_until_its_hour(make, publisher, tmp_path):
    file = tmp_path / "baogao.toml"
    file.write_text(
        '[[alert]]\nname = "all"\nto = ["hook"]\ndigest = "daily 08:30 Asia/Shanghai"\n'
        '[channel.hook]\ntype = "webhook"\nurl = "https://hook.example.org/"\n'
    )
    office = make(*load_config(file).rules)
    publisher.publish("m")
    office.night()  # 18:30 UTC
    (message,) = office.messages("pending")
    assert message.not_before == "2026-01-04T00:30:00Z"
    publisher.publish("n")
    office.nights.clock -= office.nights.clock - office.nights.clock.replace(hour=1)  # after the hour of that day
    office.night()
    first, second = office.messages("pending")
    assert (first.not_before, second.not_before) == ("2026-01-04T00:30:00Z", "2026-01-05T00:30:00Z")
    office.nights.clock = office.nights.clock.replace(day=3, hour=20)
    publisher.publish("o")
    office.night()
    assert office.told()[1][3] == ["appeared n", "appeared o"]  # it had not been sent yet


def test_a_daily_message_that_is_planned_again_has_its_old_name(make, publisher):
    office = make(rule(digest=Digest("daily", time(8, 30), ZoneInfo("Asia/Shanghai"))))
    publisher.publish("m")
    office.night()
    (first,) = office.messages()
    for path in office.path.parent.glob("alerts.db*"):
        path.unlink()
    office.nights.clock += timedelta(days=2)
    office.plan()
    (second,) = office.messages()
    assert (second.idempotency_key, second.not_before) == (first.idempotency_key, first.not_before)


def test_rules_choose_by_kind_and_words(make, publisher):
    office = make(rule("words", match="数字人民币"), rule("gone", ("other",), on=frozenset({"withdrawn"})))
    publisher.publish("m", zh="虚构的数字人民币规模为3亿元")
    publisher.publish("n")
    publisher.withdraw("b")
    office.night()
    office.night()
    assert office.told() == [
        ("words", "hook", "run", ["appeared m"]),
        ("gone", "other", "run", ["withdrawn b"]),
    ]


def test_each_recipient_has_a_message_of_its_own(make, publisher):
    office = make(rule(to=("mail",)))
    publisher.publish("n")
    office.night()
    first, second = office.messages()
    assert (first.recipient, second.recipient) == ("a@example.org", "b@example.org")
    assert first.idempotency_key != second.idempotency_key


def test_a_person_is_told_once_and_a_program_by_every_rule(make, publisher):
    office = make(rule("one", ("chat", "hook")), rule("two", ("hook", "chat")))
    publisher.publish("n")
    office.night()
    assert office.told() == [
        ("one", "chat", "run", ["appeared n"]),
        ("one", "hook", "run", ["appeared n"]),
        ("two", "hook", "run", ["appeared n"]),
    ]
    with office.opened() as (outbox, _):
        rules = list_event_rules(outbox, office.messages()[0].id)
    assert list(rules.values()) == [("one", "two")]  # the message names both
    assert office.sql("SELECT count(*) FROM deliveries") == [(4,)]


def test_a_mailbox_in_two_channels_is_told_once(make, publisher):
    office = make(rule("one", ("mail", "again")), rule("two", ("again",)))
    publisher.publish("n")
    office.night()
    first, second = office.messages()
    assert [(each.channel, each.recipient) for each in (first, second)] == [
        ("mail", "a@example.org"),
        ("mail", "b@example.org"),
    ]
    with office.opened() as (outbox, _):
        assert [list_event_rules(outbox, each.id) for each in (first, second)] == [
            {9: ("one", "two")},
            {9: ("one",)},
        ]
        (told,) = list_told(outbox, first.id)
    assert told.rules == ("one", "two")
    # one row for each event, rule and target
    assert office.sql("SELECT count(*) FROM deliveries") == [(4,)]


@pytest.mark.parametrize(("state", "messages"), [("sent", 0), ("pending", 1)])
def test_a_mailbox_whose_channel_got_another_name(make, publisher, monkeypatch, state, messages):
    """What waits for the old name is parked, and never comes."""
    office = make(rule("one", ("mail",)))
    publisher.publish("n")
    office.night()
    office.sql("UPDATE messages SET state = ?", state)
    monkeypatch.delitem(CHANNELS, "mail")
    office.rules = (rule("other", ("again",)),)
    office.plan()
    assert len([each for each in office.messages() if each.channel == "again"]) == messages


def test_what_another_way_can_bring_counts_as_told(make, publisher, monkeypatch):
    """Its own channel is gone; it goes by the other one."""
    office = make(rule("one", ("mail", "again")))
    publisher.publish("n")
    office.night()
    monkeypatch.delitem(CHANNELS, "mail")
    office.rules = (rule("one", ("again",)), rule("two", ("again",)))
    office.plan()
    assert [each.channel for each in office.messages()] == ["mail", "mail"]


def test_a_dead_message_does_not_count_as_told(make, publisher):
    office = make(rule("one", ("chat",)))
    publisher.publish("n")
    office.night()
    office.sql("UPDATE messages SET state = 'dead'")
    office.rules = (*office.rules, rule("two", ("chat",)))
    office.plan()  # a new rule begins with the last night
    assert office.told() == [("two", "chat", "run", ["appeared n"])]


def test_a_new_rule_begins_with_the_last_night(make, publisher):
    office = make(rule("old"))
    publisher.publish("m")
    office.night()
    publisher.publish("n")
    office.night()
    office.rules = (*office.rules, rule("new", ("other",)))
    office.plan()
    assert [told for told in office.told() if told[0] == "new"] == [("new", "other", "run", ["appeared n"])]


def test_a_registered_rule_hears_of_every_later_night(make, publisher):
    office = make(first_night=False)
    office.night(planned=False)
    office.rules = (rule(),)
    office.register()
    publisher.publish("m")
    office.night(planned=False)
    office.night(planned=False)  # a killed command planned nothing
    office.night()
    assert office.told() == [("all", "hook", "run", ["appeared m"])]


def test_a_night_settled_in_the_middle_of_a_planning_is_planned_by_the_next(make, publisher):
    office = make(rule())
    publisher.publish("m")
    office.night(planned=False)
    publisher.publish("n")

    def settle_another(statement):
        if statement.endswith("ORDER BY e.id DESC LIMIT 1"):  # the feed was read, its end is asked for
            connection.set_trace_callback(None)
            office.night(planned=False)

    with office.opened() as (outbox, connection):
        connection.set_trace_callback(settle_another)
        plan(outbox, connection, office.rules, CHANNELS, now=office.nights.now())
    assert office.nights.query("SELECT max(id) FROM runs") == [(3,)]
    office.plan()
    assert [keys for *_, keys in office.told()] == [["appeared m"], ["appeared n"]]


def test_the_same_messages_have_the_same_keys_when_alerts_db_is_lost(make, publisher):
    office = make(rule(to=("hook", "mail")))
    publisher.publish("n")
    office.night()
    before = {message.idempotency_key for message in office.messages()}
    for path in office.path.parent.glob("alerts.db*"):
        path.unlink()
    office.plan()
    assert {message.idempotency_key for message in office.messages()} == before


def test_alerts_db_is_private(make):
    office = make(rule())
    assert {path.stat().st_mode & 0o777 for path in office.path.parent.glob("alerts.db*")} == {0o600}


def flood(publisher, number):
    for each in range(number):
        publisher.publish(f"n{each}")


@pytest.fixture
def big():
    found = Publisher()
    for each in range(700):
        found.publish(f"k{each}")
    return found


def test_a_flood_waits_for_a_person(tmp_path, big, monkeypatch):
    monkeypatch.setattr("tests.nights.PER_PAGE", 100)
    office = Office(
        tmp_path / "data", rule("wide", ("hook", "mail")), rule("narrow", ("other",), match="n7"), publisher=big
    )
    office.night()
    flood(big, MAX_DUE + 1)
    office.night()
    assert office.told() == [("narrow", "other", "run", ["appeared n7"])]
    (held,) = office.messages("held")
    assert (held.rule, held.channel, held.events, held.reason) == ("wide", "", 51, "51 events at once")
    with office.opened() as (outbox, _):
        (issue,) = list_issues(outbox, 2)
    assert (issue["level"], issue["code"]) == ("warning", "alert-flood")
    big.publish("later")
    office.night()
    assert [told[3] for told in office.told() if told[0] == "wide"] == [["appeared later"]] * 3
    office.release(held.id)
    summaries = [told for told in office.told() if told[2] == "summary"]
    assert [(name, target, len(keys)) for name, target, _, keys in summaries] == [
        ("wide", "hook", 51), ("wide", "a@example.org", 51), ("wide", "b@example.org", 51),
    ]  # fmt: skip
    assert office.messages("released")[0].id == held.id
    before = office.dump()
    office.plan()
    assert office.dump() == before


def test_fifty_are_no_flood(tmp_path, big, monkeypatch):
    monkeypatch.setattr("tests.nights.PER_PAGE", 100)
    office = Office(tmp_path / "data", rule(), publisher=big)
    office.night()
    flood(big, MAX_DUE)
    office.night()
    assert [(told[2], len(told[3])) for told in office.told()] == [("run", MAX_DUE)]


@pytest.mark.parametrize("decision", ["release", "drop", "alias"])
def test_a_twin_waits_for_a_person(make, publisher, decision):
    office = make(rule())
    publisher.publish("t", zh=publisher.reports["a"]["zh"], en=publisher.reports["a"]["en"])
    office.night()
    (held,) = office.messages()
    assert (held.state, held.rule, held.reason) == ("held", "", "it may be one report under two keys")
    office.night()
    if decision == "alias":
        office.nights.alias("t", "a")
    else:
        with office.opened() as (_, connection):
            events = [Event(*row) for row in connection.execute(
                "SELECT e.id, e.run_id, e.kind, i.key, e.item_id, e.version_id, e.at, e.alert, e.detail FROM events e "
                "JOIN items i ON i.id = e.item_id WHERE e.alert = 'held'"
            )]  # fmt: skip
        getattr(office.nights, decision)(events)
    office.plan()
    expected = [("all", "hook", "summary", ["appeared t"])] if decision == "release" else []
    assert office.told() == expected
    assert office.messages()[0].state == ("released" if decision == "release" else "dropped")
    office.plan()
    assert office.told() == expected


def test_a_rule_younger_than_a_held_event_does_not_hear_of_it(make, publisher):
    office = make(rule())
    publisher.publish("t", zh=publisher.reports["a"]["zh"], en=publisher.reports["a"]["en"])
    office.night()
    publisher.publish("u")
    office.night()
    office.rules = (*office.rules, rule("young", ("other",)))
    office.plan()
    office.nights.release(held_events(office))
    office.plan()
    assert [told for told in office.told() if told[2] == "summary"] == [("all", "hook", "summary", ["appeared t"])]


def held_events(office):
    from archive.alerts.events import load_events

    with office.opened() as (_, connection):
        return load_events(
            connection, [row[0] for row in connection.execute("SELECT id FROM events WHERE alert = 'held'")]
        )


def test_a_change_taken_back_before_anybody_was_told_is_one_alert(make, publisher):
    office = make(rule(on=EVERY))
    before = publisher.reports["c"]["zh"]
    publisher.edit("c", zh="虚构的c规模为13.5亿元")
    office.night()
    publisher.edit("c", zh=before)
    office.night()
    assert office.told() == [("all", "hook", "run", ["changed c"])]
    with office.opened() as (outbox, connection):
        (number,) = list_event_rules(outbox, office.messages()[0].id)
        assert (
            connection.execute("SELECT detail FROM events WHERE id = ?", (number,)).fetchone()[0].startswith("returned")
        )


def test_a_change_taken_back_after_it_was_told_is_told(make, publisher):
    office = make(rule(on=EVERY))
    before = publisher.reports["c"]["zh"]
    publisher.edit("c", zh="虚构的c规模为13.5亿元")
    office.night()
    office.sql("UPDATE messages SET state = 'sent'")
    publisher.edit("c", zh=before)
    office.night()
    assert office.told() == [("all", "hook", "run", ["changed c"])]


def test_events_are_found_again_under_new_numbers(make, publisher):
    office = make(rule(on=EVERY))
    publisher.publish("m")
    office.night()
    with office.nights.opened() as connection:
        connection.execute("UPDATE events SET id = id + 1000")
    publisher.publish("n")
    office.night()
    assert [told[3] for told in office.told()] == [["appeared m"], ["appeared n"]]
    office.plan()
    assert len(office.messages()) == 2


def test_an_archive_that_was_set_back_is_read_on_from_there(make, publisher):
    office = make(rule(on=EVERY))
    publisher.publish("m")
    office.night()
    with office.nights.opened() as connection:  # as from a backup of the night before
        connection.execute("DELETE FROM events WHERE run_id = 2")
    office.plan()
    publisher.publish("n")
    office.night()
    assert [told[3] for told in office.told()] == [["gone"], ["appeared n"]]


@pytest.mark.parametrize("seed", range(12))
def test_random_nights_tell_each_due_event_once(tmp_path, seed):
    """Whatever happens and whenever it is planned: each due event reaches each rule's target in one message."""
    chance = random.Random(seed)
    publisher = Publisher()
    keys = [f"k{number}" for number in range(30)]
    for key in keys:
        publisher.publish(key)
    rules = (
        rule("hooked", ("hook", "other"), on=EVERY),
        rule("new", ("chat",)),
        rule("each", ("mail",), digest=Digest("each")),
    )
    office = Office(tmp_path / "data", *rules, publisher=publisher)
    office.night()
    for night in range(8):
        for _ in range(chance.randrange(4)):
            key = chance.choice(keys)
            match chance.randrange(4):
                case 0:
                    keys.append(f"n{night}-{len(keys)}")
                    publisher.publish(keys[-1])
                case 1:
                    publisher.withdraw(key)
                case 2 if key not in publisher.tags["甲"]:
                    publisher.restore(key)
                case _:
                    publisher.edit(key, zh=f"虚构的{key}规模为{chance.randrange(5)}亿元")
        office.night(planned=chance.random() < 0.6, faults={("甲", 2): "500"} if chance.random() < 0.2 else None)
    office.plan()
    due = office.nights.query("SELECT id, kind, detail FROM events WHERE alert = 'due'")
    returned = {number for number, _, detail in due if detail.startswith("returned")}
    told = Counter(office.sql("SELECT event_id, rule, channel, recipient FROM deliveries"))
    assert all(count == 1 for count in told.values())
    targets = [("hooked", "hook", ""), ("hooked", "other", ""), ("new", "chat", "")]
    targets += [("each", "mail", recipient) for recipient in ("a@example.org", "b@example.org")]
    for number, kind, _ in due:
        for name, channel, recipient in targets:
            expected = name == "hooked" or kind == "appeared"
            was_told = (number, name, channel, recipient) in told
            assert was_told == expected or (kind == "changed" and returned), (number, kind, name)


def test_a_rule_that_is_put_back_is_a_new_one(make, publisher):
    office = make(rule(), rule("other", ("other",)))
    office.rules, whole = office.rules[:1], office.rules
    publisher.publish("m")
    office.night()
    publisher.publish("n")
    office.night()
    office.rules = ()  # by accident: nothing is forgotten
    office.plan()
    office.rules = whole
    office.plan()
    assert [told[3] for told in office.told() if told[0] == "other"] == [["appeared n"]]
    assert [told[3] for told in office.told() if told[0] == "all"] == [["appeared m"], ["appeared n"]]


def test_a_lost_outbox_tells_the_last_night_again_also_when_a_crawl_comes_first(make, publisher):
    office = make(rule())
    publisher.publish("m")
    office.night()
    before = {message.idempotency_key for message in office.messages()}
    for path in office.path.parent.glob("alerts.db*"):
        path.unlink()
    office.register()
    publisher.publish("n")
    office.night()
    assert [told[3] for told in office.told()] == [["appeared m"], ["appeared n"]]
    assert before < {message.idempotency_key for message in office.messages()}
