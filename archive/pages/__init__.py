"""Reading a listing page whose markup nobody has seen.

:func:`read_page` is the whole of it: bytes in, a :class:`~archive.model.Page` or a
:class:`~archive.model.Refused` out. It is pure and never raises, whatever the bytes are.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from archive.charset import decode
from archive.model import Page, Refused
from archive.pages.blocks import Block, find_blocks
from archive.pages.entry import RoleCount, draft, finish
from archive.pages.links import split_link
from archive.pages.pager import find_pager
from archive.pages.tree import MAX_BYTES, Document, build, find_hostility
from archive.pages.verdicts import judge_empty
from archive.text import tidy

VERSION = 1  #: raised whenever a page may be read differently, archive.text included

LARGEST_FRAME = 200
LONGEST_IN_FRAME = 60

_FIGURE = re.compile(r"\d")
_CLOSED = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)


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
    hostility = find_hostility(text)
    if hostility:
        return Refused("hostile", hostility)
    document = build(text, url)
    if isinstance(document, str):
        return Refused("hostile", document)
    blocks = find_blocks(document)
    if not blocks:
        refusal = judge_empty(document, text)
        if refusal:
            return refusal
    drafts = [draft(document, block) for block in blocks]
    roles = RoleCount()
    for one in drafts:
        roles.count(one.texts)
    entries = tuple(finish(one, roles) for one in drafts)
    found = find_pager(document, url, [(block.start, block.end) for block in blocks])
    return Page(
        entries,
        found.pager,
        _frame(document, blocks, found.pieces),
        decoded.charset,
        _CLOSED.search(text, max(0, len(text) - 4096)) is not None,
    )


def _frame(document: Document, blocks: list[Block], pager: frozenset[int]) -> frozenset[str]:
    """What this page shows beside entries and pager: alike on all pages of a listing, so nothing with a figure in it."""
    inside = set()
    for block in blocks:
        inside.update(range(block.start, block.end))
    shown: dict[str, None] = {}
    for line in document.lines:
        if line.start in inside or line.start in pager or len(line.text) > LONGEST_IN_FRAME or _FIGURE.search(line.text):
            continue
        shown[tidy(line.text)] = None
    for node in document.nodes:
        href = node.attributes.get("href") if node.tag == "a" else None
        if href and not node.detail and node.start not in inside and node.start not in pager:
            parts = split_link(href, document.base)
            if parts and not _FIGURE.search(unquote(parts.path)):
                shown["path:" + parts.path.partition(";")[0]] = None
    shown.pop("", None)
    return frozenset(list(shown)[:LARGEST_FRAME])
