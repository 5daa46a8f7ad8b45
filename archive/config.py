"""baogao.toml: typed, strict, and complete without a file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

import msgspec

from archive.alerts.rules import AlertSection, make_channels, make_rules, name_choices
from archive.budget import DURATION, read_budget
from archive.choosing import match_listings
from archive.errors import UsageError
from archive.heartbeat import make_heartbeat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from archive.alerts.rules import Channel, Rule
    from archive.heartbeat import Heartbeat

DEFAULT_URL = "https://report.iimedia.cn/tag/人民日报"
DEFAULT_USER_AGENT = "baogao/0.1 (report archive; contact: none)"
MIN_DELAY = 1.0  #: seconds; politeness to a host that is not ours
HOSTS_AT_ONCE = 4
RANK_STEP = 10  #: default ranks leave room between two listings
_HOST = re.compile(r"(?=.{1,254}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?")
_TAG = re.compile(r"^/tag/([^/]+)/?$")


class _Crawl(msgspec.Struct, forbid_unknown_fields=True):
    delay: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 2.0
    user_agent: Annotated[str, msgspec.Meta(min_length=1, max_length=300)] = DEFAULT_USER_AGENT
    max_pages: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 500
    budget: str | None = None
    max_concurrent_hosts: Annotated[int, msgspec.Meta(ge=1, le=64)] = HOSTS_AT_ONCE


class _Listing(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    rank: int | None = None
    page_url: str | None = None


class _Web(msgspec.Struct, forbid_unknown_fields=True):
    base_url: str | None = None


class _Operator(msgspec.Struct, forbid_unknown_fields=True):
    to: Annotated[list[str], msgspec.Meta(min_length=1)]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    crawl: _Crawl = msgspec.field(default_factory=_Crawl)
    listing: list[_Listing] = msgspec.field(default_factory=list)
    web: _Web = msgspec.field(default_factory=_Web)
    alert: list[AlertSection] = msgspec.field(default_factory=list)
    channel: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    operator: _Operator | None = None
    heartbeat: dict[str, Any] | None = None


_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "$": _File,
    "$.crawl": _Crawl,
    "$.listing[...]": _Listing,
    "$.web": _Web,
    "$.alert[...]": AlertSection,
    "$.operator": _Operator,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """One paginated listing: ``key`` is what names it for ever, ``rank`` whose text speaks (lower first)."""

    key: str
    url: str  #: percent-encoded
    rank: int
    page_url: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    listings: tuple[Listing, ...]
    delay: float
    user_agent: str
    max_pages: int
    rules: tuple[Rule, ...] = ()
    channels: Mapping[str, Channel] = field(default_factory=dict)
    base_url: str | None = None  #: of the archive's own web page, without a slash at its end; for links in messages
    operator: tuple[str, ...] = ()  #: names of channels: who hears of nights that fail
    heartbeat: Heartbeat | None = None
    budget: float | None = None  #: seconds, see archive.budget
    max_concurrent_hosts: int = HOSTS_AT_ONCE


def load_config(path: Path | None) -> Config:
    """The configuration of ``path``, or the built-in default where it is None. Raises UsageError."""
    if path is None:
        return _resolve(_File(), "the built-in default")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); name the file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not TOML in UTF-8: {error}.") from error
    try:
        return _resolve(msgspec.convert(raw, _File, strict=True), str(path))
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {_explain(str(error))}") from error


def _explain(said: str) -> str:
    """The sentence of msgspec with the key in front and, for an unknown key, what is allowed there."""
    message, _, where = said.partition(" - at `")
    place = where.rstrip("`") or "$"
    key = place.removeprefix("$").lstrip(".") or "top level"
    unknown = re.search(r"unknown field `([^`]*)`", message)
    if unknown:
        allowed = _SECTIONS[re.sub(r"\[\d+\]", "[...]", place)].__struct_fields__
        name = unknown[1] if key == "top level" else f"{key}.{unknown[1]}"
        return f"unknown key `{name}`; allowed here: {', '.join(allowed)}."
    if key == "crawl.budget":  # msgspec knows no durations
        return f"`{key}`: {DURATION}."
    return f"`{key}`: {name_choices(key, message) or f'{message[0].lower()}{message[1:]}.'}"


def _resolve(file: _File, name: str) -> Config:
    entries = file.listing or [_Listing(url=DEFAULT_URL)]
    listings: dict[str, Listing] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{name}: `listing[{number - 1}]"
        try:
            listing = make_listing(entry.url, rank=number * RANK_STEP if entry.rank is None else entry.rank)
        except UsageError as error:
            raise UsageError(f"{where}.url`: {error}") from error
        if entry.page_url is not None:
            _check_page_url(entry.page_url, f"{where}.page_url`")
            listing = Listing(listing.key, listing.url, listing.rank, entry.page_url)
        known = listings.setdefault(listing.key, listing)
        if known != listing and (known.url != listing.url or entry.rank is not None or entry.page_url is not None):
            raise UsageError(
                f"{where}.url`: names the listing {listing.key} a second time, after {known.url}; keep one of the two "
                "(a tag is known by its name, whatever the site: another site's needs a data directory of its own)."
                if known.url != listing.url
                else f"{where}.url`: names the listing {listing.key} a second time; keep one of the two."
            )
    channels = make_channels(file.channel, name)
    config = Config(
        tuple(listings.values()),
        file.crawl.delay,
        file.crawl.user_agent,
        file.crawl.max_pages,
        make_rules(file.alert, channels, name),
        channels,
        _read_base_url(file.web.base_url, f"{name}: `web.base_url`"),
        _read_operator(file.operator, channels, f"{name}: `operator.to`"),
        make_heartbeat(file.heartbeat, name),
        None if file.crawl.budget is None else read_budget(file.crawl.budget, f"{name}: `crawl.budget`"),
        file.crawl.max_concurrent_hosts,
    )
    if "\n" in config.user_agent or not config.user_agent.isascii() or not config.user_agent.isprintable():
        raise UsageError(f"{name}: `crawl.user_agent`: allowed are printable ASCII characters on one line.")
    check_delay(config.delay, config.listings, f"{name}: `crawl.delay`")
    return config


def _read_base_url(url: str | None, where: str) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not re.fullmatch(r"https?://[!-;=?-~]+", url) or "?" in url or "#" in url or "@" in url:
        raise UsageError(f"{where}: allowed is the address of `baogao serve` as readers see it, https://HOST/.")
    return url.rstrip("/")


def _read_operator(section: _Operator | None, channels: Mapping[str, Channel], where: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(section.to)) if section else ()
    for name in names:
        if name not in channels:
            known = ", ".join(channels) or "none yet"
            raise UsageError(f"{where}: there is no [channel.{name}] in this file; there are: {known}.")
    return names


def choose_listings(config: Config, urls: Sequence[str], patterns: Sequence[str] = ()) -> tuple[Listing, ...]:
    """The configured listings, or those of the given addresses; a configured one keeps its rank. Raises UsageError.

    ``patterns``: of the configured ones those whose key or address they match, as in a shell or to the letter.
    """
    if urls and patterns:
        raise UsageError("--listing chooses among the configured listings: give either that or addresses, not both.")
    if patterns:
        return match_listings(config.listings, patterns)
    if not urls:
        return config.listings
    configured = {listing.key: listing for listing in config.listings}
    chosen: dict[str, Listing] = {}
    for number, url in enumerate(urls, 1):
        listing = make_listing(url, rank=number * RANK_STEP)
        known = configured.get(listing.key)
        chosen.setdefault(listing.key, known if known and known.url == listing.url else listing)
    return tuple(chosen.values())


def check_delay(delay: float, listings: Sequence[Listing], where: str) -> None:
    """Refuse to ask a foreign host more than once a second."""
    for listing in listings:
        if not delay >= MIN_DELAY and not is_loopback(listing.url):
            raise UsageError(
                f"{where}: {delay:g} is too short for {urlsplit(listing.url).hostname}; allowed are {MIN_DELAY:g} "
                "second or more (less only on a loopback address)."
            )


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))


def _check_page_url(page_url: str, where: str) -> None:
    try:
        placeholders = {name for _, name, _, _ in Formatter().parse(page_url) if name is not None}
        filled = page_url.format(url="http://x/", page=1) if placeholders <= {"url", "page"} else ""
    except (KeyError, IndexError, ValueError) as error:
        raise UsageError(f"{where}: allowed placeholders are {{url}} and {{page}} ({error}).") from error
    if not filled:  # {url.something} is Python, and no address
        raise UsageError(f"{where}: allowed placeholders are {{url}} and {{page}}.")
    if "{page}" not in page_url or urlsplit(filled).scheme not in {"http", "https"}:
        raise UsageError(f'{where}: must hold {{page}} and give a http(s) address, as in "{{url}}?page={{page}}".')


def _encode_host(host: str, url: str) -> str:
    """As it goes over the wire; a name that no name server could ever answer for is refused here."""
    try:
        encoded = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        encoded = ""
    if not _HOST.fullmatch(encoded):
        raise UsageError(f"{url!r} is not a web address: {host!r} is no host name.")
    return encoded


def _encoding_of(quoted: str, url: str) -> str:
    """In which charset an address is percent-encoded: an old Chinese site reads its own queries as GBK only."""
    for encoding in ("utf-8", "gb18030"):
        try:
            unquote(quoted, encoding=encoding, errors="strict")
        except UnicodeDecodeError:
            continue
        return encoding
    raise UsageError(f"{url!r} is percent-encoded, but neither in UTF-8 nor in GBK: copy the address again.")


def _unquote(quoted: str, url: str) -> str:
    return unquote(quoted, encoding=_encoding_of(quoted, url))


def _requote(quoted: str, safe: str, url: str) -> str:
    """The one spelling of a part of an address; what is in GBK goes over the wire byte for byte as given."""
    if _encoding_of(quoted, url) == "utf-8":
        return quote(unquote(quoted), safe=safe)
    return quote(quoted, safe=safe + "%")


def make_listing(url: str, *, rank: int, page_url: str | None = None) -> Listing:
    """A listing from its address, raw or percent-encoded: both spellings give the same one. Raises UsageError."""
    try:
        url.encode()
    except UnicodeEncodeError as error:  # typed bytes, in another charset or locale
        raise UsageError(f"{url!r} is not UTF-8: copy the address percent-encoded, or set LC_ALL=C.UTF-8.") from error
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is not a web address ({error}).") from error
    if parts.scheme not in {"http", "https"} or not host or parts.username or re.search(r"\s", url.strip()):
        raise UsageError(f"{url!r} is not a web address; allowed are http:// and https:// with a host and no password.")
    path = _unquote(parts.path or "/", url)
    netloc = f"[{host}]" if ":" in host else _encode_host(host, url)
    netloc += f":{port}" if port else ""
    query = _requote(parts.query, "=&+,;:@/?-._~", url)
    canonical = urlunsplit((parts.scheme, netloc, _requote(parts.path or "/", "/:@!$&'()*+,;=~-._", url), query, ""))
    tag = _TAG.match(path)
    key = f"tag:{tag[1]}" if tag and not query else f"{host}{path}"
    if query:
        encoding = _encoding_of(query, url)
        pairs = parse_qsl(query, keep_blank_values=True, encoding=encoding)
        key += "?" + "&".join(f"{name}={value}" for name, value in sorted(pairs))
    return Listing(key, canonical, rank, page_url)
