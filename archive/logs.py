"""What stderr says beside the answer, as lines for programs: one JSON object each, or nothing where people read it.

:func:`log` is heard only with ``--log-format json``; sentences for people go through ``archive.cli.context.say``.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Level = Literal["info", "warning", "error"]

#: every event with a name of its own; of Python's and Scrapy's own lines, the logger's name is the event
EVENTS = {
    "run.started": "a night begins, or goes on where it was interrupted (`continued`)",
    "run.settled": "outcome, exit code and counts of a run",
    "walk.started": "a listing is walked, or its `head` read; `pages`: what this night has of it already",
    "head.read": "its first pages: `fresh` reports on them; if the budget allows, it is walked later",
    "walk.ended": "to its proved end",
    "walk.stopped": "given up before: `kind` and `reason`",
    "blocked": "the same, because the site does not want to be asked",
    "page.archived": "an answer is in the WARC file: `status`, `attempt`, `seconds`, `bytes`",
    "robots.archived": "the same of robots.txt",
    "page.read": "what it shows: `entries`, and `last`, the last page as announced",
    "retry": "asked again, `seconds` from now, for the `attempt`-th time",
    "request.failed": "no answer",
    "alert.sent": "a message was taken by its channel",
    "alert.failed": "it was not: tried again, or given up (`state`)",
    "notice": "a sentence for people",
    "warning": "a sentence for people about what went wrong beside the work",
    "command.failed": "the last sentence of a command, with its `exit_code`",
    "crash": "a bug: the traceback is in `exception`",
    "crawler.output": "what the crawling process wrote past its log",
}
#: the option of `baogao` and of ``python -m crawler``
AS_JSON = "--log-format=json"
#: record attribute: the event of a log record, its level for programs, and its fields
MARK = "baogao"
_ACTING = frozenset({"Cc", "Cf", "Zl", "Zp"})  #: see archive.printable; halves of pairs are no UTF-8 at all
_lock = threading.RLock()


@dataclass(slots=True)
class _Log:
    """A process has one stderr."""

    is_json: bool = False
    run: int | None = None


_log = _Log()


def begin_json() -> None:
    """From now on stderr is for programs: log records, warnings and tracebacks are lines too."""
    from archive.logrecords import capture_records  # noqa: PLC0415 - most commands do without Python's logging

    _log.is_json = True
    capture_records()


def is_json() -> bool:
    return _log.is_json


def bind_run(run: int) -> None:
    """What is logged from now on belongs to this run."""
    _log.run = run


def find_run() -> int | None:
    return _log.run


def mark(event: str, *, level: Level = "info", **fields: Any) -> dict[str, Any]:
    """``extra=`` of a log record that is an event; for people it stays what its own level makes it."""
    return {MARK: (event, level, fields)}


def log(event: str, message: str, *, level: Level = "info", **fields: object) -> None:
    """One line now, where programs read; fields that are None are left out."""
    if _log.is_json:
        write(make_line(time.time(), event, message, level=level, **{"run": _log.run} | fields))


def make_line(at: float, event: str, message: str, *, level: str, run: object = None, **fields: object) -> str:
    """One JSON object without a line end; ``at``: seconds since 1970. Nothing in it acts on a terminal."""
    ts = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: dict[str, object] = {"ts": ts, "level": level, "event": event, "run": run, "message": message, **fields}
    known = {name: _tame(value) for name, value in line.items() if value is not None}
    return _escape(json.dumps(known, ensure_ascii=False, default=str))


def write(line: str) -> None:
    """Whole, past every buffer; a log that can't be written is no reason to end a night."""
    data = f"{line}\n".encode("utf-8", "replace")
    try:
        with _lock:
            while data:
                data = data[os.write(sys.stderr.fileno(), data) :]
    except (OSError, ValueError):
        pass


def _tame(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else str(value)
    return value


def _escape(text: str) -> str:
    r"""The same JSON: what acts instead of being read as ``\uXXXX``, half characters replaced."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape_character(character) for character in text)


def _escape_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    if category not in _ACTING:
        return character
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
