"""What is said of events, in both languages: English first, then Chinese, as a pair."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archive.alerts.cutting import cut, one_line

if TYPE_CHECKING:
    from archive.alerts.model import Announcement, Notice
    from archive.significance import Judgement

Words = tuple[str, str]

KINDS: dict[str, Words] = {
    "appeared": ("New report", "新报告"),
    "changed": ("Changed", "内容变更"),
    "withdrawn": ("No longer listed", "不再列出"),
    "reappeared": ("Listed again", "重新列出"),
}
_COUNTED: dict[str, Words] = {
    "appeared": ("{} new", "{} 篇新报告"),
    "changed": ("{} changed", "{} 篇内容变更"),
    "withdrawn": ("{} no longer listed", "{} 篇不再列出"),
    "reappeared": ("{} listed again", "{} 篇重新列出"),
}
#: labels and verdicts of archive.significance
_ASPECTS: dict[str, Words] = {
    "title": ("title", "标题"),
    "figures": ("figures", "数据"),
    "wording": ("wording", "文字"),
    "brands": ("brands", "品牌"),
    "published_on": ("publication date", "发布日期"),
    "language_added": ("language added", "新增语言版本"),
    "language_removed": ("language removed", "移除语言版本"),
    "cosmetic": ("punctuation", "标点"),
    "none": ("nothing", "无"),
}
FIELDS: dict[str, Words] = {
    "title": ("Title", "标题"),
    "brands": ("Brands", "品牌"),
    "summary_zh": ("Chinese summary", "中文摘要"),
    "summary_en": ("English summary", "英文摘要"),
    "published_on": ("Publication date", "发布日期"),
}
_LANGUAGES: dict[str, Words] = {"zh": ("Chinese", "中文"), "en": ("English", "英文")}
RELEASED: Words = ("Held at first, and released by a person", "曾被暂缓，后经人工放行")
TEST: Words = (
    "This is a test message of baogao: the channel works. Nothing happened to any report.",
    "这是 baogao 的测试消息：通知渠道可用，没有任何报告发生变化。",
)
TEST_MARK = "TEST / 测试"
SUBJECT_LIMIT = 120
_RULE_LIMIT = 32  #: of that, for the name of the rule


def name_moment(at: str) -> str:
    return f"{at[:10]} {at[11:16]} UTC"


def name_aspect(label: str) -> Words:
    """A label of a judgement, as ``figures:zh``."""
    aspect, _, language = label.partition(":")
    english, chinese = _ASPECTS.get(aspect, (aspect, aspect))
    if language in _LANGUAGES:
        return f"{english} ({_LANGUAGES[language][0]})", f"{chinese}（{_LANGUAGES[language][1]}）"
    return english, chinese


def name_verdict(judgement: Judgement) -> Words:
    """What changed, the gravest first."""
    words = [name_aspect(label) for label in judgement.labels]
    gravest = judgement.verdict.replace("publication date", "published_on").replace(" ", "_")
    words.sort(key=lambda pair: not pair[0].startswith(_ASPECTS.get(gravest, ("",))[0]))
    return ", ".join(pair[0] for pair in words), "、".join(pair[1] for pair in words)


def tell_kind(announcement: Announcement) -> Words:
    """The heading of one event."""
    if announcement.returned_to is not None:
        version = announcement.returned_to
        return f"Changed back to version {version}", f"恢复为第 {version} 版"
    return KINDS[announcement.event.kind]


def tell_facts(announcement: Announcement) -> list[Words]:
    """What must be said beside the heading, so that nobody takes it for more than it is."""
    kind, at = announcement.event.kind, announcement.event.at
    if kind == "withdrawn":
        return [tell_withdrawal(announcement)]
    if kind == "reappeared":
        return [
            (
                f"Listed again since {at[:10]}, after it was no longer listed; it is not new.",
                f"自 {at[:10]} 起重新列出（此前曾不再列出），并非新报告。",
            )
        ]
    if announcement.returned_to is not None:
        version = announcement.returned_to
        return [
            (
                f"Back to the text of version {version}. If it goes back and forth, that is not announced again.",
                f"恢复为第 {version} 版内容；若反复变动，将不再通知。",
            )
        ]
    return []


def tell_meanwhile(announcement: Announcement) -> list[Words]:
    """What has become of it since: a message may have been held, or its channel down, for days."""
    kind, record = announcement.event.kind, announcement.record
    if kind == "withdrawn":
        listed = record["state"] != "withdrawn"
        return [("Since then it is listed again.", "此后已重新列出。")] if listed else []
    if record["state"] == "withdrawn":
        return [("Since then it is no longer listed.", "此后已不再列出。")]
    if kind == "changed" and announcement.latest_version not in {None, record["version"]}:
        return [("Since then its text has changed again.", "此后文本又有变更。")]
    return []


def tell_withdrawal(announcement: Announcement) -> Words:
    since, seen = announcement.event.at[:10], announcement.last_seen_at
    if not seen:
        return f"No longer listed since {since}.", f"自 {since} 起不再列出。"
    return (
        f"No longer listed since {since} (last seen {name_moment(seen)}).",
        f"自 {since} 起不再列出（最后一次见于 {name_moment(seen)}）。",
    )


def count_events(notice: Notice) -> int:
    """All that the message is about, also those that it doesn't hold."""
    return max(notice.total, len(notice.announcements))


def count_kinds(notice: Notice) -> Words:
    total = count_events(notice)
    if total > len(notice.announcements):  # of the rest no kind is known here
        return f"{total:,} updates", f"{total:,} 条动态"
    counts = Counter(each.event.kind for each in notice.announcements)
    said = [(words, counts[kind]) for kind, words in _COUNTED.items() if counts[kind]]  # type: ignore[index]
    return (
        ", ".join(words[0].format(f"{count:,}") for words, count in said),
        "、".join(words[1].format(f"{count:,}") for words, count in said),
    )


def head(notice: Notice, *, limit: int = SUBJECT_LIMIT) -> str:
    """The subject of a mail, the title of a chat message: one line."""
    rule = f"[{cut(one_line(notice.rule), _RULE_LIMIT)}] " if notice.rule else ""
    if notice.form == "test":
        return cut(f"{TEST_MARK}: {rule}baogao", limit)
    released = " (released / 经人工放行)" if notice.form == "summary" else ""
    if len(notice.announcements) == count_events(notice) == 1:
        only = notice.announcements[0]
        english, chinese = tell_kind(only)
        return cut(f"{rule}{english} / {chinese}{released}: {one_line(only.record['title'])}", limit)
    english, chinese = count_kinds(notice)
    return cut(f"{rule}{english} / {chinese}{released}", limit)
