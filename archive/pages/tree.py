"""From markup to lines: what a page shows, in the order in which it stands, with the elements it stands in.

Everything after this module works on :class:`Document`: *pieces* are text nodes, *lines* are what a block element or a
<br> ends, and every element knows the half-open range of pieces it holds. Ranges make "does this block hold another
report's link?" a comparison of numbers, and one pass over the tree is all that lxml is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.etree import iterwalk  # type: ignore[import-untyped]
from parsel import Selector

from archive.language import HAN
from archive.pages.links import Detail, detail_of, read_base

MAX_BYTES = 8 << 20  #: free of content coding; a real page has about 100,000
MAX_ATTRIBUTES = 256  #: on one tag: 40,000 keep libxml2 busy for 15 seconds
MAX_DEPTH = 256  #: libxml2 silently drops what lies deeper than 2,046
MAX_TAGS = 100_000  #: a million elements take a gigabyte

_RAW = "script|style|textarea|title|xmp|iframe|noembed|noframes"
# One pass, possessive throughout: every alternative that has begun also ends, at the latest with the page.
_MARKUP = re.compile(
    r"<!--(?:[^-]++|-(?!->))*+(?:-->|\Z)"
    r"|<(?P<name>[A-Za-z][^\s/>]*+)(?P<attributes>(?:[^>=]++|=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))?+)*+)(?:>|\Z)"
    r"|</(?P<closed>[A-Za-z][^\s/>]*+)"
)
_RAW_END = re.compile(rf"</(?:{_RAW})\b", re.IGNORECASE)
_RAW_TAGS = frozenset(_RAW.split("|"))
_ATTRIBUTE = re.compile(r"[^\s/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"?|'[^']*+'?|[^\s\"']*+))?+")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr frame keygen basefont".split())
_CLOSED_BY_NEXT = frozenset("p li td th tr dt dd option optgroup thead tbody tfoot colgroup rt rp".split())

_INLINE = frozenset(
    "a abbr acronym b basefont bdi bdo big blink cite code data del dfn em font i img ins kbd label mark meter nobr"
    " output q ruby s samp small span strike strong sub sup time tt u var wbr button area input link meta base".split()
)
_UNSEEN = frozenset(
    "script style template svg math iframe object embed canvas audio video map textarea rt rp title noframes noembed".split()
)
HEADINGS = frozenset("h1 h2 h3 h4 h5 h6 dt th caption legend summary".split())
_BLOCK_STYLE = re.compile(r"display\s*:\s*(?:block|flex|grid|table|list-item)", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_LATIN_RUN = re.compile(r"[A-Za-z](?<![A-Za-z]{2})[A-Za-z'’-]*+(?:[^A-Za-z\u3007-\u9fff]{1,24}[A-Za-z][A-Za-z'’-]*+){7}")
STOP = re.compile(r"[。！？!?.；;…][”\"’'）)」』\]]*$")


class Node:
    """An element, stripped to what the reading needs."""

    __slots__ = (
        "attributes", "children", "depth", "detail", "end", "hidden", "inline", "link", "parent", "rank", "start", "tag"
    )  # fmt: skip

    def __init__(self, tag: str, attributes: dict[str, str], parent: Node | None, start: int) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.start = self.end = start  #: pieces
        self.children = self.rank = 0  #: elements in it; which child of its parent it is
        self.depth = 0
        if parent:
            self.depth = parent.depth + 1
            self.rank = parent.children
            parent.children += 1
        self.inline = tag in _INLINE
        self.hidden: bool = parent.hidden if parent else False
        self.detail: Detail | None = None  #: the report this very element links to
        self.link: Node | None = parent.link if parent else None  #: nearest element around or here with ``detail``

    def around(self) -> Iterator[Node]:
        """This element, its parent, and so on to the root."""
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

    def text(self, start: int, end: int) -> str:
        """What the pieces say, blanks of the source folded as a browser folds them."""
        return flatten("".join(self.texts[start:end]))


def flatten(raw: str) -> str:
    if raw.isprintable() and "  " not in raw:
        return raw.strip()
    return " ".join(raw.split()) if raw.isascii() else _BLANKS.sub(" ", raw).strip()


def find_hostility(text: str) -> str | None:
    """Why this markup must not reach libxml2, or None. Linear in the length of the text."""
    stack: list[str] = []
    count: dict[str, int] = {}
    tags = position = 0
    search = _MARKUP.search
    while match := search(text, position):
        position = match.end()
        name = match["name"]
        if name:
            tags += 1
            name = name.lower()
            attributes = match["attributes"]
            if len(attributes) > MAX_ATTRIBUTES:
                found = sum(1 for _ in _ATTRIBUTE.finditer(attributes))
                if found > MAX_ATTRIBUTES:
                    return f"one <{name[:20]}> tag has {found:,} attributes, more than {MAX_ATTRIBUTES}"
            if name in _RAW_TAGS:
                end = _RAW_END.search(text, position)
                position = end.start() if end else len(text)
            elif name not in _VOID and name not in _CLOSED_BY_NEXT and not attributes.endswith("/"):
                stack.append(name)
                count[name] = count.get(name, 0) + 1
                if len(stack) > MAX_DEPTH:
                    return f"elements are nested more than {MAX_DEPTH} deep"
        elif match["closed"] and count.get(closed := match["closed"].lower()):
            while True:
                popped = stack.pop()
                count[popped] -= 1
                if popped == closed:
                    break
    if tags > MAX_TAGS:
        return f"the page has {tags:,} tags, more than {MAX_TAGS:,}"
    return None


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
        tag = element.tag  # type: ignore[attr-defined]
        attributes = dict(element.attrib)  # type: ignore[attr-defined]
        document, parent = self.document, self.node
        inline = tag in _INLINE
        style = attributes.get("style") if attributes else None
        if inline and style and _BLOCK_STYLE.search(style):
            inline = False
        if not inline:
            if tag == "br":
                self._break(parent)
            else:
                self._end_line()
            if tag == "hr":
                document.rules.append(len(document.texts))
        node = Node(tag, attributes, parent, len(document.texts))
        node.inline = inline
        if attributes:
            if not node.hidden and (
                "hidden" in attributes
                or tag == "noscript"
                or attributes.get("aria-hidden") == "true"
                or (style and _HIDDEN_STYLE.search(style))
            ):
                node.hidden = True
            node.detail = detail_of(attributes, document.base)
            if node.detail:
                node.link = node
            if tag == "base":
                document.base = read_base(document.base, attributes.get("href"))
        if tag in {"pre", "xmp", "listing"}:
            self.preformatted += 1
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
        if node.tag in {"pre", "xmp", "listing"}:
            self.preformatted -= 1
        self.node = node.parent or self.root

    def _break(self, parent: Node) -> None:
        """A <br> ends a line, but a heading stays one line."""
        if any(node.tag in HEADINGS and node.tag != "dt" for node in parent.around() if node.depth > parent.depth - 3):
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
        line = Line(len(document.lines), start, end, block, text)
        document.line_of.extend([line.index] * (end - start))
        document.lines.append(line)
        if len(text) >= 8:
            line.zh, line.en = weigh(text)


_LONG_LINE = 160


def _cut(document: Document, start: int, end: int) -> list[tuple[int, int]]:
    """Ranges of pieces that are lines of their own: a title set as a link into run-on text begins and ends one."""
    owners, texts = document.owners, document.texts
    if end - start < 2 or sum(map(len, texts[start:end])) < _LONG_LINE:
        return [(start, end)]
    cuts = [start]
    piece = start
    while piece < end:
        owner = owners[piece]
        around = owner
        while around.parent and around.parent.inline and around.parent.start >= start:
            around = around.parent
        last = piece + 1
        while last < end and around.inline and around.holds(owners[last]):
            last += 1
        if around.inline and _stands_alone(document, start, piece, last, end):
            cuts += [piece, last]
        piece = last
    ranges = list(zip(cuts, [*cuts[1:], end], strict=True))
    return [(first, last) for first, last in ranges if first < last]


_TITLE_START = re.compile(r"^\s*(?:[^|｜。，\d\s]{2,12}\s*[|｜]|艾媒)")
_TITLE_WORDS = re.compile(r"(?:19|20)\d\d|报告|白皮书|数据|研究|分析|[Rr]eport|[Ss]urvey")
TEXT_GOES_ON = re.compile(r"^\s*[，。、；：,.;:）)》」』”’的和与及了]")


def _stands_alone(document: Document, start: int, first: int, last: int, end: int) -> bool:
    text = document.text(first, last)
    if not 8 <= len(text) <= 120 or STOP.search(text):
        return False
    linked = any(owner.link and owner.link.start >= start for owner in document.owners[first:last])
    if not (_TITLE_START.search(text) or (linked and _TITLE_WORDS.search(text))):
        return False
    before, after = document.text(start, first), document.text(last, end)
    return (not before or bool(STOP.search(before)) or len(before) < 12) and not TEXT_GOES_ON.search(after)


def weigh(text: str) -> tuple[int, int]:
    """Characters of Chinese and of English prose, roughly; a heading, a label or a list of names is no prose."""
    spaces = text.count(" ")
    stopped = STOP.search(text, len(text) - 6) is not None
    if text.isascii():
        long = len(text) >= 70 and spaces >= 8
        if (long or (stopped and spaces >= 4 and len(text) >= 25)) and _WORDS.search(text):
            return 0, len(text) - spaces
        return 0, 0
    ascii_only = len(text.encode("ascii", "ignore"))
    zh = en = 0
    if HAN.search(text):
        han = len(text) - ascii_only
        if han >= 60 or (stopped and han >= 8) or (han >= 25 and _COMMA.search(text)):
            zh = han
        if ascii_only >= 60 and _LATIN_RUN.search(text):
            en = ascii_only - spaces
            if zh * 12 < en:
                zh = 0  # English that quotes a Chinese name
    elif spaces >= (4 if stopped else 8) and _WORDS.search(text):
        en = len(text) - spaces
    return zh, en


_WORDS = re.compile(r"[A-Za-z]{2,}[ ,;:]+[A-Za-z]+[ ,;:]+[A-Za-z]")
_COMMA = re.compile("[，；。,;]")
