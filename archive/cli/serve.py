"""The command that shows the archive as web pages."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from typing import TYPE_CHECKING

import click

from archive.cli.context import Context, reading, say, with_globals
from archive.errors import BaogaoError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


GRACE_SECONDS = 5  #: for the pages that are being sent when it is to end


class Ended(BaogaoError):
    """SIGTERM or SIGINT came."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}.")
        self.exit_code = 128 + number


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0: any free one.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; others can't reach this one."
)
@with_globals(reads=False)
def serve(context: Context, host: str, port: int) -> None:
    """Show the archive as web pages, read-only, until interrupted.

    Example: baogao serve --port 8001
    """
    with end_on_signals():
        with reading(context, research=True):
            pass  # what is wrong with the archive is said before anything listens
        with listen(host, port) as listener:
            _run(context, host, listener)


def _run(context: Context, host: str, listener: socket.socket) -> None:
    import uvicorn

    from archive.web.app import build, close
    from archive.web.headers import guard_host, is_loopback

    datasette = build(context.data, context.load_config().base_url)
    try:
        application = datasette.app()
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listener.getsockname()[1]}/"
        if is_loopback(host):
            application = guard_host(application, frozenset({"localhost", "127.0.0.1", "::1", host.lower()}))
        else:
            say(f"baogao: all of {context.data.root} becomes public to whoever reaches {host}.")
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                say(f"The archive {context.data.root} is at {address} until you press Ctrl-C.")

        Server(config).run(sockets=[listener])
    finally:
        close(datasette)


@contextlib.contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket. Raises UsageError where the address can't be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        raise UsageError(_explain(host, port, error)) from error
    with listener:
        yield listener


def _explain(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None) or 0  # a resolver's are negative, and it words them itself
    reason = os.strerror(number) if number > 0 else getattr(error, "strerror", None) or str(error)
    return f"{host!r}, port {port}, can't be listened on ({reason}): name others with --host and --port."


@contextlib.contextmanager
def end_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGINT into Ended; while the server runs it takes them itself, and passes them on at its end."""

    def end(number: int, _: FrameType | None) -> None:
        raise Ended(number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
