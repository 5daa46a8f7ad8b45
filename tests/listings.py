"""Whole listing pages round the markups: frames, encodings, and the sample of everything that the parser is held to."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape as e
from itertools import cycle
from urllib.parse import quote

from archive.replica import Report, Site
from tests.markups import HOST, LINKS, MARKUPS, REPORTS, STRANGERS, TRUTHS, Truth, a, dated, h3, sample, thinned, truth
from tests.not_listings import LOGIN_BOX, NOTICE_BAR, SUSPECT_WORDS
from tests.pagers import PAGERS
from tests.random_markup import compose

TAG = "人民日报"
PATH = "/tag/" + quote(TAG)
URL = f"https://{HOST}{PATH}"
HTML = "text/html; charset=utf-8"
META = '<meta charset="utf-8">'
NOTICE = "<p>本页内容纯属虚构 / everything on this page is invented</p>"

# Frames: (body, what stands in <head>) → the whole page


def plain(body: str, head: str) -> str:
    heading = f"关于“{TAG}”的报告"
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head>{head}<title>{heading}</title></head><body>'
        f'<header><a href="/">首页</a><p>虚构的数据机构</p></header>'
        f"<h1>{heading}</h1>\n{body}\n<footer>© 虚构 2025 {NOTICE}</footer></body></html>"
    )


def busy(body: str, head: str) -> str:
    """Everything a portal hangs round its list: much of it links to reports, some of it looks like a pager."""
    href = LINKS["repo"]
    hot = "".join(f"<li><em>{i}</em>{a(r, href)}</li>" for i, r in enumerate((*REPORTS[:4], *STRANGERS[:6]), 1))
    teasers = "".join(
        f"<div class=rec>{h3(r, href)}<p>{e(''.join(r.zh)[:70])}…</p><span>{r.date}</span></div>"
        for r in STRANGERS[6:10]
    )
    carousel = "".join(f"<div>{a(r, href, f'<img src=/b{r.id}.jpg alt={r.id}>')}</div>" for r in STRANGERS[10:13])
    years = " ".join(f'<a href="{PATH}?year={year}">{year}</a>' for year in range(2019, 2026))
    words = ("咖啡", "露营", "AI", "5G", "90后", "2", "新消费")
    cloud = " ".join(f'<a href="/tag/{quote(word)}">{word}</a>' for word in words)
    return (
        f"<!DOCTYPE html><html><head>{head}<title>关于“{TAG}”的报告-虚构咨询</title>"
        "<style>.n{color:red}</style></head><body>"
        f"<div class=top><a href=/>首页</a> <a href=/login>登录</a> <a href=/reg>注册</a> "
        f"<form action=/search><input name=q></form></div>{LOGIN_BOX}"
        f"<div class=crumb><a href=/>首页</a> &gt; <a href=/tag>标签</a> &gt; {TAG}</div>"
        f'<div class=carousel><a class="prev" href="javascript:;">‹</a>{carousel}<a class="next" href="#">›</a></div>'
        f'<div class=filter>年份：{years} 排序：<a href="{PATH}?sort=hot">最热</a> '
        f'<a href="{PATH}?sort=new">最新</a></div>'
        f"<div class=left><h1>关于“{TAG}”的报告</h1>{body}</div>"
        f"<div class=right><h4>热门报告</h4><ol>{hot}</ol><h4>为您推荐</h4>{teasers}<h4>标签云</h4>{cloud}</div>"
        f"<div class=turn>上一篇：{a(STRANGERS[20], href)} "
        f"下一篇：{a(STRANGERS[21], href)}</div>"
        f"<div class=foot><a href=/about>关于我们</a> 客服电话 000-0000-0000 {NOTICE}</div>"
        "<script>var page=1,total=770;</script>"
        "</body></html>"
    )


def bare(body: str, head: str) -> str:
    """No heading, no document: what some servers call a page."""
    return f"{head}<title>{TAG}</title>{body}{NOTICE}</html>"


def old_portal(body: str, head: str) -> str:
    """Everything stands in layout tables."""
    return (
        f"<HTML><HEAD>{head}<TITLE>{TAG}</TITLE></HEAD><BODY><TABLE WIDTH=960 ALIGN=center>"
        f"<TR><TD COLSPAN=2>关于“{TAG}”的报告</TD></TR><TR><TD WIDTH=160 VALIGN=top><A HREF=/>首页</A><BR>"
        f"{a(STRANGERS[30], LINKS['jsp'])}<BR>{a(STRANGERS[31], LINKS['jsp'])}</TD>"
        f"<TD>{body}</TD></TR></TABLE>{NOTICE}</BODY></HTML>"
    )


Frame = Callable[[str, str], str]
FRAMES: dict[str, Frame] = {"plain": plain, "busy": busy, "bare": bare, "old portal": old_portal}


def framed(frame: Frame, body: str, head: str = META) -> str:
    """The whole page, with what a pager left for the head moved there."""
    for_head = "".join(re.findall(r"<!--head(.*?)-->", body))
    return frame(re.sub(r"<!--head.*?-->", "", body), head + for_head)


def page_html(
    reports: Sequence[Report],
    markup: str,
    pager: str,
    number: int,
    last: int,
    base_url: str,
    *,
    links: str = "repo",
    frame: str = "plain",
) -> str:
    """One page of a listing whose first page is ``base_url`` (absolute, or a path)."""
    turned = PAGERS[pager]
    turn = turned.render(number, last, lambda n: turned.address(base_url, n))
    return framed(FRAMES[frame], MARKUPS[markup](reports, LINKS[links]) + turn)


def listing_site(
    markup: str, pager: str, reports: Sequence[Report], *, frame: str = "plain", links: str = "repo"
) -> Site:
    """The same as a site: ``archive.replica.serve`` makes a server of it."""
    site = Site.of(TAG, reports)
    turned = PAGERS[pager]
    site.markup = lambda shown: MARKUPS[markup](shown, LINKS[links])
    site.pager, site.address, site.past_end = turned.render, turned.address, turned.past_end
    site.frame = lambda _, body: framed(FRAMES[frame], body)
    site.rerender()
    return site


# Cases


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    body: bytes
    truths: tuple[Truth, ...]
    url: str = URL
    content_type: str | None = HTML


def case(
    markup: str,
    reports: Sequence[Report],
    *,
    frame: str = "plain",
    links: str = "repo",
    pager: str = "gap",
    name: str = "",
) -> Case:
    html = page_html(reports, markup, pager, 2, 77, PATH, links=links, frame=frame)
    told = tuple(map(TRUTHS[markup], reports))
    return Case(f"{markup} · {name or f'{frame}, {links}'}", html.encode(), told, f"{URL}?page=2")


def cases() -> Iterator[Case]:
    """A sensible sample of markup × frame × links × pager × encoding × amount."""
    links, frames, pagers = cycle(LINKS), cycle(FRAMES), cycle(PAGERS)
    for i, markup in enumerate(MARKUPS):
        yield case(markup, sample(i))
        yield case(markup, sample(i + 60), frame="busy", links=next(links), pager=next(pagers))
        yield case(markup, thinned(sample(i + 110)), frame=next(frames), pager=next(pagers), name="thin")
        if i % 3 == 0:
            yield case(markup, sample(i + 20, 1 + i % 2), frame=next(frames), name="few")
        if i % 8 == 0:
            yield case(markup, sample(i, 60), name="sixty")
    for form in LINKS:
        for markup in ("cards", "table_of_two_rows", "flat", "details_below"):
            yield case(markup, sample(150), links=form)
    yield from encodings()
    yield from oddities()
    yield from random_cases(RANDOM)


def random_cases(count: int) -> Iterator[Case]:
    links, frames, pagers = cycle(LINKS.values()), cycle(FRAMES.values()), cycle(PAGERS.values())
    for seed in range(count):
        reports = sample(seed % 180, 2 if seed % 17 == 5 else 10)
        made = compose(seed, thinned(reports) if seed % 9 == 4 else reports, next(links))
        pager = next(pagers)
        turn = pager.render(3, 40, lambda n, pager=pager: pager.address(PATH, n))
        yield Case(made.name, framed(next(frames), made.html + turn).encode(), made.truths)


RANDOM = 150  # pages composed at random in every run of the tests

#: codec of the bytes, charset in the header, charset in the meta element
ENCODINGS: tuple[tuple[str, str | None, str | None], ...] = (
    *((codec, codec, codec) for codec in ("utf-8", "gbk", "gb2312", "gb18030")),
    ("utf-8-sig", None, None),
    ("utf-8-sig", "gbk", "gb2312"),
    ("gb18030", "gb2312", "gb2312"),
    ("gb18030", None, "gbk"),
    ("gb18030", "utf-8", "utf-8"),
    ("gbk", "utf-8", "gbk"),
    ("gbk", None, None),
    ("gbk", "iso-8859-1", None),
    ("utf-8", "gbk", "gbk"),
    ("utf-8", "gb2312", "utf-8"),
    ("utf-8", "iso-8859-1", None),
    ("utf-8", None, None),
    ("utf-8", "x-nonsense", "unknown-8bit"),
)
BEYOND_GBK = "𠮷野㐂"  # in GB18030 only


def encodings() -> Iterator[Case]:
    for codec, header, meta in ENCODINGS:
        for markup in ("cards", "upper_case_unclosed"):
            reports = sample(170)
            if codec in {"gb18030", "utf-8", "utf-8-sig"}:
                reports = tuple(replace(r, zh=(BEYOND_GBK + r.zh[0], *r.zh[1:])) for r in reports)
            declared = f'<meta http-equiv="Content-Type" content="text/html; charset={meta}">' if meta else ""
            html = framed(plain, MARKUPS[markup](reports, LINKS["repo"]) + PAGERS["gap"].render(2, 77, str), declared)
            body = html.replace("©", "(c)").replace("￥", "¥").encode(codec, "xmlcharrefreplace")
            yield Case(
                f"{markup} · {codec} bytes, {header} in the header, {meta} in the page",
                body,
                tuple(map(TRUTHS[markup], reports)),
                content_type=f"text/html; charset={header}" if header else "text/html",
            )


def oddities() -> Iterator[Case]:
    reports = sample(180)
    relative = MARKUPS["cards"](reports, lambda r: f"repo13-0/{r.id}.html")
    yield Case(
        "base href",
        framed(plain, relative, f'{META}<base href="https://{HOST}/">').encode(),
        tuple(map(dated, reports)),
    )
    yield Case(
        "no header at all", framed(plain, MARKUPS["flat"](reports, LINKS["repo"])).encode(), _truths(reports), URL, None
    )
    xhtml = framed(plain, MARKUPS["flat"](reports, LINKS["repo"])).replace("<!DOCTYPE html>", "")
    prolog = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd">'
    yield Case("xml declaration", (prolog + xhtml).encode(), _truths(reports))
    utf16 = framed(plain, MARKUPS["cards"](reports, LINKS["repo"])).encode("utf-16-le")
    yield Case("utf-16 with a mark", codecs.BOM_UTF16_LE + utf16, tuple(map(dated, reports)), URL, "text/html")
    worded = tuple(
        replace(r, title=r.title.replace("中国", f"中国{word}"), zh=(f"{word}是本报告的主题。{r.zh[0]}", *r.zh[1:]))
        for r, word in zip(sample(190), SUSPECT_WORDS, strict=False)
    )
    for markup in ("cards", "flat", "table_of_two_rows"):
        yield case(markup, worded, frame="busy", name="suspect words in the reports")
        yield case(markup, worded[:1], name="one entry with a suspect word")
    body = LOGIN_BOX + NOTICE_BAR + MARKUPS["cards"](reports, LINKS["repo"])
    yield Case("login box and notice of maintenance", framed(plain, body).encode(), tuple(map(dated, reports)))


def _truths(reports: Sequence[Report]) -> tuple[Truth, ...]:
    return tuple(map(truth, reports))
