"""Datasette's CSV made safe for spreadsheets, by the rule of our own exports; none where the SQL is wrong."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from datasette.views import base
from datasette.views.database import QueryView

from archive.export import guard_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datasette.utils.asgi import Request


def guard_csv() -> None:
    """Datasette writes every CSV with the ``csv`` that this module of it imports, and has no hook for it."""
    base.csv = SimpleNamespace(writer=GuardedWriter)
    QueryView.data = answer_or_refuse


_answer = QueryView.data


async def answer_or_refuse(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
    """Datasette's CSV of a query that failed is an empty one with status 200: it would look as if nothing was there."""
    made = await _answer(view, request, *args, **kwargs)
    if request.url_vars.get("format") == "csv" and isinstance(made, tuple) and made[0].get("error"):
        raise base.DatasetteError(made[0]["error"], title="Invalid SQL", status=400)
    return made


class GuardedWriter:
    """A csv.writer whose texts no spreadsheet takes for a formula."""

    def __init__(self, target: Any) -> None:
        self._writer = csv.writer(target)

    def writerow(self, row: Iterable[Any]) -> Any:
        return self._writer.writerow([guard_cell(cell) for cell in row])
