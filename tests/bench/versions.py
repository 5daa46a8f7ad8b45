"""Thirty nights settled into versions, against git-history fed the same nights as JSON in a git repository."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

from archive.sqlite import sqlite3
from tests.bench.figures import Figure, say
from tests.bench.nights import EPOCH, Archive
from tests.bench.publisher import TAG, make_site
from tests.bench.running import CommandFailedError, run

NAME = "versions"
PAGES = 77
NIGHTS = 30
TURN = 10  #: nights after which git-history reads the new commits, so that both meet the same neighbours
EDITS = 8  #: a night, of 770 reports: about one in a hundred
MB = 1_000_000

_SHARE = re.compile(r"\d\d\.\d\d(?=%)")


def measure(place):
    tool = _install(place)
    if tool is None:
        return
    repository = place / "repository"
    _git(place, "init", "--quiet", "--initial-branch=main", repository)
    archive, site, chance = Archive(place / "data"), make_site(PAGES), random.Random(0)
    database = place / "git-history.db"
    settling = reading = cpu = theirs = their_cpu = 0.0
    for night in range(NIGHTS):
        if night:
            _edit(site, chance)
        captured = archive.capture(site)
        started = time.process_time()
        settling += archive.settle(captured)
        cpu += time.process_time() - started
        reading += archive.read_alone()
        _commit(repository, site, night)
        if (night + 1) % TURN == 0:
            command = (tool, "file", database, "reports.json", "--repo", repository, "--id", "key", "--silent")
            done = run(*command, cwd=place)
            theirs, their_cpu = theirs + done.seconds, their_cpu + done.cpu
            say(f"    {night + 1} nights of {NIGHTS}")
    ours = _count_versions(archive.data.db, "item_versions")
    if ours != (found := _count_versions(database, "item_version")):
        raise CommandFailedError(f"{ours} versions here, {found} there: not the same nights")
    peer = f"git-history, {ours} versions as well"
    for what, seconds, other in (
        (f"{NIGHTS} nights settled: WARC read, HTML parsed, vetted, written, synced", settling, theirs),
        (f"{NIGHTS} nights, the same without parsing HTML", settling - reading, theirs),
        (f"{NIGHTS} nights settled, in seconds of processor time", cpu, their_cpu),
    ):
        yield Figure(what, peer, f"{seconds:.1f} s", f"{other:.1f} s", f"{seconds / other:.2f}")
    size, other = archive.size(), database.stat().st_size
    yield Figure(
        f"database after {NIGHTS} nights: versions, sightings, captures, events",
        peer,
        f"{size / MB:.2f} MB",
        f"{other / MB:.2f} MB",
        f"{size / other:.2f}",
    )
    kept = sum(path.stat().st_size for path in archive.data.warc.iterdir())
    _git(repository, "gc", "--quiet")
    objects = sum(path.stat().st_size for path in (repository / ".git").rglob("*") if path.is_file())
    yield Figure(
        f"evidence of {NIGHTS} nights: WARC with every response",
        "git repository of the JSON, after gc",
        f"{kept / MB:.2f} MB",
        f"{objects / MB:.2f} MB",
        f"{kept / objects:.1f}",
    )


def _install(place):
    """git-history in an environment of its own; None, with a word why, where it can't be had."""
    if shutil.which("git") is None:
        say("    skipped: there is no git here")
        return None
    environment = place / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=60)
    done = subprocess.run(
        [environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "git-history"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode:
        say(f"    skipped: git-history could not be installed from the package registry\n{done.stderr.strip()[-400:]}")
        return None
    return environment / "bin" / "git-history"


def _edit(site, chance):
    """Other percentages in as many reports as a publisher corrects in a night."""
    for number in chance.sample(sorted(site.reports), EDITS):
        old = site.reports[number]

        def correct(text):
            return _SHARE.sub(lambda _: f"{chance.randrange(1000, 9999) / 100:.2f}", text, count=1)

        site.rewrite(replace(old, zh=tuple(map(correct, old.zh)), en=tuple(map(correct, old.en))))


def _commit(repository, site, night):
    reports = [site.reports[number] for number in site.listings[TAG]]
    listed = [
        {
            "key": f"127.0.0.1:{report.id}",
            "url": report.href,
            "title": report.title,
            "brands": report.brands,
            "summary_zh": "\n".join(report.zh),
            "summary_en": "\n".join(report.en),
            "published_on": report.date,
        }
        for report in reports
    ]
    (repository / "reports.json").write_text(json.dumps(listed, ensure_ascii=False, indent=1), encoding="utf-8")
    at = f"{EPOCH.timestamp() + night * 86_400:.0f} +0000"
    _git(repository, "add", "reports.json")
    _git(repository, "commit", "--quiet", "--message", f"night {night + 1}", at=at)


def _git(directory, *command, at="0 +0000"):
    who = {"GIT_AUTHOR_NAME": "bench", "GIT_AUTHOR_EMAIL": "bench@localhost", "GIT_AUTHOR_DATE": at}
    who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    run("git", *command, cwd=directory, env=who | alone)


def _count_versions(database, table):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
