"""Commands as they are run by a person, timed from outside."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.figures import say

BAOGAO = str(Path(sys.executable).with_name("baogao"))
SCRAPY = str(Path(sys.executable).with_name("scrapy"))
PATIENCE_SECONDS = 180  #: for one command; nothing here comes near it


class CommandFailedError(RuntimeError):
    """A command of the benchmark did not do its work: there is nothing to measure."""


class Done(NamedTuple):
    seconds: float  #: from outside
    cpu: float  #: seconds of processor time, with those of the processes it started: a busy machine hardly changes them
    printed: str
    said: str  #: on stderr


def run(*command, cwd, env=None, patience=PATIENCE_SECONDS, codes=(0,)):
    """Run a command that must succeed: end with one of ``codes``."""
    started, used = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | {"HOME": str(cwd)} | (env or {}),
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - started
    if done.returncode not in codes:
        raise CommandFailedError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return Done(seconds, _cpu_of_children() - used, done.stdout, done.stderr)


def _cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def take_turns(rounds, **contestants):
    """Call each contestant with the number of the round, in turns; its results by name, one a round."""
    results = {name: [] for name in contestants}
    for number in range(rounds):
        for name, contestant in contestants.items():
            results[name].append(contestant(number))
        say(f"    round {number + 1} of {rounds}")
    return results
