"""Why a request ends a walk: the exceptions the middlewares raise, and what a status or a network error means."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.web._newclient import ConnectionAborted

from archive.captures import OK
from archive.walk import Stop

if TYPE_CHECKING:
    from archive.walk import StopKind

#: what a download may die of without anything being wrong with this program
NETWORK_ERRORS = (
    CannotResolveHostError,
    ConnectError,
    ConnectionClosed,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    NotSupported,
    OSError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

#: those of them that are the same every time
LASTING_ERRORS = (DownloadCancelledError, NotSupported, UnsupportedURLSchemeError)

#: those of them that leave no server to speak of
NO_SERVER = (CannotResolveHostError, DownloadConnectionRefusedError)

_WORDS: dict[type[BaseException], str] = {
    DownloadTimeoutError: "no complete answer in time",
    DownloadConnectionRefusedError: "the connection was refused",
    CannotResolveHostError: "the host name could not be resolved",
    ResponseDataLossError: "the connection ended in the middle of the body",
    DownloadCancelledError: "the body is larger than this crawler takes",
    NotSupported: "the address is neither http nor https",
    UnsupportedURLSchemeError: "the address is neither http nor https",
}
UNWELCOME = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    HTTPStatus.TOO_MANY_REQUESTS,
}
REDIRECTS = range(300, 400)
#: of a server that is out of order; a repetition may help
FAILING = {HTTPStatus.REQUEST_TIMEOUT, *range(500, 600)}


class WalkStopped(IgnoreRequest):
    """A request must not be made, or not once more: its walk ends here.

    Raised by the downloader middlewares, taken by the spider's errback. ``host_wide``: what stands behind it counts
    for everything else on that host too.
    """

    def __init__(self, kind: StopKind, reason: str, *, host_wide: bool = False) -> None:
        super().__init__(reason)
        self.stop = Stop(kind, reason)
        self.host_wide = host_wide


class Interrupted(IgnoreRequest):
    """The crawl is being stopped while this request waited for its turn: nothing is said about its walk."""


def judge_status(status: int) -> Stop | None:
    """What a status says of the walk, after all retries and redirects; None where the body is to be read."""
    if status == OK:
        return None
    if status in UNWELCOME:
        return Stop("blocked", f"the server answered {status}: it does not want this crawler")
    if status in REDIRECTS:
        return Stop("fetch error", f"the server answered {status} without an address that may be followed")
    return Stop("fetch error", f"the server answered {status}")


def explain(error: BaseException) -> str:
    """A network error in words a person can use, without addresses of objects."""
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    cause = innermost(error)
    if isinstance(cause, ConnectionAborted):  # by crawler.download; Scrapy's own aborts have names of their own
        return "the head of the answer is larger than this crawler takes"
    said = " ".join(str(cause).split()) or type(cause).__name__
    return said[:300].rstrip(".")


def innermost(error: BaseException) -> BaseException:
    """The first cause: Twisted wraps what happened in a ResponseFailed, Scrapy that in a DownloadFailedError."""
    while True:
        reasons = getattr(error.__cause__, "reasons", None)
        deeper = reasons[0].value if reasons else error.__cause__
        if deeper is None:
            return error
        error = deeper
