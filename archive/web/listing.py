"""The first page: search, facets, the newest reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.query import resolve_as_of
from archive.web.answers import Page
from archive.web.catalogue import Catalogues
from archive.web.finding import rank
from archive.web.links import with_query
from archive.web.sparkline import draw_sparkline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from archive.search.query import Hit
    from archive.sqlite import sqlite3
    from archive.web.answers import Ask
    from archive.web.catalogue import Report
    from archive.web.finding import Ranking

PER_PAGE = 20
SNIPPET = 300  #: characters; the stylesheet cuts at two lines
NONE = "–"  #: the value of a facet for reports that have none
_WORDS = ("q", "as_of", "sort", "ever")
_STATES = ("listed", "missing", "withdrawn")
_CATALOGUES = Catalogues()


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet, with the reports that it would leave."""

    value: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    title: str
    choices: tuple[Choice, ...]


_FACETS: tuple[tuple[str, str, Callable[[Report], Iterable[str]]], ...] = (
    ("listing", "Listing", lambda report: report.listings),
    ("series", "Series", lambda report: (report.series or NONE,)),
    ("state", "State", lambda report: (report.state,)),
    ("year", "Year in the title", lambda report: report.years or (NONE,)),
)


def compose_listing(connection: sqlite3.Connection, ask: Ask) -> Page:
    asked = {name: ask.query.get(name, "").strip() for name in (*_WORDS, *(facet[0] for facet in _FACETS))}
    run = resolve_as_of(connection, asked["as_of"] or None)
    reports = _CATALOGUES.load(connection, ask.data.db, run)
    if not asked["q"]:
        return _compose(connection, ask, asked, run, reports, None)
    with rank(connection, asked["q"], as_of=asked["as_of"] or None, ever=bool(asked["ever"])) as ranking:
        return _compose(connection, ask, asked, run, reports, ranking)


def _compose(
    connection: sqlite3.Connection,
    ask: Ask,
    asked: dict[str, str],
    run: int | None,
    reports: Sequence[Report],
    ranking: Ranking | None,
) -> Page:
    found = reports if ranking is None else _order(reports, ranking, newest=asked["sort"] == "newest")
    left = [report for report in found if _fits(report, asked)]
    number = _page_number(ask.query.get("page", ""), len(left))
    shown = left[(number - 1) * PER_PAGE : number * PER_PAGE]
    hits = {} if ranking is None else ranking.describe(report.key for report in shown)
    nights = _describe_nights(connection, run)
    context: dict[str, Any] = {
        "asked": asked,
        "hits": [_describe(connection, report, hits.get(report.key)) for report in shown],
        "message": None if ranking is None else ranking.message,
        "total": len(left),
        "all": len(reports),
        "facets": [_count(facet, found, asked) for facet in _FACETS],
        "chosen": [(name, title, asked[name], _leave(asked, name)) for name, title, _ in _FACETS if asked[name]],
        "sparkline": draw_sparkline(left, nights["until"]),
        "nights": nights,
        "page": number,
        "pages": _pages(len(left)),
        "earlier_url": _turn(asked, number - 1) if number > 1 else None,
        "later_url": _turn(asked, number + 1) if number < _pages(len(left)) else None,
    }
    return Page("listing.html", context)


def _order(reports: Sequence[Report], ranking: Ranking, *, newest: bool) -> list[Report]:
    if newest:
        return [report for report in reports if report.key in ranking.keys]
    known = {report.key: report for report in reports}
    return [known[key] for key in ranking.keys if key in known]


def _describe(connection: sqlite3.Connection, report: Report, hit: Hit | None) -> dict[str, Any]:
    """A report as a line of the listing: what matched, or how its texts begin."""
    if hit is not None:
        return {
            "report": report,
            "version": hit.version,
            "title": hit.title,
            "snippets": hit.snippets,
            "found_in": hit.found_in,
            "current": hit.current,
        }
    zh, en = connection.execute(
        "SELECT substr(summary_zh, 1, ?1), substr(summary_en, 1, ?1) FROM item_versions WHERE id = ?2",
        (SNIPPET, report.version_id),
    ).fetchone()
    snippets = [(language, ((text, False),)) for language, text in (("zh", zh), ("en", en)) if text]
    return {"report": report, "version": report.version, "title": None, "snippets": snippets, "current": True}


def _fits(report: Report, asked: dict[str, str], but: str | None = None) -> bool:
    return all(not asked[name] or name == but or asked[name] in values(report) for name, _, values in _FACETS)


def _count(
    facet: tuple[str, str, Callable[[Report], Iterable[str]]], reports: Sequence[Report], asked: dict[str, str]
) -> Facet:
    """Counts as they would be with this facet's own choice undone: one may choose another."""
    name, title, values = facet
    counts = Counter(value for report in reports if _fits(report, asked, name) for value in values(report))
    if asked[name]:
        counts.setdefault(asked[name], 0)
    order = sorted(counts, key=lambda value: (value == NONE, -counts[value], value))
    if name == "year":
        order = sorted(counts, key=lambda value: (value != NONE, value), reverse=True)
    elif name == "state":
        order = [state for state in _STATES if state in counts] + [state for state in order if state not in _STATES]
    return Facet(
        name,
        title,
        tuple(
            Choice(
                value,
                counts[value],
                _leave(asked, name) if value == asked[name] else with_query("/", **asked | {name: value}),
                value == asked[name],
            )
            for value in order
        ),
    )


def _leave(asked: dict[str, str], name: str) -> str:
    return with_query("/", **asked | {name: ""})


def _turn(asked: dict[str, str], page: int) -> str:
    return with_query("/", **asked, page=page if page > 1 else None)


def _pages(total: int) -> int:
    return max(1, -(-total // PER_PAGE))


def _page_number(text: str, total: int) -> int:
    number = int(text) if text.isdecimal() and len(text) < 9 else 1  # noqa: PLR2004 - longer is nobody's page
    return min(max(number, 1), _pages(total))


def _describe_nights(connection: sqlite3.Connection, run: int | None) -> dict[str, Any]:
    """The last settled night, and for each listing the last complete one: what "not there" rests on."""
    last = connection.execute(
        "SELECT id, started_at FROM runs WHERE kind = 'crawl' AND outcome NOT IN ('open', 'rejected') "
        "AND (?1 IS NULL OR id <= ?1) ORDER BY id DESC LIMIT 1",
        (run,),
    ).fetchone()
    complete = connection.execute(
        "SELECT l.key AS listing, max(r.id) AS run, max(r.started_at) AS started_at FROM listings l "
        "LEFT JOIN walks w ON w.listing_id = l.id AND w.complete = 1 AND (?1 IS NULL OR w.run_id <= ?1) "
        "LEFT JOIN runs r ON r.id = w.run_id GROUP BY l.id ORDER BY l.key",
        (run,),
    ).fetchall()
    return {"last": last, "until": last["started_at"] if last else None, "complete": complete}
