"""The phrase that a figure measures: what is counted, or what was asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.figures.units import PARTS

if TYPE_CHECKING:
    from archive.figures.quantities import Quantity

_LONGEST = 80
_WINDOW = 300
_CLAUSES_ZH = re.compile(r"[,。;!?\n]")
_CLAUSES_EN = re.compile(r"[;!?\n]|[,.](?= |$)")
_YEARS_ZH = re.compile(r"(?:在|到|至|截至)?[0-9]{4}(?:[-—~][0-9]{2,4})? ?年(?:度|底|末|初|期间|上半年|下半年)?[,]?")
# (?=(…))\1 is (?>…): of Python 3.11 the first releases take a possessive (…|…)++ for too little
_LEAD_ZH = re.compile(
    r"^(?=((?:占比最高的是|排名第一的是|最高的是|大关|关口|其中|其次是|其次为?|此外|同时|预计|预测|有望|并且|而|且|但|约"
    r"|数据显示|据悉|从|在|有|到|以及|和|与|分别|是|显示|[ 、:：()（）])+))\1"
)
_TAIL_ZH = re.compile(
    r"(?=((?:将|已|也|还|会|可|或|有望|预计|规?模?以|高?达到?了?|为|至|(?<!周)到|(?<!商)超过?|逾|突破|近|约|接近|仅|占比?为?|以|有|共|共有|累计|合计|分别|是|增长|增至|增|升至|降至"
    r"|提升|提高|上升|下降|减少|同比|环比|不足|不到|了|的|比例|最高|[ (:（：])+))\1$"
)
_AFTER_ZH = re.compile(r"[)]?的?([^,。;!?\n0-9\0]{2,60})")
_TAIL_EN = re.compile(
    r"(?=((?:[ ,(:]|\b(?:is|are|was|were|be|been|has|have|had|will|would|could|may|to|by|at|of|with|in|for|from|and"
    r"|the|an?|also|reached?|reaching|reach|exceed(?:ed|ing)?"
    r"|expected|estimated|projected|forecast|predicted|grow|grew|increased?|rise|rose|over|about|nearly"
    r"|approximately|around|more than|up|down|stood|accounting|accounted|accounts"
    r"|proportion|share|proportions|totall?ed|total|hit|surpass(?:ed)?|decreased?|declined?|fell|only|some"
    r"|respectively|as|much|high|highest|it)\b)+))\1$",
    re.IGNORECASE,
)
_LEAD_EN = re.compile(
    r"^(?=((?:[ ,(:]|\b(?:and|while|but|with|of which|which|in|by|it is (?:expected|estimated) that|expected|the|an?"
    r"|that|followed|as|of|to|however|meanwhile|among them|data shows?|respectively|20[0-9]{2})\b)+))\1",
    re.IGNORECASE,
)
#: "Data of the institute shows that": who says it is not what is measured
_SAYS_EN = re.compile(
    r"^[^,]{0,70}?\b(?:shows?|showed|indicates?|suggests?|found|said|says|reports?|reported|reveals?|estimates?) that ",
    re.IGNORECASE,
)
_AFTER_EN = re.compile(r" ?(?:of )?(?:the )?([A-Za-z\"“][^,.;!?\n0-9\0]{2,70})")
_NOTHING_EN = frozenset({"There", "there", "Here", "They", "they"})
_COUNTED_EN = re.compile(
    r"[0-9][0-9.,]*(?: (?:hundred|thousand|million|billion|trillion)){0,2} ([A-Za-z][^,.;!?\n0-9\0]{2,70})"
)
_OF = re.compile(r"[)]?(?:的| of (?:the )?)([^,.。;!?\n0-9\0]{2,70})")
_PEOPLE_ZH = re.compile(
    r" ?的?(?!占比|比例|比重|份额|高占比)(?:[^,。;0-9\0]{0,8})(?:用户|消费者|受访者|网民|人|企业)"
    r"(?:认为|表示|希望|选择|会|在|愿意|更|使用|关注|偏好"
    r"|[\u4e00-\u9fff])"
)
_PEOPLE_EN = re.compile(
    r" of (?:the )?(?:[A-Za-z-]+ ){0,4}(?:users|consumers|respondents|people|netizens|companies|enterprises)\b"
)


def find_measure(shadow: str, text: str, quantity: Quantity, language: str, previous: tuple[int, str] | None) -> str:
    """``previous``: where the figure before ends and what it measures, for what is left unsaid."""
    people = (_PEOPLE_ZH if language == "zh" else _PEOPLE_EN).match(shadow, quantity.end, quantity.end + 60)
    if people and quantity.unit == "%":
        after = (_AFTER_ZH if language == "zh" else _AFTER_EN).match(shadow, quantity.end, quantity.end + _WINDOW)
        if after:
            return _cut(text[after.start(1) : after.end(1)])
    before = _before_zh if language == "zh" else _before_en
    phrase = before(shadow, text, quantity.start, previous)
    if quantity.unit in {"%", *PARTS} and (after := _OF.match(shadow, quantity.end, quantity.end + _WINDOW)):
        # 近七成的家长: nothing stands before what it is a share of
        unsaid = not before(shadow, text, quantity.start, previous and (previous[0], ""))
        phrase = text[after.start(1) : after.end(1)] if unsaid else phrase
    elif phrase in _NOTHING_EN and (after := _COUNTED_EN.match(shadow, quantity.start, quantity.start + _WINDOW)):
        phrase = text[after.start(1) : after.end(1)]
    return _cut(phrase) if language == "en" else phrase[-_LONGEST:].strip()


def _cut(phrase: str) -> str:
    """Short, and not in the middle of a word."""
    if len(phrase) <= _LONGEST:
        return phrase.strip()
    return phrase[: phrase.rfind(" ", 1, _LONGEST) if " " in phrase[1:_LONGEST] else _LONGEST].strip()


def _before_zh(shadow: str, text: str, start: int, previous: tuple[int, str] | None) -> str:
    floor = max(0, start - _WINDOW, previous[0] if previous else 0)
    end = start
    for _ in range(3):
        begin = max(floor, *(match.end() for match in _CLAUSES_ZH.finditer(shadow, floor, end)), floor)
        phrase = _YEARS_ZH.sub("", text[begin:end].replace("\0", ""))
        phrase = _LEAD_ZH.sub("", _TAIL_ZH.sub("", phrase)).strip("“” ")
        if len(phrase) > 1:
            return phrase
        if begin <= floor or shadow[begin - 1] in "。\n":
            break
        end = begin - 1
    return previous[1] if previous else ""


def _before_en(shadow: str, text: str, start: int, previous: tuple[int, str] | None) -> str:
    floor = max(0, start - _WINDOW, previous[0] if previous else 0)
    end = start
    for _ in range(3):
        begin = max(floor, *(match.end() for match in _CLAUSES_EN.finditer(shadow, floor, end)), floor)
        phrase = _LEAD_EN.sub("", _TAIL_EN.sub("", _SAYS_EN.sub("", text[begin:end])))
        if len(phrase) > 2:  # noqa: PLR2004 - "It"
            return phrase
        if begin <= floor or shadow[begin - 1] in ".\n":
            break
        end = begin - 1
    return previous[1] if previous else ""
