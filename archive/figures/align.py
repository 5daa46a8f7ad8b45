"""Chinese and English figures of one version paired, and where the two do not say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.figures.model import Disagreement, Figure


def align_figures(zh: Sequence[Figure], en: Sequence[Figure]) -> tuple[tuple[Figure | None, Figure | None], ...]:
    """Pairs in the order of the Chinese text; None on the side that has no partner."""
    return ()


def find_disagreements(
    zh_text: str, en_text: str, zh: Sequence[Figure], en: Sequence[Figure]
) -> tuple[Disagreement, ...]:
    """Where the two languages do not say the same; empty where one of the texts is missing altogether."""
    return ()
