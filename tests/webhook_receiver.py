"""A real receiver of webhooks on loopback: it keeps all that arrives, and answers as its script says.

    with Receiver({"/hook": [Reply(503, retry_after=7), Reply(200)], "/slow": Reply(drip=0.1)}) as receiver:
        ... receiver.url("/hook") ... receiver.received

As a process of its own it writes every request to a file, as one line of JSON, before it answers; its first line on
stdout is its port::

    python -m tests.webhook_receiver --log FILE [--port N] [--script '{"/hook": [{"status": 500}, {}]}']
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True)
class Reply:
    """What one request is answered with. A hang lasts until the receiver is closed, or the sender goes."""

    status: int = 200
    retry_after: str | int | None = None
    location: str | None = None
    body: str = "ok"
    after: float = 0.0  #: seconds before the answer begins
    drip: float = 0.0  #: seconds before each byte of the answer
    raw: str | None = None  #: instead of all of the above, in Latin-1: what is sent, and then hung up
    #: request: nothing of it is read; answer: nothing is said; body: it ends in the middle
    hang: Literal["request", "answer", "body"] | None = None
    #: what is done instead of an answer, when the request was read
    instead: Literal["reset", "close"] | None = None
    early: bool = False  #: the answer is given, and then hung up, when only the head of the request was read

    def encode(self) -> bytes:
        if self.raw is not None:
            return self.raw.encode("latin-1")
        body = self.body.encode()
        more = 10_000 if self.hang == "body" else 0
        head = [f"HTTP/1.1 {self.status} Scripted", f"Content-Length: {len(body) + more}", "Connection: close"]
        head += [f"Retry-After: {self.retry_after}"] if self.retry_after is not None else []
        head += [f"Location: {self.location}"] if self.location is not None else []
        return "\r\n".join([*head, "", ""]).encode("latin-1") + body


@dataclass(frozen=True)
class Received:
    at: float  #: Unix seconds, when all of it was there
    method: str
    path: str  #: with its query
    headers: dict[str, str]  #: names in lower case
    body: bytes
    reply: Reply = field(repr=False)

    @property
    def id(self) -> str | None:
        return self.headers.get("webhook-id")

    def as_json(self) -> str:
        body = self.body.decode(errors="backslashreplace")
        answered = None if self.reply.hang == "answer" or self.reply.instead else self.reply.status
        kept = {"at": self.at, "method": self.method, "path": self.path, "id": self.id, "answered": answered}
        return json.dumps({**kept, "headers": self.headers, "body": body}, ensure_ascii=False)


Script = Mapping[str, Reply | Sequence[Reply]]


class Receiver:
    """Listens from the moment it is made. Paths that are not in the script are answered with 200."""

    def __init__(
        self, script: Script | None = None, *, port: int = 0, tls: ssl.SSLContext | None = None, log: Path | None = None
    ) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.errors: list[BaseException] = []  #: of connections that broke
        self.closing = threading.Event()
        self._script = {
            path: [replies] if isinstance(replies, Reply) else list(replies) for path, replies in (script or {}).items()
        }
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._log = log.open("a", encoding="utf-8") if log else None
        self._scheme = "https" if tls else "http"
        self._server = _Server(self, port, tls)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def bodies(self, path: str) -> list[bytes]:
        return [each.body for each in self.received if urlsplit(each.path).path == path]

    def choose(self, path: str) -> Reply:
        """The next reply of that path; the last one stays."""
        with self._lock:
            replies = self._script.get(urlsplit(path).path, [Reply()])
            number = self._asked[path]
            self._asked[path] += 1
        return replies[min(number, len(replies) - 1)]

    def keep(self, received: Received) -> None:
        with self._lock:
            self.received.append(received)
            if self._log:
                self._log.write(received.as_json() + "\n")
                self._log.flush()
                os.fsync(self._log.fileno())

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._log:
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them
    request_queue_size = 128

    def __init__(self, receiver: Receiver, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.receiver = receiver
        self._tls = tls

    def get_request(self):
        connection, address = super().get_request()
        self.receiver.connections += 1
        connection.settimeout(30)
        if self._tls:  # the handshake belongs to the thread that reads
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        self.receiver.errors.append(sys.exception())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        self.close_connection = True
        receiver = self.server.receiver
        reply = receiver.choose(self.path)
        if reply.hang == "request":
            receiver.closing.wait()
            return
        if not reply.early:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.keep(Received(time.time(), self.command, self.path, headers, body, reply))
        receiver.closing.wait(reply.after)
        if reply.instead == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()
        elif reply.hang == "answer":
            self._wait_for_the_sender()
        elif reply.instead is None:
            self._say(reply)

    do_POST = do_GET = do_HEAD = do_PUT = do_CONNECT = _answer  # noqa: N815 - the names http.server asks for

    def _say(self, reply: Reply) -> None:
        answer = reply.encode()
        if not reply.drip:
            self.wfile.write(answer)
        for place in range(len(answer) if reply.drip else 0):
            if self.server.receiver.closing.wait(reply.drip):
                return
            self.wfile.write(answer[place : place + 1])
        if reply.hang == "body":
            self._wait_for_the_sender()

    def _wait_for_the_sender(self) -> None:
        self.connection.settimeout(0.05)
        while not self.server.receiver.closing.is_set():
            with suppress(TimeoutError):
                if not self.connection.recv(1):
                    return

    def log_message(self, format, *args):  # noqa: A002 - its name there
        pass


def read_log(file: Path) -> list[dict]:
    """What a receiver of its own process kept; a last line that was cut off is left out."""
    lines = file.read_text(encoding="utf-8").split("\n") if file.exists() else [""]
    return [json.loads(line) for line in lines[:-1]]


def read_script(text: str) -> Script:
    script = {}
    for path, replies in json.loads(text).items():
        script[path] = [Reply(**each) for each in (replies if isinstance(replies, list) else [replies])]
    return script


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=read_script, default={})
    options = parser.parse_args()
    with Receiver(options.script, port=options.port, log=options.log) as receiver:
        print(receiver.port, flush=True)  # noqa: T201 - what it is asked for
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
