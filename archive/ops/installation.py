"""What a scheduler must know of an installation: which program, for which archive, as whom."""

from __future__ import annotations

import os
import pwd
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import archive
from archive.errors import UsageError
from archive.printable import spell_out


@dataclass(frozen=True, slots=True)
class Installation:
    program: tuple[str, ...]  #: the words before the options
    data: Path
    config: Path | None
    user: str  #: the owner of the data directory where there is one; a number where it has no name
    places: tuple[Path, ...] = ()  #: what it reads or writes, beside the system's own directories

    def command(self, *words: str) -> tuple[str, ...]:
        options = ["--data", str(self.data), *(["--config", str(self.config)] if self.config else [])]
        return (*self.program, *options, *words)

    @property
    def directory(self) -> Path:
        """Where it is started: beside its configuration, or where none can be found by chance."""
        return self.config.parent if self.config else Path("/")

    def lies_below(self, *roots: str) -> bool:
        """True where it would miss something if these directories were hidden from it."""
        return any(place.is_relative_to(root) for place in self.places for root in roots)

    def find_closed(self) -> Path | None:
        """A directory that keeps its user from the program: baogao was installed in somebody else's home."""
        try:
            number = pwd.getpwnam(self.user).pw_uid
        except KeyError:
            number = int(self.user)
        needed = [place for place in self.places if place not in {self.data, self.data.resolve()} and place.exists()]
        for place in (parent for each in needed for parent in reversed(each.parents)):
            known = place.stat()
            if number not in {0, known.st_uid} and not known.st_mode & (stat.S_IXGRP | stat.S_IXOTH):
                return place
        return None


def find_installation(data: Path, config: Path | None) -> Installation:
    """Of the running Python. Raises UsageError for a path that can't be written into a file of units."""
    interpreter = Path(sys.executable)
    script = interpreter.with_name("baogao")
    program = (str(script),) if os.access(script, os.X_OK) else (str(interpreter), "-P", "-m", "archive")
    data, config = _name_plainly(data), _name_plainly(config) if config else None
    for path in (*program, data, *([config] if config else [])):
        if spell_out(str(path)) != str(path):
            raise UsageError(f"{str(path)!r} holds characters that no unit file can hold: rename it, or name another.")
    home = Path(archive.__file__).parent
    named = [interpreter, Path(sys.prefix), Path(sys.base_prefix), home, data, *([config] if config else [])]
    places = tuple(dict.fromkeys(each for place in named for each in (place, place.resolve())))
    return Installation(program, data, config, _name_user(data), places)


def _name_plainly(path: Path) -> Path:
    """Without "..", which systemd refuses; as it was given otherwise, so that a link may be turned elsewhere later."""
    return path.resolve() if ".." in path.parts else path.absolute()


def _name_user(data: Path) -> str:
    number = data.stat().st_uid if data.exists() else os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
