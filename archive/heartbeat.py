"""The heartbeat of the night: pings to a dead-man's switch such as healthchecks.io, when it begins and how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import msgspec

from archive.alerts.rules import check_webhook_url, explain, find_source
from archive.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.alerts.model import Outcome
    from archive.alerts.secret import Source

PATIENCE_SECONDS = 10.0  #: for one ping altogether
HURRY_SECONDS = 2.0  #: the same where a signal ends the program, which must be gone soon
_TRIES = 2
_PAUSE_SECONDS = 1.0


class _Section(msgspec.Struct, forbid_unknown_fields=True):
    url: str | None = None
    url_env: str | None = None
    url_file: str | None = None
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Heartbeat:
    url: str | None = None  #: it is a secret in any case: never printed
    source: Source | None = None
    allow_private: bool = False


def make_heartbeat(section: Mapping[str, Any] | None, name: str) -> Heartbeat | None:
    """``name``: of the file. No secret is read yet. Raises UsageError, which never repeats the address."""
    if section is None:
        return None
    where = f"{name}: `heartbeat"
    try:
        read = msgspec.convert(section, _Section, strict=True)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}`: {explain(str(error), _Section)}") from None
    source = find_source(where, "url", read.url_env, read.url_file)
    if (read.url is None) == (source is None):
        raise UsageError(f"{where}`: give its address with one of url, url_env and url_file.")
    if read.url is not None:
        _check_url(read.url, f"{where}.url`", allow_private=read.allow_private)
    return Heartbeat(read.url, source, read.allow_private)


def _check_url(url: str, where: str, *, allow_private: bool) -> None:
    check_webhook_url(url, where, allow_private=allow_private)
    if "#" in url:
        raise UsageError(f"{where}: allowed is an address without #: /start and the exit code are put behind its path.")


def ping(
    heartbeat: Heartbeat,
    signal: str,
    environment: Mapping[str, str],
    *,
    now: int,
    patience: float = PATIENCE_SECONDS,
) -> str | None:
    """Ping ``URL/signal``, twice where the first fails; what went wrong, without the address, or None.

    ``now``: Unix seconds. ``patience``: seconds for everything together. Raises nothing for what a network does.
    """
    try:
        url = _read_url(heartbeat, environment)
    except UsageError as error:
        return str(error)
    deadline = time.monotonic() + patience
    # the first leaves time for the second, where there is enough for two
    tries = _TRIES if patience > HURRY_SECONDS else 1
    for number in range(tries, 0, -1):
        outcome = _post(url, signal, heartbeat, now, max(0.1, (deadline - time.monotonic()) / number))
        if outcome.state == "sent":
            return None
        if number > 1:
            time.sleep(max(0.0, min(_PAUSE_SECONDS, deadline - time.monotonic() - _PAUSE_SECONDS)))
    return outcome.detail


def _read_url(heartbeat: Heartbeat, environment: Mapping[str, str]) -> str:
    if heartbeat.source is None:
        assert heartbeat.url is not None
        return heartbeat.url
    url = heartbeat.source.read(environment).reveal()
    _check_url(url, heartbeat.source.key, allow_private=heartbeat.allow_private)
    return url


def _post(url: str, signal: str, heartbeat: Heartbeat, now: int, timeout: float) -> Outcome:
    from archive.alerts.webhook import post  # noqa: PLC0415 - most commands never ping

    parts = urlsplit(url)
    address = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{signal}"))
    return post(
        address,
        b"",
        key=str(uuid4()),
        timestamp=now,
        secrets=(),
        allow_private=heartbeat.allow_private,
        timeout=timeout,
    )
