"""A number and its noun, as every message says them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """As in "1 page", "2 pages", "2 entries"."""
    return f"{number} {noun if number == 1 else plural or (f'{noun[:-1]}ies' if noun.endswith('ry') else f'{noun}s')}"
