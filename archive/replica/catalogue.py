"""The invented reports: dealt from :mod:`archive.replica.sentences`, the same ones for the same seed.

Sentences are dealt from shuffled decks, not drawn at random, so that the ten reports of one page hardly ever
share one: a page then compresses about as badly as a real one, which is what archive sizes are measured on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from archive.replica import sentences as said
from archive.replica.industries import INDUSTRIES, Industry, Term
from archive.replica.report import Report, narrow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEWEST = date(2025, 6, 28)
NEWEST_ID = 90_001
RATIO = (3.6, 4.4)  # English to Chinese, in characters: what archive.vet takes for healthy, with some room
LENGTH = (260, 700)  # Chinese characters of one summary
SHORTEST = 40  # … and of one of its paragraphs
OLD_FORM = 2020  # titles up to this year may have the older form, 虚构报告|2019中国…

_KINDS: tuple[Term, ...] = (
    (
        "行业发展状况与消费行为调查数据",
        "Survey data on the development and consumer behaviour of {what} in {when}",
    ),
    ("市场研究报告", "Market research report on {what} in {when}"),
    ("产业白皮书", "White paper on {what} in {when}"),
    ("用户画像与需求洞察报告", "Insight report on the users of {what} and their needs in {when}"),
    ("供应链与渠道变革研究报告", "Research report on supply chains and sales channels of {what} in {when}"),
    ("行业运行大数据监测报告", "Big-data monitoring report on {what} in {when}"),
    ("品牌竞争力与口碑分析报告", "Analysis of brand strength and reputation in {what} in {when}"),
    ("创新趋势与投资价值研究报告", "Research report on innovation and investment value in {what} in {when}"),
    ("区域市场与下沉消费调查数据", "Survey data on regional and lower-tier markets for {what} in {when}"),
    ("质量与投诉专题分析报告", "Special analysis of quality and complaints in {what} in {when}"),
)
_SCOPES: tuple[Term, ...] = (
    *(("中国", "China: ") for _ in range(6)),
    ("全球", "The world: "),
    ("中国县域", "China's counties: "),
    ("中国一线城市", "China's first-tier cities: "),
)
_BRANDS = (
    "云朵厨房",
    "青石集团",
    "北岸科技",
    "白鹭优选",
    "三棵枫",
    "小满日记",
    "叁野",
    "鲸落实验室",
    "O'Mori",
    "南桥1987",
    "极点Lab",
    "麦芒",
    "灯塔出行",
    "KUMO+",
    "山止川行",
    "半糖研究所",
    "橘子海",
    "拾光里",
    "Vento",
    "木星商店",
)
_UNITS = {
    "亿元": (Decimal("0.1"), "billion yuan"),
    "万亿元": (Decimal(1), "trillion yuan"),
    "亿美元": (Decimal("0.1"), "billion US dollars"),
    "万元": (Decimal(10_000), "yuan"),
}

T = TypeVar("T")
Slots = dict[str, str]


@cache
def catalogue(n: int, seed: int = 0) -> tuple[Report, ...]:
    """``n`` reports, newest first. A longer catalogue begins with the shorter one of the same seed."""
    return tuple(islice(_reports(random.Random(seed)), n))  # noqa: S311 (nothing here is secret)


def _reports(chance: random.Random) -> Iterator[Report]:
    decks, titles, number = _Decks(chance), set[str](), NEWEST_ID
    for i in range(NEWEST_ID // 4):
        # one every third day, and more often before that: an archive of thousands stays within this century
        day = NEWEST - timedelta(days=3 * min(i, 800) + max(0, i - 800) // 3)
        industry = decks.industries.deal()
        heading = _heading(chance, industry, day.year)
        while heading.title in titles:
            heading = _heading(chance, industry, day.year)
        titles.add(heading.title)
        number -= chance.randint(1, 4)
        zh, en = _summary(chance, decks, industry, heading, day.year)
        if _one_in(chance, 3):
            zh = tuple(map(narrow, zh))
        yield Report(number, heading.title, zh, en, heading.brands, day.isoformat())


class _Deck(Generic[T]):
    """Deals every card once before any card comes again."""

    def __init__(self, chance: random.Random, cards: Sequence[T]) -> None:
        self._chance, self._cards = chance, cards
        self._rest: list[T] = []

    def deal(self) -> T:
        if not self._rest:
            self._rest = self._chance.sample(self._cards, len(self._cards))
        return self._rest.pop()


class _Decks:
    def __init__(self, chance: random.Random) -> None:
        self.industries = _Deck(chance, INDUSTRIES)
        self.openings = _Deck(chance, said.OPENINGS)
        self.sources = _Deck(chance, said.SOURCES)
        self.sizes = _Deck(chance, said.SIZES)
        self.surveys = _Deck(chance, said.SURVEYS)
        self.inferences = _Deck(chance, said.INFERENCES)
        self.facts = _Deck(chance, said.FACTS)
        self.views = _Deck(chance, said.VIEWS)
        self.outlooks = _Deck(chance, said.OUTLOOKS)
        self.closings = _Deck(chance, said.CLOSINGS)
        self.pools = {name: _Deck(chance, terms) for name, terms in said.POOLS.items()}


@dataclass(frozen=True, slots=True)
class _Heading:
    title: str
    name: str  # the report as its own summary quotes it
    name_en: str
    brands: tuple[str, ...]


def _heading(chance: random.Random, industry: Industry, year: int) -> _Heading:
    (kind, kind_en), (scope, scope_en) = chance.choice(_KINDS), chance.choice(_SCOPES)
    what, what_en = industry.name
    if _one_in(chance, 20):
        other = chance.choice([each for each in INDUSTRIES if each is not industry]).name
        what, what_en = f"{what}/{other[0]}", f"{what_en} and {other[1]}"
    old = year <= OLD_FORM and _one_in(chance, 3)
    span = f"{year}-{year + 1}" if _one_in(chance, 8) else str(year)
    name = f"{span}{'' if old else '年'}{scope}{what}{kind}"
    series = "虚构报告|" if old else "虚构咨询｜" if _one_in(chance, 25) else "虚构咨询 | "
    brands = tuple(chance.sample(_BRANDS, chance.randint(2, 5))) if old or _one_in(chance, 33) else ()
    return _Heading(series + name, name, scope_en + kind_en.format(what=what_en, when=span), brands)


def _summary(
    chance: random.Random, decks: _Decks, industry: Industry, heading: _Heading, year: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Both languages of one summary; dealt again until lengths and their ratio are healthy."""
    market = _market(chance, year)
    market["zh"] |= {"name": heading.name}
    market["en"] |= {"name_en": heading.name_en}
    while True:
        parts = _parts(chance, decks)
        told = [[_tell(chance, decks, industry, market, each) for each in part] for part in parts]
        zh = tuple("".join(each.zh for each in part) for part in told)
        en = tuple(" ".join(each.en for each in part) for part in told)
        length = sum(map(len, zh))
        if (
            LENGTH[0] <= length <= LENGTH[1]
            and RATIO[0] <= sum(map(len, en)) / length <= RATIO[1]
            and min(map(len, zh)) >= SHORTEST
        ):
            return zh, en


def _parts(chance: random.Random, decks: _Decks) -> list[list[said.Sentence]]:
    """The sentences of a summary by paragraph: most have one, some two, few three."""
    source, size = decks.sources.deal(), decks.sizes.deal()
    begin = [decks.openings.deal(), said.Sentence(source.zh + size.zh, f"{source.en} {size.en}")]
    middle = []
    for _ in range(chance.choice((2, 2, 3, 3))):
        middle += [decks.surveys.deal(), chance.choice((decks.inferences, decks.facts)).deal()]
    end = [decks.views.deal()] if not _one_in(chance, 4) else []
    end += [decks.outlooks.deal() for _ in range(chance.choice((1, 2, 2, 3)))]
    end += [decks.closings.deal()] if not _one_in(chance, 3) else []
    return chance.choices(([begin + middle + end], [begin + middle, end], [begin, middle, end]), (6, 3, 1))[0]


def _tell(
    chance: random.Random,
    decks: _Decks,
    industry: Industry,
    market: dict[str, Slots],
    sentence: said.Sentence,
) -> said.Sentence:
    terms: dict[str, Term] = {"ind": industry.name}
    for name, choices in (
        ("good", industry.goods),
        ("why", industry.reasons),
        ("fear", industry.worries),
        ("when", industry.occasions),
    ):
        terms |= {f"{name}{k}": term for k, term in enumerate(chance.sample(choices, len(choices)), 1)}
    for name, deck in decks.pools.items():
        terms |= {f"{name}{k}": deck.deal() for k in (1, 2) if f"{{{name}{k}}}" in sentence.zh}
    figures = _figures(chance)
    zh = sentence.zh.format(**{k: v[0] for k, v in terms.items()}, **figures["zh"], **market["zh"])
    en = sentence.en.format(**{k: v[1] for k, v in terms.items()}, **figures["en"], **market["en"])
    return said.Sentence(zh, en[0].upper() + en[1:])


def _one_in(chance: random.Random, n: int) -> bool:
    return chance.randrange(n) == 0


def _figures(chance: random.Random) -> dict[str, Slots]:
    """The figures of one sentence: shares in descending order, small counts, prices, sums."""
    first = chance.randint(3800, 8200)
    second = chance.randint(first * 55 // 100, first * 97 // 100)
    third = chance.randint(second * 25 // 100, second * 90 // 100)
    price = chance.randint(2, 40) * 5
    same = {
        **{f"p{k}": f"{share / 100:.2f}" for k, share in enumerate((first, second, third), 1)},
        "n": str(chance.randint(2, 5)),
        "m": str(chance.randint(6, 9)),
        "price1": str(price),
        "price2": str(price + chance.randint(1, 12) * 5),
    }
    sums = {
        "money_small": (Decimal(chance.randint(110, 9800)) / 10, "亿元"),
        "money_tiny": (Decimal(chance.randint(12, 480)), "万元"),
        "usd": (Decimal(chance.randint(150, 52_000)) / 100, "亿美元"),
    }
    return {
        "zh": same | {name: _chinese(*money) for name, money in sums.items()},
        "en": same | {name: _english(*money) for name, money in sums.items()},
    }


def _market(chance: random.Random, year: int) -> dict[str, Slots]:
    """The size of a market before, now and then, with the growth that really lies between the first two."""
    if _one_in(chance, 16):
        before, unit = Decimal(chance.randint(102, 580)) / 100, "万亿元"
    else:
        before, unit = Decimal(round(10 ** chance.uniform(2.7, 5))) / 10, "亿元"
    growth = Decimal(chance.randint(180, 3600)) / 10_000
    step = Decimal("0.01") if unit == "万亿元" else Decimal("0.1")
    size = max((before * (1 + growth)).quantize(step), before + step)
    ahead = chance.randint(2, 5)
    then = max((size * (1 + growth * Decimal("0.7")) ** ahead).quantize(step), size + step)
    same = {
        "year": str(year - 1),
        "before": str(year - 2),
        "then": str(year - 1 + ahead),
        "growth": str(((size - before) / before * 100).quantize(Decimal("0.01"))),
    }
    sums = {"size_before": before, "size": size, "size_then": then}
    gap = " " if _one_in(chance, 12) else ""  # some editors write 2.86 万亿元
    return {
        "zh": same | {name: _chinese(amount, gap + unit) for name, amount in sums.items()},
        "en": same | {name: _english(amount, unit) for name, amount in sums.items()},
    }


def _chinese(amount: Decimal, unit: str) -> str:
    return f"{_shortest(amount):f}{unit}"


def _english(amount: Decimal, unit: str) -> str:
    factor, name = _UNITS[unit]
    return f"{_shortest(amount * factor):,f} {name}"


def _shortest(amount: Decimal) -> Decimal:
    """Without trailing zeros, and never 1E+3."""
    return amount.quantize(Decimal(1)) if amount == amount.to_integral() else amount.normalize()
