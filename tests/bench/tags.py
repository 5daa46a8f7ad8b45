"""An invented publisher with a thousand tags, in a process of its own, whose reports stand in up to three of them.

``python -m tests.bench.tags TAGS PAGES`` prints its origin. Each line it then reads on stdin is a word that it answers
with a line of JSON: ``asked``, the times at which listing pages were asked for since the last word, or ``news``, how
many reports it has published and edited.
"""

import contextlib
import json
import random
import subprocess
import sys
from dataclasses import dataclass, replace

from archive.replica import Site, catalogue, serve

PER_PAGE = 10
SHARED = 0.3  #: of the reports stand in two tags or three
NEW = 0.01  #: of the reports, in a night with news; a tenth as many are edited
POOL = 500  #: texts that all reports are made of
FIRST = 10_000  #: id
DEPTH = 5  #: entries free on the last page, so that news need no further page


class Reports(dict):
    """Report by id, made when it is asked for: tens of thousands of texts need no room."""

    def __init__(self, edited):
        self.edited = edited

    def __missing__(self, number):
        text = catalogue(POOL)[number % POOL]
        words = f"{number}" + (f"、{number + self.edited[number]}" if number in self.edited else "")
        return replace(
            text,
            id=number,
            title=f"{text.title}（第{number}号）",
            zh=(*text.zh, f"本报告共回收有效样本{words}份，均为程序编造。"),
            en=(*text.en, f"This report rests on {words} valid samples, every one of them invented by a program."),
        )


class Tags(Site):
    """Renders a page anew each time: the pages of a thousand tags would fill half a gigabyte."""

    def page(self, tag, number):
        with self._lock:
            html = self._render(tag, number)
            return None if html is None else html.encode()


@dataclass
class Publisher:
    origin: str
    urls: list
    process: subprocess.Popen

    def ask(self, word):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextlib.contextmanager
def publisher(tags, pages):
    command = [sys.executable, "-m", "tests.bench.tags", str(tags), str(pages)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            origin = process.stdout.readline().strip()
            yield Publisher(origin, [f"{origin}/tag/{name}" for name in list_tags(tags)], process)
        finally:
            process.stdin.close()
            process.wait(10)


def list_tags(tags):
    return [f"虚构行业{number:04d}" for number in range(1, tags + 1)]


def make_site(tags, pages, chance):
    """Every tag is filled to its last page."""
    site = Tags()
    site.reports = Reports({})
    site.listings = {name: [] for name in list_tags(tags)}
    room, open_tags = pages * PER_PAGE - DEPTH, list_tags(tags)
    number = FIRST
    while open_tags:
        for name in chance.sample(open_tags, min(len(open_tags), _count_tags(chance))):
            site.listings[name].append(number)
            if len(site.listings[name]) == room:
                open_tags.remove(name)
        number += 1
    return site, number


def _count_tags(chance):
    return chance.choice((2, 3)) if chance.random() < SHARED else 1


def publish(site, first, chance):
    """A night's news: new reports on top of their tags, and edited ones."""
    new, names = round((first - FIRST) * NEW), list(site.listings)
    for number in range(first, first + new):
        for name in chance.sample(names, min(len(names), _count_tags(chance))):
            site.listings[name].insert(0, number)
    edited = chance.sample(range(FIRST, first), new // 10)
    site.reports.edited.update(dict.fromkeys(edited, 1))
    site.rerender()
    return {"published": new, "edited": len(edited)}


def main():
    chance = random.Random(0)
    site, first = make_site(*map(int, sys.argv[1:3]), chance)
    with serve(site) as served:
        print(served.origin, flush=True)  # noqa: T201
        for line in sys.stdin:
            if line.strip() == "news":
                told = publish(site, first, chance)
                first += told["published"]
            else:
                told = [request.at for request in served.requests if request.path.startswith("/tag/")]
                served.requests.clear()
            print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
