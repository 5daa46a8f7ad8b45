"""Citations: parsed back by others' readers, whatever a title holds; provable, and never guessed."""

import json
import re

import bibtexparser
import pytest
from bibtexparser.bparser import BibTexParser
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.cite import cite, find_english_title
from archive.cli import baogao
from archive.text import tidy
from tests.nights import Nights

SHA = "0123456789abcdef" * 4
RECORD = {
    "key": "report.example.invalid:46641",
    "url": "http://report.example.invalid/repo13-0/46641.html",
    "state": "listed",
    "title": "虚构咨询 | 2025年中国虚构行业研究报告",
    "series": "虚构咨询",
    "brands": ["甲牌", "乙牌"],
    "summary_zh": "虚构的文字。",
    "summary_en": 'The latest "Invented Report | Research on an invented trade in 2025 " released by them.',
    "published_on": None,
    "version": 2,
    "first_seen_at": "2026-01-01T18:30:00Z",
    "last_seen_at": "2026-01-09T18:30:00Z",
    "observed_at": "2026-01-03T18:30:00Z",
    "listings": ["tag:虚构"],
    "capture": {
        "url": "http://report.example.invalid/tag/虚构?page=7",
        "fetched_at": "2026-01-03T18:30:00Z",
        "sha256": SHA,
        "warc_file": "warc/run-000003-01.warc.gz",
        "warc_offset": 12345,
        "parser": 1,
    },
}
#: what LaTeX prints for what we write, as its manual has it
PRINTED = {
    r"\textbackslash{}": "\\", r"\textbraceleft{}": "{", r"\textbraceright{}": "}", r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^", r"\%": "%", r"\&": "&", r"\#": "#", r"\_": "_", r"\$": "$",
}  # fmt: skip
TITLES = (
    "虚构 {一半的括号", "}} 反的 {{", r"反斜杠 \ 与 \{ 与 \end{document}", "100% & #1 _下划线_ $5 ~波浪^尖",
    '"引号" \'撇号\' `重音`', "@article{evil, title={x}}", "% 注释", "逗号, = 等号", "\\", "{", "}", "é 𠮷 😀 ＃",
    "ER  - 假的结尾", "一 \\textbackslash{} 二", "$$", "#x", "a\\%b", "虚构 \\\\ 两个",
)  # fmt: skip


def print_latex(text):
    """Commands printed, in one pass; nothing else in it may mean something to LaTeX."""
    command = re.compile("|".join(map(re.escape, PRINTED)))
    assert not re.search(r"[\\{}%&#_$~^]", command.sub("", text)), text
    return command.sub(lambda found: PRINTED[found[0]], text)


def parse_bibtex(text):
    with_all = BibTexParser(ignore_nonstandard_types=True, homogenize_fields=False, common_strings=False)
    (entry,) = bibtexparser.loads(text, with_all).entries
    return entry


def unbrace(value):
    assert (value[0], value[-1]) == ("{", "}")
    return value[1:-1]


hostile = st.one_of(
    st.sampled_from(TITLES),
    st.text(st.sampled_from("\\{}%&#_$~^\"'@,= \n虚构aé😀-"), min_size=1, max_size=30),
    st.text(min_size=1, max_size=60),
).map(tidy)


@settings(max_examples=300, deadline=None)
@given(title=hostile.filter(bool), english=hostile, publisher=hostile)
def test_bibtex_is_read_back_as_it_was(title, english, publisher):
    record = RECORD | {
        "title": title,
        "series": publisher or None,
        "summary_en": f'The latest "{english}" released by Invented Research.',
    }
    text = cite(record, "bibtex")
    depth = 0
    for sign in text:  # as BibTeX counts them
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    entry = parse_bibtex(text)
    assert entry["ENTRYTYPE"] == "techreport"
    assert entry["ID"] == "report.example.invalid-46641-v2"
    one_line = lambda value: " ".join(value.split())  # noqa: E731
    assert print_latex(unbrace(entry["title"])) == one_line(title)
    assert print_latex(unbrace(entry["author"])) == (one_line(publisher) or "report.example.invalid")
    quoted = find_english_title(record["summary_en"])
    assert ("titleaddon" in entry) == (quoted is not None)
    if quoted:
        assert print_latex(unbrace(entry["titleaddon"])) == quoted
    assert entry["url"] == "http://report.example.invalid/tag/%E8%99%9A%E6%9E%84?page=7"
    assert (entry["year"], entry["urldate"], entry["version"], entry["sha256"]) == ("n.d.", "2026-01-03", "2", SHA)
    assert SHA in print_latex(entry["note"])


@settings(max_examples=200, deadline=None)
@given(title=hostile.filter(bool), publisher=hostile)
def test_csl_and_ris_hold_one_reference_whatever_is_in_it(title, publisher):
    record = RECORD | {"title": title, "series": publisher or None}
    (item,) = json.loads(cite(record, "csl"))
    assert item["title"] == " ".join(title.split())
    lines = cite(record, "ris").split("\r\n")
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - [^\r\n]*", line) for line in lines)
    tags = [line[:2] for line in lines]
    assert (tags[0], tags[-1], tags.count("TY"), tags.count("ER"), tags.count("TI")) == ("TY", "ER", 1, 1, 1)
    assert dict(line.split("  - ", 1) for line in lines)["TI"] == " ".join(title.split())
    assert "\n" not in cite(record, "text")


def test_csl_has_the_shape_of_its_schema():
    (item,) = json.loads(cite(RECORD | {"published_on": "2025-05-20"}, "csl"))
    assert item["id"] == "report.example.invalid-46641-v2"
    assert item["type"] == "report"
    assert item["author"] == [{"literal": "虚构咨询"}]
    assert item["title-short"] == "2025年中国虚构行业研究报告"
    assert item["issued"] == {"date-parts": [[2025, 5, 20]]}
    assert item["accessed"] == {"date-parts": [[2026, 1, 3]]}
    assert item["archive_location"] == "warc/run-000003-01.warc.gz at byte 12345"
    assert "English title: Invented Report | Research on an invented trade in 2025." in item["note"]
    assert SHA in item["note"]


@pytest.mark.parametrize("form", ["text", "bibtex", "csl", "ris"])
def test_every_form_tells_what_proves_it(form):
    said = cite(RECORD, form, base_url="https://archive.example.invalid/baogao/")
    for fact in (
        SHA, "warc/run-000003-01.warc.gz", "12345", "虚构咨询 | 2025年中国虚构行业研究报告",
        "Invented Report | Research on an invented trade in 2025", "2026-01-03T18:30:00Z",
        "https://archive.example.invalid/baogao/r/report.example.invalid:46641/v/2",
        "http://report.example.invalid/repo13-0/46641.html",
    ):  # fmt: skip
        assert fact in said.replace(r"\_", "_"), fact


def test_a_date_that_no_page_shows_is_not_guessed():
    assert "(n.d.)" in cite(RECORD, "text")
    assert "issued" not in json.loads(cite(RECORD, "csl"))[0]
    assert "\nPY  - " not in cite(RECORD, "ris")
    dated = RECORD | {"published_on": "2025-05-20"}
    assert "(2025-05-20)" in cite(dated, "text")
    assert (parse_bibtex(cite(dated, "bibtex"))["year"], "PY  - 2025" in cite(dated, "ris")) == ("2025", True)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ('as the latest "A Report on Nothing" released by Invented Research says', "A Report on Nothing"),
        ("the latest “A Report on Nothing” released by them", "A Report on Nothing"),
        ('According to "A Report on Nothing", which was released by them', "A Report on Nothing"),
        ('a fashion called "old", and the latest "New Things " released by them', "New Things"),
        ('the latest "First" released by A, the latest "Second" released by B', "First"),
        ('a report called "Quoted", nobody says by whom', None),
        ("no quotation at all, released by them", None),
        ("", None),
        ('"' * 5000 + " released by", None),
        ('"' + "x" * 5000 + '" released by', None),
    ],
)
def test_english_title_is_the_one_that_the_text_quotes(text, title):
    assert find_english_title(text) == title


def test_command_cites_the_version_that_was_asked_for(tmp_path):
    nights = Nights(tmp_path / "data")
    for number in range(4):
        nights.publisher.publish(f"r{number}")
    nights.night()
    nights.publisher.edit("r1", title="虚构咨询 | 改了\u202e题目\x1b[31m")
    nights.night()

    def run(*words):
        return CliRunner().invoke(baogao, ["--data", str(nights.data.root), "cite", *words])

    assert "改了" in run("r1").stdout
    assert "\x1b" not in run("r1").stdout
    assert "\u202e" not in run("r1", "--format", "bibtex").stdout
    assert "报告r1" in run("r1", "--version", "1").stdout
    assert run("r1", "--as-of", "1").stdout == run("r1", "--version", "1").stdout
    assert run("r1", "--json").stdout == run("r1", "--format", "csl").stdout
    (digest,) = nights.query(
        "SELECT c.digest FROM item_versions v JOIN captures c ON c.id = v.capture_id "
        "JOIN items i ON i.id = v.item_id WHERE i.key = 'r1' AND v.seq = 2"
    )[0]
    assert digest in run("r1").stdout
    for words in (
        ("r9",), ("r1", "--version", "3"), ("r1", "--as-of", "2020-01-01"), ("r1", "--base-url", "javascript:alert(1)"),
        ("r1", "--base-url", "http://[::1/"), ("r1", "--base-url", "https://x.invalid/\x1b[31m"),
        ("r1", "--base-url", ""), ("r1", "--base-url", "https://x.invalid/?q=1"),
        ("r1", "--json", "--format", "ris"), ("r1", "--json", "--format", "text"),
    ):  # fmt: skip
        result = run(*words)
        assert result.stdout == ""
        assert result.exception.exit_code == 2, words
        assert "\x1b" not in str(result.exception)
