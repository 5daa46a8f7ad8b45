"""The facts about an installation and its archive that a diagnosis needs; nothing here writes or waits.

What can't be found out is left out or None: an archive that is damaged, half gone or read-only is examined as far as it
goes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import platform
import shutil
import ssl
import stat
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archive.alerts.rules import WebhookChannel, check_webhook_url
from archive.alerts.secret import Source
from archive.config import DEFAULT_USER_AGENT
from archive.errors import UsageError
from archive.heartbeat import Heartbeat
from archive.sqlite import sqlite3
from archive.upgrade import list_copies
from archive.vitals import Vitals, examine_databases, list_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from archive.alerts.secret import Secret
    from archive.config import Config
    from archive.store import DataDirectory

SQLITE_EXTRA = "pysqlite3"  #: of pyproject.toml
LOCK = "lock"  #: of the archive
ZONES = ("UTC", "Asia/Shanghai")
_PACKAGES = ("Scrapy", "Twisted", "lxml", "pyOpenSSL", "cryptography", "sqlite-utils", "datasette", "pysqlite3")


@dataclass(frozen=True, slots=True)
class Place:
    """A file or directory of the archive that is there."""

    name: str
    uid: int
    mode: int
    may_read: bool
    may_write: bool
    is_private: bool = False
    is_wrong: bool = False  #: a file where a directory should be, or the other way round


@dataclass(frozen=True, slots=True)
class Facts:
    now: str
    versions: dict[str, str | None]
    unmet: tuple[str, ...]  #: requirements of the package that are not met
    sqlite: tuple[int, ...]
    driver: str  #: the module that brings SQLite
    has_extra: bool  #: on this machine this release can be installed with an SQLite of its own
    missing_zones: tuple[str, ...]
    config_name: str
    config_problem: str | None
    secret_problems: tuple[str, ...]
    is_anonymous: bool
    root: str
    uid: int
    obstacle: str | None = None  #: why there is no data directory and none can be made
    places: tuple[Place, ...] = ()  #: empty: there is no data directory
    is_read_only: bool = False  #: the file system, whoever asks
    free_bytes: int = 0
    free_inodes: int | None = None
    locks: dict[str, dict[str, str] | None] = dataclasses.field(default_factory=dict)
    vitals: Vitals = dataclasses.field(default_factory=Vitals)
    open_files: tuple[str, ...] = ()
    upgrade_copies: tuple[str, ...] = ()


def examine(
    data: DataDirectory,
    config: Config | UsageError,
    config_name: str,
    environment: Mapping[str, str],
    *,
    now: str,
) -> Facts:
    """``config``: what was loaded, or why it could not be."""
    loaded = None if isinstance(config, UsageError) else config
    facts = Facts(
        now=now,
        versions=list_versions(),
        unmet=find_unmet(),
        sqlite=sqlite3.sqlite_version_info,
        driver=sqlite3.__name__,
        has_extra=has_extra(SQLITE_EXTRA, metadata.requires("baogao") or ()),
        missing_zones=tuple(name for name in ZONES if not _is_zone(name)),
        config_name=config_name,
        config_problem=str(config) if isinstance(config, UsageError) else None,
        secret_problems=() if loaded is None else tuple(find_missing_secrets(loaded, environment)),
        is_anonymous=loaded is not None and loaded.user_agent == DEFAULT_USER_AGENT,
        root=str(data.root),
        uid=os.geteuid(),
    )
    if not data.root.is_dir():
        return dataclasses.replace(facts, obstacle=_find_obstacle(data.root.absolute(), facts.uid))
    files = os.statvfs(data.root)
    return dataclasses.replace(
        facts,
        places=tuple(_list_places(data)),
        is_read_only=bool(files.f_flag & os.ST_RDONLY),
        free_bytes=shutil.disk_usage(data.root).free,
        free_inodes=files.f_favail if files.f_files else None,
        locks={name: _find_holder(data.state / name) for name in (LOCK, "notify.lock")},
        open_files=tuple(path.name for path in list_files(data, "*.warc.gz.open")),
        upgrade_copies=tuple(path.name for db in (data.db, data.alerts) for path in list_copies(db)),
        vitals=examine_databases(data),
    )


def list_versions() -> dict[str, str | None]:
    """What a report of a bug should name."""
    found: dict[str, str | None] = {"baogao": metadata.version("baogao"), "Python": platform.python_version()}
    found["SQLite"] = sqlite3.sqlite_version
    found["OpenSSL of Python"] = ssl.OPENSSL_VERSION
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    with contextlib.suppress(ImportError):
        from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 - only a diagnosis asks

        found["libxml2"] = ".".join(map(str, etree.LIBXML_VERSION))
    with contextlib.suppress(ImportError):
        from cryptography.hazmat.backends.openssl import backend  # noqa: PLC0415 - the crawler's own

        found["OpenSSL of the crawler"] = backend.openssl_version_text()
    return found


def has_extra(name: str, requirements: Iterable[str], environment: Mapping[str, str] | None = None) -> bool:
    """Whether this extra adds one of them here, or in that ``environment`` (as of packaging.markers)."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - comes with Scrapy

    markers = [Requirement(line).marker for line in requirements]
    asked, plain = ({**(environment or {}), "extra": extra} for extra in (name, ""))
    return any(marker.evaluate(asked) and not marker.evaluate(plain) for marker in markers if marker is not None)


def find_unmet() -> tuple[str, ...]:
    """Requirements of the installed package that this environment does not meet."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - comes with Scrapy

    unmet = []
    for line in metadata.requires("baogao") or ():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            unmet.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            unmet.append(f"{requirement.name} {version} (needs {requirement.specifier})")
    return tuple(unmet)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        return False
    return True


def find_missing_secrets(config: Config, environment: Mapping[str, str]) -> Iterator[str]:
    """Of every secret that the configuration names and that a night can't use: which, and why; never its content."""
    for holder, source in _list_sources(config):
        try:
            _try_secret(holder, source, source.read(environment))
        except UsageError as error:
            yield str(error)


def _try_secret(holder: object, source: Source, secret: Secret) -> None:
    """As the night does before it sends anything. Raises UsageError."""
    from archive.alerts.webhook import read_signing_secrets  # noqa: PLC0415 - most configurations have none

    match holder:
        case WebhookChannel() if source is holder.secret:
            read_signing_secrets(secret, source.key)
        case WebhookChannel() | Heartbeat():
            check_webhook_url(secret.reveal(), source.key, allow_private=holder.allow_private)


def _list_sources(value: object, holder: object = None) -> Iterator[tuple[object, Source]]:
    """Each with the part of the configuration that it belongs to."""
    if isinstance(value, Source):
        yield holder, value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _list_sources(getattr(value, field.name), value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _list_sources(each, holder)
    elif isinstance(value, tuple):
        for each in value:
            yield from _list_sources(each, holder)


def _list_places(data: DataDirectory) -> Iterator[Place]:
    for path in (data.root, data.warc, data.state, data.root / "archive.db", data.alerts):
        try:
            found = path.stat()
        except OSError:
            continue
        enter = os.X_OK if stat.S_ISDIR(found.st_mode) else 0
        yield Place(
            str(path) if path == data.root else path.name,
            found.st_uid,
            stat.S_IMODE(found.st_mode),
            os.access(path, os.R_OK | enter, effective_ids=True),
            os.access(path, os.W_OK | enter, effective_ids=True),
            is_private=path == data.alerts,
            is_wrong=stat.S_ISDIR(found.st_mode) == path.name.endswith(".db"),
        )


def _find_obstacle(root: Path, uid: int) -> str | None:
    if root.is_symlink():
        return f"{root} is a link to {root.readlink()}, which is not there"
    above = next(path for path in (root, *root.parents) if os.access(path, os.F_OK, effective_ids=True))
    if not above.is_dir():
        return f"{above} is no directory"
    may = os.access(above, os.W_OK | os.X_OK, effective_ids=True)
    return None if may else f"uid {uid} may not write {above}"


def _find_holder(path: Path) -> dict[str, str] | None:
    """Who holds a lock. It is asked for, shared and for an instant: whoever comes meanwhile tries again."""
    try:
        with path.open("rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said = handle.read(4096)
            else:
                return None
    except OSError:
        return None
    unknown = dict.fromkeys(("command", "pid", "host", "since"), "unknown")
    try:
        told = json.loads(said)
        return unknown | {name: str(told[name]) for name in unknown if name in told}
    except (ValueError, TypeError):
        return unknown
