"""An invented publisher, served on loopback: for ``baogao demo``, the tests and the benchmarks.

    site = Site.of("人民日报", catalogue(95))
    with serve(site) as served:
        ...  # crawl served.url("人民日报"), change the site, crawl again

Nothing in it is real: sentences, figures and names were written for this purpose, and every page says so.
"""

from archive.replica.catalogue import catalogue
from archive.replica.demo import Night, demo_nights, demo_site
from archive.replica.report import Report, narrow, widen
from archive.replica.server import Served, serve
from archive.replica.site import Answer, Fault, Request, Site, listing_path

__all__ = [
    "Answer",
    "Fault",
    "Night",
    "Report",
    "Request",
    "Served",
    "Site",
    "catalogue",
    "demo_nights",
    "demo_site",
    "listing_path",
    "narrow",
    "serve",
    "widen",
]
