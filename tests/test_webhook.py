"""Webhooks against real receivers: what is signed, where it may go, and how every kind of answer ends."""

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from archive.addresses import is_public
from archive.alerts.secret import Secret
from archive.alerts.webhook import post, read_signing_secrets, read_wait, sign
from archive.errors import UsageError
from tests.webhook_receiver import Receiver, Reply, read_log

KEY = "7b0c3c1e-6a53-5d5e-9a55-0c6b8f0d2a11"
BODY = json.dumps({"type": "report.appeared", "data": {"title": "虚构行业报告 🚲"}}, ensure_ascii=False).encode()
NEW, OLD = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (7, 250))
PATH = "/hook/CANARY-PATH?token=CANARY-QUERY"
NAME = "hook.example.test"
TCP = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")  # of an answer of getaddrinfo


def attempt(url, body=BODY, *, secrets=(NEW,), allow_private=True, timeout=5.0, timestamp=None, resolve=None):
    """One attempt, of which nothing that is said may hold a path, a query or a secret."""
    keys = read_signing_secrets(Secret(" ".join(secrets)), "channel.hook.secret") if secrets else ()
    named = {"resolve": resolve} if resolve else {}
    outcome = post(
        url,
        body,
        key=KEY,
        timestamp=int(time.time()) if timestamp is None else timestamp,
        secrets=keys,
        allow_private=allow_private,
        timeout=timeout,
        **named,
    )
    said = repr(outcome)
    assert "CANARY" not in said
    assert "hook/" not in said
    assert not any(secret[6:16] in said or repr(key) in said for secret, key in zip(secrets, keys, strict=True))
    assert outcome.detail.isprintable()
    assert outcome.detail
    return outcome


def leading_to(*addresses):
    """A resolver that answers with the next of these each time, and counts."""

    def resolve(host, port, **_):
        resolve.asked.append(host)
        found = addresses[min(len(resolve.asked), len(addresses)) - 1]
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, *TCP[1:], (each, port)) for each in found]

    resolve.asked = []
    return resolve


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def listening(serve=None, backlog=8):
    """A port whose connections are taken by ``serve``; by nobody where there is none."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        taken = []

        def run():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                taken.append(connection)
                serve(connection)

        thread = threading.Thread(target=run, daemon=True)
        if serve:
            thread.start()
        yield server.getsockname()[1]
        if serve:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
        for connection in taken:
            connection.close()


@contextmanager
def never_taking():
    """A port to which a connection waits for ever: the queue of those before it is full."""
    with listening(backlog=0) as port, socket.socket() as one, socket.socket() as two:
        for waiting in (one, two):
            waiting.settimeout(0)
            waiting.connect_ex(("127.0.0.1", port))
        yield port


# Signatures


def verify(received, secret, *, body=None):
    return Webhook(secret).verify(body or received.body, received.headers)


def test_what_arrives_is_verified_by_a_library_of_receivers():
    with Receiver() as receiver:
        assert attempt(receiver.url(PATH)).state == "sent"
        assert attempt(receiver.url("?a=1")).state == "sent"
    first, second = receiver.received
    assert (first.method, first.path, first.body, second.path) == ("POST", PATH, BODY, "/?a=1")
    assert verify(first, NEW) == json.loads(BODY)
    assert first.id == second.id == f"msg_{KEY}"
    assert first.headers["content-type"] == "application/json; charset=utf-8"
    assert first.headers["user-agent"].startswith("baogao")
    assert first.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert first.headers["content-length"] == str(len(BODY))
    for wrong in (lambda: verify(first, NEW, body=BODY[:-1] + b" }"), lambda: verify(first, OLD)):
        with pytest.raises(WebhookVerificationError, match="No matching"):
            wrong()


def test_an_old_attempt_is_refused_by_the_receiver():
    with Receiver() as receiver:
        attempt(receiver.url(), timestamp=int(time.time()) - 600)
    with pytest.raises(WebhookVerificationError, match="too old"):
        verify(receiver.received[0], NEW)


def test_two_secrets_sign_for_receivers_with_either():
    with Receiver() as receiver:
        attempt(receiver.url(), secrets=(NEW, OLD))
        attempt(receiver.url(), secrets=())
    signed, unsigned = receiver.received
    assert verify(signed, NEW) == verify(signed, OLD)
    assert [part[:3] for part in signed.headers["webhook-signature"].split(" ")] == ["v1,", "v1,"]
    assert "webhook-signature" not in unsigned.headers
    assert unsigned.headers["webhook-id"] == f"msg_{KEY}"


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=24, max_size=64), st.text(max_size=50), st.booleans(), st.booleans())
def test_a_secret_is_read_as_its_receiver_reads_it(key, text, prefixed, padded):
    value = base64.b64encode(key).decode()
    value = ("whsec_" if prefixed else "") + (value if padded else value.rstrip("="))
    keys = read_signing_secrets(Secret(value), "x")
    assert keys == (key,)
    now = int(time.time())
    body = json.dumps(text).encode()
    headers = {
        "webhook-id": f"msg_{KEY}",
        "webhook-timestamp": str(now),
        "webhook-signature": sign(keys, KEY, now, body),
    }
    assert Webhook(value).verify(body, headers) == text


def test_a_published_example_is_signed_as_published():
    keys = read_signing_secrets(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "x")
    signed = sign(keys, "p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "value",
    [
        "",
        "CANARY",
        "whsec_",
        "whsec_CANARYCANARYCANARYCANARY",  # 18 bytes
        f"whsec_{base64.b64encode(b'7' * 65).decode()}",
        f"whsec_{base64.b64encode(b'7' * 32).decode()[:-2]}==CANARY",
        f"whsk_{base64.b64encode(b'7' * 32).decode()}",  # of another kind of signature
        "whsec_CANARY-CANARY_CANARY-CANARY_CANARY-CANARY_CA",  # base64 of another alphabet: libraries differ
        "whsec_CANARY密钥CANARYCANARYCANARYCANARYCANARY",
        f"{NEW} {OLD} {NEW}",
        f"{NEW} CANARY",
        f"{NEW},{OLD}",
    ],
)
def test_an_unusable_secret_is_named_and_not_shown(value):
    with pytest.raises(UsageError, match=r"^channel\.hook\.secret: ") as error:
        read_signing_secrets(Secret(value), "channel.hook.secret")
    assert "CANARY" not in str(error.value)
    assert NEW[6:] not in str(error.value)
    assert "\n" not in str(error.value)


def test_secrets_are_parted_by_any_blanks_and_one_given_twice_signs_once():
    assert read_signing_secrets(None, "x") == ()
    assert read_signing_secrets(Secret(f" {NEW} \t {OLD} "), "x") == (bytes([7]) * 32, bytes([250]) * 32)
    assert read_signing_secrets(Secret(f"{NEW} {NEW[6:]}"), "x") == (bytes([7]) * 32,)


# Answers


@pytest.mark.parametrize(
    ("reply", "state", "said", "whole"),
    [
        *((Reply(status), "sent", str(status), False) for status in (200, 201, 202, 204, 299)),
        (Reply(200, body='{"error": "CANARY"}'), "sent", "200", False),
        (Reply(410), "gone", "410", True),
        *((Reply(status, location="/CANARY"), "retry", "redirect", True) for status in (301, 302, 303, 307, 308)),
        *((Reply(status), "retry", str(status), False) for status in (400, 401, 403, 404, 413, 422, 500, 501, 999)),
        *((Reply(status), "retry", str(status), True) for status in (429, 502, 503, 504)),
        (Reply(instead="close"), "retry", "without an answer", True),
        (Reply(instead="reset"), "retry", "ConnectionResetError", True),
        (Reply(raw=""), "retry", "without an answer", True),
        (Reply(raw="CANARY\x1b[31m\r\n\r\n"), "retry", "no HTTP (BadStatusLine)", True),
        (Reply(raw="HTTP/1.1 200"), "sent", "200", False),
        (Reply(raw="HTTP/1.1 " + "CANARY" * 20_000), "retry", "no HTTP (LineTooLong)", True),
        (Reply(raw="HTTP/1.1 200 x\r\n" + "CANARY: 1\r\n" * 200 + "\r\n"), "retry", "no HTTP (HTTPException)", True),
        (Reply(raw="HTTP/1.1 200 x\r\nContent-Length: CANARY\r\n\r\n"), "sent", "200", False),
        (Reply(raw="HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nCANARY\r\n"), "sent", "200", False),
        (Reply(raw="HTTP/1.1 100 x\r\n\r\nHTTP/1.1 202 x\r\n\r\n"), "sent", "202", False),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_every_answer_ends_somewhere(reply, state, said, whole):
    with Receiver({"/hook/CANARY-PATH": reply}) as receiver:
        outcome = attempt(receiver.url(PATH))
    assert (outcome.state, outcome.whole_channel, outcome.retry_after) == (state, whole, None)
    assert said in outcome.detail
    assert outcome.detail.startswith("127.0.0.1")
    assert len(receiver.received) == 1


def test_an_answer_that_comes_before_all_was_sent_counts():
    with Receiver({"/hook": Reply(429, retry_after=9, early=True)}) as receiver:
        assert attempt(receiver.url(), b"7" * 20_000_000).retry_after == 9


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_heard_where_it_has_a_meaning(status):
    at = 1_800_000_000
    dated = format_datetime(datetime.fromtimestamp(at, UTC) + timedelta(seconds=90), usegmt=True)
    with Receiver({"/hook": [Reply(status, retry_after=7), Reply(status, retry_after=dated)]}) as receiver:
        assert [attempt(receiver.url(), timestamp=at).retry_after for _ in range(2)] == [7, 90]
    with Receiver({"/hook": [Reply(status, retry_after="CANARY"), Reply(500, retry_after=7)]}) as receiver:
        assert [attempt(receiver.url(), timestamp=at).retry_after for _ in range(2)] == [None, None]


NOW = datetime(2026, 1, 1, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("86401", 86400),
        ("9" * 300, 86400),
        ("9" * 5000, None),
        *((garbage, None) for garbage in ("", "-5", "1.5", "1e3", "soon", "5, 5", "\u0665", "٣")),
        ("Thu, 01 Jan 2026 18:30:45 GMT", 45),
        ("Thu, 01 Jan 2026 18:30:45 -0000", 45),
        ("Thu, 01 Jan 2026 18:00:00 GMT", 0),
        ("Thu, 31 Dec 9999 23:59:59 GMT", 86400),
        ("Thu, 99 Jan 2026 18:30:45 GMT", None),
    ],
)
def test_wishes_to_wait(value, seconds):
    assert read_wait(value, now=NOW) == seconds


@given(st.text(max_size=60) | st.from_regex(r"\w{3}, \d+ \w{3} \d{1,6} \d+:\d+:\d+ [+-]?\w*"))
def test_no_wish_to_wait_is_an_error(value):
    seconds = read_wait(value, now=NOW)
    assert seconds is None or 0 <= seconds <= 86400


def test_whatever_a_server_sends_is_an_outcome():
    """300 answers of random bytes behind random true beginnings."""
    answers = []

    def serve(connection):
        with suppress(OSError):  # who has read enough is gone
            connection.recv(100_000)
            connection.sendall(answers[-1])
            connection.shutdown(socket.SHUT_WR)

    start = st.sampled_from(
        [b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 x\r\nRetry-After: ", b"HTTP/1.1 200 x\r\n"]
    )
    middle = st.sampled_from([b"", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n\r\n", b"\xff: \x00\r\n :\r\n"])

    @settings(max_examples=300, deadline=None)
    @given(start, middle, st.binary(max_size=200))
    def send(first, second, third):
        answers.append(first + second + third)
        assert attempt(f"http://127.0.0.1:{port}{PATH}").state in {"sent", "retry", "gone"}

    with listening(serve) as port:
        send()
    assert len(answers) >= 300


# Time


def timed(url, body=BODY, *, timeout=0.5, **named):
    began = time.monotonic()
    outcome = attempt(url, body, timeout=timeout, **named)
    return outcome, time.monotonic() - began


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (Reply(hang="answer"), BODY),
        (Reply(hang="request"), b"7" * 20_000_000),
        (Reply(raw="HTTP/1.1 200 OK\r\nX: 1234567890123456789012345678901234567890\r\n\r\n", drip=0.05), BODY),
        (Reply(raw="HTTP/1.1 100 x\r\n\r\n" * 10_000, drip=0.02), BODY),
        (Reply(after=5), BODY),
    ],
    ids=["no answer", "the request is not read", "a header in drips", "100 for ever", "too late"],
)
def test_a_deadline_is_one_for_all(reply, body):
    with Receiver({"/hook": reply}) as receiver:
        outcome, seconds = timed(receiver.url(), body)
    assert outcome.state == "retry"
    assert outcome.detail == "127.0.0.1: no complete answer within 0.5 s"
    assert 0.4 < seconds < 2.5


@pytest.mark.parametrize("reply", [Reply(hang="body"), Reply(body="7" * 500, drip=0.01)], ids=["hanging", "in drips"])
def test_a_body_that_does_not_end_changes_nothing(reply):
    with Receiver({"/hook": reply}) as receiver:
        outcome, seconds = timed(receiver.url(), timeout=5)
    assert (outcome.state, outcome.detail) == ("sent", "127.0.0.1 answered 200")
    assert seconds < 3


def test_not_more_than_a_little_of_an_answer_is_read():
    sent = []

    def serve(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        connection.recv(100_000)
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                sent.append(connection.send(b"7" * 65536))

    with listening(serve) as port:
        outcome, seconds = timed(f"http://127.0.0.1:{port}/hook", timeout=5)
    assert outcome.state == "sent"
    assert seconds < 1
    assert sum(sent) < 20_000_000  # what fits into the buffers of the system


def test_a_handshake_that_is_never_answered():
    with listening() as port:
        outcome, seconds = timed(f"https://127.0.0.1:{port}/hook")
    assert "within 0.5 s" in outcome.detail
    assert seconds < 2.5


def test_a_connection_that_is_never_taken():
    with never_taking() as port:
        outcome, seconds = timed(f"http://127.0.0.1:{port}/hook")
    assert "within 0.5 s" in outcome.detail
    assert seconds < 2.5


def test_a_name_server_that_says_nothing():
    released = threading.Event()
    outcome, seconds = timed(f"https://{NAME}/hook", resolve=lambda *_, **__: released.wait(5) and [])
    released.set()
    assert "within 0.5 s" in outcome.detail
    assert seconds < 2.5


# Where it goes


def test_a_closed_port_and_a_name_without_address():
    assert "ConnectionRefusedError" in attempt(f"http://127.0.0.1:{closed_port()}{PATH}").detail
    for host in ("none.invalid", "a..b", f"{'x' * 70}.example", "-"):
        outcome = attempt(f"https://{host}{PATH}", allow_private=False)
        assert (outcome.state, outcome.detail) == ("retry", f"{host}: its name leads to no address")
    assert "no address" in attempt(f"https://{NAME}{PATH}", resolve=leading_to([])).detail


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"],
)
def test_an_address_that_is_not_public_is_not_connected_to(host):
    with Receiver() as receiver:
        outcome = attempt(f"https://{host}:{receiver.port}{PATH}", allow_private=False)
    assert (outcome.state, receiver.connections) == ("retry", 0)
    assert "not a public address; allow_private = true" in outcome.detail


def test_one_private_address_among_public_ones_is_enough(connected):
    outcome = attempt(
        f"https://{NAME}{PATH}", allow_private=False, resolve=leading_to(["8.8.8.8", "2606:4700::1", "::1"])
    )
    assert "leads to ::1" in outcome.detail
    assert connected == []


@pytest.fixture
def connected(monkeypatch):
    """Addresses that were connected to; public ones refuse, so that nothing leaves this machine."""
    seen = []

    class Recorded(socket.socket):
        def connect(self, address):
            seen.append(address[0])
            if is_public(address[0]):
                raise ConnectionRefusedError(111, "refused")
            super().connect(address)

    monkeypatch.setattr(socket, "socket", Recorded)
    return seen


def test_the_address_is_the_one_that_was_checked(connected):
    resolve = leading_to(["8.8.8.8"], ["127.0.0.1"])
    with Receiver() as receiver:
        outcome = attempt(f"https://{NAME}:{receiver.port}{PATH}", allow_private=False, resolve=resolve)
    assert "ConnectionRefusedError" in outcome.detail
    assert resolve.asked == [NAME]
    assert connected == ["8.8.8.8"]
    assert receiver.connections == 0


def test_the_next_address_is_tried_where_one_refuses_or_is_silent():
    with Receiver() as receiver:
        outcome = attempt(receiver.url(host=NAME), resolve=leading_to(["127.9.9.9", "127.0.0.1"]))
        assert outcome.state == "sent"
        with never_taking() as port:
            ways = [(*TCP, ("127.0.0.1", number)) for number in (port, receiver.port)]
            outcome, seconds = timed(receiver.url(host=NAME), timeout=2, resolve=lambda *_, **__: ways)
    assert outcome.state == "sent"
    assert 0.9 < seconds < 1.9
    assert [each.headers["host"] for each in receiver.received] == [f"{NAME}:{receiver.port}"] * 2


def test_no_redirect_is_followed():
    with Receiver() as other:
        replies = [Reply(status, location=other.url()) for status in (301, 302, 303, 307, 308)]
        with Receiver({"/hook": replies}) as receiver:
            outcomes = [attempt(receiver.url()) for _ in replies]
    assert {outcome.state for outcome in outcomes} == {"retry"}
    assert (len(receiver.received), other.connections) == (5, 0)


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
            monkeypatch.setenv(name.upper(), proxy.url(""))
        monkeypatch.delenv("no_proxy", raising=False)
        assert attempt(receiver.url()).state == "sent"
    assert (len(receiver.received), proxy.connections) == (1, 0)


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example.test/CANARY",
        "ftp://hook.example.test/CANARY",
        "https://me:CANARY@hook.example.test/",
        "https:///CANARY",
        "https://hook.example.test:99999/CANARY",
        "https://hook.example.test/CANARY\r\nX-Evil: 1",
        "https://hook\x7f.example.test/CANARY",
        "https://hook.example.test/CANARY\x7f",
        "https://hook.example.test/密CANARY",
        "https://[::1/CANARY",
        "",
    ],
)
def test_an_unusable_address_is_an_error_of_configuration(url):
    with pytest.raises(UsageError) as error:
        post(url, b"", key=KEY, timestamp=0, secrets=(), allow_private=False, resolve=leading_to(["127.0.0.1"]))
    assert "CANARY" not in str(error.value)


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority of our own, and a server certificate for one name and one address."""
    folder = tmp_path_factory.mktemp("tls")
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = certify("An authority", root_key.public_key(), "An authority", root_key)
    leaf = certify("A receiver", key.public_key(), "An authority", root_key, [NAME, "127.0.0.1"])
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "leaf.pem").write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def certify(name, key, issuer, signer, hosts=()):
    from ipaddress import ip_address

    now = datetime.now(UTC)
    names = [x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=not hosts, crl_sign=not hosts, **usage), critical=True
        )
    )
    if names:
        certificate = certificate.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return certificate.sign(signer, hashes.SHA256())


@pytest.fixture
def tls(authority, monkeypatch):
    """The server's side; ``tls.asked``: the names that were asked for."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "root.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "leaf.pem")
    asked = []
    context.sni_callback = lambda _connection, name, _context: asked.append(name)
    return context, asked


def test_https_to_the_checked_address_under_its_own_name(tls):
    context, asked = tls
    with Receiver(tls=context) as receiver:
        assert attempt(receiver.url(PATH, host=NAME), resolve=leading_to(["127.0.0.1"])).state == "sent"
        assert attempt(receiver.url(PATH)).state == "sent"
    assert asked == [NAME, None]
    assert [verify(each, NEW) for each in receiver.received] == [json.loads(BODY)] * 2
    assert receiver.received[0].headers["host"] == f"{NAME}:{receiver.port}"


def test_https_to_public_addresses_only(tls, monkeypatch):
    """A public address that a route of this machine leads back to loopback."""
    context, _ = tls
    seen = []

    class Routed(socket.socket):
        def connect(self, address):
            seen.append(address[0])
            super().connect(("127.0.0.1", *address[1:]))

    with Receiver(tls=context) as receiver:
        monkeypatch.setattr(socket, "socket", Routed)
        outcome = attempt(receiver.url(PATH, host=NAME), allow_private=False, resolve=leading_to(["8.8.8.8"]))
    assert (outcome.state, seen) == ("sent", ["8.8.8.8"])


def test_a_certificate_of_another_name_is_refused(tls):
    context, _ = tls
    with Receiver(tls=context) as receiver:
        outcome = attempt(receiver.url(PATH, host="other.example.test"), resolve=leading_to(["127.0.0.1"]))
    assert outcome.state == "retry"
    assert "its certificate is not accepted (Hostname mismatch" in outcome.detail
    assert receiver.received == []


def test_a_certificate_of_an_unknown_authority_is_refused(tls, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "leaf.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(authority))
    context, _ = tls
    context.sni_callback = None
    with Receiver(tls=context) as receiver:
        outcome = attempt(receiver.url(PATH, host="other.example.test"), resolve=leading_to(["127.0.0.1"]))
    assert "its certificate is not accepted" in outcome.detail
    assert receiver.received == []


def test_tls_with_a_server_that_has_none_and_a_deadline_inside_it(tls):
    context, _ = tls
    with Receiver() as plain:
        assert "TLS failed" in attempt(plain.url(PATH).replace("http:", "https:")).detail
    drips = Reply(raw="HTTP/1.1 200 OK\r\nX: 1234567890123456789012345678901234567890\r\n\r\n", drip=0.05)
    script = {"/drips": drips, "/full": Reply(hang="request"), "/early": Reply(429, retry_after=3, early=True)}
    with Receiver(script, tls=context) as receiver:
        for path, body in (("/drips", BODY), ("/full", b"7" * 20_000_000)):
            outcome, seconds = timed(receiver.url(path), body)
            assert "within 0.5 s" in outcome.detail
            assert seconds < 2.5
        assert attempt(receiver.url("/early"), b"7" * 20_000_000).retry_after == 3


# The receiver as a process of its own


def test_a_receiver_of_its_own_process_keeps_what_it_took(tmp_path):
    log = tmp_path / "received.jsonl"
    command = [
        sys.executable,
        "-m",
        "tests.webhook_receiver",
        "--log",
        str(log),
        "--script",
        '{"/no": {"status": 500}}',
    ]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ}) as process:
        try:
            port = int(process.stdout.readline())
            assert attempt(f"http://127.0.0.1:{port}/hook").state == "sent"
            assert attempt(f"http://127.0.0.1:{port}/no").state == "retry"
        finally:
            process.kill()
    first, second = read_log(log)
    assert (first["path"], first["answered"], second["answered"]) == ("/hook", 200, 500)
    assert first["id"] == f"msg_{KEY}"
    assert Webhook(NEW).verify(first["body"], first["headers"]) == json.loads(BODY)


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("192.0.0.9", "192.0.2.1", "192.88.99.1", "198.19.0.1", "224.0.0.1", "233.252.0.1", "240.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fc00::1", "ff0e::1", "fec0::1", "100::1"),
        *("::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1", "2002:808:808::1", "2001:0:808:808::1"),
        *("2001:db8::1", "2001:20::1", "3fff::1", "5f00::1", "", "localhost", "127.1", "8.8.8.8 ", "08.8.8.8"),
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "114.114.114.114", "192.0.1.1", "2400:3200::1", "2606:4700::1111"])
def test_public_addresses(address):
    assert is_public(address)
