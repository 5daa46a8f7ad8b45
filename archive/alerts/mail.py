"""Mail: one message to one recipient, and what the server's answer means for that message, and for the next."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Self, cast

from archive.alerts.model import Outcome
from archive.alerts.smtp import Conversation, Refused
from archive.printable import spell_out

if TYPE_CHECKING:
    from email.message import EmailMessage
    from email.policy import EmailPolicy

    from archive.alerts.rules import SmtpChannel
    from archive.alerts.secret import Secret

_WORDS = 200
_FAREWELL = 2.0  #: seconds a server has to answer QUIT
_ADDRESS = re.compile(r"[^\s<>\x00-\x20\x7f]+@[^\s<>@\x00-\x20\x7f]+")
#: before a message is spoken of: whatever the code, it is for the operator to mend
_SETTING_UP = {"connect", "EHLO", "STARTTLS", "AUTH"}
#: "authenticate first", "encrypt first", "not with these words": at whatever verb, nothing about the recipient
_NOT_LET_IN = {530, 534, 535, 538}
_CLOSING = 421


class MailServer:
    """Connects when the first message is sent; messages follow each other on one connection."""

    def __init__(self, channel: SmtpChannel, password: Secret | None, *, timeout: float = 20.0) -> None:
        """``timeout``: seconds for one message altogether, however slowly the server speaks."""
        self._channel = channel
        self._password = password
        self._timeout = timeout
        self._context: ssl.SSLContext | None = None
        self._conversation: Conversation | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._conversation is not None:
            self._conversation.deadline = time.monotonic() + min(self._timeout, _FAREWELL)
            self._conversation.leave()
            self._conversation = None

    def send(self, recipient: str, message: EmailMessage) -> Outcome:
        """Never raises for what a server does."""
        if not _ADDRESS.fullmatch(recipient):
            return Outcome("final", "the recipient is no mail address")
        international = not (self._channel.sender + recipient).isascii()
        # cte_type: no server need be asked whether it takes 8-bit text
        policy = cast("EmailPolicy", message.policy).clone(linesep="\r\n", cte_type="7bit", utf8=international)
        data = message.as_bytes(policy=policy)
        deadline = time.monotonic() + self._timeout
        known = self._conversation is not None
        outcome, stale = self._attempt(recipient, data, deadline, international=international)
        # An idle server that hung up since the last message says nothing of this one.
        if known and stale and time.monotonic() < deadline:
            outcome, _ = self._attempt(recipient, data, deadline, international=international)
        return outcome

    def _attempt(self, recipient: str, data: bytes, deadline: float, *, international: bool) -> tuple[Outcome, bool]:
        """Also, whether the connection was lost, or given up by the server, before it had the message."""
        conversation = self._conversation or Conversation(self._channel, deadline)
        conversation.deadline = deadline
        keep = False
        try:
            if self._conversation is None:
                self._context = self._context or ssl.create_default_context()
                conversation.open(self._password, self._context)
            conversation.hand_over(recipient, data, international=international)
            keep = True
        except Refused as refused:
            outcome, keep = self._judge(refused, recipient)
            keep = keep and conversation.forget()
            return outcome, refused.code == _CLOSING and refused.verb != "the message"
        except (OSError, UnicodeError) as error:
            return self._explain(error, conversation, recipient), not conversation.handed_over
        else:
            return Outcome("sent"), False
        finally:
            self._conversation = conversation if keep else None
            if not keep:
                conversation.close()

    def _judge(self, refused: Refused, recipient: str) -> tuple[Outcome, bool]:
        """Also, whether the connection is still good for another message."""
        if refused.code < 0:  # so smtplib says that there was no number
            return Outcome("retry", f"{refused.verb}: the answer is no SMTP", whole_channel=True), False
        detail = f"{refused.verb}: {f'{refused.code} ' if refused.code else ''}{self._clean(refused.words, recipient)}"
        if refused.verb in _SETTING_UP or refused.code in _NOT_LET_IN or refused.code == _CLOSING:
            return Outcome("retry", detail, whole_channel=True), False
        if 500 <= refused.code < 600 or not refused.code:  # noqa: PLR2004 - the permanent refusals of RFC 5321
            return Outcome("final", detail), True
        if 400 <= refused.code < 500:  # noqa: PLR2004 - the transient ones
            return Outcome("retry", detail), True
        # not an answer to what was asked: there is no telling what the next one would mean
        return Outcome("retry", f"{detail} (not an answer of SMTP)", whole_channel=True), False

    def _explain(self, error: Exception, conversation: Conversation, recipient: str) -> Outcome:
        if time.monotonic() >= conversation.deadline or isinstance(error, TimeoutError):
            return Outcome(
                "retry", f"{conversation.verb}: no answer within {self._timeout:g} seconds", whole_channel=True
            )
        if isinstance(error, ssl.SSLCertVerificationError):
            words = f"the server's certificate is not accepted: {error.verify_message}"
        elif isinstance(error, ssl.SSLError):
            words = f"no encryption ({error.reason or type(error).__name__})"
        elif isinstance(error, (smtplib.SMTPServerDisconnected, ConnectionResetError, BrokenPipeError)):
            words = "the server closed the connection"
        elif isinstance(error, smtplib.SMTPException):
            words = "the answer is no SMTP"
        elif isinstance(error, UnicodeError):
            words = "the name of the server can't be written"
        else:
            words = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        # A server that fails over one message must not keep the others from being tried.
        return Outcome(
            "retry",
            f"{conversation.verb}: {self._clean(words, recipient)}",
            whole_channel=not conversation.handed_over,
        )

    def _clean(self, words: str, recipient: str) -> str:
        """A server's words without what it may have echoed: addresses, user, password, also in Base64 or torn apart."""
        user = self._channel.user or ""
        password = self._password.reveal() if self._password else ""
        encoded = [b64encode(text.encode()).decode() for text in (f"\0{user}\0{password}", password, user) if text]
        for hidden in (*encoded, password, user, recipient):
            if hidden.strip("="):
                torn = r"[\s\x00-\x1f]*".join(map(re.escape, hidden.rstrip("=")))
                words = re.sub(f"{torn}=*", "***", words, flags=re.IGNORECASE)
        text = spell_out(" ".join(words.split()))
        return text if len(text) <= _WORDS else f"{text[: _WORDS - 1]}…"
