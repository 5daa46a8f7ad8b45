"""The same invented reports in many markups: what tests/test_pages.py reads back.

A wrapping is a function from reports to the markup of a list. Where a wrapping shows no paragraphs (all in one node),
it says so in :data:`RUN_ON`; where it can't show dates or brands, the tests don't ask for them.
"""
# ruff: noqa: E501 - markup stands in one line, as sites write it

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape as e

from tests.inventions import NOTICE, Report

Wrapping = Callable[[Sequence[Report]], str]
WRAPPINGS: dict[str, Wrapping] = {}
RUN_ON: set[str] = set()


def wrapping(*, run_on: bool = False) -> Callable[[Wrapping], Wrapping]:
    def keep(function: Wrapping) -> Wrapping:
        WRAPPINGS[function.__name__] = function
        if run_on:
            RUN_ON.add(function.__name__)
        return function

    return keep


def ps(texts: Sequence[str], tag: str = "p", more: str = "") -> str:
    return "".join(f"<{tag}{more}>{e(text)}</{tag}>" for text in texts)


def brands(report: Report, tag: str = "p") -> str:
    return f"<{tag}>本报告涉及企业/品牌包括:{e('、'.join(report.brands))}、</{tag}>" if report.brands else ""


@wrapping()
def cards(reports):
    return (
        '<ul class="list">'
        + "".join(
            f'<li class="item"><div class="pic"><a href="{r.path}"><img src="/i/{r.id}.png" alt="{e(r.title)}"></a></div>'
            f'<div class="txt"><h3><a href="{r.path}" title="{e(r.title)}">{e(r.title)}</a></h3>{brands(r)}{ps(r.zh)}{ps(r.en)}'
            f'<div class="meta"><span>{r.date}</span><span>浏览 {r.id % 97}</span><a href="{r.path}">查看详情</a></div></div></li>'
            for r in reports
        )
        + "</ul>"
    )


@wrapping()
def two_rows(reports):
    return (
        '<table width="100%"><tbody>'
        + "".join(
            f'<tr><td><a href="{r.path}">{e(r.title)}</a></td><td>{r.date}</td></tr><tr><td colspan=2>{brands(r)}{ps(r.zh + r.en)}</td></tr>'
            for r in reports
        )
        + "</tbody></table>"
    )


@wrapping()
def three_rows(reports):
    return (
        "<table>"
        + "".join(
            f'<tr class="t"><td class="no">{n}</td><td><b><a href="{r.path}">{e(r.title)}</a></b></td></tr>'
            f"<tr><td></td><td>{'<br>'.join(map(e, r.zh))}</td></tr><tr><td></td><td>{'<br><br>'.join(map(e, r.en))}</td></tr>"
            for n, r in enumerate(reports, 1)
        )
        + "</table>"
    )


@wrapping()
def row_of_cells(reports):
    head = "<tr><th>序号</th><th>报告名称</th><th>行业</th><th>中文摘要</th><th>英文摘要</th><th>日期</th></tr>"
    return (
        f"<table>{head}"
        + "".join(
            f'<tr><td>{n}</td><td><a href="{r.path}">{e(r.title)}</a></td><td>消费</td><td>{"<br>".join(map(e, r.zh))}</td><td>{"<br>".join(map(e, r.en))}</td><td>{r.date}</td></tr>'
            for n, r in enumerate(reports, 1)
        )
        + "</table>"
    )


@wrapping()
def grid(reports):
    cells = [f'<td valign=top><h4><a href="{r.path}">{e(r.title)}</a></h4>{ps(r.zh)}{ps(r.en)}</td>' for r in reports]
    return "<table>" + "".join(f"<tr>{''.join(cells[n : n + 2])}</tr>" for n in range(0, len(cells), 2)) + "</table>"


@wrapping()
def terms(reports):
    return (
        "<dl>"
        + "".join(
            f'<dt><a href="{r.path}">{e(r.title)}</a></dt>{brands(r, "dd")}{ps(r.zh, "dd")}{ps(r.en, "dd")}'
            for r in reports
        )
        + "</dl>"
    )


@wrapping()
def headings_and_paragraphs(reports):
    return "".join(f'<h3><a href="{r.path}">{e(r.title)}</a></h3>{brands(r)}{ps(r.zh)}{ps(r.en)}' for r in reports)


@wrapping()
def card_is_the_link(reports):
    return (
        '<div class="g">'
        + "".join(
            f'<a class="c" href="{r.path}?from=list&sid={r.id * 7}"><h4>{e(r.title)}</h4>{ps(r.zh)}{ps(r.en)}<span class="d">{r.date}</span></a>'
            for r in reports
        )
        + "</div>"
    )


@wrapping()
def card_is_the_link_without_heading(reports):
    return (
        "<section>"
        + "".join(
            f'<a href="{r.path}"><div><div>{e(r.title)}</div><div>{"<br/>".join(map(e, r.zh))}</div><div>{"<br/>".join(map(e, r.en))}</div></div></a>'
            for r in reports
        )
        + "</section>"
    )


@wrapping()
def details_link_below(reports):
    return "".join(
        f'<div class="x"><div class="y1">{e(r.title)}</div><div class="y2">{ps(r.zh)}{ps(r.en)}</div><div><a href="{r.path}">查看详情 &gt;&gt;</a></div></div>'
        for r in reports
    )


@wrapping()
def flat_details_link_below(reports):
    return (
        '<div id="flat">'
        + "".join(
            f'<h2 class="n">{e(r.title)}</h2>{ps(r.zh)}{ps(r.en)}<p class="l"><a href="{r.path}">阅读全文</a></p>'
            for r in reports
        )
        + "</div>"
    )


@wrapping()
def flat_image_link_above(reports):
    return (
        '<div id="flat">'
        + "".join(
            f'<a href="{r.path}"><img src="/{r.id}.jpg"></a><h2>{e(r.title)}</h2>{ps(r.zh)}{ps(r.en)}' for r in reports
        )
        + "</div>"
    )


@wrapping(run_on=True)
def run_on_node(reports):
    return "".join(
        f'<div><div><a href="{r.path}"><b>{e(r.title)}</b></a></div><div>{e("".join(r.zh) + "".join(r.en))}</div></div>'
        for r in reports
    )


@wrapping(run_on=True)
def run_on_everything(reports):
    return (
        "<div>"
        + "".join(f'<a href="{r.path}">{e(r.title)}</a>{e("".join(r.zh) + "".join(r.en))}' for r in reports)
        + "</div>"
    )


@wrapping()
def old_upper_case(reports):
    return (
        "<TABLE BORDER=0 WIDTH=760><TR><TD>"
        + "".join(
            f'<P><FONT COLOR=#003399 SIZE=3><B><A HREF="{r.path}" TARGET=_blank>{e(r.title)}</A></B></FONT>\n'
            + "".join(f"<P>&nbsp;&nbsp;&nbsp;&nbsp;{e(text)}\n" for text in r.zh + r.en)
            for r in reports
        )
        + "</TABLE>"
    )


@wrapping()
def breaks_only(reports):
    return (
        "<div>"
        + "<br><br>\n".join(
            f"<b><a href={r.path}>{e(r.title)}</a></b><br>{'<br>'.join(map(e, r.zh + r.en))}" for r in reports
        )
        + "</div>"
    )


@wrapping()
def rulers(reports):
    return (
        "<div>"
        + "<hr>".join(
            f'<span class="date">{r.date}</span><p><a href={r.path}>{e(r.title)}</a></p>{ps(r.zh)}{ps(r.en)}'
            for r in reports
        )
        + "</div>"
    )


@wrapping()
def text_above_title(reports):
    return (
        "<div>"
        + "".join(
            f'<article>{ps(r.zh)}{ps(r.en)}<footer><strong>{e(r.title)}</strong> <a href="{r.path}">More »</a></footer></article>'
            for r in reports
        )
        + "</div>"
    )


@wrapping()
def related_inside(reports):
    ring = [*reports[1:], reports[0]]
    return "".join(
        f'<div class="it"><div class="h"><a href="{r.path}">{e(r.title)}</a></div><div class="rel">相关报告：<a href="{o.path}">{e(o.title)}</a></div>'
        f'<div class="s">{ps(r.zh)}{ps(r.en)}</div><ul class="see"><li><a href="{o.path}">{e(o.title)}</a></li></ul></div>'
        for r, o in zip(reports, ring, strict=True)
    )


@wrapping()
def related_flat(reports):
    ring = [*reports[1:], reports[0]]
    return (
        "<div>"
        + "".join(
            f'<h3><a href="{r.path}">{e(r.title)}</a></h3>{ps(r.zh)}{ps(r.en)}<p class="rel">相关阅读：<a href="{o.path}">{e(o.title)}</a></p>'
            for r, o in zip(reports, ring, strict=True)
        )
        + "</div>"
    )


@wrapping()
def badges(reports):
    return (
        "<ol>"
        + "".join(
            f'<li><h3><i class="no">{n}</i><a href="{r.path}"><em class="hot">[热]</em>{e(r.title)}<sup>NEW</sup></a> <small>{r.date}</small></h3>{ps(r.zh)}{ps(r.en)}</li>'
            for n, r in enumerate(reports, 1)
        )
        + "</ol>"
    )


@wrapping()
def cut_title(reports):
    return "".join(
        f'<div class="box"><p class="name"><a href="{r.path}" title="{e(r.title)}">{e(r.title[:18])}...</a></p>{ps(r.zh)}{ps(r.en)}</div>'
        for r in reports
    )


@wrapping()
def abstract_and_whole(reports):
    return "".join(
        f'<div class="box"><h3><a href="{r.path}">{e(r.title)}</a></h3><p class="lead">{e("".join(r.zh)[:40])}…</p>'
        f'<div class="full" style="display: none">{ps(r.zh)}{ps(r.en)}</div><a class="btn" href="{r.path}">展开全文</a></div>'
        for r in reports
    )


@wrapping()
def tabs(reports):
    return "".join(
        f'<div class="box"><h3><a href="{r.path}">{e(r.title)}</a></h3><span class="tab">中文</span><span class="tab">English</span>'
        f'<div class="zh"><b>中文摘要：</b>{"<br>".join(map(e, r.zh))}</div><div class="en" hidden><b>Abstract:</b> {"<br>".join(map(e, r.en))}</div></div>'
        for r in reports
    )


@wrapping()
def inline_elements(reports):
    def mark(text):
        text = e(text)
        for word in ("虚构", "2024", "invented", "iiMedia Research", "市场"):
            text = text.replace(word, f"<b>{word}</b>", 1)
        return text.replace("数据", '<font color="red">数</font>据').replace(
            "analysts", '<a href="/glossary">analysts</a>'
        )

    return "".join(
        f'<div><p class="tt"><a href="{r.path}">{mark(r.title)}</a></p>'
        + "".join(f"<p>{mark(text)}</p>" for text in r.zh + r.en)
        + "</div>"
        for r in reports
    )


@wrapping()
def split_title(reports):
    def halves(title):
        left, bar, right = title.partition("|")
        return f"<span>{e(left)}</span><i>{bar}</i>{e(right)}"

    return "".join(
        f'<section><h2>{halves(r.title)}</h2><a href="{r.path}"><img src=x.png></a>{ps(r.zh)}{ps(r.en)}<a href="{r.path}">详情</a></section>'
        for r in reports
    )


@wrapping()
def spans_as_paragraphs(reports):
    return "".join(
        f'<div class="q"><a class="q1" href="{r.path}">{e(r.title)}</a><div>{ps(r.zh, "span", " class=q2")}{ps(r.en, "span", " class=q2")}</div></div>'
        for r in reports
    )


@wrapping()
def nested_wrappers(reports):
    return (
        "<div><div><div>"
        + "".join(
            f'<div class="row"><div><div><div><div><span><a href="{r.path}">{e(r.title)}</a></span></div></div></div>'
            f"<div><div><div>{ps(r.zh, 'div')}</div></div><div><div>{ps(r.en, 'div')}</div></div></div></div></div>"
            for r in reports
        )
        + "</div></div></div>"
    )


@wrapping()
def clickable_boxes(reports):
    return "".join(
        f"<div class=card onclick=\"location.href='{r.path}'\"><div class=a>{e(r.title)}</div>{ps(r.zh, 'div', ' class=b')}{ps(r.en, 'div', ' class=b')}</div>"
        for r in reports
    )


@wrapping()
def featured_first(reports):
    top, *rest = reports
    return (
        f'<div class="top"><h1 class="big"><a href="{top.path}">{e(top.title)}</a></h1><div>{ps(top.zh)}</div><div>{ps(top.en)}</div></div>'
        "<ul>"
        + "".join(f'<li><p><a href="{r.path}">{e(r.title)}</a></p>{ps(r.zh)}{ps(r.en)}</li>' for r in rest)
        + "</ul>"
    )


@wrapping()
def revealed_by_script(reports):
    return (
        "<ul>"
        + "".join(
            f'<li{" style=display:none" if n > 2 else ""}><h3><a href="{r.path}">{e(r.title)}</a></h3>{ps(r.zh)}{ps(r.en)}</li>'
            for n, r in enumerate(reports)
        )
        + "</ul>"
    )


@wrapping()
def old_links(reports):
    return "".join(
        f'<div class=l><h3><a href="/report.jsp;jsessionid=A{r.id}?_t={r.id}9&reportId={r.id}&sid=x#top">{e(r.title)}</a></h3>{ps(r.zh)}{ps(r.en)}</div>'
        for r in reports
    )


@wrapping()
def preformatted(reports):
    return "".join(
        f'<div><h3><a href="{r.path}">{e(r.title)}</a></h3><pre>' + e("\n".join(r.zh + r.en)) + "</pre></div>"
        for r in reports
    )


NAVIGATION = '<header><a href="/">首页</a><a href="/about.html">关于我们</a><p>全球领先的虚构产业数据机构</p></header>'
FOOTER = '<footer><p>关于我们：本站为测试而虚构，从未存在，也不提供任何数据服务，欢迎不要联系我们。</p><a href="/contact.html">联系</a> © 2025</footer>'


def page(body: str, *, before: str = "", after: str = "", head: str = "", charset: str = "utf-8") -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>关于“虚构”的报告</title>{head}</head><body>{NAVIGATION}'
        f"<h1>关于“虚构”的报告</h1><p>{NOTICE}</p>{before}{body}{after}{FOOTER}</body></html>"
    )


@wrapping()
def flat_without_names(reports):
    return (
        "<div>"
        + "".join(
            f'<div>{e(r.title)}</div>{ps(r.zh + r.en, "div")}<div><a href="{r.path}">详情</a></div>' for r in reports
        )
        + "</div>"
    )


@wrapping()
def nested_lists(reports):
    return (
        "<ul>"
        + "".join(f'<li><a href="{r.path}">{e(r.title)}</a><ul>{ps(r.zh + r.en, "li")}</ul></li>' for r in reports)
        + "</ul>"
    )


@wrapping()
def one_paragraph_with_breaks(reports):
    return "".join(
        f'<p><strong><a href="{r.path}">{e(r.title)}</a></strong><br>{"<br>　　".join(map(e, r.zh))}<br/><br/>{"<br>&nbsp;&nbsp;".join(map(e, r.en))}</p>'
        for r in reports
    )


@wrapping()
def captions(reports):
    return "".join(
        f'<table><caption><a href="{r.path}">{e(r.title)}</a></caption><tr><td>{ps(r.zh)}</td><td>{ps(r.en)}</td></tr></table>'
        for r in reports
    )


@wrapping()
def details_elements(reports):
    return "".join(
        f'<details><summary>{e(r.title)}</summary>{ps(r.zh)}{ps(r.en)}<a href="{r.path}">进入报告</a></details>'
        for r in reports
    )


@wrapping()
def fieldsets(reports):
    return (
        '<form action="/x" method=post>'
        + "".join(
            f'<fieldset><legend><a href="{r.path}">{e(r.title)}</a></legend>{ps(r.zh, "div")}{ps(r.en, "div")}</fieldset>'
            for r in reports
        )
        + "</form>"
    )


@wrapping()
def english_first(reports):
    return "".join(
        f'<div class="w"><h3><a href="{r.path}">{e(r.title)}</a></h3>{ps(r.en)}{ps(r.zh)}</div>' for r in reports
    )


@wrapping()
def meta_everywhere(reports):
    return (
        "<ul>"
        + "".join(
            f'<li><div>发布时间：{r.date}　来源：虚构网　浏览：{r.id} 次</div><h4><a href="{r.path}">{e(r.title)}</a></h4>'
            f'<div><span>报告页数：53页</span><span>价格：￥8,000</span> <a href="/tag/a">咖啡</a> <a href="/tag/b">茶饮</a></div>'
            f'{ps(r.zh)}{ps(r.en)}<div>标签：<a href="/tag/a">咖啡</a>、<a href="/tag/b">茶饮</a></div>'
            f'<div><button>收藏</button><a href="javascript:;">分享</a><a href="{r.path}">下载PDF</a> 已有 12 人评论</div></li>'
            for r in reports
        )
        + "</ul>"
    )


@wrapping()
def inline_buttons(reports):
    return (
        "<div>"
        + "".join(
            f'<div class="i"><div class="i1"><a href="{r.path}">{e(r.title)}</a><span class="dt">[{r.date}]</span></div><div class="i2">{"<br>".join(map(e, r.zh))}</div>'
            f'<div class="i2">{"<br>".join(map(e, r.en))} <a href="{r.path}" class="more">[查看详情]</a></div></div>'
            for r in reports
        )
        + "</div>"
    )


@wrapping()
def copy_for_phones(reports):
    full = "".join(
        f'<div class="card"><h3><a href="{r.path}">{e(r.title)}</a></h3>{ps(r.zh)}{ps(r.en)}</div>' for r in reports
    )
    return f'<div class="pc">{full}</div><div class="phone">{full}</div>'


@wrapping()
def hidden_copy_first(reports):
    full = "".join(f'<li><h3><a href="{r.path}">{e(r.title)}</a></h3>{ps(r.zh)}{ps(r.en)}</li>' for r in reports)
    return f'<ul style="display:none">{full}</ul><ul>{full}</ul>'


@wrapping()
def copy_of_titles(reports):
    titles = "".join(f'<li><a href="{r.path}">{e(r.title)}</a></li>' for r in reports)
    return f'<ul class="m" hidden>{titles}</ul><div>' + headings_and_paragraphs(reports) + f"</div><ul>{titles}</ul>"


@wrapping()
def copies_inside(reports):
    return "".join(
        f'<div class="e"><div class="pc"><h3><a href="{r.path}">{e(r.title)}</a></h3>{ps(r.zh)}{ps(r.en)}</div>'
        f'<div class="mb"><a href="{r.path}"><b>{e(r.title)}</b></a>{ps(r.zh)}</div></div>'
        for r in reports
    )


@wrapping()
def comments_and_soft_breaks(reports):
    def split(text):
        half = len(text) // 2
        return f"{e(text[:half])}<!-- x --><wbr>&shy;{e(text[half:])}"

    return "".join(
        f'<div><h3><a href="{r.path}">{split(r.title)}</a></h3>'
        + "".join(f"<p>\n    {split(text)}\n  </p>\n" for text in r.zh + r.en)
        + "</div>"
        for r in reports
    )


@wrapping()
def title_in_two_links(reports):
    def halves(r):
        left, bar, right = r.title.partition("|")
        return f'<a href="{r.path}">{e(left)}{bar}</a><a href="{r.path}">{e(right)}</a>'

    return "".join(f"<li><p>{halves(r)}</p><div>{ps(r.zh)}{ps(r.en)}</div></li>" for r in reports)


@wrapping()
def title_in_attribute_only(reports):
    return "".join(
        f'<div class="c"><a href="{r.path}" title="{e(r.title)}"><img src="a.jpg" alt="{e(r.title)}"></a>{ps(r.zh)}{ps(r.en)}</div>'
        for r in reports
    )


@wrapping()
def category_links(reports):
    return "".join(
        f'<div class="c"><h3><a href="/c/1" class="cat">[餐饮]</a> <a href="{r.path}">{e(r.title)}</a></h3><h5>核心观点</h5>{ps(r.zh)}<h5>Abstract</h5>{ps(r.en)}</div>'
        for r in reports
    )


@wrapping()
def two_columns(reports):
    return "".join(
        f'<div class="r"><div class="l"><span>{r.date[:4]}</span><span>{r.date[5:]}</span></div><div class="m"><a href="{r.path}" class="t">{e(r.title)}</a>'
        f'<div class="z">{ps(r.zh)}</div><div class="e">{ps(r.en)}</div></div></div>'
        for r in reports
    )


@wrapping()
def upper_case_rows(reports):
    return (
        "<TABLE><TBODY>"
        + "".join(
            f'<TR><TD><IMG SRC=dot.gif>&nbsp;<A HREF="{r.path}">{e(r.title)}</A>&nbsp;<FONT COLOR=red>({r.date})</FONT><TR><TD>&nbsp;&nbsp;&nbsp;&nbsp;'
            + "<BR>&nbsp;&nbsp;&nbsp;&nbsp;".join(map(e, r.zh + r.en))
            for r in reports
        )
        + "</TABLE>"
    )


@wrapping()
def list_items_flat(reports):
    return (
        "<ul>"
        + "".join(
            f'<li class="a"><a href="{r.path}">{e(r.title)}</a></li>'
            + "".join(f'<li class="b">{e(text)}</li>' for text in r.zh + r.en)
            for r in reports
        )
        + "</ul>"
    )


@wrapping()
def articles_with_time(reports):
    return (
        "<main>"
        + "".join(
            f'<article id="post-{r.id}"><header><h2 class="entry-title"><a href="https://report.example.cn{r.path}" rel="bookmark">{e(r.title)}</a></h2>'
            f'<time datetime="{r.date}T08:00:00+08:00">昨天</time> <a href="/author/x" rel="author">虚构编辑部</a></header><div class="entry-content">{ps(r.zh)}{ps(r.en)}'
            f'<p><a class="more-link" href="{r.path}">Continue reading <span>→</span></a></p></div><footer>分类：<a href="/c">虚构</a></footer></article>'
            for r in reports
        )
        + "</main>"
    )
