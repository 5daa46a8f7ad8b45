"""A connection to an address looked up once and checked, on which every wait ends at one and the same moment."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import Future
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from archive.addresses import is_public

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Resolve = Callable[..., Sequence[Any]]  #: called and answering as socket.getaddrinfo

_CHUNK = 1024


class NotPublic(Exception):
    """A host leads to an address that is not public: the text is that address."""


class Line:
    """As much of a socket as http.client needs. A time limit of a socket's own begins anew with each byte."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self._deadline = deadline

    def hurry(self, seconds: float) -> None:
        """Let it end in that time at the latest."""
        self._deadline = min(self._deadline, monotonic() + seconds)

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(_left(self._deadline))
            rest = rest[self._socket.send(rest) :]

    def receive_into(self, buffer: Any) -> int:
        self._socket.settimeout(_left(self._deadline))
        return self._socket.recv_into(buffer)

    def makefile(self, _mode: str) -> BufferedReader:
        return BufferedReader(_Reader(self), _CHUNK)

    def close(self) -> None:
        """Nothing: whoever connected it closes it."""


class _Reader(RawIOBase):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._line.receive_into(buffer)


@contextmanager
def open_line(
    host: str, port: int, *, tls: bool, allow_private: bool, timeout: float, resolve: Resolve
) -> Iterator[Line]:
    """A line for at most ``timeout`` seconds. Raises NotPublic, OSError (TimeoutError included) and ValueError."""
    deadline = monotonic() + timeout
    found = _look_up(host, port, resolve, deadline)
    for *_, (address, *_) in found:
        if not allow_private and not is_public(address):
            raise NotPublic(address)
    with _connect(found, deadline) as plain:
        if not tls:
            yield Line(plain, deadline)
            return
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        plain.settimeout(_left(deadline))
        with context.wrap_socket(plain, server_hostname=host) as secure:
            yield Line(secure, deadline)


def _left(deadline: float) -> float:
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _look_up(host: str, port: int, resolve: Resolve, deadline: float) -> list[Any]:
    answer: Future[Sequence[Any]] = Future()

    def ask() -> None:
        try:
            answer.set_result(resolve(host, port, type=socket.SOCK_STREAM))
        except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
            answer.set_exception(error)

    # a name server may take half a minute to say nothing, and can't be told to hurry
    Thread(target=ask, name=f"look up {host}", daemon=True).start()
    found = [each for each in answer.result(_left(deadline)) if each[0] in {socket.AF_INET, socket.AF_INET6}]
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return found


def _connect(found: list[Any], deadline: float) -> socket.socket:
    """To the first that takes it. Each may use its share of the time, so that one that is silent leaves some."""
    failure = OSError()
    for number, each in enumerate(found):
        try:
            return _dial(each, _left(deadline) / (len(found) - number))
        except OSError as error:
            failure = error
    raise failure


def _dial(found: Any, seconds: float) -> socket.socket:
    family, kind, protocol, _, address = found
    plain = socket.socket(family, kind, protocol)
    try:
        plain.settimeout(seconds)
        plain.connect(address)
    except BaseException:
        plain.close()
        raise
    return plain
