"""One archive, one server and one browser for every test of the web page."""

import contextlib
import os
import re
import select
import time
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx
import pytest

from tests.command import Desk
from tests.web import collection


@dataclass(frozen=True)
class Served:
    """A running `baogao serve`."""

    base: str
    client: httpx.Client = field(repr=False)

    def get(self, path, **options):
        return self.client.get(self.base + path, **options)

    def report(self, key, tail=""):
        return self.get(f"/r/{quote(key, safe='')}{tail}")


@contextlib.contextmanager
def serving(data, *words):
    """`baogao serve` on a free port, as a process of its own; ended with SIGTERM."""
    with Desk(data) as desk:
        process = desk.start("serve", "--port", "0", *words)
        base = wait_for_address(process)
        with httpx.Client(timeout=30) as client:
            yield Served(base, client)
        process.terminate()
        _, err = process.communicate(timeout=20)
        assert process.returncode == 143, err.decode()
        assert "Traceback" not in err.decode(), err.decode()


def wait_for_address(process):
    """The address that is said on standard error, without its last slash."""
    return re.search(r"is at (http://\S+)/ until", wait_until_served(process))[1]


def wait_until_served(process):
    """What is said on standard error up to and with the address."""
    said, deadline = b"", time.monotonic() + 30
    descriptor = process.stderr.fileno()
    while time.monotonic() < deadline:
        if select.select([descriptor], [], [], 0.2)[0]:
            read = os.read(descriptor, 4096)
            assert read, said.decode()
            said += read
            if re.search(rb"is at http://\S+ until", said):
                return said.decode()
    raise AssertionError(said.decode())


@pytest.fixture(scope="session")
def nights(tmp_path_factory):
    return collection.play(tmp_path_factory.mktemp("web") / "data")


@pytest.fixture(scope="session")
def served(nights):
    with serving(nights.data.root) as site:
        yield site
