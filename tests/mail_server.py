"""A real SMTP server on loopback that fails as it is told: at which verb, with which code, by silence or hanging up."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP, AuthResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: in the order of a conversation; "EHLO:tls" is the one after the handshake, "message" the answer behind the data
VERBS = ("connect", "EHLO", "STARTTLS", "handshake", "EHLO:tls", "AUTH", "MAIL", "RCPT", "DATA", "message")
CLOSE, HANG, DRIP = "close", "hang", "drip"  #: what an entry of the script may be, beside an answer


@dataclass
class Script:
    """``answers``: by verb (of VERBS, or ``RCPT:address``), for how many times (-1: always) and what."""

    answers: dict[str, str | Callable[[str], str]] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)  #: how often an answer is still given; absent: always
    credentials: tuple[str, str] | None = None
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    starttls: bool = True
    smtputf8: bool = False
    injected: str = ""  #: put behind the answer to STARTTLS, in front of the handshake, as a man in the middle would

    def find(self, verb: str) -> str | Callable[[str], str] | None:
        if verb not in self.answers:
            return None
        if verb in self.times:
            if not self.times[verb]:
                return None
            self.times[verb] -= 1
        return self.answers[verb]


@dataclass
class Received:
    sender: str
    recipients: tuple[str, ...]
    data: bytes
    encrypted: bool
    user: str | None


class Server:
    def __init__(self, port: int) -> None:
        self.port = port
        self.received: list[Received] = []
        self.commands: list[tuple[str, bool]] = []  #: verb, and whether it came encrypted
        self.connections = 0
        self.protocols: list[_Protocol] = []

    def hang_up(self) -> None:
        """On everybody, as a server does with idle clients."""
        for protocol in self.protocols:
            if protocol.transport is not None:
                protocol.loop.call_soon_threadsafe(protocol.transport.close)


class _Protocol(SMTP):
    def __init__(self, script: Script, server: Server, context: ssl.SSLContext | None, *, implicit: bool) -> None:
        self.script = script
        self.record = server
        self.implicit = implicit
        self.user: str | None = None
        self.greeted = False
        super().__init__(
            self,
            hostname="mail.invented.example",
            ident="ready",
            tls_context=context if script.starttls and not implicit else None,
            auth_require_tls=bool(context) and not implicit,
            auth_exclude_mechanism=[name for name in ("PLAIN", "LOGIN") if name not in script.mechanisms],
            authenticator=self.authenticate,
            enable_SMTPUTF8=script.smtputf8,
            loop=asyncio.get_running_loop(),
        )
        for verb in ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"):
            self._smtp_methods[verb] = self._scripted(verb, self._smtp_methods[verb])

    @property
    def encrypted(self) -> bool:
        return self.implicit or self._tls_protocol is not None

    def connection_made(self, transport):
        super().connection_made(transport)
        if self not in self.record.protocols:
            self.record.protocols.append(self)
            self.record.connections += 1

    def _scripted(self, verb, method):
        async def act(argument):
            self.record.commands.append((verb, self.encrypted))
            place = "EHLO:tls" if verb == "EHLO" and self._tls_protocol else verb
            answer = self.script.find(place)
            if verb == "RCPT":
                address = argument.partition("<")[2].partition(">")[0]
                answer = answer or self.script.find(f"RCPT:{address}")
            if answer is not None:
                await self._misbehave(answer, argument or "")
                return
            if verb == "STARTTLS":
                answer = self.script.find("handshake")
                if answer is not None:
                    await SMTP.push(self, "220 Ready")
                    await self._misbehave(answer, "")
                    return
            await method(argument)

        act.__smtp_syntax__ = method.__smtp_syntax__
        return act

    async def _misbehave(self, answer, argument: str) -> None:
        if answer == CLOSE:
            self.transport.close()
        elif answer == HANG:
            await asyncio.sleep(60)
        elif answer == DRIP:
            while not self._writer.is_closing():
                self._writer.write(b"2")
                await asyncio.sleep(0.05)
        else:
            await SMTP.push(self, (answer if isinstance(answer, str) else answer(argument)).encode())

    async def push(self, status):
        if not self.greeted:
            self.greeted = True
            answer = self.script.find("connect")
            if answer is not None:
                await self._misbehave(answer, "")
                return
        if status == "220 Ready to start TLS":
            status += self.script.injected
        await super().push(status)

    def authenticate(self, server, session, envelope, mechanism, proof):
        user, password = proof.login.decode(), proof.password.decode()
        if self.script.credentials != (user, password):
            return AuthResult(success=False, handled=False)
        self.user = user
        return AuthResult(success=True)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        data = envelope.original_content
        answer = self.script.find("message")
        if answer is None or answer == CLOSE:
            self.record.received.append(
                Received(envelope.mail_from, tuple(envelope.rcpt_tos), data, self.encrypted, self.user)
            )
        if answer is None:
            return "250 2.0.0 taken"
        if answer in {CLOSE, HANG, DRIP}:
            await self._misbehave(answer, "")
            return "451 too late"
        return answer if isinstance(answer, str) else answer(data.decode())


@contextlib.contextmanager
def serve(script: Script, certificate: Path | None = None, *, implicit: bool = False) -> Iterator[Server]:
    """``certificate``: of :func:`make_certificate`; ``implicit``: TLS from the start."""
    logging.getLogger("mail.log").disabled = True  # aiosmtpd logs what it is told, passwords with it
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # a client that hangs up is the subject
    server = Server(0)

    def make() -> _Protocol:
        return _Protocol(script, server, context, implicit=implicit)

    listening = loop.run_until_complete(loop.create_server(make, "127.0.0.1", 0, ssl=context if implicit else None))
    server.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="mail server")
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening, server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _stop(listening: asyncio.Server, server: Server) -> None:
    listening.close()
    for protocol in server.protocols:
        for transport in (protocol.transport, protocol._original_transport):
            if transport is not None:
                transport.abort()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # transports close their sockets in the next round


def make_certificate(path: Path, name: str = "127.0.0.1") -> Path:
    """A self-signed certificate with its key, made now and good for a day: SSL_CERT_FILE may name it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "invented")])
    try:
        alternative = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
