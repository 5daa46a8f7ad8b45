"""Which year a figure speaks of, as far as the text says so."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from archive.figures.shadow import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.figures.model import Figure
    from archive.figures.quantities import Quantity

#: position, end, and the year; None for a span of years, which is none of them
Mention = tuple[int, int, int | None]

_YEAR = "(?:19[5-9]|20[0-9])[0-9]"
_CHINESE = re.compile(
    rf"(?<![0-9])(?<![0-9][.,])({_YEAR}) ?(?:年(?:度|底|末|初)? ?)?(?:-{{1,2}}|—{{1,2}}|~|至|到|/) ?(?:{_YEAR}"
    rf"|[0-9]{{2}}(?=年)) ?(?:年|[EF](?![A-Za-z]))?(?![0-9.%万亿])"
    rf"|(?<![0-9])(?<![0-9][.,])({_YEAR}) ?(?:财?年|(?=Q[1-4]|H[12]|[EeFf](?![A-Za-z])|上半|下半|版|款|届|级(?!市)"
    rf"|、{_YEAR} ?年|和{_YEAR} ?年|[一二三四]季度))"
    rf"|[(]({_YEAR})[)]|FY ?({_YEAR})"
    r"|(二[〇零][〇零一二三四五六七八九]{2})年"
)
_ENGLISH = re.compile(
    rf"(?<![0-9.,A-Za-z$¥€£])({_YEAR})(?:(?: ?(?:-|—|~|/) ?| (?:to|through|until) "
    rf"|(?<=etween [0-9]{{4}}) and )(?:{_YEAR}"
    rf"|[0-9]{{2}}(?![0-9%.,]))|(?:E|F)?)(?![0-9%A-Za-z]|[.,][0-9])"
)
_ENGLISH_FY = re.compile(rf"\bFY ?({_YEAR})\b")
_DIGITS = {digit: str(value) for value, digit in enumerate("零一二三四五六七八九")} | {"〇": "0"}
_COMPARES_ZH = re.compile(r"(?:较|比|相比于?|相较于?|对比|与|同|超过|高于|低于)$")
_CHANGES_ZH = re.compile(r"增长|提升|下降|提高|减少|上升|增加|上涨|下跌|下滑|扩大|回落|降低|翻|多|少|高|低")
_COMPARES_EN = re.compile(
    r"(?:compared (?:with|to)|compared (?:with|to) that (?:of|in)|from|over|than|than in|versus|vs\.?"
    r"|relative to|against|on) (?:that (?:of|in) )?(?:the year )?$",
    re.IGNORECASE,
)
#: of a year, before it: March 2025, June 30, 2025, Q3 2025
_PART = (
    r"(?:(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Septem|Octo|Novem|Decem)ber)(?: [0-9]{1,2},)?|[QH][1-4]"
)
_AFTER_EN = re.compile(
    rf" ?[(]?(?:(?!and |while |but |with |up |down |compared |from |to |or |which |was |is |more |less |higher "
    rf"|lower |than |above |below |over )[A-Za-z'-]{{1,20}} ){{0,5}}?(?:in|by|for|during|of|at the end of|as of"
    rf"|by the end of) (?:the year |fiscal year |fiscal |the end of |late |early |(?:{_PART}) )?({_YEAR})"
    rf"(?![0-9%]|[.,][0-9]| ?- ?20| to 20| (?:million|billion))"
    rf"| [(](?:in )?({_YEAR})[)]"
    rf"| (?:is|are|was) (?:forecast|expected|projected|predicted|anticipated|estimated) (?:for|in"
    rf"|by) ({_YEAR})(?![0-9])",
)
_FOLLOWS_EN = re.compile(
    r"(?:The (?:second|third|next|latter)\b|Followed\b|Next\b|It was followed|This (?:was|is) followed)"
)
_RANKS_EN = re.compile(r"ranking (?:second|third)")


def hide_years(shadow: str, mentions: Sequence[Mention]) -> str:
    """The text without its years, so that none of them is read as a number."""
    parts, end = [], 0
    for start, stop, _ in mentions:
        parts += [shadow[end:start], HIDDEN * (stop - start)]
        end = stop
    return "".join((*parts, shadow[end:]))


def find_chinese_years(shadow: str) -> list[Mention]:
    found: list[Mention] = []
    for match in _CHINESE.finditer(shadow):
        if match[1]:
            year = None
        elif match[5]:
            year = int("".join(_DIGITS[digit] for digit in match[5]))
        else:
            year = int(match[2] or match[3] or match[4])
        found.append((match.start(), match.end(), year))
    return found


def find_english_years(shadow: str, quantities: Sequence[Quantity]) -> list[Mention]:
    taken = [(one.start, one.end) for one in quantities]
    starts = [start for start, _ in taken]
    found: list[Mention] = []
    for match in _ENGLISH.finditer(shadow):
        at = bisect_right(starts, match.start()) - 1
        if at >= 0 and match.start() < taken[at][1]:
            continue
        alone = match.end() == match.end(1) or shadow[match.end(1)] in "EF"
        found.append((match.start(), match.end(), int(match[1]) if alone else None))
    found += [(match.start(), match.end(), int(match[1])) for match in _ENGLISH_FY.finditer(shadow)]
    return sorted(found)


_RESPECTIVELY = re.compile(r"分别|\brespectively\b")
_LISTS = re.compile(r" ?(?:、|,|和|与|及|以及|, and|and)? ?")
_ENDS = re.compile(r"[。;!?\n]|\.(?= )")
_LONGEST_LIST = 10
_NEAR = 30
_FAR = 120


class Years:
    """The years of a text, asked figure by figure."""

    def __init__(self, shadow: str, language: str, mentions: Sequence[Mention]) -> None:
        self._shadow = shadow
        self._chinese = language == "zh"
        self._mentions = mentions
        self._starts = [start for start, _, _ in mentions]

    def of(self, start: int, end: int, sentence: int, before: int) -> int | None:
        """Of the figure from start to end in the sentence that begins there, the one before that at ``before``."""
        after = self._after(end)
        if after is not None:
            return after
        at = bisect_right(self._starts, start) - 1
        while at >= 0 and self._starts[at] >= sentence:
            position, stop, year = self._mentions[at]
            if not self._compares(position, stop, start):
                return self._of_span(position, stop, start) if year is None else year
            at -= 1
        if not self._chinese and before < sentence and self._continues(sentence, end):
            while at >= 0 and self._starts[at] >= before:
                if self._mentions[at][2] is not None:
                    return self._mentions[at][2]
                at -= 1
        return None

    def _after(self, end: int) -> int | None:
        if self._chinese:
            match = re.compile(rf"[(](?:预计)?({_YEAR})年?[EF]?[)]").match(self._shadow, end)
            return int(match[1]) if match else None
        match = _AFTER_EN.match(self._shadow, end)
        return int(match[1] or match[2] or match[3]) if match else None

    def _of_span(self, position: int, stop: int, start: int) -> int | None:
        """2019年至2023年…由438万增至517万: its first year and its last."""
        years = re.findall(_YEAR, self._shadow[position:stop])
        before = self._shadow[max(stop, start - 3) : start]
        if not self._chinese or len(years) != 2:  # noqa: PLR2004
            return None
        if before.endswith(("由", "从")):
            return int(years[0])
        return (
            int(years[1])
            if before.endswith(("增至", "升至", "降至", "增长至", "减至", "增长到", "增加到", "扩大到"))
            else None
        )

    def _compares(self, position: int, stop: int, start: int) -> bool:
        """Is the year one that the figure is compared with? "较2023年增长3.5%" is of another."""
        before, between = self._shadow[max(0, position - 30) : position], self._shadow[stop:start]
        if self._chinese:
            return bool(_COMPARES_ZH.search(before) and (_CHANGES_ZH.search(between) or "," in between))
        return bool(_COMPARES_EN.search(before))

    def _continues(self, sentence: int, end: int) -> bool:
        return bool(_FOLLOWS_EN.match(self._shadow, sentence)) or bool(_RANKS_EN.search(self._shadow[end : end + 40]))


def assign_years(shadow: str, mentions: Sequence[Mention], figures: list[Figure]) -> list[Figure]:
    """The figures, where years and figures are listed in one order: 2020年和2024年分别为10亿元和21亿元."""
    starts = [figure.start for figure in figures]
    years = [start for start, _, _ in mentions]
    for marker in islice(_RESPECTIVELY.finditer(shadow), len(figures)):
        at = bisect_right(starts, marker.start())
        chinese = marker[0] == "分别"
        run = _list_of_figures(shadow, figures, at if chinese else at - 1, 1 if chinese else -1)
        if len(run) < 2 or (not chinese and marker.start() - figures[run[-1]].end > _NEAR):  # noqa: PLR2004 - a list
            continue
        end = marker.start() if chinese else figures[run[0]].start
        before = bisect_right(years, end)
        listed = _list_of_years(shadow, mentions[max(0, before - _LONGEST_LIST) : before], end)
        if not chinese:  # 3 billion yuan and 4 billion yuan in 2022 and 2023 respectively
            last = bisect_right(years, marker.start())
            behind = max(last - _LONGEST_LIST, bisect_right(years, figures[run[-1]].end))
            listed = _list_of_years(shadow, mentions[behind:last], marker.start()) or listed
        if len(listed) == len(run):
            for position, year in zip(run, listed, strict=True):
                figures[position] = replace(figures[position], year=year)
    return figures


def _list_of_figures(shadow: str, figures: Sequence[Figure], at: int, step: int) -> list[int]:
    """Places of the figures from there on that stand beside each other."""
    run = [at] if 0 <= at < len(figures) else []
    while run and len(run) < _LONGEST_LIST and 0 <= run[-1] + step < len(figures):
        first, second = sorted((run[-1], run[-1] + step))
        gap = shadow[figures[first].end : figures[second].start]
        if figures[first].unit not in {figures[second].unit, "items"} or not _LISTS.fullmatch(gap[: _NEAR + 1]):
            break
        run.append(run[-1] + step)
    return sorted(run)


def _list_of_years(shadow: str, mentions: Sequence[Mention], end: int) -> list[int]:
    """The last of these years that stand beside each other before there, in the same sentence."""
    listed: list[int] = []
    after = end
    for start, stop, year in reversed(mentions):
        gap = shadow[stop:after]
        if (
            year is None
            or (listed and not _LISTS.fullmatch(gap[: _NEAR + 1]))
            or _ENDS.search(gap[:_FAR])
            or len(gap) > _FAR
        ):
            break
        listed.insert(0, year)
        after = start
    return listed
