"""Invented records for the search to be measured on: as many as wanted, all different, the same for the same seed."""

import random
import re
from contextlib import closing
from itertools import chain

from archive.replica import catalogue
from archive.store import DataDirectory, open_for_writing, transaction

AT = "2026-01-01T00:00:00Z"
EDITED = 20  #: each twentieth report has an older version as well, with a word that the new one lacks
LOST = "旧句已删"

_DIGITS = re.compile(r"\d")
_SENTENCES = {"zh": re.compile(r"(?<=。)"), "en": re.compile(r"(?<=[.!?]) (?=[A-Z])")}
_LENGTHS = {"zh": (450, 750), "en": (1150, 1850)}
_SYLLABLES = tuple("ba,den,fi,gor,hul,ine,kem,lo,mar,nis,ope,pra,qui,ros,set,tal,ume,ver,wol,yan,zed".split(","))  # noqa: SIM905


def generate(count, seed=0):
    """(title, zh, en) of ``count`` records; about 25, 600 and 1,500 characters."""
    chance = random.Random(seed)
    base = catalogue(1500)
    pool = {
        language: sorted({part for text in texts for part in _SENTENCES[language].split(text) if part})
        for language, texts in (
            ("zh", chain.from_iterable(report.zh for report in base)),
            ("en", chain.from_iterable(report.en for report in base)),
        )
    }
    words = [chr(code) for code in range(0x4E00, 0x4E00 + 6000)]
    for number in range(count):
        title = base[number % len(base)].title
        if number >= len(base):
            title = f"{title}{chance.choice(words)}{chance.choice(words)}"
        yield (
            title,
            _compose(chance, pool["zh"], "zh") + "".join(chance.choices(words, k=12)) + "。",
            _compose(chance, pool["en"], "en") + " " + " ".join(_invent(chance) for _ in range(8)) + ".",
        )


def _compose(chance, pool, language):
    length, parts = chance.randint(*_LENGTHS[language]), []
    while length > 0:
        sentence = chance.choice(pool)
        if chance.random() < 0.7:
            sentence = _DIGITS.sub(lambda digit: str(chance.randint(1, 9)), sentence)
        parts.append(sentence)
        length -= len(sentence)
    return ("" if language == "zh" else " ").join(parts)


def _invent(chance):
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))


def store(root, records):
    """An archive of these records as its settlement would have left it, not indexed yet; its data directory."""
    data = DataDirectory(root)
    data.prepare()
    with closing(open_for_writing(data)) as connection, transaction(connection):
        connection.execute(
            "INSERT INTO runs (id, kind, outcome, parser, started_at, finished_at, exit_code) "
            "VALUES (1, 'crawl', 'complete', 1, ?1, ?1, 0)",
            (AT,),
        )
        connection.execute("INSERT INTO listings VALUES (1, 'tag:虚构', 'http://127.0.0.1/tag/虚构', 10, NULL, 1)")
        connection.execute(
            "INSERT INTO captures (id, run_id, listing_id, page, url, status, fetched_at, digest, record_id, "
            "warc_file, warc_offset, warc_length) VALUES (1, 1, 1, 1, 'http://127.0.0.1/', 200, ?, '', '', '', 0, 1)",
            (AT,),
        )
        versions = 0
        for number, (title, zh, en) in enumerate(records, 1):
            texts = [(title, zh, en)] if number % EDITED else [(title, zh + LOST, en), (title, zh, en)]
            versions += len(texts)
            connection.execute(
                "INSERT INTO items VALUES (?, ?, ?, 'listed', NULL, 1, ?, ?, 1)",
                (number, f"127.0.0.1:{number}", f"http://127.0.0.1/{number}.html", AT, AT),
            )
            connection.execute("INSERT INTO memberships VALUES (?, 1, 1, 1)", (number,))
            for seq, text in enumerate(texts, 1):
                identity = versions - len(texts) + seq
                connection.execute(
                    "INSERT INTO item_versions VALUES (?, ?, ?, ?, ?, ?, '[]', ?, ?, NULL, ?, '', ?, 1, 1, 1, ?, ?)",
                    (
                        *(identity, number, seq, identity - 1 if seq > 1 else None, "site" if seq > 1 else "first"),
                        *(*text, f"{identity}", f"{identity}", AT, AT),
                    ),
                )
            connection.execute("UPDATE items SET version_id = ? WHERE id = ?", (versions, number))
    return data
