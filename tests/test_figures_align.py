"""Chinese and English figures paired, and what is reported where they differ. All sentences are invented."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.figures.align import align_figures, find_disagreements
from archive.figures.extract import extract_figures
from archive.figures.snippets import LONGEST

PAIRS = (
    (
        (
            "2024年中国帐篷市场规模为236.4亿元,同比增长12.7%,"
            "预计2027年将达到341.5亿元。用户规模达1.62亿人,其中女性占58.3%。"
            "门店数量为4.8万家,客单价为268元。"
        ),
        (
            "In 2024, the market size of tents in China was 23.64 billion yuan, a year-on-year increase of "
            "12.7%, and it is expected to reach 34.15 billion yuan in 2027. There are 162 million users, of "
            "whom 58.3% are women. The number of stores is 48,000 and customers spend 268 yuan per visit."
        ),
    ),
    (
        (
            "在2025年消费者购买枕头的原因中,“助眠”以47.26%的占比位居首位,"
            "其次是“换季更新”,占比为35.92%,“送礼”占18.05%。"
            "有63.71%的用户愿意为定制付费,平均预算为412元。"
        ),
        (
            'Among the reasons why consumers bought pillows in 2025, "better sleep" ranked first with a '
            'proportion of 47.26%, followed by "seasonal renewal" at 35.92%, while "gifts" accounted for '
            "18.05%. 63.71% of users are willing to pay for custom pillows, with an average budget of 412 "
            "yuan."
        ),
    ),
    (
        (
            "2023年中国竹制品出口额为21.8亿美元,较2022年下降4.6%;"
            "预计2026年将回升至26.3亿美元。行业企业数量为1.3万家,从业人员达85万人,"
            "产量为560万吨。"
        ),
        (
            "In 2023, China's exports of bamboo products were 2.18 billion US dollars, down 4.6% from 2022; "
            "they are expected to recover to 2.63 billion US dollars by 2026. The industry has 13,000 "
            "companies, 850,000 workers and an output of 5.6 million tonnes."
        ),
    ),
    (
        (
            "2024年全国骑行用户达1.35亿人,人均年消费1,860元,"
            "渗透率提升2.4个百分点至9.6%。预计2028年行业规模将突破3.2万亿元,"
            "其中电助力车占比将达27.5%。"
        ),
        (
            "In 2024, there were 135 million cycling users nationwide, who spent an average of 1,860 yuan a "
            "year, and the penetration rate rose by 2.4 percentage points to 9.6%. By 2028, the industry is "
            "expected to exceed 3.2 trillion yuan, with e-bikes expected to account for 27.5%."
        ),
    ),
    (
        (
            "2024年茶饮连锁门店总数为52.6万家,单店日均销量为384杯,"
            "行业营收达3547亿元,毛利率为61.8%。2024年融资17起,"
            "披露金额为28.9亿元。"
        ),
        (
            "In 2024, the total number of tea chain stores was 526,000, with average daily sales of 384 cups "
            "per store, industry revenue of 354.7 billion yuan and a gross margin of 61.8%. In 2024, there "
            "were 17 deals with a disclosed amount of 2.89 billion yuan."
        ),
    ),
    (
        (
            "调查显示,41.37%的受访者每周锻炼3次以上,28.64%的受访者拥有健身卡,"
            "年均花费2,730元。2025年线上课程市场规模为128.4亿元,"
            "预计2030年将增至305.7亿元。"
        ),
        (
            "The survey shows that 41.37% of respondents exercise at least 3 times a week and 28.64% of "
            "respondents hold a gym card, spending 2,730 yuan a year on average. The market size of online "
            "courses was 12.84 billion yuan in 2025 and is expected to grow to 30.57 billion yuan by 2030."
        ),
    ),
)


def compare(zh, en):
    return find_disagreements(zh, en, extract_figures(zh, "zh"), extract_figures(en, "en"))


def pairs(zh, en):
    found = align_figures(extract_figures(zh, "zh"), extract_figures(en, "en"))
    return [(left and left.raw, right and right.raw) for left, right in found]


def mutate(en):
    """Every single error of a kind that a translator makes: (kind, the text with it)."""
    for figure in extract_figures(en, "en"):
        before, raw, after = en[: figure.start], figure.raw, en[figure.end :]
        digits = [match.start() for match in re.finditer("[0-9]", raw)]
        at = digits[len(digits) // 2]
        yield "value", before + raw[:at] + str((int(raw[at]) + 3) % 9 + 1) + raw[at + 1 :] + after
        for large, small in (("trillion", "billion"), ("billion", "million"), ("million", "billion")):
            if large in raw:
                yield "scale", before + raw.replace(large, small) + after
        if raw.endswith("yuan"):
            yield "unit", before + raw.replace("yuan", "US dollars") + after
        elif raw.endswith("%") and figure.role == "share":
            yield "unit", before + raw.replace("%", " percentage points") + after
        yield "only_zh", before + "a good deal" + after
    for match in re.finditer(r"(?<=[bi][yn] )20[0-9]{2}\b", en):
        yield "year", en[: match.start()] + str(int(match[0]) + 2) + en[match.end() :]
    for old, new in (
        ("is expected to reach", "reached"),
        ("is expected to grow to", "grew to"),
        ("was ", "is expected to be "),
    ):
        if old in en:
            yield "forecast", en.replace(old, new, 1)
    yield "meaning", en.replace("a proportion of 47.26%", "a decrease of 47.26%")
    yield "only_en", en + " Exports grew by 77.7%."


MUTATIONS = [(zh, kind, mutated) for zh, en in PAIRS for kind, mutated in mutate(en) if mutated != en]


@pytest.mark.parametrize("pair", PAIRS)
def test_texts_that_agree(pair):
    assert compare(*pair) == ()
    assert all(left and right for left, right in pairs(*pair))


def test_injected_errors_are_found():
    assert len(MUTATIONS) >= 100
    missed = [
        (kind, [one.kind for one in compare(zh, en)], en)
        for zh, kind, en in MUTATIONS
        if kind not in {one.kind for one in compare(zh, en)}
    ]
    assert len(missed) <= len(MUTATIONS) * 0.05, missed
    beside = sum(len(compare(zh, en)) - 1 for zh, _, en in MUTATIONS)
    assert beside <= len(MUTATIONS) * 0.15


# Chinese | English | the kinds that are reported
AGREEING = """
规模为2718.4亿元。 | The scale was 271.84 billion yuan.
规模为2718.46亿元。 | The scale was 271.85 billion yuan.
2024年为857.047亿元,2030年将达1874.926亿元。 | It will be 187.49 billion yuan in 2030; in 2024 it was 85.7 billion yuan.
用户达1.2341亿人。 | There are 123.4 million users.
装机3500万千瓦。 | Capacity was 35 GW.
三成用户满意。 | 30% of users are satisfied.
一半的用户满意。 | Half of the users are satisfied.
三分之一的门店盈利。 | A third of the stores are profitable.
三分之一的门店盈利。 | 33.3% of the stores are profitable.
普及率为104.2部/百人。 | The penetration rate was 104.2 per 100 people.
开设了37个专业。 | It offers 37 majors.
销量增长1倍。 | Sales increased by 100%.
出口翻了一番。 | Exports doubled.
利率上调50个基点。 | The rate was raised by 0.5 percentage points.
使用时长为90分钟。 | The time of use was 1.5 hours.
甲占46.38%,乙占46.14%。 | B accounts for 46.14% and A for 46.38%.
2024年为12亿元,2025年为12亿元。 | It was 1.2 billion yuan in 2025 and 1.2 billion yuan in 2024.
规模为20~30亿元。 | The scale is between 2 and 3 billion yuan.
有1.2万家门店。 | There are 12,000 outlets.
规模为12亿元。 | It was 1.2 billion yuan in 2024.
净利润为-3.2亿元。 | It made a net loss of 320 million yuan.
预计2030年达12亿元。 | By 2030 it will have swollen to 1.2 billion yuan.
收获百万新客。 | It won a million new customers.
2030年预计60岁及以上人口达3.8亿。 | In 2030, the population aged 60 and above is expected to reach 380 million.
费用率上升0.3pct。 | The expense ratio was up 0.3 pct.
单场可售2.6亿元,最高可达3亿元。 | One show can sell 260 million yuan, 300 million yuan at most.
费用降低12%,利润提升20%。 | Costs fell 12% year on year, pushing profit up 20%.
增速下降2.3个百分点。 | Growth slowed by 2.3 percentage points.
降幅较上年扩大2.3个百分点。 | The decline increased by 2.3 percentage points.
同比负增长4.2%。 | It fell 4.2% year on year.
降价后销量增长40%。 | Sales increased by 40% after the price drop.
每3名游客中就有1人自驾。 | One in three tourists drives.
贸易逆差为12亿美元。 | The trade balance was -1.2 billion US dollars.
跌幅收窄至3%。 | The drop narrowed to 3%.
""".strip().splitlines()

DISAGREEING = """
占比为45.21%。 | It accounts for 45.12%. | value
占比为45.21%。 | It accounts for 45.2%. | value
规模为2718.46亿元。 | The scale was 271.84 billion yuan. | value
规模为12.4亿元。 | The scale is 1 billion yuan. | value
规模为12亿元。 | The scale is 12 billion yuan. | scale
规模为12亿元。 | The scale is 1.2 billion US dollars. | unit
毛利率提高2.6个百分点。 | The margin rose by 2.6%. | unit
2024年规模为12亿元。 | The scale was 1.2 billion yuan in 2023. | year
2024年规模为12亿元。 | The scale is expected to reach 1.2 billion yuan in 2024. | forecast
“价格”以36.05%位列第二。 | The price decreased by 36.05%. | meaning
甲占12.5%,乙占30%。 | A accounts for 12.5%. | only_zh
甲占12.5%。 | A accounts for 12.5% and B for 30%. | only_en
从业者85万人。 | There are 850,400 workers. | value
每周3次。 | They come 7 times a week. | value
同比增长18.6%。 | It decreased by 18.6% year on year. | meaning
门店减少1200家。 | The number of stores grew by 1,200. | meaning
渗透率提高5.2个百分点。 | Penetration saw a 5.2% drop. | unit, meaning
净利润为-3.2亿元。 | Net profit reached 320 million yuan. | value
平均使用3小时。 | The average use is 3 minutes. | unit
""".strip().splitlines()


@pytest.mark.parametrize("row", AGREEING)
def test_two_ways_to_say_the_same(row):
    zh, en = row.split(" | ")
    assert compare(zh, en) == ()


@pytest.mark.parametrize("row", DISAGREEING)
def test_kinds(row):
    zh, en, kind = row.split(" | ")
    assert ", ".join(one.kind for one in compare(zh, en)) == kind


def test_nothing_is_said_of_a_missing_text():
    assert compare("占比为45.21%。", "") == ()
    assert compare(" \n", "It accounts for 45.21%.") == ()


def test_order_is_the_chinese_one_with_the_english_rest_behind_its_neighbour():
    zh, en = "甲占12%,乙占34%,丙占56%。", "C accounts for 56%, D for 78%, and A for 12%."
    assert pairs(zh, en) == [("12%", "12%"), ("34%", None), ("56%", "56%"), (None, "78%")]


def test_snippets_are_sentences():
    zh = "开头一句。甲占45.21%,居首位。最后一句。"
    en = "The first sentence is here. A accounts for 45.12%, the most. The last one."
    (one,) = compare(zh, en)
    assert (one.zh_snippet, one.en_snippet) == ("甲占45.21%,居首位。", "A accounts for 45.12%, the most.")
    assert one.zh is not None
    assert one.zh.raw in one.zh_snippet


def test_long_snippets_are_cut_between_words():
    en = "Many " + "words stand before " * 30 + "a share of 45.12% and " + "words stand behind " * 30 + "it."
    (one,) = compare("甲占45.21%。", en)
    assert len(one.en_snippet) <= LONGEST
    assert "45.12%" in one.en_snippet
    assert one.en_snippet.startswith("…")
    assert set(one.en_snippet.strip("…").split()) <= set(en.split())


def test_the_missing_side_shows_the_neighbour():
    (one,) = compare("甲占12.5%,乙占30%。", "A accounts for 12.5%.")
    assert (one.kind, one.en, one.en_snippet) == ("only_zh", None, "A accounts for 12.5%.")


WORDS = st.sampled_from(
    [
        *("12.5%", "3亿元", "45.6亿美元", "2024年", "预计", "增长", "达到", ",", "。", ";", "三成", "5倍", "billion"),
        *("million", "yuan", "in", "2024", "is expected to reach", "was", "1,200", "users", "-3"),
    ]
)


@settings(max_examples=60)
@given(st.lists(WORDS, max_size=30), st.lists(WORDS, max_size=30))
def test_every_figure_is_in_one_pair(first, second):
    zh_text, en_text = "".join(first), " ".join(second)
    zh, en = extract_figures(zh_text, "zh"), extract_figures(en_text, "en")
    found = align_figures(zh, en)
    assert [left for left, _ in found if left] == list(zh)
    assert sorted((right for _, right in found if right), key=lambda one: one.start) == list(en)
    assert found == align_figures(zh, en)
    for one in find_disagreements(zh_text, en_text, zh, en):
        assert len(one.zh_snippet) <= LONGEST
        assert len(one.en_snippet) <= LONGEST


@settings(max_examples=40)
@given(st.lists(WORDS, max_size=30))
def test_a_text_agrees_with_itself(words):
    text = " ".join(words)
    figures = extract_figures(text, "en")
    assert find_disagreements(text, text, figures, figures) == ()


def test_a_flood_of_figures_is_compared_in_a_second():
    zh, en = "占12.5%," * 20_000, "a share of 12.6% and " * 10_000
    left, right = extract_figures(zh, "zh"), extract_figures(en, "en")
    started = time.process_time()
    find_disagreements(zh, en, left, right)
    assert time.process_time() - started < 1
