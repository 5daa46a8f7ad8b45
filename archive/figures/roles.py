"""What a figure says: a level, share, change, threshold, count or ratio; over or under; a fact or a forecast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.figures.units import is_count, is_share

if TYPE_CHECKING:
    from archive.figures.model import Figure, Role
    from archive.figures.quantities import Quantity

_BEFORE_ZH = (
    (re.compile(r"(?:不少于|不低于|至少|最低|起码|不小于)[为达]?$"), "at least"),
    (re.compile(r"(?:不超过|不高于|不多于|至多|最多|不大于|最高)[为达]?$"), "at most"),
    (re.compile(r"(?:不足|不到|低于|少于|未满|小于|未达|不及)$"), "under"),
    (re.compile(r"(?:超过|超|逾|突破|高于|多于|大于|破|过|超出|远超)了?$"), "over"),
    (re.compile(r"(?:接近|将近|近|逼近|临近)$"), "nearly"),
    (re.compile(r"(?:约|大约|大概|约为|约占|约达|大致)$"), "about"),
)
_AFTER_ZH = (
    (re.compile(r"[ 的]?(?:及以上|以上|起)"), "at least"),
    (re.compile(r"[ 的]?(?:及以下|以内|之内)"), "at most"),
    (re.compile(r"[ 的]?以下"), "under"),
    (re.compile(r" ?(?:左右|上下)"), "about"),
)
_BEFORE_EN = (
    (re.compile(r"(?:at least|no less than|no fewer than|not less than|a minimum of) $"), "at least"),
    (re.compile(r"(?:at most|up to|no more than|not more than|a maximum of|not exceeding) $"), "at most"),
    (re.compile(r"(?:less than|fewer than|under|below|lower than|short of) $"), "under"),
    (
        re.compile(
            r"(?:over|more than|above|higher than|exceed(?:ed|ing|s)?|surpass(?:ed|ing|es)?|in excess of|greater than"
            r"|topped|topping|upwards of|crossed|past) (?:the )?$"
        ),
        "over",
    ),
    (re.compile(r"(?:nearly|almost|close to|approaching|nearing) $"), "nearly"),
    (re.compile(r"(?:about|around|approximately|roughly|some|an estimated|circa|approx\.|around) (?:an? )?$"), "about"),
)
_AFTER_EN = (
    (re.compile(r" or (?:more|above|over|older)\b| and (?:above|over|older)\b(?! [0-9$¥€])"), "at least"),
    (re.compile(r" or (?:less|fewer|below|under|younger)\b"), "at most"),
)
_LIMIT_ZH = re.compile(r"突破$")
_LIMIT_EN = re.compile(r"(?:exceed(?:ed|ing|s)?|surpass(?:ed|ing|es)?|crossed|passed|topped) (?:the )?$")
_MOVES_ZH = re.compile(r"(?:增长|增加|提高|提升|上涨|下降|减少|下跌|上升|降低|下滑)了?(?:约|近|超过?)?$")
_MOVES_EN = re.compile(
    r"\b(?:rose|risen|increased|grew|grown|fell|fallen|declined|decreased|dropped|climbed|jumped|up|down|reduced"
    r"|cut) by (?:about |nearly |over |around )?$"
)
_BOUNDS_EN = re.compile(
    r"\b(?:aged|ages) [^,.;%]{0,20}$"
    r"|\b(?:spen(?:d|t|ds|ding)|pay(?:ing|s)?|earn(?:ing|s)?|incomes?|accept|premium|priced?|budgets?|salar(?:y"
    r"|ies)|willing) [^,.;%]{0,40}"
    r"(?:more than|less than|over|above|below|under|at least|between|up to) $",
    re.IGNORECASE,
)
_AVERAGE = re.compile(
    r"(?:年均复?合?(?:增长率?|增速|增幅)|复合(?:年均|年)?增长率?|复合增速|CAGR)[^,。;%\0]{0,10}$"
    r"|\b(?:CAGR|compound (?:annual )?growth(?: rate)?|average annual (?:growth|increase)(?: rate)?"
    r"|annualized growth rate)\b[^,;.%\0]{0,24}$"
)
_AVERAGE_AFTER = re.compile(
    r"(?:以上|左右)?的?(?:年均|年)?(?:复合|年均)(?:年|年均)?(?:增|速)| (?:CAGR|compound|average annual)"
)
_MARK_ZH = re.compile(r"(?:及|的|[(]含[)])?(?:以上|以下|以内)|大关|关口|门槛|区间|的[^,。;0-9]{0,8}占|占")
_OLDER_EN = re.compile(r" (?:and|or) (?:above|over|older|under|younger|below)\b")
_MARK_EN = re.compile(
    r"(?: (?:made up|make up|account|represent|compris)|[ -]mark\b|[ -]threshold\b| or (?:more|less|above|below)\b)"
)

_CHANGE_ZH = re.compile(
    r"(?:(?:同比|环比|增幅|增速|增长率|涨幅|降幅|跌幅|多出|多了|少了|CAGR|年均增长|年复合增长|复合增长|复合年增长率|增长速度|增量)[^,。;、%\0]{0,14}"
    r"|(?:增长|增加|下降|下滑|减少|上升|提升|提高|上涨|下跌|回落|收窄|扩大|攀升|降低|缩减|萎缩|增|降|涨|跌|升|缩水|高出[^,。;%0-9\0]{0,12}|猛增|激增|骤降|暴涨|飙升|走低"
    r"|走高|上调|下调|高出|低于?)"
    r"(?:了|约|近|超过?|逾|不足|不到|幅度|为|达到?|高达|仅|将|至少|率|速度|幅|接近|-){0,3})$"
)
_CHANGE_AFTER_ZH = re.compile(
    r"(?:以上|左右|的|之?间|以内|这样)?(?:的)?(?:年均|年度|年|平均|同比|环比|复合|高速|高|较快|稳定|快速|两位数|正)?(?:的)?(?:年均)?(?:增长|增速|增幅|涨幅|降幅|跌幅"
    r"|复合增长|复合年增长|速度(?:增|扩|下)|增长率|下降|下滑|减少|提升)(?!到|至|了|为)"
)
_NO_CHANGE_ZH = re.compile(r"位列|位居|的?占比|的?(?:用户|消费者|受访者|网民|人|比例|比重|份额)")
_CHANGE_EN = re.compile(
    r"\b(?:gr[eo]w(?:n|ing|s)?|r[oi]s(?:e|en|es|ing)|increas(?:e|ed|es|ing)"
    r"|(?<!made )(?<!make )(?<!makes )(?<!making )(?<!takes )(?<!took )up|down|f[ae]ll(?:en|s|ing)?|declin(?:e"
    r"|ed|es|ing)|decreas(?:e|ed|es|ing)"
    r"|drop(?:s|ped|ping)?|climb(?:ed|s|ing)?|jump(?:ed|s|ing)?|surg(?:e|ed|es|ing)|gain(?:ed|s|ing)?"
    r"|shr[aiu]nk(?:s|ing)?|slow(?:ed|s|ing)?|soar(?:ed|s|ing)?"
    r"|expand(?:ed|s|ing)?|expansion|contract(?:ed|s|ing)|reduc(?:e|ed|es|ing|tion)|growth(?: rate)?|CAGR"
    r"|rate of (?:growth|increase)|improv(?:e|ed|es|ement)|advanc(?:e|ed)"
    r"|edg(?:ed|ing) (?:up|down)|higher|lower|accelerat(?:e|ed|ing)|plung(?:ed|ing)|tumbl(?:ed|ing)|slid|dipped"
    r"|widen(?:ed|ing)|narrow(?:ed|ing)|boost(?:ed|ing)?|cut|rais(?:ed|ing))\b"
    r"\)?([^,.;%\0\"“”()]{0,50})$",
    re.IGNORECASE,
)
_NOT_BY_EN = re.compile(
    r"\b(?:to|from|at|with|for|stood|was|is|among|where|that|of (?:users|respondents|consumers))\b", re.IGNORECASE
)
_CAGR_EN = re.compile(r"\b(?:growth rate|CAGR|rate of (?:growth|increase|decline))\b", re.IGNORECASE)
_RATE_EN = re.compile(r"(?:growth(?: rate)?|CAGR|rate of (?:growth|increase|decline))\b", re.IGNORECASE)
#: a decline that narrows to 3 % is one of 3 %
_RATE_MOVES_EN = re.compile(
    r"\b(?:declines?|decreases?|drops?|falls?|contraction|increases?|rises?|gains?)\b[^,.;%\0]{0,30}"
    r" (?:narrow|widen|slow|eas|moderat|accelerat)(?:ed|s|ing) (?:further )?(?:to|at|from) [a-z ]{0,16}$",
    re.IGNORECASE,
)
_CHANGE_AFTER_EN = re.compile(
    r"[ -](?:(?:year-on-year|year-over-year|yoy|annual|average|compound|quarter-on-quarter|month-on-month"
    r"|annualized|sharp|slight|cumulative|nominal|real) ){0,3}"
    r"(?:growth|increase|decrease|decline|rise|drop|fall|jump|surge|gain|reduction|CAGR|expansion"
    r"|year[- ]on[- ]year|year[- ]over[- ]year|yoy|YoY|month[- ]on[- ]month|quarter[- ]on[- ]quarter"
    r"|fewer|higher|lower|faster|slower|more than|less than|from a year|from the|over the (?:previous|prior"
    r"|year)|compound annual)",
    re.IGNORECASE,
)

_FORECAST_ZH = re.compile(
    r"预计|预测|(?<!超出)(?<!高于)(?<!低于)(?<!好于)(?<!不及)(?<!符合)(?<!超)预期|有望|可望|预估|预料|料将|估计|估算|可达|或达|或将|或可|有可能|目标(?:为|是)|力争"
    r"|将(?=[^。;,]{0,8}(?:达|增|超|突破|接近|升|降|为|有|扩|至|到|破|逼近|翻|跌|保持|维持|提))"
)
_FORECAST_EN = re.compile(
    r"\b(?:is|are|was|were|be|been)? ?(?:expect(?:ed|s|ing)?|projected|projects?(?= (?:that|the|it|a|growth"
    r"|revenue|sales))|forecast(?:s|ed|ing)?|predict(?:ed|s|ing)?|anticipat(?:ed|es|e)"
    r"|(?<!an )estimated|poised|slated|likely to|set to|on track to|on course to|(?:will|would|could|may"
    r"|might) (?:also |likely |soon |further |eventually |well |even |still |then |probably ){0,2}(?:be"
    r"|have (?:reached|grown|exceeded|surpassed|risen)|reach|exceed|grow|hit|rise|increase|surpass|expand|climb"
    r"|total|fall|decline|drop|account|top|pass|jump|double|triple|continue|approach|remain|stand|break|come"
    r"|bring|drive|stay|cross|shrink|arrive|widen|swell|near|number|amount|make up|generate|move|go)|is to"
    r"|are to|aims? to|targets?|goal of|projections?|outlook)\b",
    re.IGNORECASE,
)
_FORECAST_AFTER_EN = re.compile(
    r"[^,.;0-9\0]{0,30} (?:is|are) (?:forecast|expected|projected|predicted|anticipated|estimated)"
    r"(?: (?:for|in|by|over|during|through|from|between|within|annually|(?:this|next|each|every) year)\b|[,.;)]|$)"
)
_FUTURE_ZH = re.compile(r"(?:预|将|有望|或|可能|目标|计划|料)[^。;；!\n]*$")
_FUTURE_EN = re.compile(
    r"\b(?:will|would|could|can|may|might|expect|forecast|project(?:ed|ion)|estimat|predict|outlook|prospect|target|plan|likely)"
    r"(?:[^;!.\n]|\.(?! ))*$",
    re.IGNORECASE,
)
# what was, is or stood after the marker is a fact again
_FACT_EN = re.compile(
    r"\b(?:was|were|stood|reached|totall?ed|amounted|had|recorded|(?<!to )(?<!will )hit"
    r"|accounted)\b(?! (?:expected|projected"
    r"|estimated|forecast|predicted|likely|set|to))"
)
_YEAR = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])")


_SHARE_BEFORE_ZH = re.compile(r"(?:占|比例|比重|份额|至|到)[^,，。;；%0-9]{0,8}$")
_SHARE_AFTER_ZH = re.compile(
    r" ?的?(?:占比|比例|比重|份额|位列|位居|居|排名|[^,，。;；0-9]{0,8}(?:用户|消费者|受访者|网民|人|企业|家庭))"
)
_SHARE_BEFORE_EN = re.compile(
    r"\b(?:proportions?|account(?:s|ed|ing)?|shares?|percentage|m[ae]d?k?(?:e|es|ing)? up|to|represent(?:s|ed"
    r"|ing)?|ranked|ranking)\b"
    r"[^,.;%0-9]{0,24}$",
    re.IGNORECASE,
)
_SHARE_AFTER_EN = re.compile(
    r" of (?:the |all )?(?:[A-Za-z-]+ ){0,3}(?:users|consumers|respondents|people|total|companies|households|market)\b"
)


def find_qualifier(shadow: str, quantity: Quantity, language: str) -> str | None:
    """Over, nearly, about …: what stands straight before or after."""
    before, after = shadow[max(0, quantity.start - 18) : quantity.start], shadow[quantity.end : quantity.end + 12]
    befores, afters = (_BEFORE_ZH, _AFTER_ZH) if language == "zh" else (_BEFORE_EN, _AFTER_EN)
    before = before.rstrip(" ") if language == "zh" else before.lower()
    for pattern, name in befores:
        if pattern.search(before):
            return name
    for pattern, name in afters:
        if pattern.match(after):
            return name
    return quantity.qualifier


def spans_years(shadow: str, quantity: Quantity) -> bool:
    """An average rate of several years speaks of none of them."""
    before, after = shadow[max(0, quantity.start - 40) : quantity.start], shadow[quantity.end : quantity.end + 24]
    return bool(_AVERAGE.search(before) or _AVERAGE_AFTER.match(after))


def find_role(shadow: str, quantity: Quantity, language: str, clause: int) -> Role:
    """``clause`` is where the part of the sentence begins that holds it."""
    unit = quantity.unit or "items"
    before, after = shadow[max(clause, quantity.start - 70) : quantity.start], shadow[quantity.end : quantity.end + 40]
    chinese = language == "zh"
    if unit in {"pp", "bps"}:
        return "change"
    if is_share(unit):
        if (_changes_zh if chinese else _changes_en)(before, after):
            return "change"
        return "ratio" if unit == "times" else "share"
    if (_MOVES_ZH if chinese else _MOVES_EN).search(before):
        return "change"
    if (_bounds_zh if chinese else _bounds_en)(before, after, unit):
        return "threshold"
    return "count" if is_count(unit) and unit != "points" else "level"


def _bounds_zh(before: str, after: str, unit: str) -> bool:
    if unit == "years old" and after.lstrip("的群体人用户消费者年龄段").startswith("占"):
        return True
    return bool(_MARK_ZH.match(after) or (_LIMIT_ZH.search(before.rstrip("了 ")) and _MARK_ZH.search(after[:6])))


def _bounds_en(before: str, after: str, unit: str) -> bool:
    if _BOUNDS_EN.search(before) or (unit == "years old" and _OLDER_EN.match(after)):
        return True
    return bool(_MARK_EN.match(after) or (_LIMIT_EN.search(before) and _MARK_EN.search(after[:6])))


def _changes_zh(before: str, after: str) -> bool:
    if _CHANGE_AFTER_ZH.match(after):
        return True
    return bool(_CHANGE_ZH.search(before.rstrip(" "))) and not _NO_CHANGE_ZH.match(after)


def _changes_en(before: str, after: str) -> bool:
    if _CHANGE_AFTER_EN.match(after) or _RATE_MOVES_EN.search(before):
        return True
    found = _CHANGE_EN.search(before)
    if found is None:
        return False
    if _RATE_EN.match(found[0]) or _CAGR_EN.search(found[0]):
        return True
    return not _NOT_BY_EN.search(found[1])


def names_share(text: str, figure: Figure) -> bool:
    """Whether the text says in words that it is a share, rather than nothing that makes it a change."""
    before, after = text[max(0, figure.start - 40) : figure.start], text[figure.end : figure.end + 40]
    if figure.language == "zh":
        return bool(_SHARE_BEFORE_ZH.search(before) or _SHARE_AFTER_ZH.match(after))
    return bool(_SHARE_BEFORE_EN.search(before) or _SHARE_AFTER_EN.match(after))


def may_be_forecast(text: str, figure: Figure) -> bool:
    """Whether something before it speaks of the future, though not in words that are sure to mean the figure."""
    before = text[max(0, figure.start - 100) : figure.start]
    return bool((_FUTURE_ZH if figure.language == "zh" else _FUTURE_EN).search(before))


def is_forecast(shadow: str, start: int, end: int, year: int | None, sentence: int, language: str) -> bool:
    """Whether a marker stands before the figure, with no fact between the two."""
    if language == "en" and _FORECAST_AFTER_EN.match(shadow, end):
        return True
    begin = max(sentence, shadow.rfind(";", sentence, start) + 1)
    part = shadow[begin:start]
    markers = list((_FORECAST_ZH if language == "zh" else _FORECAST_EN).finditer(part))
    if not markers:
        return False
    last = markers[-1]
    between = part[last.end() :]
    if language == "en" and _FACT_EN.search(between):
        return False
    # 预计2030年将达9亿元，2024年为3亿元: the marker speaks of the year beside it
    before = part[: last.start()]
    beside = (between[:8], before[-12:], between) if language == "zh" else (between, before[-60:])
    first = next((found for text in beside if (found := _YEAR.search(text))), None)
    return year is None or first is None or year >= int(first[0])
