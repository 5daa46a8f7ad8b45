"""One event as a message for people tells it: heading, facts, what changed, texts and links, all safe to show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.alerts.cutting import cut, excerpt, find_amount, one_line, whole
from archive.alerts.wording import FIELDS, Words, name_moment, name_verdict, tell_facts, tell_kind, tell_meanwhile
from archive.diff import diff_records
from archive.significance import judge
from archive.web.links import difference_path, outward, report_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archive.alerts.model import Announcement, Notice
    from archive.diff import FieldChange, Piece, SentenceChange
    from archive.significance import FigureChange

_LANGUAGES = {"title": "zh", "brands": "zh", "summary_zh": "zh", "summary_en": "en", "published_on": "zxx"}
_CONTEXT = 40  #: characters of unchanged text kept on each side of a change
_WORD_END, _WORD_START = re.compile(r"[\w.,%]{0,30}", re.ASCII), re.compile(r"[\w.,%]{0,30}\Z", re.ASCII)
_ADDRESS = 300
_FIGURES = 12
MOVED: Words = ("a paragraph break moved", "段落划分有变")


@dataclass(frozen=True, slots=True)
class Room:
    """How much one event may take: all of it where it is alone, less the more there are."""

    zh: int
    en: int
    gone: int  #: of the last text of a withdrawn report
    sentences: int  #: that changed, of one field
    piece: int  #: characters that went or came in one place
    entire: bool = False


ALONE = Room(20_000, 40_000, 40_000, 60, 1_500, entire=True)
SCANTY = Room(0, 0, 0, 1, 100)
#: the more events there are, the further down this begins
_ROOMS = (
    (1, ALONE),
    (10, Room(200, 400, 4_000, 12, 1_000)),
    (25, Room(120, 240, 1_000, 6, 400)),
    (60, Room(60, 120, 240, 3, 200)),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a changed sentence: ``del``, ``ins``, or unchanged."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangedField:
    name: Words
    language: str
    sentences: tuple[tuple[Mark, ...], ...]
    more: int  #: changed sentences that are left out


@dataclass(frozen=True, slots=True)
class ChangedFigure:
    before: str
    after: str
    change: str


@dataclass(frozen=True, slots=True)
class Link:
    label: Words
    url: str


@dataclass(frozen=True, slots=True)
class Told:
    kind: str
    heading: Words
    title: str
    key: str
    version: int
    shown_at: str
    facts: tuple[Words, ...]
    verdict: Words | None
    figures: tuple[ChangedFigure, ...]
    more_figures: int
    fields: tuple[ChangedField, ...]
    texts: tuple[tuple[str, tuple[str, ...]], ...]  #: language and paragraphs
    links: tuple[Link, ...]
    address: str  #: of the report, where it may not be a link
    rules: str


def list_rooms(events: int) -> list[Room]:
    """From the widest that suits so many events to the narrowest."""
    return [*(room for most, room in _ROOMS if events <= most), SCANTY]


def tell(announcement: Announcement, notice: Notice, room: Room) -> Told:
    record, kind = announcement.record, announcement.event.kind
    verdict, figures, fields = _tell_change(announcement, room)
    url = outward(_well_formed(record["url"]))
    return Told(
        kind=kind,
        heading=tell_kind(announcement),
        title=one_line(record["title"]) if room.entire else cut(one_line(record["title"]), _ADDRESS),
        key=one_line(record["key"]),
        version=record["version"],
        shown_at=name_moment(record["observed_at"]),
        facts=(*tell_facts(announcement), *tell_meanwhile(announcement)),
        verdict=verdict,
        figures=tuple(map(_tell_figure, figures[:_FIGURES])),
        more_figures=max(0, len(figures) - _FIGURES),
        fields=fields,
        texts=() if kind == "changed" else tuple(_choose_texts(record, room, gone=kind == "withdrawn")),
        links=tuple(_link(announcement, notice.base_url, url)),
        address="" if url else cut(one_line(record["url"]), _ADDRESS),
        rules=", ".join(one_line(rule) for rule in announcement.rules or (notice.rule,)),
    )


def _tell_change(
    announcement: Announcement, room: Room
) -> tuple[Words | None, tuple[FigureChange, ...], tuple[ChangedField, ...]]:
    if announcement.before is None:
        return None, (), ()
    judgement = judge(announcement.before, announcement.record)
    changes = diff_records(announcement.before, announcement.record)
    return name_verdict(judgement), judgement.figures, tuple(_tell_field(change, room) for change in changes)


def _tell_figure(figure: FigureChange) -> ChangedFigure:
    before, after = (cut(one_line(side.raw), 60) if side else "" for side in (figure.before, figure.after))
    change = {"added": "added / 新增", "removed": "removed / 删去"}.get(figure.change, figure.change)
    return ChangedFigure(before, after, one_line(change))


def _tell_field(change: FieldChange, room: Room) -> ChangedField:
    changed = pick_sentences(change)
    shown = changed[: room.sentences]
    return ChangedField(
        FIELDS[change.field],
        _LANGUAGES[change.field],
        tuple(tuple(_mark_sentence(sentence, room.piece)) for sentence in shown),
        len(changed) - len(shown),
    )


def pick_sentences(change: FieldChange) -> Sequence[SentenceChange]:
    """Those with other words. A sentence takes its blanks along: they count where there is nothing else."""
    worded = [each for each in change.sentences if each.before.strip() != each.after.strip()]
    return worded or [each for each in change.sentences if moves_break(each)] or change.sentences


def moves_break(sentence: SentenceChange) -> bool:
    return not (sentence.before + sentence.after).strip()


def _mark_sentence(sentence: SentenceChange, limit: int) -> Iterable[Mark]:
    if moves_break(sentence):
        return [Mark("", f"({' / '.join(MOVED)})")]
    if sentence.operation == "delete":
        return [Mark("del", cut(one_line(sentence.before), limit))]
    if sentence.operation == "insert":
        return [Mark("ins", cut(one_line(sentence.after), limit))]
    last = len(sentence.pieces) - 1
    return [_mark_piece(piece, limit, first=n == 0, last=n == last) for n, piece in enumerate(sentence.pieces)]


def _mark_piece(piece: Piece, limit: int, *, first: bool, last: bool) -> Mark:
    tag = {"delete": "del", "insert": "ins"}.get(piece.operation, "")
    text = _flatten(piece.text)
    if tag:
        return Mark(tag, cut(text, limit))
    return Mark("", _shorten(text, first=first, last=last))


def _shorten(text: str, *, first: bool, last: bool) -> str:
    """Unchanged text far from any change is not what the reader came for; no word and no number is torn."""
    if len(text) <= 2 * _CONTEXT + 10:
        return text
    end = _WORD_END.match(text, _CONTEXT).end()  # type: ignore[union-attr]
    start = len(text) - _CONTEXT - len(_WORD_START.search(text[:-_CONTEXT])[0])  # type: ignore[index]
    end, start = find_amount(text, end)[1], find_amount(text, start)[0]
    if end >= start and not (first or last):
        return text
    return f"{'' if first else text[:end]} … {'' if last else text[start:]}"


def _flatten(text: str) -> str:
    """As one_line does, but blanks at the ends stay: the piece stands between others."""
    flat = one_line(text)
    return " " * text[:1].isspace() + flat + " " * (bool(flat) and text[-1:].isspace())


def _choose_texts(record: Mapping[str, Any], room: Room, *, gone: bool) -> Iterable[tuple[str, tuple[str, ...]]]:
    for language, limit in (("zh", room.zh), ("en", room.en)):
        text = record[f"summary_{language}"]
        if text and gone and room.gone:
            yield language, tuple(whole(text, room.gone).split("\n"))
        elif text and limit:
            yield language, tuple((whole if room.entire else excerpt)(text, limit).split("\n"))


def _link(announcement: Announcement, base_url: str | None, url: str | None) -> Iterable[Link]:
    if url:
        yield Link(("Publisher's page", "发布方页面"), url)
    if not base_url:
        return
    record, before = announcement.record, announcement.before
    if same := record.get("alias_of"):  # its own address shows that report by now
        if page := outward(base_url + report_path(_well_formed(same))):
            yield Link(("Known today as", "现归入"), page)
        return
    version = record["version"]
    if page := find_permalink(record, base_url):
        yield Link((f"Archived version {version}", f"存档第 {version} 版"), page)
    if before and (
        page := outward(base_url + difference_path(_well_formed(record["key"]), before["version"], version))
    ):
        yield Link(("Whole comparison", "完整对照"), page)


def find_permalink(record: Mapping[str, Any], base_url: str | None) -> str | None:
    """The address of this version on the archive's own page; None where there is none."""
    if not base_url or record.get("alias_of"):
        return None
    return outward(base_url + report_path(_well_formed(record["key"]), record["version"]))


def find_rest(notice: Notice) -> str | None:
    """Where all of the events can be read that a message is about."""
    if not notice.base_url:
        return None
    runs = {each.event.run for each in notice.announcements}
    return outward(f"{notice.base_url}/runs" + (f"/{runs.pop()}" if len(runs) == 1 else ""))


def _well_formed(text: str) -> str:
    """Without halves of pairs, which no address can hold."""
    return text.encode(errors="replace").decode()
