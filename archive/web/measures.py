"""Figures over time: what the reports say of one measure, as a chart and as a table."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any

from archive.errors import UsageError
from archive.figures.plot import draw_series
from archive.figures.series import build_series
from archive.figures.words import parse_words
from archive.web.answers import Document, Page
from archive.web.links import with_query

if TYPE_CHECKING:
    from archive.figures.series import Series
    from archive.sqlite import sqlite3
    from archive.web.answers import Ask

NONE = "'none'"
_NAMES = ("q", "unit", "role", "as_of")


def compose_series(connection: sqlite3.Connection, ask: Ask) -> Page:
    asked = _asked(ask)
    context: dict[str, Any] = {"asked": asked, "series": None}
    if asked["q"] and not _has_words(asked["q"]):
        context["problem"] = "There is no word to search for: name what is measured, such as 市场规模 or market size."
    elif asked["q"]:
        series = _build(connection, asked)
        context |= {
            "series": series,
            "picture": with_query("/series.svg", **asked) if series.statements else None,
            "others": [
                (unit, role, count, with_query("/series", **asked | {"unit": unit, "role": role}))
                for unit, role, count in series.others
            ],
        }
    return Page("series.html", context, 400 if "problem" in context else 200)


def compose_picture(connection: sqlite3.Connection, ask: Ask) -> Document:
    picture = draw_series(_build(connection, _asked(ask)))
    return Document(picture, "image/svg+xml; charset=utf-8", {"Content-Security-Policy": _permit_styles(picture)})


def _permit_styles(picture: str) -> str:
    """A policy under which a browser that shows the picture alone applies its style sheets, and nothing else."""
    sheets = [style.encode() for style in re.findall(r"<style[^>]*>(.*?)</style>", picture, re.DOTALL)]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(sheet).digest()).decode()}'" for sheet in sheets]
    return f"default-src 'none'; style-src {' '.join(hashes) or NONE}; frame-ancestors 'none'"


def _asked(ask: Ask) -> dict[str, str]:
    return {name: ask.query.get(name, "").strip() for name in _NAMES}


def _has_words(query: str) -> bool:
    try:
        parse_words(query)
    except UsageError:
        return False
    return True


def _build(connection: sqlite3.Connection, asked: dict[str, str]) -> Series:
    return build_series(
        connection,
        asked["q"],
        as_of=asked["as_of"] or None,
        unit=asked["unit"] or None,
        role=asked["role"] or None,
    )
