"""When a host may be asked, kept outside of the process: one host has one pace, however many crawls ask it.

A request first books its time (:meth:`Bookings.book`), behind all that others have booked, and takes it when it has
come (:meth:`Bookings.take`), unless somebody else asked late, or the host wants to be left alone meanwhile. What is
known of a host is four times in one small file, read and written under a lock that is held for microseconds. They are
of time.monotonic(), which is one clock for all processes since the machine was started.

Crawls of other users, of other machines, and of containers with a /dev/shm of their own are not seen. Where the shared
directory can't be used, a process knows its own requests only.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import math
import os
import stat
import tempfile
import time
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from crawler.guard import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

#: added to every pause: what may pass between a look at the clock and the wire on a busy machine
MARGIN_SECONDS = 0.01
#: what is booked is believed to be at most so many delays away: who finds more than that finds garbage
LONGEST_QUEUE = 10
#: whose time is put off by more than this queues up again, in order; below, somebody was merely late
LATE_SECONDS = 1.0
LOCK_TRIES, LOCK_PAUSE = 20, 0.005
_NEVER = -math.inf
_PORTS = {"http": 80, "https": 443}

_Answer = TypeVar("_Answer")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Site:
    """``host`` is what this process keeps its pace for, ``key`` what all processes do.

    On loopback each port is a server of its own, for tests and demonstrations side by side.
    """

    host: str
    key: str

    @classmethod
    def of(cls, url: str) -> Site:
        parts = urlsplit(url)
        host = parts.hostname or ""
        own_port = is_loopback(host) and parts.port not in {None, _PORTS.get(parts.scheme)}
        return cls(host, f"{host}:{parts.port}" if own_port else host)

    @property
    def file(self) -> str:
        """The name of what is kept of it."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a host."""

    asked: float = _NEVER  #: by anybody
    quiet_until: float = _NEVER  #: for the delay of who asked last, or because the host said so (Retry-After)
    booked: float = _NEVER  #: by the last in the queue
    booked_until: float = _NEVER  #: with his delay

    @classmethod
    def parse(cls, content: bytes) -> Known:
        try:
            times = [float(word) for word in content.partition(b"\n")[0].split()]
        except ValueError:
            return cls()
        return cls(*times) if len(times) == len(astuple(cls())) and not any(map(math.isnan, times)) else cls()

    def join(self, other: Known) -> Known:
        return Known(*map(max, astuple(self), astuple(other)))

    def believe(self, now: float, *, delay: float, patience: float) -> Known:
        """Without what can't be true: a damaged file, or one from before the machine was started."""
        furthest = now + LONGEST_QUEUE * delay + patience
        is_queue = self.booked <= furthest and self.booked_until <= furthest + patience
        return Known(
            asked=self.asked if self.asked <= now else _NEVER,
            quiet_until=self.quiet_until if self.quiet_until <= now + patience else _NEVER,
            booked=self.booked if is_queue else _NEVER,
            booked_until=self.booked_until if is_queue else _NEVER,
        )


class Bookings:
    """``patience``: seconds; no delay and no rest of another process is kept for longer."""

    def __init__(self, place: Path, *, patience: float) -> None:
        self._place = place
        self._patience = patience
        self._own: dict[str, Known] = {}
        self._delays: dict[str, float] = {}
        self._taken: dict[str, float] = {}  # when this process last asked; by host, too
        self._told: set[str] = set()

    def book(self, site: Site, delay: float, *, rest: float = 0.0) -> float:
        """The time at which to come back. ``rest``: leave the host alone for so long, whoever asks."""
        delay = _widen(delay)

        def decide(known: Known, now: float) -> tuple[Known, float]:
            mine = max(now + rest, known.quiet_until, known.asked + delay, known.booked + delay, known.booked_until)
            quiet = max(known.quiet_until, now + min(rest, self._patience)) if rest else known.quiet_until
            return replace(known, quiet_until=quiet, **self._queue(mine, delay)), mine

        return self._change(site, delay, decide)

    def take(self, site: Site, delay: float) -> float | None:
        """None: ask now. Else the time at which to come back."""
        self._delays[site.host] = delay = _widen(delay)

        def decide(known: Known, now: float) -> tuple[Known, float | None]:
            ready = max(known.quiet_until, known.asked + delay)
            if ready <= now:
                self._taken[site.host] = now
                return self._note(known, now, delay), None
            if ready - now <= max(delay, LATE_SECONDS):
                return known, ready
            mine = max(ready, known.booked + delay, known.booked_until)
            return replace(known, **self._queue(mine, delay)), mine

        return self._change(site, delay, decide)

    def check(self, site: Site) -> float:
        """The connection stands: seconds to wait, because somebody else asked while it was made; mostly 0."""
        delay, taken = self._delays.get(site.host, 0.0), self._taken.get(site.host, _NEVER)

        def decide(known: Known, now: float) -> tuple[Known, float]:
            left = known.asked + delay - now if known.asked > taken else 0.0
            if left > 0:
                return known, left
            self._taken[site.host] = now
            return self._note(known, now, delay), 0.0

        return self._change(site, delay, decide)

    def note_sent(self, site: Site) -> None:
        """The request is on its way only now: finding and reaching the server took its time."""
        delay = self._delays.get(site.host, 0.0)

        def decide(known: Known, now: float) -> tuple[Known, None]:
            self._taken[site.host] = now
            return self._note(known, now, delay), None

        self._change(site, delay, decide)

    def give_back(self, site: Site, delay: float, mine: float) -> None:
        """What was booked is not taken: the next one may have it, where nobody has queued up since."""
        delay = _widen(delay)

        def decide(known: Known, _: float) -> tuple[Known, None]:
            return (replace(known, booked=mine - delay, booked_until=mine) if known.booked == mine else known), None

        self._change(site, delay, decide)

    def _note(self, known: Known, now: float, delay: float) -> Known:
        return replace(known, asked=now, quiet_until=max(known.quiet_until, now + min(delay, self._patience)))

    def _queue(self, mine: float, delay: float) -> dict[str, float]:
        return {"booked": mine, "booked_until": mine + min(delay, self._patience)}

    def _change(self, site: Site, delay: float, decide: Callable[[Known, float], tuple[Known, _Answer]]) -> _Answer:
        """Nothing that goes wrong with the shared file gets out of here."""
        descriptor = self._open(site)
        try:
            known = self._own.get(site.host, Known())
            if descriptor is not None:
                known = known.join(self._read(descriptor))
            now = time.monotonic()  # behind the lock: nobody has written a later time
            known, answer = decide(known.believe(now, delay=delay, patience=self._patience), now)
            self._own[site.host] = known
            if descriptor is not None:
                self._write(descriptor, known, site)
            return answer
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _open(self, site: Site) -> int | None:
        """The file of this host, locked."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with contextlib.ExitStack() as opened:
                directory = open_place(self._place)
                opened.callback(os.close, directory)
                descriptor = os.open(site.file, flags, 0o600, dir_fd=directory)
                with contextlib.ExitStack() as unlocked:
                    unlocked.callback(os.close, descriptor)
                    _lock(descriptor)
                    unlocked.pop_all()
                return descriptor
        except PlaceRefused as error:
            self._tell(f"{error}: other crawls on this machine are not seen, so that a host may be asked by both")
        except OSError as error:
            self._doubt(error)
        return None

    def _read(self, descriptor: int) -> Known:
        try:
            return Known.parse(os.pread(descriptor, 1024, 0))
        except OSError as error:
            self._doubt(error)
            return Known()

    def _write(self, descriptor: int, known: Known, site: Site) -> None:
        """Always as many bytes, so that no kill leaves a part; the name is for who looks into the file."""
        line = " ".join(f"{moment!r:>24}" for moment in astuple(known))
        try:
            os.pwrite(descriptor, f"{line}\n{site.key[:300]}\n".encode(), 0)
        except OSError as error:
            self._doubt(error)

    def _doubt(self, error: OSError) -> None:
        self._tell(f"{self._place}: {error.strerror}: other crawls on this machine may not be seen", logging.INFO)

    def _tell(self, what: str, level: int = logging.WARNING) -> None:
        if what not in self._told:
            self._told.add(what)
            logger.log(level, "%s", what)


class PlaceRefused(Exception):
    """Something stands where the shared directory should, and it is not ours."""


def find_place() -> Path:
    """In shared memory rather than in a temporary directory, which a systemd unit has to itself (PrivateTmp=)."""
    memory = Path("/dev/shm")  # noqa: S108  looked at by open_place, which takes nothing that others may write
    common = memory if memory.is_dir() and os.access(memory, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    return common / f"baogao-pace-{os.geteuid()}"


def open_place(place: Path) -> int:
    """A descriptor of the directory, made where it is missing. Raises OSError, PlaceRefused."""
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ENOTDIR, errno.ELOOP}:
            raise PlaceRefused(f"{place} is not used: it is no directory of its own") from error
        if error.errno == errno.EACCES:
            raise PlaceRefused(f"{place} is not used: it belongs to another user") from error
        raise
    found = os.fstat(descriptor)
    if found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077:
        return descriptor
    os.close(descriptor)
    raise PlaceRefused(f"{place} is not used: it belongs to another user, or others may use it")


def _lock(descriptor: int) -> None:
    """Wait a moment at most: whoever holds it does so for microseconds, unless he was stopped there."""
    for _ in range(LOCK_TRIES - 1):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE)
        else:
            return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _widen(delay: float) -> float:
    return delay + MARGIN_SECONDS if delay else 0.0
