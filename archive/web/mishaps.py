"""What goes wrong on Datasette's own pages, in words and with a status of its own; a bug stays a bug."""

from __future__ import annotations

from http import HTTPStatus

from datasette.database import QueryInterrupted
from datasette.views.base import DatasetteError

from archive.errors import BaogaoError
from archive.sqlite import sqlite3

TABLES = "/archive"  #: where Datasette's pages are


def explain(path: str, error: Exception) -> Exception:
    """The error that Datasette is to show in place of this one."""
    if isinstance(error, DatasetteError):
        if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:  # its default, also where the address is wrong
            error.status = HTTPStatus.BAD_REQUEST.value
    elif isinstance(error, BaogaoError):  # the file: gone, damaged, made by a newer release
        return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "The archive can't be read now", str(error))
    elif type(error) is sqlite3.DatabaseError:  # not one of its kinds: the file is damaged or none of SQLite's
        return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "The archive can't be read now", f"archive.db: {error}.")
    elif isinstance(error, QueryInterrupted):
        return _refuse(
            HTTPStatus.BAD_REQUEST, "That took too long", "The time for a query is over: ask for less at once."
        )
    elif isinstance(error, sqlite3.DataError | MemoryError):  # longer than archive.web.bounds lets it be
        said = str(error) or "string or blob too big"
        return _refuse(HTTPStatus.BAD_REQUEST, "That can't be answered", f"{said}: ask for less at once.")
    elif path.startswith(TABLES) and isinstance(error, ValueError | KeyError):  # how it reads its parameters
        return _refuse(
            HTTPStatus.BAD_REQUEST,
            "That can't be answered",
            "A parameter of this address is missing, or is none that a table understands.",
        )
    return error


def _refuse(status: HTTPStatus, title: str, sentence: str) -> Exception:
    refusal: Exception = DatasetteError(sentence, title=title, status=status.value)
    return refusal
