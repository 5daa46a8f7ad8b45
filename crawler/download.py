"""Scrapy's HTTP handler, with two of Twisted's liberties taken away, and the pace told what goes out.

All need names that Scrapy keeps private; the tests of faults (a reset under a kept connection, an endless head) fail
where a new release moves them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from twisted.internet.defer import fail
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.task import deferLater
from twisted.web._newclient import HEADER, STATUS
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.pace import PaceMiddleware

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
        self._pool._factory = partial(_Factory, crawler)  # type: ignore[assignment]  # noqa: SLF001


@implementer(IHandshakeListener)
class _Protocol(_LenientHTTP11ClientProtocol):
    pace: PaceMiddleware | None = None
    _head = 0  #: bytes that came before the head of the answer was whole
    _url = ""  #: asked for

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        self._head = 0
        self._url = request.absoluteURI.decode("ascii")
        from twisted.internet import reactor  # noqa: PLC0415 - the first import chooses which one

        wait = self.pace.check(self._url) if self.pace is not None else 0.0
        if wait > 0:
            return deferLater(reactor, wait, self._request_late, request)  # type: ignore[arg-type]
        self._note_sent()
        return super().request(request)

    def _request_late(self, request: TxRequest) -> Deferred[IResponse]:
        if self._state != "QUIESCENT":  # the server did not wait so long
            return fail(ConnectionLost())
        return self.request(request)

    def handshakeCompleted(self) -> None:  # noqa: N802  Twisted's name
        """What was asked for has waited for this."""
        if self._url:
            self._note_sent()

    def _note_sent(self) -> None:
        from twisted.internet import reactor  # noqa: PLC0415 - the first import chooses which one

        if self.pace is not None:
            # behind the write, which comes in the same round of the loop
            reactor.callLater(0, self.pace.note_sent, self._url)  # type: ignore[arg-type]

    def dataReceived(self, bytes: bytes) -> None:  # noqa: A002, N802  Twisted's names
        if self._parser is not None and self._parser.state in {STATUS, HEADER}:
            self._head += len(bytes)
            if self._head > MAX_HEAD_BYTES:
                self.abort()  # type: ignore[no-untyped-call]  # ends the request with ConnectionAborted
                return
        super().dataReceived(bytes)  # type: ignore[no-untyped-call]


class _Factory(_LenientHTTP11ClientFactory):
    def __init__(self, crawler: Crawler, *args: Any) -> None:
        super().__init__(*args)  # type: ignore[no-untyped-call]
        self._crawler = crawler

    def buildProtocol(self, addr: IAddress | None) -> _Protocol:  # noqa: ARG002, N802
        protocol = _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
        protocol.pace = self._crawler.get_downloader_middleware(PaceMiddleware)
        return protocol
