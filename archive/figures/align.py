"""Chinese and English figures of one version paired, and where the two do not say the same."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from archive.figures.direction import find_direction, speaks_of_loss
from archive.figures.likeness import differs_in_scale, differs_in_unit, has_like_digits, is_equal, is_rounded
from archive.figures.model import Disagreement
from archive.figures.roles import may_be_forecast, names_share
from archive.figures.snippets import cut_snippet
from archive.figures.units import is_count, is_share, to_dimension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archive.figures.model import Figure, Kind

    Pair = tuple[Figure | None, Figure | None]

_GAP = 10  #: costs are whole numbers: a figure without a partner
_NEVER = 3 * _GAP
_LARGEST = 90_000  #: pairs to compare; above this no publisher wrote it, and equal values are paired in their order


def align_figures(zh: Sequence[Figure], en: Sequence[Figure]) -> tuple[tuple[Figure | None, Figure | None], ...]:
    """Pairs in the order of the Chinese text; None on the side that has no partner.

    Equal figures first, in their order and then out of it, so that no likeness of digits parts two that are equal;
    what is left is paired by likeness.
    """
    partners: dict[int, int] = {}
    if len(zh) * len(en) > _LARGEST:
        _pair_by_value(zh, en, partners)
        return tuple(_in_order(zh, en, partners))
    _pair(range(len(zh)), range(len(en)), zh, en, partners, _cost_of_equal)
    _pair_loose(zh, en, partners, _cost_of_equal)
    _exchange(zh, en, partners)
    for first, last, from_, to in _stretches(partners, len(zh), len(en)):
        _pair(range(first, last), range(from_, to), zh, en, partners, _cost_of_alike)
    _pair_loose(zh, en, partners, _cost_of_alike)
    return tuple(_in_order(zh, en, partners))


def find_disagreements(
    zh_text: str, en_text: str, zh: Sequence[Figure], en: Sequence[Figure]
) -> tuple[Disagreement, ...]:
    """Where the two languages do not say the same; empty where one of the texts is missing altogether."""
    if not zh_text.strip() or not en_text.strip():
        return ()
    found: list[Disagreement] = []
    beside: Pair = (None, None)
    for left, right in align_figures(zh, en):
        for kind in _compare(zh_text, en_text, left, right):
            # where one side says nothing, its sentence is the one of the figure before
            zh_snippet = cut_snippet(zh_text, left or beside[0])
            en_snippet = cut_snippet(en_text, right or beside[1])
            found.append(Disagreement(kind, left, right, zh_snippet, en_snippet))
        beside = (left or beside[0], right or beside[1])
    return tuple(found)


def _compare(zh_text: str, en_text: str, zh: Figure | None, en: Figure | None) -> Iterator[Kind]:
    if zh is None or en is None:
        if not _is_loose(zh or en):
            yield "only_en" if zh is None else "only_zh"
        return
    yield from _compare_values(zh_text, en_text, zh, en)
    if _years_differ(zh, en):
        yield "year"
    if (
        zh.forecast != en.forecast
        and {zh.unit, en.unit} != {"years old"}  # whom it speaks of: no age is foretold
        and not may_be_forecast(*((en_text, en) if zh.forecast else (zh_text, zh)))
    ):
        yield "forecast"
    yield from _compare_meanings(zh_text, en_text, zh, en)


def _compare_values(zh_text: str, en_text: str, zh: Figure, en: Figure) -> Iterator[Kind]:
    if not (is_equal(zh, en) or is_rounded(zh, en)):
        if zh.value == en.value or differs_in_unit(zh, en):
            yield "unit"
        else:
            yield "scale" if differs_in_scale(zh, en) else "value"
    elif (zh.value < 0) != (en.value < 0) and not speaks_of_loss(*((en_text, en) if zh.value < 0 else (zh_text, zh))):
        yield "value"


def _compare_meanings(zh_text: str, en_text: str, zh: Figure, en: Figure) -> Iterator[Kind]:
    """A share is no change, and up is not down."""
    if {zh.role, en.role} == {"share", "change"} and zh.unit == en.unit == "%":
        share, text = (zh, zh_text) if zh.role == "share" else (en, en_text)
        if names_share(text, share):
            yield "meaning"
    elif zh.role == en.role == "change" and find_direction(zh_text, zh) * find_direction(en_text, en) < 0:
        yield "meaning"


def _is_loose(figure: Figure | None) -> bool:
    """A half, doubled, a million: a turn of phrase that the other language may put without a number."""
    if figure is None or any(character.isdecimal() for character in figure.raw):
        return False
    return figure.unit in {"times", "thirds"} or figure.number in {1, 50}


def _years_differ(zh: Figure, en: Figure) -> bool:
    return zh.year is not None and en.year is not None and zh.year != en.year


def _exchange(zh: Sequence[Figure], en: Sequence[Figure], partners: dict[int, int]) -> None:
    """Equal figures of two years that the other text tells in another order."""
    for row in range(len(zh)):
        if row not in partners or not _years_differ(zh[row], en[partners[row]]):
            continue
        for other, column in partners.items():
            mine = partners[row]
            if not (is_equal(zh[row], en[column]) and is_equal(zh[other], en[mine])):
                continue
            now = _differing(zh[row], en[mine]) + _differing(zh[other], en[column])
            if _differing(zh[row], en[column]) + _differing(zh[other], en[mine]) < now:
                partners[row], partners[other] = column, mine
                break


def _cost_of_equal(zh: Figure, en: Figure) -> int:
    """Of two equal ones that which speaks of the same year."""
    return _differing(zh, en) if is_equal(zh, en) else _NEVER


def _cost_of_alike(zh: Figure, en: Figure) -> int:
    same_kind = to_dimension(Decimal(1), zh.unit)[1] == to_dimension(Decimal(1), en.unit)[1]
    same_kind = same_kind or (is_share(zh.unit) and is_share(en.unit))
    if is_rounded(zh, en):
        return 3 + _differing(zh, en)
    if zh.value == en.value or (zh.number == en.number and zh.scale == en.scale):
        return 6 + _differing(zh, en)
    if differs_in_scale(zh, en):
        return 7 + _differing(zh, en) + (0 if same_kind else 4)
    if same_kind and has_like_digits(zh, en):
        return 8 + _differing(zh, en)
    return 16 + _differing(zh, en) if same_kind and (zh.unit == en.unit or not is_count(zh.unit)) else _NEVER


def _differing(zh: Figure, en: Figure) -> int:
    return _years_differ(zh, en) + (zh.forecast != en.forecast) + (zh.role != en.role)


def _pair(
    rows: range,
    columns: range,
    zh: Sequence[Figure],
    en: Sequence[Figure],
    partners: dict[int, int],
    cost_of: Callable[[Figure, Figure], int],
) -> None:
    """Needleman-Wunsch over those two stretches; adds to ``partners``."""
    if not rows or not columns:
        return
    height, width = len(rows), len(columns)
    costs = [[cost_of(zh[row], en[column]) for column in columns] for row in rows]
    best = [[column * _GAP for column in range(width + 1)]]
    for row in range(height):
        line = [(row + 1) * _GAP]
        above = best[row]
        for column in range(width):
            line.append(min(above[column] + costs[row][column], above[column + 1] + _GAP, line[column] + _GAP))
        best.append(line)
    row, column = height, width
    while row and column:
        cost = costs[row - 1][column - 1]
        if cost < _NEVER and best[row][column] == best[row - 1][column - 1] + cost:
            row, column = row - 1, column - 1
            partners[rows[row]] = columns[column]
        elif best[row][column] == best[row - 1][column] + _GAP:
            row -= 1
        else:
            column -= 1


def _pair_loose(
    zh: Sequence[Figure], en: Sequence[Figure], partners: dict[int, int], cost_of: Callable[[Figure, Figure], int]
) -> None:
    """Those that stand elsewhere in the other text."""
    taken = set(partners.values())
    left = [row for row in range(len(zh)) if row not in partners]
    right = [column for column in range(len(en)) if column not in taken]
    candidates = sorted(
        (cost, row, column) for row in left for column in right if (cost := cost_of(zh[row], en[column])) < _GAP
    )
    for _, row, column in candidates:
        if row not in partners and column not in taken:
            partners[row] = column
            taken.add(column)


def _pair_by_value(zh: Sequence[Figure], en: Sequence[Figure], partners: dict[int, int]) -> None:
    waiting: dict[object, list[int]] = defaultdict(list)
    for column in range(len(en)):
        waiting[to_dimension(en[column].value, en[column].unit)].append(column)
    for columns in waiting.values():
        columns.reverse()
    for row in range(len(zh)):
        if free := waiting.get(to_dimension(zh[row].value, zh[row].unit)):
            partners[row] = free.pop()


def _stretches(partners: dict[int, int], height: int, width: int) -> list[tuple[int, int, int, int]]:
    """What lies between two pairs that stand in the same order in both texts."""
    stretches = []
    row, column = 0, 0
    taken = set(partners.values())
    for at in (*sorted(partners), height):
        to = partners.get(at, width)
        if to < column:
            continue  # stands elsewhere: no border
        if at == height or to >= column:
            stretches.append((row, at, column, to))
            row, column = at + 1, to + 1
    return [stretch for stretch in stretches if _is_free(stretch, partners, taken)]


def _is_free(stretch: tuple[int, int, int, int], partners: dict[int, int], taken: set[int]) -> bool:
    first, last, from_, to = stretch
    return not any(row in partners for row in range(first, last)) and not any(at in taken for at in range(from_, to))


def _in_order(zh: Sequence[Figure], en: Sequence[Figure], partners: dict[int, int]) -> Iterator[Pair]:
    """English figures without a partner follow the pair before them."""
    taken = set(partners.values())
    alone: dict[int, list[int]] = defaultdict(list)
    rows = {column: row for row, column in partners.items()}
    last = -1
    for column in range(len(en)):
        if column in taken:
            last = rows[column]
        else:
            alone[last].append(column)
    for row in range(-1, len(zh)):
        if row >= 0:
            yield zh[row], en[partners[row]] if row in partners else None
        for column in alone[row]:
            yield None, en[column]
