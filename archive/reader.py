"""The archive for a notebook or a program: read-only, typed, and ten lines away from a pandas frame.

from dataclasses import asdict
from archive import open_archive
with open_archive("data") as archive:
    reports = [asdict(report) for report in archive.reports(state="listed")]
    figures = [asdict(figure) for figure in archive.figures()]
    nights = [asdict(night) for night in archive.coverage()]  # "not there", or "not looked"?
import pandas as pd
frame = pd.DataFrame(figures).merge(pd.DataFrame(reports)[["key", "title", "published_on"]], on="key")
print(frame[frame.unit == "CNY"].sort_values("amount").tail())
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from archive.errors import UsageError
from archive.store import DataDirectory, open_for_reading, require_research, storage_errors

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from archive.diff import FieldChange
    from archive.figures.series import Series
    from archive.search.query import Found
    from archive.sqlite import sqlite3

State = Literal["listed", "missing", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Capture:
    """The archived page from which a version was read."""

    url: str
    fetched_at: str
    sha256: str
    warc_file: str
    warc_offset: int
    parser: int


@dataclass(frozen=True, slots=True)
class Report:
    """One version of a report; what the fields mean is in :mod:`archive.dictionary`. Times are UTC texts that sort."""

    key: str
    url: str
    state: State
    title: str
    series: str | None
    brands: tuple[str, ...]
    summary_zh: str
    summary_en: str
    published_on: str | None
    version: int
    first_seen_at: str
    last_seen_at: str
    observed_at: str
    listings: tuple[str, ...]
    capture: Capture


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a report with the reason why there is one."""

    key: str
    title: str
    series: str | None
    brands: tuple[str, ...]
    summary_zh: str
    summary_en: str
    published_on: str | None
    version: int
    observed_at: str
    capture: Capture
    cause: Literal["first", "site", "parser"]
    previous: int | None
    run: int
    recorded_at: str
    fields: tuple[str, ...]  #: that it changed


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the feed; ``id`` is the cursor."""

    id: int
    run: int
    at: str
    kind: Literal["appeared", "changed", "cosmetic", "corrected", "withdrawn", "reappeared"]
    key: str
    version: int
    fields: tuple[str, ...]
    title: str
    alert: Literal["due", "quiet", "held"]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure as a program extracted it: check it against ``raw`` and the text round it."""

    key: str
    version: int
    language: Literal["zh", "en"]
    raw: str
    start: int  #: in code points of the summary of that language
    end: int
    number: str  #: exact decimals, as text
    scale: str
    value: str
    amount: float  #: the same as a floating-point number
    unit: str
    qualifier: str | None
    year: int | None
    forecast: bool
    role: str
    measure: str
    grammar: int


@dataclass(frozen=True, slots=True)
class Night:
    """How one listing was looked at on one date."""

    date: str
    listing: str
    status: Literal["complete", "partial", "open", "rejected", "missed"]
    run: int | None
    pages_seen: int | None
    pages_expected: int | None
    entries_seen: int | None
    stopped: str | None


class Archive:
    """An open archive; a context manager. Every method may raise an error of :mod:`archive.errors`.

    ``as_of``: a run, a date (its last second, UTC) or a UTC time, as on the command line.
    """

    def __init__(self, data: DataDirectory) -> None:
        self._data = data
        self._connection = open_for_reading(data)
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Archive {self._data.db}>"

    def close(self) -> None:
        self._closed = True
        self._connection.close()

    def reports(
        self, *, as_of: str | int | None = None, listing: str | None = None, state: State | None = None
    ) -> Iterator[Report]:
        """Each report in its current reading, by key; ``listing``: its key, its tag or its address."""
        from archive.query import find_listing, iterate_records  # noqa: PLC0415 - each method loads its own

        if state not in (None, *get_args(State)):
            raise UsageError(f"{state!r} is no state of a report: give {', '.join(get_args(State))}, or none.")
        with self._reading() as connection:
            held = None if listing is None else find_listing(connection, listing)[1]
            for record in iterate_records(connection, as_of=_word(as_of)):
                if held in (None, *record["listings"]) and state in (None, record["state"]):
                    yield _make_report(record)

    def report(self, key: str, *, version: int | None = None, as_of: str | int | None = None) -> Report:
        from archive.query import load_record  # noqa: PLC0415

        with self._reading() as connection:
            return _make_report(load_record(connection, key, version=version, as_of=_word(as_of)))

    def history(self, key: str) -> list[Version]:
        """Every version of a report, in order."""
        from archive.query import load_history  # noqa: PLC0415

        with self._reading() as connection:
            return [Version(**_freeze(row)) for row in load_history(connection, key)]

    def changes(self, since: int = 0) -> Iterator[Event]:
        """The event feed behind the cursor ``since``."""
        from archive.query import iterate_changes  # noqa: PLC0415

        with self._reading() as connection:
            for event in iterate_changes(connection, since):
                yield Event(**_freeze(event))

    def search(
        self,
        words: str,
        *,
        fields: Sequence[str] = (),
        as_of: str | int | None = None,
        state: State | None = None,
        listing: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int = 20,
        all_versions: bool = False,
    ) -> Found:
        """The best hits for some words, as `baogao search` finds them; ``fields``: of title, zh and en."""
        from archive.search.query import search  # noqa: PLC0415

        with self._reading(research=True) as connection:
            return search(
                connection,
                words,
                fields=fields,
                as_of=_word(as_of),
                state=state,
                listing=listing,
                since=since,
                until=until,
                limit=limit,
                all_versions=all_versions,
            )

    def figures(self, *, versions: bool = False, as_of: str | int | None = None) -> Iterator[FigureRow]:
        """The figures of the current readings, or of every version."""
        from archive.tables import read_table  # noqa: PLC0415

        with self._reading(research=True) as connection:
            for figure in read_table(connection, "figures", versions=versions, as_of=_word(as_of)):
                yield FigureRow(**figure)

    def series(self, query: str, *, as_of: str | int | None = None) -> Series:
        """The figures of one measure over reports and versions."""
        from archive.figures.series import build_series  # noqa: PLC0415

        with self._reading(research=True) as connection:
            return build_series(connection, query, as_of=_word(as_of))

    def coverage(self, *, listing: str | None = None, as_of: str | int | None = None) -> list[Night]:
        """Which nights were looked at, from each listing's first to the last: tells "not there" from "not looked"."""
        from archive.coverage import list_coverage  # noqa: PLC0415

        with self._reading() as connection:
            return [Night(**row) for row in list_coverage(connection, listing=listing, as_of=_word(as_of))]

    def diff(self, key: str, before: int | None = None, after: int | None = None) -> list[FieldChange]:
        """What changed between two versions, or with the last change, by field and sentence."""
        from archive.diff import diff_records  # noqa: PLC0415
        from archive.query import load_pair  # noqa: PLC0415

        with self._reading() as connection:
            return diff_records(*load_pair(connection, key, before, after))

    @contextmanager
    def _reading(self, *, research: bool = False) -> Iterator[sqlite3.Connection]:
        if self._closed:
            raise UsageError(f"The archive {self._data.db} is closed: open it again, or read inside `with`.")
        with storage_errors(self._data.db):
            if research:
                require_research(self._connection)
            yield self._connection


def open_archive(path: str | os.PathLike[str]) -> Archive:
    """The archive of a data directory, or of its database file alone. Raises UsageError or StorageError."""
    place = Path(path)
    return Archive(DataDirectory(place) if place.is_dir() else DataDirectory(place.parent, place))


def _word(as_of: str | int | None) -> str | None:
    return None if as_of is None else str(as_of)


def _make_report(record: dict[str, Any]) -> Report:
    return Report(**_freeze(record))


def _freeze(record: dict[str, Any]) -> dict[str, Any]:
    frozen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
    }
    if "capture" in frozen:
        frozen["capture"] = Capture(**frozen["capture"])
    return frozen
