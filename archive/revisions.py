"""Figures that changed between two texts of one language: what became what, and by how much."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from decimal import Decimal

    from archive.figures.model import Figure, Language

    Key = tuple[Decimal, str, int | None, bool]

_HUNDREDS, _ASTRONOMICAL = 2, 15  #: powers of ten, of a percentage


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure that became another, or came (``before`` is None), or went (``after`` is None)."""

    language: Language
    before: Figure | None
    after: Figure | None

    @property
    def kind(self) -> Literal["changed", "added", "removed"]:
        return "added" if self.before is None else "removed" if self.after is None else "changed"

    @property
    def unit(self) -> str:
        """Of both sides, with an arrow where they differ."""
        units = [figure.unit for figure in (self.before, self.after) if figure]
        return " → ".join(dict.fromkeys(units))

    @property
    def percent(self) -> Decimal | None:
        """Not rounded; None where nothing can be divided: one side only, another unit, before is 0, a share already."""
        if not self.before or not self.after or not self._comparable or not self.before.value or self.unit == "%":
            return None
        return (self.after.value - self.before.value) / abs(self.before.value) * 100

    @property
    def _comparable(self) -> bool:
        return bool(self.before and self.after and self.before.unit == self.after.unit)

    @property
    def change(self) -> str:
        """``+1.2 %``; ``+1.46 percentage points`` of a share; ``—`` where there is no such number."""
        if not self.before or not self.after:
            return self.kind
        others = list(self._list_other_differences())
        if not self._comparable or self.before.value != self.after.value:
            others.insert(0, self._measure_change(self.after.value - self.before.value))
        return "; ".join(others)

    def _measure_change(self, difference: Decimal) -> str:
        if self._comparable and self.unit == "%":
            return f"{_sign(difference)} percentage point{'' if abs(difference) == 1 else 's'}"
        return "—" if self.percent is None else f"{_sign(_round(self.percent))} %"

    def _list_other_differences(self) -> Iterator[str]:
        assert self.before
        assert self.after
        if self.before.year != self.after.year:
            yield f"year {self.before.year or '—'} → {self.after.year or '—'}"
        if self.before.forecast != self.after.forecast:
            yield "forecast → fact" if self.before.forecast else "fact → forecast"

    def to_json(self) -> dict[str, Any]:
        return {
            "language": self.language,
            "kind": self.kind,
            "before": _describe(self.before),
            "after": _describe(self.after),
            "unit": self.unit,
            "percent": None if self.percent is None else _plain(_round(self.percent)),
            "change": self.change,
        }


def key_of(figure: Figure) -> Key:
    return figure.value, figure.unit, figure.year, figure.forecast


def list_changes(
    before: str, after: str, was: Sequence[Figure], now: Sequence[Figure], language: Language
) -> Iterator[FigureChange]:
    """The figures that only one side has, paired by their place in paired sentences, then by what they measure."""
    pairs = list(_pair_by_place(before, after, was, now))
    gone, came = Counter(map(key_of, was)), Counter(map(key_of, now))
    swapped = gone == came  # the same figures in other places, in texts that are else the same
    gone, came = (gone, came) if swapped else (gone - came, came - gone)
    changes: list[tuple[Figure | None, Figure | None]] = []
    left: list[Figure] = []
    arrived: list[Figure] = []
    for old, new in pairs:
        if old and new and key_of(old) == key_of(new):
            continue
        takes = old is not None and gone[key_of(old)] > 0, new is not None and came[key_of(new)] > 0
        if takes == (True, True):
            assert old
            assert new
            gone[key_of(old)] -= 1
            came[key_of(new)] -= 1
            changes.append((old, new))
            continue
        left += [old] if old and takes[0] else []
        arrived += [new] if new and takes[1] else []
    changes += _pair_by_measure(_take(left, gone), _take(arrived, came))
    for old, new in sorted(changes, key=lambda pair: [(each or other).start for each, other in (pair, pair[::-1])]):  # type: ignore[union-attr]
        yield FigureChange(language, old, new)


def _take(figures: Iterable[Figure], surplus: Counter[Key]) -> list[Figure]:
    taken = []
    for figure in figures:
        if surplus[key_of(figure)] > 0:
            surplus[key_of(figure)] -= 1
            taken.append(figure)
    return taken


def _pair_by_place(
    before: str, after: str, was: Sequence[Figure], now: Sequence[Figure]
) -> Iterator[tuple[Figure | None, Figure | None]]:
    from archive.diff import align_text  # noqa: PLC0415

    ends = [0, 0]
    waiting = deque(was), deque(now)
    for sentence in align_text(before, after):
        ends = [ends[0] + len(sentence.before), ends[1] + len(sentence.after)]
        old, new = (_take_until(side, end) for side, end in zip(waiting, ends, strict=True))
        yield from _pair_in_order(old, new)


def _take_until(figures: deque[Figure], end: int) -> list[Figure]:
    taken = []
    while figures and figures[0].start < end:
        taken.append(figures.popleft())
    return taken


def _pair_in_order(old: Sequence[Figure], new: Sequence[Figure]) -> Iterator[tuple[Figure | None, Figure | None]]:
    """One by one where they are as many; else those that stayed are the anchors between which others are paired."""
    if len(old) == len(new):
        yield from zip(old, new, strict=True)
        return
    from difflib import SequenceMatcher  # noqa: PLC0415

    for tag, a, b, c, d in SequenceMatcher(
        None, [*map(key_of, old)], [*map(key_of, new)], autojunk=False
    ).get_opcodes():
        if tag == "equal" or b - a == d - c:
            yield from zip(old[a:b], new[c:d], strict=True)
        else:
            yield from ((figure, None) for figure in old[a:b])
            yield from ((None, figure) for figure in new[c:d])


def _pair_by_measure(
    left: Sequence[Figure], arrived: Sequence[Figure]
) -> Iterator[tuple[Figure | None, Figure | None]]:
    """What is left: the same measure in the same unit is the same figure, moved; the rest went or came."""
    waiting = list(arrived)
    for old in left:
        same = (new for new in waiting if old.measure and (new.measure, new.unit) == (old.measure, old.unit))
        partner = next(same, None)
        if partner is not None:
            waiting.remove(partner)
        yield old, partner
    yield from ((None, new) for new in waiting)


def _round(percent: Decimal) -> Decimal:
    """One decimal place; two digits of what is less than a tenth; none from 1,000 on; −100 is kept for nothing left."""
    power, rest = percent.adjusted(), percent + 100
    if power > _ASTRONOMICAL:
        return percent
    places = 1 - power if power < -1 else 0 if power > _HUNDREDS else 1
    return round(percent, max(places, -rest.adjusted()) if 0 < rest < 1 else places)


def _sign(number: Decimal) -> str:
    return ("+" if number > 0 else "−" if number < 0 else "") + _plain(abs(number), comma=True)


def _plain(number: Decimal, *, comma: bool = False) -> str:
    """Without an exponent, where that is no astronomical number, and without zeros at its end."""
    if number.adjusted() > _ASTRONOMICAL:
        return f"{number:.1e}"
    text = f"{number:{',' if comma else ''}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _describe(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {
        "raw": figure.raw,
        "value": format(figure.value, "f"),
        "unit": figure.unit,
        "year": figure.year,
        "forecast": figure.forecast,
        "role": figure.role,
        "measure": figure.measure,
        "start": figure.start,
        "end": figure.end,
    }
