"""The line that names the brands a report deals with, and where it ends when the summary is glued to it."""

from __future__ import annotations

import re

from archive.language import HAN
from archive.text import tidy

BRANDS = re.compile(
    r"^[\[【(（]?\s*(?:本(?:报告|文))?(?:所)?(?:涉及|相关|提及)(?:到)?(?:的)?(?:企业|品牌|公司|机构)"
    r"(?:[/／、和与及](?:企业|品牌|公司|机构))*(?:名单|列表)?(?:包括|包含|有|为)?\s*[\]】)）]?\s*[:：]\s*"
)
_PARTED = re.compile(r"[、;；]")
_PARTED_BY_COMMA = re.compile(r"[、;；,，]")
_LONGEST = 30  #: characters of a name
_SHORT = 6  #: a name may hold any character; a longer one none of those that make sentences
_IN_SENTENCE = re.compile("[的是了在为将并已被年]")
_OPENING = re.compile(
    r"随着|近年来?|根据|目前|当前|如今|由于|作为|数据显示|受.{1,6}影响|(?:19|20)\d\d年|(?<=、)[据在自当从为]"
)
_LONGEST_LIST = 400  #: characters
_LIST_GOES_ON = 20  #: characters in which another 、 shows that a blank was inside a name


def read_brands(text: str) -> tuple[tuple[str, ...], str] | None:
    """The names of a brands line and what follows them in the same text; None where it is no brands line.

    Without any boundary between the last name and the first sentence nobody can part them: no names, all text.
    """
    match = BRANDS.match(text)
    if not match:
        return None
    rest = text[match.end() :]
    listed = rest.rstrip("。")
    if "。" not in listed and (listed == rest or not _OPENING.search(rest)):
        names = read_names(rest)
        if all(map(_is_name, names)) and ("、" not in rest or "，" not in rest):
            return names, ""
    return _part(rest) or ((), text)


def read_names(text: str) -> tuple[str, ...]:
    text = tidy(text).rstrip("。.、,，;； ")
    parts = (_PARTED if "、" in text else _PARTED_BY_COMMA).split(text)
    return tuple(name for name in map(tidy, parts) if name)


def _part(rest: str) -> tuple[tuple[str, ...], str] | None:
    """Names and summary, parted at a blank, at the list's full stop, or before words that open a sentence."""
    for cut in re.finditer(r"\s+", rest[:_LONGEST_LIST]):
        head, tail = rest[: cut.start()], rest[cut.end() :]
        if _is_list(head) and "、" not in tail[:_LIST_GOES_ON] and HAN.search(tail):
            return read_names(head), tail
    head, stop, tail = rest.partition("。")
    if stop and _is_list(head) and HAN.search(tail):
        return read_names(head), tail.strip()
    opening = _OPENING.search(rest)
    if opening and _is_list(rest[: opening.start()]):
        return read_names(rest[: opening.start()]), rest[opening.start() :]
    return None


def _is_list(text: str) -> bool:
    names = read_names(text)
    return len(names) > 1 and "，" not in text and all(map(_is_name, names))


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST and not (len(text) > _SHORT and _IN_SENTENCE.search(text))
