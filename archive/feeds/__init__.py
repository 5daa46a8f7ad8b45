"""The event feed for feed readers: the latest events that may be announced, as Atom (RFC 4287) and as JSON Feed 1.1.

``selection`` says which events, ``entries`` makes a :class:`archive.feeds.model.Feed` of them, ``atom`` and
``jsonfeed`` write it down. Nothing here knows the time: same archive and selection, same bytes.
"""
