"""The data dictionary: what every column that people see means, written down once for files, packages and pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

#: ``decimal``: exact, as text; ``time``: YYYY-MM-DDTHH:MM:SSZ, always UTC; ``list``: of texts
Kind = Literal["text", "integer", "number", "decimal", "boolean", "date", "time", "list"]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    description: str
    empty: bool = False  #: it may be null, or ""
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    quoted: bool = False  #: the publisher's own words, on which nobody but the publisher can give a licence


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: tuple[tuple[tuple[str, ...], str], ...] = ()  #: columns, and the table in which they are the key

    @property
    def quotes(self) -> bool:
        return any(column.quoted for column in self.columns)


_SHA256 = "[0-9a-f]{64}"
#: a name has one meaning everywhere, but for the tables that stand before it with a dot
_COLUMNS = {
    column.name: column
    for column in (
        Column("key", "text", "Key of the report: host and id of its detail link, or title: and 16 hex digits."),
        Column(
            "url",
            "text",
            "Address of the report at its publisher, the latest one known, as of an earlier night too; empty where "
            "the listing links to none.",
            empty=True,
        ),
        Column(
            "state",
            "text",
            "listed; missing: absent from one complete walk; withdrawn: absent from two of "
            "every listing that ever held it.",
            allowed=("listed", "missing", "withdrawn"),
        ),
        Column(
            "title", "text", "Title as shown, prefix included; blanks are trimmed and folded.", quoted=True, empty=True
        ),
        Column(
            "series",
            "text",
            "Publisher's series: what stands before the first bar of the title.",
            quoted=True,
            empty=True,
        ),
        Column(
            "brands",
            "list",
            "Brands and companies that the report names as its subjects, as listed.",
            quoted=True,
            empty=True,
        ),
        Column(
            "summary_zh",
            "text",
            "Chinese summary; one paragraph a line; empty where there is none.",
            quoted=True,
            empty=True,
        ),
        Column(
            "summary_en",
            "text",
            "English summary; one paragraph a line; empty where there is none.",
            quoted=True,
            empty=True,
        ),
        Column(
            "published_on", "date", "Date of publication that the listing shows; empty where it shows none.", empty=True
        ),
        Column("version", "integer", "Number of the version of the report, from 1; it never changes its meaning."),
        Column("first_seen_at", "time", "When the report was seen for the first time."),
        Column("last_seen_at", "time", "When the report was seen for the last time."),
        Column("observed_at", "time", "When the site showed this version for the first time."),
        Column("listings", "list", "Every listing that ever held the report."),
        Column("capture_url", "text", "Address of the archived page from which the version was read."),
        Column("capture_fetched_at", "time", "When that page was fetched."),
        Column("capture_at", "time", "When that page was fetched."),
        Column("capture_sha256", "text", "SHA-256 of that page's bytes as they were sent.", pattern=_SHA256),
        Column("warc_file", "text", "WARC file of the archive that holds the page."),
        Column("warc_offset", "integer", "Byte at which its record begins in that file."),
        Column("parser", "integer", "Version of the parser that read it."),
        Column(
            "cause",
            "text",
            "first: the first reading of the report; site: the site changed it; parser: a better "
            "reading of the same page, never an edit.",
            allowed=("first", "site", "parser"),
        ),
        Column("previous", "integer", "Version it was compared with, or corrects; empty for the first.", empty=True),
        Column("run", "integer", "Run (night) of the archive."),
        Column("recorded_at", "time", "When the archive read it so."),
        Column("current", "boolean", "Is this version the report's current reading?"),
        Column("id", "integer", "Number of the event: a reader's cursor."),
        Column("at", "time", "When the event was observed."),
        Column(
            "kind",
            "text",
            "appeared, changed (by the site), cosmetic (no word or figure differs), corrected (by a "
            "better parser), withdrawn, reappeared.",
            allowed=("appeared", "changed", "cosmetic", "corrected", "withdrawn", "reappeared"),
        ),
        Column("fields", "list", "Fields that changed, were corrected, or were tidied.", empty=True),
        Column(
            "alert",
            "text",
            "due: may be announced; quiet: no news (a first walk, a correction, a cosmetic edit, a text that goes "
            "back and forth, or dropped by a person); held: a person must look first.",
            allowed=("due", "quiet", "held"),
        ),
        Column("language", "text", "Summary in which the figure stands.", allowed=("zh", "en")),
        Column("raw", "text", "The figure as it stands in the summary.", quoted=True),
        Column("number", "decimal", "Its number without the scale, exact."),
        Column("scale", "decimal", "What the number is multiplied with: 100000000 for 亿, 1000000000 for billion."),
        Column("value", "decimal", "number × scale, exact."),
        Column("amount", "number", "The same as a floating-point number, to sort and plot by."),
        Column("unit", "text", "CNY, USD, … (ISO 4217), %, or a plural noun: persons, companies, …"),
        Column(
            "qualifier",
            "text",
            "Word that bounds it: over, under, nearly, about, at least, at most; else empty.",
            empty=True,
        ),
        Column("year", "integer", "Year it speaks of; empty where the text does not say.", empty=True),
        Column("forecast", "boolean", "Does the text present it as a forecast?"),
        Column(
            "role",
            "text",
            "What it is: a level, a share of a whole, a change, a threshold, a count or a ratio.",
            allowed=("level", "share", "change", "threshold", "count", "ratio"),
        ),
        Column("measure", "text", "Phrase that it measures.", quoted=True, empty=True),
        Column("start", "integer", "First character of the figure in the summary, from 0, in code points."),
        Column("end", "integer", "Character behind its last one."),
        Column(
            "disagreements.kind",
            "text",
            "What differs between the languages: value, scale (a power of ten), unit, "
            "year, forecast (fact or forecast), meaning (share or change, up or down), only_zh, only_en (missing in "
            "the other).",
            allowed=("value", "scale", "unit", "year", "forecast", "meaning", "only_zh", "only_en"),
        ),
        Column("grammar", "integer", "Version of the rules by which it was extracted."),
        Column(
            "zh_raw",
            "text",
            "The Chinese figure as it stands there; empty where there is none.",
            empty=True,
            quoted=True,
        ),
        Column(
            "en_raw",
            "text",
            "The English figure as it stands there; empty where there is none.",
            empty=True,
            quoted=True,
        ),
        Column("zh_snippet", "text", "The Chinese words round it.", quoted=True, empty=True),
        Column("en_snippet", "text", "The English words round it.", quoted=True, empty=True),
        Column("zh_start", "integer", "Start of the Chinese figure; empty where there is none.", empty=True),
        Column("en_start", "integer", "Start of the English figure; empty where there is none.", empty=True),
        Column("date", "date", "Date (UTC) of the night."),
        Column("listing", "text", "Listing: tag: and its name, or its address."),
        Column(
            "status",
            "text",
            "complete: walked to its proved end; partial: not to its end; rejected: looked broken, "
            "nothing of it counts; open: not settled yet; missed: nobody looked. Only on a complete night does "
            "absence say anything.",
            allowed=("complete", "partial", "rejected", "open", "missed"),
        ),
        Column("coverage.run", "integer", "The best run of that date; empty where there was none.", empty=True),
        Column("pages_seen", "integer", "Pages read; empty where nobody looked.", empty=True),
        Column(
            "pages_expected", "integer", "Pages that the listing announced; empty where it did not say.", empty=True
        ),
        Column("entries_seen", "integer", "Entries read; empty where nobody looked.", empty=True),
        Column("stopped", "text", "Why the walk did not reach its end; else empty.", empty=True),
        Column("field", "text", "Field that changed."),
        Column("before", "text", "What the field held before.", quoted=True, empty=True),
        Column("after", "text", "What it holds since.", quoted=True, empty=True),
        Column("valid_from", "time", "When the site showed it for the first time."),
        Column("valid_to", "time", "When the site showed something else; empty: it shows it still.", empty=True),
        Column("first_run_id", "integer", "First run that saw the report in the listing."),
        Column("last_run_id", "integer", "Last run that saw it there."),
    )
}


def _table(name: str, title: str, description: str, columns: str, *, key: str = "", references: str = "") -> Table:
    found = [
        replace(_COLUMNS.get(f"{name.removeprefix('report_')}.{column}") or _COLUMNS[column], name=column)
        for column in columns.split()
    ]
    pairs = [reference.split(" > ") for reference in references.split(", ") if reference]
    return Table(
        name,
        title,
        description,
        tuple(found),
        tuple(key.split()),
        tuple((tuple(names.split()), table) for names, table in pairs),
    )


_RECORD = (
    "key url state title series brands summary_zh summary_en published_on version first_seen_at last_seen_at "
    "observed_at listings capture_url capture_fetched_at capture_sha256 warc_file warc_offset parser"
)
_FIGURE = "raw value unit year forecast role measure qualifier amount number scale start end"
_DISAGREEMENT = "zh_snippet en_snippet zh_start en_start"
_COVERAGE = (
    "Each listing on each date between its first night and the last: tells 'not there' from 'not looked'.",
    "date listing status run pages_seen pages_expected entries_seen stopped",
)

#: what `baogao export` writes
EXPORTS = {
    table.name: table
    for table in (
        _table("reports", "Reports", "Every report in its current reading.", _RECORD, key="key"),
        _table(
            "versions",
            "Versions",
            "Every version of every report; state, listings, first_seen_at and last_seen_at are the report's.",
            f"{_RECORD} cause previous run recorded_at",
            key="key version",
            references="key > reports",
        ),
        _table(
            "events",
            "Events",
            "What happened, night by night. A report that was later found to be another one keeps its old key here.",
            "id run at kind key version fields title alert",
            key="id",
        ),
        _table(
            "figures",
            "Figures",
            "Amounts, percentages, counts and ratios as extracted from the summaries by a program: check them against "
            "raw and the text round it.",
            f"key version language {_FIGURE} grammar",
            key="key version language start",
            references="key version > versions",
        ),
        _table(
            "disagreements",
            "Disagreements",
            "Where the Chinese and the English summary of one version do not say the same, as found by a program.",
            f"key version title kind zh_raw en_raw {_DISAGREEMENT}",
            references="key version > versions",
        ),
        _table("coverage", "Coverage", *_COVERAGE, key="date listing"),
    )
}

#: the views of archive.db
VIEWS = {
    table.name: table
    for table in (
        _table(
            "reports",
            "Reports",
            "What a researcher opens first: every report in its current reading.",
            _RECORD.replace("capture_fetched_at", "capture_at").replace(" series", ""),
            key="key",
        ),
        _table(
            "history",
            "History",
            "What the site showed, and when, by our best reading; equal neighbours are folded.",
            "key version cause title brands summary_zh summary_en published_on valid_from valid_to recorded_at",
        ),
        _table(
            "changes",
            "Changes",
            "Field by field: what it was, what it became, and why.",
            "key version field cause observed_at recorded_at before after",
        ),
        _table(
            "item_listings",
            "Reports by listing",
            "Which listings hold or held a report.",
            "key listing first_run_id last_run_id",
        ),
        _table(
            "report_figures",
            EXPORTS["figures"].title,
            EXPORTS["figures"].description,
            f"key version current title language {_FIGURE} observed_at",
        ),
        _table(
            "report_disagreements",
            EXPORTS["disagreements"].title,
            EXPORTS["disagreements"].description,
            f"key version current title kind {_DISAGREEMENT} observed_at",
        ),
        _table("coverage", "Coverage", *_COVERAGE),
    )
}


def describe_columns(table: str) -> dict[str, str]:
    """Name and meaning of every column of a view of archive.db, in order; empty for a table that is none for people."""
    return {column.name: column.description for column in VIEWS[table].columns} if table in VIEWS else {}
