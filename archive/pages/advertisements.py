"""What stands among the reports of a listing and was paid for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.pages.links import split_link

if TYPE_CHECKING:
    from archive.pages.arrangement import Block
    from archive.pages.tree import Document, Line, Node

_LABEL = re.compile(
    r"(?:^|[\s_-])(?:ads?|adv|advert(?:s|isement|ising)?|ad-?box|sponsor(?:ed)?|guanggao|tuiguang)(?:$|[\s_-])"
)


def is_advertisement(node: Node) -> bool:
    """Whether an element says so of itself."""
    return bool(node.attributes) and _LABEL.search(node.label) is not None


def stands_in_advertisement(document: Document, line: Line) -> bool:
    """Whether a line is part of one: so labelled, or a link to another site."""
    ours = urlsplit(document.base).hostname
    for node in document.owners[line.start].around():
        if is_advertisement(node):
            return True
        href = node.attributes.get("href") if node.tag == "a" else None
        parts = split_link(href, document.base) if href else None
        if parts and parts.hostname != ours:
            return True
    return False


def is_paid_for(document: Document, block: Block) -> bool:
    """Whether an item among linked reports links to none, and all its text is an advertisement."""
    if block.detail or block.node is None:
        return False
    lines = document.lines[document.line_of[block.start] : document.line_of[block.end - 1] + 1]
    return all(stands_in_advertisement(document, line) for line in lines if line.is_prose)
