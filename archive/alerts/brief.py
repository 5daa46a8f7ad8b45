"""The short form, for a chat: a title and a few lines of plain text, cut between reports, never inside a character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.alerts.cutting import cut, one_line
from archive.alerts.rendering import render
from archive.alerts.telling import ALONE, SCANTY, find_permalink, find_rest, tell
from archive.alerts.wording import RELEASED, TEST, count_events, head, tell_facts, tell_meanwhile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.alerts.model import Announcement, Notice

_TITLE = 160  #: characters of a report's title in a list of several
_SHORTEST = 40  #: characters that are worth an address behind them
_FIGURES = 3
#: what a chat program takes for a mention or a link with another name; in their wide form they are only read
_ACTING = str.maketrans({"@": "＠", "<": "＜", ">": "＞"})


def compose_chat(notice: Notice, *, title_limit: int, body_limit: int) -> tuple[str, str]:
    """``title_limit`` 0: a channel without titles, the body then begins with it."""
    title = _quiet(head(notice, limit=max(0, title_limit)))
    opening = [] if title_limit > 0 else [_quiet(head(notice))]
    if notice.form == "test":
        return title, _fit([*opening, *TEST], iter(()), 0, "", max(0, body_limit))
    if notice.form == "summary":
        opening.append(f"{RELEASED[0]} / {RELEASED[1]}")
    entries = (_tell(each, notice) for each in notice.announcements)
    return title, _fit(opening, entries, count_events(notice), find_rest(notice) or "", max(0, body_limit))


def _tell(announcement: Announcement, notice: Notice) -> str:
    alone = len(notice.announcements) == 1
    told = tell(announcement, notice, ALONE if alone else SCANTY)
    facts = tell_facts(announcement)
    line = render(
        "chat.txt",
        {
            "said": (facts[0][0].rstrip("."), facts[0][1].rstrip("。")) if facts else told.heading,
            "meanwhile": tell_meanwhile(announcement),
            "title": told.title if alone else cut(told.title, _TITLE),
            "verdict": told.verdict if announcement.returned_to is None else None,
            "figures": told.figures[:_FIGURES],
            "more_figures": len(told.figures) > _FIGURES,
        },
    )
    url = find_permalink(announcement.record, notice.base_url) or next((link.url for link in told.links), "")
    return _quiet(one_line(line)) + (f"\n{url}" if url else "")


def _quiet(text: str) -> str:
    return text.translate(_ACTING).replace("](", "] (")


def _fit(opening: list[str], entries: Iterator[str], total: int, rest: str, limit: int) -> str:
    """Whole entries and, where some are left out, how many and where they are."""
    lines = [*opening]
    size = sum(len(line) + 1 for line in lines)
    left = total
    for entry in entries:
        closing = len(_count_rest(left - 1, rest)) + 1 if left > 1 else 0
        if size + len(entry) + closing > limit:
            if left == total:  # not even one as it is: its words, as many as there is room for
                left -= 1
                lines.append(_squeeze(entry, limit - size - (closing and closing + 1)))
            break
        lines.append(entry)
        size += len(entry) + 1
        left -= 1
    return _join([*lines, _count_rest(left, rest)] if left else lines, limit)


def _squeeze(entry: str, room: int) -> str:
    """With its address, where that leaves room for words."""
    words, _, url = entry.rpartition("\n") if "\n" in entry else (entry, "", "")
    rest = room - len(url) - 1
    return f"{cut(words, rest)}\n{url}" if url and rest > _SHORTEST else cut(words, room)


def _join(lines: list[str], limit: int) -> str:
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= limit else cut(lines[-1] or text, limit)


def _count_rest(left: int, rest: str) -> str:
    return f"… {left:,} more / 另有 {left:,} 条" + (f": {rest}" if rest else "")
