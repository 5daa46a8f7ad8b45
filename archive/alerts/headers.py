"""The headers of a mail: what a title can never break, and what tells programs that no person wrote it."""

from __future__ import annotations

import hashlib
from email.charset import Charset
from email.header import Header
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import TYPE_CHECKING, Any

from archive.alerts.wording import head

if TYPE_CHECKING:
    from datetime import datetime

    from archive.alerts.model import Notice
    from archive.alerts.rules import SmtpChannel

_LINE = 900  #: characters of an address that may stand on a line of its own; 998 are allowed


class _Verbatim(UnstructuredHeader):
    """A header whose addresses are no words: the library would encode a long one, and nobody could follow it."""

    max_count = 1
    name: str  #: given by the library

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Without decoding what looks encoded: a title may look so."""
        kwds["parse_tree"] = cls.value_parser("")
        kwds["decoded"] = value

    def fold(self, *, policy: EmailPolicy[Any]) -> str:
        return f"{self.name}: " + str(self).replace(" ", f"{policy.linesep} ") + policy.linesep


class _Words(_Verbatim):
    """A header for people to read. The library's own way of folding loses blanks between encoded words."""

    def fold(self, *, policy: EmailPolicy[Any]) -> str:
        text = str(self)
        if not text.isascii() or "=?" in text:
            text = _encode(text, self.name, policy.linesep)
        return f"{self.name}: {text}{policy.linesep}"


def _encode(text: str, name: str, linesep: str) -> str:
    words = Header(text, Charset("utf-8"), maxlinelen=75, header_name=name)
    return words.encode(linesep=linesep)


def _make_policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    registry.map_to_type("subject", _Words)  # type: ignore[arg-type]  # the stub knows whole headers only
    for name in ("message-id", "list-id", "list-unsubscribe", "list-unsubscribe-post"):
        registry.map_to_type(name, _Verbatim)  # type: ignore[arg-type]
    return SMTP.clone(header_factory=registry, cte_type="7bit")


POLICY = _make_policy()


def address_mail(notice: Notice, channel: SmtpChannel, recipient: str, *, date: datetime) -> EmailMessage:
    """A message without a body."""
    domain = channel.sender.rpartition("@")[2]
    message = EmailMessage(policy=POLICY)
    message["From"] = channel.sender
    message["To"] = recipient
    message["Subject"] = head(notice)
    message["Date"] = date
    message["Message-ID"] = f"<{notice.id}@{domain}>"
    message["List-Id"] = _name_list(notice.rule, domain)
    if channel.unsubscribe and len(channel.unsubscribe) <= _LINE:
        message["List-Unsubscribe"] = f"<{channel.unsubscribe}>"
        if channel.unsubscribe.startswith("https:"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # RFC 3834: to a mail with this, or with List-Id (RFC 2919), no responder answers. No Precedence: RFC 2076 calls it
    # non-standard and discouraged, it adds nothing to these two, and some servers put "bulk" behind all other mail
    message["Auto-Submitted"] = "auto-generated"
    return message


def _name_list(rule: str, domain: str) -> str:
    """RFC 2919: a phrase for people and an identifier that stays while the rule keeps its name."""
    label = f"<{hashlib.sha256(rule.encode(errors='replace')).hexdigest()[:16]}.baogao.{domain}>"
    name = rule.encode(errors="replace").decode() or "baogao"
    if name.isascii() and name.isprintable() and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" {label}'
    return f"{_encode(name, 'List-Id', '')} {label}"
