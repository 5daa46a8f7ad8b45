"""What a data package says of itself: ``datapackage.json`` and a README for people, both from the dictionary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.dictionary import EXPORTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.dictionary import Column, Table

SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
SOFTWARE = {
    "name": "MIT",
    "title": "Software: baogao, which made this package, is under the MIT licence; that says nothing about the data",
    "path": "https://opensource.org/license/mit",
}
METADATA = {
    "name": "CC0-1.0",
    "title": "Metadata: what the archive compiled (keys, times, states, digests, versions, figures as numbers, "
    "coverage) is dedicated to the public domain, unless whoever passes this package on says otherwise",
    "path": "https://creativecommons.org/publicdomain/zero/1.0/",
}
TEXT = {
    "name": "other-closed",
    "title": "Text: titles, summaries and what is quoted from them belong to their publisher, all rights reserved; "
    "they are quoted here for research, under no open licence",
}
SAFE = (
    "Safe for spreadsheets: a text that begins with = + - @ (full-width too), a tab or a line break, or with "
    "apostrophes before one of these, has one apostrophe more in front; take away that one, and it is the archived "
    "text again."
)
RAW = "Texts are exactly those of the archive: a spreadsheet may take one that begins with = + - or @ for a formula."
_OPENING = (
    "Report listings as archived night by night by baogao. Times are UTC. An empty cell means that there is nothing, "
    "or that nothing is known."
)
_KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]},
    "date": {"type": "date"},
    "time": {"type": "datetime"},
    "list": {"type": "string"},
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A file of the package, as it was written."""

    table: Table
    rows: int
    bytes: int
    sha256: str

    @property
    def path(self) -> str:
        return f"{self.table.name}.csv"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the whole package is of. ``run``: the last one that it knows."""

    run: int
    at: str | None  #: when that run had finished
    sources: tuple[tuple[str, str], ...]  #: listings and their addresses
    raw: bool  #: without the apostrophes


def describe_package(facts: Facts, resources: Sequence[Resource]) -> str:
    """The text of ``datapackage.json``."""
    descriptor: dict[str, Any] = {
        "$schema": SCHEMA,
        "name": "baogao-reports",
        "title": _name(facts),
        "description": f"Report listings as archived night by night, with every version. {_explain_cells(facts)}",
        "version": str(facts.run),
        **({"created": facts.at} if facts.at else {}),
        "keywords": ["reports", "web archive", "versions"],
        "licenses": [SOFTWARE, METADATA, TEXT],
        **({"sources": [{"title": title, "path": url} for title, url in facts.sources]} if facts.sources else {}),
        "resources": [_describe_resource(resource) for resource in resources],
    }
    return json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"


def _describe_resource(resource: Resource) -> dict[str, Any]:
    table = resource.table
    schema: dict[str, Any] = {"fields": [_describe_field(column) for column in table.columns], "missingValues": [""]}
    if table.key:
        schema["primaryKey"] = list(table.key)
    if table.references:
        schema["foreignKeys"] = [
            {"fields": list(names), "reference": {"resource": other, "fields": list(EXPORTS[other].key)}}
            for names, other in table.references
        ]
    return {
        "name": table.name,
        "type": "table",
        "title": table.title,
        "description": table.description,
        "path": resource.path,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": resource.bytes,
        "hash": f"sha256:{resource.sha256}",
        "licenses": [METADATA, TEXT] if table.quotes else [METADATA],
        # spelled out although these are the defaults: readers guess otherwise, and hostile cells mislead them
        "dialect": {
            "delimiter": ",",
            "lineTerminator": "\r\n",
            "quoteChar": '"',
            "doubleQuote": True,
            "skipInitialSpace": False,
            "header": True,
        },
        "schema": schema,
    }


def _describe_field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.empty else {"required": True}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    if column.pattern:
        constraints["pattern"] = column.pattern
    joined = " Several are joined by 、." if column.kind == "list" else ""
    return {
        "name": column.name,
        **_KINDS[column.kind],
        "description": column.description + joined,
        **({"constraints": constraints} if constraints else {}),
    }


def describe_for_people(facts: Facts, resources: Sequence[Resource]) -> str:
    """The text of ``README.md``: the data dictionary."""
    parts = [
        f"# {_name(facts)}",
        f"{_OPENING} {_explain_cells(facts)}",
        "Before you say that a report was not there, look into `coverage.csv`: only a complete night can tell.",
        "## Licences",
        "\n".join(f"- **{licence['name']}**. {licence['title']}." for licence in (SOFTWARE, METADATA, TEXT)),
        "Columns marked “quoted” hold the publisher's words.",
        "## Sources",
        "\n".join(f"- {_escape(title)}: {_escape(url)}" for title, url in facts.sources) or "None yet.",
    ]
    for resource in resources:
        parts += [f"## {resource.path}", *_describe_table(resource)]
    return "\n\n".join(parts) + "\n"


def _describe_table(resource: Resource) -> tuple[str, str, str]:
    table = resource.table
    rows = [
        f"| {column.name} | {column.kind}{', quoted' if column.quoted else ''} | {_escape(column.description)} |"
        for column in table.columns
    ]
    keys = f" Key: {', '.join(table.key)}." if table.key else ""
    return (
        f"{_escape(table.description)}{keys}",
        f"{resource.rows} rows, {resource.bytes} bytes, SHA-256 `{resource.sha256}`",
        "\n".join(["| column | kind | meaning |", "|---|---|---|", *rows]),
    )


def _name(facts: Facts) -> str:
    if not facts.run:
        return "Archived report listings before the first run"
    return f"Archived report listings as of run {facts.run}{f' ({facts.at})' if facts.at else ''}"


def _explain_cells(facts: Facts) -> str:
    return RAW if facts.raw else SAFE


def _escape(text: str) -> str:
    """Markdown that is text and nothing else."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|!~" else sign for sign in " ".join(text.split()))
