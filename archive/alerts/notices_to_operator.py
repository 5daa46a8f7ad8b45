"""Telling the operator of nights that failed, and that they are good again, by the channels of [operator]."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from archive.alerts.couriers import Courier, Worker
from archive.alerts.failures import judge_night, load_standing, save_standing
from archive.alerts.model import Outcome
from archive.alerts.reporting import Place, compose_report_mail, compose_report_webhook, head, tell
from archive.alerts.rules import ChatChannel, SmtpChannel, check_webhook_url
from archive.errors import UsageError
from archive.moments import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from archive.alerts.failures import Night, Report
    from archive.alerts.rules import Channel, WebhookChannel
    from archive.config import Config
    from archive.store import DataDirectory

    Target = tuple[str, str]  #: channel and recipient; of other channels than mail the recipient is empty
    Send = Callable[[], Outcome]
    Session = AbstractContextManager[object]

FILE = "operator.json"
PATIENCE_SECONDS = 30.0  #: for all targets together
_DONE = {"sent", "final", "gone"}


def tell_operator(
    data: DataDirectory,
    config: Config,
    night: Night,
    environment: Mapping[str, str],
    *,
    host: str,
    say: Callable[[str], None],
    patience: float = PATIENCE_SECONDS,
) -> None:
    """Tell what is to be told after this night, and what earlier attempts could not. Raises nothing of its own.

    It is on record before it is sent: whatever happens then, the next night tries again, under the same id.
    """
    file = data.state / FILE
    targets = _list_targets(config)
    before = load_standing(file)
    standing, report = judge_night(before, night)
    waiting = targets if report else tuple(each for each in standing.targets if each in targets)
    standing = replace(standing, targets=waiting, waiting=standing.waiting if waiting else None)
    is_kept = save_standing(standing, file)
    if not is_kept:
        say(f"baogao: {file} can't be written: the operator may be told of this night again after the next.")
    if standing.waiting is None:
        return
    place = Place(host, str(data.root.absolute()))
    done = set()
    for target, outcome in _send(standing.waiting, place, config, waiting, environment, patience, night.at).items():
        if outcome.state in _DONE:
            done.add(target)
        if outcome.state != "sent":
            again = "not tried again" if target in done else "the next `baogao crawl` tries again"
            say(f"baogao: the operator was not told by {target[0]}: {outcome.detail}; {again}.")
    left = tuple(each for each in waiting if each not in done)
    if is_kept and left != waiting:
        save_standing(replace(standing, targets=left, waiting=standing.waiting if left else None), file)


def _list_targets(config: Config) -> tuple[Target, ...]:
    targets: list[Target] = []
    for name in config.operator:
        channel = config.channels[name]
        targets += [(name, to) for to in channel.to] if isinstance(channel, SmtpChannel) else [(name, "")]
    return tuple(targets)


def _send(
    report: Report,
    place: Place,
    config: Config,
    targets: tuple[Target, ...],
    environment: Mapping[str, str],
    patience: float,
    at: str,
) -> dict[Target, Outcome]:
    """To all at once, each by a worker of its own."""
    outcomes = dict.fromkeys(targets, Outcome("retry", f"no answer within {patience:g} s"))
    finished: SimpleQueue[Worker] = SimpleQueue()
    workers: dict[Worker, Target] = {}
    for target in targets:
        try:
            session, send = _address(report, place, config.channels[target[0]], target[1], environment, at)
        except UsageError as error:
            outcomes[target] = Outcome("retry", str(error).rstrip("."))
            continue
        workers[_start(session, send, finished)] = target
    deadline = time.monotonic() + patience
    for _ in workers:
        try:
            worker = finished.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        if worker.outcome is not None:
            outcomes[workers[worker]] = worker.outcome
    return outcomes


def _start(session: Session, send: Send, finished: SimpleQueue[Worker]) -> Worker:
    worker = Worker(Courier(lambda *_: send, session), finished)
    worker.hand_over(send)
    worker.dismiss()
    return worker


def _address(
    report: Report, place: Place, channel: Channel, recipient: str, environment: Mapping[str, str], at: str
) -> tuple[Session, Send]:
    """What sends it, and what is open meanwhile; secrets are read, nothing is connected. Raises UsageError."""
    if isinstance(channel, SmtpChannel):
        return _address_mail(report, place, channel, recipient, environment)
    if isinstance(channel, ChatChannel):
        return nullcontext(), _address_chat(report, place, channel, environment)
    return nullcontext(), _address_webhook(report, place, channel, environment, at)


def _address_mail(
    report: Report, place: Place, channel: SmtpChannel, recipient: str, environment: Mapping[str, str]
) -> tuple[Session, Send]:
    from archive.alerts.mail import MailServer  # noqa: PLC0415 - a channel loads what it needs

    server = MailServer(channel, channel.password.read(environment) if channel.password else None)
    message = compose_report_mail(report, place, channel, recipient, date=parse_time(report.night.at))
    return server, partial(server.send, recipient, message)


def _address_webhook(
    report: Report, place: Place, channel: WebhookChannel, environment: Mapping[str, str], at: str
) -> Send:
    from archive.alerts.webhook import post, read_signing_secrets  # noqa: PLC0415

    url = channel.url
    if channel.url_source is not None:
        url = channel.url_source.read(environment).reveal()
        check_webhook_url(url, channel.url_source.key, allow_private=channel.allow_private)
    assert url is not None
    secret = channel.secret.read(environment) if channel.secret else None
    return partial(
        post,
        url,
        compose_report_webhook(report, place),
        key=report.id,
        timestamp=int(parse_time(at).timestamp()),
        secrets=read_signing_secrets(secret, channel.secret.key if channel.secret else ""),
        allow_private=channel.allow_private,
    )


def _address_chat(report: Report, place: Place, channel: ChatChannel, environment: Mapping[str, str]) -> Send:
    from archive.alerts.chat import ChatTarget  # noqa: PLC0415 - loads apprise

    target = ChatTarget(channel.name, channel.url.read(environment))
    return partial(target.send, head(report, place), tell(report, place))
