"""Serves a :class:`~archive.replica.site.Site` on loopback, quickly and with a log of who asked for what."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Self

from archive.replica.site import Answer, Request, Site, listing_path


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        self.requests: list[Request] = []
        self.asked: Counter[str] = Counter()
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own looks the host's name up, which may take seconds
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a bug of the replica."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: head and body leave in one segment
    asked: Request

    def do_GET(self) -> None:
        server = self.server
        server.asked[self.path] += 1
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(time.monotonic(), self.command, self.path, headers, server.asked[self.path])
        server.requests.append(request)
        self.asked = request
        fault = server.site.faults(request) if server.site.faults else None
        if fault is None:
            fault = self.healthy()
        if isinstance(fault, Answer):
            self.give(fault)
        else:
            fault(self)

    do_HEAD = do_POST = do_GET  # noqa: N815 (the names http.server calls)

    def healthy(self) -> Answer:
        """The answer that a fault stands in for, or spoils."""
        return self.server.site.answer(self.asked)

    def give(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def version_string(self) -> str:
        return "replica"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class Served:
    """A running server. Use it as a context manager, or close it."""

    def __init__(self, site: Site, port: int = 0) -> None:
        self.site = site
        self._server = _Server(site, port)
        self.port: int = self._server.server_port
        self.origin = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def requests(self) -> list[Request]:
        """Everything asked so far, oldest first."""
        return self._server.requests

    def url(self, tag: str) -> str:
        """The first page of a listing."""
        return self.origin + listing_path(tag)

    def wait(self) -> None:
        """Until the server is closed, or the person presses Ctrl-C."""
        self._server.closing.wait()

    def close(self) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()


def serve(site: Site, port: int = 0) -> Served:
    return Served(site, port)
