"""What ``scrapy crawl reports -O reports.jsonl`` writes, in the order of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.model import Entry


@dataclass(slots=True)
class ReportItem:
    """One report as one page of one listing showed it."""

    key: str
    url: str
    title: str
    series: str | None
    brands: list[str]
    summary_zh: str
    summary_en: str
    listing: str
    page: int
    position: int  #: on the page, from 1

    @classmethod
    def from_entry(cls, entry: Entry, *, listing: str, page: int, position: int) -> ReportItem:
        return cls(
            key=entry.key,
            url=entry.url,
            title=entry.title,
            series=entry.series,
            brands=list(entry.brands),
            summary_zh=entry.summary_zh,
            summary_en=entry.summary_en,
            listing=listing,
            page=page,
            position=position,
        )
