"""Chinese quantities: 3316.6亿元, 三成五, 百分之三十七点五, 1.2万亿至1.5万亿元, 近万家."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from archive.figures.chinese_units import read_currency, read_scale, read_unit
from archive.figures.numerals import HAN, read_chinese
from archive.figures.quantities import LONGEST, NUMBER, ONE, Quantity, read_quantities, share_of

_HAN_NUMBER = f"[{HAN}]+(?:点[{HAN}]+)?"
_CANDIDATE = re.compile(
    rf"(?P<per>[百千万])分之(?P<parts>{NUMBER}|{_HAN_NUMBER})"
    r"|(?P<whole>[二三四五六七八九十2-9])分之(?P<some>[一二两三四五六七八九1-9])"
    r"|(?<![0-9/.])(?P<top>[1-9])/(?P<bottom>[2-9]|10)(?=的|左右|以上)"
    r"|(?P<again>翻了?(?P<twice>[一两])?(?:番|倍))"
    r"|(?P<half>一半|半数)(?!一半)"
    rf"|(?P<digits>{NUMBER})|(?P<han>{_HAN_NUMBER})"
)
#: of a hundred: 千分之三 is 0.3 %
_PARTS = {"百": ONE, "千": Decimal("0.1"), "万": Decimal("0.01")}
_PERSONS = re.compile(
    r"[^,。;、0-9的\0]{0,8}?(?:用户|网民|消费者|人口|学生|会员|粉丝|观众|游客|患者|员工|开发者|老年人|从业者|从业人员)"
)
_TENTHS = re.compile(
    r" ?成(?:(?<=[近超约过逾有达足到仅][一二两三四五六七八九1-9]成)|(?!为))"
    r"(?!立|功|员|本(?!地)|都|长|交(?!易)|熟|果|分|效|人|就|品|年(?!轻)|绩|型|份|因|套|形"
    r"|群)([一二三四五六七八九1-9半])?"
)
_YEARS = re.compile(r" ?年(?!代|轻|度|报|级|货|龄|[0-9]{1,2} ?月|前三季|上半|下半|第)(?:间|期)?")
_SPANS = re.compile(r"(?:长达|历时|平均|超过?|满|达到?|约|为期|为|用了?|仅|需要?|每|至少|不到|质保|的|[0-9-~至到])$")
_PERIOD = re.compile(r"(?:未来|今后|过去|最近|近|连续|此前|下|这)$")  #: a window of time, no measure
_TO = frozenset("至到-~—")
_INEXACT = re.compile(r"(?:[几数]|好几|上|成|数以|第|[几数]十|前(?<![目此以日当年之提先空]前))$")
_ROUND = re.compile("[百千万亿].*|十[百千万亿]+")
_ABOUT = re.compile(r"(?:近|将近|接近|超|超过|逾|破|突破|过|约|达|达到|不足|不到|高达)$")
#: a single Chinese digit before these is a count; before most others it is a word: 一带, 三农, 四大
_AFTER_DIGIT = frozenset(
    [
        *("CNY", "USD", "HKD", "EUR", "JPY", "GBP", "pp", "bps", "times", "hours", "minutes", "years old", "companies"),
        *("vehicles", "units", "tonnes", "kilometres", "square metres"),
    ]
)
_STANDS = re.compile(r"(?:为|达|达到|至|到|超|超过|突破|仅|约|近|逾|是|合计|共|共计|总计|有|报|[Nn] ?=)了? ?$")
_CLAUSE_END = re.compile(r" ?(?:[,。;、!?()]|$|\n|左右|以上|以下|以内)")
_HEADS = re.compile(
    r"(?:(?:用户|网民|人口|会员|粉丝|消费者|从业人员|从业者|学生|游客)(?:总|规模|数量|数|量)?(?:规模|数|量)?|人数)(?:[(][A-Za-z]{1,8}[)])?"
    r"(?:已|将|也|预计|有望|再|会){0,2}(?:达到?|为|有|超过?|突破|近|约|增至|增长[至到]|升至|至|逾|接近|仅){0,3}了? ?$"
)
_SCORES = re.compile(r"(?:指数|评分|得分|满意度|净推荐值)[^,。;\0]{0,6}$")


def find_quantities(hidden: str) -> list[Quantity]:
    """Candidates in order; years and names must be hidden already."""
    return read_quantities(hidden, _CANDIDATE, _read)


def _read(text: str, match: re.Match[str], last: int) -> Quantity | None:
    if match.lastgroup == "digits":
        return _read_digits(text, match, last)
    return _read_han(text, match, last) if match.lastgroup == "han" else _read_words(text, match)


def _read_words(text: str, match: re.Match[str]) -> Quantity | None:
    """百分之三十, 四分之三, 3/4, 翻两番, 一半."""
    number: Decimal | None
    scale, unit = ONE, "%"
    if match["per"]:
        number, scale = _read_number(match["parts"]), _PARTS[match["per"]]
    elif match["whole"] or match["top"]:
        some, whole = _read_number(match["some"] or match["top"]), _read_number(match["whole"] or match["bottom"])
        number, unit = share_of(int(some or 0), int(whole or 0)) or (None, unit)
    elif match["again"]:
        number, unit = Decimal(4 if match["twice"] == "两" else 2), "times"
    else:
        number = None if text[match.start() - 1 : match.start()] == "另" else Decimal(50)
    return None if number is None else Quantity(match.start(), match.end(), number, scale, unit)


def _read_number(numeral: str) -> Decimal | None:
    if len(numeral) > LONGEST:
        return None
    if numeral[0] in "0123456789":
        return Decimal(numeral.replace(",", "").replace(" ", ""))
    read = read_chinese(numeral)
    return read and read[0] * read[1]


def _read_digits(text: str, match: re.Match[str], last: int) -> Quantity | None:
    start = match.start()
    before = text[max(0, start - 8) : start]
    if before[-1:] in {".", ","} and before[-2:-1].isdigit() and (before[-1] == "." or len(match[0]) == len("000")):
        return None
    number = _read_number(match[0])
    if number is None:
        return None
    number, scale, end, more = read_scale(text, match.end(), number)
    currency = read_currency(text[max(last, start - 8) : start])
    if currency is not None:
        quantity = _finish(text, start, end, number, scale) or Quantity(start, end, number, scale, None)
        if quantity.unit is None or quantity.end == end:
            quantity = Quantity(start - currency[1], end, number, scale, currency[0])
        return replace(quantity, qualifier="over" if more else None)
    if _signed(text, start, last):
        number, start = -number, start - 1
    found = _finish(text, start, end, number, scale)
    if found is None:
        return None
    # GMV3500亿元 and CPI2.1%, but not A4, C919 and GPT4
    if before[-1:].isascii() and before[-1:].isalpha() and (found.unit is None or (scale == ONE and found.unit != "%")):
        return None
    if found.unit == "degrees" and before.endswith("零下"):
        found = replace(found, start=start - 2, number=-number)
    return replace(found, qualifier="over") if more else found


def _signed(text: str, start: int, last: int) -> bool:
    """A minus, not the dash of a range or between words."""
    if start < 1 or text[start - 1] not in "-负" or (last and start - 1 <= last):
        return False
    before = text[start - 2 : start - 1]
    return text[start - 1] == "负" or before in set(" (:,") or not (before.isascii() or before == "—")


def _read_han(text: str, match: re.Match[str], last: int) -> Quantity | None:
    start, end = match.span()
    numeral = match[0]
    # 三千克 and 两百分点
    if (numeral[-1] == "千" and text[end : end + 1] in set("克瓦米卡")) or (
        numeral[-1] == "百" and text[end : end + 1] == "分"
    ):
        numeral, end = numeral[:-1], end - 1
    before = text[max(0, start - 3) : start]
    if not numeral or _INEXACT.search(before) or text[end : end + 1] in set("几数"):
        return None
    read = read_chinese(numeral)
    # 百亿 and 千家 alone are a manner of speaking; 近百亿 and 突破千家 are amounts
    if read is None or (_ROUND.fullmatch(numeral) and not _ABOUT.search(before)):
        return None
    number, scale = read
    if before.endswith("负"):
        number, start = -number, start - 1
    more = False
    if scale == ONE or text[end : end + 1] in set("多余"):
        number, large, end, more = read_scale(text, end, number)
        scale *= large
    found = _finish(text, start, end, number, scale)
    if _ranges(text, start, end, last) and (found is None or found.unit is None):
        return Quantity(start, end, number, scale, None)
    if found is None or found.unit is None or text[found.end : found.end + 1] == "级" or not _counts(found):
        return None
    return replace(found, qualifier="over") if more else found


def _ranges(text: str, start: int, end: int, last: int) -> bool:
    """三至五成, 百分之三十到四十: the unit may stand beside the other end."""
    return text[end : end + 1] in _TO or (last == start - 1 and text[last : last + 1] in _TO)


def _counts(quantity: Quantity) -> bool:
    """A single character is a count before few units; before most it is a word: 一带, 三农, 四大."""
    if quantity.value >= 10:  # noqa: PLR2004 - two characters
        return True
    if quantity.value == 1:
        return quantity.unit in {"times", "pp"}
    return quantity.value != 0 and quantity.unit in _AFTER_DIGIT


def _finish(text: str, start: int, end: int, number: Decimal, scale: Decimal) -> Quantity | None:
    """What stands behind number and scale."""
    if scale == ONE and (found := _read_tenths(text, start, end, number)):
        return found
    if scale == ONE and (years := _YEARS.match(text, end)):
        return Quantity(start, years.end(), number, ONE, "years") if _is_span(text, start, number) else None
    if unit := read_unit(text, end):
        name, stop = unit
        if name == "points" and text[start - 2 : start] == "小时":
            name = "minutes"
        if name == "‰":
            scale, name = _PARTS["千"], "%"
        return Quantity(start, stop, number, scale, name)
    before = text[max(0, start - 20) : start]
    if text[end : end + 1].isascii() and text[end : end + 1].isalnum():
        return None
    if (scale != ONE and _PERSONS.match(text, end)) or _HEADS.search(before):
        return Quantity(start, end, number, scale, "persons")
    stands = scale != ONE or bool(_STANDS.search(before) and _CLAUSE_END.match(text, end))
    otherwise = "points" if _SCORES.search(before) else "items"
    return Quantity(start, end, number, scale, None, stands=stands, otherwise=otherwise)


def _read_tenths(text: str, start: int, end: int, number: Decimal) -> Quantity | None:
    tenths = _TENTHS.match(text, end)
    if tenths is None or not 0 < number <= 10:  # noqa: PLR2004 - 十成
        return None
    part = Decimal(5) if tenths[1] == "半" else _read_number(tenths[1] or "零")
    return Quantity(start, tenths.end(), number + (part or Decimal(0)) / 10, Decimal(10), "%")


def _is_span(text: str, start: int, number: Decimal) -> bool:
    """5年 lasts; 24年 is more often 2024, unless something before it says how long."""
    before = text[max(0, start - 3) : start]
    if number >= 100 or _PERIOD.search(before):  # noqa: PLR2004
        return False
    return number < 10 or bool(_SPANS.search(before))  # noqa: PLR2004
