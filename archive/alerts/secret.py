"""Passwords, keys and addresses that are keys: from the environment or a private file, and never printed."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 64 * 1024
#: what is no name of this kind may be the secret itself, in the wrong place: it is not repeated
_PLAIN_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that shows itself to nobody but who asks for it by name."""

    _value: str

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Source:
    """Where a secret is kept: the name of a variable, or a file that only its owner may read."""

    key: str  #: of the configuration, as in ``channel.mail.password``
    variable: str | None = None
    file: str | None = None

    def read(self, environment: Mapping[str, str]) -> Secret:
        """Raises UsageError, which names the place and never the content."""
        if self.variable is not None:
            value = environment.get(self.variable, "").strip()
            if not value:
                name = self.variable if _PLAIN_VARIABLE.fullmatch(self.variable) else "that it names"
                raise UsageError(f"{self.key}_env: the environment variable {name} is not set or empty.")
        else:
            value = self._read_file(environment.get("CREDENTIALS_DIRECTORY"))
        if not value.isprintable():
            raise UsageError(f"{self.key}: holds characters that can't be printed; allowed is one line of text.")
        return Secret(value)

    def _read_file(self, credentials: str | None) -> str:
        assert self.file is not None
        path = Path(self.file)
        handed = Path(
            credentials or "", self.file
        )  # systemd's LoadCredential=: for this service alone, whatever its mode
        is_handed = bool(credentials) and "/" not in self.file and handed.exists()
        if is_handed:
            path = handed
        try:
            handle = open(path.expanduser(), "rb", opener=_open_at_once)  # noqa: SIM115 - an opener; closed below
        except (OSError, RuntimeError, ValueError) as error:
            name = path if "/" in self.file else "the file that it names"  # a bare word may be the secret itself
            reason = getattr(error, "strerror", None) or "no such path"
            raise UsageError(f"{self.key}_file: {name} can't be read ({reason}).") from None
        with handle:
            mode = os.fstat(handle.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise UsageError(f"{self.key}_file: {path} can't be read (it is no regular file).")
            if not is_handed and stat.S_IMODE(mode) & 0o077:
                raise UsageError(
                    f"{self.key}_file: {path} may be read by others (mode {stat.S_IMODE(mode):o}): "
                    f"run `chmod 600 {path}`."
                )
            content = handle.read(_LARGEST)
        try:
            value = content.decode().strip()
        except UnicodeDecodeError:
            raise UsageError(f"{self.key}_file: {path} is not text in UTF-8.") from None
        if not value:
            raise UsageError(f"{self.key}_file: {path} is empty.")
        return value


def _open_at_once(path: str, flags: int) -> int:
    """Without waiting for somebody to write into a pipe."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
