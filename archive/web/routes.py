"""Which address shows what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.web.about import compose_about
from archive.web.calendar import compose_coverage
from archive.web.comparison import compose_comparison
from archive.web.feeds import compose_atom, compose_json
from archive.web.listing import compose_listing
from archive.web.measures import compose_picture, compose_series
from archive.web.mementos import compose_timemap
from archive.web.nights import compose_night, compose_nights
from archive.web.report import compose_report, compose_version
from archive.web.taking import FORMS, compose_capture, compose_citation, compose_record

if TYPE_CHECKING:
    from archive.web.answers import Compose

_KEY = r"^/r/(?P<key>[^/]+)"
_NUMBER = r"[0-9]{1,9}"
_VERSION = rf"{_KEY}/v/(?P<version>{_NUMBER})"

ROUTES: tuple[tuple[str, Compose], ...] = (
    (r"^/$", compose_listing),
    (rf"{_KEY}$", compose_report),
    (rf"{_KEY}/timemap$", compose_timemap),
    (rf"{_KEY}/diff/(?P<before>{_NUMBER})/(?P<after>{_NUMBER})$", compose_comparison),
    (rf"{_VERSION}$", compose_version),
    (rf"{_VERSION}/record\.json$", compose_record),
    (rf"{_VERSION}/capture$", compose_capture),
    (rf"{_VERSION}/cite/(?P<form>{'|'.join(FORMS)})$", compose_citation),
    (r"^/runs$", compose_nights),
    (rf"^/runs/(?P<run>{_NUMBER})$", compose_night),
    (r"^/coverage$", compose_coverage),
    (r"^/series$", compose_series),
    (r"^/series\.svg$", compose_picture),
    (r"^/about$", compose_about),
    (r"^/feed\.atom$", compose_atom),
    (r"^/feed\.json$", compose_json),
)
