"""manifest.json: what a backup holds, byte for byte, and what the archive in it says."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from archive.errors import NewerArchive, StorageError, UsageError
from archive.printable import spell_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "manifest.json"
FORMAT: Final = "baogao-backup"
VERSION = 1
_LONGEST_NAME = 200  #: bytes; a file system takes 255
_SEAL = "manifest_sha256"  #: of everything else in the manifest

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: ``path`` is its place in a data directory."""

    path: str
    bytes: Count
    sha256: Digest

    @property
    def stored(self) -> str:
        """Its name in the backup: other bytes never take the place of these."""
        return f"{self.sha256[:16]}-{self.path.rpartition('/')[2]}"

    @property
    def is_private(self) -> bool:
        return self.path == "alerts.db"


class Dumped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rows: Count
    sha256: Digest


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Equal archives have equal manifests but for ``made_at``."""

    made_at: str
    archive_id: str | None  #: the same for ever, also in an archive read again from its WARC files; None: no run yet
    schemas: dict[str, int]  #: file → PRAGMA user_version
    last_run: int  #: the last settled one; 0: none
    open_run: int | None  #: captured in part, to be settled or continued
    last_run_finished_at: str | None
    dump: int  #: archive.keeping.dump.VERSION
    content: dict[str, Dumped]  #: the canonical dump of the settled runs, by table
    software: dict[str, str]
    files: list[Kept]
    #: WARC files in which the archive had lost bytes then: the next backup reads them again; absent: none
    damaged: list[str] | msgspec.UnsetType = msgspec.UNSET
    format: Literal["baogao-backup"] = FORMAT
    version: int = VERSION

    def find(self, path: str) -> Kept | None:
        return next((kept for kept in self.files if kept.path == path), None)


def write_manifest(manifest: Manifest) -> bytes:
    body = msgspec.to_builtins(manifest)
    return (json.dumps({_SEAL: _seal(body)} | body, ensure_ascii=False, indent=1) + "\n").encode()


def read_manifest(content: bytes, path: Path) -> Manifest:
    """Raises StorageError where it is cut, altered or unsafe, UsageError where it is none, NewerArchive."""
    name = spell_out(str(path))
    damaged = f"{name} is cut or altered: nothing in it can be trusted, so nothing was changed; use another backup."
    try:
        body = json.loads(content)
        format_, version = body.get("format"), body.get("version")
    except (ValueError, AttributeError, RecursionError) as error:
        raise StorageError(damaged) from error
    if format_ != FORMAT:
        raise UsageError(f"{name} is not of a backup of baogao: name another directory.")
    if isinstance(version, int) and version > VERSION:
        raise NewerArchive(f"{name} was made by a newer release of baogao: upgrade baogao; nothing was changed.")
    try:
        sealed = body.pop(_SEAL, None) == _seal(body)
        manifest = msgspec.convert(body, Manifest, strict=True)
    except (ValueError, RecursionError) as error:  # msgspec.ValidationError is one
        raise StorageError(damaged) from error
    if not sealed:
        raise StorageError(damaged)
    _check_paths(manifest, name)
    return manifest


def _seal(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_paths(manifest: Manifest, name: str) -> None:
    """No file of a backup may come to lie outside of the directory that it is restored to."""
    paths = [kept.path for kept in manifest.files]
    for path in paths:
        if not is_safe(path):
            raise StorageError(
                f"{name} names the file {spell_out(path)!r}, which is no place in an archive: nothing was restored; "
                "use another backup."
            )
    if len(set(paths)) != len(paths) or "archive.db" not in paths:
        raise StorageError(f"{name} does not name archive.db and every other file once: use another backup.")


def is_safe(path: str) -> bool:
    """One of the places of a data directory that a backup may fill."""
    folder, _, name = path.rpartition("/")
    if folder == "warc":
        return is_safe_name(name)
    return path in {"archive.db", "alerts.db", "baogao.toml"}


def is_safe_name(name: str) -> bool:
    """A file's name and nothing more, with room for the digest before it."""
    return (
        bool(name)
        and not name.startswith(".")
        and "/" not in name
        and name.isprintable()
        and len(name.encode()) <= _LONGEST_NAME
    )
