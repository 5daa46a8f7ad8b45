"""What a rule would have sent: forms, days, what is held, what is never told; and the command that says so."""

import json
from contextlib import closing
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from archive.alerts.rules import Digest, Rule
from archive.alerts.trial import Trial, TrialMessage, try_rule
from archive.cli import alerts_trial
from archive.errors import UsageError
from archive.printable import spell_out
from archive.render import measure
from archive.store import open_for_reading
from tests.hostile import TEXTS
from tests.nights import Nights

EVERY = frozenset({"appeared", "changed", "withdrawn", "reappeared"})
SHANGHAI = Digest("daily", time(8, 30), ZoneInfo("Asia/Shanghai"))


def rule(digest=Digest("run"), *, match=None, on=EVERY, name="lanterns"):  # noqa: B008 - frozen
    return Rule(name, ("nowhere",), match, frozenset(on), (), (), digest)


def tried(nights, wanted):
    with closing(open_for_reading(nights.data)) as connection:
        return try_rule(connection, wanted)


def told(trial):
    """(run, date, form, held, keys)"""
    return [(m.run, m.date, m.form, m.held, [key for _, key, _ in m.events]) for m in trial.messages]


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """2026-01-02 baseline · 03 a1, a2 new · 04 nothing · 05 broken · 06 a3 and two twins new · 08 a1 withdrawn."""
    played = Nights(tmp_path_factory.mktemp("trial") / "data")
    publisher = played.publisher
    for number in range(1, 13):
        publisher.publish(f"r{number}")
    played.night()
    publisher.publish("a1", title="虚构咨询 | 灯笼一")
    publisher.publish("a2", title="虚构咨询 | 灯笼二")
    played.night()
    played.night()
    kept, publisher.tags["甲"] = publisher.tags["甲"], publisher.tags["甲"][:3]
    assert played.night().outcome == "rejected"
    publisher.tags["甲"] = kept
    publisher.publish("a3")
    for twin, report in (("twin1", "r1"), ("twin2", "r2")):
        publisher.publish(
            twin, title="虚构 | 换了题目", **{name: publisher.reports[report][name] for name in ("zh", "en")}
        )
    played.night()
    publisher.withdraw("a1")
    played.night()
    played.night()
    return played


def test_one_message_a_run(nights):
    trial = tried(nights, rule())
    assert told(trial) == [
        (2, "2026-01-03", "run", False, ["a2", "a1"]),
        (5, "2026-01-06", "summary", True, ["twin2"]),
        (5, "2026-01-06", "summary", True, ["twin1"]),
        (5, "2026-01-06", "run", False, ["a3"]),
        (7, "2026-01-08", "run", False, ["a1"]),
    ], "the baseline is silent, the rejected night published nothing"
    assert trial.messages[0].events[0] == ("appeared", "a2", "虚构咨询 | 灯笼二")
    assert trial.sentence == "lanterns would have fired 5 times in 6 nights (6 events; 2 held for a person)."
    assert (trial.nights, trial.events, trial.held) == (6, 6, 2)


def test_a_message_for_each_event(nights):
    trial = tried(nights, rule(Digest("each"), match="灯笼", on={"appeared"}))
    assert told(trial) == [(2, "2026-01-03", "each", False, ["a2"]), (2, "2026-01-03", "each", False, ["a1"])]
    assert trial.sentence == "lanterns would have fired 2 times in 6 nights (2 events)."


def test_a_daily_message_has_the_day_of_its_zone(nights):
    """The nights end after 18:30 UTC, which is half past two of the next day there."""
    assert [message[:4] for message in told(tried(nights, rule(SHANGHAI, on={"appeared"})))] == [
        (2, "2026-01-04", "daily", False),
        (5, "2026-01-06", "summary", True),
        (5, "2026-01-06", "summary", True),
        (5, "2026-01-07", "daily", False),
    ]


def test_a_daily_message_of_a_zone_behind_utc(nights):
    """Ten in the evening there is three o'clock of the next day in UTC."""
    evening = Digest("daily", time(22, 0), ZoneInfo("America/New_York"))
    assert [message[1] for message in told(tried(nights, rule(evening, match="灯笼")))] == ["2026-01-03", "2026-01-08"]


def test_a_daily_message_gathers_and_tells_once_of_a_change_that_was_taken_back(tmp_path):
    played = Nights(tmp_path / "data")
    for number in range(1, 9):
        played.publisher.publish(f"r{number}")
    played.night()
    before = played.publisher.reports["r1"]["zh"]
    played.publisher.edit("r1", zh="虚构的r1规模为99亿元")
    played.publisher.publish("a1")
    played.night()
    played.clock -= timedelta(hours=23)  # the next night is an hour later
    played.publisher.edit("r1", zh=before)
    played.night()
    (message,) = tried(played, rule(SHANGHAI)).messages
    back = played.query("SELECT id FROM events WHERE run_id = 3 AND kind = 'changed' AND detail LIKE 'returned%'")
    expected = ["a1", "r1"] if back else ["a1", "r1", "r1"]
    assert (message.run, [key for _, key, _ in message.events]) == (3, expected)
    assert back, "the settlement says that it returned"
    assert [len(each.events) for each in tried(played, rule()).messages] == [2, 1]


def test_nothing_to_say(nights, tmp_path):
    assert tried(nights, rule(match="不存在的词")).sentence == "lanterns would not have fired in 6 nights."
    empty = Nights(tmp_path / "data")
    with empty.opened():
        pass
    assert tried(empty, rule()) == Trial("lanterns", 0, ())
    empty.publisher.publish("r1")
    empty.night()
    empty.publisher.publish("r2")
    empty.night()
    assert tried(empty, rule()).sentence == "lanterns would have fired 1 time in 2 nights (1 event)."


def test_a_flood_is_one_summary_for_a_person(tmp_path):
    played = Nights(tmp_path / "data")
    for number in range(60):
        played.publisher.publish(f"r{number}")
    played.night()
    for number in range(51):
        played.publisher.publish(f"a{number}")
    played.night()
    assert {alert for _, _, alert in played.events()} == {"held"}
    for digest in (Digest("run"), Digest("each"), SHANGHAI):
        for alert in ("held", "due"):  # by the settlement, and by the rule where the events are due
            with played.opened() as connection:
                connection.execute("UPDATE events SET alert = ? WHERE run_id = 2", (alert,))
            (message,) = tried(played, rule(digest)).messages
            assert (message.form, message.held, len(message.events)) == ("summary", True, 51)
    assert len(tried(played, rule(Digest("each"), match="a1 OR a2")).messages) == 2, "the rule's own events count"


# the command

CONFIG = """
[[alert]]
name = "lanterns"
match = "灯笼"
to = ["chat"]
[[alert]]
name = "all"
on = ["appeared", "withdrawn"]
to = ["chat"]
digest = "each"
[channel.chat]
type = "apprise"
url_env = "NOT_SET_ANYWHERE"
"""


def call(nights, tmp_path, *words, config=CONFIG, width=80):
    file = tmp_path / "baogao.toml"
    file.write_text(config, encoding="utf-8")
    return CliRunner().invoke(
        alerts_trial.try_out,
        ["--data", str(nights.data.root), "--config", str(file), *words],
        env={"COLUMNS": str(width)},
    )


def test_command_prints_a_line_for_each_message(nights, tmp_path):
    said = call(nights, tmp_path, "all", width=60)
    assert said.exit_code == 0, said.exception
    lines = said.output.splitlines()
    assert lines[0].split() == ["date", "run", "what", "titles"]
    assert lines[1].startswith("2026-01-03  2    1 appeared")
    assert "1 appeared (held)" in said.output
    assert lines[-1] == "all would have fired 6 times in 6 nights (6 events; 2 held for a person)."
    assert all(measure(line) <= 60 for line in lines[:-1])
    assert len(lines) == 9


def test_command_as_json(nights, tmp_path):
    said = call(nights, tmp_path, "lanterns", "--json")
    assert "灯笼二" in said.output, "not escaped"
    answer = json.loads(said.output)
    assert {name: answer[name] for name in ("rule", "nights", "fired", "events", "held")} == {
        "rule": "lanterns", "nights": 6, "fired": 1, "events": 2, "held": 0,
    }  # fmt: skip
    assert answer["messages"] == [
        {
            "run": 2,
            "date": "2026-01-03",
            "form": "run",
            "held": False,
            "events": [
                {"kind": "appeared", "key": "a2", "title": "虚构咨询 | 灯笼二"},
                {"kind": "appeared", "key": "a1", "title": "虚构咨询 | 灯笼一"},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        ("x\x1b[31m", CONFIG, r"^There is no rule x␛\[31m: the configuration has lanterns, all\.$"),
        ("x", "", r'There is no rule yet: .*\n\n\[\[alert\]\]\nname = "everything"\nto = \["mail"\]$'),
    ],
)
def test_command_of_a_rule_that_is_not_there(nights, tmp_path, name, config, expected):
    said = call(nights, tmp_path, name, config=config)
    assert isinstance(said.exception, UsageError)
    with pytest.raises(UsageError, match=expected):
        raise said.exception


def test_command_of_a_rule_on_a_listing_that_is_not_there(nights, tmp_path):
    config = CONFIG.replace('name = "all"', 'name = "all"\nlisting = ["甲", "tag:\\u001b[31m没有"]')
    said = call(nights, tmp_path, "all", config=config)
    assert said.exit_code == 0, said.exception
    assert said.stderr.startswith("baogao: There is no listing '")
    assert said.stderr.endswith("this archive has tag:甲. Until it is crawled, `listing` keeps this rule silent.\n")
    assert "没有" in said.stderr
    assert "\x1b" not in said.stderr
    assert "would have fired 6 times" in said.stdout


@pytest.mark.parametrize("width", [0, 20, 79, 200])
def test_titles_are_cut_and_never_act(width):
    titles = [*TEXTS, "\x1b[31m", "a\rb", "\u202egnp.exe", "a\u2028b", "虚" * 500, "a" * 10_000]
    trial = Trial(
        "x\u202ey",
        3,
        tuple(
            TrialMessage(number, "2026-01-02", "run", held=False, events=(("changed", "k", title),) * 3)
            for number, title in enumerate(titles)
        ),
    )
    shown = alerts_trial.render_trial(trial, width)
    assert shown == spell_out(shown, keep="\n")
    table = shown.split("\n\n")[0].splitlines()
    assert len(table) == len(titles) + 1
    assert max(map(measure, table)) <= max(width, 60)
    assert table[-2].endswith("…")
