"""Where in an address the page number stands, the address of any page, and whether one follows another."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple
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


_PAGE_NAME = re.compile(
    r"(?:page|p|pn|pg|page_?(?:no|num|number|index|id)|cur(?:rent)?_?page|paged|cp|pager)", re.IGNORECASE
)
_OFFSET_NAME = re.compile(r"(?:start|offset|from|skip|begin|first)", re.IGNORECASE)
#: what may differ between two pages of one listing without being a page number
_JUNK_NAME = re.compile(
    r"_+t?|ts|time(?:stamp)?|rnd|rand(?:om)?|sid|.*sess.*|page_?size|per_?page|limit|rows", re.IGNORECASE
)
_PAGE_PATH = re.compile(
    r"(?P<base>.*?)/(?:(?:page|pg|p)[/_-]?|(?:index|default)[_-])(?P<number>\d{1,6})(?P<suffix>\.\w{2,5})?/?",
    re.IGNORECASE,
)
_NUMBERED_PATH = re.compile(r"(?P<base>.*?)(?:/list[_-]|[/_-])(?P<number>\d{1,6})(?P<suffix>\.\w{2,5})?/?")
_FIRST_PATH = re.compile(r"(?:/(?:index|default))?(?:\.\w{2,5})?/?$", re.IGNORECASE)


def follows(url: str, here: SplitResult) -> Literal["surely", "perhaps"] | None:
    """Whether an address is the next page after this one, as far as addresses tell.

    Surely, where all but a parameter or path step that is named like a page number is alike. Perhaps, where a number
    merely follows another: /list-5.html after /list-4.html may be the next page, or another listing.
    """
    there = urlsplit(url)
    ours, theirs = _parameters(here), _parameters(there)
    differing = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    telling = {name for name in differing if not _JUNK_NAME.fullmatch(name)}
    path, other = (parts.path.partition(";")[0] for parts in (here, there))
    if path.rstrip("/") == other.rstrip("/"):
        name = telling.pop() if len(telling) == 1 else ""
        if _PAGE_NAME.fullmatch(name):
            return "surely" if _succeeds(ours.get(name, "1"), theirs.get(name, "")) else None
        if _OFFSET_NAME.fullmatch(name):
            before, after = ours.get(name, "0"), theirs.get(name, "")
            return "perhaps" if _is_number(before) and _is_number(after) and int(after) > int(before) else None
        return None
    if telling:
        return None
    for pattern, verdict in _PATHS:
        match = pattern.fullmatch(other)
        if match:
            known = pattern.fullmatch(path)
            same = known is not None and (known["base"], known["suffix"]) == (match["base"], match["suffix"])
            number = known["number"] if known and same else "1"
            if (same or _FIRST_PATH.sub("", path) == match["base"]) and _succeeds(number, match["number"]):
                return verdict
    return None


_PATHS: tuple[tuple[re.Pattern[str], Literal["surely", "perhaps"]], ...] = (
    (_PAGE_PATH, "surely"),
    (_NUMBERED_PATH, "perhaps"),
)


def _parameters(parts: SplitResult) -> dict[str, str]:
    return {name: value for name, _, value in (pair.partition("=") for pair in _pairs(parts)) if name}


def _is_number(value: str) -> bool:
    return _DIGITS.fullmatch(value) is not None


def _succeeds(one: str, other: str) -> bool:
    return _is_number(one) and _is_number(other) and int(other) == int(one) + 1


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
