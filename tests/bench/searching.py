"""Searching 10,000 records: what is found against a scan of the texts, how fast, beside LIKE, trigram and unicode61."""

import random
import re
import time
from contextlib import closing
from dataclasses import dataclass

from archive.search.finding import find
from archive.search.index import index_versions
from archive.search.matching import one_moment
from archive.search.query import search
from archive.search.scope import Scope
from archive.search.terms import parse
from archive.sqlite import sqlite3
from archive.store import open_for_reading, open_for_writing
from archive.text import fold
from tests.bench.corpus import generate, store
from tests.bench.figures import Figure, at_most, say

NAME = "searching"
RECORDS = 10_000
P95 = 20  #: milliseconds
A_CLASS = 12  #: queries
ROUNDS = 3  #: of each query; its median counts
EVERYTHING = 1_000_000
PEERS = ("LIKE", "trigram", "unicode61")
#: words of the invented sentences and catalogue
CHINESE = {
    2: "支付 市场 消费 咖啡 直播 退货 门店 行业 供应 汽车 投诉 县城",
    3: "消费者 供应链 白皮书 数据集 行业内 分析师 年轻人 复购率 新能源 预制菜 机器人 性价比",
    4: (
        "跨境电商 区块链溯源 新能源汽车 工业机器人 用户画像 投资价值 行业发展状况 数字音频 市场规模 品牌竞争力 "
        "消费行为调查数据 企业云服务"
    ),
}
ENGLISH = "coffee percent parcel survey brand delivery company customer county price coast voucher"
LENGTHS = {1: "one character", 2: "two characters", 3: "three characters", 4: "four and more"}


@dataclass(frozen=True)
class Asked:
    """A query with its truth: parts that must all stand in a text, as words to ask a peer for."""

    typed: str
    words: tuple[str, ...]
    tests: tuple[object, ...]  #: a string to be contained, or (string, pattern)


@dataclass
class Score:
    recall: float = 0
    precision: float = 0

    def __str__(self):
        return f"{_round(self.recall)} / {_round(self.precision)}"


def _round(value):
    return "–" if value is None else f"{value:.3f}"


def measure(place, records=RECORDS, wanted=P95):
    texts, (size, pages) = _write(place, records)
    say(f"    {records:,} records, {size / 1e6:.0f} MB of text; index {pages / size:.2f} times that")
    classes = dict(_ask(texts))
    peers, builds = _write_peers(place, texts)
    folded = ["\0".join(map(fold, text)) for text in texts]
    lower = [text.lower() for text in folded]
    ours_ms, peer_ms = [], {name: [] for name in PEERS}
    with closing(open_for_reading(store_of(place))) as connection, closing(peers):
        items = dict(map(tuple, connection.execute("SELECT version_id, id FROM items")))
        for name, queries in classes.items():
            scores = {who: ([], []) for who in ("ours", *PEERS)}
            for asked in queries:
                truth = _scan(asked, folded, lower)
                _mark(scores["ours"], truth, _find(connection, items, asked))
                for peer in PEERS:
                    _mark(scores[peer], truth, _find_peer(peers, peer, asked))
                ours_ms.append(_time(lambda asked=asked: search(connection, asked.typed)))
                for peer in PEERS:
                    peer_ms[peer].append(_time(lambda asked=asked, peer=peer: _show_peer(peers, peer, asked), rounds=1))
            told = {who: Score(*map(_mean, marks)) for who, marks in scores.items()}
            chinese = name.startswith("Chinese")
            good = told["ours"].recall in {1, None} and (told["ours"].precision or 1) >= 0.99
            yield Figure(
                f"{records:,} records, recall / precision: {name}",
                ", ".join(PEERS),
                str(told["ours"]),
                ", ".join(str(told[peer]) for peer in PEERS),
                _round(told["ours"].recall),
                **({"wanted": "1 / ≥ 0.99", "ok": good} if chinese else {}),
            )
    for share, bound in ((0.5, None), (0.95, wanted)):
        ours = _quantile(ours_ms, share)
        theirs = {peer: _quantile(times, share) for peer, times in peer_ms.items()}
        yield Figure(
            f"{records:,} records, top 20 with passages, p{share * 100:.0f}",
            ", ".join(PEERS),
            f"{ours:.1f} ms",
            ", ".join(f"{value:.1f} ms" for value in theirs.values()),
            f"{ours / theirs['LIKE']:.2f}",
            **({"wanted": f"≤ {bound} ms", "ok": ours <= bound} if bound else {}),
        )
    yield Figure(
        f"{records:,} records, index to text ({size / 1e6:.0f} MB)",
        ", ".join(PEERS[1:]),
        f"{pages / 1e6:.0f} MB",
        ", ".join(f"{builds[peer] / 1e6:.0f} MB" for peer in PEERS[1:]),
        f"{pages / size:.2f}",
        **at_most(0.9, pages / size),
    )


def store_of(place):
    from archive.store import DataDirectory

    return DataDirectory(place / "data")


def _write(place, records):
    """The archive, indexed as its nights would have; its texts; and the bytes of texts and index."""
    texts = list(generate(records))
    data = store(place / "data", texts)
    with closing(open_for_writing(data)) as connection:
        (size,) = connection.execute(
            "SELECT sum(octets) FROM (SELECT length(CAST(title || summary_zh || summary_en AS BLOB)) AS octets "
            "FROM item_versions)"
        ).fetchone()
        before = _pages(connection)
        started = time.monotonic()
        index_versions(connection)
        say(f"    indexed in {time.monotonic() - started:.0f} s")
        return texts, (size, _pages(connection) - before)


def _pages(connection):
    """Bytes in use."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _write_peers(place, texts):
    peers = sqlite3.connect(place / "peers.db", isolation_level=None)
    peers.execute("PRAGMA synchronous = OFF")
    peers.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, title TEXT, zh TEXT, en TEXT)")
    sizes = {}
    peers.execute("BEGIN")
    peers.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", ((i, *text) for i, text in enumerate(texts, 1)))
    peers.execute("COMMIT")
    for name in PEERS[1:]:
        before, started = _pages(peers), time.monotonic()
        peers.execute(
            f"CREATE VIRTUAL TABLE {name} USING fts5(title, zh, en, content=texts, content_rowid=id, tokenize={name})"
        )
        peers.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
        sizes[name] = _pages(peers) - before
        say(f"    {name} in {time.monotonic() - started:.0f} s")
    return peers, sizes


def _ask(texts):
    """The queries by class; drawn from the texts where a class says so."""
    chance = random.Random(1)

    def draw(pattern, column):
        while True:
            if found := re.findall(pattern, chance.choice(texts)[column]):
                return chance.choice(found)

    def plain(typed, *words):
        return Asked(typed, words or (typed,), words or (typed,))

    def word(text, pattern):
        return text, re.compile(pattern)

    yield (
        "Chinese, one character",
        [plain(draw("[一-鿿]", 1)) for _ in range(A_CLASS)],
    )
    for length, words in CHINESE.items():
        yield f"Chinese, {LENGTHS[length]}", [plain(word) for word in words.split()]
    yield "Chinese, cut anywhere", [plain(draw(f"[一-鿿]{{{2 + n % 4}}}", 1)) for n in range(2 * A_CLASS)]
    seams = ["".join(draw("([一-鿿])[，。、；：”]([一-鿿])", 1)) for _ in range(A_CLASS)]
    yield "Chinese, parted by punctuation", [plain(seam) for seam in seams]
    yield (
        "English words",
        [Asked(w, (w,), (word(w, rf"(?<![a-z0-9]){w}(?![a-z0-9])"),)) for w in ENGLISH.split()],
    )
    yield (
        "English, singular and plural",
        [Asked(w, (w,), (word(w.rstrip("y"), _forms(w)),)) for w in ENGLISH.split()],
    )
    yield (
        "both languages",
        [
            Asked(f"{zh} {en}", (zh, en), (zh, word(en.rstrip("y"), _forms(en))))
            for zh, en in zip(CHINESE[2].split(), ENGLISH.split(), strict=True)
        ],
    )
    numbers = [draw(r"(?<![\d.,])\d+\.\d+", 1 + n % 2) for n in range(A_CLASS)]
    yield "numbers", [Asked(n, (n,), (word(n, rf"(?<!\d){re.escape(n)}(?!\d)"),)) for n in numbers]
    phrases = [draw(r"\b[a-z]+ [a-z]+ [a-z]+\b", 2) for _ in range(A_CLASS)]
    yield (
        "English phrases",
        [Asked(f'"{p}"', (p,), (word(p, rf"(?<![a-z0-9]){p}(?![a-z0-9])"),)) for p in phrases],
    )


def _forms(word):
    """Singular and plural."""
    endings = f"{word[:-1]}(?:y|ies)" if re.search("[^aeiou]y$", word) else f"{word}s?"
    return f"(?<![a-z0-9]){endings}(?![a-z0-9])"


def _scan(asked, folded, lower):
    found = range(len(folded))
    for test in asked.tests:
        if isinstance(test, str):
            found = [number for number in found if test in folded[number]]
        else:
            found = [number for number in found if test[0] in lower[number] and test[1].search(lower[number])]
    return {number + 1 for number in found}


def _find(connection, items, asked):
    with one_moment(connection):
        finding = find(connection, parse(asked.typed).root, (), Scope(), EVERYTHING, all_versions=False)
    if finding.total > len(finding.versions):  # of very many the newest are ranked; the others are counted
        return _find_unranked(connection, items, finding)
    return {items[version_id] for version_id in finding.versions}


def _find_unranked(connection, items, finding):
    rows = connection.execute("SELECT rowid FROM version_index WHERE version_index MATCH ?", (finding.expression,))
    found = {items[row[0]] for row in rows if row[0] in items}
    assert len(found) == finding.total
    return found


def _find_peer(peers, peer, asked):
    if peer == "LIKE":
        return {row[0] for row in peers.execute(*_like(asked, ""))}
    return {row[0] for row in peers.execute(f"SELECT rowid FROM {peer} WHERE {peer} MATCH ?", (_quote(asked),))}


def _show_peer(peers, peer, asked):
    """LIKE: the first 20, which are the oldest; the others ranked, with snippets."""
    if peer == "LIKE":
        return peers.execute(*_like(asked, "LIMIT 20")).fetchall()
    return peers.execute(
        f"SELECT rowid, snippet({peer}, -1, '[', ']', '…', 24) FROM {peer} WHERE {peer} MATCH ? ORDER BY rank LIMIT 20",
        (_quote(asked),),
    ).fetchall()


def _like(asked, then):
    test = "(title LIKE ? OR zh LIKE ? OR en LIKE ?)"
    words = [f"%{word}%" for word in asked.words for _ in range(3)]
    return f"SELECT id FROM texts WHERE {' AND '.join([test] * len(asked.words))} {then}", words


def _quote(asked):
    return " AND ".join(f'"{word}"' for word in asked.words)


def _mark(marks, truth, found):
    if truth:
        marks[0].append(len(truth & found) / len(truth))
    if found:
        marks[1].append(len(truth & found) / len(found))


def _mean(values):
    return sum(values) / len(values) if values else None


def _time(call, rounds=ROUNDS):
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)[rounds // 2]


def _quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
