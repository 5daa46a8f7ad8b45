"""With what a run was made: the versions of the software, and what it was told to do as one digest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

from archive.config import HOSTS_AT_ONCE
from archive.sqlite import sqlite3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.config import Config, Listing

_PACKAGES = {"baogao": "baogao", "Scrapy": "scrapy"}


def list_software() -> dict[str, str]:
    """What the reading of a page depends on, by the names a person knows."""
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 - whoever asks has read pages, or will

    found = {}
    for name, package in _PACKAGES.items():
        try:
            found[name] = metadata.version(package)
        except metadata.PackageNotFoundError:  # a checkout that was not installed
            continue
    libxml2 = ".".join(map(str, etree.LIBXML_VERSION))
    return found | {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version, "libxml2": libxml2}


def digest_config(config: Config, listings: Sequence[Listing], *, delay: float, max_pages: int) -> str:
    """SHA-256 of what governs a night: what is asked, how, and who is told of it. Comments and order do not count.

    Channels count by the names that rules give them: their addresses may hold secrets.
    """
    governing = {
        "listings": sorted(map(_simplify, listings), key=json.dumps),
        "delay": delay,
        "max_pages": max_pages,
        "user_agent": config.user_agent,
        "rules": sorted(map(_simplify, config.rules), key=json.dumps),
        # digests of configurations without them stay
        **({"budget": config.budget} if config.budget else {}),
        **(
            {"max_concurrent_hosts": config.max_concurrent_hosts}
            if config.max_concurrent_hosts != HOSTS_AT_ONCE
            else {}
        ),
    }
    return hashlib.sha256(json.dumps(governing, sort_keys=True).encode()).hexdigest()


def _simplify(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _simplify(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _simplify(each) for name, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_simplify(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
