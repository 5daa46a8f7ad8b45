"""The words of a message for each kind of channel: mail here, a chat's in ``brief``, a webhook's in ``payload``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.alerts.brief import compose_chat
from archive.alerts.headers import address_mail
from archive.alerts.payload import compose_webhook
from archive.alerts.rendering import render
from archive.alerts.telling import find_rest, list_rooms, tell
from archive.alerts.wording import RELEASED, TEST, TEST_MARK, count_events, count_kinds

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage

    from archive.alerts.model import Notice
    from archive.alerts.rules import SmtpChannel
    from archive.alerts.telling import Told

_LARGEST = 100_000  #: bytes of HTML: Gmail cuts what is longer than 102 kB
_MOST = 100  #: events that one mail tells; the rest is counted

__all__ = ["compose_chat", "compose_mail", "compose_webhook"]


def compose_mail(notice: Notice, channel: SmtpChannel, recipient: str, *, date: datetime) -> EmailMessage:
    """Text and HTML that say the same; all of it in 7 bits, so that any server takes it."""
    message = address_mail(notice, channel, recipient, date=date)
    text, html = _write(notice)
    # base64: of Chinese it makes a third more, quoted-printable three times as much; and no line of it is too long
    message.set_content(text, cte="base64")
    message.add_alternative(html, subtype="html", cte="base64")
    message.set_boundary(f"=_{notice.id}")  # the same notice is the same bytes, and base64 holds no underscore
    return message


def _write(notice: Notice) -> tuple[str, str]:
    """Both parts, with as much of each event, and with as many of them, as a mail program shows."""
    rooms = list_rooms(len(notice.announcements))
    shown = notice.announcements[:_MOST]
    while True:
        context = _describe(notice, [tell(each, notice, rooms[0]) for each in shown])
        html = render("mail.html", context)
        if len(html.encode()) <= _LARGEST or (len(rooms) == 1 and len(shown) <= 1):
            return render("mail.txt", context), html
        if len(rooms) > 1:
            del rooms[0]
        else:
            shown = shown[: len(shown) * 2 // 3]


def _describe(notice: Notice, reports: list[Told]) -> dict[str, Any]:
    total = count_events(notice)
    first = min((each.event.id for each in notice.announcements), default=1)
    return {
        "test": (TEST_MARK, TEST) if notice.form == "test" else None,
        "released": RELEASED if notice.form == "summary" else None,
        "counted": count_kinds(notice) if total > 1 else None,
        "reports": reports,
        "more": total - len(reports),
        "rest": find_rest(notice),
        "cursor": first - 1,
    }
