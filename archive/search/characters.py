"""The classes of characters that the index tells apart, for Python and for the view ``version_segments`` alike."""

from __future__ import annotations

#: invisible in a terminal and a page; never part of a stored text
BREAK = "\u200b"
#: Hangul filler: a letter, so a token of its own, and as good as invisible
PAUSE = "\u3164"
#: Han with its extensions, kana, hangul, bopomofo, Yi; circled numbers and private characters, which would stick to
#: the word behind them. For a class in brackets, as all of these: regular expressions and GLOB agree on them
APART = (
    "\u1100-\u11ff\u2460-\u24ff\u2776-\u2793\u2e80-\u2fff\u3005-\u3007\u3021-\u302f\u3031-\u30fa\u30fc-\ua4cf"
    "\ua960-\ua97f\uac00-\ud7ff\ue000-\ufaff\uff66-\uffdc\U0001b000-\U0001b2ff\U00020000-\U0003ffff"
)
#: a comma or point between two digits may be inside a number; ， ends a clause
POINT = ".\uff0e"
WIDE = "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
#: punctuation, and the end of a line; no space: 数字 人民币 is 数字人民币, as :func:`archive.text.fold` has it
MARK = (
    "\n!-/:-@[-`{-~\u00a1-\u00a9\u00ab-\u00b1\u00b4-\u00b8\u00bb\u00bf\u00d7\u00f7\u2010-\u2027\u2030-\u205e"
    "\u2190-\u23ff\u2500-\u2775\u2794-\u27ff\u3001-\u3003\u3008-\u3020\u3030\u30fb\ufe30-\ufe6f\uff01-\uff0f"
    "\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffe6\U0001f000-\U0001f0ff\U0001f300-\U0001faff"
)
