"""One worker for one channel: what composes its messages, and the thread that takes them to the target."""

from __future__ import annotations

import hashlib
import threading
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from archive.alerts.model import Outcome
from archive.alerts.rules import SmtpChannel, WebhookChannel, check_webhook_url
from archive.moments import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from archive.alerts.model import Notice
    from archive.alerts.rules import Channel, ChatChannel


@dataclass(frozen=True, slots=True)
class Courier:
    compose: Callable[[Notice, str, str], Callable[[], Outcome]]  #: for a recipient, at a time: a call that sends it
    session: AbstractContextManager[object]  #: what is open meanwhile
    address: str = ""  #: of a webhook: tells one address from another, and none of them


def open_courier(channel: Channel, environment: Mapping[str, str]) -> Courier:
    """With the channel's secrets read; nothing is connected yet. Raises UsageError."""
    if isinstance(channel, SmtpChannel):
        return _open_mail(channel, environment)
    if isinstance(channel, WebhookChannel):
        return _open_webhook(channel, environment)
    return _open_chat(channel, environment)


def _open_mail(channel: SmtpChannel, environment: Mapping[str, str]) -> Courier:
    from archive.alerts.composing import compose_mail  # noqa: PLC0415 - a channel loads what it needs
    from archive.alerts.mail import MailServer  # noqa: PLC0415

    server = MailServer(channel, channel.password.read(environment) if channel.password else None)

    def compose(notice: Notice, recipient: str, at: str) -> Callable[[], Outcome]:
        return partial(server.send, recipient, compose_mail(notice, channel, recipient, date=parse_time(at)))

    return Courier(compose, server)


def _open_webhook(channel: WebhookChannel, environment: Mapping[str, str]) -> Courier:
    from archive.alerts.composing import compose_webhook  # noqa: PLC0415
    from archive.alerts.webhook import post, read_signing_secrets  # noqa: PLC0415

    url = channel.url
    if channel.url_source is not None:
        url = channel.url_source.read(environment).reveal()
        check_webhook_url(url, channel.url_source.key, allow_private=channel.allow_private)
    assert url is not None
    secret = channel.secret.read(environment) if channel.secret else None
    secrets = read_signing_secrets(secret, channel.secret.key if channel.secret else "")

    def compose(notice: Notice, _: str, at: str) -> Callable[[], Outcome]:
        return partial(
            post,
            url,
            compose_webhook(notice),
            key=notice.id,
            timestamp=int(parse_time(at).timestamp()),
            secrets=secrets,
            allow_private=channel.allow_private,
        )

    return Courier(compose, nullcontext(), hashlib.sha256(url.encode()).hexdigest()[:16])


def _open_chat(channel: ChatChannel, environment: Mapping[str, str]) -> Courier:
    from archive.alerts.chat import ChatTarget  # noqa: PLC0415 - loads apprise
    from archive.alerts.composing import compose_chat  # noqa: PLC0415

    target = ChatTarget(channel.name, channel.url.read(environment))

    def compose(notice: Notice, _: str, __: str) -> Callable[[], Outcome]:
        return partial(target.send, *compose_chat(notice, title_limit=target.title_limit, body_limit=target.body_limit))

    return Courier(compose, nullcontext())


class Worker:
    """A thread that sends one message after the other, and dies with the program whatever an endpoint does to it."""

    def __init__(self, courier: Courier, finished: SimpleQueue[Worker]) -> None:
        """``finished``: hears of this worker after each message; how it ended is in :attr:`outcome`."""
        self.courier = courier
        self.outcome: Outcome | None = None
        self._finished = finished
        self._parcels: SimpleQueue[Callable[[], Outcome] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="courier", daemon=True)
        self._thread.start()

    def hand_over(self, parcel: Callable[[], Outcome]) -> None:
        self.outcome = None
        self._parcels.put(parcel)

    def dismiss(self) -> None:
        """After what it has at hand it leaves its server and ends."""
        self._parcels.put(None)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _work(self) -> None:
        with self.courier.session:
            while (parcel := self._parcels.get()) is not None:
                self.outcome = _send(parcel)
                self._finished.put(self)


def _send(parcel: Callable[[], Outcome]) -> Outcome:
    try:
        return parcel()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other channels go on; its words may hold a secret
        return Outcome("retry", f"{type(error).__name__} while sending: a bug of baogao", whole_channel=True)
