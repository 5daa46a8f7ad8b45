"""Everything that can go wrong on purpose, each with its exit code.

BaogaoError (1)
├── UsageError (2)          wrong argument, configuration or URL; raised by config, cli and query
│   └── NewerArchive (2)    archive.db was made by a newer release; raised by store
├── Incomplete (3)          a walk did not reach its proved end
├── Rejected (4)            the night broke a bound, or a person must decide first
├── Locked (6)              another run holds the lock; raised by store
├── StorageError (7)        full, read-only or corrupt; raised by store and warc
│   └── PrunedCapture (7)   `baogao prune` dropped the page that is asked for; raised by captures
└── Undelivered (8)         an alert did not reach a target; raised by alerts and their commands

5 (blocked) and 9 (time limit) are verdicts of a night, not errors: archive.verdict.

A message says what happened, where, and what to do next, in one sentence or two.
"""

from __future__ import annotations


class BaogaoError(Exception):
    exit_code = 1


class UsageError(BaogaoError):
    exit_code = 2


class NewerArchive(UsageError):
    pass


class Incomplete(BaogaoError):
    exit_code = 3


class Rejected(BaogaoError):
    exit_code = 4


class Locked(BaogaoError):
    exit_code = 6


class StorageError(BaogaoError):
    exit_code = 7


class PrunedCapture(StorageError):
    pass


class Undelivered(BaogaoError):
    exit_code = 8
