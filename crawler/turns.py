"""Whose turn it is: heads before whole walks, one listing of a host at a time, and no longer than the budget lasts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archive.budget import Head
    from archive.config import Listing


@dataclass(frozen=True, slots=True)
class Turn:
    listing: Listing
    place: int  #: in the order of the night
    is_head: bool  #: only the head of the listing is to be read
    head: Head | None = None  #: it was, and now the listing is to be walked on from there


class Turns:
    """Without a budget every listing has one turn; with one, a turn for its head and later one for the rest.

    Of the hosts that are free, that of the listing that waits longest is next: so none waits for the whole of another.
    """

    def __init__(
        self, listings: Sequence[Listing], hosts_at_once: int, *, delay: float, budget: float | None, began: float
    ) -> None:
        self.budget = budget
        self._hosts_at_once = hosts_at_once
        self._delay = delay
        self._ends_at = None if budget is None else began + budget
        self._heads: dict[str, deque[Turn]] = {}
        self._walks: dict[str, deque[Turn]] = {}
        self._places = {listing.key: place for place, listing in enumerate(listings)}
        self._busy: set[str] = set()
        self._walked: set[str] = set()  # hosts of which a listing was walked on from its head
        self._late: set[str] = set()  # hosts that had to wait for another's walk, and so had less than the budget
        self._pages: dict[str, tuple[int, float]] = {}  # host → pages, and the seconds they took
        first = self._walks if budget is None else self._heads
        for place, listing in enumerate(listings):
            turn = Turn(listing, place, is_head=budget is not None)
            first.setdefault(_host(listing), deque()).append(turn)

    def take(self) -> Turn | None:
        """The next turn of a host that is free; it is busy then, until it is released."""
        if len(self._busy) >= self._hosts_at_once:
            return None
        for queues in (self._heads, self._walks):
            free = [(queue[0].place, host) for host, queue in queues.items() if host not in self._busy]
            if free:
                _, host = min(free)
                turn = queues[host].popleft()
                if not queues[host]:
                    del queues[host]
                self._busy.add(host)
                if len(self._busy) >= self._hosts_at_once and queues is self._walks:
                    self._late.update(self._walks.keys() - self._heads.keys() - self._busy)
                return turn
        return None

    def release(self, listing: Listing) -> None:
        self._busy.discard(_host(listing))

    def walk_later(self, listing: Listing, head: Head) -> None:
        turn = Turn(listing, self._places[listing.key], is_head=False, head=head)
        self._walks.setdefault(_host(listing), deque()).append(turn)

    def bring_last_forward(self, listing: Listing) -> None:
        """Of its site the listing comes next that is last in the order: it was whole most recently."""
        site = urlsplit(listing.url).netloc
        for queues in (self._heads, self._walks):
            queue = queues.get(_host(listing), deque())
            turn = next((each for each in reversed(queue) if urlsplit(each.listing.url).netloc == site), None)
            if turn is not None:
                queue.remove(turn)
                queue.appendleft(turn)
                return

    def begin_walk(self, listing: Listing) -> bool:
        """True for the first walk of a host: what the heads have left of the budget is all for it."""
        has_all = self._has_all(listing)
        self._walked.add(_host(listing))
        return has_all

    def _has_all(self, listing: Listing) -> bool:
        """A walk that is cut though it has all of the budget has had its turn: one that had to wait has not."""
        return _host(listing) not in self._walked | self._late

    def is_over(self, timer: Callable[[], float]) -> bool:
        return self._ends_at is not None and timer() >= self._ends_at

    def fits(self, listing: Listing, pages: int | None, now: float) -> bool:
        """Will the walk of so many further pages end in time, at tonight's pace? The first of a host is begun anyway.

        None: nobody knows.
        """
        if self._ends_at is None:
            return True
        left = self._ends_at - now
        if left <= 0 or pages is None or self._has_all(listing):
            return left > 0
        count, seconds = self._pages.get(_host(listing), (0, 0.0))
        return pages * (seconds / count if count else self._delay) <= left

    def note_page(self, listing: Listing, seconds: float) -> None:
        """A request to this host took so long, its pause included."""
        count, total = self._pages.get(_host(listing), (0, 0.0))
        self._pages[_host(listing)] = (count + 1, total + seconds)


def _host(listing: Listing) -> str:
    return urlsplit(listing.url).hostname or ""
