"""The difference of two versions as HTML: both side by side, no script, everything from outside escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from archive.printable import spell_out
from archive.render import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.diff import FieldChange, SentenceChange
    from archive.figures.model import Figure
    from archive.significance import FigureChange, Judgement

#: English is what baogao itself says; the publication date has no language
_LANGUAGES = {"title": "zh", "brands": "zh", "summary_zh": "zh", "summary_en": "en", "published_on": "zxx"}

#: for a page that embeds :func:`render_fragment`; nothing outside ``.diff`` is styled by it
STYLE = """
.diff { --ink: #1b1b1f; --quiet: #5c5c66; --line: #d5d5dc; --gone: #ffe3e0; --gone-ink: #8c1010; --came: #dcf5e0;
  --came-ink: #0b5a22; color: var(--ink); line-height: 1.7; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  .diff { --ink: #e8e8ec; --quiet: #a4a4b0; --line: #3c3c46; --gone: #4a1c1c; --gone-ink: #ffb9b0; --came: #173d22;
    --came-ink: #a8efb8; } }
.diff h1 { font-size: 1.35rem; line-height: 1.35; margin: 0 0 .5rem; }
.diff h2 { font-size: 1.05rem; margin: 2rem 0 .25rem; border-bottom: 1px solid var(--line); }
.diff p { margin: .3rem 0; }
.diff .facts, .diff .rule, .diff .same { color: var(--quiet); }
.diff .verdict { font-weight: 700; }
.diff .row { display: grid; grid-template-columns: 1fr; }
.diff .row > p { padding: .1rem .6rem; border-left: .2rem solid transparent; }
.diff .row > .old { border-left-color: var(--gone-ink); }
.diff .row > .new { border-left: .2rem double var(--came-ink); }
.diff .row > .same { border-left-color: var(--line); }
.diff .heads, .diff .twin { display: none; }
.diff del { background: var(--gone); color: var(--gone-ink); text-decoration: line-through;
  text-decoration-thickness: 2px; }
.diff ins { background: var(--came); color: var(--came-ink); text-decoration: underline; text-decoration-thickness: 2px;
  text-underline-offset: 3px; font-weight: 600; }
.diff .rule { margin: .2rem 0; padding-left: 1.2rem; }
.diff .figures { overflow-x: auto; }
.diff table { border-collapse: collapse; }
.diff th, .diff td { overflow-wrap: normal; text-align: left; padding: .25rem .8rem .25rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
.diff td[lang] { min-width: 6rem; overflow-wrap: anywhere; }
@media (min-width: 52rem) {
  .diff .row { grid-template-columns: 1fr 1fr; column-gap: 1.5rem; }
  .diff .heads { display: grid; font-weight: 600; }
  .diff .twin { display: block; } }
""".strip()

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; max-width: 76rem; padding: 1.2rem; font-family: system-ui, "Noto Sans CJK SC", sans-serif;
  background: #fff; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #17171b; }} }}
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def render_html(
    old: dict[str, Any],
    new: dict[str, Any],
    changes: Sequence[FieldChange],
    judgement: Judgement,
    *,
    notes: Sequence[str] = (),
) -> str:
    """A whole document that needs no other file."""
    return _PAGE.format(
        title=f"{_safe(new['title'])} – versions {_safe(old['version'])} and {_safe(new['version'])}",
        style=STYLE,
        body=f"<main>\n{render_fragment(old, new, changes, judgement, notes=notes)}\n</main>",
    )


def render_fragment(
    old: dict[str, Any],
    new: dict[str, Any],
    changes: Sequence[FieldChange],
    judgement: Judgement,
    *,
    notes: Sequence[str] = (),
) -> str:
    """The same without a frame, to be put into a page that has :data:`STYLE`."""
    lines = [
        '<article class="diff">',
        f'<h1 lang="zh">{_safe(new["title"])}</h1>',
        f'<p class="facts">{_safe(new["key"])}: {_describe(old)} → {_describe(new)}</p>',
        *(f'<p class="note">{_safe(note[:1].upper() + note[1:])}</p>' for note in notes),
    ]
    if changes:
        rules = "".join(f"<li>{_safe(rule)}</li>" for rule in judgement.rule.split("; "))
        lines.append(f'<p class="verdict">Verdict: {_safe(judgement.verdict)}</p><ul class="rule">{rules}</ul>')
    else:
        lines.append("<p>No difference in words, figures or punctuation.</p>")
    if judgement.figures:
        lines += _render_figures(judgement.figures)
    for change in changes:
        lines += _render_field(change, old, new)
    return "\n".join([*lines, "</article>"])


def _describe(version: dict[str, Any]) -> str:
    at = _safe(version["observed_at"])
    return f'version {_safe(version["version"])} (shown <time datetime="{at}">{at}</time>)'


def _render_figures(figures: Iterable[FigureChange]) -> Iterator[str]:
    yield "<h2>Figures</h2>"
    columns = ("Before", "After", "Change", "Unit", "Year", "Language")
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    yield '<div class="figures" role="region" aria-label="Changed figures" tabindex="0">'
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for figure in figures:
        known = figure.after or figure.before
        yield (
            f"<tr>{_render_raw('del', figure.before)}{_render_raw('ins', figure.after)}<td>{_safe(figure.change)}</td>"
            f"<td>{_safe(figure.unit)}</td><td>{_safe((known and known.year) or '—')}</td>"
            f"<td>{_safe(figure.language)}</td></tr>"
        )
    yield "</tbody></table></div>"


def _render_raw(tag: str, figure: Figure | None) -> str:
    if figure is None:
        return "<td>—</td>"
    return f'<td lang="{figure.language}"><{tag}>{_safe(figure.raw)}</{tag}></td>'


def _render_field(change: FieldChange, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    language = _LANGUAGES[change.field]
    yield f"<section><h2>{NAMES[change.field][:1].upper()}{NAMES[change.field][1:]}</h2>"
    yield (f'<div class="row heads"><p>Version {_safe(old["version"])}</p><p>Version {_safe(new["version"])}</p></div>')
    for sentence in change.align():
        if (sentence.before + sentence.after).strip():
            yield _render_sentence(sentence, language)
        elif sentence.operation != "equal":
            yield '<p class="same">(a paragraph break moved)</p>'
    yield "</section>"


def _render_sentence(sentence: SentenceChange, language: str) -> str:
    if sentence.operation == "equal":
        text = _safe(sentence.before)
        return _render_row(("same", text), ("same twin", text), language)
    if sentence.operation == "delete":
        return _render_row(("old", f"<del>{_safe(sentence.before)}</del>"), None, language)
    if sentence.operation == "insert":
        return _render_row(None, ("new", f"<ins>{_safe(sentence.after)}</ins>"), language)
    before = "".join(
        f"<del>{_safe(piece.text)}</del>" if piece.operation == "delete" else _safe(piece.text)
        for piece in sentence.pieces
        if piece.operation != "insert"
    )
    after = "".join(
        f"<ins>{_safe(piece.text)}</ins>" if piece.operation == "insert" else _safe(piece.text)
        for piece in sentence.pieces
        if piece.operation != "delete"
    )
    return _render_row(("old", before), ("new", after), language)


def _render_row(left: tuple[str, str] | None, right: tuple[str, str] | None, language: str) -> str:
    cells = [
        f'<p class="{side[0]}" lang="{language}">{side[1]}</p>' if side else '<p class="twin"></p>'
        for side in (left, right)
    ]
    return f'<div class="row">{"".join(cells)}</div>'


def _safe(value: object) -> str:
    return escape(spell_out(str(value)), quote=True)
