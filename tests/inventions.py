"""Invented reports for the tests of the parser: no publisher wrote these sentences, no figure in them is true."""
# ruff: noqa: E501 - a paragraph is one line

from __future__ import annotations

from dataclasses import dataclass, replace

NOTICE = "本页内容均为虚构 (every report on this page is invented)"


@dataclass(frozen=True)
class Report:
    id: int
    title: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    brands: tuple[str, ...] = ()
    date: str = "2025-03-01"

    @property
    def path(self) -> str:
        return f"/repo{11 + self.id % 4}-0/{self.id}.html"


REPORTS = (
    Report(
        50101,
        "艾媒咨询 | 2025年中国纸灯笼行业发展现状与消费行为调查数据",
        (
            (
                "纸灯笼是虚构的行业。据iiMedia Research（艾媒咨询）虚构的《2025年中国纸灯笼行业发展现状与消费行为调查数据》显示，2024年中国纸灯笼市场规模为12.3亿元，"
                "同比增长4.5%；其中“手工灯笼”占比61.20%，登录与验证码功能较受关注。"
            ),
            "虚构的分析师认为，未来纸灯笼将与 “夜间经济”深度融合，企业需要维护好品牌，减少error。",
        ),
        (
            (
                'Paper lanterns are an invented industry. According to the invented "Survey data on China\'s paper lanterns in 2025" released by'
                " iiMedia Research, the market was 1.23 billion yuan in 2024, up 4.5%; handmade lanterns took 61.20%, and login and captcha mattered."
            ),
            "The invented analysts believe that paper lanterns will merge with the night economy; At the same time, firms must keep error low.",
        ),
        date="2025-06-28",
    ),
    Report(
        50094,
        "艾媒咨询 | 2025年中国云朵咖啡/露水茶饮市场消费行为调查数据",
        (
            (
                "2025年，虚构的云朵咖啡成为年轻人的新选择。数据显示，2024 年云朵咖啡市场达 2.86 万亿元，54.58%的消费者每周购买4-5次，"
                "Cloud Coffee、Dew Tea等品牌（均为虚构）位居前列。"
            ),
        ),
        (
            (
                "By 2025, the invented cloud coffee has become a new choice for young people. In 2024 the market reached 2.86 trillion yuan , and 54.58% of"
                ' consumers bought it "4-5 times" a week.iiMedia Consulting analysts believe that it will go on growing.'
            ),
        ),
        date="2025-06-21",
    ),
    Report(
        50087,
        "艾媒报告|2019中国会说话的雨伞市场状况与用户感知调查报告",
        (
            "会说话的雨伞并不存在。本文虚构：2019年全国共售出500亿把，两成网民表示“听不懂”。",
            "第二段同样虚构，共有三项发现：价格、音量、方言。",
            "第三段指出，E-Sports与雨伞的结合仍在早期。",
        ),
        (
            "Talking umbrellas do not exist. This text invents 50 billion of them sold in 2019, and one fifth of netizens could not understand theirs.",
            "The second paragraph is invented as well, with three findings: price, volume and dialect.",
            "The third one says that E-Sports and umbrellas are still at an early stage.",
        ),
        brands=("虚构伞业", "Parapluie", "雨说", "晴天电子"),
        date="2019-08-02",
    ),
    Report(
        50080,
        "艾媒研报 | 虚构股份：一家只卖月光的公司",
        ("月光公司为虚构。其2024年营收93.8亿元，毛利率高达99.9%，主要客户为诗人；公司公告称“月光不打折”。",),
        (
            "The moonlight company is invented. Its revenue in 2024 was 9.38 billion yuan with a gross margin of 99.9%, and its customers are poets.",
        ),
        date="2024-12-09",
    ),
    Report(
        50073,
        "艾媒咨询 | 2024-2025年全球数字人陪聊机器人产业白皮书",
        (
            "2024年全球数字人陪聊机器人（AI、AIGC、APP）出货10468.6万台，年复合增长率约为15%。以上数字均为虚构。",
            "艾媒咨询分析师认为（此句虚构），该行业将迎来关键转折点。",
        ),
        (
            'In 2024, 104.686 million chat robots were shipped worldwide, with a compound annual growth rate of about 15%. "All figures are invented."',
            "The analysts, who are invented too, believe that the industry will reach a turning point in 2030.",
        ),
        date="2025-01-15",
    ),
    Report(
        50066,
        "艾媒咨询 | 2025年中国早餐面条消费趋势研究报告",
        ("虚构的早餐面条占据早晨的37.24%。一碗面平均8.8元，排队7分钟。",),
        (
            "Invented breakfast noodles take 37.24% of the morning. A bowl costs 8.8 yuan and seven minutes of queueing on average.",
        ),
        date="2025-05-05",
    ),
)


def catalogue(count: int) -> list[Report]:
    """As many different reports as wanted: the six, then the same under other numbers and years."""
    reports = []
    for number in range(count):
        base = REPORTS[number % len(REPORTS)]
        turn = number // len(REPORTS)
        if turn:
            base = replace(
                base,
                id=base.id - 100 * turn,
                title=base.title + f"（第{turn}期）",
                zh=tuple(text.replace("虚构", f"第{turn}次虚构", 1) for text in base.zh),
                en=tuple(text.replace("nvented", f"nvented (no. {turn})", 1) for text in base.en),
            )
        reports.append(base)
    return reports
