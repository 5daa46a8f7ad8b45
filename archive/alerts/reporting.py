"""The words of a report to the operator, in both languages: as a mail, a webhook's body and a chat message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.alerts.cutting import cut, one_line
from archive.alerts.headers import address_mail
from archive.alerts.model import Notice
from archive.alerts.wording import SUBJECT_LIMIT, name_moment
from archive.counted import counted
from archive.runbook import EXIT_CODES

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage

    from archive.alerts.failures import Report
    from archive.alerts.rules import SmtpChannel
    from archive.alerts.wording import Words

_LONGEST = 1000  #: characters of what was said
#: exit code → what it means and what to do, as archive.runbook says it in English
CHINESE = {
    1: ("程序错误", "请报告该错误；已归档的内容不会丢失；重新运行"),
    2: ("参数、配置或网址有误，或归档由更新的版本创建", "按提示修正"),
    3: ("不完整：已看到的内容有效，未将任何报告视为下架", "重新运行；若再次出现，运行 `baogao check`"),
    4: (
        "已拒绝：列表似已损坏或改版，未发布任何内容",
        "若网站确实如此，运行 `baogao accept RUN`；否则等待新的解析器，再运行 `baogao crawl`",
    ),
    5: (
        "被拒绝访问或被要求等待：robots.txt、401、403、验证码、登录、429",
        "等待；调大 `delay`，在 `user_agent` 中写明联系方式；切勿规避",
    ),
    7: (
        "存储：已满、只读或已损坏",
        "腾出空间或修正权限后重新运行；如有损坏，运行 `baogao repair` 或恢复备份",
    ),
    9: ("超过时间限制", "重新运行，并加大 `--time-limit` 或减少列表"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the archive is, so that its operator finds it."""

    host: str
    data: str


def head(report: Report, place: Place) -> str:
    host = one_line(place.host)
    if report.kind == "recovered":
        return cut(f"baogao @ {host}: recovered / 已恢复", SUBJECT_LIMIT)
    code = report.night.code
    return cut(f"baogao @ {host}: the night failed with exit code {code} / 抓取失败，退出码 {code}", SUBJECT_LIMIT)


def explain(report: Report) -> tuple[Words, Words] | None:
    """What the exit code means, and what to do."""
    entry = next((each for each in EXIT_CODES if each.code == str(report.night.code)), None)
    if report.kind == "recovered" or entry is None:
        return None
    run = "RUN" if report.night.run is None else str(report.night.run)
    means, do = CHINESE[report.night.code]
    look = f" (look at {entry.look})" if entry.look != "–" else ""
    english = f"{entry.do}{look}".replace("RUN", run).replace("`baogao runs N`", f"`baogao runs {run}`")
    return (entry.means, means), (english, do.replace("RUN", run))


def count_nights(report: Report) -> Words:
    since = name_moment(report.since)
    if report.kind == "recovered":
        codes = ", ".join(map(str, report.codes))
        nights = counted(report.nights, "night")
        return (
            f"The night was good again, after {nights} that failed since {since} (exit code {codes}).",
            f"抓取已恢复正常；自 {since} 起曾连续失败 {report.nights} 次（退出码 {codes}）。",
        )
    if report.nights == 1:
        return "The night failed.", "抓取失败。"
    return (
        f"{counted(report.nights, 'night')} failed in a row, since {since}.",
        f"自 {since} 起连续失败 {report.nights} 次。",
    )


def tell(report: Report, place: Place) -> str:
    """The whole text."""
    lines = [*count_nights(report), ""]
    if report.night.said:
        lines += [cut(one_line(report.night.said), _LONGEST), ""]
    explained = explain(report)
    if explained:
        means, do = explained
        lines += [f"Exit code / 退出码 {report.night.code}: {means[0]} / {means[1]}", ""]
        lines += ["What to do / 处理办法:", do[0], do[1], ""]
    if report.night.run is not None:
        lines.append(f"Run / 运行: {report.night.run}")
    lines += [f"Ended / 结束于: {name_moment(report.night.at)}", f"Host / 主机: {one_line(place.host)}"]
    return "\n".join([*lines, f"Data / 数据目录: {one_line(place.data)}", ""])


def compose_report_mail(
    report: Report, place: Place, channel: SmtpChannel, recipient: str, *, date: datetime
) -> EmailMessage:
    notice = Notice(report.id, "baogao operator", "test", (), report.night.at)  # for the address, not the words
    message = address_mail(notice, channel, recipient, date=date)
    message.replace_header("Subject", head(report, place))
    message.set_content(tell(report, place), cte="base64")
    return message


def compose_report_webhook(report: Report, place: Place) -> bytes:
    """``baogao.failed`` or ``baogao.recovered``, as Standard Webhooks asks; the same report is the same bytes."""
    means, do = explain(report) or (None, None)
    data = {
        "run": report.night.run,
        "exit_code": report.night.code,
        "nights": report.nights,
        "since": report.since,
        "earlier_exit_codes": list(report.codes),
        "summary": cut(one_line(report.night.said), _LONGEST),
        "means": " / ".join(means) if means else None,
        "what_to_do": " / ".join(do) if do else None,
        "note": " / ".join(count_nights(report)),
        "host": one_line(place.host),
        "data": one_line(place.data),
    }
    body = {"type": f"baogao.{report.kind}", "timestamp": report.night.at, "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
