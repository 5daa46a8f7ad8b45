"""Who hears how a night ended: the heartbeat of [heartbeat], and the operator by the channels of [operator]."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.cli.context import Context, clock, say
from archive.errors import BaogaoError, Locked, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.config import Config
    from archive.verdict import Verdict

_SIGNALS = 128


@dataclass(slots=True)
class Watch:
    """What is known of the night so far."""

    context: Context
    config: Config | None = None  #: None: nobody is to hear of it
    verdict: Verdict | None = None
    is_begun: bool = False

    def begin(self) -> None:
        """The night has the lock: it is one, whatever comes of it."""
        self.is_begun = True
        self._ping("start")

    def end(self, error: BaseException | None) -> None:
        """Tell how it ended; whatever comes of that, the night and its exit code stand."""
        if self.config is None:
            return
        from archive.crawl import Stopped, stop_on_signals

        code, said = read_exit(error)
        with contextlib.suppress(Stopped), stop_on_signals():  # who ends the program now ends this alone
            try:
                # refused for another night's lock it is none, and must not look like that one's end
                if self.is_begun or code != Locked.exit_code:
                    self._ping(str(code))
                self._tell(code, said)
            except Stopped:
                raise
            except Exception as bug:  # noqa: BLE001 - the night's own verdict stands
                say(f"baogao: how the night ended could not be told ({type(bug).__name__}): a bug, please report it.")

    def _ping(self, word: str) -> None:
        if self.config is None or self.config.heartbeat is None:
            return
        from archive.heartbeat import HURRY_SECONDS, PATIENCE_SECONDS, ping

        is_hurried = word.isdecimal() and int(word) >= _SIGNALS
        failed = ping(
            self.config.heartbeat,
            word,
            os.environ,
            now=int(time.time()),
            patience=HURRY_SECONDS if is_hurried else PATIENCE_SECONDS,
        )
        if failed:
            say(f"baogao: the heartbeat /{word} was not taken: {failed.rstrip('.')}. The night goes its way.")

    def _tell(self, code: int, said: str) -> None:
        if not self.config or not self.config.operator or (self.verdict and self.verdict.outcome == "open"):
            return
        from archive.alerts.failures import Night, is_told_of

        if not is_told_of(code):
            return
        from archive.alerts.notices_to_operator import tell_operator
        from archive.verdict import summarize

        night = Night(code, clock(), *((self.verdict.run, summarize(self.verdict)) if self.verdict else (None, "")))
        if said:
            night = Night(code, night.at, night.run, said)
        tell_operator(self.context.data, self.config, night, os.environ, host=socket.gethostname(), say=say)


@contextlib.contextmanager
def watching(context: Context) -> Iterator[Watch]:
    """Tell how what is inside ended, once it has said what configuration is in force."""
    watch = Watch(context)
    try:
        yield watch
    except BaseException as error:
        watch.end(error)
        raise
    else:
        watch.end(None)


def read_exit(error: BaseException | None) -> tuple[int, str]:
    """The exit code that archive.cli.main makes of it, and its words, where the verdict has none."""
    from archive.cli import SICK_DISK

    match error:
        case None | BrokenPipeError():
            return 0, ""
        case SystemExit(code=code):
            return code if isinstance(code, int) else int(code is not None), ""
        case BaogaoError():
            return error.exit_code, str(error)
        case KeyboardInterrupt():
            return _SIGNALS + signal.SIGINT, ""
        case OSError() if error.errno in SICK_DISK:
            return StorageError.exit_code, f"{error.filename or 'The output'} can't be used ({error.strerror})."
    return BaogaoError.exit_code, f"{type(error).__name__}: the traceback is on standard error."
