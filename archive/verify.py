"""Everything proved again: WARC members and digests, the rows that point to them, texts, index, states, alerts.db."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from archive import balance, derived, schema
from archive.compare import FIELDS, Content
from archive.counted import counted
from archive.errors import Locked, StorageError
from archive.evidence import verify_warcs
from archive.faults import Fault, Verification
from archive.printable import spell_out
from archive.rereading import Rereader
from archive.sqlite import is_undecodable, sqlite3
from archive.tables import hold_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archive.captures import Reader
    from archive.store import DataDirectory


def verify(
    connection: sqlite3.Connection,
    data: DataDirectory,
    reader: Reader,
    *,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,  # noqa: ARG005
) -> Verification:
    """Read everything; the archive is not changed. ``progress``: what is looked at, how much of how much is done."""
    report = Verification()
    with hold_snapshot(connection):
        progress("archive.db", 0, 1)
        if damage := derived.find_schema_damage(connection):
            report.add("archive", f"archive.db: {damage}")
            return report
        verify_database(connection, report)
        with _reading_rows(report, "versions"):
            _verify_versions(connection, report)
            _verify_readings(connection, data, report, reader, progress)
        with _reading_rows(report, "runs, notes or events"):
            _verify_derived(connection, report, progress)
        with _reading_rows(report, "rows about WARC files"):
            verify_warcs(connection, data, report, progress)
        if not report.unreadable:  # else it is named
            with _reading_rows(report, "texts"):
                for found in derived.read_texts(connection):
                    report.add("archive", f"archive.db: {found}")
        broken, notices = ([], []) if report.unreadable else derived.check_outbox(data.alerts, connection)
        sizes = {} if report.unreadable else dict(map(tuple, connection.execute("SELECT file, bytes FROM warc_files")))
    if report.faults and not report.unreadable:
        _refuse_rewritten(connection, sizes)
    report.faults += [Fault("alerts", text) for text in broken]
    report.notices += notices
    return report


@contextlib.contextmanager
def _reading_rows(report: Verification, what: str) -> Iterator[None]:
    """A byte that fell over in a row is no damage to SQLite, and yet no text, no JSON or no time any more."""
    try:
        yield
    except (ValueError, KeyError, TypeError, sqlite3.DatabaseError) as error:
        if isinstance(error, sqlite3.DatabaseError) and not is_undecodable(error):
            raise
        said = spell_out(" ".join(str(error).split()))[:100]
        report.unreadable = True
        report.add("archive", f"archive.db: its {what} can't be read ({type(error).__name__}: {said})")


def _refuse_rewritten(connection: sqlite3.Connection, sizes: dict[str, int]) -> None:
    """What was found in a file that is another by now proves nothing. Raises Locked."""
    for file, size in connection.execute("SELECT file, bytes FROM warc_files ORDER BY file"):
        if sizes.get(file, size) != size:
            raise Locked(f"{file} was pruned while it was verified: wait until `baogao prune` ends, then verify again.")


def verify_database(connection: sqlite3.Connection, report: Verification) -> None:
    """What SQLite itself can tell: pages, indexes, references from row to row."""
    try:
        checked = [said for (said,) in connection.execute("PRAGMA integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        checked = [str(error)]
        if not derived.INDEX_DAMAGE.search(checked[0]):
            raise
    for said in checked:
        if derived.INDEX_DAMAGE.search(said):
            report.add("index", f"archive.db: {said}")
        elif said != "ok":
            report.add("archive", f"archive.db: {said}")
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        report.add("archive", f"archive.db: row {rowid} of {table} points to a row that is not in {parent}")


def _verify_derived(
    connection: sqlite3.Connection, report: Verification, progress: Callable[[str, int, int], None]
) -> None:
    progress("states and events", 0, 1)
    if not report.faults:  # else they follow from what is named already
        for found in (
            *derived.compare_states(connection),
            *balance.check_sightings(connection),
            *balance.check_events(connection),
            *balance.check_runs(connection),
        ):
            report.add("archive", f"archive.db: {found}")
    if connection.execute("PRAGMA user_version").fetchone()[0] < schema.VERSION:
        report.notices.append("archive.db was made by an older release: the next command that writes upgrades it.")
        return
    progress("search index", 0, 1)
    verify_index(connection, report)
    verify_figures(connection, report, progress)


def verify_index(connection: sqlite3.Connection, report: Verification) -> None:
    try:
        if unindexed := derived.count_unindexed(connection):
            versions = counted(unindexed, "version is", "versions are")
            report.notices.append(f"archive.db: {versions} not in the search index yet: {_NEXT}.")
        for part, found in derived.check_copy(connection):
            report.add(part, f"archive.db: {found}")
    except StorageError as error:
        report.notices.append(str(error))
    except sqlite3.DatabaseError as error:  # its tables are gone
        report.add("index", f"archive.db: the search index can't be read ({error})")


def verify_figures(
    connection: sqlite3.Connection, report: Verification, progress: Callable[[str, int, int], None]
) -> None:
    from archive.figures.rows import count_unread  # noqa: PLC0415 - loads the grammar

    try:
        if unread := count_unread(connection):
            versions = counted(unread, "version has", "versions have")
            report.notices.append(f"archive.db: {versions} no figures of today's grammar yet: {_NEXT}.")
        if wrong := derived.list_wrong_figures(connection, progress):
            versions = counted(len(wrong), "version")
            report.add("figures", f"archive.db: the figures of {versions} are not those of their texts")
    except sqlite3.DatabaseError as error:
        report.add("archive", f"archive.db: the figures can't be read ({error})")


_NEXT = "the next command that writes adds them"


def _verify_versions(connection: sqlite3.Connection, report: Verification) -> None:
    rows = connection.execute(
        f"SELECT i.key, v.seq, v.content_hash, v.exact_hash, v.summary_hash, {', '.join(FIELDS)} "
        "FROM item_versions v JOIN items i ON i.id = v.item_id ORDER BY v.id"
    )
    for row in rows:
        report.versions += 1
        if tuple(row[2:5]) != Content(*row[5:]).hashes():
            report.add("archive", f"archive.db: version {row[1]} of {row[0]} does not hold the text its hashes name")


def _verify_readings(
    connection: sqlite3.Connection,
    data: DataDirectory,
    report: Verification,
    reader: Reader,
    progress: Callable[[str, int, int], None],
) -> None:
    """Each version against the very bytes it cites: its time, and, where today's parser read it, its text."""
    rereader = Rereader(connection, data.root, reader)
    rows = connection.execute(
        f"SELECT i.key, v.seq, v.item_id, v.capture_id, v.parser, v.observed_at = c.fetched_at, "
        f"{', '.join(f'v.{name}' for name in FIELDS)} FROM item_versions v JOIN items i ON i.id = v.item_id "
        "JOIN captures c ON c.id = v.capture_id ORDER BY v.capture_id, v.id"
    )
    for done, (key, seq, item_id, capture_id, parser, same_time, *fields) in enumerate(rows):
        progress("versions against their captures", done, report.versions)
        if not same_time:
            report.add("archive", f"archive.db: version {seq} of {key} is not of the time of the capture it cites")
        if parser != reader.version:
            continue
        try:
            reread = rereader.read_item(capture_id, item_id)
        except StorageError:
            continue  # named where the file is read
        if reread != Content(*fields):
            report.add("archive", f"archive.db: version {seq} of {key} is not what the capture it cites says")
