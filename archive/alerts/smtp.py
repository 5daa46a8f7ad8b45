"""A conversation with a mail server: encrypted or not at all, each verb by itself, and over by a given instant."""

from __future__ import annotations

import re
import smtplib
import socket
import time
from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from archive.alerts.rules import SmtpChannel
    from archive.alerts.secret import Secret

_LARGEST_REPLY = 64 * 1024
_CHUNK = 16 * 1024

Reply = tuple[int, bytes]


class Refused(Exception):
    """The server answered, and it was a no; ``code`` is 0 where it lacks what is needed."""

    def __init__(self, verb: str, code: int, words: bytes | str) -> None:
        super().__init__(verb, code)
        self.verb = verb
        self.code = code
        self.words = words if isinstance(words, str) else words.decode("utf-8", "replace")


class Conversation(smtplib.SMTP):
    """smtplib under a deadline: the time it allows each read and write would let a dripping server keep us for days."""

    def __init__(self, channel: SmtpChannel, deadline: float) -> None:
        super().__init__(local_hostname="localhost")  # named for good in open(); the default would ask the DNS
        self.channel = channel
        self.deadline = deadline  #: of time.monotonic(); moved on for each message
        self.verb = "connect"  #: what an error interrupted
        self.handed_over = False  #: a message was sent and not answered: the server may have taken it

    def open(self, password: Secret | None, context: ssl.SSLContext) -> None:
        """Up to where a message can be sent. Raises Refused, OSError, UnicodeError."""
        self.sock = self._reach()
        self.local_hostname = _name_self(self.sock)
        if self.channel.security == "tls":
            self._encrypt(context)
        self._ask("connect", self.getreply, 220)
        self._ask("EHLO", self.ehlo, 250)
        if self.channel.security == "starttls":
            if not self.has_extn("starttls"):
                raise Refused("STARTTLS", 0, "the server does not offer it; nothing was sent in plain text")
            self._ask("STARTTLS", lambda: self.docmd("STARTTLS"), 220)
            self._encrypt(context)
            # RFC 3207: all that was said in plain text is forgotten
            self.file = None
            self.esmtp_features = {}
            self._ask("EHLO", self.ehlo, 250)
        if password is not None and self.channel.user is not None:
            self._authenticate(self.channel.user, password)

    def hand_over(self, recipient: str, data: bytes, *, international: bool) -> None:
        """One message to one recipient; the server has answered for it. Raises Refused, OSError."""
        self.handed_over = False
        options = f" SIZE={len(data)}" if self.has_extn("size") else ""
        if international:
            if not self.has_extn("smtputf8"):
                raise Refused("MAIL", 0, "the server takes no addresses outside ASCII")
            self.command_encoding = "utf-8"
            options += " SMTPUTF8"
        self._ask("MAIL", lambda: self.docmd("MAIL", f"FROM:<{self.channel.sender}>{options}"), 250)
        self._ask("RCPT", lambda: self.docmd("RCPT", f"TO:<{recipient}>"), 250, 251)
        self._ask("DATA", lambda: self.docmd("DATA"), 354)
        self.verb = "the message"
        self.handed_over = True
        self.send(_quote(data))
        self._ask("the message", self.getreply, 250)
        self.handed_over = False

    def forget(self) -> bool:
        """After a refused message: whether the next one may follow on this connection."""
        try:
            return self.docmd("RSET")[0] == 250  # noqa: PLR2004 - an SMTP code is best known by its number
        except OSError:
            return False

    def leave(self) -> None:
        """Say so, as is polite, and close."""
        try:
            if self.sock is not None:
                self.docmd("QUIT")
        except OSError:
            pass
        finally:
            self.close()

    def _ask(self, verb: str, command: Callable[[], Reply], *expected: int) -> None:
        self.verb = verb
        code, words = command()
        if code not in expected:
            raise Refused(verb, code, words)

    def _reach(self) -> socket.socket:
        """Connected to the first address that answers; those that don't share the time evenly."""
        addresses = socket.getaddrinfo(self.channel.host, self.channel.port, type=socket.SOCK_STREAM)
        failure = OSError("no address")
        for left, (family, kind, protocol, _, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            candidate = socket.socket(family, kind, protocol)
            try:
                candidate.settimeout(self._remaining() / left)
                candidate.connect(address)
            except OSError as error:
                candidate.close()
                failure = error
            else:
                return candidate
        raise failure

    def _encrypt(self, context: ssl.SSLContext) -> None:
        assert self.sock is not None
        self.sock.settimeout(self._remaining())
        self.sock = context.wrap_socket(self.sock, server_hostname=self.channel.host)

    def _authenticate(self, user: str, password: Secret) -> None:
        """By PLAIN or LOGIN, in UTF-8: smtplib's own login() fails on a password outside ASCII."""
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            proof = _encode(f"\0{user}\0{password.reveal()}")
            self._ask("AUTH", lambda: self.docmd("AUTH", f"PLAIN {proof}"), 235)
        elif "LOGIN" in offered:
            self._ask("AUTH", lambda: self.docmd("AUTH", "LOGIN"), 334)
            self._ask("AUTH", lambda: self.docmd(_encode(user)), 334)
            self._ask("AUTH", lambda: self.docmd(_encode(password.reveal())), 235)
        else:
            raise Refused("AUTH", 0, "the server offers neither PLAIN nor LOGIN")

    def _remaining(self) -> float:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    def getreply(self) -> Reply:
        assert self.sock is not None
        if self.file is None:
            self.file = _Lines(self.sock, self._remaining)
        self.file.taken = 0
        return super().getreply()

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        try:
            for start in range(0, len(data), _CHUNK):
                self.sock.settimeout(self._remaining())
                self.sock.sendall(data[start : start + _CHUNK])
        except OSError:
            self.close()
            raise


class _Lines:
    """Lines of a socket, read within what remains of the time."""

    def __init__(self, sock: socket.socket, remaining: Callable[[], float]) -> None:
        self._sock = sock
        self._remaining = remaining
        self._buffer = b""
        self.taken = 0

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._buffer and len(self._buffer) < limit:
            self._sock.settimeout(self._remaining())
            received = self._sock.recv(_CHUNK)
            if not received:
                break
            self._buffer += received
        line = self._buffer[: self._buffer.find(b"\n") + 1 or limit][:limit]
        self._buffer = self._buffer[len(line) :]
        self.taken += len(line)
        if self.taken > _LARGEST_REPLY:
            raise OSError("an answer without end")
        return line

    def close(self) -> None:
        self._buffer = b""


def _encode(text: str) -> str:
    return b64encode(text.encode()).decode()


def _name_self(sock: socket.socket) -> str:
    """A full name, or the address in brackets, as RFC 5321 §4.1.4 asks."""
    name = socket.gethostname()
    if "." in name and re.fullmatch(r"[A-Za-z0-9.-]+", name):
        return name
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _quote(data: bytes) -> bytes:
    """As DATA wants it: every line ends in CRLF, so that no lone LF or CR ends the message early, and dots doubled."""
    lines = re.sub(rb"\r\n|\n|\r", b"\r\n", data)
    return re.sub(rb"(?m)^\.", b"..", lines).removesuffix(b"\r\n") + b"\r\n.\r\n"
