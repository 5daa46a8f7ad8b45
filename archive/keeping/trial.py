"""A backup proved: restored into a directory that is thrown away, verified, and compared with what it should say."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archive.alerts.outbox import read_outbox
from archive.database_file import check
from archive.keeping import dump
from archive.keeping.restore import restore
from archive.store import DataDirectory, open_for_reading, storage_errors
from archive.verify import verify

if TYPE_CHECKING:
    from archive.captures import Reader
    from archive.faults import Verification
    from archive.keeping.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Trial:
    manifest: Manifest
    verification: Verification
    differences: list[str] = field(default_factory=list)  #: sentences: where the dump is not the manifest's
    is_compared: bool = True  #: False: the backup's dump is of another release

    @property
    def problems(self) -> list[str]:
        return self.verification.problems + self.differences


def try_backup(place: Path, reader: Reader) -> Trial:
    """Restore and verify the backup in ``place``. Raises as restore() does."""
    with tempfile.TemporaryDirectory(prefix="baogao-restored-") as scratch:
        data = DataDirectory(Path(scratch) / "data")
        manifest = restore(place, data.root)
        with read_outbox(data.alerts) as outbox:
            if outbox is not None:
                with storage_errors(data.alerts):
                    check(outbox)
        with storage_errors(data.db), contextlib.closing(open_for_reading(data)) as connection:
            report = verify(connection, data, reader)
            if manifest.dump != dump.VERSION:
                return Trial(manifest, report, is_compared=False)
            found = dump.dump_content(connection)
    tables = sorted({*found, *manifest.content})
    differences = [
        f"archive.db: {table} does not say what it said when the backup was made."
        for table in tables
        if found.get(table) != manifest.content.get(table)
    ]
    return Trial(manifest, report, differences)
