"""What Datasette says of the tables: titles, columns, licences, which index searches what."""

from __future__ import annotations

from typing import Any

from archive.descriptor import METADATA, TEXT
from archive.dictionary import VIEWS, describe_columns

#: bookkeeping of the machinery, listed on demand only
_HIDDEN = ("_sqlite_migrations", "notes", "readings_of_figures", "item_aliases")


def describe_archive(database: str) -> dict[str, Any]:
    """Datasette's metadata."""
    tables: dict[str, dict[str, Any]] = {
        view.name: {"title": view.title, "description": view.description, "columns": describe_columns(view.name)}
        for view in VIEWS.values()
    }
    tables["item_versions"] = {
        "fts_table": "version_index",
        "fts_pk": "id",
        "description": "Every version of every report, never changed. Its search box takes words as the index holds "
        'them: English as typed, Chinese characters apart and in quotes ("支 付"). The query “search” and the search '
        "box of the first page take anything.",
    }
    tables["reports"] |= {"sortable_columns": ["key", "state", "title", "first_seen_at", "last_seen_at", "observed_at"]}
    tables |= {name: {"hidden": True} for name in _HIDDEN}
    return {
        "title": "baogao",
        "license": f"{METADATA['title']}. {TEXT['title']}",
        "databases": {database: {"title": "The tables of the archive", "tables": tables}},
    }
