"""Datasette's CSV made safe for spreadsheets, by the rule of our own exports."""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from datasette.views import base

from archive.export import guard_cell

if TYPE_CHECKING:
    from collections.abc import Iterable


def guard_csv() -> None:
    """Datasette writes every CSV with the ``csv`` that this module of it imports, and has no hook for it."""
    base.csv = SimpleNamespace(writer=GuardedWriter)


class GuardedWriter:
    """A csv.writer whose texts no spreadsheet takes for a formula."""

    def __init__(self, target: Any) -> None:
        self._writer = csv.writer(target)

    def writerow(self, row: Iterable[Any]) -> Any:
        return self._writer.writerow([guard_cell(cell) for cell in row])
