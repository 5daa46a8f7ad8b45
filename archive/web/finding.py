"""What the search box finds: the whole ranking, to be filtered and counted, and the passages of one page of it."""

from __future__ import annotations

import dataclasses
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.search.finding import RANKED, Finding, find
from archive.search.matching import one_moment
from archive.search.query import describe_hits
from archive.search.scope import make_scope
from archive.search.terms import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archive.search.query import Hit
    from archive.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Ranking:
    """Reports by key, the best first; valid inside :func:`rank` only."""

    keys: dict[str, int]  #: key → the version that was found
    message: str | None
    _connection: sqlite3.Connection
    _finding: Finding | None
    _run: int | None

    def describe(self, keys: Iterable[str]) -> dict[str, Hit]:
        """Title and passages with the words marked."""
        wanted = [self.keys[key] for key in keys if key in self.keys]
        if self._finding is None or not wanted:
            return {}
        page = dataclasses.replace(self._finding, versions={each: self._finding.versions[each] for each in wanted})
        return {hit.key: hit for hit in describe_hits(self._connection, page, self._run)}


@contextmanager
def rank(connection: sqlite3.Connection, words: str, *, as_of: str | None, ever: bool) -> Iterator[Ranking]:
    """Find in the readings of now or then, or with ``ever`` in all versions. Raises UsageError."""
    with one_moment(connection):
        scope = make_scope(connection, as_of=as_of, state=None, listing=None, since=None, until=None)
        query = parse(words)
        if query.root is None:
            yield Ranking({}, query.message, connection, None, scope.run)
            return
        finding = find(connection, query.root, (), scope, RANKED, all_versions=ever)
        keys = _find_keys(connection, finding)
        message = finding.note
        if finding.total > len(keys):
            message = f"{finding.total:,} reports match; the {len(keys):,} that match best are counted and shown here."
        yield Ranking(keys, message, connection, finding, scope.run)


def _find_keys(connection: sqlite3.Connection, finding: Finding) -> dict[str, int]:
    keys = dict(
        connection.execute(
            "SELECT v.id, i.key FROM json_each(?) found JOIN item_versions v ON v.id = found.value "
            "JOIN items i ON i.id = v.item_id",
            (json.dumps(list(finding.versions)),),
        ).fetchall()
    )
    return {keys[version_id]: version_id for version_id in finding.versions}
