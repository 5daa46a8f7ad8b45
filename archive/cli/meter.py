"""How far a long look through the archive has come: one line on a terminal, nothing anywhere else."""

from __future__ import annotations

import sys
import time
from typing import Self

_PAUSE_SECONDS = 0.1


class Meter:
    """Called with what is looked at, how much of it is done, of how much; the line is gone when it is left."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._next = 0.0
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")
        if self._width:
            sys.stderr.write("\r")
            sys.stderr.flush()

    def __call__(self, stage: str, done: int, total: int) -> None:
        if not self._shows or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PAUSE_SECONDS
        self._write(f"{stage}: {100 * done // total} %" if total > 1 else f"{stage} …")

    def _write(self, line: str) -> None:
        from archive.printable import spell_out

        if self._shows and (line or self._width):
            line = spell_out(line)[:78]
            sys.stderr.write("\r" + line.ljust(self._width))
            sys.stderr.flush()
            self._width = max(self._width, len(line))
