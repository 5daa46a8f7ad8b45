"""A number and its noun, and the first of many names, as every message says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """As in "1 page", "2 pages", "2 entries"."""
    return f"{number} {noun if number == 1 else plural or (f'{noun[:-1]}ies' if noun.endswith('ry') else f'{noun}s')}"


def name_few(names: Sequence[str], few: int) -> str:
    """As in "a, b, c", "a, b, c and 4 more"."""
    more = f" and {len(names) - few} more" if len(names) > few else ""
    return ", ".join(names[:few]) + more
