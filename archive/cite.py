"""How to cite one version of a report, and prove it: BibTeX, CSL-JSON, RIS, or a sentence."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit

from archive.errors import UsageError
from archive.printable import spell_out

if TYPE_CHECKING:
    from collections.abc import Mapping

Form = Literal["text", "bibtex", "csl", "ris"]

#: the English title stands in quotation marks in the English text: … latest "A Title" released by …
_ENGLISH_TITLE = re.compile(
    r'["“]([^"“”\n]{3,300})["”],?\s+(?:which (?:was|is) )?(?:newly |recently |jointly )?'
    r"(?:released|published|issued) by\b"
)
#: what an address may hold unescaped, so that no reader has to escape it
_IN_ADDRESS = "%/:?#[]@!$&'()*+,;=-._~"
_TEX = {sign: f"\\{sign}" for sign in "%&#_$"} | {
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    # commands and not \{ and \}: BibTeX counts braces, escaped ones too
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
}


@dataclass(frozen=True, slots=True)
class Citation:
    """What is cited of a version, whatever the form; every text is one line."""

    name: str  #: letters, digits, dots and hyphens
    key: str
    version: int
    title: str
    english_title: str | None  #: as the English text quotes it
    publisher: str
    published_on: str | None  #: None: unknown, which is never guessed from the title
    report_url: str  #: the report at its publisher; "" where the listing links to none
    url: str  #: this version: its page in a served archive, else the archived page of the listing
    capture_url: str
    observed_at: str
    accessed_at: str  #: when the archived page was fetched
    sha256: str
    location: str  #: of the capture in the archive

    @property
    def proof(self) -> str:
        """One line that says what exactly was cited, and how to check it."""
        report = f" Report: {self.report_url} ." if self.report_url else ""
        return (
            f"Version {self.version} of {self.key}, observed {self.observed_at}.{report} Archived page: "
            f"{self.capture_url} , fetched {self.accessed_at}, SHA-256 {self.sha256}, {self.location}."
        )

    @property
    def note(self) -> str:
        return f"English title: {self.english_title}. {self.proof}" if self.english_title else self.proof


def cite(record: Mapping[str, Any], form: Form, *, base_url: str | None = None) -> str:
    """The citation of a record, without a line end behind it. ``base_url``: of a served archive. Raises UsageError."""
    citation = collect(record, base_url=base_url)
    return {"text": _write_text, "bibtex": _write_bibtex, "csl": _write_csl, "ris": _write_ris}[form](citation)


def collect(record: Mapping[str, Any], *, base_url: str | None = None) -> Citation:
    """The facts of a citation. Raises UsageError."""
    capture, key, version = record["capture"], record["key"], record["version"]
    page = link_version(base_url, key, version) if base_url is not None else capture["url"]
    return Citation(
        name=f"{re.sub('[^A-Za-z0-9.]+', '-', key).strip('-')}-v{version}",
        key=_line(key),
        version=version,
        title=_line(record["title"]),
        english_title=find_english_title(record["summary_en"]),
        publisher=_line(record["series"] or urlsplit(record["url"] or capture["url"]).hostname or key),
        published_on=record["published_on"],
        report_url=_encode(record["url"]),
        url=_encode(page),
        capture_url=_encode(capture["url"]),
        observed_at=record["observed_at"],
        accessed_at=capture["fetched_at"],
        sha256=capture["sha256"],
        location=f"{_line(capture['warc_file'])} at byte {capture['warc_offset']}",
    )


def link_version(base_url: str, key: str, version: int) -> str:
    """The page of a version in an archive that is served there. Raises UsageError."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:  # an address of IPv6 without its bracket
        usable = False
    if not usable or not base_url.isprintable() or " " in base_url:
        raise UsageError(
            f"{spell_out(base_url)!r} is no address of a web page: give --base-url as in https://archive.example.org."
        )
    return f"{base_url.rstrip('/')}/r/{quote(key, safe=':')}/v/{version}"


def find_english_title(summary_en: str) -> str | None:
    """The first title that the English text quotes as released; None where it quotes none."""
    match = _ENGLISH_TITLE.search(summary_en)
    return _line(match[1]) if match else None


def _line(text: str) -> str:
    return spell_out(" ".join(text.split()))


def _encode(url: str) -> str:
    return quote(url, safe=_IN_ADDRESS)


def _write_text(citation: Citation) -> str:
    english = f" [{citation.english_title}]" if citation.english_title else ""
    return (
        f"{citation.publisher} ({citation.published_on or 'n.d.'}). {citation.title}{english}. {citation.url} "
        f"(accessed {citation.accessed_at}). {citation.proof}"
    )


def _write_bibtex(citation: Citation) -> str:
    year, month = citation.published_on.split("-")[:2] if citation.published_on else ("n.d.", "")
    fields = {
        "title": f"{{{_escape_tex(citation.title)}}}",
        "titleaddon": citation.english_title and f"{{{_escape_tex(citation.english_title)}}}",
        "author": f"{{{_escape_tex(citation.publisher)}}}",
        "institution": f"{{{_escape_tex(citation.publisher)}}}",
        "year": year,
        "month": month and str(int(month)),
        "date": citation.published_on,
        "version": str(citation.version),
        # an address stands verbatim: it is encoded so that it needs no escaping
        "url": citation.url,
        "urldate": citation.accessed_at[:10],
        "note": _escape_tex(citation.note),
        "sha256": citation.sha256,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@techreport{{{citation.name},", *lines, "}"])


def _escape_tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)


def _write_csl(citation: Citation) -> str:
    series, bar, short = citation.title.replace("｜", "|").partition("|")
    item = {
        "id": citation.name,
        "type": "report",
        "title": citation.title,
        "title-short": short.strip() if bar and series.strip() == citation.publisher else None,
        "author": [{"literal": citation.publisher}],
        "publisher": citation.publisher,
        "issued": citation.published_on and _split_date(citation.published_on),
        "accessed": _split_date(citation.accessed_at),
        "URL": citation.url,
        "version": str(citation.version),
        "archive_location": citation.location,
        "note": citation.note,
    }
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=2)


def _split_date(moment: str) -> dict[str, list[list[int]]]:
    return {"date-parts": [[int(part) for part in moment[:10].split("-")]]}


def _write_ris(citation: Citation) -> str:
    fields = (
        ("TY", "RPRT"),
        ("ID", citation.name),
        ("TI", citation.title),
        ("TT", citation.english_title),
        ("AU", citation.publisher),
        ("PB", citation.publisher),
        ("PY", citation.published_on and citation.published_on[:4]),
        ("DA", citation.published_on and citation.published_on.replace("-", "/")),
        ("ET", f"version {citation.version}"),
        ("Y2", citation.accessed_at[:10].replace("-", "/")),
        ("UR", citation.url),
        ("AV", citation.location),
        ("N1", citation.proof),
    )
    return "\r\n".join([*(f"{tag}  - {value}" for tag, value in fields if value), "ER  - "])
