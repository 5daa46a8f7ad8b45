"""What Datasette calls: our routes, headers, templates and stylesheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasette as package
from datasette import handle_exception as theirs
from jinja2.ext import Extension
from markupsafe import Markup
from pluggy import HookimplMarker

from archive.web.answers import answer
from archive.web.headers import secure
from archive.web.links import difference_path, outward, report_path, with_query
from archive.web.mishaps import explain
from archive.web.routes import ROUTES

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request
    from jinja2 import Environment


_MENDED = (
    ("h3>", "h2>"),  # below an h1
    ('<dl class="column', '<details><summary>What the columns mean</summary><dl class="column'),  # the rows come first
    ("</dl>", "</dl></details>"),
    ('<select name="_filter_column', '<select aria-label="Column" name="_filter_column'),
    ('<select name="_filter_op', '<select aria-label="Comparison" name="_filter_op'),
    ('class="filter-value"', 'class="filter-value" aria-label="Value"'),
    ('id="sort_by"', 'id="sort_by" aria-label="Sort by"'),
    ('<textarea id="sql-editor"', '<textarea aria-label="SQL" id="sql-editor"'),
    ('<div class="table-wrapper">', '<div class="table-wrapper" tabindex="0" role="region" aria-label="Rows">'),
)
hookimpl = HookimplMarker("datasette")
NAME = "archive"  #: of the database, in addresses
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_THEIRS = str(Path(package.__file__).parent)
_INLINE = re.compile(r"<script\b.*?</script>|<style>.*?</style>| style=\"(?:\{\{.*?\}\}|[^\"{])*\"", re.DOTALL)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [(pattern, answer(compose)) for pattern, compose in ROUTES]


@hookimpl
def asgi_wrapper() -> Any:
    return secure


@hookimpl
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Any:
    return theirs.handle_exception(datasette, request, explain(request.path, exception))


@hookimpl
def prepare_jinja2_environment(env: Environment) -> None:
    env.add_extension(Mended)
    env.filters |= {
        "outward": outward,
        "day": show_day,
        "moment": show_moment,
        "is_day": is_day,
    }
    env.globals |= {"report_path": report_path, "difference_path": difference_path, "with_query": with_query}


@hookimpl
def canned_queries(datasette: Datasette, database: str) -> Any:
    """The recipes that read: whoever writes one into the archive has it here too."""

    async def load() -> dict[str, dict[str, str]]:
        if database != NAME:
            return {}
        recipes = await datasette.get_database(database).execute("SELECT name, title, sql FROM recipes ORDER BY name")
        return {
            recipe["name"]: {"title": recipe["title"], "sql": recipe["sql"]}
            for recipe in recipes
            if recipe["sql"].lstrip().upper().startswith(("SELECT", "WITH"))
        }

    return load


@hookimpl
def render_cell(value: object, column: str, table: str | None) -> Markup | None:
    """A report's key leads to its page."""
    if column == "key" and table != "listings" and isinstance(value, str) and ":" in value:
        return Markup('<a href="{}">{}</a>').format(report_path(value), value)
    return None


class Mended(Extension):
    """Datasette's own templates without script, which they can do without, and named for who hears them."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        if not filename or not filename.startswith(_THEIRS):
            return source
        source = _INLINE.sub("", source)
        for before, after in _MENDED:
            source = source.replace(before, after)
        return source


def show_day(moment: str | None) -> str:
    return (moment or "–")[:10]


def show_moment(moment: str | None) -> str:
    """To the minute; the exact one stands in the element's ``datetime``."""
    return f"{moment[:10]} {moment[11:16]} UTC" if moment else "–"


def is_day(text: str) -> bool:
    return bool(_DAY.fullmatch(text))
