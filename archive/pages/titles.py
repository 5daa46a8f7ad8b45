"""Which texts of a page could be titles of entries, and what they look like.

Every short line could be one. A title's *role* is the path of tags it stands in, its class and the way it is linked:
the titles of one list share a role, whatever the markup. Its *likeness* weighs what titles have and other lines lack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.model import SERIES
from archive.pages.furniture import LEAD_IN, is_furniture
from archive.pages.prose import TEXT_GOES_ON
from archive.pages.tree import HEADINGS, Document, Line, Node

if TYPE_CHECKING:
    from archive.pages.links import Detail

SHORTEST_TITLE, LONGEST_TITLE = 4, 160
LIKELY = 2.0  #: likeness of a line that is surely meant as a heading
_USUAL_LENGTH = 12  #: titles of reports are longer than names of rubrics
_LEVELS = 4  #: elements looked at round a title

TITLE_PATTERN = re.compile(
    r"^艾媒.{0,6}[|｜]|^[^|｜。，,\d]{2,12}\s*[|｜]\s*\S{6}"
    r"|(?:19|20)\d\d.*(?:报告|白皮书|数据|研究|分析|趋势|指数|榜单?|蓝皮书|洞察"
    r"|调查|调研|展望|年鉴)(?:[(（].{0,20}[)）])?$"
)
_TITLE_LABEL = re.compile(
    r"(?:^|[\s_-])(?:title|tit|headline|heading|subject|name|bt|biaoti|caption|hd|h[1-6])(?:$|[\s_-])|title|headline"
)
FULL_STOP = re.compile(r"(?:[。；;]|[^.…][.])[”\"’'）)」』\]]*$")
_LISTING = re.compile(r"(?:关于|标签|搜索|包含|有关)\s*[“\"‘'《【「].{1,40}[”\"’'》】」]\s*的?.{0,8}$")
_IMPRINT = re.compile(r"©|版权所有|all rights reserved|ICP备|备案号", re.IGNORECASE)
_SENTENCE = re.compile(r"[。！]|[.] [A-Z]")


#: path of tags, class, way of being linked, outermost inline element, hidden
Role = tuple[int, str, str, str, str]


@dataclass(slots=True, eq=False)
class Title:
    """A text that may be the title of an entry."""

    start: int
    end: int
    line: Line
    node: Node  #: innermost element around it
    detail: Detail | None
    role: Role
    likeness: float
    hidden: bool
    said: str = ""  #: where a picture is the link: its title or alternative text


def find_titles(document: Document) -> list[Title]:
    """All candidates in page order. Lines that surely are titles lose their weight as prose."""
    titles = _pictured_titles(document)
    for line in document.lines:
        if SHORTEST_TITLE <= len(line.text) <= LONGEST_TITLE:
            title = _read_title(document, line)
            if title:
                titles.append(title)
                if title.likeness >= LIKELY:
                    line.zh = line.en = 0  # a long title is no summary
    titles.sort(key=lambda title: title.start)
    return titles


def _pictured_titles(document: Document) -> list[Title]:
    """Titles that only a picture's description tells; they lose against any that is shown."""
    described: dict[Node, str] = {}
    for node in document.nodes:
        if node.tag == "img" and node.link and node.attributes.get("alt"):
            described.setdefault(node.link, node.attributes["alt"])
        elif node.detail and node.attributes.get("title"):
            described[node] = node.attributes["title"]
    titles = []
    for node, said in described.items():
        blank = node.end == node.start + 1 and not document.texts[node.start]
        if not blank or not SHORTEST_TITLE <= len(said) <= LONGEST_TITLE or is_furniture(said):
            continue
        likeness = LIKELY if TITLE_PATTERN.search(said) else 0.5
        role = (node.path, node.first_class, "picture", "", "hidden" if node.hidden else "")
        line = document.lines[document.line_of[node.start]]
        titles.append(Title(node.start, node.end, line, node, node.detail, role, likeness, node.hidden, said))
    return titles


def _read_title(document: Document, line: Line) -> Title | None:
    text = line.text
    if _SENTENCE.search(text) or is_furniture(text) or _LISTING.match(text) or _IMPRINT.search(text):
        return None
    if line.is_prose and FULL_STOP.search(text):
        return None
    link = _find_link(document, line)
    inline = link is not None and _is_within(link, line)
    start, end = line.start, line.end
    if link is not None and inline:
        bounds = _bound(document, line, link)
        if bounds is None:
            return None
        start, end = bounds
    first = document.owners[start]
    node = first
    while node.parent and not (node.start <= start and node.end >= end):
        node = node.parent
    heading, labelled, bold, wrapper = _look(line, first)
    likeness = (
        2.0 * inline
        + 2.0 * heading
        + labelled
        + bold
        + 3.0 * (TITLE_PATTERN.search(document.text(start, end)) is not None)
        + (len(text) >= _USUAL_LENGTH)
    )
    linked = "" if link is None else "link" if inline else "card"
    hidden = line.node.hidden or first.hidden
    role = (line.node.path, line.node.first_class, linked, wrapper, "hidden" if hidden else "")
    return Title(start, end, line, node, link.detail if link else None, role, likeness, hidden)


def _find_link(document: Document, line: Line) -> Node | None:
    """The detail link round a line (the whole card is the link), else the first in it that names something."""
    found: Node | None = None
    for piece in range(line.start, line.end):
        link = document.owners[piece].link
        if link is None or link is found or document.texts[piece].isspace():
            continue
        if not _is_within(link, line):
            return link
        if found is None:
            said = document.text(link.start, link.end)
            if said and not is_furniture(said):
                found = link
    return found


def _bound(document: Document, line: Line, link: Node) -> tuple[int, int] | None:
    """The pieces of a title that is a link in its line; None where the line only mentions another report."""
    before, after = document.text(line.start, link.start), document.text(link.end, line.end)
    if LEAD_IN.search(before) or before.endswith((":", "：", "《")):
        return None
    beside = [part for part in (before, after) if part and not is_furniture(part) and not SERIES.match(part)]
    outweighed = sum(map(len, beside)) > len(line.text) / 2
    if outweighed and (before or TEXT_GOES_ON.match(after)):
        return None
    return line.start if SERIES.match(before) else link.start, _extend(document, link, line)


def _look(line: Line, first: Node) -> tuple[bool, bool, bool, str]:
    """Whether a line is a heading, is called a title, is bold; and the outermost inline element in it."""
    heading = labelled = bold = False
    wrapper = ""
    for level, around in zip(range(_LEVELS), first.around(), strict=False):
        if not _is_within(around, line):
            heading = heading or (around.tag in HEADINGS and level <= 1)
            break
        heading = heading or around.tag in HEADINGS
        bold = bold or around.tag in {"b", "strong", "big"}
        labelled = labelled or (bool(around.attributes) and _TITLE_LABEL.search(around.label) is not None)
        if around.inline:
            wrapper = around.signature
    return heading, labelled, bold, wrapper


def _extend(document: Document, link: Node, line: Line) -> int:
    """The end of a title whose parts are links of their own to the same report."""
    end = piece = link.end
    while piece < line.end:
        following = document.owners[piece].link
        if following is not None and following.detail == link.detail and following.start == piece:
            if is_furniture(document.text(piece, following.end)):
                break
            end = piece = following.end
        elif document.texts[piece].strip(" |｜\n\t"):
            break
        else:
            piece += 1
    return end


def _is_within(node: Node, line: Line) -> bool:
    return node.start >= line.start and node.end <= line.end
