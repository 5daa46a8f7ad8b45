"""Scrapy's HTTP handler, with two of Twisted's liberties taken away.

Both need names that Scrapy keeps private; the tests of faults (a reset under a kept connection, an endless head) fail
where a new release moves them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from twisted.web._newclient import HEADER, STATUS

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress
    from twisted.web._newclient import Request as TxRequest
    from twisted.web.iweb import IResponse

#: DOWNLOAD_MAXSIZE counts the body alone; endless headers would fill the memory until the time-out
MAX_HEAD_BYTES = 256 * 1024


class DownloadHandler(HTTP11DownloadHandler):
    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Twisted would ask again by itself, at once, where a kept connection was closed under a request: without a
        # pause, and unseen by the archive. crawler.retry does it properly.
        self._pool.retryAutomatically = False
        self._pool._factory = _Factory  # noqa: SLF001


class _Protocol(_LenientHTTP11ClientProtocol):
    _head = 0  #: bytes that came before the head of the answer was whole

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        self._head = 0
        return super().request(request)

    def dataReceived(self, bytes: bytes) -> None:  # noqa: A002, N802  Twisted's names
        if self._parser is not None and self._parser.state in {STATUS, HEADER}:
            self._head += len(bytes)
            if self._head > MAX_HEAD_BYTES:
                self.abort()  # type: ignore[no-untyped-call]  # ends the request with ConnectionAborted
                return
        super().dataReceived(bytes)  # type: ignore[no-untyped-call]


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> _Protocol:  # noqa: ARG002, N802
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
