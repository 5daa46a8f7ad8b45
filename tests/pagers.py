"""Pagers as other people write them, and what a walk along each must come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape as e
from typing import Literal

Address = Callable[[int], str]


def by_query(base: str, n: int) -> str:
    return f"{base}?page={n}"


@dataclass(frozen=True, slots=True)
class Pager:
    render: Callable[[int, int, Address], str]  #: (number, last, address) → HTML
    address: Callable[[str, int], str] = by_query
    past_end: Literal["404", "empty", "repeat"] = "404"
    #: True: a walk must end complete. False: no usable link, so it may end incomplete, but never wrongly complete.
    walkable: bool = True


def link(n: int, address: Address, text: str | None = None, attributes: str = "") -> str:
    return f'<a href="{e(address(n))}"{attributes}>{n if text is None else text}</a>'


def item(n: int, number: int, address: Address) -> str:
    return f'<li class="active"><span>{n}</span></li>' if n == number else f"<li>{link(n, address)}</li>"


def gap(number: int, last: int, address: Address) -> str:
    shown = {*range(1, 7), last} if number <= 4 else {1, *range(number - 2, number + 3), last}
    return f'<ul class="pagination">{"".join(item(n, number, address) for n in sorted(shown) if n <= last)}</ul>'


def window(number: int, last: int, address: Address) -> str:
    near = range(max(1, number - 2), min(last, number + 2) + 1)
    before = link(1, address, "首页") + link(number - 1, address, "上一页") if number > 1 else "首页 上一页"
    after = link(number + 1, address, "下一页") + link(last, address, "尾页") if number < last else "下一页 尾页"
    middle = " ".join(f"<strong>{n}</strong>" if n == number else link(n, address) for n in near)
    return f"<div class=page>{before} {middle} {after}</div>"


def following(number: int, last: int, address: Address) -> str:
    return f"<p>{link(number + 1, address, '下一页')}</p>" if number < last else ""


def in_the_head(number: int, last: int, address: Address) -> str:
    """Only <link rel="next"> and its pair, which the frame moves to where they belong."""
    later = f'<link rel="next" href="{e(address(number + 1))}">' if number < last else ""
    earlier = f'<link rel="prev" href="{e(address(number - 1))}">' if number > 1 else ""
    return f"<!--head{earlier}{later}-->"


def rel_next(number: int, last: int, address: Address) -> str:
    earlier = link(number - 1, address, "◀", ' rel="prev"') if number > 1 else ""
    later = link(number + 1, address, "▶", ' rel="next"') if number < last else ""
    return f"<nav>{earlier}{later}</nav>"


def arrows(number: int, last: int, address: Address) -> str:
    before = link(1, address, "«") + link(number - 1, address, "‹") if number > 1 else ""
    after = link(number + 1, address, "›") + link(last, address, "»") if number < last else ""
    return f"<div>{before}<b>{number}</b>{after}</div>"


def english(number: int, last: int, address: Address) -> str:
    before = link(number - 1, address, "&lt; Prev") if number > 1 else ""
    after = link(number + 1, address, "Next &gt;") if number < last else ""
    return f"<div>{before} Page {number} of {last} {after}</div>"


def all_numbers(number: int, last: int, address: Address) -> str:
    return " ".join(f"<b>{n}</b>" if n == number else link(n, address) for n in range(1, last + 1))


def all_linked(number: int, last: int, address: Address) -> str:
    """The current page is a link like the others."""
    marked = ' class="on"'
    return f"<div>{''.join(link(n, address, None, marked if n == number else '') for n in range(1, last + 1))}</div>"


def bracketed(number: int, last: int, address: Address) -> str:
    shown = range(max(1, number - 1), min(last, number + 3) + 1)
    after = f" {link(number + 1, address, '下页')} {link(last, address, '末页')}" if number < last else ""
    return f"<CENTER>{' '.join(f'[{n}]' if n == number else f'[{link(n, address)}]' for n in shown)}{after}</CENTER>"


def counted(number: int, last: int, address: Address) -> str:
    after = link(number + 1, address, "下一页") if number < last else "下一页"
    return f"<div>第{number}/{last}页 共{last * 10}条 {after}</div>"


def jump_box(number: int, last: int, address: Address) -> str:
    box = f'共 {last} 页，到第 <input type=text value="{number}" size=2> 页 <button>GO</button>'
    return f"<div class=pager>{gap(number, last, address)}<span>{box}</span></div>"


def twice(number: int, last: int, address: Address) -> str:
    return f"{window(number, last, address)}<div class=ad></div>{window(number, last, address)}"


def images(number: int, last: int, address: Address) -> str:
    return f"<p>{link(number + 1, address, '<img src=/r.gif alt=下一页>')}</p>" if number < last else ""


def labelled_icons(number: int, last: int, address: Address) -> str:
    icon = link(number + 1, address, "<i class=icon-r></i>", ' aria-label="下一页" title="下一页"')
    return f"<div class=turn>{icon if number < last else '<i class=icon-r></i>'}</div>"


def disabled_at_the_end(number: int, last: int, address: Address) -> str:
    end = '<a class="next disabled" href="javascript:;">下一页</a>'
    return f"<div>{all_numbers(number, last, address)} {following(number, last, address) or end}</div>"


def hash_at_the_end(number: int, last: int, address: Address) -> str:
    return f"<div>{following(number, last, address) or '<a class=disabled href=#>下一页</a>'}</div>"


def self_at_the_end(number: int, last: int, address: Address) -> str:
    return f"<div>{link(min(number + 1, last), address, '下一页')}</div>"


def endless(number: int, last: int, address: Address) -> str:
    return f"<div>{link(number + 1, address, '下一页')}</div>"


def junk(number: int, last: int, address: Address) -> str:
    """Every render has another session number in every link."""

    def stamped(n: int) -> str:
        return f"{address(n)}&_t={number * 7919 + n}"

    shown = {*range(max(1, number - 2), min(last, number + 2) + 1), last}
    return "".join(f"<b>{n}</b>" if n == number else link(n, stamped) for n in sorted(shown))


def scripted(number: int, last: int, address: Address) -> str:
    shown = {*range(max(1, number - 2), min(last, number + 2) + 1), last}
    return "".join(
        f"<b>{n}</b>" if n == number else f'<a href="javascript:void(0)" data-page="{n}" onclick="go({n})">{n}</a>'
        for n in sorted(shown)
    )


def select(number: int, last: int, address: Address) -> str:
    options = "".join(
        f'<option value="{e(address(n))}"{" selected" if n == number else ""}>第{n}页</option>'
        for n in range(1, last + 1)
    )
    return f"<select onchange='location=this.value'>{options}</select>"


def load_more(number: int, last: int, address: Address) -> str:
    return f'<button class="more" data-next="{e(address(number + 1))}">加载更多</button>' if number < last else ""


def blocks_of_five(number: int, last: int, address: Address) -> str:
    """The way from page 5 to page 6 is called 后五页."""
    first = (number - 1) // 5 * 5 + 1
    shown = range(first, min(first + 4, last) + 1)
    after = link(first + 5, address, "后五页") if first + 5 <= last else ""
    return " ".join(f"<b>{n}</b>" if n == number else link(n, address) for n in shown) + after


def total_only(number: int, last: int, address: Address) -> str:
    return f"<p>共 {last} 页</p>"


def none(number: int, last: int, address: Address) -> str:
    return ""


PAGERS: dict[str, Pager] = {
    "gap": Pager(gap),
    "window": Pager(window),
    "following": Pager(following),
    "in the head": Pager(in_the_head),
    "rel next": Pager(rel_next),
    "arrows": Pager(arrows),
    "english": Pager(english),
    "all numbers": Pager(all_numbers),
    "all linked": Pager(all_linked),
    "bracketed": Pager(bracketed),
    "counted": Pager(counted),
    "jump box": Pager(jump_box),
    "twice": Pager(twice),
    "images": Pager(images),
    "labelled icons": Pager(labelled_icons),
    "disabled at the end": Pager(disabled_at_the_end),
    "hash at the end": Pager(hash_at_the_end),
    "self at the end": Pager(self_at_the_end),
    "endless, repeats": Pager(endless, past_end="repeat"),
    "endless, empty": Pager(endless, past_end="empty"),
    "path": Pager(gap, lambda base, n: f"{base}/page/{n}/" if n > 1 else base),
    "path number": Pager(window, lambda base, n: f"{base}/{n}"),
    "index": Pager(gap, lambda base, n: f"{base}/index_{n}.html" if n > 1 else f"{base}/index.html"),
    "suffix": Pager(following, lambda base, n: f"{base}-p{n}.html" if n > 1 else base),
    "offset": Pager(window, lambda base, n: f"{base}?start={(n - 1) * 10}"),
    "offset and size": Pager(gap, lambda base, n: f"{base}?offset={(n - 1) * 10}&limit=10"),
    "more parameters": Pager(gap, lambda base, n: f"{base}?type=0&sort=time&pageNo={n}&pageSize=10"),
    "jsessionid": Pager(gap, lambda base, n: f"{base};jsessionid=8F{n:02d}?page={n}"),
    "junk": Pager(junk),
    "scripted": Pager(scripted, walkable=False),
    "select": Pager(select, walkable=False),
    "load more": Pager(load_more, walkable=False),
    "blocks of five": Pager(blocks_of_five, walkable=False),
    "total only": Pager(total_only, walkable=False),
}
