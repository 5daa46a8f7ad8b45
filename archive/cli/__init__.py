"""The command ``baogao``: options → one function → what is printed → exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from archive import logs, progress
from archive.cli import (
    alerts,
    cite,
    coverage,
    feed,
    figures,
    keeping,
    nights,
    ops,
    records,
    retention,
    search,
    serve,
    setup,
)
from archive.cli.context import Context, fail, with_globals
from archive.errors import BaogaoError, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="baogao", prog_name="baogao")
@with_globals()
def baogao(context: Context) -> None:
    """Crawl a report listing every night, archive it, and say what changed.

    Example: baogao crawl https://report.iimedia.cn/tag/人民日报
    """


for _command in (
    *(nights.crawl, nights.settle, nights.reparse, nights.accept, nights.alias, nights.demo),
    *(records.runs, records.export, records.show, records.history, records.diff, records.changes, records.verify),
    search.search,
    *(figures.figures, figures.series),
    coverage.coverage,
    cite.cite,
    feed.feed,
    serve.serve,
    *(keeping.backup, keeping.restore, keeping.repair, retention.prune, retention.compact),
    *(setup.init, setup.check, setup.doctor),
    ops.schedule,
    *(alerts.notify, alerts.alerts),
):
    baogao.add_command(_command)


#: what may befall any file at any time and is no bug
SICK_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR}
)


def main() -> None:
    """The console script: errors become one sentence on stderr and their exit code."""
    _fill_gaps()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: what would be written there goes nowhere
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        getattr(sys, name).reconfigure(encoding="utf-8", errors="backslashreplace")
    if _wants_lines(sys.argv[1:]):
        logs.begin_json()
    else:
        progress.begin()
    try:
        code = _invoke()
        sys.stdout.flush()
    except BrokenPipeError:  # `baogao export | head`
        _drop_stdout()
        code = 0
    except OSError as error:
        if error.errno not in SICK_DISK:
            raise
        _drop_stdout()
        where = error.filename or "The output"
        code = StorageError.exit_code
        fail(f"{where} can't be used ({error.strerror}): make room or check its permissions, and run again.", code)
    sys.exit(code)


def _fill_gaps() -> None:
    """Of the standard streams, for the crawling process too, which has ours: or a file would take such a number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - it has no other form


def _wants_lines(words: Sequence[str]) -> bool:
    """Whether ``--log-format json`` stands among the options: also a command line that can't be read is told so."""
    options = list(words)[: words.index("--")] if "--" in words else list(words)
    chosen = [word.partition("=")[2] for word in options if word.startswith("--log-format=")]
    chosen += [value for word, value in pairwise(options) if word == "--log-format"]
    return chosen[-1:] == ["json"]


def _invoke() -> int:
    """The command's exit code. Not click's own main(): that makes an exit code 1 of a closed pipe."""
    try:
        with baogao.make_context("baogao", sys.argv[1:]) as context:
            baogao.invoke(context)
    except click.exceptions.Exit as left:  # --help, --version
        return left.exit_code
    except click.ClickException as error:
        if logs.is_json():
            fail(error.format_message(), UsageError.exit_code)
        else:
            error.show()
        return UsageError.exit_code
    except BaogaoError as error:
        fail(str(error), error.exit_code)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 128 + signal.SIGINT
    return 0


def _drop_stdout() -> None:
    """What is still buffered has nowhere to go; it would be an error once more when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
