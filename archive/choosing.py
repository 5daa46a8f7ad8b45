"""``--listing PATTERN``: some of the configured listings, by their keys or addresses."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import unquote

from archive.counted import name_few
from archive.errors import UsageError
from archive.printable import spell_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.config import Listing

NAMED = 10  #: listings that a message names


def match_listings(listings: Sequence[Listing], patterns: Sequence[str]) -> tuple[Listing, ...]:
    """Those that one of the patterns matches, as in a shell or to the letter. Raises UsageError for one in vain."""
    names = {listing.key: (listing.key, listing.url, unquote(listing.url)) for listing in listings}
    matched: set[str] = set()
    for pattern in patterns:
        found = {
            key for key, each in names.items() if any(name == pattern or fnmatchcase(name, pattern) for name in each)
        }
        if not found:
            told = spell_out(name_few(list(names), NAMED))
            raise UsageError(f"--listing {spell_out(pattern)!r} matches no configured listing; there are: {told}.")
        matched |= found
    return tuple(listing for listing in listings if listing.key in matched)
