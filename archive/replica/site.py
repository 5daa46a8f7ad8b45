"""A publisher that exists only here: tags with their reports, to be changed while somebody crawls them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from archive.replica import markup as written
from archive.replica.report import Report, widen

HTML = "text/html; charset=utf-8"
PER_PAGE = 10
PAST_END = 8  # pages after the last that still have an address, for pagers that promise too much


@dataclass(frozen=True, slots=True)
class Request:
    at: float  #: time.monotonic()
    method: str
    target: str  #: path and query, as sent
    headers: Mapping[str, str]  #: names in lower case
    nth: int  #: how often this target has been asked for, this time included

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", HTML),)

    @classmethod
    def page(cls, html: str, status: int = 200) -> Answer:
        return cls(html.encode(), status)


#: what happens instead of the proper answer: another answer, or anything at all done to the open connection
Fault = Answer | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """Every method that changes what is shown takes effect with the next request."""

    listings: dict[str, list[int]] = field(default_factory=dict)  #: tag → ids in the order shown
    reports: dict[int, Report] = field(default_factory=dict)
    markup: written.Markup = written.cards
    pager: written.Pager = written.numbers
    #: (path of the listing, page) → address; page 1 also answers at the bare path
    address: Callable[[str, int], str] = lambda base, n: f"{base}?page={n}"
    frame: Callable[[str, str], str] = written.listing  #: (tag, entries and pager) → the whole page
    charset: str = "utf-8"
    content_type: str = HTML
    robots: str | None = "User-agent: *\nAllow: /\n"  #: None: 404
    past_end: Literal["404", "empty", "repeat"] = "404"  #: what pages after the last one show
    faults: Callable[[Request], Fault | None] | None = None
    _withdrawn: dict[int, dict[str, int]] = field(default_factory=dict, init=False, repr=False)
    _cache: dict[tuple[str, int], bytes] = field(default_factory=dict, init=False, repr=False)
    _routes: dict[str, tuple[str, int]] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    @classmethod
    def of(cls, tag: str, reports: Iterable[Report]) -> Site:
        site = cls()
        for report in reports:
            site.publish(report, tag, at=len(site.reports))
        return site

    # what the publisher does

    def publish(self, report: Report, *tags: str, at: int = 0) -> None:
        """A new report, at the top of its tags unless told otherwise."""
        with self._changing():
            self.reports[report.id] = report
            for tag in tags:
                self.listings.setdefault(tag, []).insert(at, report.id)

    def edit(self, number: int, before: str, after: str) -> None:
        """Replace a piece of text in every field of a report that holds it; it must stand there."""

        def swap(text: str) -> str:
            return text.replace(before, after)

        with self._changing():
            old = self.reports[number]
            new = replace(old, title=swap(old.title), zh=tuple(map(swap, old.zh)), en=tuple(map(swap, old.en)))
            if new == old:
                raise ValueError(f"report {number} does not hold {before!r}")
            self.reports[number] = new

    def rewrite(self, report: Report) -> None:
        """Another content under the same id."""
        with self._changing():
            self.reports[report.id] = report

    def tidy_punctuation(self, number: int) -> None:
        """The cosmetic edit: half-width punctuation in the Chinese becomes full-width."""
        old = self.reports[number]
        self.rewrite(replace(old, title=old.title.replace(" | ", "｜"), zh=tuple(map(widen, old.zh))))

    def withdraw(self, number: int) -> None:
        """Off every tag; its detail page answers 404."""
        with self._changing():
            places = {tag: ids.index(number) for tag, ids in self.listings.items() if number in ids}
            self._withdrawn[number] = places
            for tag in places:
                self.listings[tag].remove(number)

    def restore(self, number: int) -> None:
        with self._changing():
            for tag, place in self._withdrawn.pop(number).items():
                self.listings[tag].insert(place, number)

    def move(self, number: int, tag: str, to: int) -> None:
        with self._changing():
            self.listings[tag].remove(number)
            self.listings[tag].insert(to, number)

    def add_tag(self, number: int, tag: str, at: int = 0) -> None:
        with self._changing():
            self.listings.setdefault(tag, []).insert(at, number)

    def remove_tag(self, number: int, tag: str) -> None:
        with self._changing():
            self.listings[tag].remove(number)

    def rerender(self) -> None:
        """After an attribute (markup, pager, address …) was set by hand."""
        with self._changing():
            pass

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            yield
            self._cache.clear()
            self._routes.clear()

    # what a visitor sees

    def last_page(self, tag: str) -> int:
        return max(1, -(-len(self.listings[tag]) // PER_PAGE))

    def shown(self, tag: str, number: int) -> tuple[Report, ...]:
        ids = self.listings[tag][(number - 1) * PER_PAGE : number * PER_PAGE]
        return tuple(self.reports[i] for i in ids)

    def page(self, tag: str, number: int) -> bytes | None:
        """The bytes of one page of a listing; None where there is none."""
        with self._lock:
            if (body := self._cache.get((tag, number))) is None:
                if (html := self._render(tag, number)) is None:
                    return None
                body = self._cache[tag, number] = html.encode(self.charset, "xmlcharrefreplace")
            return body

    def _render(self, tag: str, number: int) -> str | None:
        last, base = self.last_page(tag), listing_path(tag)
        if number > last:
            if self.past_end == "404":
                return None
            number = last if self.past_end == "repeat" else number
        reports = self.shown(tag, number)
        pager = self.pager(number, last, lambda n: self.address(base, n))
        return self.frame(tag, self.markup(reports) + pager)

    def answer(self, request: Request) -> Answer:
        """What a healthy server says; faults are the server's own business."""
        if (place := self.place(request.target)) is not None:
            if (body := self.page(*place)) is not None:
                return Answer(body, headers=(("Content-Type", self.content_type),))
        elif request.path == "/robots.txt" and self.robots is not None:
            return Answer(self.robots.encode(), headers=(("Content-Type", "text/plain; charset=utf-8"),))
        elif (report := self._detail(request.path)) is not None:
            return Answer.page(written.detail(report))
        return Answer.page(written.framed("404", "<h1>404 页面不存在</h1>"), 404)

    def place(self, target: str) -> tuple[str, int] | None:
        """The tag and page that an address leads to."""
        with self._lock:
            if not self._routes:
                for tag in self.listings:
                    base = listing_path(tag)
                    for number in range(self.last_page(tag) + PAST_END, 0, -1):
                        self._routes[_plain(self.address(base, number))] = (tag, number)
                    self._routes[_plain(base)] = (tag, 1)
            return self._routes.get(_plain(target))

    def _detail(self, path: str) -> Report | None:
        name = path.rpartition("/")[2].removesuffix(".html")
        report = self.reports.get(int(name)) if name.isdecimal() else None
        return report if report and path == report.href and report.id not in self._withdrawn else None


def listing_path(tag: str) -> str:
    return "/tag/" + quote(tag)


def _plain(address: str) -> str:
    """An address without spelling differences and session junk (``;jsessionid=…``, ``_t=…``)."""
    parts = urlsplit(address)
    query = sorted(pair for pair in parse_qsl(parts.query) if not pair[0].startswith("_"))
    return f"{unquote(parts.path).partition(';')[0]}?{query}"
