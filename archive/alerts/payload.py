"""The body of a webhook: JSON of fewer than 20 kB, from which details are left out before events are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive.alerts.cutting import cut
from archive.alerts.telling import find_permalink, find_rest
from archive.alerts.wording import TEST, count_events, tell_facts, tell_kind, tell_meanwhile
from archive.compare import Content
from archive.ledger import name_fields
from archive.significance import judge
from archive.text import tidy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.alerts.model import Announcement, Notice

LIMIT = 20_000  #: bytes; Standard Webhooks asks for less than 20 kB
_MOST = 80  #: events that could ever fit: the shortest takes 300 bytes
_LONG_TITLE = 300
_MANY_FIGURES = 40
_SUMMARIES = ("summary_zh", "summary_en")
#: what is left out, step by step, where the body is too long
_STEPS: tuple[tuple[str, ...], ...] = (
    (),
    _SUMMARIES,
    (*_SUMMARIES, "figures"),
    (*_SUMMARIES, "figures", "labels", "note", "permalink"),
)


def compose_webhook(notice: Notice) -> bytes:
    """Type, timestamp and data, as Standard Webhooks asks; the same notice is the same bytes."""
    if notice.form == "test":
        return _encode(notice, {"rule": tidy(notice.rule), "form": "test", "test": True, "note": " / ".join(TEST)})
    full = [_describe(each, notice) for each in notice.announcements[:_MOST]]
    for step in _STEPS if len(full) == len(notice.announcements) else ():
        body = _compose(notice, [_leave_out(event, step) for event in full])
        if len(body) < LIMIT:
            return body
    return _fit(notice, [_shorten_title(_leave_out(event, _STEPS[-1])) for event in full])


def _fit(notice: Notice, events: list[dict[str, Any]]) -> bytes:
    """With as many whole events as there is room for; then, of very many, as many numbers of events."""
    numbers = len(_list_numbers(notice))
    while len(_compose(notice, [], numbers)) >= LIMIT:
        numbers -= max(1, numbers // 20)
    fits, fails = 0, len(events) + 1
    while fails - fits > 1:
        middle = (fits + fails) // 2
        small = len(_compose(notice, events[:middle], numbers)) < LIMIT
        fits, fails = (middle, fails) if small else (fits, middle)
    return _compose(notice, events[:fits], numbers)


def _compose(notice: Notice, events: Sequence[Mapping[str, Any]], numbers: int | None = None) -> bytes:
    known = _list_numbers(notice)
    total = count_events(notice)
    return _encode(
        notice,
        {
            "rule": tidy(notice.rule),
            "form": notice.form,
            "released": notice.form == "summary",
            "total": total,
            "event_ids": known[:numbers],
            "event_ids_omitted": total - len(known[:numbers]),
            "events": events,
            "omitted": total - len(events),
            "link": find_rest(notice),
        },
    )


def _list_numbers(notice: Notice) -> list[int]:
    return list(notice.event_ids) or [each.event.id for each in notice.announcements]


def _encode(notice: Notice, data: Mapping[str, Any]) -> bytes:
    body = {"type": _name_type(notice), "timestamp": notice.created_at, "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _name_type(notice: Notice) -> str:
    if notice.form == "each" and notice.announcements:
        return f"report.{notice.announcements[0].event.kind}"
    return {"test": "baogao.test", "summary": "report.summary"}.get(notice.form, "report.digest")


def _describe(announcement: Announcement, notice: Notice) -> dict[str, Any]:
    event, record = announcement.event, announcement.record
    facts = tell_facts(announcement) or [tell_kind(announcement)]
    told = {
        "id": announcement.uid,
        "event": event.id,
        "run": event.run,
        "at": event.at,
        "kind": event.kind,
        "key": tidy(record["key"]),
        "version": record["version"],
        "title": tidy(record["title"]),
        "url": tidy(record["url"]),
        "permalink": find_permalink(record, notice.base_url),
        "observed_at": record["observed_at"],
        "fields": [],
        "note": " ".join(" / ".join(words) for words in (facts[0], *tell_meanwhile(announcement))),
        "left_out": [],
    }
    if event.kind == "withdrawn":
        told["last_seen_at"] = announcement.last_seen_at
    if announcement.before is not None:
        told |= _describe_change(announcement.before, record) | {"returned_to": announcement.returned_to}
    if notice.form == "each" or event.kind == "withdrawn":  # its last version is to be had nowhere else
        told |= {name: tidy(record[name]) for name in _SUMMARIES}
    return told


def _describe_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    judgement = judge(before, after).to_json()
    figures = judgement["figures"]
    return {
        "previous_version": before["version"],
        "fields": list(name_fields(_read_content(before), _read_content(after))),
        "verdict": judgement["verdict"],
        "labels": judgement["labels"],
        "figures": figures[:_MANY_FIGURES],
        "figures_omitted": max(0, len(figures) - _MANY_FIGURES),
    }


def _read_content(record: Mapping[str, Any]) -> Content:
    """As the version itself stands in the archive."""
    return Content(
        record["title"],
        json.dumps(record["brands"], ensure_ascii=False),
        record["summary_zh"],
        record["summary_en"],
        record["published_on"],
    )


def _leave_out(event: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Without those, and saying so."""
    kept = {name: value for name, value in event.items() if name not in names}
    return kept | {"left_out": [name for name in names if event.get(name)]}


def _shorten_title(event: dict[str, Any]) -> dict[str, Any]:
    title = event["title"]
    if len(title) <= _LONG_TITLE:
        return event
    return event | {"title": cut(title, _LONG_TITLE), "left_out": [*event["left_out"], "title"]}
