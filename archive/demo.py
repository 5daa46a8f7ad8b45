"""``baogao demo``: an invented publisher on loopback, and the nights that show what baogao says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import UsageError
from archive.replica import demo_nights, demo_site, serve
from archive.replica.demo import TAG, edited_report

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_DIRECTORY = Path("demo-data")
_MARK = "baogao-demo"  #: a file in state/ that says: made by the demo, may be replaced by it


def play_demo(directory: Path, say: Callable[[str], None]) -> None:
    """Play all nights into ``directory``, which only an earlier demo may have filled. Raises UsageError."""
    mark = directory / "state" / _MARK
    if directory.exists():
        if not mark.exists() and any(directory.iterdir()):
            raise UsageError(
                f"{directory} is not empty and was not made by the demo: move it, or use another directory."
            )
        shutil.rmtree(directory)
    mark.parent.mkdir(parents=True)
    mark.touch()
    site = demo_site()
    key = ""
    with serve(site) as served:
        url = served.url(TAG)
        say(f"An invented publisher lists {len(site.reports)} invented reports at {url}")
        for number, night in enumerate(demo_nights(), 1):
            if night.name == "edits":
                key = f"127.0.0.1:{edited_report(site).id}"
            night.prepare(site)
            say(f"\n── Night {number}: {night.story}\n$ baogao --data {directory} crawl --delay 0 {url}")
            code = _run(directory, "crawl", "--delay", "0", url)
            say(f"(exit code {code})")
    say(f"\n── What changed in the edited report\n$ baogao --data {directory} diff {key}")
    _run(directory, "diff", key)
    say(f"\nThe archive is in {directory}. Go on with:")
    for command in (
        "serve                     # the archive as web pages",
        "search 医美",
        "figures --disagreeing",
        'series "医美 市场规模"',
        f"show {key}",
        f"cite {key}",
        "changes --since 770",
        "runs 4",
        "coverage",
        "export -o reports.jsonl",
        "verify",
    ):
        say(f"  .venv/bin/baogao --data {directory} {command}")
    say("  .venv/bin/baogao demo --serve        # serves the invented listing for crawls of your own")


def _run(directory: Path, *command: str) -> int:
    sys.stdout.flush()
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-P", "-m", "archive", "--data", str(directory), *command], check=False
    ).returncode


def serve_demo(port: int, say: Callable[[str], None]) -> None:
    """Serve the invented listing until interrupted."""
    with serve(demo_site(), port) as served:
        say(f"The invented listing is at {served.url(TAG)} until you press Ctrl-C.")
        served.wait()
