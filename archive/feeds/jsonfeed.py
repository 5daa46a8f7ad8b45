"""A feed as JSON Feed 1.1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive.feeds.characters import clean
from archive.feeds.model import RIGHTS

if TYPE_CHECKING:
    from archive.feeds.model import Entry, Feed

VERSION = "https://jsonfeed.org/version/1.1"
CONTENT_TYPE = "application/feed+json; charset=utf-8"


def build_json_feed(feed: Feed) -> bytes:
    document: dict[str, Any] = {"version": VERSION, "title": feed.title, "description": feed.subtitle}
    if feed.base_url is not None:
        document |= {
            "home_page_url": feed.base_url + feed.page,
            "feed_url": f"{feed.base_url}/feed.json{feed.query}",
        }
    document |= {
        "authors": [{"name": "baogao"}],
        "_baogao": {"id": feed.id, "updated": feed.updated, "rights": RIGHTS},
        "items": [_describe(entry) for entry in feed.entries],
    }
    return (json.dumps(_clean(document), ensure_ascii=False, indent=1) + "\n").encode()


def _describe(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        **({"url": entry.url} if entry.url else {}),
        "title": entry.title,
        "content_html": entry.content,
        "date_published": entry.at,
        "date_modified": entry.at,
        "authors": [{"name": entry.author}],
        "language": entry.language,
        "tags": [entry.kind],
        "_baogao": {
            "kind": entry.kind,
            "key": entry.key,
            "version": entry.version,
            **({"archived_url": entry.archived_url} if entry.archived_url else {}),
        },
    }


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value
