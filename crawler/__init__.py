"""The crawl phase: fetch, archive, and nothing else.

Everything that needs Scrapy lives here. One night asks each host for one page at a time, several hosts side by side, in
the order that :class:`archive.walk.Walk` decides, and hands every answer to :class:`archive.recording.Recorder` before
anything else sees it. What the pages mean is settled afterwards, by a process that loads no Scrapy.

A request passes, from the spider down to the wire and back:

===== ============================ ==================================================================
  50  guard.UrlGuard               http and https only, and only the site of the listing
 100  robots.RobotsMiddleware      robots.txt, failing closed
 550  retry.RetryMiddleware        what is tried again, when, and when the site wants to be left alone
 600  redirect.RedirectMiddleware  at most five hops; each comes back through the whole list
 900  recording.RecordingMiddleware archives the answer as it came
 950  pace.PaceMiddleware          the pause between two requests to one host, of all processes (bookings)
 980  guard.AddressGuard           with guard.GuardedResolver: which addresses may be connected to
===== ============================ ==================================================================

:mod:`crawler.spiders.reports` drives the walks, :mod:`crawler.turns` says whose turn it is, :mod:`crawler.outages` when
a host is out of order, :mod:`crawler.night` opens and closes the archive, and :mod:`crawler.process` is the child of
``baogao crawl``.

Scrapy's exit code, its JOBDIR and its signal handlers decide nothing (design §0.6): ``python -m crawler`` has exit
codes of its own, and a night that was killed is continued from what the recorder had archived.
"""
