"""What the log says of each walk: to people with --verbose, to programs, and to the progress line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from archive.logs import mark
from archive.walk import LEFT_FOR_LATER

if TYPE_CHECKING:
    from archive.budget import Head
    from archive.logs import Level
    from archive.model import Page
    from archive.walk import Ask, Walk

logger = logging.getLogger(__name__)


def tell_start(key: str, walk: Walk, *, is_head: bool) -> None:
    result = walk.result()
    told = mark("walk.started", listing=key, pages=result.pages_seen, entries=result.entries_seen, head=is_head)
    logger.info("%s is walked", key, extra=told)


def tell_page(key: str, page: Page, ask: Ask, walk: Walk) -> None:
    logger.info(
        *("%s, page %d: %d entries", key, ask.page, len(page.entries)),
        extra=mark(
            "page.read",
            listing=key,
            page=ask.page,
            url=ask.url,
            head=ask.head,
            entries=len(page.entries),
            seen=walk.result().entries_seen,
            last=page.pager.last,
        ),
    )


def tell_head(key: str, head: Head) -> None:
    told = mark("head.read", listing=key, pages=head.pages, fresh=head.fresh)
    logger.info("the head of %s was read", key, extra=told)


def tell_left(key: str, head: Head) -> None:
    stop = head.leave()
    told = mark("walk.stopped", listing=key, pages=head.pages, kind=stop.kind, reason=stop.reason)
    logger.info("%s is left for another night: %s", key, stop.reason, extra=told)


def tell_end(key: str, walk: Walk) -> None:
    result = walk.result()
    figures: dict[str, Any] = {"listing": key, "pages": result.pages_seen, "entries": result.entries_seen}
    if result.stop is None:
        logger.info("%s was walked to its end", key, extra=mark("walk.ended", **figures))
        return
    kind, reason = result.stop.kind, result.stop.reason
    event = "blocked" if kind == "blocked" else "walk.stopped"
    level: Level = "info" if kind in LEFT_FOR_LATER else "warning"
    told = mark(event, level=level, **figures, kind=kind, reason=reason)
    logger.info("%s was not walked to its end: %s: %s", key, kind, reason, extra=told)
