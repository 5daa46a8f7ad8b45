"""Figures of a text of one language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.figures.model import Figure, Language


def extract_figures(text: str, language: Language) -> tuple[Figure, ...]:
    """The figures of a stored summary, in the order of the text."""
    return ()
