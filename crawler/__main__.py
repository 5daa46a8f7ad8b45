"""``python -m crawler PLAN``: :mod:`crawler.process`, loaded quickly; a fast night is half start-up."""

from __future__ import annotations

import gc
import signal
import sys


def start() -> int:
    # until crawler.process listens to it, Ctrl-C just ends this process: nothing is open yet
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # loading makes a hundred thousand objects, and none of them is garbage
    # Scrapy looks through the sources of all that is loaded, three times, while it loads this: so it comes first
    import scrapy.core.downloader.contextfactory  # noqa: F401, PLC0415

    from crawler.process import main  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    return main()


if __name__ == "__main__":
    sys.exit(start())
