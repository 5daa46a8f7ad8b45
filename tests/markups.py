"""Listing pages as other people write them: many markups of the same invented reports, each with its ground truth.

Written without a look at the parser, to keep its author honest. A markup turns reports into the HTML of a list; most
are told as one entry (index, report, href) and what stands around the entries. ``shows`` says what a reader of that
markup can know of a report, where it is not simply all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape as e

from archive.replica import Report, catalogue

HOST = "report.xugou.example"
Href = Callable[[Report], str]  # already escaped
Markup = Callable[[Sequence[Report], Href], str]


@dataclass(frozen=True, slots=True)
class Truth:
    """What a perfect reader takes from one entry."""

    key: str
    title: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    brands: tuple[str, ...] = ()
    published: str | None = None


def truth(r: Report) -> Truth:
    return Truth(f"{HOST}:{r.id}", r.title, r.zh, r.en, r.brands)


def dated(r: Report) -> Truth:
    return replace(truth(r), published=r.date)


def unbroken(r: Report) -> Truth:
    """Nothing shows where a paragraph ends."""
    return replace(truth(r), zh=("".join(r.zh),) if r.zh else (), en=("".join(r.en),) if r.en else ())


MARKUPS: dict[str, Markup] = {}
TRUTHS: dict[str, Callable[[Report], Truth]] = {}


def whole(shows: Callable[[Report], Truth] = truth) -> Callable[[Markup], Markup]:
    """Register a function (reports, href) → HTML."""

    def register(function: Markup) -> Markup:
        MARKUPS[function.__name__] = function
        TRUTHS[function.__name__] = shows
        return function

    return register


def entry(around: str = "<ul>{}</ul>", shows: Callable[[Report], Truth] = truth, between: str = "\n"):
    """Register a function (index, report, href) → HTML of one entry."""

    def register(function):
        def listed(reports, href):
            return around.replace("{}", between.join(function(i, r, href) for i, r in enumerate(reports)))

        listed.__name__ = function.__name__
        whole(shows)(listed)
        return function

    return register


# Link forms. All of one id are one report.
LINKS: dict[str, Href] = {
    "repo": lambda r: f"/repo{13 + r.id % 190}-0/{r.id}.html",
    "jsp": lambda r: f"/report.jsp?reportId={r.id}",
    "jsp junk": lambda r: f"/report.jsp?reportId={r.id}&amp;_t=17{r.id}33&amp;from=tag",
    "jsp unescaped": lambda r: f"/report.jsp?_t=17{r.id}33&reportId={r.id}",
    "session": lambda r: f"/repo13-0/{r.id}.html;jsessionid=0A{r.id:X}F",
    "query junk": lambda r: f"/repo13-0/{r.id}.html?spm=a1.b2&amp;_t={r.id * 7}#top",
    "absolute": lambda r: f"https://{HOST}/repo199-0/{r.id}.html",
    "protocol-relative": lambda r: f"//{HOST}/repo199-0/{r.id}.html",
    "relative": lambda r: f"../repo13-0/{r.id}.html",
}


def p(paragraphs: Sequence[str], tag: str = "p") -> str:
    return "".join(f"<{tag}>{e(text)}</{tag}>" for text in paragraphs)


def both(r: Report, tag: str = "p") -> str:
    return p((*r.zh, *r.en), tag)


def named(r: Report, form: str = '<p class="brand">{}</p>', label: str = "本报告涉及企业/品牌包括：") -> str:
    """The brands line, or nothing."""
    return form.format(e(label + "、".join(r.brands))) if r.brands else ""


def a(r: Report, href: Href, inner: str | None = None, attributes: str = "") -> str:
    return f'<a href="{href(r)}"{attributes}>{e(r.title) if inner is None else inner}</a>'


def h3(r: Report, href: Href) -> str:
    return f"<h3>{a(r, href)}</h3>"


# A. one element an entry


@entry('<ul class="report-list">{}</ul>', dated)
def cards(i, r, href):
    picture = a(r, href, f'<img src="/i/{r.id}.png" alt="{e(r.title)}">')
    title = a(r, href, None, f' title="{e(r.title)}" target="_blank"')
    meta = f'<div class="meta"><span class="date">{r.date}</span>{a(r, href, "查看详情")}</div>'
    return f'<li><div class="pic">{picture}</div><div class="txt"><h3>{title}</h3>{named(r)}{both(r)}{meta}</div></li>'


@entry("<section>{}</section>", dated)
def whole_card_is_the_link(i, r, href):
    return a(r, href, f"<h3>{e(r.title)}</h3>{named(r)}{both(r)}<span>{r.date}</span>", ' class="card"')


@entry("<div>{}</div>")
def anonymous_divs(i, r, href):
    """No class, no heading: an image link, a title link, and divs."""
    text = f"<div>{a(r, href)}</div>{named(r, '<div>{}</div>')}{both(r, 'div')}"
    return f"<div><div>{a(r, href, '<img src=/x.gif>')}</div><div>{text}</div></div>"


@entry("<div>{}</div>")
def eight_wrappers(i, r, href):
    deep, out = "<div class='w'>" * 8, "</div>" * 8
    return f"{deep}<div>{deep}{a(r, href)}{out}</div>{named(r)}<div>{deep}{both(r)}{out}</div>{out}"


@whole()
def two_columns(reports, href):
    cells = [f"<div class=e><h4>{a(r, href)}</h4>{named(r)}{both(r)}</div>" for r in reports]
    half = -(-len(cells) // 2)
    return f"<div><div class=col>{''.join(cells[:half])}</div><div class=col>{''.join(cells[half:])}</div></div>"


@whole(dated)
def rows_of_two(reports, href):
    cells = [f"<div class=c><h4>{a(r, href)}</h4><i>{r.date}</i>{named(r)}{both(r)}</div>" for r in reports]
    return "".join(f"<div class=row>{''.join(cells[i : i + 2])}</div>" for i in range(0, len(cells), 2))


@entry("<div class=list>{}</div>")
def data_href_cards(i, r, href):
    """No link element at all: the card carries its address."""
    go = f"location.href='{href(r)}'"
    return f'<div class="card" data-href="{href(r)}" onclick="{go}"><h3>{e(r.title)}</h3>{named(r)}{both(r)}</div>'


@entry("<main>{}</main>", dated)
def sections(i, r, href):
    return (
        f"<article><header><h2>{a(r, href)}</h2><time datetime='{r.date}'>{r.date}</time></header>{named(r)}"
        f'<section lang="zh">{p(r.zh)}</section><section lang="en">{p(r.en)}</section>'
        f"<aside><a href='/tag/AI'>AI</a> <a href='/tag/消费'>消费</a></aside></article>"
    )


@entry("<report-list>{}</report-list>")
def custom_elements(i, r, href):
    return (
        f'<report-card item-id="{r.id}"><h2 slot="title">{a(r, href)}</h2>{named(r)}'
        f'<report-text lang="zh">{p(r.zh)}</report-text><report-text lang="en">{p(r.en)}</report-text></report-card>'
    )


@entry("<div>{}</div>")
def folding(i, r, href):
    return f"<details open><summary>{e(r.title)}</summary>{named(r)}{both(r)}{a(r, href, '打开报告')}</details>"


@entry("<form action=/cart><ul>{}</ul><button>批量下载</button></form>")
def checkboxes(i, r, href):
    box = f"<input type=checkbox name=id value={r.id} id=c{r.id}><label for=c{r.id}>加入对比</label>"
    return f"<li>{box}{h3(r, href)}{named(r)}{both(r)}</li>"


@entry("<div>{}</div>")
def details_below(i, r, href):
    link = a(r, href, "查看详情")
    return f'<div class="b"><h4>{e(r.title)}</h4>{named(r)}{both(r)}<div>{link}</div></div>'


# B. tables


@entry("<table><tbody>{}</tbody></table>", dated)
def table_of_two_rows(i, r, href):
    return f"<tr><td>{a(r, href)}</td><td>{r.date}</td></tr><tr><td colspan=2>{named(r)}{both(r)}</td></tr>"


@entry("<table>{}</table>", dated)
def table_of_three_rows(i, r, href):
    date = f"<tr><td>发布日期</td><td>{r.date}</td></tr>"
    return f"<tr><th colspan=2>{a(r, href)}</th></tr>{date}<tr><td colspan=2>{named(r)}{both(r)}</td></tr>"


@entry("<table>{}</table>", dated)
def table_of_one_row(i, r, href):
    return f"<tr><td>{a(r, href)}</td><td>{named(r)}{both(r)}</td><td>{r.date}</td></tr>"


@entry(
    "<table><thead><tr><th>序号</th><th>报告名称</th><th>中文摘要</th><th>English</th><th>日期</th></tr></thead>"
    "<tbody>{}</tbody></table>",
    dated,
)
def table_with_header(i, r, href):
    return (
        f'<tr class="{"odd" if i % 2 else "even"}"><td>{i + 1}</td><td>{a(r, href)}{named(r)}</td>'
        f"<td>{p(r.zh)}</td><td>{p(r.en)}</td><td>{r.date}</td></tr>"
    )


@entry("<table>{}</table>")
def bold_in_a_cell(i, r, href):
    """The title is no link; the link says 详细."""
    return f"<tr><td><b>{e(r.title)}</b><br>{named(r, '{}<br>')}{both(r)}{a(r, href, '[详细]')}</td></tr>"


@entry("<table>{}</table>")
def lines_in_a_cell(i, r, href):
    lines = "<br>".join(map(e, (*r.zh, *r.en)))
    return f"<tr><td>{a(r, href)}<br>{named(r, '{}<br>')}{lines}</td></tr>"


@entry("<CENTER><TABLE BORDER=0 WIDTH=98%>{}</TABLE></CENTER>")
def upper_case_unclosed(i, r, href):
    """How it was done in 1998: nothing closed, attributes bare, indents of &nbsp;."""
    text = "".join(f"<P><FONT SIZE=2>&nbsp;&nbsp;&nbsp;&nbsp;{e(each)}</FONT>" for each in (*r.zh, *r.en))
    title = f"<A HREF={href(r)}><FONT COLOR=red SIZE=3><B>{e(r.title)}</B></FONT></A>"
    return f"<TR VALIGN=top><TD BGCOLOR=#FFFFFF>{title}{named(r, '<BR>{}')}{text}"


# C. flat siblings


@entry("<dl>{}</dl>")
def definition_list(i, r, href):
    return f"<dt>{a(r, href)}</dt>{named(r, '<dd>{}</dd>')}{both(r, 'dd')}"


@entry("<div id=main>{}</div>", between="<hr>")
def flat_with_rules(i, r, href):
    return f"{h3(r, href)}{named(r)}{both(r)}"


@entry("<div id=main>{}</div>")
def flat(i, r, href):
    return f"{h3(r, href)}{named(r)}{both(r)}"


@entry("<div>{}</div>", dated)
def flat_date_after(i, r, href):
    return f"<h2>{a(r, href)}</h2>{named(r)}{both(r)}<div class=info>{r.date} | 阅读 {r.id % 977}</div>"


@entry("<div>{}</div>")
def flat_details_below(i, r, href):
    """The title is no link, and the link comes last: the run of siblings ends with it, not with the next title."""
    return f"<h4>{e(r.title)}</h4>{named(r)}{both(r)}<p>{a(r, href, '查看详情 &gt;')}</p>"


@entry("<div>{}</div>")
def bare_lines(i, r, href):
    """No block element but <br>: the whole list is one run of text and links."""
    lines = "".join(f"{e(text)}<br>" for text in (*r.zh, *r.en))
    return f"{a(r, href)}<br>{named(r, '{}<br>')}{lines}<br>"


# D. where the languages stand


@entry("<div id=list>{}</div>", unbroken)
def runon(i, r, href):
    title = a(r, href, f"<b>{e(r.title)}</b>")
    return f"<div><div>{title}</div>{named(r)}<div>{e(''.join((*r.zh, *r.en)))}</div></div>"


@entry("<div>{}</div>", unbroken)
def runon_flat(i, r, href):
    return f"{h3(r, href)}{named(r)}<p>{e(''.join(r.zh))} {e(''.join(r.en))}</p>"


@entry(shows=unbroken)
def spans(i, r, href):
    chinese, english = e("".join(r.zh)), e("".join(r.en))
    return f"<li>{a(r, href)}{named(r)}<p><span class=zh>{chinese}</span><span class=en>{english}</span></p></li>"


@entry()
def broken_paragraph(i, r, href):
    return f"<li>{h3(r, href)}{named(r)}<p>{'<br/><br/>'.join(map(e, (*r.zh, *r.en)))}</p></li>"


@entry("<div>{}</div>")
def english_tab_first(i, r, href):
    tabs = f'<ul class=tabs><li>EN</li><li>中文</li></ul><div class="en">{p(r.en)}</div><div class="zh">{p(r.zh)}</div>'
    return f"<div class=item>{h3(r, href)}{named(r)}{tabs}</div>"


@entry("<div>{}</div>")
def alternating(i, r, href):
    pairs = range(max(len(r.zh), len(r.en)))
    woven = "".join(p((*r.zh[k : k + 1], *r.en[k : k + 1])) for k in pairs)
    return f"<div class=item>{h3(r, href)}{named(r)}{woven}</div>"


@entry("<div>{}</div>")
def labelled(i, r, href):
    chinese = f"<div class=label>中文摘要</div>{p(r.zh)}" if r.zh else ""
    english = f"<div class=label>English Abstract</div>{p(r.en)}" if r.en else ""
    return f"<div class=item>{h3(r, href)}{named(r)}{chinese}{english}</div>"


# E. what happens inside a text


@entry()
def inline_elements(i, r, href):
    def woven(text):
        text = re.sub(r"\d+\.\d+%", r"<b>\g<0></b>", e(text))
        text = text.replace("虚构咨询分析师", '<a href="/analysts">虚构咨询</a><em>分析师</em>')
        return text.replace("Xugou Research", '<span class="org">Xugou <i>Research</i></span>')

    return f"<li>{h3(r, href)}{named(r)}{''.join(f'<p>{woven(text)}</p>' for text in (*r.zh, *r.en))}</li>"


@entry()
def highlighted_title(i, r, href):
    """A search engine marks what was asked for."""
    title = e(r.title).replace("中国", "<em class=hl>中国</em>")
    return f"<li><h3>{a(r, href, title)}</h3>{named(r)}{both(r)}</li>"


CODED = str.maketrans(
    {
        "“": "&ldquo;",
        "”": "&rdquo;",
        "，": "&#65292;",
        "中": "&#x4E2D;",
        "。": "&#12290;",
        "年": "&#24180;",
        "‘": "&lsquo;",
    }
)


@entry()
def entities(i, r, href):
    text = both(r).translate(CODED).replace("%", "&#37;").replace("-", "&#x2d;")
    return f"<li><h3>{a(r, href, e(r.title).translate(CODED))}</h3>{named(r).translate(CODED)}{text}</li>"


@entry("<ul>\n{}\n</ul>")
def indented_source(i, r, href):
    """Lines broken in the source, U+3000 before Chinese paragraphs, zero-width spaces: nothing of it shows."""
    title = a(r, href, f"\n        {e(r.title)}\n      ")
    chinese = "\n".join(f"    <p>\n      \u3000\u3000{e(text)}\u200b\n    </p>" for text in r.zh)
    broken = [re.sub(r"((?:\S+ ){9})", "\\1\n        ", e(text)) for text in r.en]
    english = "\n".join(f"    <p>\n      {text}\n    </p>" for text in broken)
    return f"  <li>\n    <h3>\n      {title}\n    </h3>\n    {named(r)}\n{chinese}\n{english}\n  </li>"


@entry()
def truncated_title(i, r, href):
    title = a(r, href, e(r.title[:18]) + "…", f' title="{e(r.title)}"')
    return f"<li><h3>{title}</h3>{named(r)}{both(r)}</li>"


@entry(shows=dated)
def badges(i, r, href):
    badge = f'<span class="badge">{("NEW", "热", "荐")[i % 3]}</span>'
    return f"<li><h3>{badge}{a(r, href)}<i>免费</i></h3>{named(r)}{both(r)}<span>{r.date}</span></li>"


@entry("<ol>{}</ol>", dated)
def numbered(i, r, href):
    date = f"<p class=date>发布时间：{r.date}</p>"
    return f"<li><span class=num>{i + 1}</span><div>{h3(r, href)}{date}{named(r)}{both(r)}</div></li>"


@entry(shows=dated)
def date_before(i, r, href):
    return f"<li>[{r.date}] {a(r, href)}{named(r)}{both(r)}</li>"


@entry()
def more_link_in_text(i, r, href):
    """The last paragraph ends with a link to the whole text."""
    text = both(r).removesuffix("</p>") + a(r, href, "[查看全文]") + "</p>" if r.zh or r.en else ""
    return f"<li>{h3(r, href)}{named(r)}{text}</li>"


@entry(shows=dated)
def meta_and_buttons(i, r, href):
    facts = (r.date, f"浏览 {r.id % 9973}", f"共 {r.id % 90 + 20} 页", f"￥{r.id % 9 + 1}800.00")
    meta = "".join(f"<span>{fact}</span>" for fact in facts)
    buy = f'<a href="/cart?add={r.id}">加入购物车</a><a href="javascript:;" onclick="fav({r.id})">收藏</a>'
    buttons = f"<div class=buttons>{buy}{a(r, href, '立即购买')}</div>"
    return f"<li>{h3(r, href)}<div class=meta>{meta}</div>{named(r)}{both(r)}{buttons}</li>"


@entry(shows=dated)
def chinese_date(i, r, href):
    year, month, day = map(int, r.date.split("-"))
    return f"<li>{h3(r, href)}<span>{year}年{month}月{day}日</span>{named(r)}{both(r)}</li>"


@entry()
def entry_tags(i, r, href):
    word = e(r.title[13:17])
    tags = f"标签：<a href='/tag/人民日报'>人民日报</a> <a href='/tag/{word}'>{word}</a>"
    return f"<li>{h3(r, href)}{named(r)}{both(r)}<p class=tags>{tags}</p></li>"


@entry()
def brands_in_a_span(i, r, href):
    return f"<li>{h3(r, href)}{named(r, '<span>{}</span>', '相关企业:')}{both(r)}</li>"


@entry()
def brands_glued(i, r, href):
    """No element of its own, half-width colon, a trailing separator."""
    return f"<li>{a(r, href)}{named(r, '{}、', '本报告涉及企业/品牌包括:')}<div>{both(r)}</div></li>"


# F. copies and strangers


@whole()
def mobile_copy(reports, href):
    """The whole list a second time, hidden, for telephones, and once more in short."""
    listed = "".join(f"<li>{h3(r, href)}{named(r)}{both(r)}</li>" for r in reports)
    short = "".join(f"<li>{a(r, href)}<p>{e(''.join(r.zh)[:60])}…</p></li>" for r in reports)
    return (
        f'<div class="m-list" style="display:none"><ul>{listed}</ul></div><ul class="pc">{listed}</ul>'
        f'<div class="wap" hidden><ul>{short}</ul></div>'
    )


@entry("<div>{}</div>")
def abstract_and_text(i, r, href):
    """The first 150 characters, and then the whole: a copy, not a paragraph."""
    abstract = f'<p class="abstract">{e("".join(r.zh)[:150])}</p>' if r.zh else ""
    return f'<div class=item>{h3(r, href)}{named(r)}{abstract}<div class="full">{both(r)}</div></div>'


@whole()
def related_links(reports, href):
    """Each entry links to others of the same page and of other pages."""

    def related(i):
        links = f"{a(reports[(i + 3) % len(reports)], href)} {a(STRANGERS[i % len(STRANGERS)], href)}"
        return f"<div class=related>相关报告：{links}</div>"

    listed = (f"<li>{h3(r, href)}{named(r)}{both(r)}{related(i)}</li>" for i, r in enumerate(reports))
    return f"<ul>{''.join(listed)}</ul>"


@whole()
def hidden_copies(reports, href):
    """What scripts, comments, templates and noscript hold is not on the page."""
    data = [{"@type": "Report", "url": href(r), "name": r.title, "description": "".join(r.zh)} for r in reports]
    old = "".join(f"<li>{a(r, href)}{both(r)}</li>" for r in STRANGERS[:3])
    listed = "".join(f"<li>{h3(r, href)}{named(r)}{both(r)}</li>" for r in reports)
    bare = "".join(f"<li>{a(r, href)}</li>" for r in reports)
    return (
        f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script><!-- <ul>{old}</ul> -->'
        f"<ul>{listed}</ul><template><ul>{old}</ul></template><noscript><ul>{bare}</ul></noscript>"
    )


@entry()
def linked_in_text(i, r, href):
    """A word of every fifth entry's text leads to a report of another page."""
    link = a(STRANGERS[0], href, "虚构咨询")
    text = both(r).replace("虚构咨询", link, 1) if r.id % 5 == 0 else both(r)
    return f"<li>{h3(r, href)}{named(r)}{text}</li>"


@entry()
def two_forms_of_one_link(i, r, href):
    picture = f'<a href="{LINKS["jsp junk"](r)}"><img src="/c/{r.id}.jpg"></a>'
    return f"<li>{picture}{h3(r, LINKS['repo'])}{named(r)}{both(r)}{a(r, LINKS['absolute'], '详情')}</li>"


REPORTS = catalogue(240, seed=7)
STRANGERS = REPORTS[200:240]  # never listed: the hot lists and recommendations are full of them


def sample(start: int, count: int = 10) -> tuple[Report, ...]:
    """``count`` listed reports; two of every ten name brands."""
    return tuple(
        replace(r, brands=("云朵厨房", "KUMO+", "青石集团", "O'Mori")[: i % 3 + 2])
        if i % 5 == 1
        else replace(r, brands=())
        for i, r in enumerate(REPORTS[start : start + count])
    )


def thinned(reports: Sequence[Report]) -> tuple[Report, ...]:
    """One entry without English, one without Chinese, one without any summary."""
    thin = {2: {"en": ()}, 5: {"zh": ()}, 7: {"zh": (), "en": (), "brands": ()}}
    return tuple(replace(r, **thin.get(i, {})) for i, r in enumerate(reports))
