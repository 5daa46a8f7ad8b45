"""Finding the entries of a page: which texts are titles of the main list, and which lines belong to each.

No class name and no nesting is relied on. Every short line could be a title; lines that play the same *role* (same
path of tags, same way of being linked) are taken together, and the role that explains the most bilingual text, one
stretch of it behind each title, is the list. Hot lists, navigation and related links explain none, copies of the list
explain the same reports again.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from archive.model import SERIES
from archive.pages.furniture import BUTTON, LEAD_IN, is_furniture
from archive.pages.links import Detail
from archive.pages.tree import HEADINGS, TEXT_GOES_ON, Document, Line, Node

LONGEST_TITLE = 160

TITLE_PATTERN = re.compile(
    r"^艾媒.{0,6}[|｜]|^[^|｜。，,\d]{2,12}\s*[|｜]\s*\S{6}"
    r"|(?:19|20)\d\d.*(?:报告|白皮书|数据|研究|分析|趋势|指数|榜单?|蓝皮书|洞察|调查|调研|展望|年鉴)(?:[(（].{0,20}[)）])?$"
)
_TITLE_LABEL = re.compile(r"(?:^|[\s_-])(?:title|tit|headline|heading|subject|name|bt|biaoti|caption|hd|h[1-6])(?:$|[\s_-])|title|headline")
_FULL_STOP = re.compile(r"(?:。|[^.…][.])[”\"’'）)」』\]]*$")
_CUT_SHORT = re.compile(r"(?:…|\.{3}|⋯)[\]】)）]?\s*(?:\[?(?:更多|详情|全文)\]?)?$")
_BESIDE = re.compile(r"热门|推荐|猜你|喜欢|相关|排行|最热|精选|hot|popular|recommend|related|you may", re.IGNORECASE)
_SENTENCE = re.compile(r"[。！]|[.] [A-Z]")
_CHROME_TAGS = frozenset("nav footer aside form header select dialog".split())
_CHROME_LABEL = re.compile(
    r"(?:^|[\s_-])(?:pag(?:er|es|ing|ination|e-?nav|ebar|elist|e)|fenye|yema|pg|foot(?:er)?|copyright|nav(?:bar|igation)?|side(?:bar)?|aside|hot|rank"
    r"|recommend(?:ed)?|related|bread(?:crumbs?)?|login|friend-?links?|links|comments?|share)(?:$|[\s_-])|pagination|footer|sidebar|recommend"
)


@dataclass(slots=True, eq=False)
class Title:
    """A text that may be the title of an entry."""

    start: int
    end: int
    line: Line
    node: Node  #: innermost element around it
    detail: Detail | None
    role: tuple[str, ...]
    likeness: float
    hidden: bool


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
    title_first: bool
    both: int
    some: int
    likeness: float

    @property
    def rank(self) -> float:
        bare = len(self.titles) - self.some
        return (4 * self.both + self.some - 0.5 * bare) * (1 + self.likeness / 10)


class Masses:
    """How much prose stands between two pieces."""

    def __init__(self, document: Document) -> None:
        self._line_of = document.line_of
        self._zh = [0, *accumulate(line.zh for line in document.lines)]
        self._en = [0, *accumulate(line.en for line in document.lines)]

    def between(self, start: int, end: int) -> tuple[int, int]:
        if start >= end:
            return 0, 0
        first, last = self._line_of[start], self._line_of[end - 1] + 1
        return self._zh[last] - self._zh[first], self._en[last] - self._en[first]

    def total(self, start: int, end: int) -> int:
        return sum(self.between(start, end))


def find_blocks(document: Document) -> list[Block]:
    """The blocks of the main list, in page order."""
    titles = find_titles(document)
    masses = Masses(document)
    if masses.total(0, len(document.texts)) == 0 or not titles:
        return []
    links = [(node, node.detail) for node in document.nodes if node.detail]
    best = _choose(document, masses, [title for title in titles if not title.hidden])
    if best is None or best.some == 0:
        best = _choose(document, masses, titles)
    if best is None or best.some == 0:
        return []
    best = _adopt(document, masses, best, titles)
    _give_details(document, best, links)
    blocks = _drop_strangers(best.blocks)
    if len(blocks) < len(best.blocks):
        best = arrange(document, masses, [block.title for block in blocks if block.title])
        _give_details(document, best, links)
    blocks = _drop_copies(best.container, best.blocks)
    if not _is_listing(document, blocks):
        return []
    return blocks


# --- titles -----------------------------------------------------------------------------------------------------


def find_titles(document: Document) -> list[Title]:
    titles = []
    paths: dict[Node, str] = {}
    for line in document.lines:
        if not 4 <= len(line.text) <= LONGEST_TITLE:
            continue
        title = _read_title(document, line, paths)
        if title:
            titles.append(title)
            if title.likeness >= 2:
                line.zh = line.en = 0  # a long title is no summary
    return titles


def _read_title(document: Document, line: Line, paths: dict[Node, str]) -> Title | None:
    owners = document.owners
    text = line.text
    if _SENTENCE.search(text) or is_furniture(text):
        return None
    start, end, link = line.start, line.end, None
    inner = None
    for piece in range(start, end):
        candidate = owners[piece].link
        if candidate is not None and candidate is not inner and not document.texts[piece].isspace():
            if not _is_within(candidate, line):
                link = candidate  # the whole card is the link
                break
            said = document.text(candidate.start, candidate.end)
            if said and not is_furniture(said) and (inner is None or candidate.end - candidate.start > 0):
                if inner is None:
                    inner = candidate
    if inner is not None and link is None:
        before = document.text(start, inner.start)
        if LEAD_IN.search(before) or before.endswith((":", "：", "《")):
            return None
        after = document.text(inner.end, end)
        whole = all(not part or is_furniture(part) or SERIES.match(part) for part in (before, after))
        if not whole and len(before) + len(after) > len(text) / 2 and (before or TEXT_GOES_ON.match(after)):
            return None
        if not SERIES.match(before):
            start = inner.start
        end, link = inner.end, inner
    node = owners[start]
    while node.parent and not (node.start <= start and node.end >= end):
        node = node.parent
    tags = []
    around: Node | None = owners[start]
    heading = labelled = bold = False
    steps = 0
    while around is not None and steps < 4:
        if around.start < line.start or around.end > line.end:
            if around.tag in HEADINGS and around.start <= line.start and around.end >= line.end and steps < 2:
                heading = True
            break
        if around.tag in HEADINGS:
            heading = True
        elif around.tag in {"b", "strong", "big"}:
            bold = True
        if around.attributes and not labelled:
            labelled = _TITLE_LABEL.search(around.label) is not None
        if around.inline:
            tags.append(around.signature)
        around = around.parent
        steps += 1
    inline = link is not None and _is_within(link, line)
    if line.is_prose and (_FULL_STOP.search(text) or not (inline or heading)):
        return None
    pattern = TITLE_PATTERN.search(document.text(start, end)) is not None
    likeness = (
        2.0 * inline
        + 2.0 * heading
        + labelled
        + bold
        + 3.0 * pattern
        + (len(text) >= 12)
    )
    path = paths.get(line.node)
    if path is None:
        path = paths[line.node] = "/".join(around.tag for around in line.node.around())
    linked = "" if link is None else "link" if inline else "card"
    hidden = line.node.hidden or owners[start].hidden
    role = (path, line.node.first_class, linked, tags[-1] if tags else "", "hidden" if hidden else "")
    return Title(start, end, line, node, link.detail if link else None, role, likeness, hidden)


def _is_within(node: Node, line: Line) -> bool:
    return node.start >= line.start and node.end <= line.end


# --- arranging a page round a set of titles ---------------------------------------------------------------------------


def _choose(document: Document, masses: Masses, titles: Sequence[Title]) -> Arrangement | None:
    roles: dict[tuple[str, ...], list[Title]] = defaultdict(list)
    for title in titles:
        roles[title.role].append(title)
    # the same role whatever the class: "title", "title hot"
    for title in titles:
        broad = (title.role[0], "*", *title.role[2:3], title.role[3].partition(".")[0], title.role[4])
        roles[broad].append(title)
    tried: set[tuple[int, ...]] = set()
    best: Arrangement | None = None
    for group in roles.values():
        mark = tuple(title.start for title in group)
        if mark in tried:
            continue
        tried.add(mark)
        arrangement = arrange(document, masses, group)
        if best is None or arrangement.rank > best.rank:
            best = arrangement
    return best


def arrange(document: Document, masses: Masses, titles: list[Title]) -> Arrangement:
    count: Counter[Node] = Counter()
    for title in titles:
        count.update(title.node.around())
    container = titles[0].node
    while count[container] < len(titles) and container.parent:
        container = container.parent
    if len(titles) == 1:
        container = _surround(masses, titles[0])
        tops = [_below(titles[0], container)]
        bounds = [(tops[0].start if tops[0] else titles[0].start, tops[0].end if tops[0] else titles[0].end)]
    else:
        tops = [_top(title, count) for title in titles]
        bounds = [
            (top.start, top.end) if top else (title.start, title.end) for top, title in zip(tops, titles, strict=True)
        ]
    inside = sum(masses.total(start, end) for start, end in bounds)
    around = masses.total(container.start, container.end) - inside
    homes = [top.parent or container if top else container for top in tops]
    flat = around > inside or (len(titles) == 1 and around > 0)
    title_first = True
    if flat:
        bounds, title_first = _run(document, masses, container, titles, bounds)
        tops = [None] * len(titles)
    blocks = []
    for title, top, home, (start, end) in zip(titles, tops, homes, bounds, strict=True):
        zh, en = masses.between(start, end)
        blocks.append(Block(title, start, end, top, home, zh, en))
    return Arrangement(
        titles,
        blocks,
        container,
        flat,
        title_first,
        sum(block.has_both for block in blocks),
        sum(block.has_body for block in blocks),
        sum(title.likeness for title in titles) / len(titles),
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


def _below(title: Title, container: Node) -> Node | None:
    """The child of the container that holds the title."""
    if title.node is container:
        return None
    node = title.node
    while node.parent and node.parent is not container:
        node = node.parent
    return node


def _run(
    document: Document, masses: Masses, container: Node, titles: list[Title], bounds: list[tuple[int, int]]
) -> tuple[list[tuple[int, int]], bool]:
    """Flat markup: an entry is what stands between its title and the next, or between two rulers."""
    starts = [start for start, _ in bounds]
    rules = [rule for rule in document.rules if container.start <= rule <= container.end]
    between = [[rule for rule in rules if end <= rule <= start] for (_, end), (start, _) in pairwise(bounds)]
    before = masses.total(container.start, starts[0])
    after = masses.total(bounds[-1][1], container.end)
    if between and all(len(found) == 1 for found in between):
        cuts = [found[0] for found in between]
        first = max((rule for rule in rules if rule <= starts[0]), default=None)
        if first is None:
            first = container.start if before and not after else starts[0]
        last = min((rule for rule in rules if rule >= bounds[-1][1]), default=None)
        if last is None:
            last = _cut_tail(document, container, [first, *cuts], bounds[-1][1]) if after else bounds[-1][1]
        edges = [first, *cuts, last]
        return list(pairwise(edges)), all(edge <= title.start for edge, title in zip(edges, titles, strict=False))
    if before and not after:
        ends = [end for _, end in bounds]
        return list(pairwise([container.start, *ends])), False
    last = _cut_tail(document, container, starts, bounds[-1][1])
    return list(pairwise([*starts, last])), True


def _cut_tail(document: Document, container: Node, starts: list[int], head: int) -> int:
    """Where the last run ends: at the first sibling that is no part of an entry."""
    seen = {_child_role(document, container, piece) for piece in range(starts[0], starts[-1])}
    end = head
    lines, line_of = document.lines, document.line_of
    for index in range(line_of[head - 1] + 1, len(lines)):
        line = lines[index]
        if line.start >= container.end or any(end < rule <= line.start for rule in document.rules if end > head):
            break
        child = _child(container, document.owners[line.start])
        if child is not None and (child.tag in _CHROME_TAGS or (child.attributes and _CHROME_LABEL.search(child.label))):
            break
        if len(starts) > 1:
            if _child_role(document, container, line.start) not in seen and not line.is_prose:
                if not any(
                    later.is_prose and _child_role(document, container, later.start) in seen
                    for later in lines[index + 1 : index + 6]
                ):
                    break
                continue
        elif child is not None and not line.is_prose and _links_elsewhere(document, child):
            break
        end = line.end
    return end


def _links_elsewhere(document: Document, child: Node) -> bool:
    keys = {node.detail.key for node in document.nodes if node.detail and child.start <= node.start < child.end}
    return len(keys) > 1


def _child(container: Node, node: Node) -> Node | None:
    if node is container:
        return None
    while node.parent and node.parent is not container:
        node = node.parent
    return node


def _child_role(document: Document, container: Node, piece: int) -> str:
    child = _child(container, document.owners[piece])
    return child.signature if child else ""


# --- more entries, fewer copies -----------------------------------------------------------------------------------------


def _adopt(document: Document, masses: Masses, best: Arrangement, titles: list[Title]) -> Arrangement:
    """Entries of another form in the same list: a featured one, one that a script reveals later."""
    taken = {id(title) for title in best.titles}
    known = {title.detail.key for title in best.titles if title.detail}
    least = min(3.0, best.likeness)
    roles: dict[tuple[str, ...], list[Title]] = defaultdict(list)
    for title in titles:
        if id(title) in taken or title.likeness < least:
            continue
        if title.detail is None or title.detail.key not in known:
            roles[title.role].append(title)
    total = masses.total(0, len(document.texts))
    for group in roles.values():
        covered = sum(block.zh + block.en for block in best.blocks)
        if not best.flat and covered == total:
            break
        merged = sorted([*best.titles, *group], key=lambda title: title.start)
        wider = arrange(document, masses, merged)
        if wider.both >= best.both + len(group):
            best = wider
    return best


def _give_details(document: Document, arrangement: Arrangement, links: list[tuple[Node, Detail]]) -> None:
    blocks = arrangement.blocks
    for block in blocks:
        if block.node is not None:
            holder = block.node
            block.details = [link for link in links if holder.holds(link[0]) or link[0].holds(holder)]
        else:
            block.details = [link for link in links if block.start <= link[0].start < block.end]
    leading = arrangement.flat and _links_lead(document, blocks, links)
    for number, block in enumerate(blocks):
        title = block.title
        if title and title.detail:
            block.detail = title.detail
        elif leading:
            last = blocks[number - 1].end if number else arrangement.container.start
            since = blocks[number - 1].title.end if number and blocks[number - 1].title else last  # type: ignore[union-attr]
            ahead = [link for link in links if since <= link[0].start <= block.start]
            block.detail = ahead[-1][1] if ahead else None
        else:
            block.detail = _own_detail(document, block)


def _links_lead(document: Document, blocks: list[Block], links: list[tuple[Node, Detail]]) -> bool:
    """Flat markup with the link (an image, mostly) before the title it belongs to."""
    if any(block.title and block.title.detail for block in blocks):
        return False
    first, last = blocks[0], blocks[-1]
    after = any(last.start <= node.start < last.end for node, _ in last.details)
    lead = any(first.start - 3 <= node.start <= first.start and node.end <= first.start for node, _ in links)
    return lead and not after


def _own_detail(document: Document, block: Block) -> Detail | None:
    """Of several reports linked in one block, the block's own: linked as a whole, by button or image, or first."""
    if not block.details:
        return None
    keys = {detail.key for _, detail in block.details}
    if len(keys) == 1:
        return block.details[0][1]
    votes: Counter[str] = Counter()
    for number, (node, detail) in enumerate(block.details):
        said = document.text(node.start, node.end)
        if block.title and node.start <= block.title.start and node.end >= block.title.end:
            votes[detail.key] += 100
        votes[detail.key] += 10 * (not said or BUTTON.match(said) is not None) + (number == 0)
    best = votes.most_common(1)[0][0]
    return next(detail for _, detail in block.details if detail.key == best)


def _drop_strangers(blocks: list[Block]) -> list[Block]:
    """Titles that share the list's role and are no entries: headings, hot lists, related links."""
    homes: dict[Node, list[Block]] = defaultdict(list)
    for block in blocks:
        homes[block.home].append(block)
    main = max(homes.values(), key=lambda home: sum(block.zh + block.en for block in home))
    bodied = [block for block in main if block.has_body]
    linked = sum(block.detail is not None for block in bodied) * 2 > len(bodied)
    bilingual = sum(block.has_both for block in bodied) * 2 > len(bodied)
    typical = sorted(block.zh + block.en for block in bodied)[len(bodied) // 2]
    kept = []
    for block in blocks:
        home = homes[block.home]
        if not block.has_body:
            if linked and block.detail is None:
                continue
            if not any(other.has_body for other in home):
                continue
        elif (
            bilingual
            and len(homes) > 1
            and not any(other.has_both for other in home)
            and all(other.zh + other.en < 0.35 * typical for other in home)
        ):
            continue
        kept.append(block)
    flags = [block.has_body for block in kept]
    if len(flags) >= 6 and flags == [True, False] * (len(flags) // 2):
        return [block for block in kept if block.has_body]
    return kept


def _drop_copies(container: Node, blocks: list[Block]) -> list[Block]:
    """The list a second time, for phones or for printing, is no second set of entries."""
    keys = [_identity(block) for block in blocks]
    if len(set(keys)) == len(keys):
        return blocks
    branches: dict[object, list[int]] = defaultdict(list)
    for number, block in enumerate(blocks):
        branch = _child(container, block.node) if block.node else None
        branches[branch].append(number)
    if len(branches) > 1 and len(branches) < len(blocks):
        groups = list(branches.values())
    else:
        by_form: dict[object, list[int]] = defaultdict(list)
        for number, block in enumerate(blocks):
            by_form[block.node.attributes.get("class", "") if block.node else ""].append(number)
        groups = list(by_form.values())
    groups.sort(
        key=lambda numbers: (
            -sum(blocks[number].zh + blocks[number].en for number in numbers),
            any(blocks[number].node and blocks[number].node.hidden for number in numbers),  # type: ignore[union-attr]
            numbers,
        )
    )
    kept: list[int] = []
    seen: set[str] = set()
    for numbers in groups:
        mine = {keys[number] for number in numbers}
        if len(groups) > 1 and mine <= seen:
            continue
        seen |= mine
        kept += numbers
    return [blocks[number] for number in sorted(kept)]


def _identity(block: Block) -> str:
    return block.detail.key if block.detail else block.title.line.text if block.title else ""


def _is_listing(document: Document, blocks: list[Block]) -> bool:
    """Whether this is the listing, and not headed paragraphs of some other page or the teasers beside an empty list."""
    if not any(block.has_both for block in blocks):
        bodied = [block for block in blocks if block.has_body]
        cut = sum(1 for block in bodied if _is_cut(document, block))
        if cut * 2 > len(bodied) or any(_is_beside(document, block) for block in blocks):
            return False
    if any(block.detail for block in blocks):
        return True
    patterned = sum(1 for block in blocks if block.title and TITLE_PATTERN.search(block.title.line.text))
    return patterned * 2 >= len(blocks) > 0 or sum(block.has_both for block in blocks) >= 3


def _is_cut(document: Document, block: Block) -> bool:
    lines = document.lines[document.line_of[block.start] : document.line_of[block.end - 1] + 1]
    return all(_CUT_SHORT.search(line.text) for line in lines if line.is_prose)


def _is_beside(document: Document, block: Block) -> bool:
    """Whether a block stands in a column or under a headline of recommendations."""
    for node in block.home.around():
        if node.tag in _CHROME_TAGS or (node.attributes and _CHROME_LABEL.search(node.label)):
            return True
    first = document.line_of[block.home.start]
    last = document.line_of[block.start]
    return any(_BESIDE.search(line.text) and len(line.text) <= 12 for line in document.lines[max(0, first - 1) : last])
