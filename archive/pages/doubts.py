"""Whether what was found adds up: a page that was half understood must not be read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.pages.advertisements import stands_in_advertisement
from archive.pages.furniture import BUTTON, LEAD_IN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.pages.arrangement import Block
    from archive.pages.tree import Document, Line, Node

_EXCERPT = 40  #: characters
_MOST_UNTITLED = 3  #: of so many entries one may lack its title


def find_half_read(document: Document, blocks: list[Block]) -> str | None:
    """Why these blocks can't be the entries: one holds the texts of two reports, or text between them has no title."""
    untitled = sum(block.title is None for block in blocks)
    if untitled * _MOST_UNTITLED > len(blocks):
        return f"{untitled} of {len(blocks)} entries show no title"
    for block in blocks:
        foreign = _find_second(document, block)
        if foreign:
            name = block.title.line.text[:40] if block.title else "an entry without title"
            return f"the text under “{name}” goes on after a link to another report ({foreign}): two reports in one"
    inside = {number for block in blocks for number in _lines_of(document, block)}
    first, last = min(inside), max(inside)
    lost = [line for line in document.lines[first : last + 1] if line.index not in inside and line.is_prose]
    lost = [line for line in lost if not stands_in_advertisement(document, line)]
    if _is_bilingual(lost):
        return f"text between the entries belongs to none of them: “{lost[0].text[:40]}…”"
    home = blocks[0].home
    if home.start < home.end and _is_bilingual(document.lines[document.line_of[home.start] : first]):
        known = {block.detail.key for block in blocks if block.detail}
        for node in document.among(home.start, blocks[0].start - 1):
            if node.detail and node.detail.key not in known:
                return f"text above the first title goes with another report ({node.detail.key})"
    return None


def list_unread(document: Document, blocks: Sequence[Block]) -> tuple[str, ...]:
    """How those parts of the list begin that look like its entries, hold text, and were read as none of them."""
    forms: dict[Node, set[str]] = {}
    for block in blocks:
        if block.node is not None and block.node.parent is not None:
            forms.setdefault(block.node.parent, set()).add(block.node.signature)
    inside = {number for block in blocks for number in _lines_of(document, block)}
    unread = []
    for home, alike in forms.items():
        for child in document.below(home):
            if child.parent is not home or child.signature not in alike or child.hidden or child.start >= child.end:
                continue
            lines = document.lines[document.line_of[child.start] : document.line_of[child.end - 1] + 1]
            text = [line for line in lines if line.is_prose and not stands_in_advertisement(document, line)]
            if text and inside.isdisjoint(line.index for line in lines):
                unread.append(lines[0].text[:_EXCERPT])
    return tuple(unread)


def _is_bilingual(lines: list[Line]) -> bool:
    return any(line.zh for line in lines) and any(line.en for line in lines)


def find_unclaimed(document: Document, blocks: Sequence[Block] = ()) -> str | None:
    """Why what was read can't be all: beside it the page shows the texts of reports, with links to them."""
    inside = {number for block in blocks for number in _lines_of(document, block)}
    known = {block.detail.key for block in blocks if block.detail}
    pieces = {piece for number in inside for piece in range(document.lines[number].start, document.lines[number].end)}
    details = {node.detail.key for node in document.nodes if node.detail and node.start not in pieces} - known
    turns, english = 0, True
    for line in document.lines:
        if line.index in inside:
            continue
        if line.zh and english:
            english = False
        elif line.en and not line.zh and not english:
            english = True
            turns += 1
    if turns > 1 and details and turns > len(blocks):
        return f"{turns} bilingual texts and {len(details)} links to reports, but no titles that go with them"
    return None


def _lines_of(document: Document, block: Block) -> range:
    last = max(block.start, block.end - 1)
    return range(document.line_of[block.start], document.line_of[last] + 1)


def _find_second(document: Document, block: Block) -> str | None:
    """Another report whose link stands where Chinese text starts again after English, or whose button follows it."""
    if block.detail is None or len({detail.key for _, detail in block.details}) == 1:
        return None
    english = again = 0
    for index in _lines_of(document, block):
        line = document.lines[index]
        if line.en:
            english = english or line.end
        elif line.zh and english and not again:
            again = line.start
    if not again:
        return None
    for node, detail in block.details:
        if detail.key == block.detail.key or node.start < english:
            continue
        said = document.text(node.start, node.end)
        line = document.lines[document.line_of[min(node.start, len(document.line_of) - 1)]]
        if node.start <= again and not LEAD_IN.search(line.text[:12]):
            return detail.key
        if node.start > again and (not said or BUTTON.match(said)):
            return detail.key
    return None
