"""What the crawling process says, handed on: to the log as it is, to a person's terminal as sentences and progress."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any

from archive import logs, progress
from archive.printable import spell_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.standing import Standing

TICK_SECONDS = 0.25  #: the time left goes on while nothing is said
LAST_SECONDS = 2.0  #: for what the process wrote before its end


def is_needed() -> bool:
    """False where the crawling process may write to our stderr itself."""
    return logs.is_json() or progress.is_on()


@contextlib.contextmanager
def relaying(stream: IO[bytes] | None, standing: Standing, *, verbose: bool) -> Iterator[None]:
    """Hand on what comes out of ``stream``, the stderr of the crawling process, until its end; None: it has our own."""
    if stream is None:
        yield
        return
    relay = threading.Thread(target=_hand_on, args=(stream, standing, verbose), daemon=True)
    relay.start()
    try:
        yield
    finally:
        relay.join(LAST_SECONDS)
        progress.erase()
        with contextlib.suppress(OSError):
            if not relay.is_alive():
                stream.close()


def _hand_on(stream: IO[bytes], standing: Standing, verbose: bool) -> None:  # noqa: FBT001 - of a thread
    descriptor, rest, is_open = stream.fileno(), b"", True
    while is_open:
        if select.select([descriptor], [], [], TICK_SECONDS)[0]:
            piece = os.read(descriptor, 1 << 16)
            is_open = bool(piece)
            *lines, rest = (rest + piece).split(b"\n")
            for line in [*lines, rest] if not is_open else lines:
                if line.strip():
                    _hand_on_line(line.decode("utf-8", "replace"), standing, verbose=verbose)
        if is_open:
            progress.show(standing.tell(time.monotonic()))


def _hand_on_line(line: str, standing: Standing, *, verbose: bool) -> None:
    event = _parse(line)
    if event is None:  # of the interpreter, or of a library that writes past the log
        event = {"level": "error", "event": "crawler.output", "message": line}
        logs.log("crawler.output", line, level="error")
    elif logs.is_json():
        logs.write(line)
    if not logs.is_json():
        standing.take(event, time.monotonic())
        if verbose or _is_for_people(event):
            with progress.paused():
                sys.stderr.write(_word(event) + "\n")
                sys.stderr.flush()


def _parse(line: str) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict) and "event" in event:
            return event
    return None


def _is_for_people(event: dict[str, Any]) -> bool:
    """Events that have a name are told in the verdict."""
    return event["event"] in {"crash", "crawler.output"} or (
        event["event"] not in logs.EVENTS and event.get("level") in {"warning", "error"}
    )


def _word(event: dict[str, Any]) -> str:
    """As Scrapy words a record."""
    if event["event"] == "crawler.output":
        return spell_out(str(event["message"]))
    logger = event.get("logger", "crawler")
    head = f"{event['ts']} [{logger}] {str(event['level']).upper()}: {event['message']}"
    return spell_out("\n".join([head, *([event["exception"].rstrip()] if "exception" in event else [])]), keep="\n")
