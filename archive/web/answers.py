"""From a request to a response: one snapshot of the archive, one function that composes, one template."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from archive.errors import BaogaoError, NewerArchive, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from datasette.app import Datasette
    from datasette.utils.asgi import Request, Response

    from archive.sqlite import sqlite3
    from archive.store import DataDirectory

    Compose = Callable[[sqlite3.Connection, "Ask"], "Page | Document | Moved"]

#: a page of ours may ask several questions; a visitor's SQL has Datasette's own, shorter limit
SECONDS = 10


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for, decoded."""

    data: DataDirectory
    base_url: str  #: that of the configuration, or else scheme and host as the visitor named them
    path: Mapping[str, str]  #: the parts of the address
    query: Mapping[str, str]  #: the last value of each parameter
    moment: str = ""  #: Accept-Datetime
    every: Mapping[str, Sequence[str]] = field(default_factory=dict)  #: all values of each parameter


@dataclass(frozen=True, slots=True)
class Page:
    template: str
    context: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """Something to keep rather than to look at."""

    body: str | bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    location: str
    status: int = 303
    headers: Mapping[str, str] = field(default_factory=dict)


class NotThere(UsageError):
    """Nothing is at this address; the sentence says what is."""


def answer(compose: Compose) -> Callable[[Request, Datasette], Awaitable[Response]]:
    """A view as Datasette calls it."""

    async def view(request: Request, datasette: Datasette) -> Response:
        from datasette.utils import sqlite_timelimit  # noqa: PLC0415 - whoever imports a page need not wait for it
        from datasette.utils.asgi import Response  # noqa: PLC0415

        database = datasette.get_database("archive")
        ask = _understand(request, database.data, database.base_url)

        def read(connection: sqlite3.Connection) -> Page | Document | Moved:
            with sqlite_timelimit(connection, SECONDS * 1000):
                return _read_snapshot(connection, ask, compose)

        try:
            made = await database.read(read)
        except BaogaoError as error:  # the file itself: gone, damaged, made by a newer release
            made = _apologize(503, "The archive can't be read now", error)
        if isinstance(made, Moved):
            return Response.redirect(made.location, status=made.status, headers=dict(made.headers))
        if isinstance(made, Document):
            if _is_known(request, made.headers):
                return Response("", status=304, headers=dict(made.headers), content_type=made.content_type)
            return Response(made.body, headers=dict(made.headers), content_type=made.content_type)
        html = await datasette.render_template(made.template, dict(made.context), request=request)
        tag = f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"'
        headers = {**made.headers, "ETag": tag, "Cache-Control": "no-cache"}
        if made.status == HTTPStatus.OK and _is_known(request, headers):
            return Response("", status=304, headers=headers)
        return Response.html(html, made.status, headers)

    return view


def _is_known(request: Request, headers: Mapping[str, str]) -> bool:
    """Has the visitor that very response already? Where tags are named, times don't count (RFC 9110, 13.2.2)."""
    tag, changed = headers.get("ETag"), headers.get("Last-Modified")
    known, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if known is not None:
        return tag is not None and (tag in known or known.strip() == "*")
    if since is None or changed is None:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (ValueError, TypeError, OverflowError):  # no date, one without a zone, a zone that there can't be
        return False


def _understand(request: Request, data: DataDirectory, base_url: str | None) -> Ask:
    return Ask(
        data,
        base_url or f"{request.scheme}://{request.host}",
        {name: unquote(value) for name, value in request.url_vars.items() if value is not None},
        {name: request.args.getlist(name)[-1] for name in request.args},
        request.headers.get("accept-datetime", ""),
        {name: request.args.getlist(name) for name in request.args},
    )


def _read_snapshot(connection: sqlite3.Connection, ask: Ask, compose: Compose) -> Page | Document | Moved:
    """Everything on a page is from one moment, whatever is being written meanwhile."""
    from archive.sqlite import sqlite3  # noqa: PLC0415
    from archive.store import storage_errors  # noqa: PLC0415

    try:
        with storage_errors(ask.data.db):
            connection.execute("BEGIN")
            try:
                _require_schema(connection)
                return compose(connection, ask)
            finally:
                if connection.in_transaction:
                    connection.rollback()
    except NotThere as error:
        return _apologize(404, "Nothing is there", error)
    except NewerArchive as error:
        return _apologize(503, "The archive can't be read now", error)
    except UsageError as error:
        return _apologize(400, "That can't be answered", error)
    except (BaogaoError, MemoryError) as error:  # the latter: a visitor's SQL takes all that archive.web.bounds allows
        return _apologize(503, "The archive can't be read now", str(error) or "Too much is asked for: try again soon.")
    except sqlite3.OperationalError as error:
        if str(error) != "interrupted":
            raise
        return _apologize(503, "That took too long", f"No answer within {SECONDS} seconds: ask for less at once.")


def _require_schema(connection: sqlite3.Connection) -> None:
    """It was looked at when the server began, and may have been upgraded since."""
    from archive import schema  # noqa: PLC0415
    from archive.store import require_research  # noqa: PLC0415

    require_research(connection)
    if connection.execute("PRAGMA user_version").fetchone()[0] > schema.VERSION:
        raise NewerArchive(
            "The archive was upgraded by a newer release of baogao: upgrade this one, and serve it again."
        )


def _apologize(status: int, title: str, reason: object) -> Page:
    return Page("sorry.html", {"title": title, "sentence": str(reason)}, status)
