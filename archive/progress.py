"""One line on a terminal, redrawn in place, that says how far the work is; elsewhere nothing."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from archive.printable import spell_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Part = tuple[int, str]  #: how dispensable, and the words

T = TypeVar("T")

INTERVAL_SECONDS = 0.2  #: between two drawings
USUAL_COLUMNS = 80  #: where a terminal does not say
_GAP = "  "
_START, _CLEAR = "\r", "\x1b[K"


class Line:
    """The last line of a terminal; threads and signals may come in between."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.RLock()
        self._drawn_at = time.monotonic()  # what is over at once shows nothing
        self._is_drawn = False
        self._is_gone = False

    def draw(self, parts: Sequence[Part]) -> None:
        now = time.monotonic()
        if self._is_gone or now - self._drawn_at < INTERVAL_SECONDS or not self._is_ours():
            return
        with self._lock:
            self._drawn_at, self._is_drawn = now, True
            self._write(_START + fit(parts, self._count_columns() - 1) + _CLEAR)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Erased, and not drawn while something else is printed."""
        with self._lock:
            if self._is_drawn:
                self._is_drawn = False
                self._write(_START + _CLEAR)
            yield

    def _count_columns(self) -> int:
        """Asked each time: windows are resized."""
        with contextlib.suppress(OSError):
            return os.get_terminal_size(self._descriptor).columns or USUAL_COLUMNS
        return USUAL_COLUMNS

    def _is_ours(self) -> bool:
        """False for a job in the background, whose terminal belongs to a shell."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # a terminal that controls nothing
            return True

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:  # it was closed: the work goes on
            self._is_gone = True


class _Stage:
    line: Line | None = None  #: this process has one terminal


def begin() -> None:
    """Where stderr is a terminal that can erase a line, show progress from now on."""
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        _Stage.line = Line(sys.stderr.fileno())


def is_on() -> bool:
    return _Stage.line is not None


def show(parts: Sequence[Part]) -> None:
    """These words; where the terminal is narrow, the most dispensable are left out first."""
    if _Stage.line is not None:
        _Stage.line.draw(parts)


def advance(work: str, done: int, total: int | None = None) -> None:
    """``work`` in words a person understands, and how much of it is done."""
    if _Stage.line is not None:
        many = str(done) if total is None else f"{min(done, total)} of {total}"
        _Stage.line.draw(((0, work), (1, many)))


def advance_in_percent(work: str, done: int, total: int) -> None:
    """The same where a count would tell nobody anything, as of bytes; ``total`` 1: one step, of unknown length."""
    show(((0, f"{work} …" if total <= 1 else work), (1, f"{100 * done // total} %" if total > 1 else "")))


def track(items: Iterable[T], work: str, total: int | None = None) -> Iterator[T]:
    """The same items, while the line counts them."""
    for number, item in enumerate(items, 1):
        advance(work, number, total)
        yield item


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """For whatever else is printed, on either stream."""
    with contextlib.nullcontext() if _Stage.line is None else _Stage.line.pause():
        yield


def erase() -> None:
    with paused():
        pass


def fit(parts: Sequence[Part], columns: int) -> str:
    """What of ``parts`` is shown in so many cells: in order, the most dispensable left out; cut, where one is left."""
    kept = [(rank, spell_out(words)) for rank, words in parts if words]
    while len(kept) > 1 and _measure(kept) > columns:
        kept.remove(max(reversed(kept), key=lambda part: part[0]))
    return cut(_GAP.join(words for _, words in kept), columns)


def _measure(parts: Sequence[Part]) -> int:
    from archive.render import measure  # noqa: PLC0415 - only where there is a terminal

    return measure(_GAP.join(words for _, words in parts))


def cut(text: str, columns: int) -> str:
    """At most so many cells of it, a Chinese character being two."""
    from archive.render import measure  # noqa: PLC0415 - see above

    while text and measure(text) > columns:
        text = text[:-1]
    return text
