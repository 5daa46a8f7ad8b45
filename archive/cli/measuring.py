"""What --metrics adds to a command: a textfile that says how it ended, whatever that is."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

from archive.cli.context import Context, clock, say
from archive.errors import BaogaoError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def measuring(context: Context, file: Path | None) -> Iterator[None]:
    """Write ``file`` when what is inside has ended. Raises StorageError where that alone went wrong."""
    if file is None:
        yield
        return
    started, code = time.monotonic(), BaogaoError.exit_code  # what nobody foresaw is a bug
    try:
        yield
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0
        raise
    except BaogaoError as error:
        code = error.exit_code
        raise
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
        raise
    finally:
        _write(context, file, code, time.monotonic() - started)


def _write(context: Context, file: Path, code: int, seconds: float) -> None:
    from archive.metrics import measure, write_metrics

    try:
        write_metrics(measure(context.data, exit_code=code, seconds=seconds, now=clock()), file)
    except StorageError as error:
        if not code:
            raise
        say(f"baogao: {error}")
