"""What must never reach libxml2: markup that keeps it busy for minutes, or in which it silently goes blind."""

from __future__ import annotations

import re

MAX_BYTES = 8 << 20  #: free of content coding; a real page has about 100,000
MAX_ATTRIBUTES = 256  #: on one tag: 40,000 keep libxml2 busy for 15 seconds
MAX_DEPTH = 256  #: libxml2 drops what lies deeper than 2,046
MAX_TAGS = 100_000  #: a million elements take a gigabyte

# One pass, possessive throughout: every alternative that has begun also ends, at the latest with the page. Where HTML
# can be read in two ways, the reading with more tags is taken.
MARKUP = re.compile(
    r"<!--(?:-?+>|(?s:.*?)(?:--!?>|\Z))"  # lazy: a lookahead in (…)*+ goes wrong in the first releases of Python 3.11
    r"|<(?P<name>[A-Za-z][^\s/>]*+)"
    r"(?P<attributes>(?:[^>=]++|=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))?+)*+)(?:>|\Z)"
    r"|</(?P<closed>[A-Za-z][^\s/>]*+)"
)
_ATTRIBUTE = re.compile(r"[^\s/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"?|'[^']*+'?|[^\s\"']*+))?+")
RAW = frozenset(["script", "style"])
RAW_END = re.compile(r"</(?:script|style)\b", re.IGNORECASE)
_VOID = frozenset(
    "area base basefont br col embed frame hr img input keygen link meta param source track wbr".split()  # noqa: SIM905
)
_CLOSED_BY_NEXT = frozenset(
    "colgroup dd dt li optgroup option p rp rt tbody td tfoot th thead tr".split()  # noqa: SIM905
)


def find_hostility(text: str) -> str | None:
    """Why this markup must not be parsed, or None. Linear in the length of the text."""
    nesting = _Nesting()
    tags = position = 0
    search = MARKUP.search
    while match := search(text, position):
        position = match.end()
        name, attributes, closed = match["name"], match["attributes"], match["closed"]
        if name:
            tags += 1
            if len(attributes) > MAX_ATTRIBUTES:
                found = sum(1 for _ in _ATTRIBUTE.finditer(attributes))
                if found > MAX_ATTRIBUTES:
                    return f"one <{name[:20]}> tag has {found:,} attributes, more than {MAX_ATTRIBUTES}"
            name = name.lower()
            if name in RAW:
                end = RAW_END.search(text, position)
                position = end.start() if end else len(text)
            elif nesting.open(name) > MAX_DEPTH:
                return f"elements are nested more than {MAX_DEPTH} deep"
        elif closed:
            nesting.close(closed.lower())
    if tags > MAX_TAGS:
        return f"the page has {tags:,} tags, more than {MAX_TAGS:,}"
    return None


class _Nesting:
    """How deep a page nests, as far as a scan can tell: elements that may stay unclosed don't count."""

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._open: dict[str, int] = {}

    def open(self, name: str) -> int:
        if name not in _VOID and name not in _CLOSED_BY_NEXT:
            self._stack.append(name)
            self._open[name] = self._open.get(name, 0) + 1
        return len(self._stack)

    def close(self, name: str) -> None:
        if self._open.get(name):
            closed = None
            while closed != name:
                closed = self._stack.pop()
                self._open[closed] -= 1
