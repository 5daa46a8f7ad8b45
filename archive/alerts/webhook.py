"""Posting to a webhook as Standard Webhooks 1.0 has it: signed, to a checked address, and no redirect is followed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import socket
import ssl
from contextlib import closing, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, RemoteDisconnected
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from archive.alerts.model import Outcome
from archive.alerts.pinned import NotPublic, open_line
from archive.alerts.rules import check_webhook_url
from archive.errors import UsageError
from archive.retry_after import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.alerts.pinned import Line, Resolve
    from archive.alerts.secret import Secret

USER_AGENT = "baogao (alerts; Standard Webhooks 1.0)"
_SHORTEST, _LONGEST = 24, 64  # bytes of a key
_MOST_KEYS = 2
_PORTS = {"http": 80, "https": 443}
#: of the body of an answer, which changes nothing: bytes read, and seconds that may take
_LARGEST_ANSWER, _COURTESY = 1024, 1.0
_LONGEST_WAIT = 24 * 3600.0
_ASKING_TO_WAIT = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
#: whatever the message is
_OUT_OF_ORDER = {*_ASKING_TO_WAIT, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}


def read_signing_secrets(secret: Secret | None, where: str) -> tuple[bytes, ...]:
    """The keys to sign with, the newer first; none where there is no secret.

    Read as receivers read them: ``whsec_`` may be missing, and so may the padding. Raises UsageError, naming ``where``.
    """
    if secret is None:
        return ()
    values = secret.reveal().split()
    if not 1 <= len(values) <= _MOST_KEYS:
        raise UsageError(f"{where}: holds {len(values)} keys; allowed are one, or two parted by a blank, newer first.")
    return tuple(dict.fromkeys(_read_key(value, where) for value in values))


def _read_key(value: str, where: str) -> bytes:
    digits = value.removeprefix("whsec_").rstrip("=")
    key = b""
    # stricter than libraries of receivers, which skip what is not base64, each in its own way: a typing error would
    # make another key there
    if re.fullmatch(r"[A-Za-z0-9+/]+", digits) and len(digits) % 4 != 1:
        key = base64.b64decode(digits + "==")
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise UsageError(
            f"{where}: is no key of Standard Webhooks: allowed is whsec_ and then {_SHORTEST} to {_LONGEST} bytes in "
            'base64; `echo "whsec_$(openssl rand -base64 32)"` makes one.'
        )
    return key


def sign(secrets: Sequence[bytes], key: str, timestamp: int, body: bytes) -> str:
    """``webhook-signature`` of the message with that idempotency key: one signature for each secret."""
    content = f"{_name_message(key)}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, content, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _name_message(key: str) -> str:
    return f"msg_{key}"


def post(
    url: str,
    body: bytes,
    *,
    key: str,
    timestamp: int,
    secrets: Sequence[bytes],
    allow_private: bool,
    timeout: float = 20.0,
    resolve: Resolve = socket.getaddrinfo,
) -> Outcome:
    """One attempt. Raises UsageError for an address that nothing can be posted to, and nothing for what a network does.

    ``key``: the idempotency key. ``timestamp``: of this attempt, in Unix seconds. ``timeout``: of everything together.
    """
    where = "the address of a webhook"
    check_webhook_url(url, where, allow_private=allow_private)
    if not url.isprintable():
        raise UsageError(f"{where}: is no web address; allowed are printable characters.")
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    headers = {
        "host": parts.netloc,
        "content-type": "application/json; charset=utf-8",
        "user-agent": USER_AGENT,
        "connection": "close",
        "webhook-id": _name_message(key),
        "webhook-timestamp": str(timestamp),
    }
    if secrets:
        headers["webhook-signature"] = sign(secrets, key, timestamp, body)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = HTTPConnection(host, port)
    tls = parts.scheme == "https"
    try:
        with (
            open_line(host, port, tls=tls, allow_private=allow_private, timeout=timeout, resolve=resolve) as line,
            closing(connection),
        ):
            status, asked = _exchange(connection, line, target, body, headers)
    except (NotPublic, OSError, HTTPException, ValueError) as error:
        return Outcome("retry", f"{host}: {_explain(error, timeout)}", whole_channel=True)
    return _judge(status, host, read_wait(asked, now=datetime.fromtimestamp(timestamp, UTC)))


def _exchange(
    connection: HTTPConnection, line: Line, target: str, body: bytes, headers: dict[str, str]
) -> tuple[int, str]:
    """Status and Retry-After of the answer."""
    connection.sock = cast("socket.socket", line)
    # who refuses early hangs up before all is sent; the answer is there to be read
    with suppress(ConnectionError, ssl.SSLEOFError):
        connection.request("POST", target, body, headers)
    response = connection.getresponse()
    line.hurry(_COURTESY)
    with suppress(OSError, HTTPException, ValueError):
        response.read(_LARGEST_ANSWER)
    return response.status, response.getheader("Retry-After", "")


def _judge(status: int, host: str, wait: float | None) -> Outcome:
    said = f"{host} answered {status}"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome("sent", said)
    if status == HTTPStatus.GONE:
        return Outcome("gone", f"{said}: it wants no more messages", whole_channel=True)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        said = f"{said}, a redirect, which is not followed: configure the address it leads to"
        return Outcome("retry", said, whole_channel=True)
    if status not in _ASKING_TO_WAIT:
        wait = None
    return Outcome("retry", said, wait, whole_channel=status in _OUT_OF_ORDER)


def read_wait(value: str, *, now: datetime) -> float | None:
    """Seconds that a Retry-After asks for, a day at most; None where it says nothing usable."""
    asked = parse_retry_after(value, now=now)
    return None if asked is None else min(asked, _LONGEST_WAIT)


def _explain(error: Exception, timeout: float) -> str:
    """In words of our own: those of the error may hold the address, or what a server sent."""
    said = type(error).__name__
    match error:
        case NotPublic():
            said = f"leads to {error}, not a public address; allow_private = true of its channel permits that"
        case ssl.SSLCertVerificationError():
            said = f"its certificate is not accepted ({error.verify_message.rstrip('.')})"
        case ssl.SSLError():
            said = f"TLS failed ({error.reason or said})"
        case socket.gaierror() | UnicodeError():
            said = "its name leads to no address"
        case TimeoutError():
            said = f"no complete answer within {round(timeout, 1):g} s"
        case RemoteDisconnected():
            said = "closed the connection without an answer"
        case HTTPException() | ValueError():
            said = f"its answer is no HTTP ({said})"
        case OSError(errno=int(number)):
            said = f"{said} ({os.strerror(number)})"
    return said
