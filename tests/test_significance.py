"""How much a change matters: labels, verdict, rule, and the figures that changed (all sentences here are invented)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.compare import Content, compare
from archive.significance import judge

ZH = "2024年虚构市场规模达3316.6亿元，同比增长23.64%。编造的企业共有10,000家。前景广阔。"
EN = "The invented market reached 331.66 billion yuan in 2024, up 23.64%. There are 10,000 made-up companies."


def record(title="虚构咨询 | 报告", zh=ZH, en=EN, brands=("甲",), published_on=None):
    return {
        "title": title, "brands": list(brands), "summary_zh": zh, "summary_en": en, "published_on": published_on,
    }  # fmt: skip


def labels(**after):
    return judge(record(), record(**after)).labels


def told(before, after, language="zh"):
    """(before, after, change) of each changed figure."""
    field = "zh" if language == "zh" else "en"
    return [
        (change.before and change.before.raw, change.after and change.after.raw, change.change)
        for change in judge(record(**{field: before}), record(**{field: after})).figures
    ]


@pytest.mark.parametrize(
    ("after", "expected", "verdict"),
    [
        ({}, ("none",), "none"),
        ({"zh": ZH.replace("，", ",")}, ("cosmetic",), "cosmetic"),
        ({"zh": ZH.replace("。前", "。\n前")}, ("cosmetic",), "cosmetic"),
        ({"title": "虚构咨询｜报告"}, ("cosmetic",), "cosmetic"),
        ({"zh": ZH.replace("广阔", "有限")}, ("wording:zh",), "wording"),
        ({"en": EN.replace("made-up", "fictional")}, ("wording:en",), "wording"),
        ({"zh": ZH.replace("前景广阔。", "")}, ("wording:zh",), "wording"),
        ({"zh": ZH.replace("，同比", "、同比")}, ("wording:zh",), "wording"),
        ({"zh": ZH.replace("10,000", "10,120")}, ("figures:zh",), "figures"),
        ({"en": EN.replace("331.66", "33166")}, ("figures:en",), "figures"),
        ({"zh": ZH.replace("2024年", "2025年")}, ("figures:zh",), "figures"),
        ({"zh": ZH.replace("3316.6亿元", "3316.6万元")}, ("wording:zh", "figures:zh"), "figures"),
        ({"zh": ZH.replace("前景", "第12处前景")}, ("wording:zh",), "wording"),
        ({"en": ""}, ("language_removed:en",), "language removed"),
        ({"zh": ""}, ("language_removed:zh",), "language removed"),
        ({"title": "虚构咨询 | 另一份报告"}, ("title",), "title"),
        ({"brands": ("甲", "乙")}, ("brands",), "brands"),
        ({"published_on": "2026-01-01"}, ("published_on",), "publication date"),
        (
            {"title": "虚构咨询 | 另一份报告", "zh": ZH.replace("10,000", "10,120"), "en": ""},
            ("title", "figures:zh", "language_removed:en"),
            "title",
        ),
        ({"zh": ZH.replace("10,000", "10,120"), "brands": ()}, ("figures:zh", "brands"), "figures"),
    ],
)
def test_labels_and_verdict(after, expected, verdict):
    judgement = judge(record(), record(**after))
    assert (judgement.labels, judgement.verdict) == (expected, verdict)
    assert [part.partition(": ")[0] for part in judgement.rule.split("; ") if ": " in part] == list(expected)


def test_language_added_is_the_way_back():
    assert judge(record(en=""), record()).labels == ("language_added:en",)
    assert judge(record(en=""), record()).figures == ()


def test_digits_that_are_no_figure_change_figures_all_the_same():
    judgement = judge(record(zh="型号为B12的虚构产品。"), record(zh="型号为B13的虚构产品。"))
    assert judgement.labels == ("figures:zh",)


text = st.text(alphabet='甲乙，,。 12.5%亿元aA“"\n', max_size=30)


@given(text, text, text, text)
def test_cosmetic_is_what_the_feed_calls_cosmetic(zh, en, other_zh, other_en):
    """The verdict and the event of a night never contradict each other."""
    before, after = record(zh=zh, en=en), record(zh=other_zh, en=other_en)
    of_the_feed = compare(
        *(Content("t", "[]", each["summary_zh"], each["summary_en"], None) for each in (before, after))
    )
    verdict = judge(before, after).verdict
    assert {"same": "none", "cosmetic": "cosmetic"}.get(of_the_feed) == (
        verdict if verdict in ("none", "cosmetic") else None
    )


# figures


def test_changed_figure_with_unit_raw_text_and_percentage():
    (change,) = judge(record(), record(zh=ZH.replace("10,000", "10,120"))).figures
    assert (change.language, change.kind, change.unit, change.change) == ("zh", "changed", "companies", "+1.2 %")
    assert (change.before.value, change.after.value) == (Decimal(10000), Decimal(10120))
    assert change.before.raw.startswith("10,000")
    assert change.percent == Decimal("1.2")
    told = change.to_json()
    assert told["before"]["value"] == "10000"
    assert told["after"]["raw"].startswith("10,120")
    assert (told["percent"], told["change"]) == ("1.2", "+1.2 %")


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("3316.6亿元", "3000亿元", "−9.5 %"),
        ("3316.6亿元", "3316.7亿元", "+0.003 %"),
        ("3316.6亿元", "3316.6万元", "−99.99 %"),
        ("3316.6亿元", "0亿元", "−100 %"),
        ("3316.6亿元", "9999亿元", "+201.5 %"),
        ("3316.6万元", "3316.6亿元", "+999,900 %"),
        ("0亿元", "5亿元", "—"),
        ("3316.6亿元", "3316.6亿美元", "—"),
    ],
)
def test_percentage_is_rounded_sensibly(before, after, change):
    sentence = "虚构市场的规模为{}。"
    ((_, _, said),) = told(sentence.format(before), sentence.format(after))
    assert said == change


def test_a_share_changes_by_percentage_points():
    assert [row[2] for row in told("虚构用户的占比为23.64%。", "虚构用户的占比为25.1%。")] == [
        "+1.46 percentage points"
    ]


def test_year_alone():
    ((_, _, said),) = told("2024年虚构市场规模为5亿元。", "2025年虚构市场规模为5亿元。")
    assert said == "year 2024 → 2025"


def test_figures_are_paired_by_their_place_and_others_came_or_went():
    before = "虚构市场规模为12亿元，占比为30%。编造的工厂共有40家。已有3项虚构专利。"
    after = "虚构市场规模为15亿元，占比为30%。编造的工厂共有44家。另有7个全新城市加入进来。"
    assert [row[:2] for row in told(before, after)] == [
        ("12亿元", "15亿元"), ("40家", "44家"), ("3项", None), (None, "7个"),
    ]  # fmt: skip


def test_a_figure_that_came_among_others_moves_no_partner():
    before = "虚构市场规模为12亿元，编造市场规模为40亿元。"
    after = "虚构市场规模为12亿元，新的市场规模为7亿元，编造市场规模为41亿元。"
    assert [row[:2] for row in told(before, after)] == [(None, "7亿元"), ("40亿元", "41亿元")]


def test_sentences_that_changed_places_change_no_figure():
    one, other = "虚构市场规模为12亿元。", "编造的工厂共有40家。"
    judgement = judge(record(zh=one + other), record(zh=other + one))
    assert judgement.labels == ("wording:zh",)
    assert judgement.figures == ()


def test_of_sentences_that_changed_places_only_the_new_figure_is_told():
    before = ["虚构市场规模为12亿元。", "编造的工厂共有40家。", "受访者的占比为23.64%。"]
    after = [before[2], before[1].replace("40", "44"), before[0]]
    assert [row[:2] for row in told("".join(before), "".join(after))] == [("40家", "44家")]


def test_figures_that_changed_places_are_told():
    judgement = judge(
        record(zh="虚构市场规模为12亿元，编造市场规模为40亿元。"),
        record(zh="虚构市场规模为40亿元，编造市场规模为12亿元。"),
    )
    assert judgement.labels == ("figures:zh",)
    assert [(change.before.raw, change.after.raw) for change in judgement.figures] == [
        ("12亿元", "40亿元"),
        ("40亿元", "12亿元"),
    ]


def test_one_figure_among_many_equal_ones():
    before = "甲市占比为5%，乙市占比为5%，丙市占比为5%。"
    assert [row[:2] for row in told(before, before.replace("乙市占比为5%", "乙市占比为6%"))] == [("5%", "6%")]


def test_astronomical_numbers_do_not_stop_it():
    nines = "9" * 300
    for before, after in [(nines, "1"), ("1", nines), (nines, nines[:-1] + "8"), ("0.0000001", nines)]:
        judgement = judge(record(zh=f"虚构规模为{before}亿元。"), record(zh=f"虚构规模为{after}亿元。"))
        assert judgement.verdict == "figures"
        assert all(len(change.to_json()["change"]) < 30 for change in judgement.figures)


@given(text, text)
def test_any_two_texts_are_judged(before, after):
    judgement = judge(record(zh=before), record(zh=after))
    assert judgement.labels
    assert judgement.to_json()["verdict"]
    for change in judgement.figures:
        assert change.before or change.after
        for figure, side in ((change.before, before), (change.after, after)):
            assert figure is None or side[figure.start : figure.end] == figure.raw
