"""What holds digits and measures nothing: dates, ranks, 5G, ISO 9001, 双11, COVID-19, telephone numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.figures.numerals import HAN
from archive.figures.shadow import HIDDEN

if TYPE_CHECKING:
    from archive.figures.model import Language

# every repetition is bounded
_CHINESE = re.compile(
    r"(?:19|20)[0-9]{2}([-/.])[0-9]{1,2}\1[0-9]{1,2}(?![0-9])"
    r"|[0-9]{1,2}(?: ?[-—~至到、] ?[0-9]{1,2})? ?月(?:份|[0-9]{1,2}(?:[-~—至到][0-9]{1,2})? ?[日号])?"
    r"|[0-9]{1,2}(?:[-~—至到][0-9]{1,2})?[日号](?!均|活|线)"
    r"|[0-9]{1,2}:[0-9]{2}"
    r"|[0-9]{2}(?:[、/和与][0-9]{2}){0,4}后|[零九八七六五]零后|[五六七八九]五后"
    r"|(?<![目此以日当年之提先空])前 ?(?:[0-9]+|[一二三四五六七八九十百]+)(?:个月|[大强名位家款个])?"
    r"|第 ?[0-9]{1,6}(?:[-—~至到、] ?[0-9]{1,6})?[名位]?"
    rf"|第[{HAN}]{{1,8}}[名位]?"
    r"|(?:TOP|Top|top|No\.|NO\.) ?[0-9]+|(?<![0-9])[0-9]{1,6}强|百强|十强|[0-9]{1,3}分制"
    r"|双 ?1[12]|双十[一二]|[367]·[0-9]{1,2}|7 ?[×xX*] ?24小时"
    r"|24 ?小时(?=(?:自助|无人|不间断|连锁|在线|全天候)?(?:便利店|门店|营业|服务|在线|客服|不打烊|药店|书店|值守))"
    r"|每 ?[0-9]{1,3} ?[名个位人][^,。;0-9\0]{0,10}[中里][就便]?有 ?[0-9]{1,3} ?[名个位人]"
    r"|每(?:[十百千万亿]+|10{1,6}[万千百亿]?)[\u4e00-\u9fff]"
    r"|(?:ISO|GB/T|Web|web|Windows|iOS|Android|GPT|COVID|工业) ?-?[0-9]+(?:\.[0-9]+)?"
    r"|https?://[^ ]{1,200}|[0-9]{3,4}-[0-9]{3,4}-[0-9]{4}"
    r"|第?[一二三四][季线]|[一二三四]季度|上半年|下半年|一带一路|三分钟热度|一站式|一体化|三位一体|万一|千家万户|千万别"
    r"|[一二三四五六七八九]分之?[一二三四五六七八九]?(?=天下|文)"
)
_MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
)
_ENGLISH = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:19|20)[0-9]{2}([-/.])[0-9]{1,2}\1[0-9]{1,2}(?![0-9])"
    rf"|{_MONTH}\.? [0-9]{{1,2}}(?:st|nd|rd|th)?(?: ?(?:-|to|and) ?[0-9]{{1,2}})?(?![0-9.%])"
    rf"|(?<![.,])[0-9]{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b"
    r"|[0-9]{1,4}(?:st|nd|rd|th)\b"
    r"|(?:(?:19|20)[0-9]0|[0-9]0)s\b|post-?[0-9]{2}s?\b|24/7\b|[0-9]{1,2}:[0-9]{2}\b"
    r"|24(?:[- ]hours? (?:a|per|every) day\b|-hour(?= (?:[a-z-]+ )?(?:stores?|shops?|services?|pharmac|bookstores?)))"
    r"|[Tt][Oo][Pp][- ](?:[0-9]+|two|three|five|ten|twenty|fifty|hundred)\b"
    r"|(?:No|no|NO|Nos)\. ?[0-9]+|#[0-9]+|[Rr]ank(?:s|ed|ing)? [0-9]+\b"
    r"|(?:Fortune|Global|Tier|tier|Phase|phase|Level|level|Grade|Article|Section|Chapter|Table|Figure|Fig\."
    r"|Chart|Exhibit|Appendix"
    r"|[Pp]ages?|Web|web|Industry|ISO|Generation|Gen|GPT|Wi-Fi|Bluetooth|iPhone|Windows|Android|iOS|Double"
    r"|[Vv]ersion|Model|Route|Highway|Area|Zone"
    r"|Stage|Step|Nasdaq|NASDAQ|S&P|CSI|Big|Group of|Class of|Boeing|Airbus|COVID|GB/T|Day|Type|Part|Volume"
    r"|Vol\.|Issue|Item|Note)"
    r"[- ]?[0-9]+(?:\.[0-9]+){0,3}(?![0-9,%]| (?:million|billion|trillion|percent))"
    r"|(?:first|last|final|next) (?:three|two|four|six|nine|ten|eleven|[0-9]{1,2}) (?:months|quarters)\b(?= of)"
    r"|(?:first|the first|1st) (?:[0-9]{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven) (?:months|quarters)\b"
    r"|(?<![.,])\b(?:[0-9]{1,2}|[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine) (?:in"
    r"|out of) (?:every )?(?:[0-9]{1,3}|two|three|four|five|six|seven|eight|nine|ten)\b(?! (?:million|billion"
    r"|points))"
    r"|(?:per|[Ff]or every|[Ee]very|each) (?:100|1,000|10,000|100,000|hundred|thousand)\b"
    r"|[0-9]{1,3}(?:\.[0-9])? ?(?:[GD]|G/[0-9]G)\b(?!B)"
    r"|[248]K\b|(?:past|last|next|coming|recent|previous|following|first) (?:[0-9]{1,2}|two|three|four|five|six"
    r"|seven|eight|nine|ten|few) (?:consecutive )?(?:years|months|weeks|days|decades)\b"
    r"|[0-9]{3,4}-[0-9]{3,4}-[0-9]{4}\b|https?://[^ ]{1,200}"
    r"|one[- ](?:stop|person|click|another)\b|(?:Belt|Double) (?:and|Eleven|Twelve|Eleventh)\b"
    r")"
)


def hide_names(shadow: str, language: Language) -> str:
    """The text without them, character for character."""
    return (_CHINESE if language == "zh" else _ENGLISH).sub(lambda match: HIDDEN * len(match[0]), shadow)
