"""What changed between two versions: by field, by sentence, then by token; numbers stay whole, both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal

from archive.compare import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Operation = Literal["equal", "delete", "insert", "replace"]

#: sentences of a replaced block that are less alike than this (0 to 100) are a deletion and an insertion
ALIKE = 55
_SENTENCE = re.compile(
    r"[^。！？；\n]*[。！？；]+[”’\"'」』）)]*"  # Chinese, with what closes behind the stop
    r"|\n|[^\n]+"
)
_ENGLISH_STOP = re.compile(r"(?<=[.!?;])[\"”’)]*\s+(?=[A-Z\"“(])|(?<=[a-z%)\"][.!?])(?=[A-Z]|iiMedia)")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*%?|[A-Za-z]+(?:['’-][A-Za-z]+)*|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of tokens that stayed, went or came."""

    operation: Operation
    text: str


@dataclass(frozen=True, slots=True)
class SentenceChange:
    operation: Operation
    before: str
    after: str
    pieces: tuple[Piece, ...]  #: of a replaced sentence


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: str | None
    after: str | None
    sentences: tuple[SentenceChange, ...]  #: only those that differ


def diff_records(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields of two records that differ, each with its sentences; empty where none does."""
    changes = []
    for field in FIELDS:
        old, new = before[field], after[field]
        if field == "brands":
            old, new = "、".join(old), "、".join(new)
        if old != new:
            changes.append(FieldChange(field, old, new, tuple(diff_text(old or "", new or ""))))
    return changes


def diff_text(before: str, after: str) -> list[SentenceChange]:
    """The sentences that differ, in order."""
    old, new = split_sentences(before), split_sentences(after)
    changes: list[SentenceChange] = []
    for operation, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation != "equal":
            changes += _pair(old[a:b], new[c:d])
    return changes


def split_sentences(text: str) -> list[str]:
    """Sentences of either language; joined they are the text again."""
    sentences = []
    for match in _SENTENCE.finditer(text):
        start, piece = 0, match[0]
        for stop in _ENGLISH_STOP.finditer(piece):
            sentences.append(piece[start : stop.end()])
            start = stop.end()
        sentences.append(piece[start:])
    return [sentence for sentence in sentences if sentence]


def _pair(old: Sequence[str], new: Sequence[str]) -> list[SentenceChange]:
    """Pair the sentences of a replaced block that are alike, in order; the rest went or came."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - only a diff pays for it

    changes: list[SentenceChange] = []
    start = 0
    for sentence in old:
        scores = [(fuzz.ratio(sentence, other), -index) for index, other in enumerate(new[start:], start)]
        best = max(scores, default=(0, 0))
        if best[0] < ALIKE:
            changes.append(SentenceChange("delete", sentence, "", ()))
            continue
        partner = -best[1]
        changes += [SentenceChange("insert", "", other, ()) for other in new[start:partner]]
        changes.append(SentenceChange("replace", sentence, new[partner], diff_tokens(sentence, new[partner])))
        start = partner + 1
    return changes + [SentenceChange("insert", "", other, ()) for other in new[start:]]


def diff_tokens(before: str, after: str) -> tuple[Piece, ...]:
    """Words, Chinese characters and whole numbers that stayed, went or came."""
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415

    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    pieces: list[Piece] = []
    for opcode in Levenshtein.opcodes(old, new):
        gone = "".join(old[opcode.src_start : opcode.src_end])
        came = "".join(new[opcode.dest_start : opcode.dest_end])
        if opcode.tag == "equal":
            pieces.append(Piece("equal", gone))
            continue
        if gone:
            pieces.append(Piece("delete", gone))
        if came:
            pieces.append(Piece("insert", came))
    return _merge(pieces)


def _merge(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Hunks that only one character parts are one hunk to a reader."""
    merged: list[Piece] = []
    gone = came = ""

    def flush() -> None:
        nonlocal gone, came
        merged.extend(Piece(op, text) for op, text in (("delete", gone), ("insert", came)) if text)  # type: ignore[arg-type]
        gone = came = ""

    for index, piece in enumerate(pieces):
        if piece.operation == "delete":
            gone += piece.text
        elif piece.operation == "insert":
            came += piece.text
        elif len(piece.text) <= 1 and (gone or came) and index + 1 < len(pieces):
            gone, came = gone + piece.text, came + piece.text
        else:
            flush()
            merged.append(piece)
    flush()
    return tuple(merged)


def to_json(changes: Sequence[FieldChange]) -> list[dict[str, Any]]:
    return [
        {
            "field": change.field,
            "before": change.before,
            "after": change.after,
            "sentences": [
                {
                    "operation": sentence.operation,
                    "before": sentence.before,
                    "after": sentence.after,
                    "tokens": [[piece.operation, piece.text] for piece in sentence.pieces],
                }
                for sentence in change.sentences
            ],
        }
        for change in changes
    ]
