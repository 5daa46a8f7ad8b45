"""Failure notices: when the operator hears of nights, what of them, by which channel, and what a bad channel costs."""

import json
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from archive.alerts.failures import AT_ONCE, GOOD, Night, Standing, judge_night, load_standing, save_standing
from archive.alerts.notices_to_operator import tell_operator
from archive.alerts.reporting import CHINESE, Place, compose_report_mail, compose_report_webhook, explain, head, tell
from archive.alerts.rules import SmtpChannel
from archive.config import load_config
from archive.errors import UsageError
from archive.replica import serve
from archive.runbook import EXIT_CODES
from archive.store import DataDirectory
from tests.command import Desk, asked, finish, unprivileged, wait_for
from tests.crawls import TAG, make_site
from tests.faults_server import faults, hang, on_page, status
from tests.mail_server import CLOSE, Script
from tests.mail_server import serve as serve_mail
from tests.webhook_receiver import Receiver, Reply

ORIGIN = "7f0c2c1e-9a50-4a44-8a1e-2f6cb0a6e001"
KEY = "whsec_" + "QUJD" * 8

# what is told, night after night


def play(codes, *, hours=24, standing=None):
    """{night: (kind, code)} of what is told, by number of the night from 0."""
    standing, told = standing or Standing(ORIGIN), {}
    for number, code in enumerate(codes):
        at = datetime(2026, 3, 1, tzinfo=UTC) + number * timedelta(hours=hours)
        standing, report = judge_night(standing, Night(code, at.strftime("%Y-%m-%dT%H:%M:%SZ")))
        if report:
            told[number] = (report.kind, report.night.code)
    return told


FAILED, RECOVERED = "failed", "recovered"


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([0, 0, 0, 8, 8, 0], {}),
        ([4, 4, 4, 0, 0], {0: (FAILED, 4), 3: (RECOVERED, 0)}),
        ([7, 0, 7, 0], {0: (FAILED, 7), 1: (RECOVERED, 0), 2: (FAILED, 7), 3: (RECOVERED, 0)}),
        ([1, 8], {0: (FAILED, 1), 1: (RECOVERED, 8)}),
        ([3, 0, 3, 0], {}),
        ([3, 3, 3, 0], {1: (FAILED, 3), 3: (RECOVERED, 0)}),
        ([5, 5], {1: (FAILED, 5)}),
        ([9, 9], {1: (FAILED, 9)}),
        ([2, 2], {1: (FAILED, 2)}),
        ([3, 5, 3, 5, 3], {1: (FAILED, 5), 2: (FAILED, 3)}),
        ([3, 4, 3, 4, 0], {1: (FAILED, 4), 2: (FAILED, 3), 4: (RECOVERED, 0)}),
        ([3, 6, 130, 143, 3, 6, 0], {4: (FAILED, 3), 6: (RECOVERED, 0)}),
        ([6] * 9 + [143] * 9 + [130] * 9, {}),
        ([4] * 16, {0: (FAILED, 4), 7: (FAILED, 4), 14: (FAILED, 4)}),
        ([3, 5, 3, *[3, 5] * 4], {1: (FAILED, 5), 2: (FAILED, 3), 9: (FAILED, 3)}),
    ],
)
def test_when_the_operator_is_told(codes, told):
    assert play(codes) == told


nights = st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143]), max_size=30)


@given(nights)
def test_recovery_is_told_once_and_only_where_the_failure_was(codes):
    kinds = [kind for kind, _ in play(codes, hours=1).values()]
    assert not any(pair == (RECOVERED, RECOVERED) for pair in pairwise(kinds))
    assert kinds[:1] != [RECOVERED]


@given(nights)
def test_no_code_is_told_twice_within_one_failure(codes):
    told = play(codes, hours=1)  # thirty hours: nothing is told again after a week
    spell = []
    for kind, code in told.values():
        spell = [*spell, code] if kind == FAILED else []
        assert len(set(spell)) == len(spell)


@given(nights)
def test_what_must_be_told_at_once_is(codes):
    told = play(codes)
    for number, code in enumerate(codes):
        before = [each for each in codes[:number] if each not in {6, 130, 143}]
        if code in AT_ONCE and (not before or before[-1] in GOOD):
            assert told[number] == (FAILED, code)


@given(nights)
def test_ids_differ(codes):
    standing, ids = Standing(ORIGIN), []
    for number, code in enumerate(codes):
        standing, report = judge_night(standing, Night(code, f"2026-03-{number + 1:02}T00:00:00Z"))
        ids += [report.id] if report else []
    assert len(set(ids)) == len(ids)


def test_what_can_not_be_remembered_is_told_under_the_same_id():
    standing = Standing(ORIGIN, reports=4)
    _, first = judge_night(standing, Night(7, "2026-03-01T00:00:00Z"))
    _, second = judge_night(standing, Night(7, "2026-03-02T00:00:00Z"))
    assert first.id == second.id
    assert UUID(first.id)


def test_a_clock_that_was_set_back_does_not_silence_it():
    standing = Standing(ORIGIN, 1, 5, "2030-01-01T00:00:00Z", (4,), "2030-01-01T00:00:00Z")
    assert play([4, 4], standing=standing) == {0: (FAILED, 4)}


# what is remembered


def test_the_file_is_private_and_what_was_written(tmp_path):
    standing, _ = judge_night(Standing(ORIGIN), Night(4, "2026-03-01T00:00:00Z", 7, "运行 7"))
    file = tmp_path / "operator.json"
    for _ in range(2):
        assert save_standing(standing, file)
        assert file.stat().st_mode & 0o777 == 0o600
        assert load_standing(file) == standing
    assert [path.name for path in tmp_path.iterdir()] == ["operator.json"]


GOOD_FILE = {"origin": ORIGIN, "nights": 2, "since": "2026-01-01T00:00:00Z", "codes": [3]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 8192,
        b"[]",
        b"{}",
        b'{"origin": 5}',
        b'{"origin": "x"}',
        b"[" * 60_000,
        json.dumps(GOOD_FILE).encode(),  # told of, but when?
        json.dumps(GOOD_FILE | {"told_at": "yesterday"}).encode(),
        json.dumps(GOOD_FILE | {"nights": "2"}).encode(),
        json.dumps(GOOD_FILE | {"since": "2026-13-01T00:00:00Z", "codes": []}).encode(),
        "{}".encode("utf-16"),
        b'{"origin": "\xff"}',
    ],
)
def test_a_damaged_file_is_begun_anew(tmp_path, content):
    file = tmp_path / "operator.json"
    file.write_bytes(content)
    standing = load_standing(file)
    assert (standing.nights, standing.codes, standing.waiting) == (0, (), None)
    assert save_standing(standing, file)
    assert load_standing(file) == standing


def test_where_no_file_can_be_made_the_one_that_is_there_is_used(tmp_path):
    file = tmp_path / "operator.json"
    assert save_standing(Standing(ORIGIN), file)
    (tmp_path / "operator.json.new").mkdir()  # nothing can be written beside it
    assert save_standing(Standing(ORIGIN, 3), file)
    assert load_standing(file).reports == 3
    assert not save_standing(Standing(ORIGIN), tmp_path / "none" / "operator.json")


def test_it_follows_no_link(tmp_path):
    (tmp_path / "other").write_text("mine")
    (tmp_path / "operator.json").symlink_to(tmp_path / "other")
    assert save_standing(Standing(ORIGIN), tmp_path / "operator.json")
    assert (tmp_path / "other").read_text() == "mine"


# its words

PLACE = Place("archive-1", "/srv/baogao")
AT = datetime(2026, 3, 1, tzinfo=UTC)
CHANNEL = SmtpChannel("mail", "mail.invented.example", 25, ("op@invented.example",), "baogao@invented.example")


def fail(code, said="run 12 rejected: 5 entries on 1 page, nothing published.", run=12):
    return judge_night(
        Standing(ORIGIN, nights=1, since="2026-02-28T00:00:00Z"), Night(code, "2026-03-01T00:00:00Z", run, said)
    )[1]


def test_every_code_that_is_told_of_is_explained_in_both_languages():
    told = {int(entry.code) for entry in EXIT_CODES if int(entry.code) not in GOOD | {6, 130, 143}}
    assert set(CHINESE) == told
    for code in told:
        (english, chinese), (do, act) = explain(fail(code))
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert re.search("[\u4e00-\u9fff]", act)
        assert not re.search("[\u4e00-\u9fff]", english + do)
        assert "RUN" not in do + act
        assert set(re.findall("`baogao [a-z]+", act)) <= set(re.findall("`baogao [a-z]+", do))


def test_a_mail_says_what_happened_where_and_what_to_do():
    mail = message_from_bytes(
        compose_report_mail(fail(4), PLACE, CHANNEL, CHANNEL.to[0], date=AT).as_bytes(), policy=policy.default
    )
    assert mail["subject"] == "baogao @ archive-1: the night failed with exit code 4 / 抓取失败，退出码 4"
    assert mail["auto-submitted"] == "auto-generated"
    text = mail.get_content()
    for words in (
        "run 12 rejected",
        "exit code",
        "`baogao accept 12`",
        "已拒绝",
        "archive-1",
        "/srv/baogao",
        "Run / 运行: 12",
    ):
        assert words.lower() in text.lower()


def test_recovery_says_what_is_over():
    standing = Standing(ORIGIN, 2, 3, "2026-02-20T03:00:00Z", (3, 5), "2026-02-21T03:00:00Z")
    _, report = judge_night(standing, Night(0, "2026-03-01T00:00:00Z", 9, "run 9 complete."))
    assert head(report, PLACE) == "baogao @ archive-1: recovered / 已恢复"
    text = tell(report, PLACE)
    assert "after 3 nights that failed since 2026-02-20 03:00 UTC (exit code 3, 5)" in text
    assert "What to do" not in text


def test_hostile_words_stay_on_their_line():
    hostile = "run\r\nSubject: x\x1b[31m \u202e" + "长" * 5000
    report, place = fail(3, hostile), Place("a\r\nBcc: x@y.example", "/srv/\x1b]0;x\x07")
    mail = compose_report_mail(report, place, CHANNEL, CHANNEL.to[0], date=AT)
    assert "Bcc" not in mail.keys()  # noqa: SIM118 - headers, not their values
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", tell(report, place) + head(report, place))
    body = compose_report_webhook(report, place)
    assert len(body) < 20_000
    assert len(json.loads(body)["data"]["summary"]) <= 1000


# through the real command


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


def configure(desk, listing, channels, to):
    desk.data.parent.mkdir(exist_ok=True)
    (desk.data.parent / "baogao.toml").write_text(
        f'[crawl]\ndelay = 0\n[[listing]]\nurl = "{listing}"\n[operator]\nto = {json.dumps(to)}\n{channels}',
        encoding="utf-8",
    )


def hook(url, name="hook", more=""):
    return f'[channel.{name}]\ntype = "webhook"\nurl = "{url}"\nallow_private = true\n{more}'


def told(receiver, path="/hook"):
    return [json.loads(body) for body in receiver.bodies(path)]


def names(receiver):
    return [(each["type"], each["data"]["exit_code"]) for each in told(receiver)]


def spoil(site):
    """Half of the listing is gone over night."""
    for report in (*site.shown(TAG, 2), *site.shown(TAG, 1)[:2]):
        site.withdraw(report.id)


def standing(desk):
    return load_standing(desk.data / "state" / "operator.json")


def test_a_rejected_night_is_told_at_once_and_once(desk):
    site = make_site(3)
    with serve(site) as served, Receiver() as receiver:
        configure(desk, served.url(TAG), hook(receiver.url(), more='secret_env = "KEY"\n'), ["hook"])
        assert desk.run("crawl", env={"KEY": KEY}).code == 0
        assert receiver.received == []
        spoil(site)
        for _ in range(2):
            said = desk.run("crawl", env={"KEY": KEY})
            assert (said.code, said.err) == (4, "")
        (message,) = told(receiver)
        sent = receiver.received[0]
        assert Webhook(KEY).verify(sent.body, sent.headers)
        data = message["data"]
        assert (message["type"], data["run"], data["exit_code"], data["nights"]) == ("baogao.failed", 2, 4, 1)
        assert "run 2 rejected: 18 entries on 2 pages" in data["summary"]
        assert "`baogao accept 2`" in data["what_to_do"]
        assert data["data"] == str(desk.data)
        assert data["host"]
        desk.run("accept", "3")
        assert desk.run("crawl", env={"KEY": KEY}).code == 0
        assert names(receiver) == [("baogao.failed", 4), ("baogao.recovered", 0)]
        assert told(receiver)[1]["data"]["earlier_exit_codes"] == [4]
    assert standing(desk).waiting is None
    assert (desk.data / "state" / "operator.json").stat().st_mode & 0o777 == 0o600


def test_others_are_told_after_two_nights_in_a_row(desk):
    site = make_site(2)
    with serve(site) as served, Receiver() as receiver:
        configure(desk, served.url(TAG), hook(receiver.url()), ["hook"])
        assert desk.run("crawl", "--max-pages", "1").code == 3
        assert desk.run("crawl").code == 0
        assert desk.run("crawl", "--max-pages", "1").code == 3
        assert receiver.received == []
        assert desk.run("crawl", "--max-pages", "1").code == 3
        assert desk.run("crawl", "--max-pages", "1").code == 3
        site.faults = faults(on_page(site, 1, status(403)))
        assert desk.run("crawl").code == 5
        site.faults = None
        assert desk.run("crawl").code == 0
        assert desk.run("crawl").code == 0
        assert names(receiver) == [("baogao.failed", 3), ("baogao.failed", 5), ("baogao.recovered", 0)]
        assert [each["data"]["nights"] for each in told(receiver)] == [2, 4, 4]


def test_signals_the_lock_and_what_is_no_night_say_nothing(desk):
    site = make_site(2)
    with serve(site) as served, Receiver() as receiver:
        configure(desk, served.url(TAG), hook(receiver.url()), ["hook"])
        assert desk.run("crawl", "--max-pages", "1").code == 3
        site.faults = faults(on_page(site, 2, hang()))
        before = standing(desk)
        for number in (signal.SIGTERM, signal.SIGINT):
            crawl = desk.start("crawl")
            count = len(asked(served.requests))
            wait_for(lambda count=count: len(asked(served.requests)) > count)
            assert desk.run("crawl").code == 6
            crawl.send_signal(number)
            assert finish(crawl).code == 128 + number
        site.faults = None
        desk.run("crawl", "--dry-run", "--max-pages", "1")
        desk.run("crawl", "--no-settle")
        assert (receiver.received, standing(desk)) == ([], before)


def test_a_night_that_can_not_write_is_told_all_the_same(desk):
    with serve(make_site(1)) as served, Receiver() as receiver:
        configure(desk, served.url(TAG), hook(receiver.url()), ["hook"])
        desk.data.mkdir(mode=0o555)
        said = desk.run("crawl", through=unprivileged())
        assert said.code == 7
        assert "can't be written: the operator may be told of this night again" in said.err
        desk.data.chmod(0o755)
        assert desk.run("crawl").code == 0
        assert names(receiver) == [("baogao.failed", 7)]  # nothing remembers that it was told
        state = desk.data / "state"
        state.chmod(0o555)
        for _ in range(2):
            assert desk.run("crawl", through=unprivileged()).code == 7
        state.chmod(0o755)
        assert names(receiver) == [("baogao.failed", 7)] * 2  # the file that was there could be written
        assert "can't be written" in told(receiver)[1]["data"]["summary"]
        state.chmod(0o555)
        (state / "operator.json").chmod(0o444)
        standing_before = standing(desk)
        state.chmod(0o755)
        assert desk.run("crawl", through=unprivileged()).code == 0
        assert names(receiver)[2:] == [("baogao.recovered", 0)]
        assert standing_before.codes == (7,)


def test_a_damaged_archive_is_told_and_so_is_a_bug(desk, tmp_path):
    with serve(make_site(1)) as served, Receiver() as receiver:
        configure(desk, served.url(TAG), hook(receiver.url()), ["hook"])
        desk.data.mkdir()
        (desk.data / "archive.db").write_bytes(b"no database " * 400)
        assert desk.run("crawl").code == 7
        (desk.data / "archive.db").unlink()
        broken = tmp_path / "broken" / "sitecustomize.py"  # the crawling process can't even start
        broken.parent.mkdir()
        broken.write_text('import os, sys\nif "crawler" in sys.orig_argv:\n    os._exit(99)\n')
        assert desk.run("crawl", env={"PYTHONPATH": str(broken.parent)}).code == 1
    assert names(receiver) == [("baogao.failed", 7), ("baogao.failed", 1)]
    assert told(receiver)[1]["data"]["run"] is None
    assert "failed with exit code 99" in told(receiver)[1]["data"]["summary"]


def test_mail_and_webhook_and_one_that_fails(desk):
    """What fails is said, tried again after the next night under the same id, and changes no exit code."""
    site = make_site(3)
    mail = '[channel.mail]\ntype = "smtp"\ntls = "none"\nto = ["a@invented.example", "b@invented.example"]\n'
    mail += 'from = "baogao@invented.example"\nurl = "smtp://127.0.0.1:{}"\n'
    script = Script({"RCPT:b@invented.example": "450 4.2.0 later", "message": CLOSE}, {"message": 0})
    with (
        serve(site) as served,
        serve_mail(script) as server,
        Receiver({"/hook": [Reply(500), Reply()], "/other": Reply()}) as receiver,
    ):
        channels = hook(receiver.url()) + hook(receiver.url("/other"), "other") + mail.format(server.port)
        configure(desk, served.url(TAG), channels, ["mail", "hook", "other"])
        assert desk.run("crawl").code == 0
        spoil(site)
        said = desk.run("crawl")
        assert said.code == 4
        lines = sorted(said.err.splitlines())
        assert len(lines) == 2, lines
        assert lines[0].startswith("baogao: the operator was not told by hook: 127.0.0.1 answered 500")
        assert lines[1].startswith("baogao: the operator was not told by mail: ")
        assert all(line.endswith("the next `baogao crawl` tries again.") for line in lines)
        assert [each.recipients for each in server.received] == [("a@invented.example",)]
        assert standing(desk).targets == (("mail", "b@invented.example"), ("hook", ""))
        script.answers.clear()
        said = desk.run("crawl")
        assert (said.code, said.err) == (4, "")
        assert [each.recipients for each in server.received] == [("a@invented.example",), ("b@invented.example",)]
        first, second = (message_from_bytes(each.data, policy=policy.default) for each in server.received)
        assert first["message-id"] == second["message-id"]
        assert first.get_content() == second.get_content()
        assert "exit code 4" in first["subject"]
        ids = [each.id for each in receiver.received]
        assert len(ids) == 3
        assert len(set(ids)) == 1
        assert len({each.body for each in receiver.received}) == 1
        assert standing(desk).waiting is None


def test_a_channel_that_is_not_served_any_more_is_forgotten(desk):
    site = make_site(3)
    with serve(site) as served, Receiver({"/old": Reply(500), "/gone": Reply(410)}) as receiver:
        channels = hook(receiver.url("/old"), "old") + hook(receiver.url("/gone"), "gone")
        configure(desk, served.url(TAG), channels, ["old", "gone"])
        desk.run("crawl")
        spoil(site)
        said = desk.run("crawl")
        assert said.code == 4
        assert "by gone: 127.0.0.1 answered 410: it wants no more messages; not tried again." in said.err
        assert standing(desk).targets == (("old", ""),)
        configure(desk, served.url(TAG), channels, ["gone"])
        said = desk.run("crawl")
        assert (said.code, said.err) == (4, "")
        assert standing(desk).waiting is None
        assert len(receiver.received) == 2


def test_a_secret_that_is_missing_is_said_and_not_more(desk):
    site = make_site(3)
    with serve(site) as served:
        channel = '[channel.hook]\ntype = "webhook"\nurl_env = "HOOK"\nsecret_env = "KEY"\n'
        configure(desk, served.url(TAG), channel, ["hook"])
        desk.run("crawl")
        spoil(site)
        said = desk.run("crawl", env={"KEY": KEY})
        assert said.code == 4
        assert "not told by hook: channel.hook.url_env: the environment variable HOOK is not set or empty; " in said.err
        said = desk.run("crawl", env={"HOOK": "https://127.0.0.1:9/very-secret", "KEY": "very-secret"})
        assert said.code == 4
        assert "the operator was not told" in said.err
        assert "very-secret" not in said.err


def test_a_chat(desk):
    pytest.importorskip("apprise")
    site = make_site(3)
    with serve(site) as served, Receiver() as receiver:
        configure(desk, served.url(TAG), '[channel.chat]\ntype = "apprise"\nurl_env = "CHAT"\n', ["chat"])
        env = {"CHAT": f"json://127.0.0.1:{receiver.port}/room"}
        desk.run("crawl", env=env)
        spoil(site)
        assert desk.run("crawl", env=env).code == 4
    (sent,) = [json.loads(body) for body in receiver.bodies("/room")]
    assert "exit code 4" in sent["title"]
    assert "run 2 rejected" in sent["message"]


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("to = []", "`operator.to`"),
        ("", "`operator`: object missing required field `to`"),
        ('to = ["mial"]', "`operator.to`: there is no [channel.mial] in this file; there are: hook."),
        ('to = ["hook"]\nafter = 2', "unknown key `operator.after`; allowed here: to."),
        ('to = "hook"', "`operator.to`: expected `array`, got `str`."),
    ],
)
def test_what_is_wrong_with_the_section(tmp_path, section, words):
    file = tmp_path / "baogao.toml"
    file.write_text(f"{hook('https://x.example/')}\n[operator]\n{section}\n")
    with pytest.raises(UsageError) as error:
        load_config(file)
    assert words in str(error.value)


def test_a_channel_that_hangs_costs_its_time_and_no_other_its_message(tmp_path):
    with Receiver({"/slow": Reply(hang="answer"), "/hook": Reply()}) as receiver:
        file = tmp_path / "baogao.toml"
        channels = hook(receiver.url("/slow"), "slow") + hook(receiver.url())
        file.write_text(f'{channels}[operator]\nto = ["slow", "hook"]\n')
        data = DataDirectory(tmp_path / "data")
        data.prepare()
        said, started = [], time.monotonic()
        night = Night(4, "2026-03-01T00:00:00Z", 1, "run 1 rejected.")
        tell_operator(data, load_config(file), night, {}, host="x", say=said.append, patience=0.7)
        assert time.monotonic() - started < 5
        assert said == [
            "baogao: the operator was not told by slow: no answer within 0.7 s; the next `baogao crawl` tries again."
        ]
        assert names(receiver) == [("baogao.failed", 4)]
        assert load_standing(data.state / "operator.json").targets == (("slow", ""),)


def test_it_is_on_record_before_it_is_sent(desk):
    """Killed in the middle of sending: the next night sends it again, under the same id."""
    site = make_site(3)
    with serve(site) as served, Receiver({"/hook": [Reply(hang="answer"), Reply()]}) as receiver:
        configure(desk, served.url(TAG), hook(receiver.url()), ["hook"])
        desk.run("crawl")
        spoil(site)
        crawl = desk.start("crawl")
        wait_for(lambda: receiver.received)
        crawl.kill()
        finish(crawl)
        assert desk.run("crawl").code == 4
        first, second = receiver.received
        assert (first.id, first.body) == (second.id, second.body)


def test_a_signal_while_the_operator_is_told_ends_that_alone(desk):
    site = make_site(3)
    with serve(site) as served, Receiver({"/hook": Reply(hang="answer")}) as receiver:
        configure(desk, served.url(TAG), hook(receiver.url()), ["hook"])
        desk.run("crawl")
        spoil(site)
        crawl = desk.start("crawl")
        wait_for(lambda: receiver.received)
        crawl.terminate()
        assert finish(crawl).code == 4
    assert standing(desk).targets == (("hook", ""),)
