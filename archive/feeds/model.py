"""A feed and its entries, before they become bytes of one format or the other. Every text in it is clean."""

from __future__ import annotations

from dataclasses import dataclass

RIGHTS = (
    "Titles and summaries are their publisher's, all rights reserved, quoted for research under no open licence; keys, "
    "times and states are this archive's own record. / 标题与摘要归其发布者所有，保留一切权利，仅为研究而引用。"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event."""

    id: str  #: urn:uuid:…, the same for ever
    kind: str
    label: str  #: the kind in words, both languages
    key: str
    version: int
    title: str
    language: str  #: of the title
    author: str
    at: str  #: UTC
    content: str  #: HTML
    url: str | None  #: where the title leads: the publisher's page, or else the archive's
    archived_url: str | None  #: the archive's page, where it is not the same


@dataclass(frozen=True, slots=True)
class Feed:
    id: str
    title: str
    subtitle: str
    updated: str
    entries: tuple[Entry, ...]
    base_url: str | None = None  #: of the archive's web page, without a slash at its end
    page: str = "/"  #: on it: the reports of which this feed tells
    query: str = ""  #: on it: what stands behind /feed.atom and /feed.json
