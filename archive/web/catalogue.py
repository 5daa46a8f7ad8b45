"""All reports in a few words each, now or as of a run: what the listing page filters, counts and sorts."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.model import series_of
from archive.query import choose_reading
from archive.search.scope import Standing, load_standings

if TYPE_CHECKING:
    from archive.sqlite import sqlite3

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
#: a catalogue of 10,000 reports takes about 8 MB and a tenth of a second
_KEPT = 4


@dataclass(frozen=True, slots=True)
class Report:
    key: str
    title: str
    series: str | None
    years: tuple[str, ...]  #: that the title names
    state: str
    listings: tuple[str, ...]
    first_seen_at: str
    novel: bool  #: False: it was there when its listing was first walked
    version_id: int
    version: int
    versions: int


class Catalogues:
    """The last few, each as long as it is true."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, tuple[Report, ...]] = OrderedDict()

    def load(self, connection: sqlite3.Connection, archive: object, run: int | None) -> tuple[Report, ...]:
        """Newest first: the latest run's reports, each run's in the order of its pages."""
        mark = (archive, run, *_mark_state(connection))
        with self._lock:
            found = self._kept.get(mark)
        if found is None:
            found = _load_now(connection) if run is None else _load_as_of(connection, run)
        with self._lock:
            self._kept[mark] = found
            self._kept.move_to_end(mark)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def _mark_state(connection: sqlite3.Connection) -> tuple[object, ...]:
    """Changes whenever a settlement has changed anything."""
    return tuple(
        connection.execute(
            "SELECT (SELECT count(*) FROM runs WHERE outcome NOT IN ('open', 'rejected')), "
            "(SELECT max(id) FROM events), (SELECT max(id) FROM item_versions), (SELECT count(*) FROM item_aliases)"
        ).fetchone()
    )


_REPORTS = (
    "i.key NOT IN (SELECT key FROM item_aliases) ORDER BY (SELECT run_id FROM item_versions f WHERE f.item_id = i.id "
    "AND f.seq = 1) DESC, i.id"
)


def _load_now(connection: sqlite3.Connection) -> tuple[Report, ...]:
    standings = load_standings(connection, None)
    return tuple(
        _describe(row, standings[row["id"]])
        for row in connection.execute(
            "SELECT i.id, i.key, i.first_seen_at, v.title, v.id AS version_id, v.seq, "
            "(SELECT max(seq) FROM item_versions a WHERE a.item_id = i.id) AS versions, coalesce(e.alert, '') AS alert "
            "FROM items i JOIN item_versions v ON v.id = i.version_id "
            f"LEFT JOIN events e ON e.item_id = i.id AND e.kind = 'appeared' WHERE {_REPORTS}"
        )
    )


def _load_as_of(connection: sqlite3.Connection, run: int) -> tuple[Report, ...]:
    """As :func:`archive.query.load_record` sees each report, all at once."""
    versions = defaultdict(list)
    for row in connection.execute(
        "SELECT id AS version_id, item_id, seq, previous_id, cause, title, observed_at FROM item_versions "
        "WHERE run_id <= ? ORDER BY id",
        (run,),
    ):
        versions[row["item_id"]].append(row)
    standings = load_standings(connection, run)
    reports = []
    for row in connection.execute(
        "SELECT i.id, i.key, i.first_seen_at, coalesce(e.alert, '') AS alert FROM items i "
        f"LEFT JOIN events e ON e.item_id = i.id AND e.kind = 'appeared' WHERE {_REPORTS}"
    ):
        known = versions.get(row["id"])
        if not known:
            continue
        told = {**dict(row), **dict(choose_reading(known)), "versions": max(each["seq"] for each in known)}
        reports.append(_describe(told, standings[row["id"]]))
    return tuple(reports)


def _describe(row: sqlite3.Row | dict[str, object], standing: Standing) -> Report:
    title = str(row["title"])
    return Report(
        str(row["key"]),
        title,
        series_of(title),
        tuple(dict.fromkeys(_YEAR.findall(title))),
        standing.state,
        tuple(standing.listings),
        str(row["first_seen_at"]),
        row["alert"] != "quiet",
        int(row["version_id"]),  # type: ignore[arg-type]
        int(row["seq"]),  # type: ignore[arg-type]
        int(row["versions"]),  # type: ignore[arg-type]
    )
