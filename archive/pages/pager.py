"""What a page says of its neighbours: number links, "next" in its many forms, totals in words.

A pager is a run of texts outside the entries that are all page numbers, page words or what stands between them. A run
is judged by what it holds, so star ratings, calendars, ranks of a hot list and a carousel's arrows do not pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.model import Pager
from archive.pages.addresses import PAGE_KEY, find_template, follows, is_page_like, is_same_page, number_at
from archive.pages.links import split_link
from archive.pages.promises import find_promises
from archive.pages.tree import flatten
from archive.pages.turning import (
    LONGEST_ITEM,
    Item,
    announced,
    is_active,
    is_disabled,
    read_item,
    same_host,
)

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from archive.pages.tree import Document

_PAGER_LABEL = re.compile(
    r"(?:^|[\s_-])(?:pag(?:e|er|es|ing|ination|enav|ebar|elist|ebox)|fenye|yema|pg|next)(?:$|[\s_\d-])"
    r"|pagination|pager|paging|page[-_]?(?:nav|bar|list|num|box|link)"
)
_OTHER_LABEL = re.compile(
    r"calendar|rili|rating|star|score|rank|carousel|swiper|slide|slick|banner|footnote|weekday|datepicker|toc|step|hot"
)
#: texts of links that lead on where nothing but their address says so
_ONWARD = re.compile(
    r"更多|[较更早]早|继续|往[后下]|下一|[后後][页頁]|more|older|earlier|next|continue|[»›>→＞≫▶►❯〉]\s*$",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"(?<!\d)\d{1,6}(?!\d)")
_OFFSET = r"[?&;](?:start|offset|from|skip|begin|first)="
_ENOUGH = 3  #: score of a run that is a pager
_CONVINCING, _GOOD, _FAIR, _SLIGHT = 3, 2, 1, 0.5
_AGAINST = 6
_DAYS = range(28, 32)
_YEARS = range(1900, 2101)
_LABELS = 4  #: elements round a run whose class and id are looked at
_LONGEST_ONWARD = 24


@dataclass(slots=True)
class _Run:
    items: list[Item] = field(default_factory=list)
    score: float = 0

    @property
    def numbers(self) -> list[int]:
        return [item.number for item in self.items if item.kind == "number" and item.number]

    @property
    def totals(self) -> list[Item]:
        return [item for item in self.items if item.kind == "total"]


@dataclass(slots=True)
class Found:
    pager: Pager
    pieces: frozenset[int]  #: what belongs to it


def find_pager(document: Document, url: str, covered: list[tuple[int, int]]) -> Found:
    """The pager of a page. ``covered``: the ranges of pieces that are texts of entries."""
    here = split_link(url, url) or urlsplit("")
    inside: set[int] = set()
    for start, end in covered:
        inside.update(range(start, end))
    runs = _find_runs(document, here, inside)
    for run in runs:
        run.score = _judge(run, here)
    totals = [run for run in runs if run.totals]
    if len(totals) == 1:
        totals[0].score += _GOOD  # "共 77 页" alone, and only once
    passed = [run for run in runs if run.score >= _ENOUGH]
    best = max(passed, key=lambda run: (run.score, run.items[-1].piece), default=_Run())
    passed = [best, *(run for run in passed if run is not best and _agree(run, best))]
    pager = _read(passed, here, _find_rel_next(document, here))
    told = find_promises(document, inside, len(covered))
    spoken = {item.url for run in passed for item in run.items if item.kind != "filler"}
    next_url = pager.next_url or _find_follower(document, here, inside, spoken)
    last = pager.last or told.last
    more = told.more or (not next_url and (last > (pager.number or 1) if last else pager.more))
    pieces = frozenset(item.piece for run in passed for item in run.items)
    return Found(replace(pager, last=last, next_url=next_url, more=more, total=told.total), pieces)


def _find_runs(document: Document, here: SplitResult, inside: set[int]) -> list[_Run]:
    """What could be a pager: texts in unbroken succession that are all numbers, page words or fillers."""
    runs = [_Run()]
    for piece, raw in enumerate(document.texts):
        if piece in inside or len(raw) > LONGEST_ITEM:
            item = None
        elif raw.isspace() or (not raw and document.owners[piece].detail):
            continue
        else:
            item = read_item(document, piece, flatten(raw), here)
        if item:
            runs[-1].items.append(item)
        elif runs[-1].items:
            runs.append(_Run())
    return [run for run in runs if any(item.kind != "filler" for item in run.items)]


# --- judging runs ----------------------------------------------------------------------------------------------------


def _judge(run: _Run, here: SplitResult) -> float:
    items = run.items
    score = _judge_numbers(run, here)
    turns = [item for item in items if item.kind == "next"]
    if any(item.explicit and (item.url or item.pressed) for item in turns):
        score += _CONVINCING
    elif any(item.explicit and item.kind in {"next", "previous", "last"} for item in items):
        score += _FAIR + _SLIGHT
    arrows = [item for item in items if item.kind in {"next", "previous"} and not item.explicit]
    addresses = [item.url for item in arrows if item.url and is_page_like(item.url, here)]
    if addresses:
        score += _FAIR + _GOOD * (len(items) > 1 or any(map(PAGE_KEY.search, addresses)))
    if run.totals:
        score += _FAIR + any(item.number and item.total for item in run.totals)
    ends = (items[0].node, items[-1].node)
    around = [node for end in ends for _, node in zip(range(_LABELS), end.around(), strict=False)]
    labels = " ".join(node.label for node in around if node.attributes)
    named = _PAGER_LABEL.search(labels) is not None
    if _OTHER_LABEL.search(labels):
        score -= _FAIR if named else _AGAINST
    return score + _GOOD * named


def _judge_numbers(run: _Run, here: SplitResult) -> float:
    numbers, score = run.numbers, 0.0
    if len(set(numbers)) > 1:
        score += _GOOD
        if len(numbers) in _DAYS and numbers == list(range(1, len(numbers) + 1)):
            score -= _AGAINST
        if all(number in _YEARS for number in numbers) and not any(item.kind == "next" for item in run.items):
            score -= _AGAINST  # a filter by year
    links = [item for item in run.items if item.kind == "number" and item.number != 1]
    if any(item.url and is_page_like(item.url, here) for item in links):
        score += _GOOD
    elif any(item.pressed for item in run.items if item.kind == "number"):
        score += _FAIR
    return score


def _agree(run: _Run, best: _Run) -> bool:
    """Whether a second run belongs to the same pager: a copy above the list, a <select>, a total beside it."""
    ours = {item.url for item in best.items if item.url}
    theirs = {item.url for item in run.items if item.url}
    return not theirs or not ours.isdisjoint(theirs)


# --- reading them ----------------------------------------------------------------------------------------------------


def _read(passed: list[_Run], here: SplitResult, rel_next: str | None) -> Pager:
    """The best run, and what its copies know beside it."""
    best = passed[0]
    items = [item for run in passed for item in run.items]
    links: dict[int, str] = {}
    for item in items:
        if item.kind == "number" and item.url and item.number:
            links.setdefault(item.number, item.url)
    template, place = find_template(links)
    current = _find_current(best, items, links, here)
    following = _find_next(items, here)
    next_url = (following.url if following else None) or rel_next
    told = [number for run in passed for number in run.numbers] + [item.total for item in items if item.total]
    leaps = [item for item in items if item.kind in {"last", "leap", "filler"} and (item.url or item.pressed)]
    told += [(number_at(item.url, place) if item.url else announced(item.node)) or 0 for item in leaps]
    if current and not next_url:
        next_url = links.get(current + 1)
        leaping = (item.url for item in leaps if item.url and number_at(item.url, place) == current + 1)
        next_url = next_url or next(leaping, None)
    ahead = announced(following.node) if following and not following.url else None
    windowed = not any(item.total or item.kind == "last" for item in items)
    if current and following and not following.url and not ahead and windowed:
        ahead = current + 1  # a window of numbers ends somewhere; the button behind it goes on
    if ahead and ahead > (current or 0):
        told.append(ahead)
    last = max(told, default=0) or None
    pressed = following is not None and following.explicit and not following.url
    return Pager(current, last, next_url, tuple(sorted(links.items())), template, pressed)


def _find_current(best: _Run, items: list[Item], links: dict[int, str], here: SplitResult) -> int | None:
    """The page this is: the marked number, the only one that is no link, the bold one, or what the words say."""
    numbers = [item for item in best.items if item.kind == "number"]
    plain = [item for item in numbers if not item.url]
    for candidates in (
        {item.number for item in numbers if is_active(item.node)},
        {item.number for item in plain if not item.pressed} if len(set(best.numbers)) > 1 else set(),
        {item.number for item in plain if item.node.tag in {"b", "strong", "em"}},
        {item.number for item in items if item.kind == "total" and item.number},
        {number for number, url in links.items() if is_same_page(url, here)},
    ):
        if len(candidates) == 1:
            return candidates.pop()
    return None


def _find_next(items: list[Item], here: SplitResult) -> Item | None:
    """The item that turns the page: words before arrows, and of "› »" the first; none that leads back here."""
    found = [item for item in items if item.kind == "next" and (item.url or item.pressed)]
    found = [item for item in found if not item.url or not is_same_page(item.url, here)]
    found = [item for item in found if item.explicit or not item.url or is_page_like(item.url, here)]
    return min(found, key=lambda item: not item.explicit, default=None)


def _find_rel_next(document: Document, here: SplitResult) -> str | None:
    for node in document.nodes:
        if node.tag not in {"link", "a"} or "next" not in node.attributes.get("rel", "").lower().split():
            continue
        href = node.attributes.get("href", "")
        url = same_host(href, document.base, here) if href and not href.startswith("#") else None
        if url and not node.detail and not is_disabled(node) and not is_same_page(url, here):
            return url
    return None


def _find_follower(document: Document, here: SplitResult, inside: set[int], spoken: set[str | None]) -> str | None:
    """The link whose address is that of the next page, whatever its text says; not one that says what it is."""
    numbers = {2, *(int(number) + 1 for number in _NUMBERS.findall(f"{here.path}?{here.query}"))}
    wanted = re.compile(rf"(?<!\d)(?:{'|'.join(map(str, numbers))})(?!\d)|{_OFFSET}", re.IGNORECASE)
    for node in document.nodes:
        href = node.attributes.get("href") if node.tag == "a" and not node.detail else None
        if not href or node.start in inside or not wanted.search(href) or is_disabled(node):
            continue
        url = same_host(href, document.base, here)
        verdict = follows(url, here) if url and url not in spoken else None
        if verdict == "perhaps":
            text = document.text(node.start, node.end)
            verdict = "surely" if len(text) <= _LONGEST_ONWARD and _ONWARD.search(text) else None
        if verdict == "surely":
            return url
    return None
