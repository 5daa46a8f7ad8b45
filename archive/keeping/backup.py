"""One backup: the databases, then the WARC files, then the manifest; beside a crawl and beside ``notify``."""

from __future__ import annotations

import contextlib
import platform
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from msgspec import UNSET

from archive.alerts.events import find_namespace
from archive.alerts.outbox import APPLICATION_ID as OUTBOX
from archive.database_file import locate_for_reading
from archive.deciding import find_last_settled
from archive.errors import Locked, StorageError, UsageError
from archive.keeping import dump
from archive.keeping.depot import depot_errors, describe, lock_depot
from archive.keeping.manifest import Kept, Manifest, is_safe_name
from archive.keeping.snapshot import copy_database, list_referenced, take_out
from archive.printable import spell_out
from archive.recovery import verify_file
from archive.rewriting import find_pending
from archive.sqlite import sqlite3
from archive.store import BUSY_SECONDS, open_for_reading, storage_errors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from archive.keeping.depot import Depot
    from archive.store import DataDirectory

#: what a data directory's warc/ holds for good; .torn and .invalid are what a repair has set aside
_CLOSED = (".warc.gz", ".torn", ".invalid")
_SOFTWARE = ("baogao", "scrapy", "lxml", "sqlite-utils")


@dataclass(slots=True)
class Backup:
    """What was done, in files and bytes."""

    manifest: Manifest
    copied: list[Kept] = field(default_factory=list)
    skipped: list[Kept] = field(default_factory=list)  #: there already
    left_out: list[str] = field(default_factory=list)  #: of a night in progress
    rotten: list[str] = field(default_factory=list)  #: WARC files whose copies had lost their bytes; copied anew
    damaged: list[str] = field(default_factory=list)  #: sentences: WARC files of the archive that have lost theirs

    def add(self, kept: Kept, *, is_new: bool) -> None:
        (self.copied if is_new else self.skipped).append(kept)


def back_up(data: DataDirectory, place: Path, *, at: str, config: Path | None = None) -> Backup:
    """Bring the backup in ``place`` up to date; ``config``: the configuration file in use, ``at``: becomes ``made_at``.

    Raises UsageError, StorageError, Locked (another backup into the same place); the earlier backup stays what it was.
    """
    _refuse_overlap(data, place)
    with contextlib.closing(open_for_reading(data)) as source, lock_depot(place) as depot, depot_errors(place):
        return _Round(data, depot, at).run(source, config)


def _refuse_overlap(data: DataDirectory, place: Path) -> None:
    root, target = data.root.resolve(), place.resolve()
    if target.is_relative_to(root) or root.is_relative_to(target):
        raise UsageError(
            f"{spell_out(str(place))} and the data directory lie one in the other: name a directory outside of it, "
            "best on another disk."
        )


class _Round:
    """The steps, in the order that the package's docstring gives reasons for."""

    def __init__(self, data: DataDirectory, depot: Depot, at: str) -> None:
        self.data = data
        self.depot = depot
        self.at = at
        self.earlier = depot.load_manifest()
        self.schemas: dict[str, int] = {}
        self.done: list[tuple[Kept, bool]] = []
        self.left_out: list[str] = []
        self.rotten: list[str] = []
        self.damaged: dict[str, str] = {}

    def run(self, source: sqlite3.Connection, config: Path | None) -> Backup:
        self._refuse_another(source)
        self._keep_outbox()
        facts = self._keep_archive(source)
        if config is not None:
            self.done.append(self.depot.store("baogao.toml", config))
        manifest = Manifest(
            made_at=self.at,
            schemas=self.schemas,
            dump=dump.VERSION,
            software=describe_software(),
            files=sorted((kept for kept, _ in self.done), key=lambda kept: kept.path),
            damaged=sorted(self.damaged) or UNSET,
            **facts,  # type: ignore[arg-type]
        )
        self.depot.save_manifest(manifest)
        self.depot.sweep(manifest)
        backup = Backup(manifest, left_out=self.left_out, rotten=self.rotten, damaged=list(self.damaged.values()))
        for kept, is_new in self.done:
            backup.add(kept, is_new=is_new)
        return backup

    def _keep_outbox(self) -> None:
        path = self.data.alerts
        if not path.exists():
            return
        with (
            storage_errors(path),
            contextlib.closing(sqlite3.connect(locate_for_reading(path), uri=True, timeout=BUSY_SECONDS)) as outbox,
        ):
            if outbox.execute("PRAGMA application_id").fetchone()[0] not in {0, OUTBOX}:  # 0: made, and killed
                raise UsageError(
                    f"{path} is an SQLite file, but not one of baogao's: move it away, then back up again."
                )
            unfinished = self.depot.name_unfinished()
            try:
                with copy_database(outbox, path, unfinished) as copy:
                    self.schemas["alerts.db"] = copy.execute("PRAGMA user_version").fetchone()[0]
                self._adopt("alerts.db", unfinished)
            finally:
                _remove(unfinished)

    def _keep_archive(self, source: sqlite3.Connection) -> dict[str, object]:
        unfinished = self.depot.name_unfinished()
        try:
            with copy_database(source, self.data.db, unfinished) as copy:
                closed = self._find_warcs(copy)
                self._keep_warcs(closed)
                self._refuse_pruning(source, copy)
                take_out(copy, self.left_out)
                self.schemas["archive.db"] = copy.execute("PRAGMA user_version").fetchone()[0]
                facts = describe_archive(copy)
            self._adopt("archive.db", unfinished)
        finally:
            _remove(unfinished)
        return facts

    def _adopt(self, path: str, unfinished: Path) -> None:
        kept = describe(path, unfinished)
        self.done.append((kept, self.depot.adopt(unfinished, kept)))

    def _find_warcs(self, copy: sqlite3.Connection) -> list[str]:
        """Names of the closed files; what the copy refers to is closed, or open and left out."""
        folder = self.data.warc
        found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        closed = {name for name in found if name.endswith(_CLOSED) and is_safe_name(name)}
        missing = []
        for file in list_referenced(copy):
            path = self.data.root / file
            is_open = path.with_name(path.name + ".open").exists()
            if file != f"warc/{path.name}" or not is_safe_name(path.name):
                missing.append(file)  # nobody but an archive's own writer says what is read
            elif path.is_file():  # looked at second: one that is closed in between is seen here
                closed.add(path.name)
            elif is_open:
                self.left_out.append(file)
            else:
                missing.append(file)
        if missing:
            raise StorageError(
                f"{spell_out(missing[0])!r} is missing below {self.data.root} ({len(missing)} files in all), and "
                "archive.db points into it: copy it there from an earlier backup, then back up again; no backup "
                "was changed."
            )
        return sorted(closed)

    def _keep_warcs(self, names: Iterable[str]) -> None:
        """A closed file never changes: of one untouched since the earlier backup only the copy is read again."""
        earlier = {kept.path: kept for kept in self.earlier.files} if self.earlier else {}
        doubtful = (self.earlier.damaged if self.earlier else UNSET) or ()
        for name in names:
            path, source = f"warc/{name}", self.data.warc / name
            known = earlier.get(path)
            is_whole = known is not None and self.depot.is_whole(known)
            is_closed = name.endswith(".warc.gz") and path not in doubtful
            if known is not None and is_whole and is_closed and self._is_untouched(source, known):
                self.done.append((known, False))
            elif source.is_file():
                if self._is_damaged(path, source, known if is_whole else None):
                    assert known is not None
                    self.done.append((known, False))
                    continue
                is_rotten = known is not None and not is_whole and self.depot.holds(known)
                self.done.append(self.depot.store(path, source))
                if is_rotten:
                    self.rotten.append(path)

    def _is_damaged(self, path: str, source: Path, known: Kept | None) -> bool:
        """Read what is to be copied. True where the earlier copy is sound, fits, and so keeps its place."""
        problem = next(verify_file(source), None) if path.endswith(".warc.gz") else None
        if problem is None:
            return False
        is_better = (
            known is not None
            and known.bytes == source.stat().st_size
            and next(verify_file(self.depot.files / known.stored), None) is None
        )
        step = (
            f"its earlier copy, which is whole, stays in this backup: copy {known.stored} from its files/ to {path}"
            if is_better and known is not None
            else "it was copied as it is: restore that file from another backup"
        )
        self.damaged[path] = f"warc/{problem}: {step}, then back up again."
        return is_better

    def _refuse_pruning(self, source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
        """The copy of archive.db and those of the files must be of one moment. Raises Locked."""
        known, now = (dict(map(tuple, each.execute("SELECT file, bytes FROM warc_files"))) for each in (copy, source))
        for kept, _ in self.done:
            size = known.get(kept.path, kept.bytes)
            if size != now.get(kept.path, size) or (
                size != kept.bytes
                and (find_pending(self.data, kept.path) or (self.data.root / kept.path).stat().st_size == size)
            ):
                raise Locked(
                    f"{kept.path} is being pruned, or that was cut short: wait until `baogao prune` ends, or run "
                    "`baogao settle`, which finishes it, then back up again; no backup was changed."
                )
            if kept.bytes < size:
                raise StorageError(
                    f"{kept.path} has {kept.bytes} bytes where archive.db knows {size}: copy it from the earlier "
                    "backup, which stays as it is, or run `baogao verify`, which says more; then back up again."
                )

    def _is_untouched(self, source: Path, known: Kept) -> bool:
        """Size alone would take a damaged file for the whole one that a person has put in its place since."""
        assert self.earlier is not None
        found = source.stat()
        with contextlib.suppress(ValueError, OverflowError):  # a time that is none
            made = datetime.fromisoformat(self.earlier.made_at).timestamp()
            return found.st_size == known.bytes and found.st_ctime < made  # ctime: `cp -p` sets the other one back
        return False

    def _refuse_another(self, source: sqlite3.Connection) -> None:
        """An empty archive, made where the real one was lost, must not take the place of its last good backup."""
        earlier, place = self.earlier, spell_out(str(self.depot.root))
        if earlier is None or earlier.archive_id is None:
            return
        last = find_last_settled(source) or 0
        if last and str(find_namespace(source)) != earlier.archive_id:
            raise UsageError(f"{place} holds a backup of another archive: name another directory for this one.")
        if last < earlier.last_run:
            raise UsageError(
                f"{place} holds a backup that knows run {earlier.last_run}, and this archive ends with run {last}: "
                "restore that backup, or name another directory for this archive."
            )


def _remove(unfinished: Path) -> None:
    for path in (unfinished, unfinished.with_name(unfinished.name + "-journal")):
        path.unlink(missing_ok=True)


def describe_archive(connection: sqlite3.Connection) -> dict[str, object]:
    """What the manifest says of the archive, as of its last settled run."""
    last = find_last_settled(connection)
    (finished,) = connection.execute("SELECT max(finished_at) FROM runs WHERE id = ?", (last,)).fetchone()
    pending = connection.execute("SELECT id FROM runs WHERE outcome = 'open'").fetchone()
    return {
        "archive_id": str(find_namespace(connection)) if last else None,
        "last_run": last or 0,
        "last_run_finished_at": finished,
        "open_run": pending[0] if pending else None,
        "content": dump.dump_content(connection),
    }


def describe_software() -> dict[str, str]:
    """Whatever might read the same bytes otherwise."""
    named = {name: version(name) for name in _SOFTWARE}
    return named | {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
