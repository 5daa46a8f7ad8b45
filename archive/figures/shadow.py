"""A text as the grammar reads it: width, dashes and blanks alike, character for character, so that offsets hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.figures.model import Language

#: stands for what is not read; no rule matches it
HIDDEN = "\0"

_TRADITIONAL = "億萬兩個餘達戶輛單條間噸點幾數約過預計測將較長減負歐韓鎊佔"
_SIMPLIFIED = "亿万两个余达户辆单条间吨点几数约过预计测将较长减负欧韩镑占"
_ALIKE = str.maketrans(
    {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
    | dict(zip(map(ord, _TRADITIONAL), _SIMPLIFIED, strict=True))
    | dict.fromkeys(map(ord, "‐‑‒–−﹣"), "-")
    | dict.fromkeys(map(ord, "―─━"), "—")
    | dict.fromkeys(map(ord, "〜∼"), "~")
    | dict.fromkeys(map(ord, "\t\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000"), " ")
    | {ord("﹪"): "%", ord("￥"): "¥", ord("￡"): "£", ord("∶"): ":", ord("㎡"): "㎡", ord("’"): "'", 0: " "}
)
_TITLE = re.compile(r"《[^《》]{1,200}》")
_QUOTED = re.compile(r'"([^"]{1,300})"|“([^“”]{1,300})”')
_NAMES_A_REPORT = re.compile(
    r"\b(?:reports?|surveys?|data|white ?papers?|outlook|analysis|study|yearbook)\b", re.IGNORECASE
)
# The 2025 China Coffee Industry Report
_UNQUOTED = re.compile(
    r"\b20[0-9]{2} (?:[A-Z][A-Za-z'&-]{0,30},? |(?:and|of|on|the|for|in) ){1,12}"
    r"(?:Report|Survey|White Paper|Whitepaper|Outlook|Index|Forum|Conference|Summit)\b"
)
_BEGINS_NO_QUOTE = frozenset(" ,.;:)")


def shade(text: str, language: Language) -> str:
    """The text made alike, with the titles of reports hidden: a number in one measures nothing."""
    shadow = _TITLE.sub(_hide, text.translate(_ALIKE))
    if language == "en":
        shadow = _UNQUOTED.sub(_hide, _QUOTED.sub(_hide_report, shadow))
    return shadow


def _hide(match: re.Match[str]) -> str:
    return HIDDEN * len(match[0])


def _hide_report(match: re.Match[str]) -> str:
    inner = match[1] or match[2]
    if inner[0] in _BEGINS_NO_QUOTE or not _NAMES_A_REPORT.search(inner):
        return match[0]
    return _hide(match)
