"""Reading the archive: one report, all of them, their versions, the event feed and the runs, now or as of a night."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from archive.absences import load_absences
from archive.errors import UsageError
from archive.model import series_of
from archive.moments import find_beginning, read_moment
from archive.printable import spell_out
from archive.shown import find_last_capture
from archive.text import tidy
from archive.verdict import load_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.absences import Absences
    from archive.sqlite import sqlite3

_VERSION = (
    "v.id AS version_id, v.seq, v.previous_id, v.cause, v.title, v.brands, v.summary_zh, v.summary_en, v.published_on, "
    "v.parser, v.run_id, v.observed_at, v.recorded_at, c.url AS capture_url, c.fetched_at, c.digest, c.warc_file, "
    "c.warc_offset"
)


def resolve_as_of(connection: sqlite3.Connection, as_of: str | None) -> int | None:
    """The last run that was settled by then; ``as_of`` is a run, a date (its last second, UTC) or a UTC time.

    0 before the first. Raises UsageError.
    """
    if as_of is None:
        return None
    if as_of.isdecimal():
        row = connection.execute("SELECT id, outcome FROM runs WHERE CAST(id AS TEXT) = ?", (as_of,)).fetchone()
        if row is None:
            raise UsageError(f"There is no run {as_of}: `baogao runs` lists them.")
        if row[1] == "open":
            raise UsageError(f"Run {as_of} is not settled yet: name an earlier run, or ask again when it has ended.")
        return int(row[0])
    (last,) = connection.execute(
        "SELECT max(id) FROM runs WHERE finished_at <= ? AND outcome NOT IN ('open', 'rejected')",
        (read_moment(as_of),),
    ).fetchone()
    return int(last or 0)


def explain_as_of(connection: sqlite3.Connection, as_of: str | None) -> str | None:
    """What a reader should know of the point in time named; None where nothing is odd about it."""
    if as_of is None:
        return None
    if not as_of.isdecimal():
        begun = find_beginning(connection)
        told = f"the archive begins on {begun}: it knew nothing yet as of {as_of}."
        return told if begun and not resolve_as_of(connection, as_of) else None
    ((before, outcome),) = connection.execute(
        "SELECT (SELECT max(id) FROM runs WHERE id < r.id AND outcome <> 'rejected'), outcome FROM runs r WHERE id = ?",
        (resolve_as_of(connection, as_of),),
    )
    told = f"run {as_of} was rejected and published nothing: this is what run {before} left."
    return told if outcome == "rejected" else None


def find_item(connection: sqlite3.Connection, key: str) -> sqlite3.Row:
    """The item of a key or of an alias. Raises UsageError, naming near keys."""
    row = connection.execute(
        "SELECT * FROM items WHERE id = coalesce((SELECT item_id FROM item_aliases WHERE key = ?1), "
        "(SELECT id FROM items WHERE key = ?1))",
        (key,),
    ).fetchone()
    if row is None:
        near = connection.execute(
            "SELECT key FROM items WHERE key LIKE ? ESCAPE '\\' ORDER BY key LIMIT 3",
            ("%" + re.sub(r"([%_\\])", r"\\\1", _guess_key(key)) + "%",),
        ).fetchall()
        hint = f"did you mean {', '.join(row['key'] for row in near)}?" if near else "`baogao export` lists the keys."
        raise UsageError(f"There is no report {spell_out(key)}: {hint}")
    return row  # type: ignore[no-any-return]


def _guess_key(typed: str) -> str:
    """What was meant by the address of a report, or by a key between blanks."""
    from archive.pages.links import read_detail  # noqa: PLC0415 - only where a key is wrong

    detail = read_detail(typed.strip(), "")
    return detail.key if detail else typed.strip() or typed


def find_listing(connection: sqlite3.Connection, name: str) -> tuple[int, str]:
    """Id and key of a listing, by its key, its tag or its address. Raises UsageError, naming those that there are."""
    name = tidy(name)
    known = connection.execute("SELECT id, key, url FROM listings ORDER BY key").fetchall()
    for number, key, url in known:
        if name in {key, url, key.partition(":")[2]}:
            return number, key
    if "://" in name:
        from archive.config import make_listing  # noqa: PLC0415 - loads what reads configuration files

        address = make_listing(name, rank=0).key
        for number, key, _ in known:
            if key == address:
                return number, key
    keys = [key for _, key, _ in known[:10]] + (["…"] if len(known) > 10 else [])  # noqa: PLR2004 - a line's worth
    raise UsageError(f"There is no listing {name!r}: this archive has {', '.join(keys) or 'none yet'}.")


def load_record(
    connection: sqlite3.Connection, key: str, *, version: int | None = None, as_of: str | None = None
) -> dict[str, Any]:
    """One report as the contract words a record. Raises UsageError."""
    item = find_item(connection, key)
    run = resolve_as_of(connection, as_of)
    record = _record(connection, item, load_absences(connection, run) if run is not None else None)
    if record is None:
        raise UsageError(f"{key} was not in the archive as of {as_of}: {_say_since(connection, item, run)}")
    if version is not None:
        row = connection.execute(
            f"SELECT {_VERSION} FROM item_versions v JOIN captures c ON c.id = v.capture_id "
            "WHERE v.item_id = ? AND v.seq = ? AND (?3 IS NULL OR v.run_id <= ?3)",
            (item["id"], version, run),
        ).fetchone()
        if row is None:
            later = connection.execute(
                "SELECT recorded_at FROM item_versions WHERE item_id = ? AND seq = ?", (item["id"], version)
            ).fetchone()
            if later is not None:
                raise UsageError(f"{key} had no version {version} yet as of {as_of}: it is of {later['recorded_at']}.")
            raise UsageError(f"{key} has no version {version}: `baogao history {key}` lists them.")
        record |= _describe_version(row)
    return record


def load_own_record(connection: sqlite3.Connection, item_id: int, version_id: int) -> dict[str, Any]:
    """A version of an item as a record, also where its key has become an alias of another report since."""
    item = connection.execute("SELECT * FROM items WHERE id = ?", (item_id,)).fetchone()
    row = connection.execute(
        f"SELECT {_VERSION} FROM item_versions v JOIN captures c ON c.id = v.capture_id WHERE v.id = ?", (version_id,)
    ).fetchone()
    return _record_now(connection, item) | _describe_version(row)


def _say_since(connection: sqlite3.Connection, item: sqlite3.Row, run: int | None) -> str:
    begun = find_beginning(connection)
    return f"the archive begins on {begun}." if begun and not run else f"it was first seen at {item['first_seen_at']}."


def iterate_records(
    connection: sqlite3.Connection, *, versions: bool = False, as_of: str | None = None
) -> Iterator[dict[str, Any]]:
    """All reports in the order of their keys, each in its current reading or in all its versions."""
    run = resolve_as_of(connection, as_of)
    past = load_absences(connection, run) if run is not None else None
    for item in connection.execute("SELECT * FROM items WHERE key NOT IN (SELECT key FROM item_aliases) ORDER BY key"):
        record = _record(connection, item, past)
        if record is None:
            continue
        if not versions:
            yield record
            continue
        for row in list_versions(connection, item["id"], run):
            yield record | _describe_version(row)


def list_versions(connection: sqlite3.Connection, item_id: int, run: int | None = None) -> list[sqlite3.Row]:
    """The versions of an item as rows, in their order."""
    return connection.execute(
        f"SELECT {_VERSION} FROM item_versions v JOIN captures c ON c.id = v.capture_id "
        "WHERE v.item_id = ?1 AND (?2 IS NULL OR v.run_id <= ?2) ORDER BY v.seq",
        (item_id, run),
    ).fetchall()


def load_history(connection: sqlite3.Connection, key: str) -> list[dict[str, Any]]:
    """Every version of a report, with its cause, its two times and the fields it changed."""
    item = find_item(connection, key)
    versions = list_versions(connection, item["id"])
    numbers = {row["version_id"]: row["seq"] for row in versions}
    changed: dict[int, list[str]] = {}
    for version_id, field in connection.execute(
        "SELECT c.version_id, c.field FROM item_changes c JOIN item_versions v ON v.id = c.version_id "
        "WHERE v.item_id = ? ORDER BY c.version_id, c.field",
        (item["id"],),
    ):
        changed.setdefault(version_id, []).append(field)
    return [
        _describe_version(row)
        | {
            "key": item["key"],
            "cause": row["cause"],
            "previous": numbers.get(row["previous_id"]),
            "run": row["run_id"],
            "recorded_at": row["recorded_at"],
            "fields": changed.get(row["version_id"], []),
        }
        for row in versions
    ]


def load_pair(
    connection: sqlite3.Connection, key: str, before: int | None, after: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two versions to compare: as numbered, or the current reading and what it was compared with. Raises UsageError."""
    versions = load_history(connection, key)
    if (before is None) != (after is None):
        raise UsageError("Give two versions to compare, or none.")
    if after is None:
        after = load_record(connection, key)["version"]
        before = next(row["previous"] for row in versions if row["version"] == after)
        if before is None:
            since = versions[0]["observed_at"]  # punctuation may have: that is an event, and no version
            raise UsageError(f"{key} has one version only: no word and no figure has changed since {since}.")
    found = {row["version"]: row for row in versions}
    for number in (before, after):
        if number not in found:
            raise UsageError(f"{key} has no version {number}: `baogao history {key}` lists them.")
    return found[before], found[after]


def _record(connection: sqlite3.Connection, item: sqlite3.Row, past: Absences | None) -> dict[str, Any] | None:
    return _record_now(connection, item) if past is None else _record_as_of(connection, item, past)


def _record_now(connection: sqlite3.Connection, item: sqlite3.Row) -> dict[str, Any]:
    row = connection.execute(
        f"SELECT {_VERSION} FROM item_versions v JOIN captures c ON c.id = v.capture_id WHERE v.id = ?",
        (item["version_id"],),
    ).fetchone()
    listings = connection.execute(
        "SELECT l.key FROM memberships m JOIN listings l ON l.id = m.listing_id WHERE m.item_id = ? ORDER BY l.key",
        (item["id"],),
    )
    # items.last_seen_at is of the page that spoke for the report; of several listings a later one may have shown it
    (last_seen_at,) = connection.execute(
        "SELECT fetched_at FROM captures WHERE id = ?", (find_last_capture(connection, item["id"]),)
    ).fetchone()
    last_seen_at = max(last_seen_at, item["last_seen_at"])
    return _compose(item, row, item["state"], last_seen_at, [key for (key,) in listings])


def _record_as_of(connection: sqlite3.Connection, item: sqlite3.Row, past: Absences) -> dict[str, Any] | None:
    versions = list_versions(connection, item["id"], past.run)
    if not versions:
        return None
    seen = connection.execute(
        "SELECT l.id, l.key, max(c.run_id) AS last_run, max(c.fetched_at) AS last_seen FROM shown s "
        "JOIN captures c ON c.id = s.capture_id JOIN listings l ON l.id = c.listing_id "
        "WHERE s.item_id = ? AND c.run_id <= ? GROUP BY l.id ORDER BY l.key",
        (item["id"], past.run),
    ).fetchall()
    state = past.tell_state(item["id"], {row["id"]: row["last_run"] for row in seen})
    last_seen_at = max(row["last_seen"] for row in seen)
    return _compose(item, choose_reading(versions), state, last_seen_at, [row["key"] for row in seen])


def choose_reading(versions: list[sqlite3.Row]) -> sqlite3.Row:
    """Of one report's versions the one to believe: the latest correction of the latest observation."""
    corrections = {row["previous_id"]: row for row in versions if row["cause"] == "parser"}
    observations = [row for row in versions if row["cause"] != "parser"]
    reading = max(observations, key=lambda row: (row["observed_at"], row["version_id"]))
    while reading["version_id"] in corrections:
        reading = corrections[reading["version_id"]]
    return reading


def _compose(item: sqlite3.Row, row: sqlite3.Row, state: str, last_seen_at: str, listings: list[str]) -> dict[str, Any]:
    version = _describe_version(row)
    return {
        "key": item["key"],
        "url": item["url"],
        "state": state,
        **{name: version[name] for name in ("title", "series", "brands", "summary_zh", "summary_en", "published_on")},
        "version": version["version"],
        "first_seen_at": item["first_seen_at"],
        "last_seen_at": last_seen_at,
        "observed_at": version["observed_at"],
        "listings": listings,
        "capture": version["capture"],
    }


def _describe_version(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "title": row["title"],
        "series": series_of(row["title"]),
        "brands": json.loads(row["brands"]),
        "summary_zh": row["summary_zh"],
        "summary_en": row["summary_en"],
        "published_on": row["published_on"],
        "version": row["seq"],
        "observed_at": row["observed_at"],
        "capture": {
            "url": row["capture_url"],
            "fetched_at": row["fetched_at"],
            "sha256": row["digest"],
            "warc_file": row["warc_file"],
            "warc_offset": row["warc_offset"],
            "parser": row["parser"],
        },
    }


def iterate_changes(connection: sqlite3.Connection, since: int = 0) -> Iterator[dict[str, Any]]:
    """The event feed behind the cursor ``since``."""
    rows = connection.execute(
        "SELECT e.id, e.run_id, e.at, e.kind, i.key, v.seq, v.title, e.alert, e.fields "
        "FROM events e JOIN items i ON i.id = e.item_id JOIN item_versions v ON v.id = e.version_id "
        "WHERE e.id > ? ORDER BY e.id",
        (since,),
    )
    for row in rows:
        yield {
            "id": row["id"],
            "run": row["run_id"],
            "at": row["at"],
            "kind": row["kind"],
            "key": row["key"],
            "version": row["seq"],
            "fields": json.loads(row["fields"]),
            "title": row["title"],
            "alert": row["alert"],
        }


def list_runs(connection: sqlite3.Connection, run: int | None = None) -> list[dict[str, Any]]:
    """The run ledger, oldest first, or one run of it. Raises UsageError."""
    numbers = [
        row[0] for row in connection.execute("SELECT id FROM runs WHERE ?1 IS NULL OR id = ?1 ORDER BY id", (run,))
    ]
    if run is not None and not numbers:
        raise UsageError(f"There is no run {run}: `baogao runs` lists them.")
    return [load_verdict(connection, number).to_json() for number in numbers]
