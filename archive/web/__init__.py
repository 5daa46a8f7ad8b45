"""The archive as web pages: Datasette over the live archive.db, with templates and a plugin of our own.

A page is a function ``compose_…(connection, ask) -> Page | Document | Moved`` on one snapshot of the archive, named
in :mod:`archive.web.routes`; nothing in it knows of Datasette. All pages work without JavaScript: there is none.
"""
