"""Where in an address the page number stands, and the address of any page after that pattern."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

PAGE_KEY = re.compile(
    r"(?:[?&;](?:page|p|pn|pg|pageno|pagenum|pagenumber|pageindex|curpage|currentpage|pageid|paged|page_no|page_num|cp)="
    r"|/(?:page|p)[/_-]?|(?:index|list)[_-])(\d{1,6})(?!\d)",
    re.IGNORECASE,
)
_PAIR_ENDS = re.compile("[&;]")
_DIGITS = re.compile(r"\d{1,6}(?!\d)")


class Place(NamedTuple):
    """A query parameter, or the part of a path step between two texts."""

    name: str  #: of the parameter; "" for a path
    step: int
    before: str
    behind: str


def find_template(links: dict[int, str]) -> tuple[str | None, Place | None]:
    """One address with {page} that fits all number links, and where the number stands in it.

    Page 1 may lack the number. What is the same in all links (a tag that is a number itself) is no page number.
    """
    support: Counter[Place] = Counter()
    for number, url in links.items():
        support.update(_places(url, number))
    needed = max(1, len(links) - (1 in links))
    fitting = [
        place
        for place, count in support.items()
        if count >= needed and len({number_at(url, place) for url in links.values()}) > 1
    ]
    if not fitting:
        return None, None
    place = max(fitting, key=lambda place: (support[place], place.name != "", place))
    number = max(number for number, url in links.items() if place in _places(url, number))
    return _with_page(links[number], place, number), place


def number_at(url: str | None, place: Place | None) -> int | None:
    """The page number an address holds, at a known place or behind one of the usual names."""
    if url is None:
        return None
    if place is None:
        match = PAGE_KEY.search(url)
        return int(match[1]) if match else None
    value = ""
    parts = urlsplit(url)
    if place.name:
        value = next((pair[len(place.name) + 1 :] for pair in _pairs(parts) if pair.startswith(place.name + "=")), "")
    else:
        step = dict(enumerate(parts.path.split("/"))).get(place.step, "")
        if step.startswith(place.before) and step.endswith(place.behind):
            value = step[len(place.before) : len(step) - len(place.behind)]
    return int(value) if _DIGITS.fullmatch(value) else None


def is_same_page(url: str, here: SplitResult) -> bool:
    there = urlsplit(url)
    return (there.path, there.query) == (here.path, here.query)


def is_page_like(url: str, here: SplitResult) -> bool:
    """Whether an address is this listing's with another number in it."""
    there = urlsplit(url)
    if there.path.partition(";")[0] == here.path.partition(";")[0]:
        return there.query != here.query
    if PAGE_KEY.search(url):
        return True
    ours, theirs = _steps(here.path), _steps(there.path)
    shared = sum(1 for one, other in zip(ours, theirs, strict=False) if one == other)
    rest = "".join(theirs[shared:]) + there.query
    return shared >= max(1, len(ours) - 1) and any(map(str.isdigit, rest))


def _steps(path: str) -> list[str]:
    return [step for step in path.partition(";")[0].split("/") if step]


def _pairs(parts: SplitResult) -> list[str]:
    return _PAIR_ENDS.split(parts.query)


def _places(url: str, number: int) -> set[Place]:
    parts = urlsplit(url)
    found = set()
    for pair in _pairs(parts):
        name, _, value = pair.partition("=")
        if name and value == str(number):
            found.add(Place(name, 0, "", ""))
    for index, step in enumerate(parts.path.split("/")):
        for match in _DIGITS.finditer(step):
            if match[0] == str(number):
                found.add(Place("", index, step[: match.start()], step[match.end() :]))
    return found


def _with_page(url: str, place: Place, number: int) -> str:
    parts = urlsplit(url.replace("{", "%7B").replace("}", "%7D"))
    if place.name:
        pair = re.compile(rf"(^|[&;]){re.escape(place.name)}={number}(?=$|[&;])")
        return parts._replace(query=pair.sub(rf"\g<1>{place.name}={{page}}", parts.query)).geturl()
    steps = parts.path.split("/")
    steps[place.step] = f"{place.before}{{page}}{place.behind}"
    return parts._replace(path="/".join(steps)).geturl()
