"""From bytes to a page or a refusal: charset, guard, tree, blocks, entries, pager, doubts, in this order."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote

from archive.charset import Decoded, decode
from archive.model import Entry, Page, Refused
from archive.pages.blocks import find_blocks
from archive.pages.doubts import find_half_read, find_unclaimed, list_unread
from archive.pages.entry import draft, finish
from archive.pages.guard import MARKUP, MAX_BYTES, RAW, RAW_END, find_hostility
from archive.pages.links import split_link
from archive.pages.pager import find_pager
from archive.pages.summary import RoleCount
from archive.pages.tree import Document, build
from archive.pages.verdicts import judge_empty, judge_kind
from archive.text import tidy

if TYPE_CHECKING:
    from archive.pages.arrangement import Block

LARGEST_FRAME = 200
LONGEST_IN_FRAME = 60

_LOST = "\ufffd"
_REPLACED = "????"  #: what a database with the wrong charset makes of Chinese
_FIGURE = re.compile(r"\d")
_CLOSED = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_END = 4096  #: characters from the end in which a whole page closes; counters and comments follow
# a page may leave </body> out, and </p>, </li>, </td>; but not these, which it closes itself where it is whole
_CLOSING = frozenset(["table", "ul", "ol", "dl", "div", "section", "article", "main", "form"])
_SLOPPY = 2  #: of them may be forgotten by a page that ends with an end tag or a comment; one that is cut rarely does
_IN_TAG = re.compile(r"<(?:[a-z/!][^>]*)?\Z", re.IGNORECASE)
_CUT = "it ends in the middle, inside of what it should close: cut short"


def read_page(body: bytes, *, url: str, content_type: str | None = None) -> Page | Refused:
    """What a page lists, or why it must not be read.

    ``url`` is that of the response, ``content_type`` its HTTP header; ``body`` is free of content coding.
    """
    if len(body) > MAX_BYTES:
        return Refused("hostile", f"the page has {len(body):,} bytes, more than {MAX_BYTES:,}")
    decoded = decode(body, content_type)
    if decoded is None:
        return Refused("unreadable", "the bytes fit neither UTF-8 nor GB18030 nor the declared charset")
    text = decoded.text.replace("\x00", "")
    no_page = judge_kind(body, text, content_type)
    if no_page:
        return no_page
    hostility = find_hostility(text)
    document = build(text, url) if hostility is None else hostility
    if isinstance(document, str):
        return Refused("hostile", document)
    return _read(document, text, url, decoded)


def _read(document: Document, markup: str, url: str, decoded: Decoded) -> Page | Refused:
    blocks = find_blocks(document)
    doubt = (find_half_read(document, blocks) if blocks else None) or find_unclaimed(document, blocks)
    refusal = None if blocks else judge_empty(document, markup)
    closed = _CLOSED.search(markup, max(0, len(markup) - _END)) is not None
    if not closed and (refusal is None or refusal.kind == "unreadable") and _is_cut(markup):
        return Refused("error", _CUT)
    if refusal or doubt:
        return refusal or Refused("unreadable", str(doubt))
    drafts = [draft(document, block) for block in blocks]
    roles = RoleCount(one.texts for one in drafts)
    entries = tuple(finish(one, roles) for one in drafts)
    spoilt = _find_spoilt(entries, damaged=decoded.damaged)
    if spoilt:
        return Refused("unreadable", spoilt)
    found = find_pager(document, url, [(block.start, block.end) for block in blocks])
    return Page(
        entries=entries,
        pager=found.pager,
        frame=_frame(document, blocks, found.pieces),
        charset=decoded.charset,
        closed=closed,
        unread=tuple(map(tidy, list_unread(document, blocks))),
    )


def _is_cut(markup: str) -> bool:
    """Whether a page that does not close at its end stops within a tag or within elements that have to be closed."""
    still_open: Counter[str] = Counter()
    position = 0
    while match := MARKUP.search(markup, position):
        position, name, closed = match.end(), (match["name"] or "").lower(), (match["closed"] or "").lower()
        if closed in {"body", "html"}:
            return False  # what follows, however long, are counters and advertisements
        if closed:
            still_open[closed] -= 1
        elif not name:
            if not match[0].endswith(">"):  # a comment
                return True
        elif not match["attributes"].endswith("/"):
            still_open[name] += 1
            if name in RAW:
                end = RAW_END.search(markup, position)
                if end is None:
                    return True
                position = end.start()
    shown = markup.rstrip()
    last = shown[max(0, shown.rfind("<")) :]
    unclosed = sum(max(0, still_open[name]) for name in _CLOSING)
    ends = shown.endswith("-->") or (last.startswith("</") and last.endswith(">"))
    return _IN_TAG.match(last) is not None or unclosed > (_SLOPPY if ends else 0)


def _find_spoilt(entries: tuple[Entry, ...], *, damaged: bool) -> str | None:
    """Which entry holds bytes that no charset explains; a U+FFFD that the site itself shows in a summary is text."""
    replaced = [entry for entry in entries if _REPLACED in entry.title]
    if 2 * len(replaced) > len(entries):
        return f"the titles consist of question marks: “{replaced[0].title[:60]}”"
    for entry in entries:
        if _LOST in entry.title:
            return f"the title of {entry.key} has undecodable bytes: “{entry.title[:60]}”"
        if damaged and (_LOST in entry.summary_zh or _LOST in entry.summary_en):
            return f"the text of {entry.key} has undecodable bytes"
    return None


def _frame(document: Document, blocks: list[Block], pager: frozenset[int]) -> frozenset[str]:
    """What a page shows beside entries and pager: alike on all pages of a listing, so nothing with figures in it."""
    inside: set[int] = set()
    for block in blocks:
        inside.update(range(block.start, block.end))
    shown: dict[str, None] = {}
    for line in document.lines:
        beside = line.start not in inside and line.start not in pager
        if beside and len(line.text) <= LONGEST_IN_FRAME and not _FIGURE.search(line.text):
            shown[tidy(line.text)] = None
    for node in document.nodes:
        href = node.attributes.get("href") if node.tag == "a" else None
        if href and not node.detail and node.start not in inside and node.start not in pager:
            parts = split_link(href, document.base)
            if parts and not _FIGURE.search(unquote(parts.path)):
                shown["path:" + parts.path.partition(";")[0]] = None
    shown.pop("", None)
    return frozenset(list(shown)[:LARGEST_FRAME])
