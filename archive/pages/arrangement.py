"""Cutting a page into entries round a set of titles: elements of their own, or runs of siblings in flat markup."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from archive.pages.titles import FULL_STOP, LONGEST_TITLE, Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.pages.links import Detail
    from archive.pages.tree import Document, Line, Node

_END_OF_LIST = re.compile(
    r"^[\[【«‹<\s]*(?:[上下首末尾前后]一?[页頁]|(?:previous|prev|next|first|last)(?: page)?"
    r"|第\s*\d+\s*[页頁/／]|共\s*\d+\s*[页条頁條]|\d{1,4}(?:[\s|·]+\d{1,4})+|page \d)"
    r"|©|&copy;|版权所有|copyright|备案号|ICP备|all rights reserved|^(?:关于|联系)我们"
    r"|^about us|^contact us|^友情链接|^(?:热门|推荐|相关|最新|精选)(?:报告|推荐"
    r"|阅读|文章)|^(?:加载|查看)更多",
    re.IGNORECASE,
)
_AHEAD = 6  #: lines in which the text of an entry must go on behind a line of unknown role
_MOST_BARREN = 40  #: lines without prose in a row; an entry's tags and buttons are fewer
_LONGEST_ENTRY = 400  #: lines
_CHROME_TAGS = frozenset(["nav", "footer", "aside", "form", "header", "select", "dialog"])
_CHROME_LABEL = re.compile(
    r"(?:^|[\s_-])(?:pag(?:er|es|ing|ination|e-?nav|ebar|elist|e)|fenye|yema|pg"
    r"|foot(?:er)?|copyright|nav(?:bar|igation)?|side(?:bar)?|aside|hot|rank"
    r"|recommend(?:ed)?|related|bread(?:crumbs?)?|login|friend-?links?|links|comments?"
    r"|share)(?:$|[\s_-])|pagination|footer|sidebar|recommend"
)


@dataclass(slots=True, eq=False)
class Block:
    """The pieces of one entry."""

    title: Title | None
    start: int
    end: int
    node: Node | None  #: the element that is this entry and nothing else; None in flat markup
    home: Node  #: the element whose parts the entries are
    zh: int = 0
    en: int = 0
    details: list[tuple[Node, Detail]] = field(default_factory=list)
    detail: Detail | None = None

    @property
    def mass(self) -> int:
        return self.zh + self.en

    @property
    def has_body(self) -> bool:
        return self.zh > 0 or self.en > 0

    @property
    def has_both(self) -> bool:
        return self.zh > 0 and self.en > 0


@dataclass(slots=True)
class Arrangement:
    """One way to cut the page into entries."""

    titles: list[Title]
    blocks: list[Block]
    container: Node
    flat: bool
    both: int  #: blocks with text in both languages
    some: int  #: blocks with any text
    likeness: float  #: of a title, on average
    strangers: int  #: links to other reports inside the blocks

    @property
    def rank(self) -> float:
        """How well it explains the page: text in both languages behind every title, and titles that look like it."""
        bare = len(self.titles) - self.some
        return (4 * self.both + self.some - 0.5 * bare - 0.5 * self.strangers) * (1 + self.likeness / 10)


def highest_rank(titles: int, likeness: float) -> float:
    """What no arrangement of so many titles can exceed."""
    return 5 * titles * (1 + likeness / 10)


class Masses:
    """How much prose stands between two pieces."""

    def __init__(self, document: Document, titles: Sequence[Title] = ()) -> None:
        self._line_of = document.line_of
        self._zh = [0, *accumulate(line.zh for line in document.lines)]
        self._en = [0, *accumulate(line.en for line in document.lines)]
        self._linked = sorted(title.start for title in titles if title.detail)

    def strangers(self, block: Block) -> int:
        """Linked titles in a block beside its own."""
        found = bisect_left(self._linked, block.end) - bisect_left(self._linked, block.start)
        return max(0, found - 1) if block.title and block.title.detail else found

    def between(self, start: int, end: int) -> tuple[int, int]:
        if start >= end:
            return 0, 0
        first, last = self._line_of[start], self._line_of[end - 1] + 1
        return self._zh[last] - self._zh[first], self._en[last] - self._en[first]

    def total(self, start: int, end: int) -> int:
        return sum(self.between(start, end))


def arrange(document: Document, masses: Masses, titles: list[Title]) -> Arrangement:
    """The entries that these titles make: each the largest element with its title alone, or a run of siblings."""
    count: Counter[Node] = Counter()
    for title in titles:
        count.update(title.node.around())
    alone = len(titles) == 1
    if alone:
        container = _surround(masses, titles[0])
        tops = [child_of(container, titles[0].node)]
    else:
        container = titles[0].node
        while count[container] < len(titles) and container.parent:
            container = container.parent
        tops = [_top(title, count) for title in titles]
    bounds = [
        (top.start, top.end) if top else (title.start, title.end) for top, title in zip(tops, titles, strict=True)
    ]
    homes = [top.parent or container if top else container for top in tops]
    inside = sum(masses.total(start, end) for start, end in bounds)
    around = masses.total(container.start, container.end)
    if inside and not alone:
        # other copies of the list, or a column of teasers, may stand in the same container
        around = inside + sum(masses.total(end, start) for end, start in _gaps(bounds))
    flat = around > (inside if alone else 2 * inside)
    if flat:
        bounds = _run(document, masses, container, bounds)
        tops = [None] * len(titles)
    blocks = []
    for title, top, home, (start, end) in zip(titles, tops, homes, bounds, strict=True):
        zh, en = masses.between(start, end)
        blocks.append(Block(title, start, end, top, home, zh - title.line.zh, en - title.line.en))
    return Arrangement(
        titles=titles,
        blocks=blocks,
        container=container,
        flat=flat,
        both=sum(block.has_both for block in blocks),
        some=sum(block.has_body for block in blocks),
        likeness=sum(title.likeness for title in titles) / len(titles),
        strangers=sum(masses.strangers(block) for block in blocks),
    )


def _top(title: Title, count: Counter[Node]) -> Node | None:
    """The largest element that holds this title and no other; None where the title is bare text among others'."""
    if count[title.node] > 1:
        return None
    node = title.node
    while node.parent and count[node.parent] == 1:
        node = node.parent
    return node


def _surround(masses: Masses, title: Title) -> Node:
    """For a lone title: the smallest element around it with text in both languages, else with any."""
    some = None
    for node in title.node.around():
        zh, en = masses.between(node.start, node.end)
        if zh and en:
            return node
        if (zh or en) and some is None:
            some = node
    return some or title.node


def _run(document: Document, masses: Masses, container: Node, bounds: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Flat markup: an entry is what stands between its title and the next, or between two rulers."""
    starts = [start for start, _ in bounds]
    ends = [end for _, end in bounds]
    before = masses.total(container.start, starts[0])
    after = masses.total(ends[-1], container.end)
    rules = document.rules[
        bisect_left(document.rules, container.start) : bisect_left(document.rules, container.end + 1)
    ]
    between = [rules[bisect_left(rules, end) : bisect_left(rules, start + 1)] for end, start in _gaps(bounds)]
    if between and all(len(found) == 1 for found in between):
        starts = [starts[0], *(found[0] for found in between)]
        above = bisect_left(rules, bounds[0][0] + 1)
        if above:
            starts[0] = rules[above - 1]
        elif before and not after:
            starts[0] = container.start
        below = bisect_left(rules, ends[-1])
        if below < len(rules):
            return list(pairwise([*starts, rules[below]]))
    elif before and not after:
        return list(pairwise([container.start, *ends]))  # titles below their texts
    last = _cut_tail(document, container, starts, ends[-1]) if after else ends[-1]
    return list(pairwise([*starts, last]))


def _gaps(bounds: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What lies between consecutive ranges."""
    return [(end, start) for (_, end), (start, _) in pairwise(bounds)]


def _cut_tail(document: Document, container: Node, starts: list[int], head: int) -> int:
    """Where the last run ends: at the first sibling that is no part of an entry."""
    seen = {_child_role(document, container, piece) for piece in range(starts[0], starts[-1])}
    lines = document.lines
    end, barren = head, 0
    ruled = bisect_left(document.rules, head + 1)
    ruler = document.rules[ruled] if ruled < len(document.rules) else container.end
    begin = document.line_of[head - 1] + 1
    for index in range(begin, min(len(lines), begin + _LONGEST_ENTRY)):
        line = lines[index]
        if line.start >= min(container.end, ruler) or _ends_list(document, container, line, seen):
            break
        barren = 0 if line.is_prose else barren + 1
        if barren > _MOST_BARREN:
            break
        if len(starts) > 1 and not line.is_prose and _child_role(document, container, line.start) not in seen:
            ahead = lines[index + 1 : index + _AHEAD]
            if not any(one.is_prose and _child_role(document, container, one.start) in seen for one in ahead):
                break
            continue
        if len(starts) == 1 and not line.is_prose and _links_elsewhere(document, container, line):
            break
        end = line.end
    return end


def _ends_list(document: Document, container: Node, line: Line, seen: set[str]) -> bool:
    """Whether a line belongs to what follows a list: pager, imprint, footer, a column of recommendations."""
    if len(line.text) <= LONGEST_TITLE and _END_OF_LIST.search(line.text) and not FULL_STOP.search(line.text[:40]):
        return True
    child = child_of(container, document.owners[line.start])
    if child is None:
        return False
    if child.tag in _CHROME_TAGS:
        return True
    return bool(child.attributes) and child.signature not in seen and _CHROME_LABEL.search(child.label) is not None


def _links_elsewhere(document: Document, container: Node, line: Line) -> bool:
    """Whether the sibling that a line stands in links to several reports."""
    child = child_of(container, document.owners[line.start])
    if child is None:
        return False
    return len({node.detail.key for node in (child, *document.below(child)) if node.detail}) > 1


def child_of(container: Node, node: Node) -> Node | None:
    """The child of the container that holds a node; None for the container itself."""
    if node is container:
        return None
    while node.parent and node.parent is not container:
        node = node.parent
    return node


def _child_role(document: Document, container: Node, piece: int) -> str:
    child = child_of(container, document.owners[piece])
    return child.signature if child else ""
