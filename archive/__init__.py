"""An archive of report listings: WARC files are the journal, the database is its reading.

A *run* is one night's crawl. Its *captures*, the archived responses, are parsed by *settlement* into *items* (one
report each), immutable *versions* of their text, and *events*, the feed of what changed. First reading, recovery
after a crash and re-reading with a better parser are the same code, so ``archive.db`` can be thrown away and read
again from ``warc/``.

Time has two axes: ``observed_at``, when the site showed something, and ``recorded_at``, when we read it so. A site
edit is a new observation; a parser fix is a new reading of an old one and never looks like an edit.

Presence may be proved by any page; absence only by two complete walks of every listing that ever held the report.

Nothing in this package loads Scrapy; ``crawler`` does, and imports from here. A notebook begins with
``from archive import open_archive``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.reader import open_archive

__all__ = ["open_archive"]


def __getattr__(name: str) -> Any:
    """``open_archive``, loaded when it is asked for: ``import archive`` stays light."""
    if name == "open_archive":
        from archive.reader import open_archive  # noqa: PLC0415 - see above

        return open_archive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
