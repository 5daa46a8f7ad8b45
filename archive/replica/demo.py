"""The nights that ``baogao demo`` plays: what the invented publisher does before each crawl."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.replica.catalogue import catalogue
from archive.replica.markup import captcha
from archive.replica.report import Report, widen
from archive.replica.site import Answer, Fault, Request, Site

if TYPE_CHECKING:
    from collections.abc import Callable

TAG = "人民日报"
PAGES = 77
CAPTCHA_PAGE = 3


@dataclass(frozen=True, slots=True)
class Night:
    name: str
    story: str  #: one sentence for the person who watches
    prepare: Callable[[Site], None]


def demo_site() -> Site:
    """77 pages of ten. The newest report of the catalogue is kept back for the second night."""
    return Site.of(TAG, catalogue(PAGES * 10 + 1)[1:])


def demo_nights() -> tuple[Night, ...]:
    """In order; each expects that the ones before were played on the same site."""
    return (
        Night("baseline", "The first night: 770 reports, all of them old news.", lambda _: None),
        Night("new report", "The publisher has put a new report at the top.", publish_newest),
        Night(
            "edits",
            "The English of one report quotes another figure, another's punctuation was tidied, a third is gone.",
            edit_and_lose,
        ),
        Night(
            "captcha",
            f"Page {CAPTCHA_PAGE} answers with a captcha, status 200: this night proves nothing.",
            show_captcha,
        ),
        Night("withdrawn", "The captcha is gone; the lost report is, too, after a second complete walk.", hide_captcha),
    )


def publish_newest(site: Site) -> None:
    site.publish(catalogue(1)[0], TAG)


def edit_and_lose(site: Site) -> None:
    before, after = english_correction(edited_report(site))
    site.edit(edited_report(site).id, before, after)
    site.tidy_punctuation(tidied_report(site).id)
    site.withdraw(withdrawn_report(site).id)


def show_captcha(site: Site) -> None:
    def instead(request: Request) -> Fault | None:
        asked = request.query.get("page") == str(CAPTCHA_PAGE)
        return Answer.page(captcha()) if asked else None

    site.faults = instead


def hide_captcha(site: Site) -> None:
    site.faults = None


def edited_report(site: Site) -> Report:
    """The fourth of page 2: its English quotes another percentage from the third night on."""
    return site.shown(TAG, 2)[3]


def tidied_report(site: Site) -> Report:
    """The first below page 5 that was typed with half-width punctuation."""
    return next(r for n in range(5, PAGES) for r in site.shown(TAG, n) if any(widen(p) != p for p in r.zh))


def withdrawn_report(site: Site) -> Report:
    return site.shown(TAG, 40)[6]


def english_correction(report: Report) -> tuple[str, str]:
    """A percentage that stands in the English, and one with its first two digits exchanged or raised."""
    for share in re.findall(r"(?<= )\d\d\.\d\d%", " ".join(report.en)):
        swapped = f"{share[1]}{share[0]}{share[2:]}" if share[0] != share[1] else f"{int(share[:2]) + 1}{share[2:]}"
        return f" {share}", f" {swapped}"
    raise ValueError(f"report {report.id} quotes no percentage in English")
