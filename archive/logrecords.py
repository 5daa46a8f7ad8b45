"""Python's own log records, warnings and tracebacks as lines of the log."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from archive import logs

if TYPE_CHECKING:
    from types import TracebackType


_OWN = "crawler"  #: the loggers of which everything is told


class LineHandler(logging.Handler):
    """Every record is one line; a record with a mark (:func:`archive.logs.mark`) is that event."""

    least = logging.WARNING  #: of what this project's crawler does not say itself

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < self.least and not record.name.startswith(_OWN):  # Scrapy lowers the levels of loggers
            return
        try:
            plain: tuple[str, str, dict[str, Any]] = (record.name, _name_level(record.levelno), {})
            event, level, fields = getattr(record, logs.MARK, plain)
            told: dict[str, Any] = {"run": logs.find_run(), "logger": record.name, **fields}
            if record.exc_info:
                told["exception"] = "".join(traceback.format_exception(*record.exc_info))
            elif record.exc_text:
                told["exception"] = record.exc_text
            logs.write(logs.make_line(record.created, event, record.getMessage(), level=level, **told))
        except Exception:  # noqa: BLE001 - a record that can't be worded; logging says so, and goes on
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Instead of logging's traceback, which would be many lines."""
        said = "".join(traceback.format_exception(*sys.exc_info()))
        logs.log(record.name, f"a log record could not be worded: {record.msg!r}", level="error", exception=said)


def _name_level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    return "warning" if number >= logging.WARNING else "info" if number >= logging.INFO else "debug"


def capture_records(least: str = "WARNING") -> None:
    """Lead them to :mod:`archive.logs`, from this level upwards, and from this project's crawler all it has to say."""
    root = logging.getLogger()
    handler = next((known for known in root.handlers if isinstance(known, LineHandler)), None)
    if handler is None:
        root.addHandler(handler := LineHandler())
    handler.least = logging.getLevelNamesMapping()[least]
    root.setLevel(handler.least)
    logging.getLogger(_OWN).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash
    threading.excepthook = _log_thread_crash
    sys.unraisablehook = _log_unraisable


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    told = "".join(traceback.format_exception(kind, error, trace))
    logs.log("crash", f"{kind.__name__}: {error}", level="error", exit_code=1, exception=told)


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_type is not SystemExit:
        error = crash.exc_value or crash.exc_type()
        told = "".join(traceback.format_exception(crash.exc_type, error, crash.exc_traceback))
        logs.log("crash", f"{crash.exc_type.__name__} in a thread: {error}", level="error", exception=told)


def _log_unraisable(crash: sys.UnraisableHookArgs) -> None:
    error = crash.exc_value or crash.exc_type()
    told = "".join(traceback.format_exception(crash.exc_type, error, crash.exc_traceback))
    logs.log("crash", f"{crash.err_msg or 'ignored'}: {crash.object!r}", level="error", exception=told)
