"""Chat by way of apprise against real servers on loopback: what arrives, what is hidden, what a failure is called."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.alerts.chat import ChatTarget, neutralize
from archive.alerts.secret import Secret
from archive.errors import UsageError
from tests.hostile import TEXTS

CANARY = "kanarienvogel4711kanarienvogel4711"
LINK = "https://reports.invented.example/repo13-0/4711.html?lang=zh_CN&page=2#a_b~c"
HOSTILE = (
    "@everyone @here @channel @all @room 你好@所有人",
    "<!channel> <!here|x> <@U123> <@&456> <#C1> <users/all>",
    '<at user_id="all">所有人</at> <at email="a@b.example"></at>',
    "[报告](https://evil.example/a) ![x](https://evil.example/b.png) [x]: https://evil.example",
    "**粗** __下__ ~~删~~ ||藏|| `码` ```\n块\n```",
    "# 标题\n> 引\n<b>x</b><script>alert(1)</script>",
    "&lt;!channel&gt; &#64;everyone &commat;all",
    "https://evil.example/@everyone https://a@here.example https://evil.example/[x](https://b.example)",
    "@**all** @_**all**_ @<b>x</b>",
)


class Endpoint:
    def __init__(self, server):
        self.port = server.server_address[1]
        self.requests = []
        self.answers = []  #: (status, headers, body), "hang" or "drip"; the last one stays

    @property
    def text(self):
        return self.requests[-1][1].decode()


@pytest.fixture
def endpoint():
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.requests.append((self.path, body))
            answer = (200, {}, b"{}")
            if found.answers:
                answer = found.answers.pop(0) if len(found.answers) > 1 else found.answers[0]
            if answer == "hang":
                stopping.wait(20)
                return
            if answer == "drip":
                with contextlib.suppress(OSError):
                    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000:
                        self.wfile.write(bytes([byte]))
                        if stopping.wait(0.05):
                            return
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST  # noqa: N815 - http.server's names

        def log_message(self, *_):
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_):
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    found = Endpoint(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    stopping.set()
    server.shutdown()
    thread.join()
    server.server_close()


def open_target(url, **options):
    return ChatTarget("team", Secret(url), **options)


def aim(service, port):
    """A target of that service, which speaks to loopback as it would to its own server."""
    address = {
        "json": f"json://127.0.0.1:{port}/{CANARY}",
        "ntfy": f"ntfy://127.0.0.1:{port}/{CANARY}",
        "mattermost": f"mmost://127.0.0.1:{port}/{CANARY[:26]}",
        "gotify": f"gotify://127.0.0.1:{port}/{CANARY}",
        "rocketchat": f"rocket://{CANARY}/{CANARY}@127.0.0.1:{port}/#room",
        "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "discord": f"discord://123456789012345678/{CANARY}",
        "discord in Markdown": f"discord://123456789012345678/{CANARY}?format=markdown",
        "telegram": "tgram://123456789:abcdefg_hijklmnop/12315544",
        "feishu": f"feishu://{CANARY}",
        "lark": f"lark://{CANARY}",
        "dingtalk": f"dingtalk://{CANARY}",
        "wecombot": f"wecombot://{CANARY}",
        "serverchan": f"schan://{CANARY}",
    }[service]
    target = open_target(address)
    here = f"http://127.0.0.1:{port}/{CANARY}"
    for name in ("notify_url", "api_url", "webhook_url"):
        if hasattr(target._plugin, name):
            setattr(target._plugin, name, here)
    target._plugin.request_rate_per_sec = 0
    return target


SERVICES = (
    "json",
    "ntfy",
    "mattermost",
    "gotify",
    "rocketchat",
    "slack",
    "discord",
    "discord in Markdown",
    "telegram",
    "feishu",
    "lark",
    "dingtalk",
    "wecombot",
    "serverchan",
)


def find_texts(value):
    if isinstance(value, str):
        return [value]
    return (
        [text for each in (value.values() if isinstance(value, dict) else value) for text in find_texts(each)]
        if (isinstance(value, dict | list))
        else []
    )


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_in_a_text_acts_and_links_stay(endpoint, service):
    target = aim(service, endpoint.port)
    endpoint.answers = [(200, {}, b'{"ok": true, "success": true, "code": 0, "errcode": 0}')]
    if service == "slack":
        endpoint.answers = [(200, {}, b"ok")]
    for number, text in enumerate(HOSTILE):
        outcome = target.send(f"{number} {text}", f"{text}\n{LINK}\n{text}")
        assert outcome.state == "sent", outcome
        received = endpoint.text
        assert CANARY not in outcome.detail
        texts = find_texts(json.loads(received)) if received.startswith("{") else [unquote_plus(received)]
        shown = "\n".join(unescape(each) for each in texts)
        assert not re.search(r"@(everyone|here|channel|all|room|所有人|\*|_|<|U123|&)", shown), shown
        assert not re.search(r"<[!@#a-zA-Z/](?!r ?/?>)", shown), shown  # but <br>, which apprise adds for Telegram
        assert not re.search(r"\]\(|!\[|\*\*|~~|`|\|\|", shown), shown
        assert LINK in shown, shown


@given(st.text() | st.sampled_from(HOSTILE) | st.lists(st.sampled_from([*HOSTILE, "<", "@", LINK, "\n"])).map("".join))
def test_neutral_text_can_be_read_and_does_nothing(text):
    neutral = neutralize(text)
    assert neutralize(neutral) == neutral
    assert not set("@<>[]*`") & set(neutral)
    assert "||" not in neutral
    assert not re.search(r"(?m)^[ \t]*#+[ \t]", neutral)
    neutral.encode()


def test_common_titles_are_left_as_they_are():
    for text in ("艾虚 | 2025年数字货币报告（上）", "Q1–Q2: 5 % up; a-b, “x”, #3, C&A", f"见 {LINK}，下一", "👩‍🔬 é"):
        assert neutralize(text) == text
    assert neutralize("3~5 <6 a@b.example") == "3～5 ＜6 a＠b.example"
    for text in TEXTS:
        assert len(neutralize(text)) >= len(text)


def test_limits_are_those_of_the_service(endpoint):
    limits = {service: (aim(service, 9).title_limit, aim(service, 9).body_limit) for service in SERVICES}
    assert limits["wecombot"] == (0, 680)
    assert limits["telegram"] == (0, 4096)
    assert limits["discord"] == (250, 2000)
    assert limits["feishu"] == (0, 3000)
    for service, most in {"wecombot": 2048, "ntfy": 4096, "feishu": 20_000, "dingtalk": 20_000}.items():
        for character in ("字", "😀", "a"):
            target = aim(service, endpoint.port)
            endpoint.answers = [(200, {}, b'{"code": 0, "errcode": 0}')]
            assert target.send(character * 1000, character * 30_000).state == "sent"
            sent = endpoint.requests[-1][1]
            if service == "wecombot":
                sent = json.loads(sent)["text"]["content"].encode()
            assert len(sent) <= most, (service, character, len(sent))


def test_a_title_is_not_lost_where_there_are_none(endpoint):
    target = aim("feishu", endpoint.port)
    assert target.send("标题\nover two lines", "body").state == "sent"
    assert json.loads(endpoint.text)["content"]["text"] == "标题 over two lines\nbody"


@pytest.mark.parametrize(
    ("service", "said", "detail"),
    [
        ("feishu", {"code": 19024, "msg": "Key Words Not Found"}, "code 19024"),
        ("lark", {"code": 9499, "msg": "Bad Request"}, "code 9499"),
        ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}, "errcode 310000"),
        ("wecombot", {"errcode": 45009, "errmsg": "api freq out of limit"}, "errcode 45009"),
        ("serverchan", {"code": 40001, "message": "bad"}, "code 40001"),
    ],
)
def test_a_refusal_in_a_200_is_no_success(endpoint, service, said, detail):
    endpoint.answers = [(200, {}, json.dumps(said).encode())]
    outcome = aim(service, endpoint.port).send("title", "body")
    assert (outcome.state, outcome.detail) == ("retry", f"the service answered {detail}")


def test_failures_are_tried_again(endpoint):
    target = open_target(f"json://127.0.0.1:{endpoint.port}/{CANARY}?retry=3&redirect=yes")
    for status in (400, 404, 410, 500, 503):
        endpoint.answers = [(status, {}, CANARY.encode())]
        outcome = target.send("title", "body")
        assert (outcome.state, outcome.detail) == ("retry", f"the service answered HTTP {status}")
    assert len(endpoint.requests) == 5  # the attempts are ours to count, not the address's
    endpoint.answers = [(429, {"Retry-After": "17"}, b"")]
    assert target.send("title", "body").retry_after == 17


def test_redirects_are_not_followed(endpoint):
    for options in ("", "?redirect=yes"):
        endpoint.requests.clear()
        endpoint.answers = [(307, {"Location": f"http://127.0.0.1:{endpoint.port}/elsewhere"}, b""), (200, {}, b"")]
        outcome = open_target(f"json://127.0.0.1:{endpoint.port}/{CANARY}{options}").send("title", "body")
        assert outcome.state == "retry"
        assert [path for path, _ in endpoint.requests] == [f"/{CANARY}"]


@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_silence_ends_in_time(endpoint, answer):
    endpoint.answers = [answer]
    target = open_target(f"json://127.0.0.1:{endpoint.port}/", timeout=0.5)
    began = time.monotonic()
    outcome = target.send("title", "body")
    assert (outcome.state, outcome.detail) == ("retry", "no answer within 0.5 seconds")
    assert target.send("title", "body").detail == "an earlier message is still on its way"
    assert time.monotonic() - began < 2
    assert len(endpoint.requests) == 1


def test_nobody_there():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = open_target(f"json://127.0.0.1:{unused.getsockname()[1]}/{CANARY}").send("title", "body")
    assert (outcome.state, outcome.detail) == ("retry", "the service can't be reached")


@pytest.mark.parametrize(
    "address",
    [
        f"nosuch://{CANARY}",
        f"http://{CANARY}.example/x",
        CANARY,
        f"wecombot://{CANARY}!!!@@@/",
        f"json://127.0.0.1/{CANARY}, json://127.0.0.2/{CANARY}",
        f"json://127.0.0.1/{CANARY} json://127.0.0.2/{CANARY}",
        f"json://127.0.0.1/{CANARY},json://127.0.0.2/{CANARY}",
        f"ntfy://127.0.0.1/{CANARY}/{CANARY}2",
        f"tgram://123456789:{CANARY}/1/2",
        f"slack://T1JJ3T3L2/A1BRTD4JD/{CANARY[:24]}/#a/#b",
        f"slack://{CANARY}",
        "",
    ],
)
def test_an_address_of_none_or_several_is_refused_without_repeating_it(address, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(UsageError, match=r"^channel\.team: ") as caught:
        open_target(address)
    written = capfd.readouterr()
    assert "kanarien" not in f"{caught.value!r}{caught.value}{caplog.text}{written.out}{written.err}".lower()
    assert caught.value.__cause__ is None


def test_the_address_is_nowhere(endpoint, caplog, capfd):
    root = logging.getLogger()
    root.setLevel(1)
    caplog.set_level(1)
    seen, count = [], 0
    for service in SERVICES:
        target = aim(service, endpoint.port)
        for answer in ((200, {}, b"{}"), (500, {}, CANARY.encode()), (302, {"Location": f"/{CANARY}"}, b"")):
            endpoint.answers = [answer]
            seen += [repr(target.send("title", "body")), repr(target), str(target)]
            count += 1
        for name in ("notify_url", "api_url", "webhook_url", "host"):
            if hasattr(target._plugin, name):
                setattr(target._plugin, name, f"{CANARY}.invalid")
        seen.append(repr(target.send("title", "body")))
        assert "retry" in seen[-1]
    written = capfd.readouterr()
    everything = "\n".join([*seen, caplog.text, written.out, written.err])
    assert count == 3 * len(SERVICES)
    assert "kanarienvogel" not in everything
    assert "TIiajkdnl" not in everything


def test_an_error_of_a_service_is_only_named(endpoint, monkeypatch):
    target = aim("json", endpoint.port)

    def fail(**_):
        raise KeyError(CANARY)

    monkeypatch.setattr(target._plugin, "notify", fail)
    assert target.send("title", "body").detail == "the service can't be reached (KeyError)"


def test_nothing_is_written_to_disk(endpoint, tmp_path):
    script = (
        "from archive.alerts.chat import ChatTarget\nfrom archive.alerts.secret import Secret\n"
        f"target = ChatTarget('team', Secret('matrix://u:p@127.0.0.1:{endpoint.port}/#room'))\n"
        "print(target.send('title', 'body').state)\n"
        f"target = ChatTarget('team', Secret('json://127.0.0.1:{endpoint.port}/'))\n"
        "print(target.send('title', 'body').state)\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=".",
        env={"HOME": str(home), "TMPDIR": str(home), "XDG_DATA_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stdout.split()[-1] == "sent"
    assert done.stderr == ""
    assert not list(home.rglob("*"))


def test_without_apprise_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(UsageError, match=r"install baogao\[chat\]"):
        open_target("json://127.0.0.1/")
