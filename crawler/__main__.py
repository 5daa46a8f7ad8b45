"""``python -m crawler PLAN``: :mod:`crawler.process`, loaded quickly; a fast night is half start-up."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from typing import NoReturn

PARENT = "--parent"  #: the option that says: stdin ends when the parent does
ON_STDIN = "-"  #: instead of PLAN: it is the first line of stdin
JSON = "--log-format=json"  #: stderr is for programs, see archive.logs


def start() -> int:
    # until crawler.process listens to it, Ctrl-C just ends this process: nothing is open yet
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if JSON in sys.argv:
        from archive.logs import begin_json  # noqa: PLC0415

        begin_json()
    arguments = sys.argv[1:]
    if arguments[:1] == [ON_STDIN]:
        arguments[0] = _read_plan()
    if PARENT in arguments:
        threading.Thread(target=_die_with_parent, daemon=True).start()
    gc.disable()  # loading makes a hundred thousand objects, and none of them is garbage
    # Scrapy looks through the sources of all that is loaded, three times, while it loads this: so it comes first
    import scrapy.core.downloader.contextfactory  # noqa: F401, PLC0415

    from crawler.process import main  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    return main(arguments)


def _read_plan() -> str:
    """The first line of stdin; nothing follows it but the end."""
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(sys.stdin.fileno(), 1 << 16)
        if not piece:
            _leave()
        line += piece
    return line.decode()


def _die_with_parent() -> None:
    """The lock is the parent's: without it, not one more request."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    _leave()


def _leave() -> NoReturn:
    os._exit(137)


if __name__ == "__main__":
    sys.exit(start())
