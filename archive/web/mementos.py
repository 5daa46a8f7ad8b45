"""The versions of a report as mementos (RFC 7089): headers, the TimeMap, the one for a moment."""

from __future__ import annotations

from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from archive.errors import UsageError
from archive.moments import parse_time
from archive.query import find_item, list_versions, load_record
from archive.web.answers import Document, Moved, NotThere
from archive.web.links import outward, report_path, to_uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.sqlite import sqlite3
    from archive.web.answers import Ask


def find_report(connection: sqlite3.Connection, key: str) -> sqlite3.Row:
    """Raises NotThere, in words for a visitor who has no command line."""
    try:
        return find_item(connection, key)
    except UsageError as error:
        raise NotThere(f"There is no report with the key “{key}” in this archive.") from error


def find_version(versions: Sequence[sqlite3.Row], number: str) -> sqlite3.Row:
    for row in versions:
        if str(row["seq"]) == number:
            return row
    count = len(versions)
    raise NotThere(
        f"This report has no version {number}: it has {count} version{'' if count == 1 else 's, 1 to ' + str(count)}."
    )


def describe_memento(ask: Ask, key: str, original: str, versions: Sequence[sqlite3.Row], number: int) -> dict[str, str]:
    """Headers of a permalink: when the site showed it, and its neighbours in time."""
    row = next(row for row in versions if row["seq"] == number)
    return {
        "Memento-Datetime": to_http_date(row["fetched_at"]),
        "Link": ", ".join(_relate(ask, key, original, versions, number)),
    }


def describe_capture(row: sqlite3.Row) -> dict[str, str]:
    """Headers of the archived bytes: they are a memento of the page of the listing, which shows other reports too."""
    return {"Memento-Datetime": to_http_date(row["fetched_at"]), "Link": _link(row["capture_url"], "original")}


def find_original(url: str | None, versions: Sequence[sqlite3.Row]) -> str:
    """What the versions are mementos of: one resource for all of them, on whatever page of the listing they stood."""
    return outward(url) or str(versions[0]["capture_url"])


def describe_gate(ask: Ask, key: str, original: str) -> dict[str, str]:
    """Headers of the page of a report, which is also the TimeGate to its versions."""
    links = [
        _link(original, "original"),
        _link(ask.base_url + report_path(key), "timegate"),
        _link(ask.base_url + report_path(key, tail="/timemap"), "timemap", type="application/link-format"),
    ]
    return {"Link": ", ".join(links), "Vary": "Accept-Datetime"}


def compose_timemap(connection: sqlite3.Connection, ask: Ask) -> Document:
    item = find_report(connection, ask.path["key"])
    versions = list_versions(connection, item["id"])
    key, moments = item["key"], [row["fetched_at"] for row in versions]
    lines = [
        _link(find_original(item["url"], versions), "original"),
        _link(
            ask.base_url + report_path(key, tail="/timemap"),
            "self",
            type="application/link-format",
            **{"from": to_http_date(min(moments)), "until": to_http_date(max(moments))},
        ),
        _link(ask.base_url + report_path(key), "timegate"),
        *(_link_memento(ask, key, versions, row) for row in versions),
    ]
    return Document(",\n".join(lines) + "\n", "application/link-format; charset=utf-8")


def pass_gate(connection: sqlite3.Connection, ask: Ask, key: str) -> Moved | None:
    """The version that the site showed at the moment asked for with Accept-Datetime; None where none was asked for."""
    if not ask.moment:
        return None
    item = find_report(connection, key)
    versions = list_versions(connection, item["id"])
    try:
        moment = parsedate_to_datetime(ask.moment)
    except ValueError as error:
        raise UsageError(f"“{ask.moment}” is no date as HTTP writes it (Sun, 06 Nov 1994 08:49:37 GMT).") from error
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    first = [row for row in versions if row["fetched_at"] == versions[0]["fetched_at"]]
    shown = [row for row in versions if parse_time(row["fetched_at"]) <= moment] or first
    number = max(shown, key=lambda row: (row["fetched_at"], row["seq"]))["seq"]
    return Moved(report_path(key, number), 302, describe_gate(ask, key, find_original(item["url"], versions)))


def to_http_date(moment: str) -> str:
    return format_datetime(parse_time(moment), usegmt=True)


def _relate(ask: Ask, key: str, original: str, versions: Sequence[sqlite3.Row], number: int) -> list[str]:
    at = next(place for place, row in enumerate(versions) if row["seq"] == number)
    near = dict.fromkeys((0, at - 1, at, at + 1, len(versions) - 1))
    return [
        _link(original, "original"),
        _link(ask.base_url + report_path(key), "timegate"),
        _link(ask.base_url + report_path(key, tail="/timemap"), "timemap", type="application/link-format"),
        *(_link_memento(ask, key, versions, versions[n], at) for n in sorted(near) if 0 <= n < len(versions)),
    ]


def _link_memento(ask: Ask, key: str, versions: Sequence[sqlite3.Row], row: sqlite3.Row, at: int | None = None) -> str:
    place = next(place for place, each in enumerate(versions) if each["seq"] == row["seq"])
    words = {
        "first": place == 0,
        "last": place == len(versions) - 1,
        "prev": at is not None and place == at - 1,
        "next": at is not None and place == at + 1,
    }
    rel = " ".join([*(word for word, holds in words.items() if holds), "memento"])
    return _link(ask.base_url + report_path(key, row["seq"]), rel, datetime=to_http_date(row["fetched_at"]))


def _link(url: str, rel: str, **more: str) -> str:
    """One link; nothing out of the data can end it early."""
    address = to_uri(url).replace("'", "%27")
    return "; ".join([f"<{address}>", f'rel="{rel}"', *(f'{name}="{value}"' for name, value in more.items())])


def load_version(connection: sqlite3.Connection, ask: Ask) -> tuple[dict[str, Any], list[sqlite3.Row], sqlite3.Row]:
    """The record of the version in the address, all versions, and its row."""
    item = find_report(connection, ask.path["key"])
    versions = list_versions(connection, item["id"])
    row = find_version(versions, ask.path["version"])
    return load_record(connection, item["key"], version=row["seq"]), versions, row
