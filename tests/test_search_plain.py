"""Chinese phrases marked without the index are marked as the index marks them."""

from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from archive.search.matching import fill_index, write_expression
from archive.search.passages import BEGIN, END, find_spans
from archive.search.plain import read_plain_phrases
from archive.search.terms import parse
from archive.sqlite import sqlite3

TEXTS = st.text(alphabet="支付市场 、。A1\n", max_size=60)
PHRASES = st.lists(st.text(alphabet="支付市场", min_size=1, max_size=3), min_size=1, max_size=2)


def characters(spans):
    return {place for start, end in spans for place in range(start, end)}


@given(TEXTS, PHRASES)
def test_as_the_index_marks_them(text, phrases):
    expression = write_expression(parse(" OR ".join(phrases)).root, (), lambda _: [])
    with closing(sqlite3.connect(":memory:")) as connection:
        fill_index(connection, "shown", [(1, text, "", "")])
        row = connection.execute(
            f"SELECT highlight(shown, 0, '{BEGIN}', '{END}') FROM shown WHERE shown MATCH ?", (expression,)
        ).fetchone()
    found = read_plain_phrases(expression).find(text)
    expected = find_spans(text, row[0]) if row else ()
    blanks = {place for place, char in enumerate(text) if char == " "}
    assert characters(found) - blanks == characters(expected) - blanks


def test_words_of_letters_and_fields_are_left_to_the_index():
    for typed in ("AI客服", "coffee", "title:支付", "支、付"):
        assert read_plain_phrases(write_expression(parse(typed).root, (), lambda _: [])) is None
