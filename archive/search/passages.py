"""Texts as pieces, each a match or not, and the passage of a long text that shows most of them."""

from __future__ import annotations

import re

from archive.search.characters import BREAK, PAUSE

Pieces = tuple[tuple[str, bool], ...]
Span = tuple[int, int]
Spans = tuple[Span, ...]

_EDGE = re.compile("[\x02\x03]")

BEGIN, END = "\x02", "\x03"  #: round a match; no stored text holds control characters
ROOM = {"zh": 80, "en": 200}  #: characters of a passage
LEAD = {"zh": 16, "en": 40}  #: of them before the first match


def find_spans(text: str, highlighted: str) -> Spans:
    """Where in ``text`` the matches are that stand marked in its segmented form."""
    spans, place = [], 0
    for number, part in enumerate(_EDGE.split(highlighted)):
        start = place
        place += len(part) - part.count(BREAK) - part.count(PAUSE)
        if PAUSE in text:  # some of them are its own
            place = start + _measure(part, text[start:])
        if number % 2:
            spans.append((start, place))
    return tuple(spans)


def _measure(part: str, text: str) -> int:
    length = 0
    for char in part:
        if char != BREAK and (char != PAUSE or text[length : length + 1] == PAUSE):
            length += 1
    return length


def cut(text: str, spans: Spans, begin: int = 0, end: int | None = None) -> Pieces:
    """The pieces of ``text[begin:end]``."""
    end = len(text) if end is None else end
    pieces, place = [], begin
    for start, stop in spans:
        if stop <= begin or start >= end:
            continue
        pieces += [(text[place : max(start, begin)], False), (text[max(start, begin) : min(stop, end)], True)]
        place = min(stop, end)
    pieces.append((text[place:end], False))
    return tuple((part.replace("\n", " "), match) for part, match in pieces if part)


def choose_passage(field: str, text: str, spans: Spans) -> Pieces:
    """What surrounds most matches, the first such place; the beginning where there is none."""
    room = ROOM[field]
    if len(text) <= room:
        return cut(text, spans)
    best = max(range(len(spans)), key=lambda i: (_count(spans, i, room - LEAD[field]), -i), default=None)
    begin = max(0, spans[best][0] - LEAD[field]) if best is not None else 0
    begin = _to_word(text, min(begin, len(text) - room), first=True)
    end = _to_word(text, min(len(text), begin + room), first=False)
    begin = next((start for start, stop in spans if start < begin < stop <= start + room), begin)
    end = next((stop for start, stop in spans if start < end < stop <= start + room), end)
    pieces = cut(text, spans, begin, end)
    return ((("… ", False),) if begin else ()) + pieces + (((" …", False),) if end < len(text) else ())


def _count(spans: Spans, first: int, room: int) -> int:
    start = spans[first][0]
    return sum(1 for _, stop in spans[first : first + 40] if stop <= start + room)


def _to_word(text: str, place: int, *, first: bool) -> int:
    """Move a cut out of a Latin word or a number, a few characters at most."""
    step = -1 if first else 1
    for moved in range(12):
        at = place + step * moved
        if not 0 < at < len(text) or not (_is_latin(text[at - 1]) and _is_latin(text[at])):
            return at
    return place


def _is_latin(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in ".,'-")
