"""Where Chinese ends and English begins, to the character. All sentences are invented."""
# ruff: noqa: E501 - a paragraph is one line

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.language import split
from tests.inventions import REPORTS

ZH = "虚构的市场规模为12.3亿元，据iiMedia Research（艾媒咨询）虚构的《Lanterns in China 2025》显示，54.58%的用户“免手续费”。"
EN = 'The invented market was 1.23 billion yuan, says the "Survey of lanterns" by iiMedia Research (艾媒咨询), and 54.58% agreed.'


@pytest.mark.parametrize(
    "runs",
    [
        [("zh", ZH)],
        [("en", EN)],
        [("zh", ZH), ("en", EN)],
        [("en", EN), ("zh", ZH)],
        [("zh", ZH), ("en", EN), ("zh", ZH), ("en", EN)],
        [("zh", ZH.rstrip("。")), ("en", EN)],
        [("en", EN.rstrip(".")), ("zh", ZH)],
        [("zh", ZH), ("en", "54.58% of the invented users agreed with that.")],
        [("zh", ZH), ("en", '"Paper lanterns" are what the invented people want most.')],
        [("zh", ZH), ("en", "(In 2024 the invented people wanted nothing else.)")],
        [("en", EN), ("zh", "2025年，虚构的人们什么都不要。")],
        [("en", "By 2030 the invented market will be gone, not in 2030."), ("zh", "2025年，虚构的市场已经消失。")],
        [("en", EN), ("zh", "iiMedia Research（艾媒咨询）数据显示，虚构的增长仍在继续。")],
        [("en", EN + " "), ("zh", "艾媒咨询 | 2025年中国虚构行业发展现状与消费行为调查数据")],
        [("zh", "他说：“好的。”"), ("en", "In the invented year nobody said anything more.")],
        [("zh", "SaaS、PaaS与IaaS市场分析")],
        [
            ("zh", "虚构的市场增长了4.5%。(数据来源:iiMedia Research)"),
            ("en", "In the future, invented brands will stand out."),
        ],
        [
            ("en", "The invented market grew by 4.5%. (Source: iiMedia Research)"),
            ("zh", "未来，虚构的品牌将脱颖而出。"),
        ],
        [("zh", "本报告涉及企业/品牌包括:Keep、Nike、Luckin Coffee")],
        [("en", "According to 《虚构咖啡报告》 released by nobody, the number of users grew.")],
        [("zh", "OpenAI、Google DeepMind、Meta AI等虚构企业")],
        [],
    ],
)
def test_split(runs):
    assert split("".join(text for _, text in runs)) == runs


@pytest.mark.parametrize("text", ["", "54.58%", "- 77", "……", "  ", "①②"])
def test_without_letters_there_is_no_language(text):
    assert split(text) == []


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: str(report.id))
@pytest.mark.parametrize("english_first", [False, True])
def test_glued_reports(report, english_first):
    runs = [("zh", "".join(report.zh)), ("en", "".join(report.en))]
    if english_first:
        runs.reverse()
    assert split("".join(text for _, text in runs)) == runs


@given(st.text(alphabet='中文，。 aB1."()《》\n、-’%', max_size=80))
def test_the_runs_are_the_text(text):
    runs = split(text)
    assert not runs or "".join(run for _, run in runs) == text
    assert all(one != other for (one, _), (other, _) in itertools.pairwise(runs))


@pytest.mark.parametrize("unit", ["a", "a ", "中", "。", '"', "(", "中a ", "A.", "1", "'"])
def test_linear_on_hostile_text(unit):
    text = "中" + unit * 200_000 + " word word word word word"
    started = time.perf_counter()
    split(text)
    assert time.perf_counter() - started < 3
