"""Markups nobody wrote: each seed puts one together from what sites do, so that no parser can know them by heart."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from html import escape as e
from typing import TYPE_CHECKING

from tests.markups import STRANGERS, Truth, a, truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.replica import Report
    from tests.markups import Href

LISTS = (("ul", "li"), ("ol", "li"), ("div", "div"), ("section", "article"), ("div", "section"), ("main", "div"))
TITLES = ("h1", "h2", "h3", "h4", "h5", "h6", "div", "p", "strong", "b", "span")
DATES = ("{y}-{m:02}-{d:02}", "{y}/{m:02}/{d:02}", "{y}年{m}月{d}日", "{y}.{m:02}.{d:02}")
DATE_LABELS = ("", "发布时间：", "发布日期: ", "更新于 ", "Date: ")
MORE = ("查看详情", "详细", "[阅读全文]", "Read more", "下载报告", "查看报告 &raquo;", "more")
BRANDS = ("本报告涉及企业/品牌包括：", "本报告涉及企业/品牌包括:", "相关企业：", "相关企业/品牌:")
AFTER = (
    "<div class=stat><span>浏览 1203</span> <span>下载 88</span></div>",
    '<div><a href="/cart">加入购物车</a> <a href="javascript:;">收藏</a></div>',
    "<p class=price>￥4800.00</p>",
    '<div class=share>分享到：<a href="https://share.example/w">微博</a> <a href="https://share.example/x">微信</a></div>',
    '<div class=tags><a href="/tag/AI">AI</a> <a href="/tag/消费">消费</a> <a href="/tag/零售">零售</a></div>',
    "<div class=stars>★★★★☆ 4.6分</div>",
)


@dataclass(frozen=True, slots=True)
class Composed:
    name: str
    html: str
    truths: tuple[Truth, ...]


def compose(seed: int, reports: Sequence[Report], href: Href) -> Composed:
    chance = random.Random(seed)
    style = Style(chance)
    body = style.render(reports, href)
    return Composed(f"random {seed} ({style})", body, tuple(map(style.truth, reports)))


class Style:
    def __init__(self, chance: random.Random) -> None:
        pick = chance.choice
        self.shape = pick(("element", "element", "element", "flat", "rows", "cells"))
        self.list, self.item = pick(LISTS)
        self.title = pick(TITLES)
        self.links = pick(("title", "title", "title and picture", "title and below", "below", "picture and below"))
        self.more = pick(MORE)
        self.text = pick(("p", "p", "p", "div", "br", "span br", "li", "blockquote", "open p"))
        self.apart = pick(("together", "together", "by language", "labelled"))
        self.depth = chance.randint(0, 4)
        self.attributes = pick(("", " class=c", ' class="a b-c"', ' style="margin:0"', ' data-v-7ba5bd90=""'))
        self.blank = pick(("", "", "\n", "\n      "))
        self.date, self.label = pick((None, None, *DATES)), pick(DATE_LABELS)
        # between flat siblings only one place belongs to one entry beyond doubt
        self.date_at = pick(("after title", "after text", "before title")) if self.shape == "element" else "after title"
        self.brands, self.brands_tag = pick(BRANDS), pick(("p", "div"))
        self.after = chance.sample(AFTER, chance.choice((0, 0, 1, 2)))
        self.related = chance.random() < 0.15 and self.shape == "element"
        self.picture_first = chance.random() < 0.6
        self.upper = chance.random() < 0.1
        if self.shape in {"flat", "rows", "cells"} and self.title in {"strong", "b", "span"}:
            self.title = "h3" if self.shape == "flat" else self.title
        if self.shape == "flat" and "below" in self.links and "title" not in self.links:
            self.links = "title"

    def __str__(self) -> str:
        return (
            f"{self.shape}, <{self.title}>, link on {self.links}, text in {self.text} {self.apart}, {self.depth} deep"
        )

    def truth(self, r: Report) -> Truth:
        return replace(truth(r), published=r.date if self.date else None)

    def render(self, reports: Sequence[Report], href: Href) -> str:
        entries = [self.entry(i, r, href) for i, r in enumerate(reports)]
        if self.shape in {"rows", "cells"}:
            html = f"<table{self.attributes}>{self.blank.join(entries)}</table>"
        elif self.shape == "flat":
            html = f"<div{self.attributes}>{self.blank.join(entries)}</div>"
        else:
            items = (f"<{self.item}{self.attributes}>{entry}</{self.item}>" for entry in entries)
            html = f"<{self.list}>{self.blank.join(items)}</{self.list}>"
        return re.sub(r"</?[a-z]+[1-6]?\b", lambda tag: tag[0].upper(), html) if self.upper else html

    def entry(self, i: int, r: Report, href: Href) -> str:
        title = a(r, href) if "title" in self.links else e(r.title)
        heading = self.deep(f"<{self.title}>{title}</{self.title}>")
        date = f"<span>{self.label}{self.day(r)}</span>" if self.date else ""
        brands = f"<{self.brands_tag}>{e(self.brands + '、'.join(r.brands))}</{self.brands_tag}>" if r.brands else ""
        below = f"<div>{a(r, href, self.more)}</div>" if "below" in self.links else ""
        picture = a(r, href, f'<img src="/p/{r.id}.jpg">') if "picture" in self.links else ""
        text, after = self.deep(self.texts(r)), "".join(self.after)
        if self.related:
            after += f"<p>相关报告：{a(STRANGERS[i % 20], href)}</p>"
        first, then = (picture, "") if self.picture_first else ("", picture)
        if self.shape == "rows":
            head = f"<tr><td>{first}{heading}</td><td>{date}</td></tr>"
            return f"{head}<tr><td colspan=2>{brands}{text}{below}{then}{after}</td></tr>"
        if self.shape == "cells":
            return f"<tr><td>{first}{heading}{date}</td><td>{brands}{text}{below}{then}{after}</td></tr>"
        places = {
            place: date if place == self.date_at else "" for place in ("before title", "after title", "after text")
        }
        parts = (first, places["before title"], heading, places["after title"], brands, text, places["after text"])
        return self.blank.join((*parts, below, then, after))

    def day(self, r: Report) -> str:
        y, m, d = map(int, r.date.split("-"))
        return self.date.format(y=y, m=m, d=d)

    def deep(self, html: str) -> str:
        if self.shape == "flat":
            return html
        return f"<div{self.attributes}>" * self.depth + html + "</div>" * self.depth

    def texts(self, r: Report) -> str:
        if self.apart == "together":
            return self.paragraphs((*r.zh, *r.en))
        chinese, english = (f"<div>{self.paragraphs(each)}</div>" if each else "" for each in (r.zh, r.en))
        if self.apart == "labelled":
            chinese = chinese and f"<div><b>中文摘要</b></div>{chinese}"
            english = english and f"<div><b>English summary</b></div>{english}"
        return chinese + english

    def paragraphs(self, texts: Sequence[str]) -> str:
        lines = [f"{self.blank}{e(text)}{self.blank}" for text in texts]
        if self.text == "br":
            return f"<div>{'<br>'.join(lines)}</div>" if lines else ""
        if self.text == "span br":
            return f"<div>{'<br><br>'.join(f'<span>{line}</span>' for line in lines)}</div>" if lines else ""
        if self.text == "li":
            return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>" if lines else ""
        if self.text == "open p":
            return "".join(f"<p>{line}" for line in lines)
        return "".join(f"<{self.text}>{line}</{self.text}>" for line in lines)
