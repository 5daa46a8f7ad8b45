"""From a selection of events to a feed: each told by its own version, under an id that outlasts a rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

from archive.alerts.announcements import load_announcements
from archive.alerts.rules import Kind
from archive.alerts.wording import KINDS, tell_kind
from archive.feeds.characters import clean_line
from archive.feeds.content import CHINESE, render_content
from archive.feeds.model import Entry, Feed
from archive.feeds.selection import choose_events, describe_query, find_last_finish, name_feed
from archive.language import HAN
from archive.web.links import outward, report_path, with_query

if TYPE_CHECKING:
    from archive.alerts.model import Announcement
    from archive.feeds.selection import Selection
    from archive.sqlite import sqlite3

#: a reappearance is never called new
LABELS: dict[Kind, str] = {kind: " / ".join(KINDS[kind]) for kind in get_args(Kind)}
_UNTITLED = "(without a title / 无标题)"
_BEGINNING = "1970-01-01T00:00:00Z"  #: of an archive in which nothing was settled yet


def load_feed(connection: sqlite3.Connection, selection: Selection, *, base_url: str | None = None) -> Feed:
    """``base_url``: of the archive's web page; without one a feed names neither itself nor an archived version."""
    events = choose_events(connection, selection)
    entries = tuple(
        make_entry(announcement, base_url=base_url) for announcement in load_announcements(connection, events)
    )
    return Feed(
        id=f"urn:uuid:{name_feed(connection, selection)}",
        title=clean_line(" · ".join(filter(None, ("baogao 报告", selection.listing, selection.query)))),
        subtitle=", ".join(LABELS[kind] for kind in selection.kinds),
        updated=max((entry.at for entry in entries), default=find_last_finish(connection) or _BEGINNING),
        entries=entries,
        base_url=base_url,
        page=with_query("/", q=selection.query, listing=selection.listing),
        query=describe_query(selection),
    )


def make_entry(announcement: Announcement, *, base_url: str | None = None) -> Entry:
    record, event = announcement.record, announcement.event
    title = clean_line(record["title"]) or _UNTITLED
    report_url = outward(record["url"])
    # where its key is another report's by now, no permalink leads to this version
    version = None if "alias_of" in record else record["version"]
    archived_url = base_url and base_url + report_path(event.key, version)
    return Entry(
        id=f"urn:uuid:{announcement.uid}",
        kind=event.kind,
        label=LABELS[event.kind],
        key=clean_line(event.key),
        version=record["version"],
        title=title if event.kind == "appeared" else f"{' / '.join(tell_kind(announcement))}: {title}",
        language=CHINESE if HAN.search(title) else "en",
        author=_name_publisher(announcement),
        at=event.at,
        content=render_content(announcement, report_url, archived_url),
        url=report_url or archived_url,
        archived_url=archived_url if report_url else None,
    )


def _name_publisher(announcement: Announcement) -> str:
    record = announcement.record
    host = urlsplit(outward(record["url"]) or record["capture"]["url"]).hostname
    return clean_line(record["series"] or "") or clean_line(host or "") or clean_line(announcement.event.key) or "?"
