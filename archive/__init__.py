"""An archive of report listings: WARC files are the journal, the database is its reading.

A *run* is one night's crawl. Its *captures*, the archived responses, are parsed by *settlement* into *items* (one
report each), immutable *versions* of their text, and *events*, the feed of what changed. First reading, recovery
after a crash and re-reading with a better parser are the same code, so ``archive.db`` can be thrown away and read
again from ``warc/``.

Time has two axes: ``observed_at``, when the site showed something, and ``recorded_at``, when we read it so. A site
edit is a new observation; a parser fix is a new reading of an old one and never looks like an edit.

Presence may be proved by any page; absence only by two complete walks of every listing that ever held the report.

Nothing in this package loads Scrapy; ``crawler`` does, and imports from here.
"""
