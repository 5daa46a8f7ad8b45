"""What messages say, and that no title breaks one: real events of invented nights, then hostile titles by the thousand.

All sentences here are invented.
"""

import contextlib
import email
import email.policy
import functools
import itertools
import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from email.headerregistry import HeaderRegistry

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from archive.alerts.announcements import load_announcements
from archive.alerts.composing import compose_chat, compose_mail, compose_webhook
from archive.alerts.cutting import cut, excerpt, one_line
from archive.alerts.events import list_events
from archive.alerts.model import Notice
from archive.alerts.rules import SmtpChannel
from archive.alerts.wording import tell_meanwhile
from archive.store import open_for_reading
from archive.text import tidy
from tests.hostile import FORMULAS, TEXTS
from tests.nights import Nights, Publisher
from tests.web.payloads import PAYLOADS

ID = "0f8fad5b-d9cb-569f-a165-70867728950e"
BASE = "https://baogao.example"
CHANNEL = SmtpChannel("mail", "mail.example", 587, ("reader@example.org",), "baogao@mail.example")
DATE = datetime(2026, 1, 6, 19, 0, tzinfo=UTC)
ZH = "虚构市场规模达3316.6亿元。编造的企业共有10,000家。"
EN = "The invented market reached 331.66 billion yuan in 2025. There are 10,000 made-up companies in it."
#: as the default, but a header that is looked at again is not parsed again
READING = email.policy.default.clone(header_factory=functools.lru_cache(maxsize=200)(HeaderRegistry()))
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "MIME-Version", "Content-Type")


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """Night 2: n1 is new, a1 is edited; 3: a1 is as it was; 5: a2 is withdrawn; 6: it is back; 7: a3 is edited."""
    played = Nights(tmp_path_factory.mktemp("composing") / "data")
    publisher = played.publisher
    for number in range(1, 13):
        publisher.publish(f"127.0.0.1:{number}", title=f"虚构咨询 | 第{number}份编造的报告", zh=ZH, en=EN)
        publisher.edit(f"127.0.0.1:{number}", zh=f"第{number}份。{ZH}")
    played.night()
    publisher.publish("127.0.0.1:99", title="虚构咨询 | 一份新的报告")
    publisher.edit("127.0.0.1:1", zh=f"第1份。{ZH}".replace("3316.6", "3416.6"), en=EN.replace("331.66", "341.66"))
    played.night()
    publisher.edit("127.0.0.1:1", zh=f"第1份。{ZH}", en=EN)
    publisher.withdraw("127.0.0.1:2")
    played.night()
    played.night()
    publisher.restore("127.0.0.1:2")
    played.night()
    publisher.edit("127.0.0.1:3", title="虚构咨询 | 第3份编造的报告（修订）")
    played.night()
    return played


@pytest.fixture(scope="module")
def announcements(nights):
    with reading(nights) as connection:
        events = [event for event in list_events(connection) if event.run > 1]
        return load_announcements(connection, events, {event.id: ("weekly", "all news") for event in events})


def reading(nights):
    return contextlib.closing(open_for_reading(nights.data))


def choose(announcements, kind, number=0):
    return [each for each in announcements if each.event.kind == kind][number]


def notice(*announcements, form="each", rule="digital-money", base_url=BASE, total=0):
    return Notice(ID, rule, form, announcements, "2026-01-06T19:00:00Z", base_url, total)


def mail(told, channel=CHANNEL):
    """As a receiver has it: written in seven bits, and read again."""
    raw = compose_mail(told, channel, "reader@example.org", date=DATE).as_bytes(policy=email.policy.SMTP)
    assert max(raw) < 128
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return email.message_from_bytes(raw, policy=READING)


def text_of(message):
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(message):
    return message.get_body(("html",)).get_content()


def read_html(message):
    return lxml_html.document_fromstring(html_of(message))


def data_of(told):
    body = compose_webhook(told)
    assert len(body) < 20_000
    return json.loads(body.decode())


def test_the_nights_hold_every_kind(announcements):
    kinds = [(each.event.kind, each.returned_to) for each in announcements]
    assert sorted(kinds, key=str) == [
        ("appeared", None),
        ("changed", 1),
        ("changed", None),
        ("changed", None),
        ("reappeared", None),
        ("withdrawn", None),
    ]


# --- mail


def test_mail_of_a_new_report(announcements):
    message = mail(notice(choose(announcements, "appeared")))
    assert message["Subject"] == "[digital-money] New report / 新报告: 虚构咨询 | 一份新的报告"
    text = text_of(message)
    for words in (
        "New report / 新报告",
        "虚构的127.0.0.1:99规模为12.5亿元",
        "The invented size of 127.0.0.1:99 is 1.25 billion yuan, and no more than that",
        "http://127.0.0.1/127.0.0.1:99",
        f"{BASE}/r/127.0.0.1:99/v/1",
        "Rule / 规则: weekly, all news",
    ):
        assert words in text, words
        assert words in read_html(message).text_content() or words.startswith("http")
    assert re.search(r"shown by the site / 网站展示于 2026-01-03 \d\d:\d\d UTC", text)
    links = [link.get("href") for link in read_html(message).iter("a")]
    assert links == ["http://127.0.0.1/127.0.0.1:99", f"{BASE}/r/127.0.0.1:99/v/1"]


def test_headers(announcements):
    told = notice(choose(announcements, "appeared"))
    message = mail(told)
    assert {name: message[name] for name in ("From", "To", "Message-ID", "Auto-Submitted")} == {
        "From": "baogao@mail.example",
        "To": "reader@example.org",
        "Message-ID": f"<{ID}@mail.example>",
        "Auto-Submitted": "auto-generated",
    }
    assert message["Date"].datetime == DATE
    assert re.fullmatch(r'"digital-money" <[0-9a-f]{16}\.baogao\.mail\.example>', message["List-Id"])
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in message.iter_parts()} == {"base64"}
    assert "List-Unsubscribe" not in message
    assert "Precedence" not in message
    again = compose_mail(told, CHANNEL, "reader@example.org", date=DATE).as_bytes()
    assert again == compose_mail(told, CHANNEL, "reader@example.org", date=DATE).as_bytes()


@pytest.mark.parametrize(
    ("address", "one_click"),
    [
        ("mailto:leave@example.org?subject=leave", False),
        ("https://example.org/leave", True),
        ("https://example.org/" + "x" * 600, True),
    ],
)
def test_unsubscribing(announcements, address, one_click):
    told = notice(choose(announcements, "appeared"))
    raw = compose_mail(told, replace(CHANNEL, unsubscribe=address), "reader@example.org", date=DATE).as_bytes()
    assert f"List-Unsubscribe: <{address}>\r\n".encode() in raw  # as it is: an encoded one could not be followed
    message = mail(told, replace(CHANNEL, unsubscribe=address))
    assert message["List-Unsubscribe"] == f"<{address}>"
    assert message["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if one_click else None)


@pytest.mark.parametrize("rule", ["", "数字人民币" * 12, 'a "b" \\c', "=?utf-8?q?x?=", "𠮷" * 64, "<x@y>"])
def test_a_list_has_one_identifier_whatever_the_rule_is_called(announcements, rule):
    message = mail(notice(choose(announcements, "appeared"), rule=rule))
    (found,) = message.get_all("List-Id")
    assert re.search(r"<[0-9a-f]{16}\.baogao\.mail\.example>\Z", found)
    if rule.isalpha():
        assert found.startswith(rule)


@pytest.mark.parametrize("sender", ["a..b@mail.example", "x" * 64 + "@" + "d" * 60 + "." + "e" * 150 + ".example"])
def test_long_and_odd_senders_stay_whole(announcements, sender):
    message = mail(notice(choose(announcements, "appeared")), replace(CHANNEL, sender=sender))
    assert str(message["Message-ID"]).strip() == f"<{ID}@{sender.rpartition('@')[2]}>"
    assert sender in re.sub(r"\s", "", str(message["From"]))


def test_mail_of_a_change_shows_what_changed_also_without_styles(announcements):
    message = mail(notice(choose(announcements, "changed")))
    assert message["Subject"].startswith("[digital-money] Changed / 内容变更: 虚构咨询 | 第1份")
    text, page = text_of(message), read_html(message)
    assert "figures (Chinese), figures (English) / 数据（中文）、数据（英文）" in text
    assert "[-3316.6亿元-]{+3416.6亿元+} (+3 %)" in text
    assert "The invented market reached [-331.66-]{+341.66+} billion yuan" in text
    assert "made-up companies" not in text  # that sentence did not change
    assert f"{BASE}/r/127.0.0.1:1/diff/1/2" in text
    gone, came = ([each.text for each in page.iter(tag)] for tag in ("del", "ins"))
    assert ("3316.6亿元" in gone, "3416.6亿元" in came, "331.66" in gone, "341.66" in came) == (True,) * 4
    assert all("line-through" in each.get("style") for each in page.iter("del"))
    assert all("underline" in each.get("style") for each in page.iter("ins"))
    assert not list(page.iter("style"))
    assert "var(" not in html_of(message)


def test_mail_of_a_title_that_changed(announcements):
    text = text_of(mail(notice(choose(announcements, "changed", 2))))
    assert "What changed / 变更内容: title / 标题" in text
    assert "虚构咨询 | 第3份编造的报告{+（修订）+}" in text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("One.\nTwo.", "", "[-One.-]\n[-Two.-]\n"),
        ("One. Two.\nThree.", "One. Two.", "[-Three.-]\n"),
        ("One.", "One. Two.", "{+Two.+}\n"),
        ("One.\nTwo.", "One. Two.", "(a paragraph break moved / 段落划分有变)\n"),
    ],
)
def test_a_sentence_takes_its_blanks_along(announcements, before, after, expected):
    """What went with a whole paragraph has not moved."""
    told = choose(announcements, "changed")
    record = dict(told.record) | {"summary_zh": ZH, "summary_en": after}
    told = replace(told, record=record, before=record | {"summary_en": before, "version": 1})
    said = text_of(mail(notice(told))).partition("English summary / 英文摘要:\n")[2]
    assert re.sub(r"(?m)^ +", "", said).startswith(f"{expected}\n"), said


def test_far_from_a_change_no_amount_is_torn(announcements):
    told = choose(announcements, "changed")
    before = f"甲公司{'很' * 35}大61.8万亿元{'长' * 60}降41.5万亿{'很' * 36}多的乙"
    record = dict(told.record) | {"summary_zh": before + "。", "summary_en": EN}
    told = replace(told, record=record | {"summary_zh": f"丙{before}丁。"}, before=record | {"version": 1})
    assert "大61.8万亿 … 41.5万亿很" in text_of(mail(notice(told)))


def test_two_long_words_around_a_middle_are_told_once(announcements):
    told = choose(announcements, "changed")
    before = f"{'甲' * 38}{'x' * 30}{'乙' * 30}"
    record = dict(told.record) | {"summary_zh": f"{before}。", "summary_en": EN}
    told = replace(told, record=record | {"summary_zh": f"丙{before}丁。"}, before=record | {"version": 1})
    text = text_of(mail(notice(told)))
    assert (text.count("x" * 30), before in text) == (1, True)


def test_a_return_says_so_and_that_flips_are_not_told(announcements):
    told = notice(choose(announcements, "changed", 1))
    message = mail(told)
    assert "Changed back to version 1 / 恢复为第 1 版" in message["Subject"]
    for words in (
        "Back to the text of version 1. If it goes back and forth, that is not announced again.",
        "恢复为第 1 版内容；若反复变动，将不再通知。",
    ):
        assert words in text_of(message)
        assert words in read_html(message).text_content()
    assert data_of(told)["data"]["events"][0]["returned_to"] == 1
    assert "Back to the text of version 1" in compose_chat(told, title_limit=100, body_limit=1000)[1]


def test_a_withdrawal_is_worded_and_holds_the_last_version(announcements):
    told = choose(announcements, "withdrawn")
    message = mail(notice(told))
    words = r"No longer listed since 2026-01-05 \(last seen 2026-01-03 \d\d:\d\d UTC\)"
    zh = r"自 2026-01-05 起不再列出（最后一次见于 2026-01-03 \d\d:\d\d UTC）"
    for said in (text_of(message), read_html(message).text_content()):
        assert re.search(words, said)
        assert re.search(zh, said)
        assert f"第2份。{ZH}" in said
        assert EN in said
        assert "Its last version" in said
        assert "new report" not in said.lower()
    assert re.search(words, compose_chat(notice(told), title_limit=100, body_limit=1000)[1])
    event = data_of(notice(told))["data"]["events"][0]
    assert re.match(words, event["note"])
    assert event["last_seen_at"] == told.last_seen_at
    assert event["summary_en"] == EN


def test_what_became_of_it_meanwhile_is_told(tmp_path):
    """A message may have been held, or its channel down, for days."""
    publisher = Publisher()
    for key in "abcd":
        publisher.publish(key)
    nights = Nights(tmp_path / "data", publisher)
    nights.night()
    publisher.publish("n")
    publisher.edit("a", zh="虚构的a规模为13.5亿元")
    publisher.withdraw("b")
    nights.night()
    nights.night()
    publisher.edit("a", zh="虚构的a规模为14.5亿元")
    publisher.withdraw("n")
    publisher.restore("b")
    nights.night()
    nights.night()
    with contextlib.closing(open_for_reading(nights.data)) as connection:
        told = load_announcements(connection, [each for each in list_events(connection) if each.alert == "due"])
    said = {(each.event.run, each.event.kind, each.event.key): tell_meanwhile(each) for each in told}
    assert {name: words[0][0] for name, words in said.items() if words} == {
        (2, "appeared", "n"): "Since then it is no longer listed.",
        (2, "changed", "a"): "Since then its text has changed again.",
        (3, "withdrawn", "b"): "Since then it is listed again.",
    }
    old = next(each for each in told if each.event.key == "n" and each.event.kind == "appeared")
    _, chat = compose_chat(notice(old), title_limit=100, body_limit=1000)
    for written in (text_of(mail(notice(old))), chat, compose_webhook(notice(old)).decode()):
        assert "此后已不再列出" in written
        assert "New report" in written


def test_a_report_that_is_back_is_never_called_new(announcements):
    told = notice(choose(announcements, "reappeared"))
    message = mail(told)
    assert "Listed again / 重新列出" in message["Subject"]
    said = [message["Subject"], text_of(message), read_html(message).text_content()]
    said += [*compose_chat(told, title_limit=100, body_limit=1000), compose_webhook(told).decode()]
    for words in said:
        assert "New report" not in words
        assert "新报告" not in words.replace("并非新报告", "")
    assert "it is not new" in text_of(message)


def test_a_digest_counts_and_says_where_the_rest_is(announcements):
    told = notice(*announcements, form="run", total=40)
    message = mail(told)
    assert message["Subject"] == "[digital-money] 40 updates / 40 条动态"
    assert f"34 more / 另有 34 条: {BASE}/runs" in text_of(message)
    assert "34 more" in read_html(message).text_content()
    without = mail(replace(told, base_url=None))
    assert f"34 more / 另有 34 条: baogao changes --since {announcements[0].event.id - 1}" in text_of(without)
    body = compose_chat(told, title_limit=100, body_limit=10_000)[1]
    assert body.endswith(f"… 34 more / 另有 34 条: {BASE}/runs")
    data = data_of(told)["data"]
    assert (data["total"], data["omitted"], len(data["events"])) == (40, 34, 6)
    whole = mail(replace(told, total=0, form="daily"))
    assert whole["Subject"] == (
        "[digital-money] 1 new, 3 changed, 1 no longer listed, 1 listed again"
        " / 1 篇新报告、3 篇内容变更、1 篇不再列出、1 篇重新列出"
    )
    assert "more / 另有" not in text_of(whole)
    assert text_of(whole).index("一份新的报告") != -1
    for each in announcements:
        assert each.record["title"] in text_of(whole)


def test_a_released_message_says_that_a_person_released_it(announcements):
    told = notice(*announcements[:2], form="summary")
    message = mail(told)
    assert "(released / 经人工放行)" in message["Subject"]
    for said in (text_of(message), read_html(message).text_content()):
        assert "Held at first, and released by a person / 曾被暂缓，后经人工放行" in said
    assert "released by a person" in compose_chat(told, title_limit=100, body_limit=2000)[1]
    data = data_of(told)
    assert (data["type"], data["data"]["released"]) == ("report.summary", True)


def test_a_test_is_marked():
    told = notice(form="test", rule="mail")
    message = mail(told)
    assert message["Subject"] == "TEST / 测试: [mail] baogao"
    for said in (text_of(message), read_html(message).text_content()):
        assert "TEST / 测试" in said
        assert "Nothing happened to any report." in said
        assert "这是 baogao 的测试消息" in said
    title, body = compose_chat(told, title_limit=100, body_limit=1000)
    assert title.startswith("TEST / 测试")
    assert "test message of baogao" in body
    assert data_of(told)["type"] == "baogao.test"
    assert compose_chat(told, title_limit=0, body_limit=1000)[1].startswith("TEST / 测试")


def test_long_summaries_are_cut_at_sentences_in_digests_only(announcements):
    first = choose(announcements, "appeared")
    zh = "".join(f"第{number}句是编造的。" for number in range(500))
    en = " ".join(f"Sentence {number} was made up." for number in range(500))
    long = replace(first, record={**first.record, "summary_zh": zh, "summary_en": en})
    alone = text_of(mail(notice(long)))
    assert (zh in alone, en in alone) == (True, True)
    listed = text_of(mail(notice(long, choose(announcements, "withdrawn"), form="run")))
    (shown,) = re.findall(r"^第0句.*$", listed, re.MULTILINE)
    assert shown.endswith("是编造的。 …")
    assert 150 < len(shown) <= 201
    (shown,) = re.findall(r"^Sentence 0.*$", listed, re.MULTILINE)
    assert shown.endswith("was made up. …")


def test_a_big_digest_stays_small_enough_for_mail_programs(announcements):
    many = list(itertools.islice(itertools.cycle(announcements), 300))
    long = "".join(f"第{number}句是编造的，规模为{number}亿元。" for number in range(300))
    many = [replace(each, record={**each.record, "summary_zh": long}) for each in many]
    sizes = {}
    for count in (1, 6, 20, 50, 300):
        message = mail(notice(*many[:count], form="run"))
        sizes[count] = len(html_of(message).encode())
        shown = len(list(read_html(message).iter("h2")))
        assert (f"… {count - shown} more / 另有 {count - shown} 条" in text_of(message)) == (count > shown)
        assert shown == count or count > 40
    print("HTML bytes by number of events:", sizes)  # noqa: T201
    assert max(sizes.values()) <= 100_000


# --- aliases


def test_an_event_of_a_key_that_became_an_alias_tells_its_own_report(tmp_path):
    played = Nights(tmp_path / "data")
    played.publisher.publish("127.0.0.1:1", title="虚构咨询 | 旧的标题", zh="同样的编造摘要一", en="Same made-up text")
    for number in range(2, 6):
        played.publisher.publish(f"127.0.0.1:{number}", zh=f"编造{number}")
    played.night()
    played.publisher.edit("127.0.0.1:1", title="虚构咨询 | 旧的标题（二）")
    played.night()
    played.publisher.publish("127.0.0.1:9", title="虚构咨询 | 新的标题", zh="同样的编造摘要二", en="Other made-up text")
    played.night()
    played.alias("127.0.0.1:9", "127.0.0.1:1")
    with reading(played) as connection:
        (event,) = [each for each in list_events(connection) if each.key == "127.0.0.1:9"]
        (told,) = load_announcements(connection, [event])
    assert (told.record["key"], told.record["title"]) == ("127.0.0.1:9", "虚构咨询 | 新的标题")
    assert told.record["version"] == 1
    assert told.record["alias_of"] == "127.0.0.1:1"
    text = text_of(mail(notice(told)))
    assert "新的标题" in text
    assert f"Known today as / 现归入: {BASE}/r/127.0.0.1:1\n" in text
    assert "/v/1" not in text  # that address is the other report's first version by now
    assert data_of(notice(told))["data"]["events"][0]["permalink"] is None


# --- webhook


def test_webhook_types(announcements):
    kinds = {each.event.kind: data_of(notice(each))["type"] for each in announcements}
    assert kinds == {kind: f"report.{kind}" for kind in ("appeared", "changed", "withdrawn", "reappeared")}
    for form, expected in (("run", "digest"), ("daily", "digest"), ("summary", "summary")):
        assert data_of(notice(announcements[0], form=form))["type"] == f"report.{expected}"


def test_webhook_event(announcements):
    told = choose(announcements, "changed")
    body = data_of(notice(told))
    assert body["timestamp"] == "2026-01-06T19:00:00Z"
    data = body["data"]
    assert (data["rule"], data["form"], data["total"], data["omitted"]) == ("digital-money", "each", 1, 0)
    assert data["event_ids"] == [told.event.id]
    (event,) = data["events"]
    assert (event["id"], event["event"], event["run"]) == (told.uid, told.event.id, 2)
    assert (event["key"], event["version"], event["previous_version"]) == ("127.0.0.1:1", 2, 1)
    assert event["fields"] == ["summary_zh", "summary_en"]
    assert (event["verdict"], event["labels"]) == ("figures", ["figures:zh", "figures:en"])
    first = event["figures"][0]
    assert (first["before"]["raw"], first["after"]["raw"]) == ("3316.6亿元", "3416.6亿元")
    assert event["summary_en"] == told.record["summary_en"]
    assert event["permalink"] == f"{BASE}/r/127.0.0.1:1/v/2"
    assert "summary_en" not in data_of(notice(told, form="run"))["data"]["events"][0]
    assert compose_webhook(notice(told)) == compose_webhook(notice(told))


def test_webhook_leaves_out_details_then_events_and_says_so(announcements):
    changed = choose(announcements, "changed")
    long = replace(changed, record={**changed.record, "summary_en": "Made up. " * 4000})
    (event,) = data_of(notice(long))["data"]["events"]
    assert event["left_out"] == ["summary_zh", "summary_en"]
    assert event["title"] == changed.record["title"]

    many = [replace(changed, event=replace(changed.event, id=number)) for number in range(1000)]
    data = data_of(notice(*many[:30], form="run"))["data"]
    assert (len(data["events"]), data["omitted"]) == (30, 0)
    assert data["events"][0]["left_out"] == ["figures"]
    data = data_of(notice(*many, form="summary"))["data"]
    assert data["event_ids"] == list(range(1000))
    assert len(data["events"]) > 20
    assert data["omitted"] == 1000 - len(data["events"])
    assert len(compose_webhook(notice(*many, form="summary"))) > 19_000

    huge = [replace(changed, event=replace(changed.event, id=10_000_000 + number)) for number in range(3000)]
    data = data_of(notice(*huge, form="summary", total=4000))["data"]
    assert data["omitted"] == 4000 - len(data["events"])
    assert data["event_ids_omitted"] == 4000 - len(data["event_ids"])
    assert data["event_ids"] == [each.event.id for each in huge[: len(data["event_ids"])]]

    endless = replace(changed, record={**changed.record, "title": "编" * 50_000})
    (event,) = data_of(notice(endless))["data"]["events"]
    assert "title" in event["left_out"]
    assert event["title"] == "编" * 299 + "…"


# --- chat


def test_chat_is_one_or_two_lines_a_report(announcements):
    title, body = compose_chat(notice(*announcements, form="run", base_url=None), title_limit=200, body_limit=10_000)
    assert title.startswith("[digital-money] 1 new, 3 changed")
    assert len(body.splitlines()) == 2 * len(announcements)
    assert (
        "Changed / 内容变更: 虚构咨询 | 第1份编造的报告 – figures (Chinese), figures (English)"
        " / 数据（中文）、数据（英文）: 3316.6亿元 → 3416.6亿元 (+3 %); "
    ) in body
    assert "New report / 新报告: 虚构咨询 | 一份新的报告\nhttp://127.0.0.1/127.0.0.1:99" in body
    linked = compose_chat(notice(*announcements, form="run"), title_limit=200, body_limit=10_000)[1]
    assert f"{BASE}/r/127.0.0.1:99/v/1" in linked


def test_chat_is_cut_between_reports_at_any_limit(announcements):
    told = notice(*announcements, form="run", total=20)
    full = compose_chat(told, title_limit=0, body_limit=100_000)[1].splitlines()
    for limit in (*range(130), *range(130, 3000, 17)):
        title, body = compose_chat(told, title_limit=limit, body_limit=limit)
        assert len(title) <= limit
        assert len(body) <= limit
        if limit < 400:
            continue
        *kept, last = body.splitlines()
        left = int(re.fullmatch(rf"… (\d+) more / 另有 \1 条: {re.escape(BASE)}/runs", last)[1])
        reports = [line for line in kept if not line.startswith("http")]
        assert len(reports) == 20 - left
        assert set(kept) <= set(full)


def test_chat_mentions_nobody(announcements):
    first = choose(announcements, "appeared")
    hostile = replace(
        first, record={**first.record, "title": "<!channel> @everyone <@U1> [点](http://x.invalid) <at id=all>"}
    )
    title, body = compose_chat(notice(hostile), title_limit=200, body_limit=2000)
    for said in (title, body):
        assert not re.search(r"[@<>]|\]\(", said)
        assert "everyone" in said


# --- cutting


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("编造的报告", 5, "编造的报告"),
        ("编造的报告", 4, "编造的…"),
        ("ab e\u0301f", 6, "ab e\u0301f"),
        ("ab e\u0301fg", 5, "ab…"),
        ("x👩‍🔬yz", 4, "x…"),
        ("x🇩🇪🇫🇷z", 5, "x🇩🇪…"),
        ("x🇩🇪🇫🇷z", 4, "x🇩🇪…"),
        ("x👍🏽yz", 3, "x…"),
        ("a" + "\u0301" * 200, 50, "a" + "\u0301" * 31 + "…"),
        ("abc", 0, ""),
        ("abc", 1, "…"),
    ],
)
def test_nothing_is_cut_inside_a_character(text, limit, expected):
    assert cut(text, limit) == expected


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("up 41.5% from a year before", "41.5%"),
        ("规模达61.8万亿元，增长", "61.8万亿"),
        ("企业共10,000家，其中", "10,000"),
        ("a size of 1.93 billion yuan in", "1.93 billion"),
    ],
)
def test_no_cut_makes_another_amount(text, amount):
    """Of 41.5% a reader must not see 41, nor of 61.8万亿 61.8万."""
    told = [re.findall(r"\d[\d.,]*(?:[%万亿]+| \w+)?", cut(text, limit)) for limit in range(4, len(text))]
    assert [] in told
    assert {each for found in told for each in found} == {amount}


def test_a_row_of_digits_is_no_amount_and_is_cut():
    assert cut("1" * 200, 10) == "1" * 9 + "…"
    assert cut("第" + "1" * 200, 10) == "第" + "1" * 8 + "…"
    assert cut("12345", 3) == "12…"


def test_an_excerpt_ends_with_a_sentence():
    assert excerpt("第一句。第二句很长很长。", 8) == "第一句。 …"
    assert excerpt("没有句号的一句很长的话", 6) == "没有句号的…"
    assert excerpt("第一句。\n第二句。", 20) == "第一句。 第二句。"


# --- hostile titles


def check_html(message, *titles):
    """Nothing but text of ours: no script, no handler, no picture; links of the web only; the titles as they read."""
    page = read_html(message)
    allowed = {"html", "head", "meta", "title", "body", "div", "p", "h2", "span", "b", "ul", "li", "br", "a", "code"}
    for each in page.iter():
        assert each.tag in {*allowed, "del", "ins"}, each.tag
        for name, value in each.attrib.items():
            assert name in {"style", "href", "lang", "dir", "charset", "name", "content"}, name
            assert name != "href" or re.match(r"https?://", value), value
            assert name != "style" or not re.search(r"url\(|expression|import", value), value
    headings = [each.text_content() for each in page.iter("h2")]
    for heading, title in zip(headings, titles, strict=True):
        assert heading == one_line(title) or (len(heading) == 300 and heading.endswith("…"))


def test_payloads_are_only_read(announcements):
    payloads = [*PAYLOADS, *FORMULAS, *TEXTS]
    urls = itertools.cycle(
        ["javascript:alert(1)", "data:text/html,x", "//evil.invalid/x", "http://[", "", "https://ok.invalid/\ud800"]
    )
    checked = 0
    for payload, url in zip(payloads, urls, strict=False):
        told = []
        for each in announcements:
            record = {**each.record, "title": payload, "summary_zh": payload, "summary_en": f"{payload} 5%", "url": url}
            before = each.before and {
                **each.before,
                "title": f"{payload}{payload} x",
                "summary_en": f"{payload} 6% {payload}",
            }
            told.append(
                replace(each, record=record | {"key": f"title:{payload}"[:80]}, before=before, rules=(payload[:60],))
            )
        for announcement in told:
            message = mail(notice(announcement, rule=payload[:60] or "x"))
            check_html(message, payload)
            data_of(notice(announcement))
            compose_chat(notice(announcement), title_limit=50, body_limit=500)
            checked += 1
    print("payloads through mail, webhook and chat:", checked)  # noqa: T201
    assert checked == len(payloads) * len(announcements) >= 1200


ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
SPECIAL = st.sampled_from(
    [
        *(
            "\r\nBcc: evil@example.invalid\r\n\r\n",
            "\n",
            "\r",
            "\0",
            "\x1b]52;c;x\x07",
            "\u2028",
            "\x85",
            "\u202e",
            "\ufeff",
        ),
        *("=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5pbnZhbGlk?=", "=?utf-8?q?=0D=0ABcc:_evil?=", "=?", "?=", "=?x?q?y?="),
        *(
            "\ud800",
            "\udfff",
            "\U0001f469\u200d\U0001f52c",
            "🇩🇪",
            "e" + "\u0301" * 300,
            "\ufffe",
            "\U0001ffff",
            "\U000e0041",
        ),
        *(
            "]]>",
            "<script>",
            "{{ 7 * 7 }}",
            "{% raw %}",
            '"',
            "\\",
            "@everyone",
            ", <evil@example.invalid>",
            "虚构",
            " ",
            "\t",
        ),
        *("العربية", "\u0600", "x" * 300, "编" * 300, "--=_" + ID + "--", "."),
    ]
)
TITLE = st.one_of(
    st.text(max_size=40),
    st.lists(st.one_of(SPECIAL, st.text(max_size=8)), max_size=6).map("".join),
    st.builds(lambda text, times: (text * times)[:900], st.text(min_size=1, max_size=9), st.integers(50, 900)),
    st.text(st.characters(categories=("Cs", "Cc", "Cf", "Mn", "So", "Zs", "Lo")), max_size=30),
)
PER_EXAMPLE, EXAMPLES = 20, 500


def check_mail(message, title):
    headers = message.items()
    assert sorted(name for name, _ in headers) == sorted(HEADERS)  # each once, and no other
    headers = {name: str(value) for name, value in headers}
    subject = headers["Subject"]
    assert len(subject) <= 120
    assert not ACTING.search(subject)
    assert headers["To"] == "reader@example.org"
    assert headers["From"] == "baogao@mail.example"
    assert headers["Message-ID"] == f"<{ID}@mail.example>"
    assert not message.defects
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    text = text_of(message)
    assert not ACTING.search(text.replace("\n", ""))
    if title is None:
        return
    check_html(message, title)
    shown = one_line(title)
    assert shown in text
    start = subject.partition(": ")[2]
    if start.endswith("…"):
        assert shown.startswith(start[:-1])
    else:
        assert start == shown


def check_chat(told, *, title_limit, body_limit):
    title, body = compose_chat(told, title_limit=title_limit, body_limit=body_limit)
    assert len(title) <= title_limit
    assert len(body) <= body_limit
    assert not ACTING.search(title + body.replace("\n", ""))
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in title + body.replace("\n", ""))
    (title + body).encode()


def test_ten_thousand_hostile_titles(announcements):
    checked = 0
    retitled = choose(announcements, "changed", 2)  # its summaries stayed: no time goes into their figures
    kinds = [retitled, *(each for each in announcements if each.event.kind != "changed")]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,  # and unshrunk: an example is twenty titles
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(TITLE, min_size=PER_EXAMPLE, max_size=PER_EXAMPLE))
    def check(titles):
        nonlocal checked
        told = [
            replace(
                each,
                record={**each.record, "title": title},
                before=each.before and {**each.before, "title": f"{title}（旧）"},
            )
            for title, each in zip(titles, itertools.cycle(kinds), strict=False)
        ]
        for title, each in zip(titles, told, strict=True):
            check_mail(mail(notice(each)), title)
            (event,) = data_of(notice(each))["data"]["events"]
            assert event["title"] == tidy(title) or "title" in event["left_out"]
            limits = {"title_limit": 30, "body_limit": 200} if checked % 2 else {"title_limit": 0, "body_limit": 4000}
            check_chat(notice(each), **limits)
            checked += 1
        digest = notice(*told, form="run")
        if checked % 100 == 0:
            check_mail(mail(digest), None)
        data = data_of(digest)["data"]
        assert len(data["events"]) + data["omitted"] == len(titles)
        for event, title in zip(data["events"], titles, strict=False):
            assert event["title"] == tidy(title) or "title" in event["left_out"]
        check_chat(digest, title_limit=100, body_limit=2000)

    check()
    print("hostile titles through mail, webhook and chat:", checked)  # noqa: T201
    assert checked >= PER_EXAMPLE * EXAMPLES
