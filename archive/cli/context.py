"""What every command shares: the global options, the archive opened, JSON printed."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from archive import logs, progress
from archive.errors import BaogaoError, StorageError, UsageError
from archive.printable import spell_out
from archive.store import DataDirectory, open_for_reading, require_research, storage_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archive.captures import Reader
    from archive.config import Config
    from archive.sqlite import sqlite3

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Context:
    """The global options, from before or behind the command's name."""

    data_root: Path | None = None
    config_path: Path | None = None
    as_json: bool = False

    @property
    def data(self) -> DataDirectory:
        root = self.data_root or Path(os.environ.get("BAOGAO_DATA") or "data")
        if _HALF_CHARACTER.search(str(root.absolute())):
            raise UsageError(
                f"The data directory {root} has a name that is no UTF-8, or can't be read in this locale: rename it, "
                "name another one with --data, or set LC_ALL=C.UTF-8."
            )
        return DataDirectory(root)

    def find_config(self) -> Path | None:
        """The configuration file in use; None: there is none, and the built-in default holds."""
        path = self.config_path or (Path(os.environ["BAOGAO_CONFIG"]) if os.environ.get("BAOGAO_CONFIG") else None)
        if path is None and Path("baogao.toml").exists():
            path = Path("baogao.toml")
        return path

    def load_config(self) -> Config:
        from archive.config import load_config

        return load_config(self.find_config())


class Seconds(click.FloatRange):
    """A number of seconds, which "nan" is not: it would pass every comparison."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return seconds


class NamedPath(click.Path):
    """A path that has a name: an empty word, of a variable that is not set, would mean the current directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not os.fspath(value):
            self.fail("an empty name; name a file or a directory.", param, ctx)
        return super().convert(value, param, ctx)


#: what Python makes of a typed byte that is no UTF-8, and SQLite refuses
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_ODD = "baogao: "  #: how sentences begin that tell of something wrong
#: of a run, a version or an event; SQLite's largest
NUMBER = click.IntRange(0, 2**63 - 1)


def clock() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def say(text: str) -> None:
    """A sentence on stderr; with ``--log-format json`` a line of the log."""
    if logs.is_json():
        if text.startswith(_ODD):
            logs.log("warning", text.removeprefix(_ODD), level="warning")
        else:
            logs.log("notice", text)
        return
    with progress.paused():
        click.echo(spell_out(text, keep="\n"), err=True)


def fail(text: str, exit_code: int) -> None:
    """The last sentence of a command."""
    if logs.is_json():
        logs.log("command.failed", text, level="error", exit_code=exit_code)
    else:
        say(f"{_ODD}{text}")


def with_globals(*, reads: bool = True) -> Callable[[Callable[Concatenate[Context, P], R]], Callable[P, R]]:
    """Give a command --data and --config, with ``reads`` --json too, and the context as its first argument."""

    def decorate(command: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
        @functools.wraps(command)
        def invoke(*args: P.args, **kwargs: P.kwargs) -> R:
            context = click.get_current_context().ensure_object(Context)
            context.data_root = kwargs.pop("data_root", None) or context.data_root  # type: ignore[assignment]
            context.config_path = kwargs.pop("config_path", None) or context.config_path  # type: ignore[assignment]
            context.as_json = bool(kwargs.pop("as_json", False)) or context.as_json
            for name, value in kwargs.items():
                if isinstance(value, str):
                    kwargs[name] = _HALF_CHARACTER.sub("\ufffd", value)
            return command(context, *args, **kwargs)

        options = [
            click.option(
                "--data", "data_root", type=NamedPath(path_type=Path, readable=False), help="Data directory.  [./data]"
            ),
            click.option("--config", "config_path", type=NamedPath(path_type=Path), help="Configuration file."),
            click.option(  # archive.cli.main has looked for it before anything can go wrong
                "--log-format",
                type=click.Choice(["text", "json"]),
                expose_value=False,
                help="What stderr is for: people, or programs.  [text]",
            ),
        ]
        if reads:
            options.append(click.option("--json", "as_json", is_flag=True, help="Print JSON."))
        return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), invoke)

    return decorate


def for_schedulers(
    *fine: int,
) -> Callable[[Callable[Concatenate[Context, P], None]], Callable[Concatenate[Context, P], None]]:
    """Give a command --scheduled, with which these exit codes are 0; they are said all the same."""

    def decorate(command: Callable[Concatenate[Context, P], None]) -> Callable[Concatenate[Context, P], None]:
        @functools.wraps(command)
        def invoke(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> None:
            is_scheduled = kwargs.pop("is_scheduled")
            try:
                command(context, *args, **kwargs)
            except BaogaoError as error:
                if not is_scheduled or error.exit_code not in fine:
                    raise
                say(f"{_ODD}{error}")
            except SystemExit as left:
                if not is_scheduled or left.code not in fine:
                    raise

        told = " and ".join(map(str, fine))
        return click.option(
            "--scheduled", "is_scheduled", is_flag=True, help=f"For a scheduler: end with 0 instead of {told}."
        )(invoke)

    return decorate


@contextlib.contextmanager
def writing(context: Context, command: str, *, frees: bool = False) -> Iterator[tuple[sqlite3.Connection, Reader]]:
    """The archive for a command that writes without the network; ``frees``: and makes room."""
    from archive.captures import todays_reader
    from archive.crawl import hold_archive, stop_on_signals

    reader = todays_reader()
    data = context.data
    if not data.root.is_dir():
        raise UsageError(f"There is no archive at {data.root}: run `baogao crawl` first, or name it with --data.")
    held = hold_archive(data, reader, command=command, now=clock(), say=say, frees=frees)
    with stop_on_signals(), held as (connection, _):
        yield connection, reader


@contextlib.contextmanager
def reading(context: Context, *, research: bool = False) -> Iterator[sqlite3.Connection]:
    """The archive read-only, sick files turned into sentences; ``research``: with its index and its figures."""
    with storage_errors(context.data.db), contextlib.closing(open_for_reading(context.data)) as connection:
        if research:
            require_research(connection)
        try:
            yield connection
        except (json.JSONDecodeError, InvalidOperation) as error:  # one byte fell over, which SQLite can't know
            said = f"JSON is none any more ({error})" if isinstance(error, ValueError) else "a number is none any more"
            raise StorageError(
                f"{context.data.db} is damaged: a row that was {said}; run `baogao repair`, which makes it "
                "again from what is whole."
            ) from error


def print_json(value: object) -> None:
    from archive.export import dump_json

    click.echo(dump_json(value))
