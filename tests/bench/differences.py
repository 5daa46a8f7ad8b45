"""What a difference costs and how it reads, against comparing characters or tokens of the whole text.

Each pair is a bilingual summary of the invented catalogue and the same after a few edits; all contestants compare the
same pairs in turns.
"""

import random
import re
import time
from difflib import SequenceMatcher

from rapidfuzz.distance import Indel, Levenshtein

from archive.diff import align_text
from archive.replica.catalogue import catalogue
from archive.sentences import tokenize
from tests.bench.figures import Figure, at_most, ratio_of, spread
from tests.bench.running import CommandFailedError, take_turns

NAME = "differences"
PAIRS = 200
ROUNDS = 5
LENGTH = 2_088  #: characters of a pair's text, both languages
WANTED_MILLISECONDS = 0.34
WANTED_SECONDS_HUGE = 2.0
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def measure(place):
    pairs, edits = make_pairs(PAIRS)
    contestants = {
        "ours": _ours,
        "rapidfuzz Levenshtein, characters": _by_rapidfuzz(Levenshtein),
        "rapidfuzz Indel, characters": _by_rapidfuzz(Indel),
        "difflib, tokens of the whole text": lambda before, after: _by_difflib(tokenize(before), tokenize(after)),
        "difflib, characters, as it comes": lambda before, after: _by_difflib(before, after, autojunk=True),
        "difflib, characters, no junk rule": _by_difflib,
    }
    read = {name: [contestant(*pair) for pair in pairs[:50]] for name, contestant in contestants.items()}
    for name, found in read.items():
        for (before, after), hunks in zip(pairs, found, strict=False):
            if _patch(before, hunks) != after:
                raise CommandFailedError(f"{name} does not give the second text back")
    times = take_turns(
        ROUNDS,
        **{name: _time_all(contestant, pairs) for name, contestant in contestants.items()},
    )
    said = {name: f"{_hunks(found):.2f} hunks, {_fragments(found, pairs):.2f} torn" for name, found in read.items()}
    torn = _fragments(read["ours"], pairs)
    length = sum(len(before) for before, _ in pairs) / len(pairs)
    yield Figure(
        f"difference of a pair, {length:,.0f} characters, {edits:.2f} edits: time",
        "the bound",
        spread(times["ours"], "{:.3f}", " ms"),
        f"{WANTED_MILLISECONDS} ms",
        f"{ratio_of(times['ours'], [WANTED_MILLISECONDS] * ROUNDS):.2f}",
        **at_most(1, ratio_of(times["ours"], [WANTED_MILLISECONDS] * ROUNDS)),
    )
    yield Figure(
        "the same: hunks of a pair, numbers torn apart of a pair",
        "the bound",
        said["ours"],
        "0 torn",
        f"{torn:.2f}",
        **at_most(0, torn),
    )
    for name in list(contestants)[1:]:
        yield Figure(
            "difference of a pair: time, hunks, numbers torn apart",
            name,
            f"{spread(times['ours'], '{:.3f}', ' ms')}, {said['ours']}",
            f"{spread(times[name], '{:.3f}', ' ms')}, {said[name]}",
            f"{ratio_of(times['ours'], times[name]):.2f}",
        )
    for name, (before, after) in make_huge().items():
        seconds = _time_all(_ours, [(before, after)])(0) / 1000
        yield Figure(
            f"difference of two texts of 200,000 characters: {name}",
            "the bound",
            f"{seconds:.2f} s",
            f"{WANTED_SECONDS_HUGE} s",
            f"{seconds / WANTED_SECONDS_HUGE:.2f}",
            **at_most(1, seconds / WANTED_SECONDS_HUGE),
        )


def make_pairs(count):
    """(before, after) and the mean number of edits."""
    chance = random.Random(1)
    reports = catalogue(count * 4, seed=5)
    pairs, edited = [], 0
    for start in range(0, len(reports), 4):
        group = reports[start : start + 4]
        before = "\n".join(line for report in group for line in (*report.zh, *report.en))[:LENGTH]
        after = before
        wanted = chance.choices((2, 3, 4, 5, 6), (2, 4, 4, 3, 1))[0]
        for _ in range(wanted):
            after = _edit(after, chance)
        edited += wanted
        pairs.append((before, after))
    return pairs, edited / len(pairs)


def _edit(text, chance):
    """A figure, a word or a Chinese character changed, a sentence dropped, a few words added."""
    kind = chance.randrange(5)
    if kind <= 1:
        number = chance.choice(list(_NUMBER.finditer(text)))
        place = chance.choice([index for index in range(*number.span()) if text[index].isdigit()])
        return text[:place] + str((int(text[place]) + chance.randrange(1, 9)) % 10) + text[place + 1 :]
    if kind == 2:
        word = chance.choice(list(re.finditer(r"[A-Za-z]{4,}", text)))
        return text[: word.start()] + "invented" + text[word.end() :]
    if kind == 3:
        place = chance.choice([match.start() for match in re.finditer(r"[\u4e00-\u9fff]", text)])
        return text[:place] + "虚" + text[place + 1 :]
    stops = [match.end() for match in re.finditer(r"[。！？]", text)]
    place = chance.choice(stops) if stops else 0
    return text[:place] + "这句话是虚构的。" + text[place:]


def make_huge():
    """Texts that a comparison could drown in."""
    chance = random.Random(2)
    letters = [chr(0x4E00 + number) for number in range(3000)]
    solid = "".join(chance.choices(letters, k=200_000))
    touched = list(solid)
    for place in range(0, len(touched), 200):
        touched[place] = "虚"
    repeated = "虚构的句子。" * 33_000
    many = "".join(f"虚构的第{number}句话说的是{chance.choice(letters)}。" for number in range(12_000))
    return {
        "one paragraph without a stop, 1,000 edits": (solid, "".join(touched)),
        "one paragraph without a stop, another": (solid, "".join(chance.choices(letters, k=200_000))),
        "one sentence 33,000 times, every third missing": (repeated, "虚构的句子。另一句。" * 20_000),
        "12,000 sentences, each of them edited": (many, many.replace("虚构", "编造")),
    }


def _time_all(contestant, pairs):
    """Milliseconds of one pair, on average."""

    def run(_):
        started = time.perf_counter()
        for before, after in pairs:
            contestant(before, after)
        return (time.perf_counter() - started) * 1000 / len(pairs)

    return run


def _ours(before, after):
    """[(offset before, gone, came)] as the others give them."""
    hunks, place = [], 0
    for sentence in align_text(before, after):
        if sentence.operation in ("delete", "insert"):
            hunks.append((place, sentence.before, sentence.after))
        inner = place
        for piece in sentence.pieces:
            if piece.operation == "insert" and hunks and hunks[-1][0] + len(hunks[-1][1]) == inner and not hunks[-1][2]:
                hunks[-1] = (*hunks[-1][:2], piece.text)
            elif piece.operation != "equal":
                gone = piece.text if piece.operation == "delete" else ""
                hunks.append((inner, gone, "" if gone else piece.text))
            inner += 0 if piece.operation == "insert" else len(piece.text)
        place += len(sentence.before)
    return hunks


def _by_rapidfuzz(distance):
    def compare(before, after):
        return [
            (code.src_start, before[code.src_start : code.src_end], after[code.dest_start : code.dest_end])
            for code in distance.opcodes(before, after)
            if code.tag != "equal"
        ]

    return compare


def _by_difflib(before, after, *, autojunk=False):
    places = [0]
    for token in before:
        places.append(places[-1] + len(token))
    return [
        (places[a], "".join(before[a:b]), "".join(after[c:d]))
        for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=autojunk).get_opcodes()
        if tag != "equal"
    ]


def _patch(before, hunks):
    parts, place = [], 0
    for start, gone, came in hunks:
        parts += [before[place:start], came]
        place = start + len(gone)
    return "".join([*parts, before[place:]])


def _hunks(found):
    return sum(map(len, found)) / len(found)


def _fragments(found, pairs):
    """Numbers of which a hunk took a part only, in either text, on average of a pair."""
    torn = 0
    for (before, after), hunks in zip(pairs, found, strict=False):
        shift = 0
        for start, gone, came in hunks:
            torn += _tears(before, start, start + len(gone)) or _tears(after, start + shift, start + shift + len(came))
            shift += len(came) - len(gone)
    return torn / len(found)


def _tears(text, start, end):
    return any(_inside_number(text, edge) for edge in {start, end})


def _inside_number(text, place):
    return any(match.start() < place < match.end() for match in _NUMBER.finditer(text, max(0, place - 12), place + 12))
