"""--log-format json: every line on stderr is one JSON object, whatever happens; text stays as it was."""

import ast
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archive.logs import EVENTS, make_line
from archive.replica import serve
from tests.command import ROOT, Desk, asked, children_of, wait_for
from tests.crawls import PAGE_2, TAG, Archive, answer, make_site
from tests.webhook_receiver import Receiver, Reply

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LEVELS = {"info", "warning", "error"}


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


def read_lines(text):
    """Events, each checked for the form all have."""
    events = []
    for line in text.splitlines():
        assert line.isprintable(), line
        event = json.loads(line)
        assert list(event)[:3] == ["ts", "level", "event"], line
        assert MOMENT.fullmatch(event["ts"]), line
        assert event["level"] in LEVELS, line
        assert isinstance(event["message"], str), line
        events.append(event)
    assert text == "" or text.endswith("\n")
    return events


def by_name(events, name):
    return [event for event in events if event["event"] == name]


# One line

HOSTILE = [
    "two\nlines\r\n",
    "\x1b]0;owned\x07\x9b31m",
    "\u202e\u2028\u2029\u200b",
    '"}\n{"ts": "x"',
    "\U000e0041 tag",
    "艾媒 𠮷 é",
    "\x00\x7f",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_escaped_and_nothing_of_it_is_lost(text):
    line = make_line(1.5, "page.read", text, level="info", url=text, titles=[text])
    (event,) = read_lines(line + "\n")
    assert (event["message"], event["url"], event["titles"]) == (text, text, [text])
    assert event["ts"] == "1970-01-01T00:00:01.500Z"


def test_half_a_character_is_replaced_so_that_the_line_is_utf_8():
    line = make_line(0, "notice", "half \ud83d of it", level="info")
    assert json.loads(line.encode())["message"] == "half \ufffd of it"


def test_numbers_that_json_does_not_know_are_words_and_what_is_unknown_is_left_out():
    event = json.loads(make_line(0, "retry", "", level="info", seconds=float("inf"), page=None, pause=1.23456))
    assert (event["seconds"], event["pause"]) == ("inf", 1.235)
    assert "page" not in event
    assert "run" not in event


def test_every_event_that_is_logged_is_described():
    named = set()
    for path in [*ROOT.glob("archive/**/*.py"), *ROOT.glob("crawler/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "attr", None) or getattr(
                getattr(node, "func", None), "id", None
            )
            if isinstance(node, ast.Call) and name in {"log", "mark"} and node.args:
                named |= {
                    part.value
                    for part in ast.walk(node.args[0])
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value != "blocked"
                }
    assert named - {"LISTING"} <= set(EVENTS)
    assert {"run.started", "page.archived", "alert.sent", "command.failed"} <= named


# Nights


def crawl(desk, *words, **more):
    said = desk.run("--log-format", "json", "crawl", "--delay", "0", *words, **more)
    return said, read_lines(said.err)


def test_a_night_is_told_from_its_start_to_its_verdict(desk):
    with serve(make_site(3)) as served:
        said, events = crawl(desk, served.url(TAG))
    assert said.code == 0
    assert said.summary.startswith("run 1 complete: 30 entries on 3 pages")
    assert [event["event"] for event in events] == [
        *("run.started", "walk.started", "robots.archived"),
        *["page.archived", "page.read"] * 4,  # the head twice
        *("walk.ended", "run.settled"),
    ]
    assert {event["run"] for event in events} == {1}
    assert [event["ts"] for event in events] == sorted(event["ts"] for event in events)
    page = by_name(events, "page.archived")[1]
    assert (page["listing"], page["page"], page["status"], page["attempt"]) == (f"tag:{TAG}", 2, 200, 1)
    assert page["url"].endswith("?page=2")
    assert page["bytes"] > 1000
    assert 0 <= page["seconds"] < 10
    assert [event["seen"] for event in by_name(events, "page.read")] == [10, 20, 30, 30]
    (settled,) = by_name(events, "run.settled")
    assert (settled["outcome"], settled["exit_code"], settled["counts"]["appeared"]) == ("complete", 0, 30)


def test_a_repetition_is_an_event(desk):
    with serve(make_site(3, faults={PAGE_2: [answer(503, Retry_After="1")]})) as served:
        said, events = crawl(desk, served.url(TAG))
    assert said.code == 0
    (retry,) = by_name(events, "retry")
    assert (retry["level"], retry["page"], retry["attempt"], retry["seconds"]) == ("warning", 2, 2, 1.0)
    assert [(page["status"], page["attempt"]) for page in by_name(events, "page.archived")[1:3]] == [(503, 1), (200, 2)]


def test_a_site_that_blocks_is_an_event_and_the_verdict_a_warning(desk):
    with serve(make_site(3, faults={PAGE_2: answer(403, "no")})) as served:
        said, events = crawl(desk, served.url(TAG))
    assert said.code == 5
    (blocked,) = by_name(events, "blocked")
    assert blocked["level"] == "warning"
    assert "the server answered 403" in blocked["reason"]
    assert (events[-1]["event"], events[-1]["level"], events[-1]["exit_code"]) == ("run.settled", "warning", 5)


def test_json_on_both_streams(desk):
    with serve(make_site(1)) as served:
        said, events = crawl(desk, "--json", served.url(TAG))
    assert said.json["outcome"] == "complete"
    assert events[-1]["event"] == "run.settled"


def test_the_option_stands_before_or_behind_the_command_and_is_needed(desk):
    with serve(make_site(1)) as served:
        said = desk.crawl("--log-format=json", served.url(TAG))
        assert len(read_lines(said.err)) > 5
        assert desk.crawl(served.url(TAG)).err == ""
        assert desk.crawl("--log-format", "text", served.url(TAG)).err == ""


def test_a_check_of_the_first_pages_too(desk):
    with serve(make_site(1)) as served:
        config = desk.data.parent / "baogao.toml"
        config.write_text(f'[crawl]\ndelay = 0\n[[listing]]\nurl = "{served.url(TAG)}"\n')
        said = desk.run("check", "--log-format", "json", "--config", config)
    assert by_name(read_lines(said.err), "page.archived")


def test_a_night_that_goes_on_says_so(desk):
    with serve(make_site(6)) as served:
        process = desk.start("--log-format", "json", "crawl", "--delay", "0.4", served.url(TAG))
        wait_for(lambda: len(asked(served.requests)) > 2)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 143
        last = read_lines(err.decode())[-1]
        assert (last["event"], last["level"], last["exit_code"], last["run"]) == ("command.failed", "error", 143, 1)
        assert last["message"].startswith("stopped by SIGTERM")
        _, events = crawl(desk, served.url(TAG))
    assert [event["continued"] for event in by_name(events, "run.started")] == [True]
    assert by_name(events, "walk.started")[0]["pages"] >= 1


# What goes wrong


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--log-format", "json", "runs"), 2),
        (("runs", "--log-format=json"), 2),
        (("runs", "--nonsense\x1b[2J", "--log-format=json"), 2),
        (("--log-format=json", "no-such-command"), 2),
        (("--log-format=json", "crawl", "--delay", "much"), 2),
        (("--log-format=json", "--config", "/nowhere/\nbaogao.toml", "crawl"), 2),
        (("--log-format=json", "crawl", "--delay", "0", "http://127.0.0.1:9/\u202etag"), 3),
    ],
)
def test_the_last_sentence_of_a_command_is_a_line(desk, words, code):
    said = desk.run(*words)
    events = read_lines(said.err)
    assert said.code == code
    assert events[-1]["event"] == ("command.failed" if code == 2 else "run.settled")
    assert events[-1]["exit_code"] == code
    assert len(events) == 1 or code != 2


def test_an_unknown_format_is_refused_in_words(desk):
    said = desk.run("--log-format", "yaml", "runs")
    assert said.code == 2
    assert "'yaml' is not one of" in said.err


def test_a_bug_in_the_crawling_process_is_one_line_with_its_traceback(tmp_path, monkeypatch):
    monkeypatch.setenv("BREAK_CLOCK_AT", "4")
    archive = Archive(tmp_path)
    settings = {"BAOGAO_CLOCK": "tests.crawls.broken_clock"}
    with (
        serve(make_site(1)) as served,
        archive.night(served.url(TAG)) as (night, _),
        archive.start(night, "--log-format=json", settings=settings) as child,
    ):
        _, err = child.communicate(timeout=30)
    assert child.returncode == 1
    told = [event for event in read_lines(err) if "exception" in event]
    assert told
    assert told[0]["run"] == 1
    assert told[0]["level"] == "error"
    assert "Traceback" in told[0]["exception"]
    assert "ZeroDivisionError: the clock is broken" in told[0]["exception"]


def test_what_is_written_past_the_log_is_wrapped_line_by_line(desk):
    """A crash of the interpreter itself: nothing of Python is left that could word it."""
    with serve(make_site(9)) as served:
        words = ("--log-format", "json", "crawl", "--delay", "0.5", served.url(TAG))
        process = desk.start(*words, env={"PYTHONFAULTHANDLER": "1"})
        wait_for(lambda: len(asked(served.requests)) > 1)
        (child,) = children_of(process.pid)
        os.kill(child, signal.SIGSEGV)
        _, err = process.communicate(timeout=20)
    events = read_lines(err.decode())
    assert process.returncode == 3
    raw = by_name(events, "crawler.output")
    assert raw[0]["message"].startswith("Fatal Python error: Segmentation fault")
    assert len(raw) > 5
    assert "was killed by SIGSEGV" in events[-1]["message"]


PROGRAM = r"""
import logging, sys, threading, warnings
sys.path.insert(0, {root!r})
from archive.logs import begin_json, bind_run
begin_json()
bind_run(7)
warnings.warn("an odd\nwarning")
logging.getLogger("some.library").info("too quiet")
logging.getLogger("some.library").error("said %s\n", "\x1b[31mloud")
logging.getLogger("some.library").error("%d", "no number")
def fail(): raise KeyError("in a thread")
thread = threading.Thread(target=fail); thread.start(); thread.join()
class Odd:
    def __del__(self): raise OSError("in a finalizer")
del [Odd()][0]
raise ValueError("at\nlast \u202e")
"""


def test_records_warnings_and_tracebacks_of_python_are_lines():
    code = PROGRAM.format(root=str(ROOT))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run.returncode == 1
    events = read_lines(run.stderr.decode())
    assert [event["event"] for event in events] == [
        *("py.warnings", "some.library", "some.library", "crash", "crash", "crash"),
    ]
    assert {event["run"] for event in events} == {7}
    warning, record, unworded, thread, finalizer, crash = events
    assert "an odd\nwarning" in warning["message"]
    assert record["message"] == "said \x1b[31mloud\n"
    assert "could not be worded" in unworded["message"]
    for event, words in ((thread, "KeyError"), (finalizer, "OSError: in a finalizer"), (crash, "ValueError: at\nlast")):
        assert words in event["exception"]
        assert event["exception"].startswith("Traceback")


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "2> >(exec sleep 0)", "<&- 2>&-"])
def test_a_log_that_nobody_takes_ends_no_night(desk, closed, form):
    with serve(make_site(2)) as served:
        words = desk.command("--log-format", form, "crawl", "--delay", "0", served.url(TAG))
        run = subprocess.run(
            ["bash", "-c", f"{shlex.join(words)} {closed}"], capture_output=True, text=True, timeout=60, check=False
        )
    assert run.returncode == 0
    assert "run 1 complete" in run.stdout


# Alerts


def test_alerts_are_events_without_addresses_and_secrets(desk):
    with (
        Receiver({"/hook-canary-1": Reply(200), "/hook-canary-2": Reply(500)}) as receiver,
        serve(make_site(1)) as site,
    ):
        config = desk.data.parent / "baogao.toml"
        config.parent.mkdir(exist_ok=True)
        config.write_text(
            f'[crawl]\ndelay = 0\n[[listing]]\nurl = "{site.url(TAG)}"\n'
            '[[alert]]\nname = "all"\nto = ["good", "bad"]\n'
            '[channel.good]\ntype = "webhook"\nurl_env = "GOOD"\nallow_private = true\n'
            '[channel.bad]\ntype = "webhook"\nurl_env = "BAD"\nallow_private = true\n'
        )
        environment = {"GOOD": receiver.url("/hook-canary-1"), "BAD": receiver.url("/hook-canary-2")}
        words = ("--log-format", "json", "--config", config, "crawl")
        assert desk.run(*words, env=environment).code == 0
        publish_more(site.site)
        said = desk.run(*words, env=environment)
    assert said.code == 8
    events = read_lines(said.err)
    (sent,), (failed, *_) = by_name(events, "alert.sent"), by_name(events, "alert.failed")
    assert (sent["rule"], sent["channel"], sent["run"]) == ("all", "good", 2)
    assert (failed["channel"], failed["level"], failed["state"]) == ("bad", "warning", "pending")
    assert "canary" not in said.err
    assert by_name(events, "notice")


def publish_more(site):
    from archive.replica import catalogue

    for report in catalogue(12)[10:]:
        site.publish(report, TAG)


def test_a_query_does_not_load_the_log():
    code = "import sys, archive.cli; print([name for name in ('logging', 'archive.logrecords') if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
    assert Path(ROOT, "archive/logs.py").exists()
