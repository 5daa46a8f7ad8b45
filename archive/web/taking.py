"""What a visitor takes away: the record, the citation, the archived bytes; always as a file, never as a live page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from archive.captures import load_exchange
from archive.cite import cite
from archive.export import dump_json
from archive.web.answers import Document
from archive.web.mementos import describe_capture, describe_memento, find_original, load_version

if TYPE_CHECKING:
    from archive.cite import Form
    from archive.sqlite import sqlite3
    from archive.web.answers import Ask

#: form → the ending of its file, its type
FORMS = {
    "text": ("txt", "text/plain; charset=utf-8"),
    "bibtex": ("bib", "application/x-bibtex; charset=utf-8"),
    "csl": ("json", "application/vnd.citationstyles.csl+json"),
    "ris": ("ris", "application/x-research-info-systems; charset=utf-8"),
}


def compose_record(connection: sqlite3.Connection, ask: Ask) -> Document:
    record, versions, row = load_version(connection, ask)
    headers = describe_memento(ask, record["key"], find_original(record["url"], versions), versions, row["seq"])
    headers |= _name(record["key"], row["seq"], "json")
    return Document(dump_json(record) + "\n", "application/json; charset=utf-8", headers)


def compose_citation(connection: sqlite3.Connection, ask: Ask) -> Document:
    record, _, row = load_version(connection, ask)
    form = cast("Form", ask.path["form"])  # the route knows no other
    ending, content_type = FORMS[form]
    text = cite(record, form, base_url=ask.base_url)
    return Document(text.rstrip("\n") + "\n", content_type, _name(record["key"], row["seq"], ending))


def compose_capture(connection: sqlite3.Connection, ask: Ask) -> Document:
    """The archived payload, byte for byte: its SHA-256 is the record's. A browser saves it and runs nothing of it."""
    record, _, row = load_version(connection, ask)
    (capture_id,) = connection.execute(
        "SELECT id FROM captures WHERE warc_file = ? AND warc_offset = ?", (row["warc_file"], row["warc_offset"])
    ).fetchone()
    archived = load_exchange(connection, ask.data.root, capture_id)
    headers = describe_capture(row) | _name(record["key"], row["seq"], "txt")
    return Document(archived.payload, "text/plain", headers)


def _name(key: str, version: int, ending: str) -> dict[str, str]:
    """A file name that no system misreads."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", key).strip(".-") or "report"
    return {"Content-Disposition": f'attachment; filename="{stem}-v{version}.{ending}"'}
