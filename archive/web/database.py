"""archive.db as Datasette reads it: never written, never locked, opened again when the file has become another one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from datasette.database import Database

from archive.database_file import is_frozen
from archive.store import open_for_reading
from archive.web.bounds import bound_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from datasette.app import Datasette

    from archive.sqlite import sqlite3
    from archive.store import DataDirectory

T = TypeVar("T")
PRIMARY_KEY = "id"  #: of every table that another one refers to
#: of our own pages: a visitor's SQL, which may count to infinity, has Datasette's, and lets them work
THREADS = 4


class ArchiveDatabase(Database):  # type: ignore[misc]  # Datasette has no types
    """One connection for each thread: Datasette's, and those of our own pages."""

    def __init__(self, datasette: Datasette, data: DataDirectory, base_url: str | None = None) -> None:
        super().__init__(datasette, path=str(data.db))
        self.data = data
        self.base_url = base_url  #: where visitors see these pages, behind a proxy that names another host
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._pages = ThreadPoolExecutor(THREADS, "page")

    def connect(self, write: bool = False) -> sqlite3.Connection:  # noqa: FBT001, FBT002 - Datasette's signature
        if write:
            raise PermissionError("The archive is served read-only.")
        connection = open_for_reading(self.data, shared=True)
        self._opened.append(connection)
        return connection

    def close(self) -> None:
        self._pages.shutdown()
        while self._opened:
            self._opened.pop().close()

    async def read(self, compose: Callable[[sqlite3.Connection], T]) -> T:
        """A page of ours."""
        return await asyncio.get_running_loop().run_in_executor(self._pages, lambda: compose(self._connection()))

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """What Datasette reads, a visitor's SQL too."""

        def run() -> T:
            connection = self._connection()
            bound_cells(connection)
            return fn(connection)

        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, run)

    async def execute(self, sql: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Datasette's, but a visitor's wrong SQL is no line on the operator's terminal."""
        return await super().execute(sql, params, *args, **kwargs | {"log_sql_errors": False})

    async def foreign_keys_for_table(self, table: str) -> list[dict[str, Any]]:
        """With the column that ``REFERENCES runs`` leaves out: Datasette does not know that it is the primary key."""
        keys: list[dict[str, Any]] = await super().foreign_keys_for_table(table)
        return [key | {"other_column": key["other_column"] or PRIMARY_KEY} for key in keys]

    async def get_all_foreign_keys(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        every: dict[str, dict[str, list[dict[str, Any]]]] = await super().get_all_foreign_keys()
        return {
            table: {
                "incoming": [key | {"column": key["column"] or PRIMARY_KEY} for key in keys["incoming"]],
                "outgoing": [key | {"other_column": key["other_column"] or PRIMARY_KEY} for key in keys["outgoing"]],
            }
            for table, keys in every.items()
        }

    def _connection(self) -> sqlite3.Connection:
        """The thread's own; a new one where the file was replaced, or written although it was opened as unchanging."""
        stamp = self._stamp()
        held: tuple[sqlite3.Connection, object] | None = getattr(self._local, "held", None)
        if held is not None and held[1] == stamp:
            return held[0]
        if held is not None:
            self._opened.remove(held[0])
            held[0].close()
            self._local.held = None
        connection = self.connect()
        self.ds._prepare_connection(connection, self.name)  # noqa: SLF001 - what Datasette does to its own
        self._local.held = (connection, stamp)
        return connection

    def _stamp(self) -> object:
        with contextlib.suppress(OSError):
            status = self.data.db.stat()
            if is_frozen(self.data.db):
                return status.st_ino, status.st_mtime_ns, status.st_size
            return (status.st_ino,)
        return None
