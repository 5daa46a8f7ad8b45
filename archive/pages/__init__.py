"""Reading a listing page whose markup nobody has seen.

:func:`read_page` is the whole of it: bytes in, a :class:`~archive.model.Page` or a :class:`~archive.model.Refused` out.
It is pure and never raises, whatever the bytes are. It stands in :mod:`archive.pages.reading`, which is loaded, and
lxml with it, when the first page is read: the process that starts a crawl needs only :data:`VERSION`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.model import Page, Refused

VERSION = 3  #: raised whenever a page may be read differently, archive.text included


def read_page(body: bytes, *, url: str, content_type: str | None = None) -> Page | Refused:
    """What a page lists, or why it must not be read.

    ``url`` is that of the response, ``content_type`` its HTTP header; ``body`` is free of content coding.
    """
    from archive.pages.reading import read_page as read  # noqa: PLC0415

    return read(body, url=url, content_type=content_type)
