"""The event feed for feed readers, which ask again and again, and mostly for what they have already."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from archive.feeds import atom, jsonfeed
from archive.feeds.entries import load_feed
from archive.feeds.selection import find_last_change, make_selection
from archive.web.answers import Document
from archive.web.mementos import to_http_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.feeds.model import Feed
    from archive.sqlite import sqlite3
    from archive.web.answers import Ask


def compose_atom(connection: sqlite3.Connection, ask: Ask) -> Document:
    return _compose(connection, ask, atom.build_atom, atom.CONTENT_TYPE)


def compose_json(connection: sqlite3.Connection, ask: Ask) -> Document:
    return _compose(connection, ask, jsonfeed.build_json_feed, jsonfeed.CONTENT_TYPE)


def _compose(connection: sqlite3.Connection, ask: Ask, build: Callable[[Feed], bytes], content_type: str) -> Document:
    on = [name.strip() for value in ask.every.get("on", ()) for name in value.split(",")]
    selection = make_selection(
        connection,
        on=filter(None, on),
        listing=ask.query.get("listing", "").strip() or None,
        query=ask.query.get("q", "").strip() or None,
    )
    body = build(load_feed(connection, selection, base_url=ask.base_url))
    headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
    if (changed := find_last_change(connection)) is not None:
        headers["Last-Modified"] = to_http_date(changed)
    return Document(body, content_type, headers)
