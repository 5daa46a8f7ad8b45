"""Jobs of a real Scrapyd on loopback: scheduled, cancelled, two at once, and deployed as an egg.

Scrapyd holds setuptools below 81, so it is no dependency of ours: it is looked for beside this Python, then at $SCRAPYD
(a ``scrapyd`` in an environment where baogao is installed too).
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest

from archive.replica import serve
from tests.command import ROOT, Desk, asked, environment, wait_for
from tests.crawls import TAG, make_site

HERE = str(Path(sys.executable).parent)
SCRAPYD = shutil.which("scrapyd", path=HERE) or os.environ.get("SCRAPYD")
OPEN = build_opener(ProxyHandler({})).open

pytestmark = pytest.mark.skipif(
    not SCRAPYD, reason="no scrapyd: SCRAPYD=… names one whose environment has baogao (it needs setuptools<81)"
)


@dataclass(frozen=True)
class Daemon:
    """A Scrapyd in a directory of its own."""

    home: Path
    url: str

    def get(self, service, **values):
        return self._read(f"{self.url}{service}.json?{urlencode(values)}")

    def post(self, service, **values):
        return self._read(f"{self.url}{service}.json", urlencode(values, doseq=True).encode())

    def _read(self, *request):
        with OPEN(*request, timeout=30) as answer:
            said = json.load(answer)
        assert said.pop("status") == "ok", said
        return said

    def schedule(self, url, data, *, delay=0, project="baogao"):
        settings = [f"DOWNLOAD_DELAY={delay}", f"BAOGAO_DATA={data}"]
        return self.post("schedule", project=project, spider="reports", setting=settings, url=url)["jobid"]

    def finish(self, job):
        """Wait until the job has ended, however; returns its log."""
        wait_for(lambda: self.get("status", job=job)["currstate"] == "finished", seconds=60, pause=0.1)
        return self._find("logs", job).read_text(encoding="utf-8")

    def items(self, job):
        return [json.loads(line) for line in self._find("items", job).read_text(encoding="utf-8").splitlines()]

    def _find(self, kind, job):
        return next((self.home / kind).glob(f"*/reports/{job}.*"))


@contextmanager
def running(home):
    """The ``scrapy.cfg`` is the one that README.md shows, and what makes the test quick."""
    with socket.create_server(("127.0.0.1", 0)) as free:  # Scrapyd can't be told to choose
        port = free.getsockname()[1]
    (home / "scrapy.cfg").write_text(
        "[settings]\nbaogao = crawler.settings\n\n"
        f"[scrapyd]\nhttp_port = {port}\nmax_proc = 2\npoll_interval = 0.1\nitems_dir = items\n"
    )
    log = home / "scrapyd.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [SCRAPYD, "--pidfile="],
            cwd=home,
            # the code of this checkout, whatever is installed beside that Scrapyd
            env=environment({"PYTHONPATH": str(ROOT), "BAOGAO_CONFIG": "", "PYTHONWARNINGS": "ignore"}),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        starting = wait_for(
            lambda: process.poll() is not None or "Site starting on " in log.read_text(), seconds=30, pause=0.05
        )
        assert starting, log.read_text()
        assert process.poll() is None, log.read_text()
        yield Daemon(home, f"http://127.0.0.1:{port}/")
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with running(tmp_path_factory.mktemp("scrapyd")) as found:
        yield found


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as found:
        yield found


def test_a_job_is_settled_as_the_night_that_crawl_makes_of_the_same_pages(daemon, desk, tmp_path):
    assert daemon.get("listspiders", project="baogao")["spiders"] == ["reports"]
    with serve(make_site(3)) as served, Desk(tmp_path / "other") as other:
        job = daemon.schedule(served.url(TAG), desk.data)
        assert "ERROR" not in daemon.finish(job)
        assert desk.query("SELECT outcome FROM runs") == [("open",)]
        assert desk.run("settle").code == 0
        assert other.crawl(served.url(TAG)).code == 0
        assert desk.content() == other.content()
    assert len(daemon.items(job)) == len({item["key"] for item in daemon.items(job)}) == 30


@pytest.mark.parametrize("signal", ["INT", "KILL"])
def test_baogao_crawl_goes_on_from_a_cancelled_job(daemon, desk, signal):
    with serve(make_site(12)) as served:
        job = daemon.schedule(served.url(TAG), desk.data, delay=0.5)
        wait_for(lambda: len(asked(served.requests)) >= 3)
        daemon.post("cancel", project="baogao", job=job, signal=signal)
        daemon.finish(job)
        before = asked(served.requests)
        assert before == list(range(1, len(before) + 1))
        assert len(before) < 12
        night = desk.crawl(served.url(TAG))
        after = asked(served.requests)[len(before) :]
    assert night.code == 0, night.err
    assert after[-1] == 1  # the head again
    assert set(after[:-1]) in ({*range(len(before) + 1, 13)}, {*range(len(before), 13)})  # the last may not have come
    assert desk.query("SELECT outcome FROM runs") == [("complete",)]
    assert desk.query("SELECT count(*) FROM items") == [(120,)]


def test_the_next_job_settles_a_cancelled_one_and_walks_from_page_1(daemon, desk):
    with serve(make_site(12)) as served:
        job = daemon.schedule(served.url(TAG), desk.data, delay=0.5)
        wait_for(lambda: len(asked(served.requests)) >= 2)
        daemon.post("cancel", project="baogao", job=job)
        assert "Spider closed (shutdown)" in daemon.finish(job)
        daemon.finish(daemon.schedule(served.url(TAG), desk.data))
    assert desk.query("SELECT outcome FROM runs ORDER BY id") == [("aborted",), ("open",)]
    assert desk.run("settle").code == 0
    assert desk.query("SELECT outcome FROM runs ORDER BY id") == [("aborted",), ("complete",)]
    assert desk.query("SELECT count(*) FROM items") == [(120,)]


def test_of_two_jobs_at_once_the_second_is_refused(daemon, desk):
    with serve(make_site(40)) as first, serve(make_site(1)) as second:
        holder = daemon.schedule(first.url(TAG), desk.data, delay=0.5)
        wait_for(lambda: first.requests)
        said = daemon.finish(daemon.schedule(second.url(TAG), desk.data))
        assert daemon.get("status", job=holder)["currstate"] == "running"
        daemon.post("cancel", project="baogao", job=holder)
        daemon.finish(holder)
        assert second.requests == []
    assert "`scrapy crawl` (pid" in said
    assert "Spider closed (locked)" in said
    assert "Traceback" not in said
    assert desk.query("SELECT count(*) FROM runs") == [(1,)]


def test_scrapyd_deploy_finds_all_it_needs_in_the_checkout(daemon, desk, tmp_path):
    deploy = shutil.which("scrapyd-deploy", path=str(Path(SCRAPYD).parent))
    if deploy is None:
        pytest.skip("no scrapyd-deploy beside scrapyd: pip install scrapyd-client")
    checkout = tmp_path / "checkout"  # it leaves a setup.py and a build/ behind
    for package in ("archive", "crawler"):
        shutil.copytree(ROOT / package, checkout / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    configuration = (ROOT / "scrapy.cfg").read_text()
    (checkout / "scrapy.cfg").write_text(
        configuration.replace("http://127.0.0.1:6800/", daemon.url).replace("= baogao\n", "= egg\n")
    )
    done = subprocess.run(
        [deploy], cwd=checkout, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert '"spiders": 1' in done.stdout, done.stdout + done.stderr
    with serve(make_site(1)) as served:
        daemon.finish(daemon.schedule(served.url(TAG), desk.data, project="egg"))
    assert desk.run("settle").code == 0
    assert desk.query("SELECT count(*) FROM items") == [(10,)]
