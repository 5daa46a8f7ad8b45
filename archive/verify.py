"""Everything proved again: WARC members and digests, the rows that point to them, texts, index, states, alerts.db."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from archive import balance, derived, schema
from archive.compare import FIELDS, Content
from archive.errors import Locked, StorageError
from archive.journal import NOTE
from archive.pruned import read_page_note
from archive.recovery import verify_file
from archive.rereading import Rereader
from archive.rewriting import find_pending
from archive.sqlite import sqlite3
from archive.tables import hold_snapshot
from archive.warc import iterate_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.captures import Reader
    from archive.store import DataDirectory
    from archive.warc import Record

#: what a fault is in, which decides how it is mended: rows of archive.db, what is derived from them, WARC files (open:
#: those that a crash has left)
Part = Literal["archive", "index", "figures", "warc", "open", "alerts"]
CURES: dict[Part, str] = {
    "archive": "`baogao repair` reads archive.db again from the WARC files",
    "index": "`baogao repair` makes it again",
    "figures": "`baogao repair` extracts them again",
    "warc": "restore that file from a backup",
    "open": "`baogao repair`, or the next command that writes, cuts and closes it",
    "alerts": "",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong: a sentence with its place and its cure."""

    part: Part
    text: str


@dataclass(slots=True)
class Verification:
    """What was looked at, and what is wrong."""

    files: int = 0
    records: int = 0
    captures: int = 0
    versions: int = 0
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  #: worth knowing, nothing wrong

    @property
    def problems(self) -> list[str]:
        return [fault.text for fault in self.faults]

    def add(self, part: Part, found: str) -> None:
        self.faults.append(Fault(part, f"{found}: {CURES[part]}." if CURES[part] else found))


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
        if missing := derived.list_missing_tables(connection):
            report.add("archive", f"archive.db: {', '.join(missing)} missing in it")
            return report
        verify_database(connection, report)
        _verify_versions(connection, report)
        _verify_readings(connection, data, report, reader, progress)
        _verify_derived(connection, report, progress)
        _verify_warcs(connection, data, report, progress)
        broken, notices = derived.check_outbox(data.alerts, connection)
        sizes = dict(map(tuple, connection.execute("SELECT file, bytes FROM warc_files")))
    if report.faults:
        _refuse_rewritten(connection, sizes)
    report.faults += [Fault("alerts", text) for text in broken]
    report.notices += notices
    return report


def _verify_warcs(
    connection: sqlite3.Connection,
    data: DataDirectory,
    report: Verification,
    progress: Callable[[str, int, int], None],
) -> None:
    expected = _list_references(connection, report)
    files = sorted(data.warc.glob("*.warc.gz")) + sorted(data.warc.glob("*.warc.gz.open"))
    pruned_at = _name_pruned_at(connection)
    known = frozenset(row[0] for row in connection.execute(f"SELECT record_id FROM captures WHERE {pruned_at} IS NULL"))
    sizes = dict(map(tuple, connection.execute("SELECT file, bytes FROM warc_files")))
    done, total = 0, sum(path.stat().st_size for path in files if path.exists())
    for path in files:
        if path.suffix == ".open" and not path.exists():
            path = path.with_suffix("")  # noqa: PLW2901 - a night has closed it meanwhile
        progress(f"WARC files, {path.name}", done, total)
        file = str(path.relative_to(data.root)).removesuffix(".open")
        pending = find_pending(data, file)
        if pending is not None and pending.stat().st_size == sizes.get(file) != path.stat().st_size:
            report.notices.append(
                f"{file} is pruned, and not in its place yet: the next command that writes puts it there."
            )
            path = pending  # noqa: PLW2901 - of which archive.db speaks
        report.files += 1
        dry = path.name.startswith("dry-")
        part: Part = "open" if path.suffix == ".open" else "warc"
        for problem in verify_file(path, is_archived=None if dry else known.__contains__):
            report.add(part, f"warc/{problem}")
        size = path.stat().st_size
        if size < sizes.get(file, 0):
            report.add(part, f"{file} at byte {size}: it ends here, and archive.db knows {sizes[file]} bytes of it")
        _verify_references(path, file, expected.pop(file, {}), report, indexed=not dry)
        done += size
    for file, references in sorted(expected.items()):
        report.add("warc", f"{file} is missing, and {len(references)} rows of archive.db point into it")


def _name_pruned_at(connection: sqlite3.Connection) -> str:
    return "pruned_at" if connection.execute("PRAGMA user_version").fetchone()[0] >= schema.PRUNABLE else "NULL"


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
            report.notices.append(f"archive.db: {unindexed} versions are not in the search index yet: {_NEXT}.")
        for found in derived.check_index(connection):
            report.add("index", f"archive.db: {found}")
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
            report.notices.append(f"archive.db: {unread} versions have no figures of today's grammar yet: {_NEXT}.")
        if wrong := derived.list_wrong_figures(connection, progress):
            report.add("figures", f"archive.db: the figures of {len(wrong)} versions are not those of their texts")
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


@dataclass(frozen=True, slots=True)
class Reference:
    """What archive.db expects at one place of one file; of a note only the record id."""

    record_id: str
    capture: tuple[object, ...] | None = None  #: digest, length, url, status, time, page, when pruned


def _describe_capture(record: Record) -> tuple[object, ...]:
    pruned = read_page_note(record)
    if pruned is not None:
        return (
            *(pruned["digest"], record.length, pruned["url"], pruned["status"], pruned["fetched_at"], pruned["page"]),
            pruned["pruned_at"],
        )
    page = record.headers.get("Baogao-Page")
    return (
        *(record.digest, record.length, record.headers["WARC-Target-URI"], record.status),
        *(record.headers["WARC-Date"], int(page) if page else None, None),
    )


def _list_references(connection: sqlite3.Connection, report: Verification) -> dict[str, dict[int, Reference]]:
    """By file and offset: what archive.db expects there."""
    expected: dict[str, dict[int, Reference]] = {}
    for file, offset, record_id, *capture in connection.execute(
        "SELECT warc_file, warc_offset, record_id, digest, warc_length, url, status, fetched_at, page, "
        f"{_name_pruned_at(connection)} FROM captures"
    ):
        expected.setdefault(file, {})[offset] = Reference(record_id, tuple(capture))
        report.captures += 1
    for file, offset, record_id in connection.execute("SELECT warc_file, warc_offset, record_id FROM notes"):
        expected.setdefault(file, {})[offset] = Reference(record_id)
    for (file,) in connection.execute("SELECT file FROM warc_files"):
        expected.setdefault(file, {})
    return expected


def _verify_references(
    path: Path,
    file: str,
    references: dict[int, Reference],
    report: Verification,
    *,
    indexed: bool,
) -> None:
    orphans = 0
    lost: Part = "warc" if any(file in fault.text for fault in report.faults if fault.part == "warc") else "archive"
    try:
        for record in iterate_records(path):
            report.records += 1
            is_note = record.type == "metadata" and record.headers.get("WARC-Target-URI", "").startswith(NOTE)
            if record.type not in {"response", "revisit"} and not is_note:
                continue
            reference = references.pop(record.offset, None)
            if reference is None:
                orphans += 1
                continue
            pruned = read_page_note(record)
            record_id = record.record_id if pruned is None else pruned["record_id"]
            if record_id != reference.record_id or (
                reference.capture is not None and reference.capture != _describe_capture(record)
            ):
                report.add("archive", f"{file} at {record.offset} holds another record than archive.db says")
    except StorageError:
        pass  # verify_file has named it; what lies behind is reported as missing below
    for offset in sorted(references):
        report.add(lost, f"{file} at {offset}: archive.db points to a record that is not there")
    if orphans and indexed:
        report.notices.append(
            f"{file} holds {orphans} records that archive.db does not know: the next command that writes indexes them."
        )
