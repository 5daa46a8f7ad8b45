"""One measured figure, and the table of all of them."""

import statistics
import sys
import unicodedata
from dataclasses import dataclass

HEADINGS = ("what", "peer", "ours", "peer's", "ratio", "wanted", "ok?")


@dataclass(frozen=True)
class Figure:
    what: str
    peer: str
    ours: str
    theirs: str
    ratio: str
    wanted: str = "stated"
    ok: bool | None = None  #: None: no bound is set on it

    def cells(self):
        said = {True: "yes", False: "NO", None: "–"}[self.ok]
        return (self.what, self.peer, self.ours, self.theirs, self.ratio, self.wanted, said)


def at_most(bound, ratio):
    """``wanted`` and ``ok`` of a figure."""
    return {"wanted": f"≤ {bound}", "ok": ratio <= bound}


def at_least(bound, ratio):
    return {"wanted": f"≥ {bound}", "ok": ratio >= bound}


def median(values):
    return statistics.median(values)


def ratio_of(ours, theirs):
    """The median of the rounds' ratios: each compares two neighbours in time."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def spread(values, form="{:.2f}", unit=" s"):
    """The median with the lowest and highest value: 1.20 s [1.15–1.31]."""
    low, middle, high = min(values), median(values), max(values)
    return f"{form.format(middle)}{unit} [{form.format(low)}–{form.format(high)}]"


def tabulate(figures):
    """A Markdown table whose source can be read, too."""
    rows = [HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join((lines[0], rule, *lines[1:]))


def _width(text):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def say(text):
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
