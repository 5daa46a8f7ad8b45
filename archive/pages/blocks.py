"""Finding the entries of a page: which texts are titles of the main list, and which lines belong to each.

No class name and no nesting is relied on. Titles of one role are taken together, and the role that explains the most
bilingual text, one stretch of it behind each title, is the list. Hot lists, navigation and related links explain none,
copies of the list explain the same reports again.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from archive.pages.advertisements import is_advertisement, is_paid_for
from archive.pages.arrangement import Arrangement, Block, Masses, arrange, child_of, highest_rank
from archive.pages.furniture import BUTTON
from archive.pages.titles import TITLE_PATTERN, Title, find_titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.pages.links import Detail
    from archive.pages.tree import Document, Node

MOST_ROLES = 100  #: tried on one page; a real one has some thirty
MOST_ADOPTED = 20  #: roles that may join the list's
_SURE = 3.0  #: likeness of a title that may join a list of another role
_NEAR = 3  #: pieces between an image's link and the title behind it
_TEASER = 0.35  #: share of a usual entry's text that the items of another list stay below
_ALTERNATING = 6  #: titles that with and without text by turns show a rule
_CONVINCING = 3  #: bilingual entries that make a listing without links and without report titles
_HEADLINE = 12  #: characters
_ABOVE = 6  #: lines in which a headline stands above an item
_CUT_SHORT = re.compile(r"(?:…|\.{3}|⋯)[\]】)）]?\s*(?:\[?(?:更多|详情|全文)\]?)?$")
_BESIDE = re.compile(r"热门|推荐|猜你|喜欢|相关|排行|最热|精选|hot|popular|recommend|related|you may", re.IGNORECASE)
_BESIDE_LABEL = re.compile(
    r"(?:^|[\s_-])(?:side(?:bar)?|aside|hot|rank(?:ing)?|recommend(?:ed)?|rec|related)(?:$|[\s_-])"
)


def find_blocks(document: Document) -> list[Block]:
    """The blocks of the main list, in page order."""
    titles = find_titles(document)
    masses = Masses(document, titles)
    if not titles or not masses.total(0, len(document.texts)):
        return []
    best = _choose(document, masses, [title for title in titles if not title.hidden])
    if best is None or not best.some:
        best = _choose(document, masses, titles)
    if best is None or not best.some:
        return []
    best = _adopt(document, masses, best, titles)
    _give_details(document, best)
    kept = _drop_strangers(document, best.blocks)
    if len(kept) < len(best.blocks):
        best = arrange(document, masses, [block.title for block in kept if block.title])
        _give_details(document, best)
    blocks = _drop_copies(best.container, best.blocks)
    if not _is_listing(document, blocks):
        return []
    return _add_untitled(document, masses, blocks)


# --- which titles ----------------------------------------------------------------------------------------------------


def _choose(document: Document, masses: Masses, titles: Sequence[Title]) -> Arrangement | None:
    """The best of all roles, and of each role without those of its titles that stand where no text is."""
    roles: dict[object, list[Title]] = defaultdict(list)
    for title in titles:
        roles[title.role].append(title)
    for title in titles:
        path, _, linked, wrapper, hidden = title.role
        inner = (linked, wrapper.partition(".")[0], hidden)
        node = title.line.node
        roles[path, inner].append(title)  # whatever the class: "title", "title hot"
        roles[node.tag, node.parent and node.parent.tag, inner].append(title)  # unclosed elements lengthen every path
    groups = {tuple(title.start for title in group): group for group in roles.values()}
    hopes = sorted(((_hope(group), group) for group in groups.values()), key=lambda one: -one[0])
    best: Arrangement | None = None
    for hope, group in hopes[:MOST_ROLES]:
        if best is not None and hope <= best.rank:
            break
        arrangement = arrange(document, masses, group)
        homes = {block.home for block in arrangement.blocks if block.has_body}
        kept = [title for title, block in zip(group, arrangement.blocks, strict=True) if block.home in homes]
        tried = [arrangement]
        if kept and len(kept) < len(group):
            tried.append(arrange(document, masses, kept))
        for one in tried:
            if best is None or one.rank > best.rank:
                best = one
    return best


def _hope(group: list[Title]) -> float:
    """The highest rank that these titles, or some of them, could reach."""
    return highest_rank(len(group), max(title.likeness for title in group))


def _adopt(document: Document, masses: Masses, best: Arrangement, titles: list[Title]) -> Arrangement:
    """Entries of another form in the same list: a featured one, one that a script reveals later."""
    taken = set(best.titles)
    known = {title.detail.key for title in best.titles if title.detail}
    least = min(_SURE, best.likeness)
    roles: dict[object, list[Title]] = defaultdict(list)
    for title in titles:
        if title not in taken and title.likeness >= least and (not title.detail or title.detail.key not in known):
            roles[title.role].append(title)
    total = masses.total(0, len(document.texts))
    for group in sorted(roles.values(), key=lambda group: -group[0].likeness)[:MOST_ADOPTED]:
        if not best.flat and sum(block.zh + block.en for block in best.blocks) == total:
            break
        wider = arrange(document, masses, sorted([*best.titles, *group], key=lambda title: title.start))
        if wider.both >= best.both + len(group):
            best = wider
    return best


# --- which report ----------------------------------------------------------------------------------------------------


def _give_details(document: Document, arrangement: Arrangement) -> None:
    """The links in every block, and which of them is the block's own."""
    blocks = arrangement.blocks
    links = [(node, node.detail) for node in document.nodes if node.detail]
    holders = {block.node: block for block in blocks if block.node}
    for block in blocks:
        block.details = []
        if block.node is None:
            first = bisect_left(links, block.start, key=_start_of)
            block.details = links[first : bisect_left(links, block.end, key=_start_of)]
        elif block.node.link and block.node.link.detail:
            block.details = [(block.node.link, block.node.link.detail)]
    for node, detail in links:
        holder = next((holders[around] for around in node.around() if around in holders), None)
        if holder and (node, detail) not in holder.details[:1]:
            holder.details.append((node, detail))
    leading = arrangement.flat and _links_lead(blocks, links)
    since = arrangement.container.start
    for block in blocks:
        if block.title and block.title.detail:
            block.detail = block.title.detail
        elif leading:
            ahead = [detail for node, detail in links if since <= node.start <= block.start]
            block.detail = ahead[-1] if ahead else None
        else:
            block.detail = _own_detail(document, block)
        since = block.title.end if block.title else block.end
    if len(blocks) == 1 and blocks[0].detail is None:
        blocks[0].detail = _detail_around(document, blocks[0])


def _detail_around(document: Document, block: Block) -> Detail | None:
    """Of a lone entry, whose bounds no other entry shows: the one report linked in the nearest element with a link.

    That may be another report, in a column beside the entry: what its own link shows is a picture or a button.
    """
    for around in block.title.node.around() if block.title else ():
        found = [(node, node.detail) for node in (around, *document.below(around)) if node.detail]
        if around.tag == "body" or len({detail.key for _, detail in found}) > 1:
            return None
        if found:
            return None if any(_leads_away(document, node, around) for node, _ in found) else found[0][1]
    return None


def _leads_away(document: Document, link: Node, around: Node) -> bool:
    """Whether a link shows another title, or stands in a column or an advertisement within ``around``."""
    said = document.text(link.start, link.end)
    if said and not BUTTON.match(said):
        return True
    for node in link.around():
        if node is around:
            return False
        if node.tag in {"nav", "aside"} or is_advertisement(node) or _BESIDE_LABEL.search(node.label):
            return True
    return False


def _start_of(link: tuple[Node, Detail]) -> int:
    return link[0].start


def _links_lead(blocks: list[Block], links: list[tuple[Node, Detail]]) -> bool:
    """Flat markup with the link (an image, mostly) before the title it belongs to."""
    if any(block.title and block.title.detail for block in blocks):
        return False
    first, last = blocks[0], blocks[-1]
    lead = any(first.start - _NEAR <= node.start and node.end <= first.start for node, _ in links)
    return lead and not last.details


def _own_detail(document: Document, block: Block) -> Detail | None:
    """Of several reports linked in one block, the block's own: linked as a whole, by button or image, or first."""
    votes: Counter[str] = Counter()
    for number, (node, detail) in enumerate(block.details):
        said = document.text(node.start, node.end)
        whole = block.title is not None and node.start <= block.title.start and node.end >= block.title.end
        votes[detail.key] += 100 * whole + 10 * (not said or BUTTON.match(said) is not None) + (number == 0)
    return max((detail for _, detail in block.details), key=lambda detail: votes[detail.key], default=None)


# --- which blocks ----------------------------------------------------------------------------------------------------


def _drop_strangers(document: Document, blocks: list[Block]) -> list[Block]:
    """Without titles that share the list's role and are no entries: headings, hot lists, related links."""
    homes: dict[Node, list[Block]] = defaultdict(list)
    for block in blocks:
        homes[block.home].append(block)
    main = max(homes.values(), key=lambda home: sum(block.mass for block in home))
    bodied = [block for block in main if block.has_body]
    linked = 2 * sum(block.detail is not None for block in bodied) > len(bodied)
    bilingual = 2 * sum(block.has_both for block in bodied) > len(bodied)
    little = _TEASER * sorted(block.mass for block in bodied)[len(bodied) // 2]
    kept: list[Block] = []
    for home in homes.values():
        if not any(block.has_body for block in home):
            continue
        if bilingual and home is not main and _are_teasers(document, home, little):
            continue
        wanted = [block for block in home if block.has_body or block.detail or not linked]
        kept += [block for block in wanted if not (linked and is_paid_for(document, block))]
    kept.sort(key=lambda block: block.start)
    flags = [block.has_body for block in kept]
    if len(flags) >= _ALTERNATING and flags == [True, False] * (len(flags) // 2):
        return [block for block in kept if block.has_body]  # a related link behind every entry
    return kept


def _are_teasers(document: Document, home: list[Block], little: float) -> bool:
    """Whether a group beside the main one only leads to other reports: little text, cut or in a side column."""
    if not all(block.mass < little for block in home):
        return False
    return not any(block.has_both for block in home) or all(
        _is_cut(document, block) or _is_beside(document, block) for block in home
    )


def _drop_copies(container: Node, blocks: list[Block]) -> list[Block]:
    """Without the list's second showing, for phones or for printing; an item listed twice stays listed twice."""
    if len(set(map(_identity, blocks))) == len(blocks):
        return blocks
    branches: dict[object, list[Block]] = defaultdict(list)
    forms: dict[object, list[Block]] = defaultdict(list)
    for block in blocks:
        branches[child_of(container, block.title.node) if block.title else None].append(block)
        forms[block.node.attributes.get("class", "") if block.node else ""].append(block)
    groups = list((branches if 1 < len(branches) < len(blocks) else forms).values())
    groups.sort(key=lambda group: (-sum(block.mass for block in group), any(map(_is_hidden, group)), group[0].start))
    kept: list[Block] = []
    seen: set[str] = set()
    for group in groups:
        mine = set(map(_identity, group))
        if not mine <= seen:
            seen |= mine
            kept += group
    return sorted(kept, key=lambda block: block.start)


def _identity(block: Block) -> str:
    return block.detail.key if block.detail else block.title.line.text if block.title else ""


def _is_hidden(block: Block) -> bool:
    return block.node is not None and block.node.hidden


def _is_listing(document: Document, blocks: list[Block]) -> bool:
    """Whether this is the list, and not headed paragraphs of some other page or the teasers beside an empty list."""
    both = sum(block.has_both for block in blocks)
    if not both:
        bodied = [block for block in blocks if block.has_body]
        cut = sum(1 for block in bodied if _is_cut(document, block))
        if cut * 2 > len(bodied) or any(_is_beside(document, block) for block in blocks):
            return False
    if any(block.detail for block in blocks):
        return True
    patterned = sum(1 for block in blocks if block.title and TITLE_PATTERN.search(block.title.line.text))
    return patterned * 2 >= len(blocks) > 0 or both >= _CONVINCING


def _is_cut(document: Document, block: Block) -> bool:
    lines = document.lines[document.line_of[block.start] : document.line_of[block.end - 1] + 1]
    return all(_CUT_SHORT.search(line.text) for line in lines if line.is_prose)


def _is_beside(document: Document, block: Block) -> bool:
    """Whether a block stands in a column or under a headline of recommendations."""
    for node in block.home.around():
        if node.tag in {"nav", "aside", "footer"} or (node.attributes and _BESIDE_LABEL.search(node.label)):
            return True
    first, last = document.line_of[block.home.start], document.line_of[block.start]
    above = document.lines[max(0, first - 1, last - _ABOVE) : last]
    return any(len(line.text) <= _HEADLINE and _BESIDE.search(line.text) for line in above)


def _add_untitled(document: Document, masses: Masses, blocks: list[Block]) -> list[Block]:
    """With the elements among the entries that hold a report's link and its text but no title."""
    own = {block.node for block in blocks}
    if None in own:
        return blocks
    known = {block.detail.key for block in blocks if block.detail}
    homes = {block.home for block in blocks}
    taken = {around for node in own if node for around in node.around()}
    found: dict[Node, Block | None] = {}
    for node in document.nodes:
        detail = node.detail
        if detail is None or detail.key in known or node in taken or any(around in own for around in node.around()):
            continue
        top = node
        while top.parent and top.parent not in taken:
            top = top.parent
        if top.parent not in homes and not blocks[0].start <= node.start < blocks[-1].end:
            continue
        zh, en = masses.between(top.start, top.end)
        if top in found:
            block = found[top]
            if block and block.detail != detail:
                found[top] = None  # several reports: whose text is it?
        elif zh or en:
            found[top] = Block(None, top.start, top.end, top, top.parent or top, zh, en, detail=detail)
    return sorted([*blocks, *filter(None, found.values())], key=lambda block: block.start)
