"""A request and its answer in the archive's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.utils.httpobj import urlparse_cached

from archive.model import Exchange

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Headers, Response

#: request.meta: what the answer is archived as
LISTING = "baogao_listing"
PAGE = "baogao_page"


def as_exchange(request: Request, response: Response, *, fetched_at: str) -> Exchange:
    """What went over the wire, as far as Scrapy tells.

    Header names come in Scrapy's spelling and order, and Transfer-Encoding is gone, with the chunks it announced.
    """
    host = urlparse_cached(request).netloc.rpartition("@")[2]
    return Exchange(
        url=response.url,
        method=request.method,
        request_headers=(("Host", host), *flatten(request.headers)),  # Twisted adds Host, below Scrapy
        status=response.status,
        headers=flatten(response.headers),
        body=response.body,
        fetched_at=fetched_at,
        listing=request.meta.get(LISTING),
        page=request.meta.get(PAGE),
        ip=None if response.ip_address is None else str(response.ip_address),
    )


def flatten(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values
    )
