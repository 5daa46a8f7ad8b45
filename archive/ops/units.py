"""Ready units for systemd, cron and Kubernetes: templates filled with one installation and one time of day."""

from __future__ import annotations

import functools
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.durable import refuse_place, write_new
from archive.errors import UsageError
from archive.ops.words import quote_command, quote_for_crontab, quote_path, quote_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

    from archive.ops.daily import Daily, LocalTime
    from archive.ops.installation import Installation

#: exit codes that are no failure of a scheduled night, and of the hourly `baogao notify`: another one is at work (6);
#: messages wait (8), which the night says once a day; 143 comes of stopping the service
BUSY, WAITING, STOPPED = 6, 8, 143
#: cron reads no longer line; Debian's breaks off there
LONGEST_LINE = 998
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,400}")
_TEMPLATES = Path(__file__).parent / "templates"
_SYSTEMD = ("baogao-crawl.service", "baogao-crawl.timer", "baogao-notify.service", "baogao-notify.timer")


@dataclass(frozen=True, slots=True)
class Job:
    """What differs between the two CronJobs; seconds."""

    name: str
    schedule: str
    zone: str
    start_within: int
    end_within: int
    kept: int  #: ended jobs whose logs can still be read


def write_systemd(installation: Installation, daily: Daily) -> dict[str, str]:
    """{file name: content}."""
    known = {
        "daily": daily,
        "installation": installation,
        # what lies there would be hidden together with everybody else's
        "protect_home": "read-only" if installation.lies_below("/home", "/root", "/run/user") else "yes",
        "private_tmp": "no" if installation.lies_below("/tmp", "/var/tmp") else "yes",  # noqa: S108 - only named
        "ending_well": {"crawl": (BUSY, STOPPED), "notify": (BUSY, WAITING, STOPPED)},
    }
    return {name: _render(name, known) for name in _SYSTEMD}


def write_cron(installation: Installation, daily: Daily, local: LocalTime) -> dict[str, str]:
    """{file name: content}. Raises UsageError where a path is too long for a crontab."""
    known = {
        "daily": daily,
        "local": local,
        "installation": installation,
        "quiet": _TEMPLATES / "quiet.sh",
        "ending_well": {"crawl": (BUSY,), "notify": (BUSY, WAITING)},
    }
    content = _render("baogao.cron", known)
    if any(len(line.encode()) > LONGEST_LINE for line in content.splitlines() if not line.startswith("#")):
        raise UsageError(
            f"The paths are too long for a crontab, which ends a line after {LONGEST_LINE} bytes: use shorter ones, or "
            "`baogao schedule systemd`."
        )
    return {"baogao.cron": content}


def write_kubernetes(installation: Installation, daily: Daily, *, image: str) -> dict[str, str]:
    """{file name: content}. Paths are those inside the image. Raises UsageError."""
    if not _IMAGE.fullmatch(image):
        raise UsageError(f"--image {image!r} is no name of an image: allowed is REGISTRY/NAME:TAG or NAME@sha256:….")
    jobs = (
        Job(
            "crawl",
            f"{daily.minute} {daily.hour} * * *",
            daily.zone,
            start_within=4 * 3600,
            end_within=6 * 3600,
            kept=7,
        ),
        Job("notify", "7 * * * *", "Etc/UTC", start_within=600, end_within=3000, kept=2),
    )
    known = {"daily": daily, "installation": installation, "image": image, "jobs": jobs}
    return {"baogao.yaml": _render("baogao.yaml", known)}


def save(files: Mapping[str, str], directory: Path) -> None:
    """Write all files or none; what is there already must be the same. Raises UsageError, StorageError."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is no directory: name another with -o.")
    for name, content in files.items():
        path = directory / name
        if path.exists() and not (path.is_file() and path.read_bytes() == content.encode()):
            raise UsageError(f"{path} exists and says something else: move it away, or name another directory with -o.")
    made: list[Path] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = directory / name
            if not path.exists():
                write_new(path, content.encode())
                made.append(path)
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        raise refuse_place(directory, error, "name another with -o") from error


def _render(name: str, known: dict[str, Any]) -> str:
    return _load_templates().get_template(name).render(known)


@functools.cache
def _load_templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - slow to load

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=False,  # noqa: S701 - no HTML: every value goes through the quoting of who reads it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "command": quote_command,
        "path": lambda path: quote_path(str(path)),
        "value": lambda value: quote_value(str(value)),
        "shell": lambda path: shlex.quote(str(path)),
        "crontab": lambda word: quote_for_crontab(str(word)),
    }
    return environment
