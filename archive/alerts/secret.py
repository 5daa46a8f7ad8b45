"""Passwords, keys and addresses that are keys: from the environment or a private file, and never printed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 64 * 1024


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
                raise UsageError(f"{self.key}_env: the environment variable {self.variable} is not set or empty.")
        else:
            value = self._read_file()
        if not value.isprintable():
            raise UsageError(f"{self.key}: holds characters that can't be printed; allowed is one line of text.")
        return Secret(value)

    def _read_file(self) -> str:
        assert self.file is not None
        path = Path(self.file)
        try:
            with path.open("rb") as handle:
                mode = os.fstat(handle.fileno()).st_mode
                if stat.S_IMODE(mode) & 0o077:
                    raise UsageError(
                        f"{self.key}_file: {path} may be read by others (mode {stat.S_IMODE(mode):o}): "
                        f"run `chmod 600 {path}`."
                    )
                content = handle.read(_LARGEST)
            value = content.decode().strip()
        except OSError as error:
            raise UsageError(f"{self.key}_file: {path} can't be read ({error.strerror}).") from error
        except UnicodeDecodeError:
            raise UsageError(f"{self.key}_file: {path} is not text in UTF-8.") from None
        if not value:
            raise UsageError(f"{self.key}_file: {path} is empty.")
        return value
