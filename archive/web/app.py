"""Datasette put together over one archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datasette import handle_exception
from datasette.app import Datasette
from datasette.plugins import pm

from archive.web import plugin
from archive.web.database import ArchiveDatabase
from archive.web.metadata import describe_archive
from archive.web.spreadsheets import guard_csv

if TYPE_CHECKING:
    from archive.store import DataDirectory

HERE = Path(__file__).parent
SETTINGS = {
    "num_sql_threads": 4,
    "sql_time_limit_ms": 2000,
    "default_cache_ttl": 0,
    "allow_download": False,
    "truncate_cells_html": 400,
    "facet_time_limit_ms": 500,
}


def build(data: DataDirectory, base_url: str | None = None) -> Datasette:
    """The application; the caller has seen that the archive can be read, and closes it."""
    guard_csv()
    handle_exception.rich = None  # where rich is installed, each wrong address would fill the terminal with locals
    if pm.is_registered(handle_exception):
        pm.unregister(handle_exception)  # it is called by ours, in archive.web.plugin
    if not pm.is_registered(plugin):
        pm.register(plugin)
    datasette = Datasette(
        files=[str(data.db)],
        settings=SETTINGS,
        metadata=describe_archive(plugin.NAME),
        template_dir=str(HERE / "templates"),
        static_mounts=[("static", str(HERE / "static"))],
    )
    for name in [name for name, database in datasette.databases.items() if database.path]:
        datasette.remove_database(name)
    datasette.add_database(ArchiveDatabase(datasette, data, base_url), name=plugin.NAME)
    return datasette


def close(datasette: Datasette) -> None:
    for database in datasette.databases.values():
        database.close()
    if datasette.executor is not None:
        datasette.executor.shutdown()
