"""Who hears of what, how and by which channel: the sections ``[[alert]]`` and ``[channel.NAME]`` of baogao.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from archive.alerts.secret import Source
from archive.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["appeared", "changed", "withdrawn", "reappeared"]
#: of a change, as archive.significance names them; a language may follow, as in ``figures:zh``
Aspect = Literal["title", "figures", "wording", "brands", "published_on", "language_added", "language_removed"]
_ASPECT = re.compile(rf"({'|'.join(get_args(Aspect))})(:(zh|en))?")
_DAILY = re.compile(r"daily ([01]\d|2[0-3]):([0-5]\d)(?: (\S+))?")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
#: also in other scripts, where the server takes them (SMTPUTF8)
_RECIPIENT = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[^\W_](?:[\w.-]{0,251}[^\W_])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Digest:
    """When a rule speaks: once a run, of each event by itself, or once a day."""

    form: Literal["run", "each", "daily"]
    at: time | None = None
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    to: tuple[str, ...]  #: names of channels
    match: str | None = None  #: in the search language
    on: frozenset[Kind] = frozenset({"appeared"})
    changed: tuple[str, ...] = ()  #: aspects; empty: any change
    listings: tuple[str, ...] = ()  #: keys; empty: any
    digest: Digest = Digest("run")


@dataclass(frozen=True, slots=True)
class SmtpChannel:
    name: str
    host: str
    port: int
    to: tuple[str, ...]
    sender: str
    user: str | None = None
    password: Source | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    unsubscribe: str | None = None  #: a mailto: or https: address


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    name: str
    url: str | None = None  #: it may hold a token: never printed whole
    url_source: Source | None = None
    secret: Source | None = None  #: one or two keys, the newer first, parted by a blank
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class ChatChannel:
    name: str
    url: Source


Channel = SmtpChannel | WebhookChannel | ChatChannel


class AlertSection(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    to: Annotated[list[str], msgspec.Meta(min_length=1)]
    match: str | None = None
    on: Annotated[list[Kind], msgspec.Meta(min_length=1)] = msgspec.field(default_factory=lambda: ["appeared"])
    changed: Annotated[list[str], msgspec.Meta(min_length=1)] | None = None
    listing: Annotated[list[str], msgspec.Meta(min_length=1)] | None = None
    digest: str = "run"


class _Smtp(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["smtp"]
    url: str
    to: Annotated[list[str], msgspec.Meta(min_length=1)]
    sender: str | None = msgspec.field(name="from", default=None)
    password_env: str | None = None
    password_file: str | None = None
    tls: Literal["starttls", "none"] | None = None
    unsubscribe: str | None = None


class _Webhook(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["webhook"]
    url: str | None = None
    url_env: str | None = None
    url_file: str | None = None
    secret_env: str | None = None
    secret_file: str | None = None
    allow_private: bool = False


class _Chat(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["apprise"]
    url_env: str | None = None
    url_file: str | None = None


#: of the keys that take one of a few words, which msgspec does not name
CHOICES = {"on": get_args(Kind), "tls": ("starttls", "none")}
_KINDS: dict[str, type[_Smtp | _Webhook | _Chat]] = {"smtp": _Smtp, "webhook": _Webhook, "apprise": _Chat}


def make_rules(sections: list[AlertSection], channels: Mapping[str, Channel], name: str) -> tuple[Rule, ...]:
    """Rules in the order of the file. ``name``: of that file. Raises UsageError, naming the key and what is allowed."""
    rules: dict[str, Rule] = {}
    for number, section in enumerate(sections):
        where = f"{name}: `alert[{number}]"
        _check_name(section.name, f"{where}.name`")
        if section.name in rules:
            raise UsageError(f"{where}.name`: {section.name!r} is the name of an earlier rule: give each its own.")
        for channel in section.to:
            if channel not in channels:
                known = ", ".join(channels) or "none yet"
                raise UsageError(f"{where}.to`: there is no [channel.{channel}] in this file; there are: {known}.")
        if section.match is not None:
            _check_match(section.match, f"{where}.match`")
        for aspect in section.changed or ():
            if not _ASPECT.fullmatch(aspect):
                raise UsageError(
                    f"{where}.changed`: {aspect!r} is no kind of change; allowed: {', '.join(get_args(Aspect))}, each "
                    "with :zh or :en behind it where one language is meant."
                )
        if section.changed and "changed" not in section.on:
            raise UsageError(f'{where}.changed`: only speaks where `on` holds "changed": add it there.')
        rules[section.name] = Rule(
            section.name,
            tuple(dict.fromkeys(section.to)),
            section.match,
            frozenset(section.on),
            tuple(section.changed or ()),
            tuple(section.listing or ()),
            _read_digest(section.digest, f"{where}.digest`"),
        )
    return tuple(rules.values())


def _check_name(name: str, where: str) -> None:
    if not re.fullmatch(r"\S(?:.{0,62}\S)?", name) or not name.isprintable():
        raise UsageError(f"{where}: allowed are 1 to 64 printable characters without blanks at the ends.")


def _check_match(match: str, where: str) -> None:
    from archive.search.terms import parse  # noqa: PLC0415 - only a rule with words pays for it

    query = parse(match)
    if query.root is None:
        raise UsageError(f"{where}: {query.message}")


def _read_digest(text: str, where: str) -> Digest:
    if text in {"run", "each"}:
        return Digest(text)  # type: ignore[arg-type]
    daily = _DAILY.fullmatch(text)
    if not daily:
        raise UsageError(
            f'{where}: allowed are "run", "each", and "daily HH:MM ZONE" as in "daily 08:30 Asia/Shanghai".'
        )
    try:
        zone = ZoneInfo(daily[3] or "UTC")
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise UsageError(
            f"{where}: {daily[3]!r} is no time zone; allowed are names as Asia/Shanghai, Europe/Berlin, UTC."
        ) from None
    return Digest("daily", time(int(daily[1]), int(daily[2])), zone)


def make_channels(sections: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Channel]:
    """Channels by name; no secret is read yet. Raises UsageError, which never repeats an address: it may be one."""
    return {channel: _make_channel(channel, section, name) for channel, section in sections.items()}


def _make_channel(channel: str, section: Mapping[str, Any], name: str) -> Channel:
    where = f"{name}: `channel.{channel}"
    _check_name(channel, f"{where}`")
    kind = section.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise UsageError(f"{where}.type`: allowed: {', '.join(_KINDS)}.")
    try:
        read = msgspec.convert(section, _KINDS[kind], strict=True)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}`: {explain(str(error), _KINDS[kind])}") from None
    if isinstance(read, _Smtp):
        return _make_smtp(channel, read, where)
    if isinstance(read, _Webhook):
        return _make_webhook(channel, read, where)
    source = find_source(where, "url", read.url_env, read.url_file)
    if source is None:
        raise UsageError(f"{where}`: name the variable that holds its address with url_env, or a file with url_file.")
    return ChatChannel(channel, source)


def explain(said: str, kind: type[msgspec.Struct]) -> str:
    """What msgspec says, without the value; for an unknown key, what is allowed."""
    unknown = re.search(r"unknown field `([^`]*)`", said)
    if unknown:
        allowed = ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
        hint = ""
        if unknown[1] in {"password", "secret", "token"}:
            hint = f" A secret never stands in this file: use {unknown[1]}_env or {unknown[1]}_file."
        return f"unknown key `{unknown[1]}`; allowed here: {allowed}.{hint}"
    message, _, at = said.partition(" - at `$")
    key = at.rstrip("`").lstrip(".")
    return f"{f'`{key}`: ' if key else ''}{name_choices(key, message) or f'{message[0].lower()}{message[1:]}.'}"


def name_choices(key: str, message: str) -> str:
    """What is allowed for ``key``, where msgspec's message only repeats the word that is not."""
    name = re.sub(r"\[\d+\]", "", key).rpartition(".")[2]
    allowed = CHOICES.get(name, ()) if message.startswith("Invalid enum value") else ()
    return f"allowed: {', '.join(allowed)}." if allowed else ""


def find_source(where: str, key: str, variable: str | None, file: str | None) -> Source | None:
    """Where ``key`` is kept; ``where``: file and section, as in "baogao.toml: `channel.mail". Raises UsageError."""
    if variable is not None and file is not None:
        raise UsageError(f"{where}`: give {key}_env or {key}_file, not both.")
    if variable is not None and not _VARIABLE.fullmatch(variable):
        raise UsageError(f"{where}.{key}_env`: allowed is the name of an environment variable, not its content.")
    if file is not None and not file.startswith(("/", "./", "../", "~")) and not re.fullmatch(r"[\w.-]+", file):
        raise UsageError(f"{where}.{key}_file`: allowed is the path of a file, not its content.")
    if variable is None and file is None:
        return None
    return Source(f"{where.partition('`')[2]}.{key}", variable, file)


def _make_smtp(name: str, read: _Smtp, where: str) -> SmtpChannel:
    try:
        parts = urlsplit(read.url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in {"smtp", "smtps"} or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError(f"{where}.url`: allowed is smtp://USER@HOST:PORT, or smtps:// for TLS from the start.")
    if parts.password is not None:
        raise UsageError(f"{where}.url`: a password never stands in this file: use password_env or password_file.")
    password = find_source(where, "password", read.password_env, read.password_file)
    user = unquote(parts.username) if parts.username else None
    if (password is None) != (user is None):
        raise UsageError(f"{where}`: a user (in url) and a password (password_env or password_file) go together.")
    security: Literal["starttls", "tls", "none"] = "tls" if parts.scheme == "smtps" else read.tls or "starttls"
    if read.tls == "none" and (host not in _LOOPBACK or parts.scheme == "smtps"):
        raise UsageError(f'{where}.tls`: "none" is allowed only for smtp:// on a loopback address.')
    for number, address in enumerate(read.to):
        if not _RECIPIENT.fullmatch(address):
            raise UsageError(f"{where}.to[{number}]`: is no mail address; allowed is name@example.org.")
    sender = read.sender or (user if user and _ADDRESS.fullmatch(user) else f"baogao@{host}")
    if not _ADDRESS.fullmatch(sender):
        raise UsageError(f"{where}.from`: is no mail address; allowed is name@example.org.")
    if read.unsubscribe is not None and not re.fullmatch(r"(mailto:|https://)[!-;=?-~]+", read.unsubscribe):
        raise UsageError(f"{where}.unsubscribe`: allowed is a mailto: or https:// address.")
    default = {"starttls": 587, "tls": 465, "none": 25}[security]
    to = tuple(dict.fromkeys(read.to))
    return SmtpChannel(name, host, port or default, to, sender, user, password, security, read.unsubscribe)


def _make_webhook(name: str, read: _Webhook, where: str) -> WebhookChannel:
    source = find_source(where, "url", read.url_env, read.url_file)
    if (read.url is None) == (source is None):
        raise UsageError(f"{where}`: give its address with one of url, url_env and url_file.")
    if read.url is not None:
        check_webhook_url(read.url, f"{where}.url`", allow_private=read.allow_private)
    secret = find_source(where, "secret", read.secret_env, read.secret_file)
    return WebhookChannel(name, read.url, source, secret, read.allow_private)


def check_webhook_url(url: str, where: str, *, allow_private: bool) -> None:
    """Raise UsageError for an address that nothing may be posted to; the address itself is not repeated."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"{where}: is no web address; allowed is https://HOST/PATH in ASCII.")
    if parts.username is not None:
        raise UsageError(f"{where}: a user name or password does not belong into the address.")
    if parts.scheme == "http" and not allow_private:
        raise UsageError(f"{where}: allowed is https://; plain http:// only with allow_private = true.")
