"""What can be made again, compared with what it is made of: search index, figures, states of the reports."""

from __future__ import annotations

import contextlib
import re
import tempfile
from decimal import Decimal
from typing import TYPE_CHECKING

from archive import schema
from archive.counted import counted
from archive.errors import StorageError
from archive.sqlite import get_code, sqlite3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from archive.faults import Part

#: what SQLite from 3.44 on says of an index within a check of the whole file, or raises instead of checking it
INDEX_DAMAGE = re.compile("FTS5 table|^fts5: |^vtable constructor failed: version_index$")
_FACTS = ("state", "version", "last_seen_at", "listings")
#: reports that nothing stands behind; those whose times no sighting names; where each was seen, and when
_LOST = """
SELECT key FROM items i WHERE (NOT EXISTS (SELECT 1 FROM sightings WHERE item_id = i.id)
  AND NOT EXISTS (SELECT 1 FROM sighting_spans WHERE item_id = i.id))
OR NOT EXISTS (SELECT 1 FROM item_versions WHERE id = i.version_id AND item_id = i.id)
OR NOT EXISTS (SELECT 1 FROM item_versions WHERE item_id = i.id AND cause <> 'parser') ORDER BY key"""
#: the view ``shown``, of one item: SQLite asks the view itself for all of them
_SEEN = """FROM (SELECT capture_id FROM sightings WHERE item_id = i.id UNION ALL
  SELECT p.id FROM sighting_spans s CROSS JOIN captures p
  ON p.listing_id = s.listing_id AND p.page = s.page AND p.run_id BETWEEN s.first_run_id AND s.last_run_id
  AND p.status = 200 WHERE s.item_id = i.id) CROSS JOIN captures c ON c.id = capture_id"""
_MISDATED = f"""
SELECT key FROM items i WHERE NOT EXISTS (SELECT 1 {_SEEN} WHERE c.fetched_at = i.first_seen_at)
OR NOT EXISTS (SELECT 1 {_SEEN} WHERE c.fetched_at = i.last_seen_at)
OR i.last_seen_at < (SELECT min(c.fetched_at) {_SEEN} WHERE c.run_id = i.last_run_id) ORDER BY key"""
_MEMBERSHIPS = """
SELECT item_id, listing_id, min(first), max(last) FROM (
  SELECT s.item_id, c.listing_id, c.run_id AS first, c.run_id AS last
  FROM sightings s JOIN captures c ON c.id = s.capture_id
  UNION ALL SELECT item_id, listing_id, first_run_id, last_run_id FROM sighting_spans)
GROUP BY 1, 2"""


def find_schema_damage(connection: sqlite3.Connection) -> str | None:
    """What an archive of its schema has, and this one has not, or otherwise; None where it is sound."""
    if missing := _list_missing_tables(connection):
        return f"{', '.join(missing)} missing in it"
    if altered := _list_altered(connection):
        return f"{', '.join(altered)} not what the schema says"
    return None


def _find_scripts(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What has made an archive of its schema."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return (schema.SCHEMA, schema.RESEARCH, schema.UPKEEP)[:version]


def _list_missing_tables(connection: sqlite3.Connection) -> list[str]:
    script = "".join(_find_scripts(connection))
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    return [
        name
        for name in re.findall(r"^CREATE (?:VIRTUAL )?(?:TABLE|VIEW) (\w+)", script, re.MULTILINE)
        if name not in there
    ]


def _list_altered(connection: sqlite3.Connection) -> list[str]:
    """A view with another word in it is no damage to SQLite. What somebody took away, or added, is not looked at."""
    # SQLite's own, of the index, are left out; as bytes: they may be no text any more
    query = "SELECT name, CAST(sql AS BLOB) FROM sqlite_master WHERE name NOT GLOB 'version_index_*'"
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        for script in _find_scripts(connection):
            made.executescript(script)
        wanted = dict(made.execute(query).fetchall())
    there = dict(map(tuple, connection.execute(query)))
    return sorted(name for name, sql in wanted.items() if there.get(name, sql) != sql)


def read_texts(connection: sqlite3.Connection) -> Iterator[str]:
    """Sentences: texts that are no JSON any more. Raises what SQLite says of one that is no text."""
    for table in re.findall(r"^CREATE TABLE (\w+)", "".join(_find_scripts(connection)), re.MULTILINE):
        kinds = connection.execute("SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'", (table,))
        if texts := ", ".join(f'"{name}"' for (name,) in kinds):
            for _ in connection.execute(f"SELECT {texts} FROM {table}"):
                pass
    for (event,) in connection.execute("SELECT id FROM events WHERE NOT json_valid(fields)"):
        yield f"the fields of event {event} are no JSON any more"


def check_copy(connection: sqlite3.Connection) -> Iterator[tuple[Part, str]]:
    """Sentences: rows that break a constraint, and where the index is not what the texts say.

    Asked of a copy that is thrown away: asking writes, and who only reads does not know CHECK constraints.
    """
    from archive.search.index import index_versions  # noqa: PLC0415 - loads what takes texts apart

    with (
        tempfile.TemporaryDirectory(prefix="baogao-") as place,  # the extra would keep a nameless copy in memory
        contextlib.closing(sqlite3.connect(f"{place}/copy.db", isolation_level=None)) as copy,
    ):
        copy.execute("PRAGMA synchronous = OFF")
        connection.backup(copy)
        try:
            for (said,) in copy.execute("PRAGMA quick_check(20)").fetchall():
                if said.startswith("CHECK"):
                    yield "archive", said
            index_versions(copy)  # what a night has left to the next command is no damage
            _segment_in_python(copy)
            copy.execute("INSERT INTO version_index (version_index, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            if get_code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                raise StorageError(
                    f"There is no room for a copy of archive.db ({error}), which checking the search index takes: make "
                    "room in the directory for temporary files, or name another one with TMPDIR."
                ) from error
            yield "index", f"the search index is not what the texts say ({error})"


def _segment_in_python(copy: sqlite3.Connection) -> None:
    """The view takes fifty times as long for the same; one that was altered stays, and is told by what it says."""
    from archive.search.segment import segment  # noqa: PLC0415 - see above

    view = copy.execute("SELECT sql FROM sqlite_master WHERE name = 'version_segments'").fetchone()
    if view is None or view[0] not in schema.RESEARCH:
        return
    copy.create_function("segment", 1, segment, deterministic=True)
    copy.execute("PRAGMA trusted_schema = ON")
    copy.execute("DROP VIEW version_segments")
    copy.execute(
        "CREATE VIEW version_segments (id, zh, en, title) AS "
        "SELECT id, segment(summary_zh), segment(summary_en), segment(title) FROM item_versions"
    )


def count_unindexed(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute(
        "SELECT count(*) FROM item_versions WHERE id > (SELECT coalesce(max(id), 0) FROM version_index_docsize)"
    ).fetchone()
    return int(count)


def list_wrong_figures(
    connection: sqlite3.Connection,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,  # noqa: ARG005
) -> list[int]:
    """Versions whose figures are not those that today's grammar finds in their text.

    Of those that an older grammar has read: whose figures are not in their text, or do not add up.
    """
    from archive import figures  # noqa: PLC0415 - the grammar
    from archive.figures.rows import make_rows  # noqa: PLC0415

    wrong = {
        version
        for (version,) in connection.execute(
            "SELECT DISTINCT f.version_id FROM figures f JOIN item_versions v ON v.id = f.version_id LEFT JOIN "
            "readings_of_figures r ON r.version_id = f.version_id WHERE r.version_id IS NULL OR f.raw IS NOT substr("
            "CASE f.language WHEN 'zh' THEN v.summary_zh ELSE v.summary_en END, f.start + 1, f.\"end\" - f.start)"
        )
    }
    for version, *amounts in connection.execute("SELECT version_id, number, scale, value, amount FROM figures"):
        if not _is_consistent(*amounts):
            wrong.add(version)
    texts = connection.execute(
        "SELECT v.id, v.summary_zh, v.summary_en FROM item_versions v JOIN readings_of_figures r "
        "ON r.version_id = v.id WHERE r.grammar = ? ORDER BY v.id",
        (figures.VERSION,),
    ).fetchall()
    for done, (version, *summaries) in enumerate(texts):
        progress("figures", done, len(texts))
        stored = [
            [
                tuple(row)
                for row in connection.execute(f"SELECT * FROM {table} WHERE version_id = ? ORDER BY 2, 3", (version,))
            ]
            for table in ("figures", "figure_disagreements")
        ]
        if tuple(stored) != make_rows(version, *summaries):
            wrong.add(version)
    return sorted(wrong)


def _is_consistent(number: str, scale: str, value: str, amount: float) -> bool:
    """Whether the amounts of a row are still those that one number was written as."""
    from archive.figures.rows import write_exact  # noqa: PLC0415 - the grammar

    try:
        exact = Decimal(number) * Decimal(scale)
        return write_exact(exact) == value and float(exact) == amount
    except ArithmeticError:  # no number any more
        return False


def compare_states(connection: sqlite3.Connection) -> Iterator[str]:
    """Sentences: reports whose row is not what the walks, sightings and events of all runs say."""
    from archive.query import iterate_records  # noqa: PLC0415

    (last,) = connection.execute("SELECT max(id) FROM runs WHERE outcome <> 'open'").fetchone()
    if last is None:
        return
    lost = connection.execute(_LOST).fetchall()
    if lost:
        yield from (f"{key} has no sighting or no version" for (key,) in lost)
        return
    for (key,) in connection.execute(_MISDATED):
        yield f"{key} was not seen when its row says"
    yield from _compare_memberships(connection)
    (parser,) = connection.execute("SELECT max(parser) FROM runs WHERE outcome <> 'open'").fetchone()
    # what a newer parser no longer finds on the last page that showed it is not taken as gone
    spared = {key for (key,) in connection.execute("SELECT key FROM items WHERE parser < ?", (parser,))}
    with _rows_by_name(connection):
        derived = {record["key"]: record for record in iterate_records(connection, as_of=str(last))}
        for record in iterate_records(connection):
            made = derived.pop(record["key"], None)
            if made is None:
                yield f"{record['key']} was seen by no settled run"
                continue
            for fact in _FACTS:
                if record[fact] != made[fact] and not (fact == "state" and record["key"] in spared):
                    yield f"{record['key']}: {fact} is {record[fact]}, but its runs say {made[fact]}"


@contextlib.contextmanager
def _rows_by_name(connection: sqlite3.Connection) -> Iterator[None]:
    before, connection.row_factory = connection.row_factory, sqlite3.Row
    try:
        yield
    finally:
        connection.row_factory = before


def _compare_memberships(connection: sqlite3.Connection) -> Iterator[str]:
    seen = {tuple(row) for row in connection.execute(_MEMBERSHIPS)}
    kept = connection.execute("SELECT item_id, listing_id, first_run_id, last_run_id FROM memberships")
    wrong = {item for item, *_ in seen.symmetric_difference(map(tuple, kept))}
    runs: dict[int, int] = {}
    for item, _, _, run in seen:
        runs[item] = max(run, runs.get(item, 0))
    for item, key, run in connection.execute("SELECT id, key, last_run_id FROM items ORDER BY key"):
        if run != runs[item] or item in wrong:
            yield f"{key} was not seen in the runs that its row and its memberships name"


def count_strangers(connection: sqlite3.Connection, outbox: sqlite3.Connection) -> int:
    """Deliveries in alerts.db of events that are not in archive.db, which numbers them anew when it is read again."""
    known = set(
        map(tuple, connection.execute("SELECT e.run_id, e.kind, i.key FROM events e JOIN items i ON i.id = e.item_id"))
    )
    told = outbox.execute("SELECT DISTINCT run_id, kind, key FROM deliveries")
    return sum(tuple(event) not in known for event in told)


def check_outbox(path: Path, connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """What is wrong with alerts.db, and what is worth knowing of it; nothing where there is none."""
    from archive.alerts.outbox import read_outbox  # noqa: PLC0415
    from archive.database_file import check_copy  # noqa: PLC0415
    from archive.store import storage_errors  # noqa: PLC0415

    try:
        with read_outbox(path) as outbox:
            if outbox is None:
                return [], []
            with storage_errors(path):
                check_copy(outbox)
                strangers = count_strangers(connection, outbox)
    except StorageError as error:
        return [str(error)], []
    notice = f"alerts.db tells of {counted(strangers, 'event')} that archive.db does not have: not told again."
    return [], [notice] if strangers else []
