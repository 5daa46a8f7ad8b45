"""What a report said of a measure, since when and until when, through its versions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.figures.align import align_figures
from archive.figures.reading import list_readings, load_figures, load_texts
from archive.figures.words import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from archive.figures.choice import Choice
    from archive.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Revision:
    """What took a statement's place in a later version of the same report."""

    value: Decimal
    raw: str
    version: int
    on: str  #: when the site first showed it
    percent: Decimal | None  #: None where the first value was 0


@dataclass(frozen=True, slots=True)
class Statement:
    """A figure of one report, from when on and until when the report said so."""

    key: str
    title: str
    version: int  #: that said it first, by its best reading
    year: int | None
    value: Decimal
    unit: str
    role: str
    forecast: bool
    qualifier: str | None
    measure: str
    continued: bool  #: the phrase before an earlier figure of the sentence names the measure, not its own
    raw_zh: str | None
    raw_en: str | None
    said_at: str
    until: str | None = None  #: first shown without it; None: it still stands there
    revision: Revision | None = None

    @property
    def raw(self) -> str:
        """As it stands in the texts."""
        return " / ".join(raw for raw in (self.raw_zh, self.raw_en) if raw)

    @property
    def spoken(self) -> str:
        """As it stands in the Chinese text, or else in the English one."""
        return self.raw_zh or self.raw_en or ""

    @property
    def slot(self) -> tuple[object, ...]:
        """Equal where two versions say the same."""
        return self.year, self.value, self.unit, self.role, self.forecast

    @property
    def subject(self) -> tuple[object, ...]:
        """Equal where two versions may speak of the same, in other figures."""
        return self.year, self.unit, self.role


def follow_report(
    connection: sqlite3.Connection,
    item_id: int,
    key: str,
    run: int | None,
    choose: Choice,
) -> Iterator[Statement]:
    """One report through its observations, each by its latest reading: a correction is no revision of theirs."""
    versions = list_readings(connection, item_id, run)
    corrections = {row["previous_id"]: row for row in versions if row["cause"] == "parser"}
    observations = [row for row in versions if row["cause"] != "parser"]
    standing: list[Statement] = []
    for observation in sorted(observations, key=lambda row: (row["observed_at"], row["version_id"])):
        reading = observation
        while reading["version_id"] in corrections:
            reading = corrections[reading["version_id"]]
        said = list(_list_statements(connection, key, reading, observation["observed_at"], choose))
        ended, standing = _compare(standing, said, observation["observed_at"])
        yield from ended
    yield from standing


def _list_statements(
    connection: sqlite3.Connection,
    key: str,
    reading: sqlite3.Row,
    said_at: str,
    choose: Choice,
) -> Iterator[Statement]:
    """What one version says: Chinese and English of the same value are one statement, the Chinese one speaks."""
    zh, en = load_figures(connection, reading["version_id"])
    texts = load_texts(connection, reading["version_id"])
    chosen = choose(reading["title"], texts["zh"], zh) | choose(reading["title"], texts["en"], en)
    seen = set()
    for first, second in align_figures(zh, en) if chosen else ():
        same = first and second and (first.value, first.unit) == (second.value, second.unit)
        for one, other in [(first, second)] if same else [(first, None), (None, second)]:
            spoken = one or other
            measures = [chosen[figure] for figure in (one, other) if figure is not None and figure in chosen]
            if spoken is None or not measures:
                continue
            statement = Statement(
                key=key,
                title=reading["title"],
                version=reading["seq"],
                year=spoken.year if spoken.year is not None or other is None else other.year,
                value=spoken.value,
                unit=spoken.unit,
                role=spoken.role,
                forecast=spoken.forecast,
                qualifier=spoken.qualifier,
                measure=measures[0],
                continued=measures[0] not in {figure.measure for figure in (one, other) if figure},
                raw_zh=one.raw if one else None,
                raw_en=other.raw if other else None,
                said_at=said_at,
            )
            if statement.slot not in seen:  # else the text says it twice
                seen.add(statement.slot)
                yield statement


def _compare(
    standing: Sequence[Statement], said: Sequence[Statement], on: str
) -> tuple[list[Statement], list[Statement]]:
    """What a newer version no longer says, closed, and what stands in it. A new value for the year is a revision."""
    known, repeated = {each.slot for each in standing}, {each.slot for each in said}
    stays = [each for each in standing if each.slot in repeated]
    fresh = [each for each in said if each.slot not in known]
    successors = _pair([each for each in standing if each.slot not in repeated], fresh)
    ended = []
    for old, new in successors:
        revision = None
        if new is not None:
            percent = round((new.value - old.value) / abs(old.value) * 100, 1) if old.value else None
            revision = Revision(new.value, new.spoken, new.version, on, percent)
        ended.append(dataclasses.replace(old, until=on, revision=revision))
    return ended, stays + fresh


def _pair(old: Sequence[Statement], new: Sequence[Statement]) -> list[tuple[Statement, Statement | None]]:
    """Of the same year, unit and role: first those of the same measure, then in the order of the text."""
    left = list(new)
    pairs: list[tuple[Statement, Statement | None]] = []
    for exact in (True, False):
        for each in old:
            if any(each is paired for paired, _ in pairs):
                continue
            partner = next((one for one in left if _is_about_the_same(each, one, exact=exact)), None)
            if partner is not None:
                left.remove(partner)
                pairs.append((each, partner))
    return pairs + [(each, None) for each in old if all(each is not paired for paired, _ in pairs)]


def _is_about_the_same(old: Statement, new: Statement, *, exact: bool) -> bool:
    return old.subject == new.subject and (not exact or normalise(old.measure) == normalise(new.measure))
