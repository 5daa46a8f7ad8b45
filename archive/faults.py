"""What a verification finds: faults with their place and cure, and what is only worth knowing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: what a fault is in, which decides how it is mended: rows of archive.db, what is derived from them, WARC files (open:
#: those that a crash has left)
Part = Literal["archive", "index", "figures", "warc", "open", "alerts"]
CURES: dict[Part, str] = {
    "archive": "`baogao repair` reads archive.db again from the WARC files",
    "index": "`baogao repair` makes it again",
    "figures": "`baogao repair` extracts them again",
    "warc": "restore that file from a backup",
    "open": "`baogao repair`, or the next command that writes, cuts and closes it",
    "alerts": "",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong: a sentence with its place and its cure."""

    part: Part
    text: str


@dataclass(slots=True)
class Verification:
    """What was looked at, and what is wrong."""

    files: int = 0
    records: int = 0
    captures: int = 0
    versions: int = 0
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)  #: worth knowing, nothing wrong
    unreadable: bool = False  #: rows of archive.db stand in the way: what they speak of was not looked at

    @property
    def problems(self) -> list[str]:
        return [fault.text for fault in self.faults]

    def add(self, part: Part, found: str) -> None:
        self.faults.append(Fault(part, f"{found}: {CURES[part]}." if CURES[part] else found))
