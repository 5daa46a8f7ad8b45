"""Figures, disagreements and a series for a person at a terminal: extracted, with the raw text beside each value."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from archive.counted import counted
from archive.printable import spell_out
from archive.render import measure, render_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.figures.series import Series
    from archive.figures.statements import Statement

_CELLS = 44  #: terminal cells of a measure or a title


def render_figures(key: str, version: int, title: str, figures: Sequence[dict[str, Any]]) -> str:
    """Those of one version, the Chinese ones first."""
    rows = [
        (
            *(one["language"], one["raw"], describe_amount(one["value"], one["unit"], one["qualifier"])),
            *(one["year"] or "–", "forecast" if one["forecast"] else "fact", one["role"], shorten_head(one["measure"])),
        )
        for one in sorted(figures, key=lambda one: (one["language"] != "zh", one["start"]))
    ]
    table = render_table(("text", "extracted", "value", "year", "said as", "role", "measure"), rows)
    return "\n".join((_head(key, version, title), spell_out(table, keep="\n"), ""))


def render_disagreements(
    key: str, version: int, title: str, found: Sequence[dict[str, Any]], texts: Mapping[str, str]
) -> str:
    """Those of one version; ``texts``: its summaries by language."""
    lines = [_head(key, version, title)]
    for _, group in itertools.groupby(found, key=lambda one: (one["zh"], one["en"])):
        same = list(group)
        one = same[0]
        kinds = ", ".join(each["kind"] for each in same)
        lines.append(f"{kinds}: {_name_side(one['zh'])} ≠ {_name_side(one['en'])}")
        lines += [
            f"  {language}  {_mark(one[f'{language}_snippet'], one[language], texts[language])}"
            for language in ("zh", "en")
            if one[f"{language}_snippet"]
        ]
    return "\n".join(lines) + "\n"


def render_series(series: Series) -> str:
    lines = [series.message] if series.message else []
    if series.statements:
        keys = list(dict.fromkeys(one.key for one in series.statements))
        lines.append(
            f"{series.unit}, {series.role}: {counted(len(series.statements), 'figure')} extracted from "
            f"{counted(len(keys), 'report')}"
        )
        rows = [
            (
                *(one.year or "–", describe_amount(one.value, one.unit, one.qualifier)),
                *("forecast" if one.forecast else "fact", one.raw, f"[{keys.index(one.key) + 1}] v{one.version}"),
                *(_name_measure(one), describe_time(one)),
            )
            for one in series.statements
        ]
        table = render_table(("year", "value", "said as", "extracted", "report", "measure", "said"), rows)
        titles = {one.key: one.title for one in series.statements}
        lines += ["", table, "", *(f"[{number}] {key}  {titles[key]}" for number, key in enumerate(keys, 1))]
    if series.others:
        others = ", ".join(f"{count} in {unit} ({role})" for unit, role, count in series.others[:8])
        lines += ["", f"also with these words: {others}; --unit and --role show them."]
    return spell_out("\n".join(lines), keep="\n")


def describe_time(statement: Statement) -> str:
    """Since when, and what became of it."""
    since = f"since {statement.said_at[:10]}"
    if statement.until is None:
        return since
    revision = statement.revision
    if revision is None:
        return f"{since} until {statement.until[:10]}"
    percent = "" if revision.percent is None else f" ({revision.percent:+,} %)"
    return f"{since}, revised {statement.spoken} → {revision.raw}{percent} on {revision.on[:10]}"


def describe_amount(value: str | Decimal, unit: str, qualifier: str | None = None) -> str:
    """Exact, its thousands grouped: 6,130,000,000 CNY."""
    number = f"{Decimal(value):,f}"
    if "." in number:  # 74.10: a value has no precision, the raw text beside it has
        number = number.rstrip("0").rstrip(".")
    amount = f"{number}%" if unit == "%" else f"{number} {unit}"
    return f"{qualifier} {amount}" if qualifier else amount


def shorten(text: str, cells: int = _CELLS) -> str:
    """Cut to what a terminal column holds."""
    if measure(text) <= cells:
        return text
    kept = ""
    for char in text:
        if measure(kept + char) > cells - 1:
            break
        kept += char
    return f"{kept}…"


def shorten_head(text: str, cells: int = _CELLS) -> str:
    """The same of a phrase whose end says what is measured."""
    return shorten(text[::-1], cells)[::-1]


def _name_measure(statement: Statement) -> str:
    return shorten_head(statement.measure, 30) + (" (continued)" if statement.continued else "")


def _head(key: str, version: int, title: str) -> str:
    return f"{click.style(spell_out(title), bold=True)}\n{spell_out(key)}  version {version}"


def _name_side(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "nothing"
    said = "forecast" if figure["forecast"] else "fact"
    return f"{spell_out(figure['raw'])} ({', '.join(filter(None, (str(figure['year'] or ''), said, figure['role'])))})"


def _mark(snippet: str, figure: dict[str, Any] | None, text: str) -> str:
    """The figure in brackets; a snippet is a piece of its text, so that equal figures beside it are left alone."""
    if figure is None:
        return spell_out(snippet)
    raw, at = figure["raw"], snippet.find(figure["raw"])
    piece = snippet.strip("…")
    begin = text.replace("\n", " ").find(piece, max(0, figure["end"] - len(piece)))
    if 0 <= begin <= figure["start"]:
        at = snippet.find(piece) + figure["start"] - begin
    if at < 0 or not snippet.startswith(raw, at):
        return spell_out(snippet)
    before, after = snippet[:at], snippet[at + len(raw) :]
    return spell_out(before) + click.style(f"[{spell_out(raw)}]", bold=True) + spell_out(after)
