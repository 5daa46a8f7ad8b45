"""How one listing is walked, and what proves that its end was reached.

The same machine drives the crawl (which page next?) and the settlement (was the walk complete?): it is fed the
readings of the pages in the order they were archived, asks for the next one, and ends by itself. It never sees
the network; a page that could not be fetched is told to it by :meth:`Walk.fail`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from archive.counted import counted
from archive.model import Page, RefusalKind, Refused

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

StopKind = Literal[
    "blocked",  # robots.txt, 401/403/429, captcha, login: stop, never evade
    "refused",  # a page did not add up
    "fetch error",  # a page could not be had, after all retries
    "empty page",  # page 1, or a page before the announced last one, shows no entries
    "repeated page",  # a page before the announced last one equals an earlier one
    "end unclear",  # no further page, but nothing proves that this is the end
    "page cap",  # --max-pages or max_pages
    "time limit",
    "budget",  # [crawl] budget: left for another night, as planned
    "over budget",  # the same, though it had the whole of it: such a walk never ends
    "interrupted",  # the process died or was stopped
    "storage",
]

_STOP_OF_REFUSAL: dict[RefusalKind, StopKind] = {
    "blocked": "blocked",
    "login": "blocked",
    "error": "fetch error",  # a status 500 that says 200
    "hostile": "refused",
    "unreadable": "refused",
}
#: the kinds of a walk that is left for another night on purpose: nothing is wrong with its listing
LEFT_FOR_LATER = frozenset[StopKind]({"budget", "over budget"})
#: share of page 1's frame that an empty page must show to count as "this listing, past its end" and not as some
#: other page: an error page inside the site's own header and footer is told by its words in archive.pages.
FRAME_LIKENESS = 0.5
#: entries; of smaller pages one that shows half as many is no sign of anything
FULL_PAGE = 6


@dataclass(frozen=True, slots=True)
class Stop:
    kind: StopKind
    reason: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"

    @classmethod
    def parse(cls, text: str) -> Stop:
        kind, _, reason = text.partition(": ")
        return cls(kind, reason)  # type: ignore[arg-type]


EMPTY = Stop("empty page", "page 1 shows no entries")


@dataclass(frozen=True, slots=True)
class Ask:
    """The page to fetch next; ``head`` where it is read a second time."""

    page: int
    url: str
    head: bool = False


@dataclass(frozen=True, slots=True)
class WalkResult:
    complete: bool
    pages_seen: int
    pages_expected: int | None
    entries_seen: int  #: distinct reports
    stop: Stop | None

    def without_proof(self, stop: Stop) -> WalkResult:
        """The same walk where it may prove no absence, because of ``stop`` unless it has a reason of its own."""
        return replace(self, complete=False, stop=self.stop or stop)


class Walk:
    """One listing, from page 1 to its proved end and then its head again."""

    def __init__(self, url: str, *, page_url: str | None = None, max_pages: int = 500) -> None:
        self._url = url
        self._page_url = page_url
        self._max_pages = max_pages
        self._urls = {1: url}
        self._pages: list[tuple[str, ...]] = []
        self._seen: set[str] = set()
        self._announced: int | None = None
        self._total: int | None = None
        self._template: str | None = None
        self._frame: frozenset[str] = frozenset()
        self._closed = False
        self._repeated: str | None = None
        self._guessed = False
        self._stop: Stop | None = None
        self._ended = False
        self.ask: Ask | None = Ask(1, url)

    def feed(self, reading: Page | Refused) -> bool:
        """Take the reading of the page that was asked for and decide what comes next.

        True where its entries count as seen: not those of a page that was refused, was cut short, or repeats another.
        """
        ask = self._asked()
        if isinstance(reading, Refused):
            self.fail(Stop(_STOP_OF_REFUSAL[reading.kind], f"page {ask.page}: {reading.reason}"))
            return False
        if self._closed and not reading.closed:
            self.fail(Stop("refused", f"page {ask.page} ends in the middle, unlike page 1: cut short"))
            return False
        if ask.head and ask.page == 1 and reading.closed and not self._closed:  # later pages may be of another make
            self.fail(Stop("refused", "page 1 ended in the middle when it was read first: cut short"))
            return False
        return self._feed_head(ask, reading) if ask.head else self._feed_forward(ask, reading)

    @property
    def keys(self) -> AbstractSet[str]:
        """Those of the reports that count as seen."""
        return self._seen

    def fail(self, stop: Stop) -> None:
        """End the walk here: incomplete."""
        self.ask = None
        self._stop = self._stop or stop

    def result(self) -> WalkResult:
        """The evidence so far; a walk that still asks for a page was interrupted."""
        stop = self._stop
        if stop is None and not self._ended:
            stop = Stop("interrupted", f"the walk ended before page {self._asked().page} was read")
        return WalkResult(
            complete=stop is None,
            pages_seen=len(self._pages),
            pages_expected=len(self._pages) if stop is None else self._announced,
            entries_seen=len(self._seen),
            stop=stop,
        )

    def _asked(self) -> Ask:
        if self.ask is None:
            raise ValueError("the walk has ended and asks for no page")
        return self.ask

    def _feed_forward(self, ask: Ask, page: Page) -> bool:
        keys = page.keys
        if not keys:
            self._reach_empty(ask.page, page)
            return False
        same = self._same_page(keys)
        if same:
            self._reach_end(ask.page - 1, "repeated page", f"page {ask.page} repeats page {same}")
            return False
        if ask.page == 1:
            self._frame, self._closed = page.frame, page.closed
        self._pages.append(keys)
        self._seen.update(keys)
        pager = page.pager
        self._announced = pager.last or self._announced
        self._total = pager.total or self._total
        self._template = pager.template or self._template
        if ask.page >= self._max_pages:
            if self._next_url(ask.page, page) is None:
                self._reach_end(ask.page, "end unclear", f"page {ask.page} leads no further")
            else:
                self.fail(Stop("page cap", f"stopped after {counted(ask.page, 'page')}, as told; the listing goes on"))
            return True
        url = self._next_url(ask.page, page)
        if url is None:
            self._reach_end(ask.page, "end unclear", f"page {ask.page} leads no further")
        else:
            self._urls[ask.page + 1] = url
            self.ask = Ask(ask.page + 1, url)
        return True

    def _next_url(self, number: int, page: Page) -> str | None:
        """The address of the following page, from the most to the least trustworthy source; None: there is none."""
        pager, follows = page.pager, number + 1
        linked = dict(pager.links).get(follows) or pager.next_url
        if linked:
            return linked
        expected = self._expected()
        announced = expected is not None and expected > number
        if self._page_url and (announced or self._announced is None):
            return self._page_url.replace("{url}", self._url).replace("{page}", str(follows))
        if announced and self._template:
            return self._template.replace("{page}", str(follows))
        # a button that loads more stands on the last page too, so a last page that is known speaks first
        if announced or (pager.more and expected is None):
            # nothing usable leads on: the commonest form is tried, and what it brings must prove itself
            self._guessed = True
            return f"{self._url}{'&' if '?' in self._url else '?'}page={follows}"
        return None

    def _same_page(self, keys: tuple[str, ...]) -> int | None:
        """Which earlier page listed the same reports, in whatever order."""
        for number, earlier in enumerate(self._pages, 1):
            if len(earlier) == len(keys) and set(earlier) == set(keys):
                return number
        return None

    def _expected(self) -> int | None:
        """How many pages there should be: as announced, else as many as the announced reports fill.

        A total that is off by a few is common; one that needs another page is a listing that was not seen whole.
        """
        if self._announced is not None or self._total is None:
            return self._announced
        return -(-self._total // max(map(len, self._pages), default=1))

    def _reach_empty(self, number: int, page: Page) -> None:
        if number == 1:
            self.fail(EMPTY)
        elif self._frame and len(self._frame & page.frame) < FRAME_LIKENESS * len(self._frame):
            self.fail(Stop("refused", f"page {number} shows no entries and does not look like this listing"))
        else:
            self._reach_end(number - 1, "empty page", f"page {number} is empty")

    def _reach_end(self, last: int, kind: StopKind, why: str) -> None:
        """Page ``last`` seems to be the last one: believe it where nothing contradicts it."""
        expected = self._expected()
        if expected is not None and expected > last:
            kind = kind if last + 1 < expected else "end unclear"
            reports = f"{self._total} reports ({len(self._seen)} were seen)"
            what = counted(expected, "page") if self._announced else reports
            self.fail(Stop(kind, f"{why}, but the listing announces {what}"))
        elif self._guessed and expected is None and kind != "end unclear":
            self.fail(Stop("end unclear", f"{why}, at a guessed address: set page_url for this listing"))
        elif (thin := self._find_thin_page()) is not None:
            entries = counted(len(self._pages[thin - 1]), "entry")
            self.fail(Stop("refused", f"page {thin} shows only {entries}, half a page at most"))
        else:
            # where nothing announces a last page, news that push every page down by a whole one look the same
            self._repeated = why if kind == "repeated page" and expected is None else None
            self.ask = Ask(1, self._url, head=True)

    def _find_thin_page(self) -> int | None:
        """A page before the last with less than half of what others show: half-rendered, and proof of no absence."""
        sizes = [len(keys) for keys in self._pages]
        full = max(sizes)
        if full < FULL_PAGE:
            return None
        return next((number for number, size in enumerate(sizes[:-1], 1) if 2 * size < full), None)

    def _feed_head(self, ask: Ask, page: Page) -> bool:
        if not page.keys:
            self.fail(Stop("empty page", f"page {ask.page} was empty when the head was read again"))
            return False
        fresh = not self._seen.issuperset(page.keys)
        self._seen.update(page.keys)
        # reports were taken away meanwhile: as many slipped past the walk where it was then, before the last page
        moved_up = ask.page + 1 < len(self._pages) and not self._find_later(ask.page).isdisjoint(page.keys)
        if fresh and self._repeated:
            self.fail(Stop("end unclear", f"{self._repeated}, but reports were added meanwhile: the pages moved"))
        elif moved_up or (fresh and ask.page < len(self._pages)):
            self.ask = Ask(ask.page + 1, self._urls[ask.page + 1], head=True)
        else:
            self.ask = None
            self._ended = True
        return True

    def _find_later(self, number: int) -> set[str]:
        """The reports that page ``number`` did not show when it was read first, but a later one did."""
        return set().union(*self._pages[number:]).difference(self._pages[number - 1])
