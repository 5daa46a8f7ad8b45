"""Mail against a real server that refuses, hangs up or falls silent at every verb of the conversation."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from base64 import b64encode
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from archive.alerts.mail import MailServer
from archive.alerts.model import Outcome
from archive.alerts.rules import SmtpChannel
from archive.alerts.secret import Secret
from archive.alerts.smtp import _quote
from tests.mail_server import CLOSE, DRIP, HANG, VERBS, Script, make_certificate, serve

USER = "notices@invented.example"
PASSWORD = "kanarienvogel-Pässwort-4711"
READER = "reader@invented.example"
SETTING_UP = VERBS[:6]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate") / "server.pem")


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


def make_channel(port, security="starttls", user=USER, host="127.0.0.1", sender="baogao@invented.example"):
    return SmtpChannel("mail", host, port, (READER,), sender, user, None, security)


def write(subject="一份虚构的报告", body="第一行\n.以点开头\n..两点\nA line\n"):
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "baogao@invented.example"
    message["To"] = READER
    message["Message-ID"] = "<0b6f0f0e-0000-4000-8000-000000000001@invented.example>"
    message.set_content(body)
    message.add_alternative(f"<p>{body}</p>", subtype="html")
    return message


def make_script(**answers):
    return Script({verb.replace("_", ":"): answer for verb, answer in answers.items()}, credentials=(USER, PASSWORD))


@contextlib.contextmanager
def connect(script, certificate, *, timeout=10.0, security="starttls", user=USER):
    with (
        serve(script, certificate, implicit=security == "tls") as server,
        MailServer(
            make_channel(server.port, security, user), Secret(PASSWORD) if user else None, timeout=timeout
        ) as mail,
    ):
        yield server, mail


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_message_arrives_encrypted_and_authenticated(trusted, security, mechanism):
    script = make_script()
    script.mechanisms = (mechanism,)
    with connect(script, trusted, security=security) as (server, mail):
        assert mail.send(READER, write()).state == "sent"
    (received,) = server.received
    assert (received.sender, received.recipients) == ("baogao@invented.example", (READER,))
    assert (received.encrypted, received.user) == (True, USER)
    parsed = message_from_bytes(received.data, policy=policy.default)
    assert parsed["Subject"] == "一份虚构的报告"
    lines = parsed.get_body(("plain",)).get_content().splitlines()
    assert lines == ["第一行", ".以点开头", "..两点", "A line"]
    assert received.data.isascii()
    if security == "starttls":
        assert [verb for verb, encrypted in server.commands if not encrypted] == ["EHLO", "STARTTLS"]


def test_plain_text_on_loopback_where_the_configuration_says_so():
    with connect(make_script(), None, security="none", user=None) as (server, mail):
        assert mail.send(READER, write()).state == "sent"
    assert not server.received[0].encrypted


def test_dots_and_line_ends_survive_and_end_nothing_early(trusted):
    hostile = "x\r\n.\r\nMAIL FROM:<evil@invented.example>\n.\n.\r.\r\n..\n."
    message = EmailMessage()
    message["Subject"] = "dots"
    message.set_payload(hostile)
    with connect(make_script(), trusted) as (server, mail):
        assert mail.send(READER, message).state == "sent"
        assert mail.send(READER, message).state == "sent"
    assert len(server.received) == 2
    lines = server.received[0].data.split(b"\r\n\r\n", 1)[1].decode()
    assert lines.splitlines() == hostile.splitlines()


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r\n"])
def test_no_line_end_smuggles_the_end_of_a_message(end):
    """Servers differ in what they take for a line; here there is only one kind."""
    quoted = _quote(b"a" + end + b"." + end + b"MAIL FROM:<x@y>" + end)
    assert quoted.count(b"\r\n.\r\n") == 1
    assert quoted.endswith(b"\r\n.\r\n")
    assert not {b"\r", b"\n"} & {bytes([each]) for each in quoted.replace(b"\r\n", b"")}


def test_several_messages_on_one_connection_and_some_recipients_refused(trusted):
    script = make_script()
    script.answers |= {
        "RCPT:gone@invented.example": "550 5.1.1 <gone@invented.example>: no such mailbox",
        "RCPT:full@invented.example": "452 4.2.2 mailbox full",
    }
    with connect(script, trusted) as (server, mail):
        outcomes = [mail.send(f"{name}@invented.example", write()) for name in ("a", "gone", "b", "full", "c")]
    assert [outcome.state for outcome in outcomes] == ["sent", "final", "sent", "retry", "sent"]
    assert not any(outcome.whole_channel for outcome in outcomes)
    assert outcomes[1].detail == "RCPT: 550 5.1.1 <***>: no such mailbox"
    assert [received.recipients[0][0] for received in server.received] == ["a", "b", "c"]
    assert server.connections == 1


def test_every_verb_refused(trusted, capsys):
    count = 0
    for verb in VERBS:
        if verb == "handshake":
            continue  # it has no answer
        for code in ("451", "454", "550", "554", "421", "530", "535", "999"):
            with connect(make_script(**{verb.replace(":", "_"): f"{code} 4.3.2 no, {code}"}), trusted) as (
                server,
                mail,
            ):
                outcome = mail.send(READER, write())
            assert not server.received
            assert outcome.detail.startswith(f"{verb.removesuffix(':tls').replace('message', 'the message')}: {code} ")
            setting_up = verb in SETTING_UP
            assert outcome.state == ("final" if code in {"550", "554"} and not setting_up else "retry"), (verb, code)
            assert outcome.whole_channel == (setting_up or code in {"421", "530", "535", "999"}), (verb, code)
            count += 1
    with capsys.disabled():
        print(f"\n{count} refusals: {len(VERBS) - 1} verbs, 8 codes each")  # noqa: T201 - the count is wanted
    assert count == 72


@pytest.mark.parametrize("verb", ["connect", "RCPT", "message"])
def test_an_answer_without_a_number_is_no_refusal(trusted, verb):
    with connect(make_script(**{verb: "\x1b[31mnothing known"}), trusted) as (_, mail):
        outcome = mail.send(READER, write())
    named = verb.replace("message", "the message")
    assert outcome == Outcome("retry", f"{named}: the answer is no SMTP", whole_channel=True)


@pytest.mark.parametrize("action", [HANG, DRIP, CLOSE])
def test_every_verb_unanswered(trusted, capsys, action):
    count, slowest = 0, 0.0
    for verb in VERBS:
        with connect(make_script(**{verb.replace(":", "_"): action}), trusted, timeout=0.4) as (_, mail):
            began = time.monotonic()
            outcome = mail.send(READER, write())
            slowest = max(slowest, time.monotonic() - began)
        assert outcome.state == "retry", verb
        assert outcome.whole_channel == (verb != "message" or action != CLOSE), verb
        if action == CLOSE:
            assert outcome.detail.endswith(("closed the connection", "no encryption (UNEXPECTED_EOF_WHILE_READING)"))
        elif (action, verb) != (DRIP, "handshake"):
            assert outcome.detail.endswith("no answer within 0.4 seconds"), verb
        count += 1
    with capsys.disabled():
        print(f"\n{count} verbs answered by {action}; the slowest took {slowest:.2f} s of 0.4")  # noqa: T201 - the count is wanted
    assert slowest < 1.4


def test_no_encryption_no_message(trusted):
    script = make_script()
    script.starttls = False
    with connect(script, trusted) as (server, mail):
        outcome = mail.send(READER, write())
    assert (outcome.state, outcome.whole_channel) == ("retry", True)
    assert "does not offer it" in outcome.detail
    assert [verb for verb, _ in server.commands] == ["EHLO"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("trust", ["nobody", "another name"])
def test_a_wrong_certificate_gets_neither_password_nor_message(tmp_path, monkeypatch, security, trust):
    name = "127.0.0.1" if trust == "nobody" else "elsewhere.example"
    certificate = make_certificate(tmp_path / "wrong.pem", name)
    known = make_certificate(tmp_path / "known.pem") if trust == "nobody" else certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    with connect(make_script(), certificate, security=security) as (server, mail):
        outcome = mail.send(READER, write())
    assert (outcome.state, outcome.whole_channel) == ("retry", True)
    assert "certificate is not accepted" in outcome.detail
    assert not {"AUTH", "MAIL"} & {verb for verb, _ in server.commands}


def test_what_was_said_before_encryption_is_forgotten(trusted):
    """A man in the middle who puts answers in front of the handshake."""
    script = make_script()
    script.mechanisms = ()
    script.injected = "\r\n250-mail.invented.example\r\n250 AUTH PLAIN"
    with connect(script, trusted) as (server, mail):
        outcome = mail.send(READER, write())
    assert (outcome.state, outcome.whole_channel) == ("retry", True)
    assert outcome.detail == "AUTH: the server offers neither PLAIN nor LOGIN"
    assert [verb for verb, _ in server.commands] == ["EHLO", "STARTTLS", "EHLO"]


def test_an_idle_server_that_hung_up_is_called_again(trusted):
    with connect(make_script(), trusted) as (server, mail):
        assert mail.send(READER, write()).state == "sent"
        server.hang_up()
        time.sleep(0.2)
        assert mail.send(READER, write()).state == "sent"
    assert (server.connections, len(server.received)) == (2, 2)


def test_a_server_tired_of_a_connection_is_called_again_once(trusted):
    script = make_script()
    with connect(script, trusted) as (server, mail):
        assert mail.send(READER, write()).state == "sent"
        script.answers["MAIL"], script.times["MAIL"] = "421 4.7.0 enough for one connection", 1
        assert mail.send(READER, write()).state == "sent"
        assert server.connections == 2
        script.times["MAIL"] = 5
        assert mail.send(READER, write()).state == "retry"
        assert (server.connections, script.times["MAIL"]) == (3, 3)


def test_a_message_taken_without_an_answer_is_not_sent_twice_at_once(trusted):
    script = make_script(message=CLOSE)
    with connect(script, trusted) as (server, mail):
        outcome = mail.send(READER, write())
        assert (outcome.state, outcome.whole_channel) == ("retry", False)
        assert len(server.received) == 1
        del script.answers["message"]
        assert mail.send(READER, write()).state == "sent"
    identities = {message_from_bytes(received.data)["Message-ID"] for received in server.received}
    assert len(server.received) == 2
    assert len(identities) == 1


def test_addresses_outside_ascii_only_where_the_server_takes_them(trusted):
    reader = "读者@invented.example"
    with connect(make_script(), trusted) as (server, mail):
        assert mail.send(reader, write()).state == "final"
        assert mail.send(READER, write()).state == "sent"
    script = make_script()
    script.smtputf8 = True
    with connect(script, trusted) as (server, mail):
        assert mail.send(reader, write()).state == "sent"
    assert server.received[0].recipients == (reader,)


@pytest.mark.parametrize("recipient", ["", "nobody", "a@b>\r\nRCPT TO:<c@d", "a b@c.example", "a@b.example\n"])
def test_what_is_no_address_is_never_sent(recipient):
    with connect(make_script(), None, security="none", user=None) as (server, mail):
        assert mail.send(recipient, write()).state == "final"
    assert server.connections == 0


def test_no_server_at_all():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    for host in ("127.0.0.1", "a" * 70 + ".example"):
        with MailServer(make_channel(port, host=host), Secret(PASSWORD), timeout=5) as mail:
            outcome = mail.send(READER, write())
        assert (outcome.state, outcome.whole_channel) == ("retry", True), host
        assert outcome.detail.startswith("connect: ")


def test_a_server_that_takes_no_connection_ends_in_time():
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # a full queue: what comes now is not even refused
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - of the standard library
            waiting.connect_ex(listener.getsockname())
        mail = stack.enter_context(MailServer(make_channel(listener.getsockname()[1]), Secret(PASSWORD), timeout=0.5))
        began = time.monotonic()
        outcome = mail.send(READER, write())
    assert (outcome.state, outcome.whole_channel) == ("retry", True)
    assert outcome.detail == "connect: no answer within 0.5 seconds"
    assert time.monotonic() - began < 2


def test_an_answer_without_end_is_not_read_to_its_end():
    def flood(listener):
        with contextlib.suppress(OSError):
            peer, _ = listener.accept()
            with peer:
                while True:
                    peer.sendall(b"220-welcome\r\n" * 1000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=flood, args=(listener,))
        thread.start()
        with MailServer(make_channel(listener.getsockname()[1], "none", None), None, timeout=10) as mail:
            began = time.monotonic()
            outcome = mail.send(READER, write())
        assert (outcome.state, outcome.whole_channel) == ("retry", True)
        assert time.monotonic() - began < 5
    thread.join(5)


def echo(argument):
    """A server that repeats all it was told, in every form, over several lines and with an escape sequence."""
    proof = b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    words = (argument, PASSWORD, PASSWORD.upper(), proof, b64encode(PASSWORD.encode()).decode(), USER, READER)
    lines = [f"535-{part}\x1b[31m" for word in words for part in (f"said {word}.",)]
    return "\r\n".join([*lines, f"535-torn {PASSWORD[:9]}", f"535 {PASSWORD[9:]}"])


def test_the_password_is_nowhere(trusted, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    hidden = {
        PASSWORD.lower(),
        PASSWORD[:9].lower(),
        USER,
        READER,
        b64encode(PASSWORD.encode()).decode().lower().rstrip("="),
        b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode().lower().rstrip("="),
    }
    seen = []
    for verb in VERBS:
        if verb in {"handshake", "message"}:
            continue
        with connect(make_script(**{verb.replace(":", "_"): echo}), trusted) as (_, mail):
            outcome = mail.send(READER, write())
            seen += [outcome.detail, repr(mail), str(mail), repr(mail._conversation), repr(outcome)]
        assert outcome.state == "retry"
        assert "said ***" in outcome.detail
        assert outcome.detail.isprintable()
        assert len(outcome.detail) < 230
    written = capfd.readouterr()
    everything = "\n".join([*seen, caplog.text, written.out, written.err]).lower()
    assert not [secret for secret in hidden if secret in everything]


def test_a_wrong_password_is_for_the_operator(trusted, caplog):
    script = make_script()
    script.credentials = (USER, "another")
    with connect(script, trusted) as (server, mail):
        outcome = mail.send(READER, write())
    assert (outcome.state, outcome.whole_channel) == ("retry", True)
    assert outcome.detail == "AUTH: 535 5.7.8 Authentication credentials invalid"
    assert [verb for verb, _ in server.commands].count("AUTH") == 1
