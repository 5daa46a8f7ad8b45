"""A terminal around a command: what it was sent, when, and what stands on its screen in the end."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from dataclasses import dataclass

from tests.command import environment

ERASE = "\r\x1b[K"


@dataclass(frozen=True)
class Shown:
    """What a command did to its terminal."""

    code: int
    out: str  #: stdout, a pipe
    pieces: list  #: (seconds since the start, text) as they came, of stderr

    @property
    def sent(self):
        return "".join(text for _, text in self.pieces)

    @property
    def drawings(self):
        """What was drawn in place, one after the other."""
        return [text for text in re.findall(r"\r([^\r\n]*)\x1b\[K", self.sent) if text]

    @property
    def screen(self):
        """The lines that are left, as a terminal that knows CR, LF and EL shows them."""
        lines, column = [""], 0
        for token in re.findall(r"\x1b\[K|.", self.sent, re.DOTALL):
            if token == "\r":
                column = 0
            elif token == "\n":
                lines.append("")
            elif token == "\x1b[K":
                lines[-1] = lines[-1][:column]
            else:
                lines[-1] = lines[-1][:column] + token + lines[-1][column + 1 :]
                column += 1
        return [line for line in lines if line]


class Terminal:
    """stderr of one command; ``meanwhile(process, seen)`` is called with each piece until it returns True."""

    def __init__(self, desk, *, columns=120, term="xterm"):
        self._desk, self._columns, self._term = desk, columns, term

    def run(self, *words, through=(), meanwhile=None, timeout=60):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self._columns, 0, 0))
        self._desk.data.parent.mkdir(parents=True, exist_ok=True)
        with (self._desk.data.parent / "stdout").open("w+b") as out:
            process = subprocess.Popen(
                self._desk.command(*words, through=through),
                cwd=self._desk.data.parent,
                env=environment({"TERM": self._term}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=theirs,
            )
            self._desk.started.append(process)
            os.close(theirs)
            pieces = self._watch(ours, process, meanwhile, timeout)
            out.seek(0)
            return Shown(process.wait(10), out.read().decode(), pieces)

    @staticmethod
    def _watch(ours, process, meanwhile, timeout):
        started, pieces, rest = time.monotonic(), [], b""
        with contextlib.suppress(OSError):  # EIO: the other end is closed
            while piece := os.read(ours, 65536) if select.select([ours], [], [], timeout)[0] else b"":
                whole = (rest + piece).decode("utf-8", "ignore")
                rest = (rest + piece)[len(whole.encode()) :]
                pieces.append((time.monotonic() - started, whole))
                if meanwhile and meanwhile(process, "".join(text for _, text in pieces)):
                    meanwhile = None
        os.close(ours)
        return pieces
