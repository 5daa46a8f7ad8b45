"""Reading one entry: its title, brands, date and the two summaries, out of the lines of its block."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass

from archive.language import HAN, Language, split
from archive.model import Entry
from archive.pages.blocks import Block
from archive.pages.furniture import BADGE, BUTTON, LABEL, LEAD_IN, is_furniture, read_date
from archive.pages.links import split_link
from archive.pages.tree import Document, Line, Node, flatten, weigh
from archive.text import fold, tidy

_CUT_SHORT = re.compile(r"(?:…+|\.{3,}|⋯+)[\]】)）]?$")
_BRANDS = re.compile(
    r"^[\[【(（]?\s*(?:本(?:报告|文))?(?:所)?(?:涉及|相关|提及)(?:到)?(?:的)?(?:企业|品牌|公司|机构)(?:[/／、和与及](?:企业|品牌|公司|机构))*(?:名单|列表)?(?:包括|包含|有|为)?\s*[\]】)）]?\s*[:：]\s*"
)
_TITLE_BEGINS = re.compile(r"[^|｜\d]{2,12}\s*[|｜]|(?:19|20)\d\d|《")
_BRAND_SPLIT = re.compile(r"[、;；]")
_COMMA_SPLIT = re.compile(r"[、;；,，]")
_LONGEST_BRAND = 30
_FULL_STOP = re.compile(r"[。！？!?.；;…][”\"’'）)」』\]]*$")


@dataclass(slots=True)
class Text:
    """One line of a block that is neither title nor furniture."""

    role: tuple[str, ...]
    text: str
    prose: bool
    hidden: bool


class RoleCount:
    """In how many entries of a page an element role holds prose, and in how many a short text before or after it all."""

    def __init__(self) -> None:
        self.prose: Counter[tuple[str, ...]] = Counter()
        self.other: Counter[tuple[str, ...]] = Counter()

    def count(self, texts: list[Text]) -> None:
        prose = [number for number, text in enumerate(texts) if text.prose]
        self.prose.update({texts[number].role for number in prose})
        if prose:
            self.other.update({text.role for text in (*texts[: prose[0]], *texts[prose[-1] + 1 :])})

    def is_pure(self, role: tuple[str, ...]) -> bool:
        return self.prose[role] >= 3 and self.other[role] * 4 <= self.prose[role]


@dataclass(slots=True)
class Draft:
    """What was found in a block, before the roles of the whole page say which short lines are summary."""

    block: Block
    title: str
    url: str
    texts: list[Text]
    meta: list[str]


def draft(document: Document, block: Block) -> Draft:
    title, url = "", ""
    skip: set[int] = set()
    if block.title:
        start, end = block.title.start, block.title.end
        pieces = list(range(start, end))
        title = _read_title(document, pieces, block)
        skip.update(pieces)
    texts: list[Text] = []
    meta: list[str] = []
    folded = fold(title)
    bare = fold(re.sub(r"^[^|｜\d]{2,12}[|｜]\s*", "", title))
    line_of = document.line_of
    if block.start < block.end:
        for index in range(line_of[block.start], line_of[block.end - 1] + 1):
            line = document.lines[index]
            for text in _read_line(document, line, block, skip, meta):
                same = fold(text.text) if len(text.text) <= 2 * len(title) + 8 else ""
                if same and same in {folded, bare}:
                    continue
                texts.append(text)
    for node in _times(document, block):
        meta.append(node)
    if not title and block.title is None:
        title = ""
    if block.detail is None and block.title is not None:
        url = _other_link(document, block)
    return Draft(block, title, block.detail.url if block.detail else url, texts, meta)


def finish(one: Draft, roles: RoleCount) -> Entry:
    zh, en, brands = _summaries(one, roles)
    published = {found for found in map(read_date, one.meta) if found}
    detail = one.block.detail
    key = detail.key if detail else "title:" + hashlib.sha256(fold(one.title).encode()).hexdigest()[:16]
    return Entry(
        key=key,
        url=one.url,
        title=one.title,
        brands=brands,
        summary_zh=zh,
        summary_en=en,
        published_on=published.pop() if len(published) == 1 else None,
    )


# --- title --------------------------------------------------------------------------------------------------------------


def _read_title(document: Document, pieces: list[int], block: Block) -> str:
    whole = tidy(flatten("".join(document.texts[piece] for piece in pieces)))
    kept = [piece for piece in pieces if document.texts[piece].strip()]
    for edge in (0, -1):
        while len(kept) > 1 and _is_ornament(document, kept, edge):
            kept.pop(edge)
    title = tidy(flatten("".join(document.texts[kept[0] : kept[-1] + 1]))) if kept else whole
    if _CUT_SHORT.search(title):
        return _whole_title(document, title, block) or title
    return title


def _is_ornament(document: Document, pieces: list[int], edge: int) -> bool:
    """A badge, a number or a date at the edge of a title, in an element of its own."""
    piece = pieces[edge]
    text = flatten(document.texts[piece])
    owner = document.owners[piece]
    other = document.owners[pieces[1 if edge == 0 else -2]]
    if len(text) > 24 or (owner is other) or (not owner.inline and other.inline):
        return False
    if text.isdigit():
        # "1" before a title is its place in the list, "2024" may be its first word
        rest = flatten("".join(document.texts[pieces[1] : pieces[-1] + 1]))
        return edge == 0 and len(text) < 4 and _TITLE_BEGINS.match(rest) is not None
    return BADGE.match(text) is not None or BUTTON.match(text) is not None or (is_furniture(text) and read_date(text) is not None)


def _whole_title(document: Document, short: str, block: Block) -> str | None:
    stem = fold(_CUT_SHORT.sub("", short))
    for node in document.nodes:
        if not _within(node, block):
            continue
        for name in ("title", "alt", "data-title", "aria-label"):
            value = node.attributes.get(name)
            if value:
                value = tidy(flatten(value))
                if len(value) >= len(short) - 3 and fold(value).startswith(stem) and not _CUT_SHORT.search(value):
                    return value
    return None


def _within(node: Node, block: Block) -> bool:
    if block.node is not None:
        return block.node.holds(node) or node.holds(block.node)
    return block.start <= node.start <= node.end <= block.end


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


def _times(document: Document, block: Block) -> list[str]:
    return [
        node.attributes["datetime"]
        for node in document.nodes
        if node.tag == "time" and "datetime" in node.attributes and _within(node, block)
    ]


# --- lines ------------------------------------------------------------------------------------------------------------------


def _read_line(document: Document, line: Line, block: Block, skip: set[int], meta: list[str]) -> list[Text]:
    """The report text of a line: without the title, buttons, and dates or counters in elements of their own."""
    start, end = max(line.start, block.start), min(line.end, block.end)
    kept: list[list[int]] = [[]]
    has_links = False
    for piece in range(start, end):
        if piece in skip:
            if kept[-1]:
                kept.append([])
            continue
        kept[-1].append(piece)
        has_links = has_links or document.owners[piece].inline
    texts = []
    for pieces in kept:
        if has_links and len(pieces) > 1:
            pieces = _strip_edges(document, pieces, meta)
        for part in _paragraphs(document, line, pieces):
            text = flatten("".join(document.texts[piece] for piece in part))
            if not text:
                continue
            if is_furniture(text):
                meta.append(text)
                continue
            if _is_other_report(document, part, text, block):
                continue
            zh, en = (line.zh, line.en) if len(part) == line.end - line.start else weigh(text)
            prose = bool(zh or en)
            role = _role(line.node)
            texts.append(Text(role, text, prose, line.node.hidden))
    return texts


def _role(node: Node) -> tuple[str, ...]:
    parent = node.parent
    column = str(node.rank) if node.tag in {"td", "th"} else ""
    if parent and parent.tag in {"td", "th"}:
        column = str(parent.rank)
    return (node.signature, parent.signature if parent else "", column)


def _strip_edges(document: Document, pieces: list[int], meta: list[str]) -> list[int]:
    """Without the inline elements at either end that hold a button, a date, a counter or a label."""
    pieces = list(pieces)
    for edge in (0, -1):
        while pieces:
            piece = pieces[edge]
            text = flatten(document.texts[piece])
            owner = document.owners[piece]
            if text and not (owner.inline and (is_furniture(text))):
                break
            if text in {"[", "【", "]", "】"}:
                break
            if text and len(text) > 1 and len(pieces) > 1 and not _is_apart(document, owner, text):
                break
            if text:
                meta.append(text)
            pieces.pop(edge)
    return pieces


def _is_apart(document: Document, owner: Node, text: str) -> bool:
    """Whether an inline element at the edge of a text is furniture there, and not the text's own first or last word."""
    if LABEL.match(text) or BUTTON.match(text):
        return owner.tag in {"a", "button"} or LABEL.match(text) is not None
    return not text.isdigit()


def _paragraphs(document: Document, line: Line, pieces: list[int]) -> list[list[int]]:
    """Spans that are the paragraphs: siblings of one form, each a whole sentence at least, with nothing between."""
    if len(pieces) < 2 or line.node.tag == "p":
        return [pieces]
    groups: list[list[int]] = []
    forms = set()
    last: Node | None = None
    for piece in pieces:
        text = document.texts[piece]
        if not text.strip():
            continue
        top: Node | None = document.owners[piece]
        if top is line.node:
            return [pieces]
        while top is not None and top.parent is not None and top.parent.inline and top.parent is not line.node:
            top = top.parent
        if top is not last:
            groups.append([])
            last = top
            forms.add(top.tag if top else "")
        groups[-1].append(piece)
    if len(groups) < 2 or len(forms) > 1 or "a" in forms:
        return [pieces]
    if not all(_FULL_STOP.search(document.text(group[0], group[-1] + 1)) for group in groups):
        return [pieces]
    return groups


def _is_other_report(document: Document, pieces: list[int], text: str, block: Block) -> bool:
    """A line that does nothing but link to another report, or says that it will."""
    if LEAD_IN.match(text) and len(text) < 40:
        return True
    linked = 0
    foreign = False
    for piece in pieces:
        link = document.owners[piece].link
        if link is not None and link.detail is not None:
            if block.detail is not None and link.detail.key != block.detail.key:
                foreign = True
                linked += len(document.texts[piece].strip())
    return foreign and linked * 2 > len(text) and not _FULL_STOP.search(text)


# --- summaries ---------------------------------------------------------------------------------------------------------------


def _summaries(one: Draft, roles: RoleCount) -> tuple[str, str, tuple[str, ...]]:
    texts = one.texts
    brands: tuple[str, ...] = ()
    lines: list[Text] = []
    pending = False
    for text in texts:
        found = _read_brands(text.text)
        if found is not None:
            names, rest = found
            brands = brands or names
            pending = not names and not rest
            if rest:
                lines.append(Text(text.role, rest, True, text.hidden))
            continue
        if pending and not text.prose:
            brands = _names(text.text)
            pending = False
            continue
        pending = False
        lines.append(text)
    prose = [number for number, text in enumerate(lines) if text.prose]
    first, last = (prose[0], prose[-1]) if prose else (len(lines), -1)
    runs: list[tuple[Language, str]] = []
    for number, text in enumerate(lines):
        if not text.prose and not (first < number < last and roles.prose[text.role]) and not roles.is_pure(text.role):
            continue
        for language, run in split(text.text):
            said = tidy(run)
            if said:
                runs.append((language, said))
    zh = _without_copies([said for language, said in runs if language == "zh"])
    en = _without_copies([said for language, said in runs if language == "en"])
    return "\n".join(zh), "\n".join(en), brands


def _without_copies(paragraphs: list[str]) -> list[str]:
    """Each text once, and of a text and its cut copy the whole one."""
    if len(paragraphs) < 2:
        return paragraphs
    heads = [fold(paragraph[:16])[:6] for paragraph in paragraphs]
    if len(set(heads)) == len(heads):
        return paragraphs
    cut = [_CUT_SHORT.search(paragraph) is not None for paragraph in paragraphs]
    folded = [fold(_CUT_SHORT.sub("", paragraph)) for paragraph in paragraphs]
    dropped: set[int] = set()
    for number, text in enumerate(folded):
        for other in range(len(folded)):
            if other == number or other in dropped or not text:
                continue
            tail = "".join(folded[index] for index in range(other, len(folded)) if index != number)
            if not tail.startswith(text):
                continue
            if len(tail) > len(text) or (cut[number], number) > (cut[other], other):
                dropped.add(number)
                break
    return [paragraph for number, paragraph in enumerate(paragraphs) if number not in dropped]


def _read_brands(text: str) -> tuple[tuple[str, ...], str] | None:
    """The names of a brands line and what follows them in the same text; None where it is no brands line."""
    match = _BRANDS.match(text)
    if not match:
        return None
    rest = text[match.end() :]
    if len(rest) < 200 and "。" not in rest.rstrip("。"):
        names = _names(rest)
        if all(len(name) <= _LONGEST_BRAND for name in names):
            return names, ""
    # glued to the summary: the list ends at its full stop, at a blank, or at its trailing 、
    head, stop, tail = rest.partition("。")
    if stop and all(len(name) <= _LONGEST_BRAND for name in _names(head)) and "，" not in head and HAN.search(tail):
        return _names(head), tail.strip()
    for cut in re.finditer(r"(?<=[、;；])(?=[^、;；]*$)|\s+", rest):
        names = _names(rest[: cut.start()])
        if len(names) > 1 and all(len(name) <= _LONGEST_BRAND for name in names) and len(rest) - cut.end() >= 20:
            if cut.group() and "、" in rest[cut.end() : cut.end() + 20]:
                continue
            return names, rest[cut.end() :].strip()
    return (), text


def _names(text: str) -> tuple[str, ...]:
    text = tidy(text).rstrip("。.、,，;； ")
    parts = (_BRAND_SPLIT if "、" in text else _COMMA_SPLIT).split(text)
    return tuple(name for name in (tidy(part) for part in parts) if name)
