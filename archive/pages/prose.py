"""What tells running text from headings, labels and lists of names."""

from __future__ import annotations

import re

from archive.language import HAN

STOP = re.compile(r"[。！？!?.；;…][”\"’'）)」』\]]*$")
TEXT_GOES_ON = re.compile(
    r"^\s*(?:[，。、；：,.;:）)》」』”’的和与及了中里]|显示|指出|认为|提到|表明|称|发布|披露|预计|一文|一书|等"
    r"|[(（][^()（）]{1,24}[)）]\s*(?:[，、：,:的]|数据|最新|研究|调研|调查|分析|显示|指出|认为|预计|发布)"
    r"|\s(?!iiMedia)[a-z])"
)
_LATIN_RUN = re.compile(
    r"[A-Za-z](?<![A-Za-z]{2})[A-Za-z'’-]*+(?:[^A-Za-z\u3007-\u9fff]{1,24}[A-Za-z][A-Za-z'’-]*+){7}"
)
_WORDS = re.compile(r"[A-Za-z](?<![A-Za-z]{2})[A-Za-z]++[ ,;:]++[A-Za-z]++[ ,;:]++[A-Za-z]")
_COMMA = re.compile("[，；。,;]")

_MUCH_HAN, _SOME_HAN, _LITTLE_HAN = 60, 12, 8  #: prose in itself, with a comma in it, with a full stop behind it
_MUCH_LATIN, _SOME_LATIN = 70, 20
_MANY_SPACES, _SOME_SPACES = 8, 3
_LEAST = 8  #: characters
_QUOTED_HAN = 12  #: Latin letters to one Han character in English that quotes a Chinese name


def weigh(text: str) -> tuple[int, int]:
    """Characters of Chinese and of English prose, roughly; a heading, a label or a list of names weighs nothing."""
    size = len(text)
    if size < _LEAST:
        return 0, 0
    stopped = STOP.search(text, size - 6) is not None
    spaces = text.count(" ")
    narrow = len(text.encode("ascii", "ignore"))
    worded = spaces >= _MANY_SPACES and narrow >= _MUCH_LATIN
    worded = worded or (stopped and spaces >= _SOME_SPACES and narrow >= _SOME_LATIN)
    if narrow == size or not HAN.search(text):
        return 0, narrow - spaces if worded and _WORDS.search(text) else 0
    zh = en = 0
    han = size - narrow
    if han >= _MUCH_HAN or (stopped and han >= _LITTLE_HAN) or (han >= _SOME_HAN and _COMMA.search(text)):
        zh = han
    if worded and _LATIN_RUN.search(text):
        en = narrow - spaces
        if zh * _QUOTED_HAN < en:
            zh = 0
    return zh, en
