"""10,000 rules asked of a night of 1,000 events: which rule wants which, words, listings and kinds of change.

The rules hold words of the invented texts: one, several, phrases, beginnings, alternatives, words to leave out, either
language; a third of them repeats what another one has, as subscribers do.
"""

import random
import re
import time
from contextlib import closing
from itertools import cycle

from archive.alerts.events import list_events
from archive.alerts.matching import match_events
from archive.alerts.rules import Rule
from archive.search.index import index_versions
from archive.search.query import search
from archive.store import open_for_reading, open_for_writing, transaction
from tests.bench.corpus import AT, generate, store
from tests.bench.figures import Figure, at_most
from tests.bench.running import CommandFailedError

NAME = "alerts"
RULES = 10_000
RECORDS = 3_000  #: a search names no more of what it finds
#: of the 1,000 events of the night
KINDS = {"appeared": 400, "changed": 300, "withdrawn": 150, "reappeared": 150}
BOUND_SECONDS = 10
ROUNDS = 3
CHECKED = 50  #: rules whose events are compared with what a search finds
SHARED = 3  #: one rule of so many repeats the words of another
ASPECTS = (("figures",), ("title", "figures:zh"), ("wording:en", "language_added"))


def measure(place):
    data = _write(place)
    with closing(open_for_reading(data)) as connection:
        texts = [tuple(row) for row in connection.execute("SELECT title, summary_zh, summary_en FROM reports")]
        rules = make_rules(texts, RULES)
        events = list_events(connection)
        found, times = {}, []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            found = match_events(connection, rules, events)
            times.append(time.perf_counter() - started)
        _compare_with_search(connection, rules[:: RULES // CHECKED], events)
        distinct = len({rule.match for rule in rules})
        pairs = sum(map(len, found.values()))
        yield Figure(
            f"{RULES:,} rules ({distinct:,} different queries), {len(events):,} events, {pairs:,} matches",
            "the bound",
            f"{sorted(times)[ROUNDS // 2]:.2f} s [{min(times):.2f}–{max(times):.2f}]",
            f"{BOUND_SECONDS} s",
            f"{sorted(times)[ROUNDS // 2] / BOUND_SECONDS:.2f}",
            **at_most(1, max(times) / BOUND_SECONDS),
        )
        yield from _measure_parts(connection, rules, events)


def _measure_parts(connection, rules, events):
    """What of it is what: words alone, and a night on which every event is a change that rules ask the figures of."""
    words = [Rule(rule.name, rule.to, rule.match, frozenset(KINDS)) for rule in rules]
    changes = [Rule("figures", ("x",), None, frozenset({"changed"}), ("figures",))]
    changed = [event for event in events if event.kind == "changed"]
    for what, these, asked in (
        ("the same rules, their words alone, of every kind of event", words, events),
        (f"one rule for changed figures, {len(changed)} changes", changes, changed),
    ):
        started = time.perf_counter()
        match_events(connection, these, asked)
        yield Figure(what, "–", f"{time.perf_counter() - started:.2f} s", "–", "–")


def make_rules(texts, count, seed=1):
    """Rules of words that some of these texts have."""
    chance = random.Random(seed)
    forms = cycle(_FORMS)
    queries = []
    for number in range(count):
        if number % SHARED == SHARED - 1:
            queries.append(chance.choice(queries))
        else:
            queries.append(next(forms)(chance, chance.choice(texts)))
    kinds = cycle(({"appeared"}, {"appeared"}, {"appeared", "changed"}, set(KINDS)))
    rules = []
    for number, (query, on) in enumerate(zip(queries, kinds, strict=False)):
        aspects = ASPECTS[number % len(ASPECTS)] if "changed" in on and number % 5 == 0 else ()
        listings = ("tag:虚构",) if number % 10 == 0 else ()
        rules.append(Rule(f"rule-{number}", ("x",), query, frozenset(on), aspects, listings))
    return rules


def _zh(chance, text, low=2, high=4):
    run = chance.choice([run for run in re.findall(r"[\u4e00-\u9fff]{2,}", text[1]) if len(run) >= low])
    length = min(len(run), chance.randint(low, high))
    start = chance.randrange(len(run) - length + 1)
    return run[start : start + length]


def _en(chance, text):
    return chance.choice(re.findall(r"[A-Za-z]{4,}", text[2]))


def _phrase(chance, text):
    words = text[2].split()
    start = chance.randrange(len(words) - 3)
    return '"' + " ".join(words[start : start + chance.randint(2, 3)]).replace('"', " ") + '"'


_FORMS = (
    _zh,
    lambda chance, text: f"{_zh(chance, text)} {_zh(chance, text)}",
    lambda chance, text: f'{_zh(chance, text)} OR "{_en(chance, text)} {_en(chance, text)}"',
    _en,
    lambda chance, text: f"{_en(chance, text)} {_en(chance, text)} -{_en(chance, text)}",
    lambda chance, text: f"{_en(chance, text)[: chance.randint(3, 5)]}*",
    _phrase,
    lambda chance, text: f"title:{_zh(chance, (None, text[0]))} OR ({_zh(chance, text)} -{_zh(chance, text)})",
    lambda chance, text: f"{_zh(chance, text, 4, 8)} zh:{_zh(chance, text)} en:{_en(chance, text)}",
    lambda chance, text: chance.choice(re.findall(r"\d+(?:[.,]\d+)*", text[1] + text[2]) or ["1"]),
)


def _write(place):
    """An archive of a listing, and one more night with its events."""
    data = store(place / "data", generate(RECORDS))
    chance = random.Random(2)
    with closing(open_for_writing(data)) as connection:
        with transaction(connection):
            connection.execute(
                "INSERT INTO runs (id, kind, outcome, parser, started_at, finished_at, exit_code) "
                "VALUES (2, 'crawl', 'complete', 1, ?1, ?1, 0)",
                (AT,),
            )
            numbers = chance.sample(range(1, RECORDS + 1), sum(KINDS.values()))
            for kind, count in KINDS.items():
                for number in [numbers.pop() for _ in range(count)]:
                    _add_event(connection, chance, number, kind)
        index_versions(connection)
    return data


def _add_event(connection, chance, number, kind):
    (version,) = connection.execute("SELECT version_id FROM items WHERE id = ?", (number,)).fetchone()
    if kind == "changed":
        title, zh, en = connection.execute(
            "SELECT title, summary_zh, summary_en FROM item_versions WHERE id = ?", (version,)
        ).fetchone()
        digit = chance.choice([match.start() for match in re.finditer(r"\d", zh)])
        zh = zh[:digit] + str((int(zh[digit]) + 1) % 10) + zh[digit + 1 :]
        en = en.replace(" the ", " an invented ", 1)
        version = connection.execute(
            "INSERT INTO item_versions SELECT max(id) + 1, ?1, (SELECT max(seq) + 1 FROM item_versions "
            "WHERE item_id = ?1), ?2, 'site', ?3, '[]', ?4, ?5, NULL, 'new' || ?1, '', 'new' || ?1, 1, 1, 2, ?6, ?6 "
            "FROM item_versions RETURNING id",
            (number, version, title, zh, en, AT),
        ).fetchone()[0]
        connection.execute("UPDATE items SET version_id = ? WHERE id = ?", (version, number))
    connection.execute(
        "INSERT INTO events (run_id, item_id, kind, version_id, at, alert) VALUES (2, ?, ?, ?, ?, 'due')",
        (number, kind, version, AT),
    )


def _compare_with_search(connection, rules, events):
    """Every one of these rules must have what a search for its words finds among the night's reports."""
    ours = match_events(connection, [Rule(rule.name, rule.to, rule.match, frozenset(KINDS)) for rule in rules], events)
    keys = {event.key for event in events}
    for rule in rules:
        found = {hit.key for hit in search(connection, rule.match, limit=RECORDS).hits}
        if {event.key for event in ours[rule.name]} != found & keys:
            raise CommandFailedError(f"the rule {rule.match!r} has other events than a search")
