"""What a crash, a disk or a hand has broken, mended from what is whole; nothing is deleted, and each step is said.

The WARC files are what everything else is made of: they are never written here, but for the torn end of an open one.
archive.db is made again beside the old one, which is then moved aside: killed at any point, the archive has one of the
two or, between two renames, none, and the next repair makes it.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archive.aside import Aside
from archive.counted import counted
from archive.derive import derive
from archive.derived import INDEX_DAMAGE, list_wrong_figures
from archive.durable import rename_into_place
from archive.errors import StorageError
from archive.faults import Verification
from archive.journal import list_parts, repair_parts
from archive.night import recover
from archive.remaking import find_archive_damage, find_damage, find_rewritten, list_obstacles, read_again
from archive.sqlite import get_code, sqlite3
from archive.store import BUSY_SECONDS, hold_lock, open_for_reading, open_for_writing, storage_errors, transaction
from archive.verify import verify, verify_index

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.captures import Reader
    from archive.store import DataDirectory

_NOTIFY_LOCK = "notify.lock"  #: of who plans and sends; see archive.alerts.notifying
_REMAKE_INDEX = "INSERT INTO version_index (version_index) VALUES ('rebuild')"


@dataclass(slots=True)
class Repairs:
    """What was done, or would be, and what stays broken: sentences."""

    done: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    kept: Path | None = None  #: where that lies which was moved aside


def repair(
    data: DataDirectory,
    reader: Reader,
    *,
    now: str,
    say: Callable[[str], None],
    dry: bool = False,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,  # noqa: ARG005
) -> Repairs:
    """Mend what can be mended without losing anything; ``dry``: only say what would be done, and change nothing.

    Raises Locked, UsageError (no archive, or not one of ours), StorageError (no room, no permission).
    """
    work = _Repair(data, reader, now, say, progress)
    if dry:
        work.foresee()
        return work.repairs
    data.prepare()
    with hold_lock(data, command="baogao repair", started_at=now):
        work.run()
    work.repairs.kept = work.aside.place
    return work.repairs


class _Repair:
    def __init__(
        self,
        data: DataDirectory,
        reader: Reader,
        now: str,
        say: Callable[[str], None],
        progress: Callable[[str, int, int], None],
    ) -> None:
        self.data = data
        self.reader = reader
        self.now = now
        self.say = say
        self.progress = progress
        self.repairs = Repairs()
        self.aside = Aside(data.state, now)
        self.scratch = data.state / "rebuilding"

    def foresee(self) -> None:
        done, broken = self.repairs.done, self.repairs.broken
        for path in sorted(self.data.warc.glob("*.warc.gz.open")):
            done.append(f"{path.name} would be closed, cut behind its last whole record.")
        if sick := find_damage(self.data.alerts):
            done.append(f"alerts.db ({sick}) would be moved aside.")
        damage, parts = find_archive_damage(self.data), set()
        if damage is None:
            report = self._verify()
            parts = {fault.part for fault in report.faults}
            broken += [fault.text for fault in report.faults if fault.part == "warc"]
            done += [notice for notice in report.notices if "the next command that writes" in notice]
            damage = _describe_faults(report)
        if damage is None:
            if made := sorted(parts & {"index", "figures"}):
                done.append(f"archive.db: its {' and '.join(made)} would be made again from the texts.")
        elif obstacles := list_obstacles(self.data):
            broken += [each for each in obstacles if each not in broken]
        else:
            files = counted(len(list_parts(self.data)), "WARC file")
            done.append(f"archive.db ({damage}) would be moved aside and read again from {files}.")

    def run(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)  # ours, of a repair that was killed
        self.repairs.done += [f"{repaired}." for repaired in repair_parts(self.data)]
        self._set_outbox_aside()
        damage = find_archive_damage(self.data)
        damage = damage or find_rewritten(self.data)
        if damage is None:
            damage = self._mend_derived() or self._mend_rows()
        if damage is None or self._remake(damage):
            faults = self._verify().faults
            self.repairs.broken += [fault.text for fault in faults]
            if {"archive", "warc"} <= {fault.part for fault in faults}:
                self.repairs.broken.append(
                    "archive.db is read again when these WARC files are whole: restore them, then run `baogao repair`."
                )

    def _verify(self) -> Verification:
        with storage_errors(self.data.db), contextlib.closing(open_for_reading(self.data)) as connection:
            return verify(connection, self.data, self.reader, progress=self.progress)

    def _mend_derived(self) -> str | None:
        """Index and figures are made again where they are wrong; why archive.db has to be, where that fails."""
        done = self.repairs.done
        try:
            if self._has_sick_index():  # newer releases of SQLite would not let it be opened for anything else
                done.append("archive.db: the search index was damaged; it was made again from the texts.")
            with contextlib.closing(open_for_writing(self.data, say=self.say)) as connection:
                report = Verification()
                verify_index(connection, report)
                if report.faults:
                    with transaction(connection):
                        connection.execute(_REMAKE_INDEX)
                    done.append("archive.db: the search index was damaged; it was made again from the texts.")
                if wrong := list_wrong_figures(connection):
                    with transaction(connection):  # killed behind this, the next command extracts them
                        connection.executemany(
                            "INSERT OR REPLACE INTO readings_of_figures VALUES (?, 0)", [(each,) for each in wrong]
                        )
                    derive(connection, self.say)
                    done.append(f"archive.db: the figures of {counted(len(wrong), 'version')} were extracted again.")
        except StorageError as error:
            cause = error.__cause__  # a broken constraint: who only reads, as find_archive_damage, does not see it
            if isinstance(cause, sqlite3.DatabaseError) and get_code(cause) == sqlite3.SQLITE_CORRUPT:
                return str(cause)
            raise
        except sqlite3.DatabaseError as error:
            if get_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
                return f"its search index or its figures can't be mended: {error}"
            with storage_errors(self.data.db):
                raise
        return None

    def _has_sick_index(self) -> bool:
        with contextlib.closing(
            sqlite3.connect(self.data.db, isolation_level=None, timeout=BUSY_SECONDS)
        ) as connection:
            try:
                said = [row[0] for row in connection.execute("PRAGMA quick_check(20)")]
            except sqlite3.DatabaseError as error:
                said = [str(error)]
                if not INDEX_DAMAGE.search(said[0]):
                    raise
            if not any(map(INDEX_DAMAGE.search, said)):
                return False
            with transaction(connection):
                connection.execute(_REMAKE_INDEX)
        return True

    def _mend_rows(self) -> str | None:
        """Index what archive.db does not know of the WARC files; why it has to be read again, where that is not all."""
        report = self._verify()
        if any(fault.part == "warc" for fault in report.faults):
            return None  # nothing more may be made of them
        if report.unreadable:
            return _describe_faults(report)
        opened = contextlib.closing(open_for_writing(self.data, say=self.say))
        with opened as connection, storage_errors(self.data.db):
            known = _count_rows(connection)
            if any("does not know" in notice for notice in report.notices):
                with transaction(connection):
                    connection.execute("UPDATE warc_files SET bytes = 0")  # all are looked through once more
            recover(connection, self.data, self.reader)
            derive(connection, self.say)
            added = _count_rows(connection) - known
        if added:
            records = counted(added, "record")
            self.repairs.done.append(f"archive.db: read {records} of the WARC files that it did not know.")
        return _describe_faults(self._verify())

    def _remake(self, damage: str) -> bool:
        """False where archive.db could not be read again, and is left as it is."""
        scratch = self.scratch
        obstacles = list_obstacles(self.data)
        try:
            if not obstacles:
                scratch.mkdir()
                place = replace(self.data, db_copy=scratch / "archive.db")
                obstacles = read_again(self.data, place, self.reader, self.say)
            if not obstacles:
                if self.data.db.exists():
                    place.db.chmod(self.data.db.stat().st_mode & 0o777)
                was_there = self.aside.take(self.data.db)
                rename_into_place(place.db, self.data.db)
                kept = f" and moved to {self.aside.place}" if was_there else ""
                read = counted(len(list_parts(self.data)), "WARC file")
                self.repairs.done.append(f"archive.db was damaged ({damage}){kept}: read again from {read}.")
        except StorageError as error:
            obstacles = [str(error)]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if obstacles:
            self.repairs.broken.append(
                f"archive.db ({damage}) can't be read again from the WARC files yet and was left as it is: do what "
                "follows and run `baogao repair` again, or restore the whole archive from a backup."
            )
        self.repairs.broken += obstacles
        return not obstacles

    def _set_outbox_aside(self) -> None:
        damage = find_damage(self.data.alerts)
        if damage is None:
            return
        with hold_lock(self.data, command="baogao repair", started_at=self.now, name=_NOTIFY_LOCK):
            self.aside.take(self.data.alerts)
        self.repairs.done.append(
            f"alerts.db was damaged ({damage}) and moved to {self.aside.place}: a backup of it, put in its place, "
            "knows what was sent; without one `baogao notify` begins anew and tells of the last settled night again, "
            "under the same ids."
        )


def _describe_faults(report: Verification) -> str | None:
    """What is wrong with the rows of archive.db."""
    faults = [fault.text for fault in report.faults if fault.part == "archive"]
    if not faults:
        return None
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    return faults[0].removeprefix("archive.db: ").partition(": `baogao")[0] + more


def _count_rows(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT (SELECT count(*) FROM captures) + (SELECT count(*) FROM notes)").fetchone()
    return int(count)
