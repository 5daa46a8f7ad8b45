"""A difference on a terminal, as JSON and as HTML: what is said, and that no text from outside acts."""

import json
import re
import time
import unicodedata
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from archive.cli import baogao
from archive.diff import diff_records
from archive.errors import UsageError
from archive.lineage import explain_pair
from archive.markup import STYLE, render_fragment, render_html
from archive.query import load_pair
from archive.render import render_diff, render_event, render_history, render_record
from archive.significance import judge
from archive.store import open_for_reading
from tests.nights import Nights, make_reader

ZH = "2024年虚构市场规模达3316.6亿元。编造的企业共有10,000家。前景广阔。"
EN = "The invented market reached 331.66 billion yuan in 2024. There are 10,000 made-up companies in it."


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """r1: 1 first · 2 ten thousand and some · 3 its last sentence gone. r2: 1 first · 2 a parser correction."""
    played = Nights(tmp_path_factory.mktemp("views") / "data", reader=make_reader(1, blind_to=("®",)))
    played.publisher.publish("r1", zh=ZH, en=EN)
    played.publisher.publish("r2", zh="虚构®的规模为12.5亿元，这是编造的一句话。")
    played.publisher.publish("r3")
    played.night()
    played.publisher.edit("r1", zh=ZH.replace("10,000", "10,120"), en=EN.replace("10,000", "10,120"))
    played.night()
    played.publisher.edit(
        "r1", zh=ZH.replace("10,000", "10,120").replace("前景广阔。", ""), en=EN.replace("10,000", "10,120")
    )
    played.reader = make_reader(2)
    played.night()
    return played


def run(nights, *arguments, **invoke):
    result = CliRunner().invoke(baogao, ["--data", str(nights.data.root), *arguments], **invoke)
    assert result.exception is None or isinstance(result.exception, SystemExit | UsageError), result.exception
    return result


def notes(nights, key, *pair):
    connection = open_for_reading(nights.data)
    try:
        return explain_pair(connection, *load_pair(connection, key, *pair))
    finally:
        connection.close()


def test_terminal_tells_changes_figures_and_verdict(nights):
    said = run(nights, "diff", "r1", "1", "2").stdout
    assert "[-10,000-]{+10,120+}家" in said
    assert "zh  10,000家 → 10,120家 (+1.2 %)  companies" in said
    assert "en  10,000 → 10,120 (+1.2 %)  companies" in said
    assert "verdict: figures\n  figures:zh: the figures of the Chinese text" in said
    assert "\x1b" not in said
    assert "\x1b[31m[-10,000-]" in run(nights, "diff", "r1", "1", "2", color=True).stdout


def test_brands_are_compared_name_by_name():
    before, after = version(1), version(2, brands=["甲", "乙"])
    said = render_diff(before, after, diff_records(before, after), judge(before, after))
    assert "甲\x1b[32m{+、乙+}" in said


def test_unchanged_text_is_shortened_between_its_words():
    before = version(
        1, summary_en=f"The market of 1,234,567 units {'is invented and made up ' * 9}in 2024 for 5 people."
    )
    after = before | {"version": 2, "summary_en": before["summary_en"].replace("5 people", "6 people")}
    said = render_diff(before, after, diff_records(before, after), judge(before, after))
    (cut,) = re.findall(r"… .*in 2024 for", said)
    assert cut.removeprefix("… ").split()[0] in {"The", "is", "invented", "and", "made", "up"}


def test_json_keeps_its_keys_and_has_new_ones(nights):
    told = json.loads(run(nights, "diff", "r1", "1", "2", "--json").stdout)
    assert list(told) == ["key", "from", "to", "verdict", "labels", "rule", "figures", "notes", "fields"]
    assert (told["verdict"], told["labels"]) == ("figures", ["figures:zh", "figures:en"])
    assert [figure["change"] for figure in told["figures"]] == ["+1.2 %", "+1.2 %"]
    assert told["figures"][0]["before"]["value"] == "10000"
    assert told["fields"][0]["sentences"][0]["tokens"][1:3] == [["delete", "10,000"], ["insert", "10,120"]]


def test_what_the_pair_is_to_each_other(nights):
    assert notes(nights, "r1", 1, 2) == []
    assert notes(nights, "r1", 2, 2) == ["the same version twice."]
    assert notes(nights, "r1", 2, 1) == ["backwards: version 2 is the later one."]
    assert notes(nights, "r1", 1, 3) == ["several changes at once: from version 1 to 2 (site edit), 3 (site edit)."]
    assert notes(nights, "r2", 1, 2) == [
        "parser correction: the site showed this all along; only our reading of it changed."
    ]
    assert "parser correction" in run(nights, "diff", "r2").stdout
    assert "no difference" in run(nights, "diff", "r1", "2", "2").stdout
    assert json.loads(run(nights, "diff", "r1", "2", "2", "--json").stdout)["verdict"] == "none"
    backwards = run(nights, "diff", "r1", "2", "1").stdout
    assert "[-10,120-]{+10,000+}" in backwards
    assert "−1.2 %" in backwards


def test_a_version_that_was_compared_with_another(nights, tmp_path):
    """1 first · 2 edited by the site · 3 the parser's correction of 1, read again later."""
    played = Nights(tmp_path / "data", reader=make_reader(1, blind_to=("®",)))
    played.publisher.publish("r1", zh="虚构®的规模为12.5亿元，这是编造的一句话。")
    played.night()
    played.publisher.edit("r1", zh="虚构®的规模为13.5亿元，这是编造的一句话。")
    played.night()
    played.reparse(make_reader(2))
    causes = [cause for cause, _ in played.versions("r1")]
    assert causes == ["first", "site", "parser", "parser"]
    assert any("does not follow version 2" in note for note in notes(played, "r1", 2, 3))
    assert any("a part of it is a parser correction" in note for note in notes(played, "r1", 1, 4))


def test_html_is_one_document_that_needs_nothing_else(nights, tmp_path):
    shown = run(nights, "diff", "r1", "1", "2", "--html").stdout
    assert shown.startswith("<!DOCTYPE html>")
    assert "<title>虚构咨询 | 报告r1 – versions 1 and 2</title>" in shown
    assert '<p class="old" lang="zh">编造的企业共有<del>10,000</del>家。</p>' in shown
    assert '<p class="new" lang="en">There are <ins>10,120</ins> made-up companies in it.</p>' in shown
    assert "Verdict: figures" in shown
    assert not re.search(r"<script|<link|<img|src=|href=|https?://|@import|url\(", shown)
    assert "prefers-color-scheme: dark" in shown
    assert "@media (min-width" in shown
    file = tmp_path / "difference.html"
    assert run(nights, "diff", "r1", "1", "2", "--html", "-o", str(file)).stdout == ""
    assert file.read_text(encoding="utf-8") == shown


def test_html_of_the_same_version_says_so(nights):
    assert "No difference in words" in run(nights, "diff", "r1", "2", "2", "--html").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("diff", "r1", "--html", "--json"), "exclude each other"),
        (("diff", "r1", "-o", "x.html"), "-o belongs to --html"),
        (("diff", "r1", "1", "9", "--html"), "no version 9"),
        (("diff", "r3"), "one version only: no word and no figure has changed since"),
        (("diff", "r1", "1"), "Give two versions"),
        (("diff", "r1", "1", "2", "3"), "Give two versions"),
        (("show", "\x1b[2J\u202e"), "There is no report ␛[2J<U+202E>: "),
    ],
)
def test_wrong_words(nights, words, said):
    assert said in str(run(nights, *words).exception)


# the time before, the time after


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ("2025-12-31", "r1 was not in the archive as of 2025-12-31: the archive begins on 2026-01-02."),
        ("77", "There is no run 77"),
        ("0", "There is no run 0"),
        ("-1", "no point in time"),
        ("", "no point in time"),
        ("2026-02-30", "no point in time"),
        ("2026-01-02T25:00:00Z", "no point in time"),
        ("2026-01-02 18:00", "no point in time"),
        ("\x1b[2J", "no point in time"),
    ],
)
def test_a_time_that_shows_nothing(nights, as_of, said):
    exception = run(nights, "show", "r1", "--as-of", as_of).exception
    assert said in str(exception)
    assert "\x1b" not in str(exception)


def test_the_future_is_now_and_a_version_may_be_too_young(nights):
    assert run(nights, "show", "r1", "--as-of", "2999-01-01").stdout == run(nights, "show", "r1").stdout
    assert "had no version 2 yet as of 1" in str(run(nights, "show", "r1", "--as-of", "1", "--version", "2").exception)
    assert json.loads(run(nights, "show", "r1", "--as-of", "2", "--version", "1", "--json").stdout)["version"] == 1


def test_as_of_a_rejected_run_is_what_the_run_before_left(tmp_path):
    played = Nights(tmp_path / "data")
    played.publisher.publish("r1")
    played.night()
    played.night(faults={("甲", 1): "garbage"})
    assert played.query("SELECT outcome FROM runs WHERE id = 2")[0][0] == "rejected"
    result = run(played, "show", "r1", "--as-of", "2")
    assert result.stdout == run(played, "show", "r1", "--as-of", "1").stdout
    assert result.stderr == "baogao: run 2 was rejected and published nothing: this is what run 1 left.\n"
    assert run(played, "show", "r1", "--as-of", "1").stderr == ""


# hostile texts

_SCRIPTS = (
    "<script>alert(1)</script>", "</p><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>", '"><svg onload=alert(1)>', "'><img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>", "</del></ins><b onclick=alert(1)>", "<a href=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<body onload=alert(1)>", "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>", "<meta http-equiv=refresh content=0;url=//x>", "<base href=//x>",
    "<form action=//x><input type=submit>", "<math><mtext></mtext><script>alert(1)</script>", "&lt;script&gt;",
    "&#60;script&#62;", "<details open ontoggle=alert(1)>", "<object data=x>", "<embed src=x>",
    "<link rel=stylesheet href=//x>",
    "{{7*7}}", "{title}", "%(title)s", "${7*7}", '" autofocus onfocus=alert(1) x="', "javascript:alert(1)",
)  # fmt: skip
_TERMINAL = (
    "\x1b[2J", "\x1b]0;owned\x07", "\x1b]52;c;eA==\x07", "\x1b[31mred", "\x9b2J", "\x9d0;x\x9c", "\x07", "\x08\x08",
    "\r",
    "\x1bc", "\x1b[?1049h", "\x1b]8;;http://x\x07x\x1b]8;;\x07", "\x00", "\x7f", "\x0e", "\x1bP+q\x1b\\", "\x85",
    "\x0b",
    "\x1b[8m", "\x1b[1A\x1b[2K",
)  # fmt: skip
_TURNING = (
    "\u202e", "\u202d", "\u202a", "\u202b", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f",
    "\u061c",
    "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u2028", "\u2029", "\ufff9",
)  # fmt: skip
PAYLOADS = [
    *_SCRIPTS,
    *_TERMINAL,
    *_TURNING,
    *(script + turning for script, turning in zip(_SCRIPTS, _TURNING, strict=False)),
    *(f"{script[:4]}{control}{script[4:]}" for script, control in zip(_SCRIPTS, _TERMINAL, strict=False)),
]
#: what may not stand in any output
_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def version(number, **fields):
    return {
        "key": "r1", "version": number, "title": "虚构咨询 | 报告", "brands": ["甲"], "summary_zh": ZH,
        "summary_en": EN, "published_on": None, "observed_at": "2026-01-02T18:30:00Z", "cause": "site",
        "previous": None,
    } | fields  # fmt: skip


def pair(payload):
    """Two versions with the payload in every text, on either side and on both."""
    before = version(
        1, key=payload, title=f"甲{payload}", brands=[payload], summary_zh=f"{ZH}{payload}", summary_en=f"{payload}{EN}"
    )
    after = version(
        2,
        key=payload,
        title=f"乙{payload}{payload}",
        brands=["乙", payload + payload],
        summary_zh=f"{payload}{ZH.replace('10,000', '10,120')}虚构的一句话{payload}。",
        summary_en=f"{EN.replace('331.66', '3' + payload)}",
        published_on=payload,
    )
    return before, after


class Skeleton(HTMLParser):
    """The tags of a document with the names of their attributes, and its text."""

    def __init__(self, document):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_pi(self, data):
        raise AssertionError(data)

    def unknown_decl(self, data):
        raise AssertionError(data)


def test_there_are_a_hundred_payloads():
    assert len(set(PAYLOADS)) >= 100


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_is_live(payload):
    before, after = pair(payload)
    changes, judgement = diff_records(before, after), judge(before, after)
    harmless = Skeleton(_render_harmless())
    document = render_html(before, after, changes, judgement, notes=[payload])
    seen = Skeleton(document)
    assert seen.tags <= harmless.tags
    assert seen.attributes <= harmless.attributes
    assert not _list_acting(document)
    if payload in _SCRIPTS:
        assert payload in seen.text, "escaped, not lost"
    fragment = render_fragment(before, after, changes, judgement)
    assert Skeleton(fragment).tags <= harmless.tags
    for shown in (
        render_diff(before, after, changes, judgement, [payload]),
        render_record(_make_record(after)),
        render_history([before | {"recorded_at": "t", "run": 1, "fields": []}]),
        render_event(
            {"id": 1, "at": "t", "kind": "changed", "alert": "due", "key": payload, "title": payload, "fields": []}
        ),
    ):
        assert not _list_acting(re.sub(r"\x1b\[(?:31|32|0|1)m", "", shown)), "but for our own colours"
        assert payload not in shown or payload.isprintable()


def _render_harmless():
    before, after = pair("x")
    return render_html(before, after, diff_records(before, after), judge(before, after), notes=["x"])


def _make_record(fields):
    capture = {
        "warc_file": "w",
        "warc_offset": 0,
        "sha256": "s",
        "url": fields["title"],
        "fetched_at": "t",
        "parser": 1,
    }
    more = {"url": fields["title"], "state": "listed", "listings": fields["brands"], "capture": capture}
    return fields | more | {"first_seen_at": "t", "last_seen_at": "t", "series": None}


def _list_acting(text):
    return [repr(each) for each in text if unicodedata.category(each) in _ACTING and each != "\n"]


def test_style_holds_no_address_and_no_end_tag():
    assert "<" not in STYLE
    assert "url(" not in STYLE


def test_huge_texts_are_judged_and_rendered():
    before = version(1, summary_zh="虚构的规模为12亿元。" * 7_000)
    after = version(2, summary_zh="虚构的规模为13亿元。" * 7_000)
    started = time.perf_counter()
    changes, judgement = diff_records(before, after), judge(before, after)
    assert len(render_html(before, after, changes, judgement)) > 70_000
    assert time.perf_counter() - started < 20
