"""The words and marks of pagers, and what the links and buttons that bear them lead to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from archive.pages.links import split_link

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from archive.pages.tree import Document, Node

Kind = Literal["number", "next", "previous", "first", "last", "leap", "total", "filler"]

_NUMBER = re.compile(
    r"^[\[\]【】()（）<>·|,.…\s-]*(?:第|page\s*|p\.?\s*)?\s*(?P<number>\d{1,6})\s*[页頁]?[\[\]【】()（）<>·|,.…\s-]*$",
    re.IGNORECASE,
)
_ARROWS = "»›>→＞≫▶►⏵❯〉"
_BACK = "«‹<←＜≪◀◄❮〈"
_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "next",
        re.compile(
            rf"^[\[【(（\s{_BACK}]*(?:go to\s+|goto\s+)?(?:下一?[页頁]|[后後]一?[页頁]|翻下一?页"
            r"|向[后後]翻?页?|次[页頁]|next(?:\s*page)?"
            rf"|older(?:\s*(?:posts|entries|reports|items|articles))?|(?:较早|更早|早前)的?(?:文章|报告|内容|日志)?"
            rf"|pagination\.next)[\]】)）\s{_ARROWS}]*$",
            re.IGNORECASE,
        ),
    ),
    (
        "last",
        re.compile(
            r"^[\[【(（\s]*(?:[末尾][页頁]|最[后後末]一?[页頁]|last(?:\s*page)?)[\]】)）\s»]*$|^[>»›]{1,2}\|$",
            re.IGNORECASE,
        ),
    ),
    (
        "leap",
        re.compile(
            r"^[\[【(（\s]*(?:[下后後]|next\s*)(?:[二三四五六七八九十]{1,3}|[2-9]|\d\d)\s*(?:[页頁]"
            r"|pages?)[\]】)）\s»>]*$",
            re.IGNORECASE,
        ),
    ),
    (
        "previous",
        re.compile(
            rf"^[\[【(（\s{_BACK}]*(?:(?:go to\s+)?(?:上一?[页頁]|前一?[页頁]|翻上一?页|prev(?:ious)?(?:\s*page)?"
            rf"|newer(?:\s*(?:posts|entries|reports|items|articles))?|(?:较新|更新)的?(?:文章|报告|内容|日志)"
            rf"|back))[\]】)）\s{_ARROWS}]*$|^[{_BACK}]{{1,3}}$",
            re.IGNORECASE,
        ),
    ),
    (
        "first",
        re.compile(
            r"^[\[【(（\s«]*(?:首[页頁]|第一[页頁]|最前一?页|first(?:\s*page)?|1st)[\]】)）\s]*$|^\|[<«‹]{1,2}$",
            re.IGNORECASE,
        ),
    ),
)
_NEXT_MARK = re.compile(rf"^[{_ARROWS}]{{1,3}}$")
_TOTALS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        (
            r"(?:第\s*(?P<page>\d{1,6})\s*[页頁]?\s*[/／,，、|(（]?\s*)?[共总總]\s*(?:计"
            r"|有|分)?\s*[:：]?\s*(?P<total>\d{1,6})\s*[页頁]"
        ),
        r"第?\s*(?P<page>\d{1,6})\s*[页頁]?\s*[/／]\s*(?:共\s*)?(?P<total>\d{1,6})\s*[页頁]?",
        r"(?:page|p\.)?\s*(?P<page>\d{1,6})\s*(?:of|/)\s*(?P<total>\d{1,6})(?:\s+pages?)?",
        r"(?P<page>)(?:总[页頁]数|total pages?|[页頁]数)\s*[:：]?\s*(?P<total>\d{1,6})",
        r"(?P<page>)(?P<total>\d{1,6})\s*pages?(?:\s+total|\s+in all)?$",
        r"当前(?:第|是|为)?\s*(?:第|[:：])?\s*(?P<page>\d{1,6})\s*[页頁]?(?P<total>)",
    )
)
_BESIDE_TOTAL = 24  #: characters that may stand round a total
_FILLER = re.compile(
    r"^[\s.…·|/,，、\-–—:：()（）\[\]【】]*$"
    r"|^(?:到|跳至|跳到|跳转|跳转到|转到|转至|前往|去|到第|跳至第|第|页|頁|确定"
    r"|确认|go|goto|go to|jump|jump to|page|pages?:|of"
    r"|current|\(current\)|当前页?|当前|每页|页码|分页|翻页|条|ok|共|total|you(?:'|’)re on page)[:：]?$"
    r"|^[/／,，(（\s]*(?:共|总共|总计|合计|每页|显示|total)?\s*(?:约)?\s*[:：]?\s*\d{1,9}\s*"
    r"(?:条|个|篇|份|项|results?|items?|reports?|records?|entries)(?:\s*[/／]\s*页|记录|结果|数据|报告)?[)）\s,，]*$",
    re.IGNORECASE,
)
_DISABLED = re.compile(
    r"(?:^|[\s_-])(?:no-?more|no-?next|gray|grey|inactive|unable|forbid(?:den)?"
    r"|off|dis|end|none|nolink|last-page)(?:$|[\s_-])"
    r"|disable",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"(?:^|[\s_-])(?:active|curr?|on|selected|this|now|here|thisclass|thispage"
    r"|cpb|act|checked|hover)(?:$|[\s_-])|current",
    re.IGNORECASE,
)
_NEXT_LABEL = re.compile(r"(?:^|[\s_-])(?:next|nxt|xiayiye)(?:$|[\s_-])|next-?page|page-?next|下一?页", re.IGNORECASE)
_PREVIOUS_LABEL = re.compile(r"(?:^|[\s_-])prev(?:ious)?(?:$|[\s_-])|prev-?page|page-?prev|上一?页", re.IGNORECASE)
_CALL = re.compile(r"\(\s*['\"]?(\d{1,6})['\"]?\s*(?:,[^()]{0,80})?\)")
_CALLED = re.compile(r"\b(?!void\b|alert\b|return\b|if\b)[A-Za-z_$][\w$]*\s*\(")
_ADDRESS = re.compile(r"[/?=]")
#: a script that does nothing but go to an address; one that is put together from parts is none
_GOES_TO = re.compile(
    r"location(?:\.href)?\s*=\s*(['\"])([^'\"]{1,500})\1\s*(?![\s+])"
    r"|location\.(?:assign|replace)\(\s*(['\"])([^'\"]{1,500})\3\s*\)"
)
_INNER_BLANKS = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_MARKED = frozenset(["a", "li", "span", "b", "strong", "em", "td", "button", "i", "dd"])
_NUMBERS_OF = (
    "data-page",
    "data-p",
    "data-pageno",
    "data-page-no",
    "data-num",
    "data-index",
    "data-pagenum",
    "data-ci-pagination-page",
    "data-value",
)
_LEVELS = 3  #: elements round a page number that may mark it
_DIGITS = 6  #: of a page number
LONGEST_ITEM = 60  #: characters


@dataclass(slots=True)
class Item:
    """One text (or empty link) of a pager."""

    piece: int
    kind: Kind
    number: int | None
    node: Node  #: the link or button, else the innermost element
    url: str | None
    pressed: bool  #: a script would turn the page
    explicit: bool = True  #: said in words, not by an arrow
    total: int | None = None


def read_item(document: Document, piece: int, text: str, here: SplitResult) -> Item | None:
    """What a text is in a pager, or None where it ends one."""
    node = find_pressed(document.owners[piece])
    if node.link is not None:
        return None
    text = _INNER_BLANKS.sub("", text)  # 下 一 页
    url, pressed = _lead(document, node, here)
    item = Item(piece, "filler", None, node, url, pressed)
    if not any(map(str.isalnum, text)) and _read_spoken(item, _spoken(document, node)):
        return item
    if _read_number(item, text) or _read_words(item, text) or _read_total(item, text):
        return item if item.number != 0 else None
    return None


def _read_spoken(item: Item, spoken: str) -> bool:
    if _NEXT_LABEL.search(spoken):
        item.kind = "next"
    elif _PREVIOUS_LABEL.search(spoken):
        item.kind = "previous"
    return item.kind != "filler"


def _read_number(item: Item, text: str) -> bool:
    match = _NUMBER.match(text)
    if match:
        item.kind, item.number = "number", int(match["number"])
    return match is not None


def _read_words(item: Item, text: str) -> bool:
    for kind, pattern in _WORDS:
        if pattern.match(text):
            item.kind = kind
            return True
    if _NEXT_MARK.match(text):
        item.kind, item.explicit = "next", False
        return True
    return not text or _FILLER.match(text) is not None


def _read_total(item: Item, text: str) -> bool:
    for pattern in _TOTALS:
        match = pattern.search(text)
        if match and len(match[0]) >= len(text) - _BESIDE_TOTAL and "。" not in text:
            item.kind = "total"
            item.number, item.total = (int(match[name]) if match[name] else None for name in ("page", "total"))
            return True
    return False


def find_pressed(owner: Node) -> Node:
    """The link, button, option or element with a page number round a text, else the innermost element."""
    for node, _ in zip(owner.around(), range(_LEVELS + 1), strict=False):
        if node.tag in {"a", "button", "option"} or "onclick" in node.attributes:
            return node
        if not node.attributes.keys().isdisjoint(_NUMBERS_OF):
            return node
    return owner


def _spoken(document: Document, node: Node) -> str:
    """What a link without text says to those who can't see its picture."""
    said = [node.attributes.get(name, "") for name in ("aria-label", "title", "rel", "class", "id")]
    for other in document.below(node):
        said += [other.attributes.get(name, "") for name in ("alt", "aria-label", "title", "class")]
    return " ".join(filter(None, said))


def _lead(document: Document, node: Node, here: SplitResult) -> tuple[str | None, bool]:
    """The page address an item leads to, and whether a script takes the place of one."""
    attributes = node.attributes
    if is_disabled(node):
        return None, False
    href = attributes.get("href", attributes.get("data-href"))
    if href is None and node.tag == "option" and _ADDRESS.search(attributes.get("value", "")):
        href = attributes["value"]
    if href is None or _is_empty(href):
        href = _scripted(attributes) or href
    if href is not None and not _is_empty(href):
        return same_host(href, document.base, here), False
    return None, announced(node) is not None or _calls(attributes)


def _scripted(attributes: dict[str, str]) -> str | None:
    """The address that a script goes to when the element is pressed."""
    for name in ("onclick", "href"):
        found = _GOES_TO.search(attributes.get(name, "")[:1000])
        if found:
            return found[2] or found[4]
    return None


def _calls(attributes: dict[str, str]) -> bool:
    """Whether a script does something when the element is pressed; void(0) and alert('last page') turn no page."""
    href = attributes.get("href", "")
    script = attributes.get("onclick", "") + (f";{href}" if href.lower().startswith("javascript:") else "")
    return _CALLED.search(script[:1000]) is not None


def _is_empty(href: str) -> bool:
    return not href.strip() or href.strip().lower().startswith(("#", "javascript:", "about:", "mailto:"))


def same_host(href: str, base: str, here: SplitResult) -> str | None:
    """The absolute address of a link, where it stays on the host of the page."""
    parts = split_link(href, base)
    if parts and (parts.scheme, parts.netloc.lower()) == (here.scheme, here.netloc.lower()):
        return parts._replace(fragment="").geturl()
    if parts and parts.hostname == here.hostname and not (parts.port or here.port):
        return parts._replace(fragment="").geturl()
    return None


def announced(node: Node) -> int | None:
    """The page number an element carries for its script."""
    values = [node.attributes.get(name, "") for name in _NUMBERS_OF]
    if node.tag == "option":
        values.append(node.attributes.get("value", ""))
    for value in values:
        if value.isdecimal() and len(value) <= _DIGITS:
            return int(value)
    for name in ("onclick", "href"):
        value = node.attributes.get(name, "")[: _DIGITS * 100]
        match = _CALL.search(value) if name == "onclick" or value.lower().startswith("javascript:") else None
        if match:
            return int(match[1])
    return None


def is_disabled(node: Node) -> bool:
    for around, _ in zip(node.around(), range(_LEVELS), strict=False):
        attributes = around.attributes
        if "disabled" in attributes or attributes.get("aria-disabled") == "true":
            return True
        if attributes and _DISABLED.search(attributes.get("class", "")):
            return True
    return False


def is_active(node: Node) -> bool:
    for around, _ in zip(node.around(), range(_LEVELS), strict=False):
        attributes = around.attributes
        if attributes.get("aria-current", "false") != "false" or "selected" in attributes:
            return True
        if around.tag in _MARKED and attributes and _ACTIVE.search(attributes.get("class", "")):
            return True
    return False
