"""English quantities: 331.66 billion yuan, US$3bn, 20-30%, two thirds, "over 40,000 online users"."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from archive.figures.english_units import (
    KNOWN,
    NAMED,
    SPANS,
    STRONG,
    read_currency,
    read_noun,
    read_scale,
    read_unit,
)
from archive.figures.numerals import ENGLISH_WORDS, read_english
from archive.figures.quantities import LONGEST, NUMBER, ONE, Quantity, read_quantities, share_of

_WORDS = "|".join(sorted(ENGLISH_WORDS, key=len, reverse=True))
_PARTS = "half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?"
_CANDIDATE = re.compile(
    rf"(?<![0-9/.])(?P<top>[1-9])/(?P<bottom>[2-9]|10)(?= of\b)|(?P<digits>{NUMBER})"
    r"|(?<![A-Za-z-])(?=[adefhnoqst])(?:"
    rf"(?P<some>one|an?|two|three|four|five|six|seven|eight|nine)[ -](?P<part>{_PARTS})\b(?![ -]?(?:part[yi]|a\b))"
    r"|(?P<half>half(?= of| the| say| said| use| are)|(?<=more than )half(?![ -]an?\b)|(?<=over )half(?![ -]an?\b)"
    r"|(?<=nearly )half(?![ -]an?\b)|(?<=almost )half(?![ -]an?\b)|(?<=about )half(?![ -]an?\b)"
    r"|(?<=less than )half(?![ -]an?\b))"
    r"|(?P<multiple>doubl|tripl|quadrupl)(?:ed|es|e|ing)\b(?! down|[ -](?:eleven|11|12|digit|check))"
    r"|(?P<fold>two|three|four|five|six|seven|eight|nine|ten)[ -]?fold\b"
    rf"|(?P<words>(?:an?(?= (?:hundred|thousand|million|billion|trillion)\b)|{_WORDS})\b"
    rf"(?:[ -](?:and )?(?:hundred|{_WORDS})\b){{0,6}}))",
    re.IGNORECASE,
)
_PART_OF = {"hal": 2, "thi": 3, "qua": 4, "fou": 4, "fif": 5, "six": 6, "sev": 7, "eig": 8, "nin": 9, "ten": 10}
_MORE = re.compile(rf" (?:and )?((?:{_WORDS})\b(?:[ -](?:and )?(?:hundred|{_WORDS})\b){{0,6}})", re.IGNORECASE)
_TIMES = {"d": 2, "t": 3, "q": 4}
_FEW = frozenset({"companies", "stores", "persons", "vehicles", "units"})
_NOT_A_HALF = re.compile(r"(?:first|second|1st|2nd|latter|other|later|former|earlier|better) $", re.IGNORECASE)
_COUNTS_AFTER_YEAR = re.compile(
    r"(?:surveyed|interviewed|collected|over|nearly|about|around|approximately|almost|total of|some|sample of"
    r"|with|has|have"
    r"|had|opened|operates?|operated|than|covering|covered|polled|recruited) $",
    re.IGNORECASE,
)
_STANDS = re.compile(
    r"(?:reach(?:ed|ing|es)?|total(?:l?ed|l?ing|s)?|exceed(?:ed|ing|s)?|surpass(?:ed|ing)?|was|were|is|are|at|of"
    r"|to|hit|over"
    r"|nearly|about|approximately|around|than|n =|n=|scored|averag(?:ed|ing)|by) $",
    re.IGNORECASE,
)
_SCORES = re.compile(r"\b(?:score|index|rating|NPS)s?\b[^.;\0]{0,40}$|\bscor(?:ed|ing) $", re.IGNORECASE)
_CLAUSE_END = re.compile(
    r" ?(?:[,;)]|\.(?![0-9])|$|\n| in (?:19|20)[0-9]{2}| by (?:19|20)[0-9]{2}| (?:and|out|on a|from|points)\b"
    r"| in (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
)
_PERSON_HEAD = re.compile(
    r"\b(?:users?|netizens|population|membership|members|subscribers|consumers|workforce|user base)\b[^,.;\0]{0,40}$",
    re.IGNORECASE,
)
#: Wi-Fi 6 routers, Mate 60 phones: a number that belongs to a name
_OF_A_NAME = re.compile(r"(?<![.!?]) (?!In |Of |With |And |Some |Over |About |RMB )[A-Z][A-Za-z-]* $")
#: "a threefold increase", "grew threefold"; no "threefold pressure"
_MULTIPLIES = re.compile(
    r" (?:increase|rise|growth|jump|surge|expansion|gain|from|over|since|and|in|to|by|compared|as)\b|[,.;)]|$"
)
_AGE_AFTER = re.compile(r" age (?:group|bracket|range|cohort)s?\b")
_AGE = re.compile(r"\bage (?:of [a-z ]{1,20})?(?:is|was|of|reached|stood at) (?:about |around )?$", re.IGNORECASE)
_OLDER = re.compile(r"\b(?:those|people|men|women|consumers|users|adults) $", re.IGNORECASE)
_OLDER_AFTER = re.compile(r" (?:and|or) (?:above|over|older|under|younger|below)\b")
_YOUNGER = re.compile(
    r"\b(?:men|women|people|adults|consumers|users|those|population|residents|persons|males|females|patients"
    r"|children|parents|buyers|respondents)"
    r" (?:aged )?(?:over|under|above|below|older than|younger than) $"
    r"|[0-9](?:%| percent) (?:are|were) (?:aged )?(?:over|under|above|below|older than|younger than) $",
    re.IGNORECASE,
)
_AGED = re.compile(r"\b(?:aged?|ages)(?: (?:between|from|over|under|above|below))? $", re.IGNORECASE)
#: "21 fewer than a year earlier"
_COMPARED = re.compile(r" (?:fewer|more) than (?:in |a year |last |the (?:previous|prior|same|year) )")
_MINUS = re.compile(r"\b(?:minus|negative) $", re.IGNORECASE)
_PER_100 = re.compile(r" \0{6,20} (?:people|persons|inhabitants|residents)", re.IGNORECASE)
_YEAR = re.compile(r"(?:19[5-9]|20[0-9])[0-9]")


def find_quantities(hidden: str) -> list[Quantity]:
    """Candidates in order; names must be hidden already, and a bare year is none."""
    return read_quantities(hidden, _CANDIDATE, _read)


def _read(text: str, match: re.Match[str], last: int) -> Quantity | None:
    if match.lastgroup == "digits":
        return _read_digits(text, match, last)
    return _read_words(text, match) if match.lastgroup == "words" else _read_multiple(text, match)


def _read_multiple(text: str, match: re.Match[str]) -> Quantity | None:
    """Two thirds, 3/4, half, doubled, threefold."""
    number: Decimal | None = None
    unit, before = "%", text[max(0, match.start() - 9) : match.start()]
    if match["top"]:
        number, unit = share_of(int(match["top"]), int(match["bottom"])) or (None, unit)
    elif match["part"]:
        number, unit = _read_part(text, match) or (None, unit)
    elif match["half"]:
        number = None if _NOT_A_HALF.search(before) else Decimal(50)
    elif match["multiple"]:
        verb = match[0].lower().endswith(("d", "g", "es")) or before.endswith(("to ", "will ", "could ", "would "))
        number, unit = Decimal(_TIMES[match["multiple"][0].lower()]) if verb else None, "times"
    elif _MULTIPLIES.match(text, match.end()):
        number, unit = read_english(match["fold"]), "times"
    return None if number is None else Quantity(match.start(), match.end(), number, ONE, unit)


def _read_part(text: str, match: re.Match[str]) -> tuple[Decimal, str] | None:
    some, part = match["some"].lower(), match["part"].lower()
    single = some in {"a", "an", "one"}
    before = text[max(0, match.start() - 9) : match.start()]
    follows = before.endswith("by ") or match[0][len(some)] == "-" or text.startswith(" of", match.end())
    if part.startswith("hal") or part.endswith("s") == single or (single and not follows) or _NOT_A_HALF.search(before):
        return None
    return share_of(1 if single else int(read_english(some) or 0), _PART_OF[part[:3]])


def _read_digits(text: str, match: re.Match[str], last: int) -> Quantity | None:
    start, end = match.span()
    before = text[max(0, start - 8) : start]
    if end - start > LONGEST or _of_a_number(before):
        return None
    currency = read_currency(text[max(last, start - 8) : start])
    negative = before[-1:] == "-" and (currency is not None or (before[-2:-1] in {"", " ", "("} and start - 1 != last))
    if currency is None and not negative and start != last and _of_a_word(before, touching=start - 1 == last):
        return None
    minus = None if currency or negative else _MINUS.search(text[max(last, start - 10) : start])
    number = Decimal(match[0].replace(",", "").replace(" ", ""))
    start -= currency[1] if currency else len(minus[0]) if minus else negative
    number = -number if negative or minus else number
    scaled = read_scale(text, end, money=currency is not None)
    if scaled is None:
        return Quantity(start, end + 1, number, ONE, "metres") if text[end] == "m" else None
    quantity = _finish(text, start, scaled[1], number, scaled[0], currency and currency[0])
    if quantity is None or _YEAR.fullmatch(match[0]) is None or _is_no_year(text, quantity):
        return quantity
    return None


def _of_a_number(before: str) -> bool:
    """The rest of a number that is written as none is, as in 12,3456, or .5 without its zero."""
    return before[-1:] in {".", ","} and (before[-2:-1].isdigit() or before[-2:] == " .")


def _of_a_word(before: str, *, touching: bool) -> bool:
    """Whether it is the number of a name, as in GPT-4."""
    if before[-1:].isalpha():
        return True
    return before[-1:] == "-" and before[-2:-1].isalpha() and not touching and not before.endswith("-to-")


def _is_no_year(text: str, quantity: Quantity) -> bool:
    if quantity.unit is None or quantity.scale != ONE:
        return quantity.scale != ONE
    before = text[max(0, quantity.start - 16) : quantity.start]
    return quantity.unit in STRONG or bool(_COUNTS_AFTER_YEAR.search(before))


def _read_words(text: str, match: re.Match[str]) -> Quantity | None:
    number = read_english(match["words"])
    if not number:
        return None
    number, scale, end = _add_smaller(text, match.end(), number)
    start = match.start()
    if scale != ONE and text[max(0, start - 5) : start + 2].lower() == "half a ":
        number, start = number / 2, start - 5
    quantity = _finish(text, start, end, number, scale, None)
    if quantity is None or (quantity.unit is None and text.startswith((" to ", "-to-"), end)):
        return quantity
    if quantity.scale != ONE:
        return quantity if quantity.unit is not None or not match[0].startswith("a") else None
    if number == 1:
        return quantity if quantity.unit in {"pp", "%"} else None
    if number <= 10:  # noqa: PLR2004 - "two brands" is more often a turn of phrase than a figure
        return quantity if quantity.unit in _FEW or quantity.unit in NAMED - SPANS else None
    return quantity if quantity.unit in KNOWN or quantity.unit in NAMED else None


def _add_smaller(text: str, at: int, number: Decimal) -> tuple[Decimal, Decimal, int]:
    """One thousand and fifty; two million one hundred thousand."""
    scale, end = read_scale(text, at, money=False) or (ONE, at)
    for _ in range(2):
        more = _MORE.match(text, end) if scale != ONE else None
        part = more and read_english(more[1])
        if more is None or not part:
            break
        smaller, stop = read_scale(text, more.end(), money=False) or (ONE, more.end())
        if smaller >= scale:
            break
        number, end = number + part * smaller / scale, stop
    return number, scale, end


def _finish(text: str, start: int, end: int, number: Decimal, scale: Decimal, currency: str | None) -> Quantity | None:
    """The unit behind number and scale, or the currency before them."""
    plus = text.startswith("+", end)
    end += plus
    if unit := read_unit(text, end):
        found = Quantity(start, unit[1], number, scale, unit[0])
        if unit[0] == "‰":
            found = replace(found, scale=Decimal("0.1"), unit="%")
        elif unit[0] == "times" and scale != ONE:
            found = replace(found, unit="occurrences")  # downloaded 12 million times
    elif currency is not None:
        found = Quantity(start, end, number, scale, currency)
    elif text[end : end + 1].isalpha():
        return None
    else:
        found = _read_counted(text, start, end, number, scale)
    return replace(found, qualifier="over") if plus else found


def _read_counted(text: str, start: int, end: int, number: Decimal, scale: Decimal) -> Quantity:
    """What is counted, or that nothing is said of it."""
    before, plain = text[max(0, start - 60) : start], Quantity(start, end, number, scale, None)
    noun = read_noun(text, end)
    if _AGED.search(before) or _AGE_AFTER.match(text, end) or (noun is None and _is_age(text, end, before, plain)):
        return replace(plain, unit="years old")
    if noun is not None and not (scale == ONE and number < 1000 and _OF_A_NAME.search(before)):  # noqa: PLR2004
        return replace(plain, unit=noun[0], end=noun[1] if noun[2] else end)
    if _PER_100.match(text, end):
        return replace(plain, unit="items")
    return plain if _YEAR.fullmatch(text[start:end]) else _read_bare(text, before, plain)


def _read_bare(text: str, before: str, plain: Quantity) -> Quantity:
    ends = _STANDS.search(before) and _CLAUSE_END.match(text, plain.end)
    if ends and _SCORES.search(before):
        return replace(plain, unit="points")
    digits = text[plain.start : plain.end]
    exact = (ends and "." in digits) or _COMPARED.match(text, plain.end)
    if exact or plain.scale != ONE or "," in digits[1:]:
        return replace(plain, stands=True, otherwise="persons" if _PERSON_HEAD.search(before) else "items")
    return plain


def _is_age(text: str, end: int, before: str, quantity: Quantity) -> bool:
    """Men over 45, those 36 and above, an average age of 28.6."""
    if quantity.scale != ONE or not 0 < quantity.number <= 110:  # noqa: PLR2004
        return False
    older = _OLDER.search(before) and _OLDER_AFTER.match(text, end)
    return bool(_AGE.search(before) or _YOUNGER.search(before) or older)
