"""Random nights, and what must hold after each: no report announced twice, nothing withdrawn without its proof,
an alert changed by nobody but a person, settling twice changes nothing, and the WARCs give the same archive again."""

import contextlib
import tempfile
from datetime import timedelta
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import UsageError
from archive.settle import settle
from tests.nights import PER_PAGE, Nights, make_reader

TAGS = ("甲", "乙")
tags = st.sampled_from(TAGS)
keys = st.integers(0, 9)
deeds = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from([("甲",), ("乙",), ("甲", "乙")])),
    st.tuples(st.just("edit"), keys),
    st.tuples(st.just("tidy"), keys),
    st.tuples(st.just("thin"), keys),
    st.tuples(st.just("delete"), keys),
    st.tuples(st.just("restore"), keys, tags),
    st.tuples(st.just("move"), keys, tags),
    st.tuples(st.just("leave"), keys, tags),
    st.tuples(st.just("fail"), tags, st.integers(1, 3), st.sampled_from(["500", "captcha", "garbage", "empty"])),
    st.tuples(st.just("disagree"), keys),
    st.tuples(st.just("flip"), st.integers(0, 1)),
    st.tuples(st.just("renumber"), keys),
)
night_plans = st.fixed_dictionaries(
    {
        "deeds": st.lists(deeds, max_size=4),
        "parser": st.sampled_from([None, None, None, "new"]),
        "die_after": st.sampled_from([None, None, None, 1, 3]),
        "late": st.booleans(),
        "decide": st.sampled_from([None, None, "release", "drop", "alias"]),
    }
)


def rewrite(kind, report):
    zh, en = report["zh"], report["en"]
    if kind == "edit":
        return {"zh": zh + "又改"}
    if kind == "flip":
        return {"zh": zh.removesuffix("对") if zh.endswith("对") else zh + "对"}
    if kind == "tidy":
        wide = zh.translate(str.maketrans("()", "（）"))
        return {"zh": zh.translate(str.maketrans("（）", "()")) if wide == zh else wide}
    return {"en": "" if en else f"Invented {report['key']} is back"}


class Witness:
    """Plays the nights and keeps its own book of what was shown, complete or not, from the publisher's side."""

    def __init__(self, root):
        self.nights = Nights(root, reader=make_reader(1, blind_to=("®", "☃")))
        self.parser = 1
        self.number = 0
        self.alerts = {}  # of each event, as they were last looked at
        self.shown = []  # per settled run: (run, {tag: keys shown}, {tag: complete})
        for number in range(5):
            self.publish(("甲",) if number % 2 else ("甲", "乙"))

    @property
    def publisher(self):
        return self.nights.publisher

    def publish(self, tags):
        self.number += 1
        key = f"r{self.number}"
        self.publisher.publish(
            key, *tags, zh=f"品牌®虚构{key}规模(当年)为12.5亿元☃", en=f"Invented ☃ {key} is 1.25 billion yuan"
        )

    def pick(self, number):
        known = sorted(self.publisher.reports)
        return known[number % len(known)]

    def do(self, deed, faults, override):
        kind, *rest = deed
        publisher = self.publisher
        if kind == "publish":
            self.publish(rest[0])
            return
        if kind == "fail":
            faults[rest[0], rest[1]] = rest[2]
            return
        key = self.pick(rest[0])
        report = publisher.reports[key]
        if kind in {"edit", "flip", "tidy", "thin"}:
            publisher.edit(key, **rewrite(kind, report))
        elif kind == "renumber":  # the site moves its id: a twin
            self.number += 1
            self.publisher.publish(f"r{self.number}", zh=report["zh"], en=report["en"])
            publisher.withdraw(key)
        elif kind == "delete":
            publisher.withdraw(key)
        elif kind == "disagree":
            override[key] = {"zh": report["zh"] + "(乙版)"}
        elif kind == "leave":
            publisher.withdraw(key, rest[1])
        else:
            publisher.withdraw(key, rest[1])
            publisher.restore(key, rest[1], 0 if kind == "restore" else len(publisher.tags[rest[1]]) // 2)

    def play(self, plan):
        faults, override = {}, {}
        for deed in plan["deeds"]:
            self.do(deed, faults, override)
        if plan["parser"] == "new":
            self.parser += 1
            self.nights.reader = make_reader(self.parser, blind_to=("☃",) if self.parser % 2 else ())
        options = {"faults": faults, "override": {"乙": override}}
        verdict = None
        if plan["die_after"] is not None:
            verdict = self.nights.night(**options, die_after=plan["die_after"])  # a short night ends before it dies
            self.nights.clock -= timedelta(days=0 if plan["late"] else 1)  # the next crawl: tomorrow, or soon
        verdict = verdict or self.nights.night(**options)
        complete = {walk["listing"].removeprefix("tag:"): walk["complete"] for walk in verdict.walks}
        shown = {}
        for tag in TAGS:
            pages = -(-len(self.publisher.tags[tag]) // PER_PAGE)
            bad = [page for (where, page) in faults if where == tag and page <= max(1, pages)]
            if bad:
                assert not complete[tag], f"{tag} was not whole: {faults}"
            readable = self.publisher.tags[tag][: (min(bad) - 1) * PER_PAGE] if bad else self.publisher.tags[tag]
            shown[tag] = set(readable)
        self.shown.append((verdict, shown, complete))
        self.check_alerts(None)
        if plan["decide"]:
            self.decide(plan["decide"])
            self.check_alerts(plan["decide"])
        return verdict

    def decide(self, decision):
        """About the first event that is held."""
        held = self.nights.query(
            "SELECT i.key FROM events e JOIN items i ON i.id = e.item_id WHERE e.alert = 'held' "
            "AND (?1 <> 'alias' OR e.kind = 'appeared') ORDER BY e.id LIMIT 1",
            decision,
        )
        for (key,) in held:
            if decision != "alias":
                getattr(self.nights, decision)(keys=[key])
                continue
            (issue,) = self.nights.query(
                "SELECT message FROM issues WHERE code = 'twin' AND message LIKE ? ORDER BY id LIMIT 1", f"{key} (%"
            )
            with contextlib.suppress(UsageError):  # that one is an alias itself
                self.nights.alias(key, issue[0].partition(f"`baogao alias {key} ")[2].partition("`")[0])

    def check_alerts(self, decision):
        """Whether an event may be announced is settled with its run; only a decision about a held one changes it."""
        becomes = {"release": {"held", "due"}, "drop": {"held", "quiet"}, "alias": {"held", "quiet"}}
        alerts = {
            (run, kind, key, version): alert
            for run, kind, key, version, alert in self.nights.query(
                "SELECT e.run_id, e.kind, i.key, v.seq, e.alert FROM events e JOIN items i ON i.id = e.item_id "
                "JOIN item_versions v ON v.id = e.version_id"
            )
        }
        for event, before in self.alerts.items():
            allowed = becomes.get(decision, {before}) if before == "held" else {before}
            assert alerts[event] in allowed, f"{event} was {before}"
        self.alerts = alerts

    def check_events(self):
        rows = self.nights.query(
            "SELECT e.run_id, e.kind, i.key, e.alert FROM events e JOIN items i ON i.id = e.item_id ORDER BY e.id"
        )
        announced = [key for _, kind, key, alert in rows if kind == "appeared" and alert == "due"]
        assert len(announced) == len(set(announced)), "announced twice"
        assert all(alert == "quiet" for _, kind, _, alert in rows if kind in ("corrected", "cosmetic"))
        for key, changes in groupby(
            self.nights.query(
                "SELECT i.key, e.detail, e.alert FROM events e JOIN items i ON i.id = e.item_id "
                "WHERE e.kind = 'changed' ORDER BY i.key, e.id"
            ),
            key=itemgetter(0),
        ):
            last = ""
            for _, detail, alert in changes:
                if detail == "flapping":
                    assert alert == "quiet", f"{key}: a flip was announced"
                    assert last, f"{key}: a flip is silent, and no return before it"
                last = detail
        for run, kind, key, _ in rows:
            if kind == "withdrawn":
                self.check_proof(run, key)

    def check_proof(self, run, key):
        """Every tag that ever showed it: two complete walks that did not, since it was last there."""
        settled = [each for each in self.shown if each[0].run <= run and each[0].outcome != "rejected"]
        for tag in TAGS:
            seen = [index for index, (_, shown, _) in enumerate(settled) if key in shown[tag]]
            if not seen:
                continue
            proofs = [complete[tag] for _, _, complete in settled[seen[-1] + 1 :]]
            assert sum(proofs) >= 2, f"{key} withdrawn in run {run} without proof from {tag}"

    def check_now(self, verdict, shown, complete):
        if verdict.outcome != "complete":
            return
        for tag in TAGS:
            for key in shown[tag]:
                assert self.nights.state(key) == "listed"
        states = dict(self.nights.query("SELECT key, state FROM items"))
        aliases = self.nights.query("SELECT a.key, i.key FROM item_aliases a JOIN items i ON i.id = a.item_id")
        gone = set(states) - shown["甲"] - shown["乙"] - {key for keys in aliases for key in keys}  # one is for both
        assert all(states[key] != "listed" for key in gone), "gone from two complete walks, yet listed"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(night_plans, min_size=2, max_size=7))
def test_random_nights_keep_every_promise(plans):
    with tempfile.TemporaryDirectory() as scratch:
        witness = Witness(Path(scratch) / "data")
        nights = witness.nights
        for plan in plans:
            witness.play(plan)
            witness.check_now(*witness.shown[-1])
        witness.check_events()
        before = nights.dump()
        with nights.opened() as connection:
            for (run,) in connection.execute("SELECT id FROM runs").fetchall():
                settle(connection, nights.data, run, nights.reader)
        assert nights.dump() == before, "settling twice changed something"
        assert nights.verify().problems == []
        if witness.parser == 1:
            rebuilt = nights.rebuild(Path(scratch) / "again")
            assert rebuilt.dump() == before, "the WARCs give another archive"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(night_plans, min_size=1, max_size=4), st.sampled_from([(), ("☃",), ("®",)]))
def test_new_parser_on_an_unchanged_site_is_never_news(plans, blind_to):
    with tempfile.TemporaryDirectory() as scratch:
        witness = Witness(Path(scratch) / "data")
        for plan in plans:
            witness.play(plan)
        quiet = {"deeds": [], "parser": None, "die_after": None, "late": False, "decide": None}
        for _ in range(3):  # the site holds still: what was under way (thin texts, absences) is settled
            witness.play(quiet)
        witness.nights.reader = make_reader(witness.parser + 1, blind_to=blind_to)
        witness.nights.night()
        # a punctuation variant that was known of the old reading is noted once more of the new one, quietly
        assert {(kind, alert) for kind, _, alert in witness.nights.events()} <= {
            ("corrected", "quiet"),
            ("cosmetic", "quiet"),
        }
        witness.nights.night()
        assert witness.nights.events() == []


def tell_by_hand(texts):
    """The details and alerts of the changes of one report; None: a night on which it was not seen."""
    told, last_seen, current, flipped = [], {}, texts[0], None
    for night, text in enumerate(texts):
        if text not in (None, current):
            flapping = flipped is not None and night - flipped <= 3
            until = flipped if flapping else night
            back = text in last_seen and until - last_seen[text] <= 3
            told.append("flapping" if back and flapping else "returned" if back else "")
            flipped = night if back else None
            current = text
        if text is not None:
            last_seen[text] = night
    return told


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(["甲", "乙", "甲", "乙", "丙", None]), min_size=3, max_size=11))
def test_random_flips_are_told_once(texts):
    texts = ["甲", *texts]
    with tempfile.TemporaryDirectory() as scratch:
        nights = Nights(Path(scratch) / "data")
        nights.publisher.publish("x")
        for text in texts:
            if text:
                nights.publisher.edit("x", zh=f"虚构的说法{text}")
            nights.night(faults=None if text else {("甲", 1): "500"})
        changes = nights.details("x")
        assert [detail.partition(" ")[0] for detail, _ in changes] == tell_by_hand(texts)
        assert all(alert == ("quiet" if detail == "flapping" else "due") for detail, alert in changes)
        assert sum(first == "flapping" != before for (first, _), (before, _) in pairwise(reversed(changes))) == sum(
            code == "flapping" for (code,) in nights.query("SELECT code FROM issues")
        )
        assert nights.rebuild(Path(scratch) / "again").dump() == nights.dump()
