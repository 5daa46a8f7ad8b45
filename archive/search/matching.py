"""A query's tree as SQLite's full-text index takes it, and temporary tables beside that index."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from typing import TYPE_CHECKING

from archive.search.characters import PAUSE, POINT
from archive.search.segment import pause_behind, segment
from archive.search.terms import Every, Phrase, Some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from archive.search.terms import Node
    from archive.sqlite import sqlite3

TOKENIZER = "porter unicode61 remove_diacritics 2"  #: of version_index: what is found there must be found here
WORDS = 200  #: that one beginning may stand for; the commonest
#: of English words, and ends of them, that a stem may lack; a word that is none is not in the index
ENDINGS = (
    "",
    *(  # noqa: SIM905 - fifty words are read as words
        "s es ed ing y ies e ly al ally er ers or ors ion ions ation ations ational ment ments ness ity ities "
        "ty ties ance ence able ible ive ous ful ic ical ism ist ize ise izer iser ization isation"
    ).split(),
)
_SEPARATOR_AT_END = re.compile(f"[0-9][,{POINT}]$")
RANK = "bm25(1.0, 1.0, 10.0)"


@contextlib.contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All reading inside sees one state of the archive, and no temporary table outlives it."""
    connection.execute("SAVEPOINT search")
    try:
        yield
    finally:
        connection.execute("ROLLBACK TO search")
        connection.execute("RELEASE search")


def write_expression(node: Node, fields: Iterable[str], expand: Callable[[str], Iterable[str]]) -> str:
    """The MATCH expression; ``fields`` limits the phrases that name none, ``expand`` gives the words of a beginning."""
    if isinstance(node, Phrase):
        return _write_phrase(node, (node.field,) if node.field else tuple(fields), expand)
    joint = " OR " if isinstance(node, Some) else " AND "
    expression = joint.join(_bracket(write_expression(part, fields, expand)) for part in node.parts)
    if isinstance(node, Every) and node.without:
        without = " OR ".join(_bracket(write_expression(part, fields, expand)) for part in node.without)
        return f"({expression}) NOT ({without})"
    return expression


def _bracket(expression: str) -> str:
    return f"({expression})"


def _write_phrase(phrase: Phrase, fields: tuple[str, ...], expand: Callable[[str], Iterable[str]]) -> str:
    choices = dict.fromkeys(_quote(segment(spelling)) for spelling in phrase.spellings)
    if phrase.prefix:
        for spelling in phrase.spellings:
            before, last = _part_last_word(spelling)
            choices |= dict.fromkeys(_quote(ended) for ended in _end_phrase(before, last, expand))
    expression = " OR ".join(choices)
    return f"{{{' '.join(fields)}}} : ({expression})" if fields else expression


def _end_phrase(before: str, beginning: str, expand: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """Segmented, with each word that begins so; 12* begins 12.5 too, whose first token has a pause behind it."""
    for word in expand(beginning):
        whole = word.rstrip(PAUSE)
        yield segment(before + whole) + PAUSE * (len(word) - len(whole))
    if _SEPARATOR_AT_END.search(before):
        pause = pause_behind(before[-1])
        for word in expand(pause + beginning):
            whole = word.strip(PAUSE)
            ended = segment(before + whole)
            if ended.endswith(pause + whole):  # else another separator's, or a date
                yield ended + PAUSE * word.endswith(PAUSE)


def _quote(text: str) -> str:
    return '"' + text.replace('"', " ") + '"'


def _part_last_word(text: str) -> tuple[str, str]:
    start = len(text)
    while start and text[start - 1].isalnum() and ord(text[start - 1]) < 0x1100:  # noqa: PLR2004 - Latin, Greek, Cyrillic
        start -= 1
    return text[:start], text[start:]


def vocabulary(connection: sqlite3.Connection, index: str) -> Callable[[str], list[str]]:
    """Finds the stems of an index that begin so, the commonest first, up to :data:`WORDS`."""
    schema, name = index.split(".")
    connection.execute(f"CREATE VIRTUAL TABLE temp.vocabulary_of_{name} USING fts5vocab('{schema}', '{name}', 'row')")

    def look_up(beginning: str) -> list[str]:
        first = "".join(char for char in unicodedata.normalize("NFD", beginning.lower()) if char.isalnum())
        rows = connection.execute(
            f"SELECT term FROM temp.vocabulary_of_{name} WHERE term >= ? AND term < ? ORDER BY doc DESC, term LIMIT ?",
            (first, first + "\U0010ffff", WORDS),
        )
        return [row[0] for row in rows]

    return look_up


def complete_stems(beginning: str, stems: Iterable[str]) -> list[str]:
    """Words that begin so and have these stems, for MATCH, which stems them again."""
    # the stem of "organise" is "organis", and the stem of that another one
    words = [word for stem in stems for word in ((stem, stem + "e") if stem.endswith("s") else (stem,))]
    # the stem of "university" is "univers", which does not begin with "universi"
    return words + [beginning + ending for ending in ENDINGS]


def fill_index(connection: sqlite3.Connection, name: str, rows: Iterable[tuple[int, str, str, str]]) -> None:
    """Make a temporary index like version_index, of these versions alone."""
    connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
    connection.execute(f"CREATE VIRTUAL TABLE temp.{name} USING fts5(zh, en, title, tokenize='{TOKENIZER}')")
    connection.execute(f"INSERT INTO temp.{name} ({name}, rank) VALUES ('rank', '{RANK}')")
    connection.executemany(
        f"INSERT INTO temp.{name} (rowid, zh, en, title) VALUES (?, ?, ?, ?)",
        ((row[0], *map(segment, row[1:])) for row in rows),
    )
