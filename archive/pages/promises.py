"""What promises further pages beside the pager itself: totals in words or attributes, buttons that load more.

None of it leads anywhere, but a listing that says "共 770 条" and shows ten has not ended, whatever its pager lacks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from archive.pages.turning import find_pressed, is_disabled

if TYPE_CHECKING:
    from collections.abc import Container

    from archive.pages.tree import Document, Line, Node

_COUNT = r"(?P<{}>\d{{1,3}}(?:[,，]\d{{3}})+|\d{{1,7}})"
_NOUN = r"(?:reports|results|records|entries|items)"
_TOTAL = re.compile(
    r"(?:[共总]计?|合计|找到|检索到|搜索到)(?:[有计约为]|找到|检索到|搜索到|相关|结果|报告|记录)*\s*[:：]?\s*"
    + _COUNT.format("all")
    + r"\s*(?:[条篇份則则]|[个項项](?:相关)?(?:结果|报告|记录|内容|文件|文档))"
    + r"|(?:(?:记录|结果|报告)?总数|总?(?:记录|结果|条|报告)数|总记录)\s*[:：为]?\s*"
    + _COUNT.format("sum")
    + rf"(?![\d,，]|\s*[页頁])|\b(?:of|total(?: of)?|found)\s*:?\s*{_COUNT.format('of')}\s+{_NOUN}\b"
    + rf"|{_COUNT.format('found')}\s+{_NOUN}\s+(?:found|in total|total)\b",
    re.IGNORECASE,
)
#: counts of something else than this listing's reports
_OTHER_COUNT = re.compile(
    r"收录|全站|本站|全网|平台|累计|数据库|下载|会员|用户|标签|评论|回复|留言|浏览|阅读|收藏|次|comment|repl",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"每[页頁]\s*(?:显示)?\s*[:：]?\s*(\d{1,3})|(\d{1,3})\s*[条个篇份项]\s*[/／]\s*[页頁]|(\d{1,3})\s*(?:per|/)\s*page",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^[\s+↓⌄▼v]*(?:点击|上拉|向下)?(?:加载|显示|载入|查看|展开|浏览)更多(?:报告|内容|数据|结果|资讯)?[\s.…↓⌄▼>+]*$"
    r"|^(?:load|show|view)\s+more(?:\s+(?:reports|results|items))?[\s.…]*$",
    re.IGNORECASE,
)
_LONGEST_MORE = 20
_LONGEST_TOTAL = 60
_PAGER_LABEL = re.compile(r"pag(?:e|ing|ination)|fenye|yema")
_TOTALS = ("data-total", "data-total-count", "data-totalcount", "data-count", "data-records", "data-record-count")
_SIZES = ("data-size", "data-page-size", "data-pagesize", "data-limit", "data-per-page")
_LASTS = (
    "data-pages", "data-total-pages", "data-totalpages", "data-total-page", "data-totalpage", "data-page-count",
    "data-pagecount", "data-max-page", "data-maxpage", "data-last-page",
)  # fmt: skip
_ATTRIBUTES = frozenset([*_TOTALS, *_SIZES, *_LASTS])


class Promises(NamedTuple):
    total: int | None  #: reports in the whole listing
    last: int | None  #: pages, where the page says how many reports stand on one
    more: bool  #: a button would load more of the list


def find_promises(document: Document, inside: Container[int], entries: int) -> Promises:
    """What the page promises outside its entries. ``inside``: their pieces; ``entries``: how many it shows."""
    totals, sizes, lasts = _read_attributes(document, inside)
    more = False
    for line in document.lines:
        text = line.text
        if len(text) > _LONGEST_TOTAL or line.start in inside:
            continue
        if len(text) <= _LONGEST_MORE and not more and _MORE.match(text):
            node = find_pressed(document.owners[line.start])
            more = not node.hidden and not is_disabled(node)
        found = _TOTAL.search(text)
        if found and not _OTHER_COUNT.search(text) and not _is_link(document, line):
            totals.append(int(re.sub("[,，]", "", next(filter(None, found.groups())))))
        size = _SIZE.search(text)
        if size:
            sizes.append(int(next(filter(None, size.groups()))))
    # of several totals the smallest that makes sense: the others count something larger than this listing
    total = min((number for number in totals if number > entries), default=None)
    if total and len(set(sizes)) == 1 and sizes[0] >= entries:
        lasts.append(-(-total // sizes[0]))
    last = max(lasts, default=0)
    return Promises(total, last if last > 1 else None, more)


def _is_link(document: Document, line: Line) -> bool:
    """Whether a count belongs to a link, and so to the page it leads to."""
    return find_pressed(document.owners[line.start]).tag == "a"


def _read_attributes(document: Document, inside: Container[int]) -> tuple[list[int], list[int], list[int]]:
    """Totals, sizes and last pages that elements carry for their script."""
    totals: list[int] = []
    sizes: list[int] = []
    lasts: list[int] = []
    for node in document.nodes:
        attributes = node.attributes
        if not attributes or node.start in inside:
            continue
        if not _ATTRIBUTES.isdisjoint(attributes):
            lasts += _numbers(node, _LASTS)
            if _PAGER_LABEL.search(node.label):
                totals += _numbers(node, _TOTALS)
                sizes += _numbers(node, _SIZES)
        elif node.tag == "input" and "max" in attributes:
            named = f"{node.label} {attributes.get('name', '')}".lower()
            lasts += _numbers(node, ("max",)) if _PAGER_LABEL.search(named) else []
    return totals, sizes, lasts


def _numbers(node: Node, names: tuple[str, ...]) -> list[int]:
    values = (node.attributes.get(name, "") for name in names)
    return [int(value) for value in values if value.isdecimal() and len(value) < 7]  # noqa: PLR2004 - a page number
