"""What a feed reader shows below a title: both summaries, of a change the difference, and where the proof lies."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from archive.alerts.wording import FIELDS, tell_facts
from archive.feeds.characters import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.alerts.model import Announcement
    from archive.diff import FieldChange, SentenceChange

CHINESE = "zh-Hans"
_LANGUAGES = {"title": CHINESE, "brands": CHINESE, "summary_zh": CHINESE, "summary_en": "en", "published_on": "zxx"}
_TAGS = {"delete": "del", "insert": "ins"}


def render_content(announcement: Announcement, report_url: str | None, archived_url: str | None) -> str:
    """HTML without script or style; everything out of the archive is escaped."""
    record = announcement.record
    lines = [*_tell(announcement)]
    if announcement.before is not None:
        lines += _render_difference(announcement)
        if record["summary_zh"] or record["summary_en"]:
            lines.append(f"<h4>Whole text of version {record['version']} / 第 {record['version']} 版全文</h4>")
    for field, language in (("summary_zh", CHINESE), ("summary_en", "en")):
        paragraphs = "".join(f"<p>{_safe(each)}</p>" for each in record[field].split("\n") if each)
        if paragraphs:
            lines.append(f'<div lang="{language}">{paragraphs}</div>')
    facts = [f"{_safe(announcement.event.key)}, version {record['version']}, {_safe(record['observed_at'])}"]
    if report_url:
        facts.append(f'<a href="{_safe(report_url)}">Report / 报告</a>')
    if archived_url:
        facts.append(f'<a href="{_safe(archived_url)}">Archived / 存档</a>')
    return "\n".join([*lines, f"<p><small>{' · '.join(facts)}</small></p>"])


def _tell(announcement: Announcement) -> Iterator[str]:
    """What is to be known before the texts are read; nothing of a new report."""
    facts = tell_facts(announcement)
    if announcement.event.kind == "withdrawn":
        facts.append(("This is its last version.", "以下为其最后版本。"))
    for english, chinese in facts:
        yield f'<p lang="en">{_safe(english)}</p>'
        yield f'<p lang="{CHINESE}">{_safe(chinese)}</p>'


def _render_difference(announcement: Announcement) -> Iterator[str]:
    from archive.diff import diff_records  # noqa: PLC0415 - only a change pays for it

    assert announcement.before is not None
    for change in diff_records(announcement.before, announcement.record):
        yield from _render_field(change)


def _render_field(change: FieldChange) -> Iterator[str]:
    from archive.alerts.telling import MOVED, moves_break, pick_sentences  # noqa: PLC0415 - as above

    language = _LANGUAGES[change.field]
    yield f"<h4>{' / '.join(FIELDS[change.field])}</h4>"
    for sentence in pick_sentences(change):
        if moves_break(sentence):
            yield f"<p>({' / '.join(MOVED)})</p>"
        else:
            yield f'<p lang="{language}">{_render_sentence(sentence)}</p>'


def _render_sentence(sentence: SentenceChange) -> str:
    if sentence.operation == "delete":
        return f"<del>{_safe(sentence.before)}</del>"
    if sentence.operation == "insert":
        return f"<ins>{_safe(sentence.after)}</ins>"
    return "".join(
        f"<{_TAGS[piece.operation]}>{_safe(piece.text)}</{_TAGS[piece.operation]}>"
        if piece.operation in _TAGS
        else _safe(piece.text)
        for piece in sentence.pieces
    )


def _safe(text: object) -> str:
    return escape(clean(str(text)), quote=True)
