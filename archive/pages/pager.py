"""What a page says of its neighbours: number links, "next" in its many forms, totals in words.

A pager is a run of texts outside the entries that are all page numbers, page words or what stands between them. A run
is judged by what it holds, so star ratings, calendars, ranks of a hot list and a carousel's arrows do not pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from archive.model import Pager
from archive.pages.links import split_link
from archive.pages.tree import Document, Node, flatten

Kind = Literal["number", "next", "previous", "first", "last", "leap", "total", "filler"]

_NUMBER = re.compile(r"^[\[【(（<·|,.…\s-]*(?:第|page\s*|p\.?\s*)?\s*(\d{1,6})\s*页?[\]】)）>·|,.…\s-]*$", re.IGNORECASE)
_ARROWS = "»›>→＞≫▶►⏵❯〉"
_NEXT_WORD = re.compile(
    rf"^[\[【(（\s]*(?:go to\s+)?(?:下一?[页頁]|[后後]一?[页頁]|翻下一?页|向[后後]翻?页?|next(?:\s*page)?|older(?:\s*(?:posts|entries|reports))?|pagination\.next|goto next page)[\]】)）\s{_ARROWS}]*$",
    re.IGNORECASE,
)
_LEAP = re.compile(r"^[\[【(（\s]*(?:[下后後]|next\s*)(?:[二三四五六七八九十]{1,3}|[2-9]|\d\d)\s*(?:[页頁]|pages?)[\]】)）\s»>]*$", re.IGNORECASE)
_NEXT_MARK = re.compile(rf"^[{_ARROWS}]{{1,3}}$")
_PREVIOUS = re.compile(
    r"^[\[【(（\s«‹<←＜≪◀◄❮〈]*(?:(?:go to\s+)?(?:上一?[页頁]|前一?[页頁]|翻上一?页|prev(?:ious)?(?:\s*page)?|newer(?:\s*(?:posts|entries))?|back))[\]】)）\s]*$|^[«‹<←＜≪◀◄❮〈]{1,3}$",
    re.IGNORECASE,
)
_FIRST = re.compile(r"^[\[【(（\s«]*(?:首[页頁]|第一[页頁]|最前一?页|first(?:\s*page)?|1st)[\]】)）\s]*$|^\|[<«‹]{1,2}$", re.IGNORECASE)
_LAST = re.compile(r"^[\[【(（\s]*(?:[末尾][页頁]|最[后後末]一?[页頁]|last(?:\s*page)?)[\]】)）\s»]*$|^[>»›]{1,2}\|$", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:第\s*(?P<cn>\d{1,6})\s*[页頁]?\s*[/／,，、|(（]?\s*)?[共总總]\s*(?:计|有|分)?\s*[:：]?\s*(?P<ct>\d{1,6})\s*[页頁]"
    r"|第?\s*(?P<fn>\d{1,6})\s*[页頁]?\s*[/／]\s*(?:共\s*)?(?P<ft>\d{1,6})\s*[页頁]?"
    r"|(?:page|p\.)\s*(?P<pn>\d{1,6})\s*(?:of|/)\s*(?P<pt>\d{1,6})"
    r"|(?P<on>\d{1,6})\s+of\s+(?P<ot>\d{1,6})(?:\s+pages?)?"
    r"|(?:总[页頁]数|total pages?|[页頁]数)\s*[:：]?\s*(?P<tt>\d{1,6})|(?P<tp>\d{1,6})\s*pages?(?:\s+total|\s+in all)?$"
    r"|当前(?:第|是|为)?\s*(?:第|[:：])?\s*(?P<an>\d{1,6})\s*[页頁]?",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^[\s.…·|/,，、\-–—:：()（）\[\]【】]*$"
    r"|^(?:到|跳至|跳到|跳转|跳转到|转到|转至|前往|去|到第|跳至第|第|页|頁|确定|确认|go|goto|go to|jump|jump to|page|pages?:|of|current|\(current\)|当前页?|当前|每页|页码|分页|翻页|条|ok|共|total|you(?:'|’)re on page)[:：]?$"
    r"|^[/／,，(（\s]*(?:共|总共|总计|合计|每页|显示|total)?\s*(?:约)?\s*[:：]?\s*\d{1,9}\s*(?:条|个|篇|份|项|results?|items?|reports?|records?|entries)(?:\s*[/／]\s*页|记录|结果|数据|报告)?[)）\s,，]*$",
    re.IGNORECASE,
)
_PAGER_LABEL = re.compile(r"(?:^|[\s_-])(?:pag(?:e|er|es|ing|ination|enav|ebar|elist|ebox)|fenye|yema|pg|next)(?:$|[\s_\d-])|pagination|pager|paging|page[-_]?(?:nav|bar|list|num|box|link)")
_OTHER_LABEL = re.compile(r"calendar|rili|rating|star|score|rank|carousel|swiper|slide|slick|banner|footnote|weekday|datepicker|toc|step|hot")
_DISABLED = re.compile(r"(?:^|[\s_-])(?:disabled?|nomore|no-?more|no-?next|gray|grey|inactive|unable|forbid(?:den)?|off|dis|end|none|nolink|last-page)(?:$|[\s_-])|disabled", re.IGNORECASE)
_ACTIVE = re.compile(r"(?:^|[\s_-])(?:active|current|curr?|on|selected|this|now|here|thisclass|thispage|cpb|act|checked|hover)(?:$|[\s_-])|current", re.IGNORECASE)
_NEXT_LABEL = re.compile(r"(?:^|[\s_-])(?:next|nxt|xiayiye)(?:$|[\s_-])|next-?page|page-?next|下一?页", re.IGNORECASE)
_PREVIOUS_LABEL = re.compile(r"(?:^|[\s_-])prev(?:ious)?(?:$|[\s_-])|prev-?page|page-?prev|上一?页", re.IGNORECASE)
_CALL = re.compile(r"\(\s*['\"]?(\d{1,6})['\"]?\s*(?:,[^()]{0,80})?\)")
_MORE = re.compile(r"^[\s+↓⌄▼v]*(?:点击|上拉|向下)?(?:加载|显示|查看|浏览|载入)?更多(?:报告|内容|数据|结果|资讯)?[\s.…↓⌄▼>+]*$|^(?:load|show)\s+more(?:\s+(?:reports|results|items))?[\s.…]*$", re.IGNORECASE)
_LOAD = re.compile(r"加载|载入|显示更多|上拉|load|show", re.IGNORECASE)
_PAGE_KEYS = re.compile(r"(?:[?&;](?:page|p|pn|pg|pageno|pagenum|pagenumber|pageindex|curpage|currentpage|pageid|paged|page_no|page_num|cp)=|/(?:page|p)[/_-]?|(?:index|list)[_-])(\d{1,6})(?!\d)", re.IGNORECASE)
_NUMBERS_OF = ("data-page", "data-p", "data-pageno", "data-page-no", "data-num", "data-index", "data-pagenum", "data-ci-pagination-page", "data-value")
_ENOUGH = 3


@dataclass(slots=True)
class _Item:
    """One piece (or empty link) of a run."""

    piece: int
    kind: Kind
    number: int | None
    node: Node  #: the link or button, else the innermost element
    url: str | None
    pressed: bool  #: a script or a form would turn the page
    explicit: bool = True  #: said in words, not by an arrow


@dataclass(slots=True)
class _Run:
    items: list[_Item] = field(default_factory=list)
    totals: list[tuple[int | None, int | None]] = field(default_factory=list)
    score: float = 0


@dataclass(slots=True)
class Found:
    pager: Pager
    pieces: frozenset[int]  #: what belongs to it


def find_pager(document: Document, url: str, covered: list[tuple[int, int]]) -> Found:
    """The pager of a page. ``covered``: the ranges of pieces that are texts of entries."""
    here = urlsplit(url)
    runs = _runs(document, here, covered)
    for run in runs:
        run.score = _judge(document, run, here)
    told = [run for run in runs if run.totals]
    if len(told) == 1:
        told[0].score += 2  # "共 77 页" alone, and only once
    passed = [run for run in runs if run.score >= _ENOUGH]
    best = max(passed, key=lambda run: (run.score, run.items[-1].piece), default=None)
    if best:
        passed = [run for run in passed if run is best or _agree(run, best)]
    pieces = {item.piece for run in passed for item in run.items}
    head_next = _rel_next(document, here)
    more = _promises_more(document, covered)
    if best is None:
        return Found(Pager(next_url=head_next, more=more), frozenset(pieces))
    return Found(_read(document, best, passed, here, head_next, more=more), frozenset(pieces))


# --- finding runs -------------------------------------------------------------------------------------------------------


def _runs(document: Document, here: SplitResult, covered: list[tuple[int, int]]) -> list[_Run]:
    runs: list[_Run] = []
    run = _Run()
    position = 0
    texts, owners = document.texts, document.owners
    edges = iter([*sorted(covered), (len(texts), len(texts))])
    start, end = next(edges)
    while position < len(texts):
        if position >= start:
            if position < end:
                position = end
                _keep(runs, run)
                run = _Run()
            start, end = next(edges, (len(texts), len(texts)))
            continue
        raw = texts[position]
        text = "" if len(raw) > 60 and not raw.isspace() else flatten(raw)
        owner = owners[position]
        if raw.isspace() or (not raw and owner.detail):
            position += 1
            continue
        item = None if len(raw) > 60 else _item(document, position, text, owner, here, run)
        if item is None:
            _keep(runs, run)
            run = _Run()
        else:
            run.items.append(item)
        position += 1
    _keep(runs, run)
    return runs


def _keep(runs: list[_Run], run: _Run) -> None:
    if any(item.kind != "filler" for item in run.items):
        runs.append(run)


def _pressed(owner: Node) -> Node:
    """The link, button, option or element with a page number around a text, else the innermost element."""
    node: Node | None = owner
    for _ in range(4):
        if node is None:
            break
        if node.tag in {"a", "button", "option"} or "onclick" in node.attributes:
            return node
        if any(name in node.attributes for name in _NUMBERS_OF):
            return node
        node = node.parent
    return owner


def _item(document: Document, piece: int, text: str, owner: Node, here: SplitResult, run: _Run) -> _Item | None:
    node = _pressed(owner)
    if node.link is not None and node.link.detail is not None:
        return None
    explicit = True
    if not any(character.isalnum() for character in text):
        spoken = _spoken(document, node)
        if spoken and (not text or not _FILLER.match(text) or _NEXT_LABEL.search(spoken)):
            if _NEXT_LABEL.search(spoken) or _NEXT_WORD.match(spoken):
                kind: Kind = "next"
            elif _PREVIOUS_LABEL.search(spoken):
                kind = "previous"
            else:
                kind = "filler"
            if kind != "filler":
                return _Item(piece, kind, None, node, *_leads(document, node, here))
    kind, number = "filler", None
    if match := _NUMBER.match(text):
        kind, number = "number", int(match[1])
        if number == 0:
            return None
    elif _NEXT_WORD.match(text):
        kind = "next"
    elif _LAST.match(text):
        kind = "last"
    elif _LEAP.match(text):
        kind = "leap"
    elif _PREVIOUS.match(text):
        kind = "previous"
    elif _FIRST.match(text):
        kind = "first"
    elif _NEXT_MARK.match(text):
        kind, explicit = "next", False
    elif _FILLER.match(text):
        pass
    elif (match := _TOTAL.search(text)) and match.end() - match.start() >= len(text) - 24 and "。" not in text:
        found = match.groupdict()
        current = next((int(found[name]) for name in ("cn", "fn", "pn", "on", "an") if found[name]), None)
        total = next((int(found[name]) for name in ("ct", "ft", "pt", "ot", "tt", "tp") if found[name]), None)
        run.totals.append((current, total))
        kind = "total"
    elif not text:
        pass
    else:
        return None
    url, pressed = _leads(document, node, here)
    return _Item(piece, kind, number, node, url, pressed, explicit)


def _spoken(document: Document, node: Node) -> str:
    """What a link without text says to those who can't see its picture."""
    said = [node.attributes.get(name, "") for name in ("aria-label", "title", "rel", "class", "id")]
    for other in document.nodes:
        if other.start == node.start and other.depth > node.depth and other.attributes and node.holds(other):
            said += [other.attributes.get(name, "") for name in ("alt", "aria-label", "title", "class")]
    return " ".join(part for part in said if part)


def _leads(document: Document, node: Node, here: SplitResult) -> tuple[str | None, bool]:
    """The page address an item leads to, and whether a script takes the place of one."""
    attributes = node.attributes
    if _is_disabled(node):
        return None, False
    href = attributes.get("href")
    if href is None and node.tag == "option":
        value = attributes.get("value", "")
        href = value if re.search(r"[/?=]", value) else None
    if href is None and "data-href" in attributes:
        href = attributes["data-href"]
    if href is not None:
        href = href.strip()
        lower = href.lower()
        if href and not href.startswith("#") and not lower.startswith(("javascript:", "about:", "mailto:")):
            parts = split_link(href, document.base)
            if parts and _host(parts) == _host(here):
                return parts._replace(fragment="").geturl(), False
            return None, False
        if lower.startswith("javascript:") and _CALL.search(href):
            return None, True
    return None, _announced(node) is not None or bool(_CALL.search(attributes.get("onclick", "")))


def _host(parts: SplitResult) -> tuple[str | None, int | None]:
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def _announced(node: Node) -> int | None:
    """The page number an element carries for its script."""
    for name in _NUMBERS_OF:
        value = node.attributes.get(name, "")
        if value.isdecimal() and len(value) <= 6:
            return int(value)
    for name in ("onclick", "href"):
        value = node.attributes.get(name, "")
        if name == "onclick" or value.lower().startswith("javascript:"):
            match = _CALL.search(value)
            if match:
                return int(match[1])
    if node.tag == "option":
        value = node.attributes.get("value", "")
        if value.isdecimal() and len(value) <= 6:
            return int(value)
    return None


def _is_disabled(node: Node) -> bool:
    for around, _ in zip(node.around(), range(3), strict=False):
        attributes = around.attributes
        if not attributes:
            continue
        if "disabled" in attributes or attributes.get("aria-disabled") == "true":
            return True
        if _DISABLED.search(attributes.get("class", "")):
            return True
    return False


def _is_active(node: Node) -> bool:
    for around, _ in zip(node.around(), range(3), strict=False):
        attributes = around.attributes
        if not attributes:
            continue
        if attributes.get("aria-current", "false") != "false" or "selected" in attributes:
            return True
        if around.tag in {"a", "li", "span", "b", "strong", "em", "td", "button", "i", "dd"} and _ACTIVE.search(attributes.get("class", "")):
            return True
    return False


# --- judging and reading a run ----------------------------------------------------------------------------------------------


def _judge(document: Document, run: _Run, here: SplitResult) -> float:
    items = run.items
    numbers = [item for item in items if item.kind == "number"]
    values = [item.number or 0 for item in numbers]
    score = 0.0
    if len(set(values)) >= 2:
        score += 2
        if len(values) >= 28 and values == list(range(1, len(values) + 1)) and len(values) <= 31:
            score -= 6  # the days of a month
        if all(1900 <= value <= 2100 for value in values) and not any(item.kind == "next" for item in items):
            score -= 6  # a filter by year
    words = [item for item in items if item.kind in {"next", "previous", "first", "last"}]
    for item in words:
        if item.kind == "next" and item.explicit and (item.url or item.pressed):
            score += 3
            break
    else:
        if any(item.explicit and item.kind in {"next", "previous", "last"} for item in words):
            score += 1.5
    if run.totals:
        score += 1 + any(current and total for current, total in run.totals)
    if any(item.url and _is_page_like(item.url, here) for item in numbers if item.number != 1):
        score += 2
    elif any(item.pressed for item in numbers):
        score += 1
    arrows = [item.url for item in words if not item.explicit and item.url and _is_page_like(item.url, here)]
    if arrows:
        score += 1 + 2 * any(_PAGE_KEYS.search(url) or len(items) > 1 for url in arrows)
    labels = " ".join(
        around.label for item in (items[0], items[-1]) for around, _ in zip(item.node.around(), range(4), strict=False) if around.attributes
    )
    if _PAGER_LABEL.search(labels):
        score += 2
    if _OTHER_LABEL.search(labels):
        score -= 6 if not _PAGER_LABEL.search(labels) else 1
    return score


def _agree(run: _Run, best: _Run) -> bool:
    """Whether a second run belongs to the same pager: a copy above the list, a <select>, a total beside it."""
    ours = {(item.number, item.url) for item in best.items if item.url}
    theirs = {(item.number, item.url) for item in run.items if item.url}
    return not theirs or bool(ours & theirs) or {url for _, url in ours} & {url for _, url in theirs} != set()


def _is_page_like(url: str, here: SplitResult) -> bool:
    """Whether an address is this listing's with another number in it."""
    there = urlsplit(url)
    if there.path.partition(";")[0] == here.path.partition(";")[0]:
        return there.query != here.query
    if _PAGE_KEYS.search(url):
        return True
    ours, theirs = _steps(here.path), _steps(there.path)
    shared = sum(1 for one, other in zip(ours, theirs, strict=False) if one == other)
    return shared >= max(1, len(ours) - 1) and any(character.isdigit() for character in "".join(theirs[shared:]) + there.query)


def _steps(path: str) -> list[str]:
    return [step for step in path.partition(";")[0].split("/") if step]


def _read(
    document: Document, best: _Run, passed: list[_Run], here: SplitResult, head_next: str | None, *, more: bool
) -> Pager:
    numbers = [item for item in best.items if item.kind == "number" and item.number]
    links: dict[int, str] = {}
    for item in numbers:
        if item.url and item.number:
            links.setdefault(item.number, item.url)
    # a <select> beside the numbers, or the same pager above the list, may know more
    for run in passed:
        if run is not best:
            for item in run.items:
                if item.kind == "number" and item.url and item.number and _is_page_like(item.url, here):
                    links.setdefault(item.number, item.url)
    totals = [total for run in passed for total in run.totals]
    current = _current(numbers, totals, links, here)
    template, place = _template(links, here)
    announced = [item.number for run in passed for item in run.items if item.kind == "number" and item.number]
    announced += [total for _, total in totals if total]
    for run in passed:
        for item in run.items:
            if item.kind in {"last", "leap", "filler"} and (item.url or item.pressed):
                number = _number_at(item.url, place) if item.url else _announced(item.node)
                if number:
                    announced.append(number)
    following = _next(best, passed, here)
    next_url = (following.url if following else None) or head_next
    if current is not None and not next_url:
        leaps = (item.url for item in best.items if item.kind in {"leap", "filler"} and item.url)
        next_url = links.get(current + 1) or next((url for url in leaps if _number_at(url, place) == current + 1), None)
    last = max(announced, default=None)
    if following and not following.url:
        number = _announced(following.node)
        if number and (current is None or number > current):
            more = True
            last = max(last or 0, number)
    ahead = last is not None and last > (current or 1)
    reachable = next_url is not None or (current is not None and current + 1 in links)
    more = more or (ahead and not reachable)
    return Pager(
        number=current,
        last=last,
        next_url=next_url,
        links=tuple(sorted(links.items())),
        template=template,
        more=more,
    )


def _current(
    numbers: list[_Item], totals: list[tuple[int | None, int | None]], links: dict[int, str], here: SplitResult
) -> int | None:
    active = {item.number for item in numbers if _is_active(item.node)}
    if len(active) == 1:
        return active.pop()
    plain = {item.number for item in numbers if not item.url and not item.pressed}
    if len(plain) == 1 and len({item.number for item in numbers}) > 1:
        return plain.pop()
    bold = {item.number for item in numbers if not item.url and item.node.tag in {"b", "strong", "em"}}
    if len(bold) == 1:
        return bold.pop()
    told = {current for current, _ in totals if current}
    if len(told) == 1:
        return told.pop()
    same = [number for number, url in links.items() if _same_page(url, here)]
    return same[0] if len(same) == 1 else None


def _same_page(url: str, here: SplitResult) -> bool:
    there = urlsplit(url)
    return (there.path, there.query) == (here.path, here.query)


def _next(best: _Run, passed: list[_Run], here: SplitResult) -> _Item | None:
    """The item that turns the page; one that leads back here, or to a page not ahead, does not."""
    runs = [best, *(run for run in passed if run is not best)]
    found = [item for run in runs for item in run.items if item.kind == "next" and (item.url or item.pressed)]
    found = [item for item in found if not (item.url and _same_page(item.url, here))]
    # words before arrows, and of "› »" the first
    found.sort(key=lambda item: not item.explicit)
    for item in found:
        if not item.explicit and item.url and not _is_page_like(item.url, here):
            continue
        return item
    return None


def _rel_next(document: Document, here: SplitResult) -> str | None:
    for node in document.nodes:
        if node.tag in {"link", "a"} and "next" in node.attributes.get("rel", "").lower().split():
            href = node.attributes.get("href", "")
            if node.detail or _is_disabled(node) or not href or href.startswith("#"):
                continue
            parts = split_link(href, document.base)
            if parts and _host(parts) == _host(here):
                url = parts._replace(fragment="").geturl()
                if not _same_page(url, here):
                    return url
    return None


def _promises_more(document: Document, covered: Iterable[tuple[int, int]]) -> bool:
    """A button that would load more of the list."""
    ranges = list(covered)
    for line in document.lines:
        text = line.text
        if len(text) > 16 or not _MORE.match(text) or not _LOAD.search(text):
            continue
        if any(start <= line.start < end for start, end in ranges):
            continue
        node = _pressed(document.owners[line.start])
        if not node.hidden and not _is_disabled(node) and (node.tag in {"a", "button"} or node.attributes):
            href = node.attributes.get("href", "")
            if node.tag == "a" and href and not href.startswith(("#", "javascript")) and not _LOAD.search(text):
                continue
            return True
    return False


# --- templates ------------------------------------------------------------------------------------------------------------------

_Place = tuple[str, str, str, str]  #: kind, parameter or index of the path step, text before the number, text behind it


def _places(url: str, number: int) -> set[_Place]:
    parts = urlsplit(url)
    found: set[_Place] = set()
    for pair in re.split("[&;]", parts.query):
        name, _, value = pair.partition("=")
        if value == str(number):
            found.add(("query", name, "", ""))
    for index, step in enumerate(parts.path.split("/")):
        for match in re.finditer(r"\d{1,9}", step):
            if match[0] == str(number):
                found.add(("path", str(index), step[: match.start()], step[match.end() :]))
    return found


def _template(links: dict[int, str], here: SplitResult) -> tuple[str | None, _Place | None]:
    """One address with {page} that fits all number links, where at least two show it."""
    support: Counter[_Place] = Counter()
    for number, url in links.items():
        support.update(_places(url, number))
    if not support:
        return None, None
    needed = len(links) - (1 in links)
    fitting = [place for place, count in support.items() if count >= needed and (count >= 2 or len(links) >= 2)]
    # the tag itself may be a number: it is the same in all links
    fitting = [place for place in fitting if len({_number_at(url, place) for url in links.values()}) > 1]
    if not fitting:
        return None, None
    place = max(fitting, key=lambda place: (support[place], place[0] == "query", place))
    number = max(number for number, url in links.items() if place in _places(url, number))
    return _with_page(links[number], place, number), place


def _with_page(url: str, place: _Place, number: int) -> str:
    url = url.replace("{", "%7B").replace("}", "%7D")
    parts = urlsplit(url)
    kind, name, before, behind = place
    if kind == "query":
        query = re.sub(rf"(^|[&;]){re.escape(name)}={number}(?=$|[&;])", lambda match: f"{match[1]}{name}={{page}}", parts.query)
        return parts._replace(query=query).geturl()
    steps = parts.path.split("/")
    steps[int(name)] = f"{before}{{page}}{behind}"
    return parts._replace(path="/".join(steps)).geturl()


def _number_at(url: str | None, place: _Place | None) -> int | None:
    """The page number an address holds."""
    if url is None:
        return None
    if place is None:
        match = _PAGE_KEYS.search(url)
        return int(match[1]) if match else None
    kind, name, before, behind = place
    parts = urlsplit(url)
    if kind == "query":
        for pair in re.split("[&;]", parts.query):
            key, _, value = pair.partition("=")
            if key == name and value.isdecimal() and len(value) <= 6:
                return int(value)
        return None
    steps = parts.path.split("/")
    if int(name) >= len(steps):
        return None
    step = steps[int(name)]
    if not step.startswith(before) or not step.endswith(behind):
        return None
    value = step[len(before) : len(step) - len(behind)]
    return int(value) if value.isdecimal() and len(value) <= 6 else None
