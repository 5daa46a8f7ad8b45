"""One SQLite in every process: that of the extra where it is installed, by whichever module it is opened."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata

import httpx
import pytest
from packaging.requirements import Requirement

from archive.doctor import check_sqlite, has_wal_reset_bug
from archive.examine import SQLITE_EXTRA, has_extra
from archive.replica import serve
from archive.sqlite import get_code, sqlite3
from tests.command import ROOT, Desk
from tests.crawls import TAG, make_site
from tests.web.conftest import wait_for_address

#: where the extra is not installed, Python's own stands in for it by that name
REFUSE = """
import pysqlite3, sqlite3
def refuse(*_, **__): raise RuntimeError("Python's own SQLite was asked to open something")
sqlite3.connect = sqlite3.dbapi2.connect = refuse
"""
GREEDY = (
    "randomblob(1000000000)", "zeroblob(2000000)", "zeroblob(900000000)", "hex(zeroblob(100000000))",
    "(WITH RECURSIVE d(n, t) AS (SELECT 0, 'x' UNION ALL SELECT n + 1, t||t FROM d WHERE n < 29) SELECT max(t) FROM d)",
)  # fmt: skip
#: run with a driver that can't bound a cell: the process says what it was refused, and how much memory it took
BOUNDED = """
import resource, sys
from archive.sqlite import get_code, sqlite3
from archive.web.bounds import bound_cells
class Bare(sqlite3.Connection):
    setlimit = property()  # reading it raises AttributeError
connection = sqlite3.connect(":memory:", factory=Bare)
assert not hasattr(connection, "setlimit")
bound_cells(connection)
for greedy in sys.argv[1:]:
    try:
        connection.execute(f"SELECT {greedy}").fetchall()
    except (sqlite3.DataError, MemoryError):
        pass
    else:
        raise AssertionError(greedy)
assert connection.execute("SELECT 'x' AS y").fetchone()["y"] == "x"
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def run(script, *words):
    done = subprocess.run([sys.executable, "-c", script, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_takes_it_from_one_place():
    named = re.compile(r"^\s*(?:import|from) +(?:py)?sqlite3\b", re.MULTILINE)
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("archive", "crawler", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if named.search(path.read_text("utf-8"))
    ]
    assert sorted(set(found) - {"tests/test_sqlite.py"}) == ["archive/sqlite.py", "tests/dumping.py"]


def test_sqlite_utils_and_datasette_choose_as_we_do():
    run(
        "import datasette.utils.sqlite, sqlite_utils.db, sqlite_utils.utils\n"
        "from archive.sqlite import sqlite3\n"
        "others = datasette.utils.sqlite, sqlite_utils.db, sqlite_utils.utils\n"
        "assert all(other.sqlite3 is sqlite3 for other in others)\n"
        "assert type(sqlite_utils.Database(memory=True).conn).__module__ == sqlite3.Connection.__module__"
    )


@pytest.fixture
def refusing(tmp_path):
    """The environment of processes in which Python's own SQLite opens nothing."""
    place = tmp_path / "path"
    place.mkdir()
    (place / "sitecustomize.py").write_text(REFUSE)
    if sqlite3.__name__ == "sqlite3":
        (place / "pysqlite3").mkdir()
        for name in ("__init__", "dbapi2"):
            (place / "pysqlite3" / f"{name}.py").write_text("from sqlite3.dbapi2 import *\n")
    return {"PYTHONPATH": os.pathsep.join([str(place), *filter(None, [os.environ.get("PYTHONPATH")])])}


def test_no_command_opens_a_file_with_the_other_library(refusing, tmp_path):
    script = "import sqlite3; sqlite3.connect(':memory:')"
    refused = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | refusing, capture_output=True, check=False
    )
    assert b"Python's own SQLite" in refused.stderr
    with Desk(tmp_path / "data") as desk, serve(make_site(2)) as site:
        assert desk.crawl(site.url(TAG), env=refusing).code == 0
        for words in (
            ("settle",),
            ("reparse",),
            ("notify",),
            ("runs",),
            ("verify",),
            ("export", "--package", tmp_path / "package"),
            ("feed", "-o", tmp_path / "feed.xml"),
            ("backup", tmp_path / "backup"),
            ("backup", "--test", tmp_path / "backup"),
            ("restore", tmp_path / "backup", tmp_path / "again"),
            ("repair",),
        ):
            said = desk.run(*words, env=refusing)
            assert said.code == 0, (words, said.err)
        assert "(pysqlite3)" in desk.run("doctor", env=refusing).out
        pages = desk.start("serve", "--port", "0", env=refusing)
        base = wait_for_address(pages)
        for path in ("/", "/archive/reports.json", "/archive.json?sql=select+1"):
            assert httpx.get(base + path).status_code == 200
        pages.terminate()
        pages.communicate(timeout=20)


@pytest.mark.skipif(sqlite3.__name__ == "sqlite3", reason="the extra is not installed")
def test_the_extra_has_no_wal_reset_bug():
    assert not has_wal_reset_bug(sqlite3.sqlite_version_info)


def test_greed_is_bounded_without_a_bound_for_cells():
    assert int(run(BOUNDED, *GREEDY)) < 600


def read_extras():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]


@pytest.mark.parametrize("driver", ["sqlite3", "pysqlite3"])
def test_doctor_advises_an_extra_that_there_is(driver):
    advice = check_sqlite((3, 40, 1), driver, has_extra=True).advice
    assert re.findall(r"baogao\[(\w+)\]", advice) == [SQLITE_EXTRA]
    assert SQLITE_EXTRA in read_extras()


@pytest.mark.parametrize(
    ("machine", "python", "expected"),
    [("x86_64", "3.11", True), ("x86_64", "3.14", True), ("aarch64", "3.11", False), ("x86_64", "3.15", False)],
)
def test_it_is_advised_where_there_is_a_wheel(machine, python, expected):
    there = {
        "implementation_name": "cpython",
        "sys_platform": "linux",
        "platform_machine": machine,
        "python_version": python,
    }
    (line,) = map(Requirement, read_extras()[SQLITE_EXTRA])
    built = f"{line.name}{line.specifier}; ({line.marker}) and extra == '{SQLITE_EXTRA}'"  # as setuptools does
    assert has_extra(SQLITE_EXTRA, [built], there) == expected
    assert not has_extra("chat", [built], there)


def test_a_requirement_of_all_is_no_extra():
    assert not has_extra(SQLITE_EXTRA, ["lxml>=6.1", "tzdata; python_version > '3'"])
    assert has_extra("chat", metadata.requires("baogao"))


def test_a_failed_backup_has_a_code(tmp_path):
    """Which the extra's own error lacks."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))"
    script = f"""
import contextlib, sys
from archive.sqlite import get_code, sqlite3
source, copy = sqlite3.connect(":memory:"), sqlite3.connect(sys.argv[1])
source.execute("CREATE TABLE t AS SELECT randomblob(200000)")
{limit}
try:
    source.backup(copy)
except sqlite3.Error as error:
    assert get_code(error) == sqlite3.SQLITE_IOERR, error
else:
    raise AssertionError
"""
    run(script, tmp_path / "copy.db")


def test_codes_are_primary_and_known_by_words_too():
    error = sqlite3.OperationalError("database is locked")
    assert get_code(error) == sqlite3.SQLITE_BUSY
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT | 1 << 8
    assert get_code(error) == sqlite3.SQLITE_CORRUPT
    assert get_code(sqlite3.InterfaceError("anything")) == 0
