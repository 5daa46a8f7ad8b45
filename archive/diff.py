"""What changed between two versions: by field, by sentence, then by token; numbers and dates whole, both languages."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from archive.compare import FIELDS
from archive.sentences import chunk_tokens, split_sentences, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Operation = Literal["equal", "delete", "insert", "replace"]

#: sentences of a replaced block that are less alike than this (0 to 100) are a deletion and an insertion
ALIKE = 55
#: products of two lengths, the work of one comparison; ten million take about two milliseconds
_SMALL_BLOCK, _MUCH, _TOO_MUCH = 400, 100_000_000, 2_000_000_000
_WINDOW = 30  #: sentences ahead in which a partner is looked for, where a block is no small one

#: a number before a change, and what multiplies it: 12.5[-亿-]{+万+} would hide that the number changed
_NUMBER_AT_END = re.compile(r"[-−+]?\d+(?:[.,．]\d+)*\s?\Z")
_LONGEST_NUMBER = 40
_SCALE_AT_START = re.compile(r"\s?(?:[十百千万亿兆%％‰]|(?:thousand|million|billion|trillion)\b)")


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

    def align(self) -> list[SentenceChange]:
        """All of it, with what stayed."""
        return _align_field(self.field, self.before or "", self.after or "")


def diff_records(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields of two records that differ, each with its sentences; empty where none does."""
    changes = []
    for field in FIELDS:
        old, new = before[field], after[field]
        if field == "brands":
            old, new = "、".join(old), "、".join(new)
        if old != new:
            aligned = _align_field(field, old or "", new or "")
            changes.append(FieldChange(field, old, new, tuple(each for each in aligned if each.operation != "equal")))
    return changes


def _align_field(field: str, before: str, after: str) -> list[SentenceChange]:
    if field == "brands" and before and after:  # one line of names, however few of them stayed
        return [SentenceChange("replace", before, after, diff_tokens(before, after))]
    return align_text(before, after)


def align_text(before: str, after: str) -> list[SentenceChange]:
    """All sentences in order: those before, joined, are the one text, those after the other."""
    from rapidfuzz.distance import Indel  # noqa: PLC0415 - only a diff pays for it

    old, new = split_sentences(before), split_sentences(after)
    if len(old) * len(new) > _TOO_MUCH:
        old, new = [before], [after]
    changes: list[SentenceChange] = []
    gone: list[str] = []
    came: list[str] = []
    # the longest common subsequence: unlike difflib's it is found in a bounded time, however often a sentence returns
    for opcode in Indel.opcodes(old, new):
        if opcode.tag != "equal":
            gone += old[opcode.src_start : opcode.src_end]
            came += new[opcode.dest_start : opcode.dest_end]
            continue
        changes += _pair(gone, came)
        gone, came = [], []
        changes += [SentenceChange("equal", each, each, ()) for each in old[opcode.src_start : opcode.src_end]]
    return changes + _pair(gone, came)


def _pair(old: Sequence[str], new: Sequence[str]) -> list[SentenceChange]:
    """Pair the sentences of a replaced block that are alike, in order; the rest went or came."""
    changes: list[SentenceChange] = []
    done = [0, 0]
    for before, after in [*(_match(old, new) if old and new else ()), (len(old), len(new))]:
        changes += [SentenceChange("delete", each, "", ()) for each in old[done[0] : before]]
        changes += [SentenceChange("insert", "", each, ()) for each in new[done[1] : after]]
        if before < len(old):
            pieces = diff_tokens(old[before], new[after])
            changes.append(SentenceChange("replace", old[before], new[after], pieces))
        done = [before + 1, after + 1]
    return changes


def _match(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Indexes of partners, ascending on both sides."""
    alike = _choose_likeness(old, new)
    if len(old) * len(new) <= _SMALL_BLOCK:
        yield from _match_best([[alike(before, after) for after in range(len(new))] for before in range(len(old))])
        return
    start = 0
    for before in range(len(old)):
        scores = [(alike(before, after), -after) for after in range(start, min(start + _WINDOW, len(new)))]
        best, partner = max(scores, default=(0.0, 0))
        if best >= ALIKE:
            yield before, -partner
            start = 1 - partner


def _match_best(likeness: list[list[float]]) -> list[tuple[int, int]]:
    """The ascending pairs with the highest sum of likeness."""
    rows, columns = len(likeness), len(likeness[0])
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            here = likeness[row][column]
            paired = here + best[row + 1][column + 1] if here >= ALIKE else 0.0
            best[row][column] = max(paired, best[row + 1][column], best[row][column + 1])
    pairs, row, column = [], 0, 0
    while row < rows and column < columns:
        here = best[row][column]
        if here == best[row + 1][column]:
            row += 1
        elif here == best[row][column + 1]:
            column += 1
        else:
            pairs.append((row, column))
            row, column = row + 1, column + 1
    return pairs


def _choose_likeness(old: Sequence[str], new: Sequence[str]) -> Callable[[int, int], float]:
    """From 0 to 100, of two sentences by their indexes: by characters, or by chunks where that would take seconds."""
    from rapidfuzz import fuzz  # noqa: PLC0415

    longest = max(map(len, new))
    if sum(map(len, old)) * min(sum(map(len, new)), _WINDOW * longest) <= _MUCH:
        return lambda before, after: fuzz.ratio(old[before], new[after], score_cutoff=ALIKE)
    bags = [[Counter(chunk_tokens(tokenize(each))) for each in side] for side in (old, new)]

    def overlap(before: int, after: int) -> float:
        common = sum(len(chunk) * count for chunk, count in (bags[0][before] & bags[1][after]).items())
        return 200 * common / (len(old[before]) + len(new[after]))

    return overlap


def diff_tokens(before: str, after: str) -> tuple[Piece, ...]:
    """Words, Chinese characters, whole numbers and whole dates that stayed, went or came."""
    old, new = tokenize(before), tokenize(after)
    if len(old) * len(new) <= _MUCH:
        return _merge(list(_compare(old, new)))
    pieces: list[Piece] = []
    for piece_before, piece_after in _align_chunks(old, new):
        if piece_before == piece_after:
            pieces.append(Piece("equal", piece_before))
            continue
        inner = tokenize(piece_before), tokenize(piece_after)
        if len(inner[0]) * len(inner[1]) <= _MUCH:
            pieces += _compare(*inner)
        else:
            pieces += [Piece("delete", piece_before), Piece("insert", piece_after)]
    return _merge(pieces)


def _align_chunks(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    """Texts too long to be compared token by token, as pairs of equal and of different stretches."""
    from rapidfuzz.distance import Indel  # noqa: PLC0415

    chunks = chunk_tokens(old), chunk_tokens(new)
    if len(chunks[0]) * len(chunks[1]) > _TOO_MUCH:
        return [("".join(old), "".join(new))]
    pairs: list[tuple[str, str]] = []
    gone = came = ""
    for opcode in Indel.opcodes(*chunks):
        one = "".join(chunks[0][opcode.src_start : opcode.src_end])
        if opcode.tag != "equal":
            gone, came = gone + one, came + "".join(chunks[1][opcode.dest_start : opcode.dest_end])
            continue
        pairs += [(gone, came), (one, one)]
        gone = came = ""
    return [pair for pair in [*pairs, (gone, came)] if any(pair)]


def _compare(old: list[str], new: list[str]) -> Iterator[Piece]:
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415

    for opcode in Levenshtein.opcodes(old, new):
        gone = "".join(old[opcode.src_start : opcode.src_end])
        if opcode.tag == "equal":
            yield Piece("equal", gone)
            continue
        if gone:
            yield Piece("delete", gone)
        if came := "".join(new[opcode.dest_start : opcode.dest_end]):
            yield Piece("insert", came)


def _merge(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Hunks that only one character parts are one hunk to a reader; a number belongs to its scale that changed."""
    merged: list[Piece] = []
    gone = came = ""

    def flush() -> None:
        nonlocal gone, came
        if merged and merged[-1].operation == "equal" and (_SCALE_AT_START.match(gone) or _SCALE_AT_START.match(came)):
            number = _NUMBER_AT_END.search(merged[-1].text[-_LONGEST_NUMBER:])
            if number and len(number[0]) < _LONGEST_NUMBER:
                stayed = merged.pop().text.removesuffix(number[0])
                merged.extend([Piece("equal", stayed)] if stayed else [])
                gone, came = number[0] + gone, number[0] + came
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
