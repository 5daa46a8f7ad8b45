"""What English figures are measured in: scales, currencies, physical units, and the nouns that are counted."""

from __future__ import annotations

import re
from decimal import Decimal

from archive.figures.quantities import ONE
from archive.figures.units import CURRENCIES

_SCALES = {
    "hundred million": 10**8,
    "hundred billion": 10**11,
    "hundred thousand": 10**5,
    "ten thousand": 10**4,
    "thousand billion": 10**12,
    "trillion": 10**12,
    "billion": 10**9,
    "million": 10**6,
    "thousand": 10**3,
    "hundred": 10**2,
    "crore": 10**7,
    "lakh": 10**5,
}
_SCALE = re.compile(r"[ -](" + "|".join(_SCALES) + r")s?\b", re.IGNORECASE)
_SHORT = {"tn": 10**12, "trn": 10**12, "bn": 10**9, "bln": 10**9, "mn": 10**6, "mln": 10**6, "mil": 10**6}
_SHORT |= {"k": 10**3, "t": 10**12}
_SHORT_SCALE = re.compile(r" ?(tn|trn|bn|bln|mn|mln|mil)\b|([kKT])(?![A-Za-z0-9])", re.IGNORECASE)
_LETTER = {"m": 10**6, "b": 10**9}
_LETTER_SCALE = re.compile(r" ?([mMbB])(?![A-Za-z0-9²])")

_CURRENCY_WORDS = (
    ("(?:chinese )?(?:yuan|renminbi|rmb|cny)", "CNY"),
    (r"hong kong dollars?|hkd|hk\$", "HKD"),
    ("australian dollars?|aud", "AUD"),
    ("canadian dollars?|cad", "CAD"),
    ("singapore(?:an)? dollars?|sgd", "SGD"),
    ("(?:new )?taiwan(?:ese)? dollars?|twd", "TWD"),
    (r"(?:us|u\.s\.|american) ?dollars?|usd|us\$|dollars?", "USD"),
    ("euros?|eur", "EUR"),
    ("(?:japanese )?yen|jpy", "JPY"),
    ("british pounds?|pounds? sterling|pounds?|gbp|sterling", "GBP"),
    ("(?:south )?korean won|krw|won(?= |[,.;)]|$)", "KRW"),
    ("(?:thai )?baht|thb", "THB"),
    ("swiss francs?|chf", "CHF"),
    ("(?:russian )?rou?bles?|rub", "RUB"),
    ("(?:indian )?rupees?|inr", "INR"),
    ("ringgit|myr", "MYR"),
    ("dirhams?|aed", "AED"),
    ("riyals?|sar", "SAR"),
    ("(?:brazilian )?reais|brl", "BRL"),
    ("(?:vietnamese )?dong|vnd", "VND"),
    ("(?:indonesian )?rupiah|idr", "IDR"),
    ("patacas?|mop", "MOP"),
)
_PHYSICAL = (
    (r"years?[ -]olds?|years of age", "years old"),
    (r"kilowatt[ -]hours?|kwh", "kWh"),
    (r"wh/kg", "Wh/kg"),
    (r"km/h", "km/h"),
    (r"mah", "mAh"),
    (r"megawatt[ -]hours?|mwh", "MWh"),
    (r"gigawatt[ -]hours?|gwh", "GWh"),
    (r"terawatt[ -]hours?|twh", "TWh"),
    (r"kilowatts?|kw", "kW"),
    (r"megawatts?|mw", "MW"),
    (r"gigawatts?|gw", "GW"),
    (r"square (?:kilomet(?:re|er)s?|km)|sq\.? ?km|km²|km2", "square kilometres"),
    (r"square met(?:re|er)s?|sq\.? ?m|sqm|㎡|m²|m2", "square metres"),
    (r"cubic met(?:re|er)s?|m³|m3", "cubic metres"),
    (r"kilomet(?:re|er)s?|km", "kilometres"),
    (r"centimet(?:re|er)s?|cm", "centimetres"),
    (r"millimet(?:re|er)s?|mm", "millimetres"),
    (r"nanomet(?:re|er)s?|nm", "nm"),
    (r"met(?:re|er)s?", "metres"),
    (r"inch(?:es)?", "inches"),
    (r"(?:metric )?ton(?:ne)?s?", "tonnes"),
    (r"kilogram(?:me)?s?|kg|kilos?", "kilograms"),
    (r"milligrams?|mg", "milligrams"),
    (r"grams?|g", "grams"),
    (r"millilit(?:re|er)s?|ml", "millilitres"),
    (r"lit(?:re|er)s?", "litres"),
    (r"hectares?", "hectares"),
    (r"mu", "mu"),
    (r"degrees? celsius|degrees?|°c|℃", "degrees"),
    (r"hours?|hrs?", "hours"),
    (r"minutes?|mins?", "minutes"),
    (r"seconds?|secs?", "seconds"),
    (r"mbps", "Mbps"),
    (r"gbps", "Gbps"),
    (r"mhz", "MHz"),
    (r"ghz", "GHz"),
    *((unit.lower(), unit) for unit in ("MB", "GB", "TB", "PB", "EB", "ZB", "EFLOPS", "PFLOPS")),
)
_SPANS = ((r"days", "days"), (r"weeks", "weeks"), (r"months", "months"), (r"quarters", "quarters"), (r"years", "years"))
_SHARE_WORDS = (
    (r"percentage[ -]points?|percent[ -]points?|ppts?|pps?|% ?points?", "pp"),
    (r"basis[ -]points?|bps", "bps"),
    (r"%|percent|per cent|pct", "%"),
    (r"‰|per mille", "‰"),
    (r"times(?! (?:an?|per|each|every|daily|weekly|within)\b)|fold|[x×](?! ?[0-9])", "times"),
    (r"times", "occurrences"),
)
_UNITS = _CURRENCY_WORDS + _SHARE_WORDS + _PHYSICAL + _SPANS
_UNIT = re.compile(
    "[ -]?(?:(?:worth of|of|in|[(](?:in )?) ?)?(?:"
    + "|".join(f"({words})" for words, _ in _UNITS)
    + r")(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    r"(?:(?<![A-Za-z])(RMB|CNY|CN¥|US\$|USD|U\.S\. ?\$|HK\$|HKD|NT\$|TWD|A\$|AU\$|AUD|C\$|CAD|S\$|SGD|EUR|GBP"
    r"|JPY|KRW|THB|INR|Rs)"
    r"|([$¥€£₩₹฿])) ?-?$",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r" ?-?[0-9]")
_SIGNS = dict(
    pair.split("=")
    for pair in (
        *("$=USD", "US$=USD", "U.S.$=USD", "U.S. $=USD", "¥=CNY", "RMB=CNY", "CN¥=CNY", "€=EUR", "£=GBP", "HK$=HKD"),
        *("NT$=TWD", "A$=AUD", "AU$=AUD", "C$=CAD", "S$=SGD", "₩=KRW", "₹=INR", "RS=INR", "฿=THB"),
    )
)

_WORD = re.compile(r"[ -]([A-Za-z][A-Za-z']*(?:-[A-Za-z']+)*)")
_STOPPING = (
    "of in to by for with from at on as per who that which than were was is are be had have has will would can "
    "could may said say says think believe use used prefer choose chose if but while when because since during "
    "this these those it its their his her they we he she not more less higher lower over under up down "
    "compared between through after before until about against among into onto out off so then also only just "
    "each every the a an i ii iii iv"
)
_STOPS = frozenset(_STOPPING.split())
_UNCOUNTED = (
    "sales revenues earnings news economics series goods business process progress access always plus versus "
    "less as has was is its this thus across gas bus class loss analysis basis crisis focus status bonus "
    "surplus consensus campus does goes remains stands rises grows reaches exceeds shows indicates express "
    "services savings profits proceeds funds logistics electronics sports shopping festivals years months days "
    "weeks hours towards besides"
)
_NO_COUNTS = frozenset(_UNCOUNTED.split())

_PEOPLE = (
    "people persons users consumers respondents customers netizens residents students members fans viewers "
    "tourists visitors travelers travellers passengers patients employees developers workers staff women men "
    "children adults subscribers participants buyers shoppers drivers riders farmers individuals interviewees "
    "players citizens seniors elders girls boys teachers graduates candidates inhabitants pensioners retirees "
    "learners readers listeners singles parents mothers practitioners professionals volunteers"
)
_THINGS = (
    "brands cities countries provinces projects majors hospitals schools universities colleges banks jobs beds "
    "samples questionnaires apps products models categories regions counties towns villages markets devices "
    "events deals patents centers centres warehouses factories robots pets cases types hotels platforms "
    "websites stations economies industries sectors rounds investors accounts bottles boxes packages"
)
#: English nouns whose unit has another name; any other plural is its own
_NOUNS: dict[str, str] = {
    word: unit
    for words, unit in (
        (_PEOPLE, "persons"),
        ("companies firms enterprises businesses corporations manufacturers suppliers vendors startups", "companies"),
        ("start-ups", "companies"),
        ("stores shops outlets supermarkets restaurants pharmacies", "stores"),
        ("merchants sellers", "merchants"),
        ("households families", "households"),
        ("vehicles cars", "vehicles"),
        ("units sets", "units"),
        ("visits trips person-times person-trips", "visits"),
        ("institutions", "institutions"),
        ("items pieces", "items"),
        ("transactions", "transactions"),
        ("orders parcels", "orders"),
        ("cups", "cups"),
        ("points", "points"),
    )
    for word in words.split()
} | {word: word for word in _THINGS.split()}

#: units that a year is never followed by: "2024 yuan" and "2024 hours" are amounts
STRONG = CURRENCIES | {unit for _, unit in _PHYSICAL} | {"%", "pp", "times", "bps"}
SPANS = frozenset(unit for _, unit in _SPANS)
KNOWN = frozenset(_NOUNS.values())
NAMED = frozenset(unit for _, unit in _UNITS)


def read_scale(text: str, at: int, *, money: bool) -> tuple[Decimal, int] | None:
    """The scale and where it ends; None for a letter that is no scale: 500m is a distance, $500m is not."""
    if found := _SCALE.match(text, at):
        return Decimal(_SCALES[found[1].lower()]), found.end()
    if found := _SHORT_SCALE.match(text, at):
        mark = (found[1] or found[2]).lower()
        return (Decimal(_SHORT[mark]), found.end()) if mark != "t" or money else (ONE, at)
    if found := _LETTER_SCALE.match(text, at):
        plus = found.end() + text.startswith("+", found.end())
        unit = read_unit(text, found.end())
        if not money and not read_noun(text, plus) and not (unit and unit[0] in CURRENCIES):
            return None
        return Decimal(_LETTER[found[1].lower()]), found.end()
    return ONE, at


def read_unit(text: str, at: int) -> tuple[str, int] | None:
    """The unit and where it ends; no counted noun."""
    found = _UNIT.match(text, at)
    if found is None or found.lastindex is None:
        return None
    name, word, lead = _UNITS[found.lastindex - 1][1], found[found.lastindex].lower(), found[0].lower().lstrip(" -")
    if name not in CURRENCIES and lead.startswith(("of ", "in ", "worth ", "(")):
        return None
    if lead.startswith("(") and _AMOUNT.match(text, found.end()):
        return None  # CNY 1.5 trillion (US$210 billion)
    # "12 won awards", "4 x 3", "5 g networks"
    if (word == "won" and text[at - 2 : at] != "on") or (word in {"x", "×", "g"} and not found[0].startswith(word)):
        return None
    return name, found.end()


def read_currency(before: str) -> tuple[str, int] | None:
    """The currency that stands at the end of this, and its length."""
    found = _CURRENCY.search(before)
    if found is None:
        return None
    sign = (found[1] or found[2]).upper()
    return _SIGNS.get(sign, sign), len(found[0])


def read_noun(text: str, at: int) -> tuple[str, int, bool] | None:
    """The plural noun that is counted, where it ends, and whether it is the first word: "online users" is two."""
    end = at
    for count in range(5):
        word = _WORD.match(text, end)
        if word is None:
            return None
        lower = word[1].lower().removesuffix("'")
        name = _NOUNS.get(lower) or _NOUNS.get(lower.rpartition("-")[2])
        if name is None and _is_plural(lower):
            accounts_for = lower == "accounts" and text.startswith(" for", word.end())
            return None if lower in _NO_COUNTS or accounts_for else (lower, word.end(), count == 0)
        if name is not None:
            # charging points are no score
            name = "items" if name == "points" and count else name
            return name, word.end(), count == 0
        if lower in _STOPS:
            return None
        if count == 0 and text[at] == "-":
            return None  # 10-year loans
        end = word.end()
    return None


def _is_plural(word: str) -> bool:
    return (
        len(word) > len("gas") and word.endswith("s") and not word.endswith(("ss", "us", "'s")) and word not in _STOPS
    )
