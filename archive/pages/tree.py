"""From markup to lines: what a page shows, in the order in which it stands, with the elements it stands in.

Everything after this module works on :class:`Document`: *pieces* are text nodes, *lines* are what a block element or a
<br> ends, and every element knows the half-open range of pieces it holds. Ranges make "does this block hold another
report's link?" a comparison of numbers, and one pass over the tree is all that lxml is asked for.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from lxml.etree import iterwalk  # type: ignore[import-untyped]
from parsel import Selector

from archive.pages.guard import MAX_DEPTH
from archive.pages.links import Detail, detail_of, read_base
from archive.pages.prose import STOP, TEXT_GOES_ON, weigh

if TYPE_CHECKING:
    from collections.abc import Iterator

_INLINE = frozenset([
    "a", "abbr", "acronym", "area", "b", "base", "basefont", "bdi", "bdo", "big", "blink", "button", "cite", "code",
    "data", "del", "dfn", "em", "font", "i", "img", "input", "ins", "kbd", "label", "link", "mark", "meta", "meter",
    "nobr", "output", "q", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
    "var", "wbr",
])  # fmt: skip
_UNSEEN = frozenset([
    "audio", "canvas", "embed", "iframe", "map", "math", "noembed", "noframes", "object", "rp", "rt", "script",
    "style", "svg", "template", "textarea", "title", "video",
])  # fmt: skip
_PREFORMATTED = frozenset(["pre", "xmp", "listing"])
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6", "dt", "th", "caption", "legend", "summary"])
_BLOCK_STYLE = re.compile(r"display\s*:\s*(?:block|flex|grid|table|list-item)", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\n\r\f]+")


class Node:
    """An element, stripped to what the reading needs."""

    __slots__ = (
        "attributes", "children", "depth", "detail", "end", "hidden", "index", "inline", "link", "parent", "path",
        "rank", "start", "tag",
    )  # fmt: skip

    def __init__(self, tag: str, attributes: dict[str, str], parent: Node | None, start: int) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.start = self.end = start  #: pieces
        self.index = -1  #: place among the document's nodes
        self.children = self.rank = 0  #: elements in it; which child of its parent it is
        self.depth = 0
        self.path = hash(tag)  #: the tags from the root to here, as one number
        self.hidden = False
        self.link: Node | None = None  #: nearest element around or here with ``detail``
        if parent:
            self.depth = parent.depth + 1
            self.path = hash((parent.path, tag))
            self.rank = parent.children
            self.hidden = parent.hidden
            self.link = parent.link
            parent.children += 1
        self.inline = tag in _INLINE
        self.detail: Detail | None = None  #: the report this very element links to

    def around(self) -> Iterator[Node]:
        """The element, its parent, and so on to the root."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def holds(self, other: Node) -> bool:
        node: Node | None = other
        while node is not None and node.depth >= self.depth:
            if node is self:
                return True
            node = node.parent
        return False

    @property
    def signature(self) -> str:
        """Tag and first class: what siblings of one role share."""
        return f"{self.tag}.{self.first_class}"

    @property
    def first_class(self) -> str:
        names = self.attributes.get("class")
        return names.split(None, 1)[0] if names and not names.isspace() else ""

    @property
    def label(self) -> str:
        """Class and id, in lower case: hints, never proofs."""
        return f"{self.attributes.get('class', '')} {self.attributes.get('id', '')}".lower()


@dataclass(slots=True, eq=False)
class Line:
    """Text between two line ends. ``zh`` and ``en`` weigh it: characters of prose, 0 where it is none."""

    index: int
    start: int  #: pieces
    end: int
    node: Node  #: innermost block element around it
    text: str
    zh: int = 0
    en: int = 0

    @property
    def is_prose(self) -> bool:
        return self.zh > 0 or self.en > 0


@dataclass(slots=True)
class Document:
    base: str
    root: Node
    nodes: list[Node] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)  #: of the pieces
    owners: list[Node] = field(default_factory=list)  #: their innermost elements
    line_of: list[int] = field(default_factory=list)  #: piece -> line
    lines: list[Line] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)  #: pieces before which a <hr> stands
    title: str = ""
    scripts: int = 0

    def below(self, node: Node) -> Iterator[Node]:
        """The elements in an element, in page order."""
        for index in range(node.index + 1, len(self.nodes)):
            if self.nodes[index].depth <= node.depth:
                break
            yield self.nodes[index]

    def among(self, start: int, end: int) -> Iterator[Node]:
        """The elements that begin between two pieces."""
        first = bisect_left(self.nodes, start, key=attrgetter("start"))
        for index in range(first, len(self.nodes)):
            if self.nodes[index].start > end:
                break
            yield self.nodes[index]

    def text(self, start: int, end: int) -> str:
        """What the pieces say, blanks of the source folded as a browser folds them."""
        return flatten("".join(self.texts[start:end]))


def flatten(raw: str) -> str:
    if raw.isprintable() and "  " not in raw:
        return raw.strip()
    return " ".join(raw.split()) if raw.isascii() else _BLANKS.sub(" ", raw).strip()


def build(text: str, url: str) -> Document | str:
    """The document, or why it is hostile."""
    root = Selector(text=text, type="html").root
    return _Builder(url).build(root)


class _Builder:
    def __init__(self, url: str) -> None:
        self.root = self.node = Node("#document", {}, None, 0)
        self.document = Document(url, self.root)
        self.first = 0  # piece that begins the open line
        self.preformatted = 0

    def build(self, root: object) -> Document | str:
        document = self.document
        walker = iterwalk(root, events=("start", "end", "comment", "pi"))
        skipped = 0
        for event, element in walker:
            if event == "start":
                if skipped or element.tag in _UNSEEN:
                    skipped += 1
                    self._note_unseen(element)
                    continue
                if self.node.depth >= MAX_DEPTH:
                    return f"elements are nested more than {MAX_DEPTH} deep"
                self._open(element)
                if element.text:
                    self._add(element.text)
            else:
                if event == "end":
                    if skipped:
                        skipped -= 1
                    else:
                        self._close()
                if element.tail and not skipped:
                    self._add(element.tail)
        self._end_line()
        self.root.end = len(document.texts)
        return document

    def _note_unseen(self, element: object) -> None:
        tag = element.tag  # type: ignore[attr-defined]
        if tag == "script":
            self.document.scripts += 1
        elif tag == "title" and not self.document.title:
            self.document.title = flatten(element.text or "")  # type: ignore[attr-defined]

    def _open(self, element: object) -> None:
        tag: str = element.tag  # type: ignore[attr-defined]
        attributes = dict(element.attrib.items())  # type: ignore[attr-defined]
        style = attributes.get("style", "") if attributes else ""
        inline = tag in _INLINE and not (style and _BLOCK_STYLE.search(style))
        document = self.document
        if tag == "br":
            self._break()
        elif not inline:
            self._end_line()
        if tag == "hr":
            document.rules.append(len(document.texts))
        node = Node(tag, attributes, self.node, len(document.texts))
        node.inline = inline
        if attributes:
            node.hidden = node.hidden or _is_hidden(tag, attributes, style)
            node.detail = detail_of(attributes, document.base)
            if node.detail:
                node.link = node
            if tag == "base":
                document.base = read_base(document.base, attributes.get("href"))
        self.preformatted += tag in _PREFORMATTED
        node.index = len(document.nodes)
        document.nodes.append(node)
        self.node = node

    def _close(self) -> None:
        node, document = self.node, self.document
        if node.start == len(document.texts) and (node.tag in {"a", "button"} or node.detail):
            # a link without text still has a place between its neighbours
            document.texts.append("")
            document.owners.append(node)
        if not node.inline and node.tag != "br":
            self._end_line()
        node.end = len(document.texts)
        self.preformatted -= node.tag in _PREFORMATTED
        self.node = node.parent or self.root

    def _break(self) -> None:
        """A <br> ends a line, but a heading stays one line."""
        around = self.node.around()
        if any(node.tag in HEADINGS and node.tag != "dt" for node, _ in zip(around, range(3), strict=False)):
            self._add(" ")
        else:
            self._end_line()

    def _add(self, raw: str) -> None:
        if self.preformatted and "\n" in raw:
            for number, part in enumerate(raw.split("\n")):
                if number:
                    self._end_line()
                self._add_piece(part)
        else:
            self._add_piece(raw)

    def _add_piece(self, raw: str) -> None:
        document = self.document
        if raw.isspace() and self.first == len(document.texts):
            return
        document.texts.append(raw)
        document.owners.append(self.node)

    def _end_line(self) -> None:
        start, end = self.first, len(self.document.texts)
        if start == end:
            return
        self.first = end
        block = self.node
        while block.inline and block.parent:
            block = block.parent
        for first, last in _cut(self.document, start, end):
            self._make_line(first, last, block)

    def _make_line(self, start: int, end: int, block: Node) -> None:
        document = self.document
        text = document.text(start, end)
        document.line_of.extend([len(document.lines)] * (end - start))
        document.lines.append(Line(len(document.lines), start, end, block, text, *weigh(text)))


def _is_hidden(tag: str, attributes: dict[str, str], style: str) -> bool:
    if "hidden" in attributes or tag == "noscript" or attributes.get("aria-hidden") == "true":
        return True
    return bool(style) and _HIDDEN_STYLE.search(style) is not None


# --- titles set into run-on text -------------------------------------------------------------------------------------

_RUN_ON = 160  #: characters of a line that may hold a title and its summary
_TITLES = range(4, 121)  #: characters of a title there
_UNLINKED = 8  #: characters of one that is no link, and begins as the series do
_BEFORE = 12  #: characters of a badge or number before it
_SERIES_BEGINS = re.compile(r"^\s*(?:[^|｜。，\d\s]{2,12}\s*[|｜]|艾媒[^，。,]*$)")
_NO_TITLE_ENDS = re.compile(r"[。.；;，,：:]$")


def _cut(document: Document, start: int, end: int) -> list[tuple[int, int]]:
    """Ranges of pieces that are lines of their own: a title set as a link into run-on text begins and ends one."""
    owners, texts = document.owners, document.texts
    if end - start == 1 or sum(map(len, texts[start:end])) < _RUN_ON:
        return [(start, end)]
    cuts = [start]
    piece = start
    while piece < end:
        top = owners[piece]
        while top.parent and top.parent.inline and top.parent.start >= start:
            top = top.parent
        last = piece + 1
        while top.inline and last < end and top.holds(owners[last]):
            last += 1
        if top.inline and _stands_alone(document, (start, end), piece, last):
            cuts += [piece, last]
        piece = last
    ranges = zip(cuts, [*cuts[1:], end], strict=True)
    return [(first, last) for first, last in ranges if first < last]


def _stands_alone(document: Document, line: tuple[int, int], first: int, last: int) -> bool:
    start, end = line
    text = document.text(first, last)
    if len(text) not in _TITLES or _NO_TITLE_ENDS.search(text):
        return False
    linked = any(owner.link and owner.link.start >= start for owner in document.owners[first:last])
    if not linked and (len(text) < _UNLINKED or not _SERIES_BEGINS.search(text)):
        return False
    before = "".join(document.texts[max(start, first - _BEFORE) : first]).rstrip()
    after = "".join(document.texts[last : min(end, last + _BEFORE)])
    return (len(before.lstrip()) < _BEFORE or bool(STOP.search(before[-_BEFORE:]))) and not TEXT_GOES_ON.match(after)
