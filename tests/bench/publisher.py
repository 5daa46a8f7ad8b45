"""The invented publisher in a process of its own, so that serving does not share an interpreter with anything timed.

``python -m tests.bench.publisher PAGES`` prints the listing's address; each line it then reads on stdin it answers
with the times at which listing pages were asked for since the last one. It ends with its stdin.
"""

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass

from archive.replica import Site, catalogue, serve

TAG = "人民日报"
PER_PAGE = 10


@dataclass
class Publisher:
    url: str
    process: subprocess.Popen

    def asked_at(self):
        """When each listing page was asked for since the last call, in seconds of one clock."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextlib.contextmanager
def publisher(pages):
    command = [sys.executable, "-m", "tests.bench.publisher", str(pages)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Publisher(process.stdout.readline().strip(), process)
        finally:
            process.stdin.close()
            process.wait(10)


def make_site(pages):
    return Site.of(TAG, catalogue(pages * PER_PAGE))


def main():
    pages = int(sys.argv[1])
    site = make_site(pages)
    for number in range(1, pages + 1):
        site.page(TAG, number)  # rendered once, before anyone is timed
    with serve(site) as served:
        print(served.url(TAG), flush=True)  # noqa: T201
        for _ in sys.stdin:
            asked = [request.at for request in served.requests if request.path.startswith("/tag/")]
            served.requests.clear()
            print(json.dumps(asked), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
