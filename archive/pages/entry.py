"""Reading one entry: its title, date and lines of text, out of the pieces of its block."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import chain, pairwise, takewhile
from typing import TYPE_CHECKING

from archive.model import Entry
from archive.pages.advertisements import is_advertisement
from archive.pages.brands import BRANDS
from archive.pages.furniture import BADGE, BUTTON, INLINE_LABEL, LEAD_IN, is_furniture, read_date
from archive.pages.links import split_link
from archive.pages.prose import STOP, TEXT_GOES_ON, weigh
from archive.pages.summary import CUT_SHORT, ElementRole, RoleCount, Text, summarise
from archive.pages.tree import Document, Line, Node, flatten
from archive.text import fold, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.pages.arrangement import Block

_SERIES = re.compile(r"^[^|｜\d]{2,12}[|｜]\s*")
_TITLE_BEGINS = re.compile(r"[^|｜\d]{2,12}\s*[|｜]|(?:19|20)\d\d|《")
_LONGEST_ORNAMENT = 24
_LONGEST_LEAD_IN = 40
_LONGEST_PLACE = 3  #: digits of a place in the list
_SEVERAL = 2
_NO_TEXT = frozenset(["footer", "nav"])  # what unclosed elements let the last entry swallow
_IN_A_NUMBER = re.compile(r"\d[.,]\d")
_BRACKETS = frozenset("[【")
_EMPHASIS = frozenset(["b", "strong", "font", "mark", "u", "big"])


@dataclass(slots=True)
class Draft:
    """What was found in a block, before the roles of the whole page say which short lines are summary."""

    block: Block
    title: str
    url: str
    texts: list[Text]
    meta: list[str]  #: dates, counters and the like


def draft(document: Document, block: Block) -> Draft:
    title = _read_title(document, block)
    skipped = range(block.title.start, block.title.end) if block.title else range(0)
    same = {fold(title), fold(_SERIES.sub("", title))}
    meta = [node.attributes["datetime"] for node in _nodes_of(document, block) if "datetime" in node.attributes]
    texts: list[Text] = []
    if block.start < block.end:
        for index in range(document.line_of[block.start], document.line_of[block.end - 1] + 1):
            within = _within(document.lines[index].node, block)
            if any(around.tag in _NO_TEXT or is_advertisement(around) for around in within):
                continue
            found = _read_line(document, document.lines[index], block, skipped, meta)
            texts += [one for one in found if len(one.text) > _SEVERAL * len(title) or fold(one.text) not in same]
    url = block.detail.url if block.detail else _other_link(document, block)
    return Draft(block, title, url, texts, meta)


def finish(one: Draft, roles: RoleCount) -> Entry:
    zh, en, brands = summarise(one.texts, roles)
    published = {found for found in map(read_date, one.meta) if found}
    detail = one.block.detail
    return Entry(
        key=detail.key if detail else "title:" + hashlib.sha256(fold(one.title).encode()).hexdigest()[:16],
        url=one.url,
        title=one.title,
        brands=brands,
        summary_zh=zh,
        summary_en=en,
        published_on=published.pop() if len(published) == 1 else None,
    )


def _within(node: Node, block: Block) -> Iterator[Node]:
    """The elements from a line's up to the block's own, or to what its entries have in common."""
    return takewhile(lambda around: around is not block.node and around is not block.home, node.around())


def _nodes_of(document: Document, block: Block) -> Iterator[Node]:
    if block.node is None:
        return document.among(block.start, block.end - 1)
    return chain(filter(None, [block.node, block.node.link]), document.below(block.node))


# --- title -----------------------------------------------------------------------------------------------------------


def _read_title(document: Document, block: Block) -> str:
    if block.title is None:
        return ""
    if block.title.said:
        return _tidy_title(block.title.said)
    kept = [piece for piece in range(block.title.start, block.title.end) if document.texts[piece].strip()]
    for edge in (0, -1):
        while len(kept) > 1 and _is_ornament(document, kept, edge):
            kept.pop(edge)
    title = _tidy_title(document.text(kept[0], kept[-1] + 1)) if kept else ""
    if CUT_SHORT.search(title):
        return _find_whole(document, title, block) or title
    return title


def _tidy_title(text: str) -> str:
    """One line, whatever a publisher breaks lines with: U+2028 is no blank to HTML."""
    return tidy(text).replace("\n", " ")


def _is_ornament(document: Document, pieces: list[int], edge: int) -> bool:
    """A badge, a number or a date at the edge of a title, in an element of its own."""
    piece = pieces[edge]
    text = flatten(document.texts[piece])
    owner = document.owners[piece]
    other = document.owners[pieces[1 if edge == 0 else -2]]
    if len(text) > _LONGEST_ORNAMENT or owner is other or (not owner.inline and other.inline):
        return False
    if text.isdigit():
        # "1" before a title is its place in the list, "2024" may be its first word
        rest = document.text(pieces[1], pieces[-1] + 1)
        return edge == 0 and len(text) <= _LONGEST_PLACE and _TITLE_BEGINS.match(rest) is not None
    if BADGE.match(text) or BUTTON.match(text):
        return True
    return is_furniture(text) and read_date(text) is not None


def _find_whole(document: Document, short: str, block: Block) -> str | None:
    """The title that a cut one begins, from an attribute in the entry."""
    stem = fold(CUT_SHORT.sub("", short))
    for node in _nodes_of(document, block):
        for name in ("title", "alt", "data-title", "aria-label"):
            value = node.attributes.get(name)
            if value:
                value = tidy(flatten(value))
                if fold(value).startswith(stem) and not CUT_SHORT.search(value):
                    return value
    return None


def _other_link(document: Document, block: Block) -> str:
    """Where the title leads if not to a report page."""
    if block.title is None:
        return ""
    for owner in document.owners[block.title.start : block.title.end]:
        for node in owner.around():
            href = node.attributes.get("href")
            if node.tag == "a" and href:
                parts = split_link(href, document.base)
                return parts._replace(fragment="").geturl() if parts and not href.startswith("#") else ""
    return ""


# --- lines -----------------------------------------------------------------------------------------------------------


def _read_line(document: Document, line: Line, block: Block, skipped: range, meta: list[str]) -> list[Text]:
    """The report text of a line: without the title, buttons, and dates or counters in elements of their own."""
    pieces = range(max(line.start, block.start), min(line.end, block.end))
    before = [piece for piece in pieces if piece < skipped.start]
    behind = [piece for piece in pieces if piece >= skipped.stop]
    texts = []
    for stretch in (before, behind) if skipped else (list(pieces),):
        for part in _paragraphs(document, line, _strip_edges(document, stretch, meta)):
            text = flatten("".join([document.texts[piece] for piece in part]))
            announced = BRANDS.match(text)
            if announced:
                text = _join_brands(document, part, text, announced.end())
            elif not text or is_furniture(text):
                meta.append(text)
                continue
            elif _is_other_report(document, part, text, block):
                continue
            whole = len(part) == line.end - line.start
            prose = line.is_prose if whole else any(weigh(text))
            texts.append(Text(_role(line.node), text, prose))
    return texts


def _role(node: Node) -> ElementRole:
    parent = node.parent or node
    cell = next((one for one in (parent, node) if one.tag in {"td", "th"}), None)
    return (node.signature, parent.signature, cell.rank if cell else 0)


def _join_brands(document: Document, pieces: list[int], text: str, start: int) -> str:
    """A brands line whose names are elements of their own, with nothing written between them."""
    said = [flatten(document.texts[piece]) for piece in pieces if document.texts[piece].strip()]
    if "、" in text or len(said) <= _SEVERAL or text[:start].rstrip() != said[0]:
        return text
    return said[0] + "、".join(said[1:])


def _strip_edges(document: Document, pieces: list[int], meta: list[str]) -> list[int]:
    """Without the inline elements at either end that hold a button, a date, a counter or a label."""
    for edge in (0, -1):
        while len(pieces) > 1:
            owner = document.owners[pieces[edge]]
            text = flatten(document.texts[pieces[edge]])
            if text:
                rest = document.text(pieces[1], pieces[-1] + 1) if edge == 0 else document.text(pieces[0], pieces[-1])
                goes_on = TEXT_GOES_ON.match(rest) if edge == 0 else not STOP.search(rest)
                if not owner.inline or not _is_apart(owner, text, goes_on=bool(goes_on)):
                    break
                meta.append(text)
            pieces.pop(edge)
    return pieces


def _is_apart(owner: Node, text: str, *, goes_on: bool) -> bool:
    """Whether an inline element at the edge of a text is furniture there, and not the text's own first or last word."""
    if INLINE_LABEL.match(text):
        return True
    if BUTTON.match(text):
        return owner.tag in {"a", "button"} and (not goes_on or "button" in (owner.tag, *owner.label.split()))
    if goes_on or owner.tag in _EMPHASIS or not is_furniture(text):
        return False
    return read_date(text) is not None or ":" in text or "：" in text or text[0] in _BRACKETS


def _paragraphs(document: Document, line: Line, pieces: list[int]) -> list[list[int]]:
    """Spans that are the paragraphs: siblings of one form, each a whole sentence at least, with nothing between."""
    if len(pieces) < _SEVERAL or line.node.tag == "p":
        return [pieces] if pieces else []
    groups: dict[Node, list[int]] = {}
    for piece in pieces:
        if document.texts[piece].strip():
            top = document.owners[piece]
            while top.parent and top.parent.inline and top.parent is not line.node:
                top = top.parent
            groups.setdefault(top, []).append(piece)
    forms = {(top.tag, top.attributes.get("class"), top.attributes.get("style")) for top in groups}
    if line.node in groups or len(groups) < _SEVERAL or len(forms) > 1 or any(tag == "a" for tag, *_ in forms):
        return [pieces]
    said = [document.text(group[0], group[-1] + 1) for group in groups.values()]
    whole = all(map(STOP.search, said)) and not any(map(_IN_A_NUMBER.fullmatch, _seams(said)))
    return list(groups.values()) if whole else [pieces]


def _seams(said: list[str]) -> Iterator[str]:
    """What stands on both sides of each place where a text was parted."""
    return (one[-2:] + other[:1] for one, other in pairwise(said))


def _is_other_report(document: Document, pieces: list[int], text: str, block: Block) -> bool:
    """A line that does nothing but link to another report, or says that it will."""
    if LEAD_IN.match(text) and len(text) < _LONGEST_LEAD_IN:
        return True
    if block.detail is None or STOP.search(text):
        return False
    links = [(document.owners[piece].link, len(document.texts[piece])) for piece in pieces]
    foreign = sum(size for link, size in links if link and link.detail and link.detail.key != block.detail.key)
    return 2 * foreign > len(text)
