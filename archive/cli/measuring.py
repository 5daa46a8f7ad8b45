"""What --metrics adds to a command: a textfile that says how it ended, whatever that is."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from archive.cli.context import Context, clock, say
from archive.cli.watching import read_exit
from archive.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def measuring(context: Context, file: Path | None) -> Iterator[None]:
    """Write ``file`` when what is inside has ended. Raises StorageError where that alone went wrong."""
    if file is None:
        yield
        return
    started, code = time.monotonic(), 0
    try:
        yield
    except BaseException as error:
        code, _ = read_exit(error)
        raise
    finally:
        _write(context, file, code, time.monotonic() - started)


def _write(context: Context, file: Path, code: int, seconds: float) -> None:
    from archive.metrics import measure, write_metrics

    try:
        write_metrics(measure(context.data, exit_code=code, seconds=seconds, now=clock()), file, of=context.data)
    except StorageError as error:
        if not code:
            raise
        say(f"baogao: {error}")
