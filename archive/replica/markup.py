"""How the invented site writes its pages: three markups of a listing, two pagers, and what stands around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from archive.replica.report import Report

Markup = Callable[[Sequence[Report]], str]
#: (number, last, address of a page) → HTML
Pager = Callable[[int, int, Callable[[int], str]], str]

NOTICE = (
    '<p class="notice">本页内容纯属虚构，机构、数据与结论均为程序生成，仅供演示。'
    "<br>Everything on this page is invented: publisher, figures and findings are made by a program, "
    "for demonstration only.</p>"
)
WINDOW = 6  # page numbers shown at once
SLOGAN = "专门编造数字的虚构产业数据机构"


def cards(reports: Sequence[Report]) -> str:
    return '<ul class="report-list">' + "\n".join(map(_card, reports)) + "</ul>"


def _card(report: Report) -> str:
    title = escape(report.title)
    return (
        f'<li class="item"><div class="pic"><a href="{report.href}">'
        f'<img src="/i/{report.id}.png" alt="{title}"></a></div><div class="txt">'
        f'<h3><a href="{report.href}" title="{title}">{title}</a></h3>{_brands(report)}'
        f'{_paragraphs(report)}<div class="meta"><span class="date">{report.date}</span>'
        f"<span>浏览 {report.id * 7 % 4999}</span></div></div></li>"
    )


def table(reports: Sequence[Report]) -> str:
    """Two rows an entry, and no element that holds just one entry."""
    return (
        "<table><tbody>"
        + "\n".join(
            f'<tr><td><a href="{report.href}">{escape(report.title)}</a></td><td>{report.date}</td></tr>'
            f"<tr><td colspan=2>{_brands(report)}{_paragraphs(report)}</td></tr>"
            for report in reports
        )
        + "</tbody></table>"
    )


def runon(reports: Sequence[Report]) -> str:
    """One text node an entry: the English follows the Chinese with nothing between."""
    return (
        '<div id="list">'
        + "\n".join(
            f'<div><div><a href="{report.href}"><b>{escape(report.title)}</b></a></div>{_brands(report)}'
            f"<div>{escape(''.join((*report.zh, *report.en)))}</div></div>"
            for report in reports
        )
        + "</div>"
    )


def _brands(report: Report) -> str:
    return f'<p class="brands">本报告涉及企业/品牌包括：{"、".join(report.brands)}</p>' if report.brands else ""


def _paragraphs(report: Report) -> str:
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in (*report.zh, *report.en))


def numbers(number: int, last: int, address: Callable[[int], str]) -> str:
    """``1 2 3 4 5 6 77``: the neighbours and the last page."""
    early = number + 2 <= WINDOW
    near = range(1, min(last, WINDOW) + 1) if early else (1, *range(number - 2, min(number + 2, last) + 1))
    links = (
        f'<li class="active"><span>{n}</span></li>'
        if n == number
        else f'<li><a href="{escape(address(n))}">{n}</a></li>'
        for n in sorted({*near, last})
    )
    return f'<ul class="pagination">{"".join(links)}</ul>' if last > 1 else ""


def following(number: int, last: int, address: Callable[[int], str]) -> str:
    """下一页 alone: nothing says how many pages there are."""
    return f'<div class="pg"><a href="{escape(address(number + 1))}">下一页</a></div>' if number < last else ""


MARKUPS: dict[str, Markup] = {"cards": cards, "table": table, "runon": runon}
PAGERS: dict[str, Pager] = {"numbers": numbers, "next": following}


def listing(tag: str, body: str) -> str:
    """A whole listing page round ``body`` (the entries and the pager)."""
    heading = f"关于“{escape(tag)}”的报告"
    return framed(
        f"{heading} - 虚构咨询",
        f'<header><a href="/">首页</a> <a href="/about.html">关于虚构</a><p>{SLOGAN}</p></header>'
        f"<main><h1>{heading}</h1>\n{body}\n</main>",
    )


def detail(report: Report) -> str:
    body = f"<h1>{escape(report.title)}</h1><p>{report.date}</p>{_brands(report)}{_paragraphs(report)}"
    return framed(escape(report.title), f'<header><a href="/">首页</a></header><main>{body}</main>')


def captcha() -> str:
    """The slider a site shows to visitors it takes for robots, with status 200."""
    return framed(
        "安全验证",
        '<div id="captcha" class="verify-wrap"><h2>访问过于频繁，请完成安全验证</h2>'
        "<p>请按住滑块，拖动到最右边，以确认您不是机器人</p>"
        '<div class="slider"><span>向右滑动完成验证</span></div>'
        '<form action="/verify" method="post"><input type="hidden" name="captcha_token" value="0f3a9c">'
        "<p>验证码 <input name=code> <button>提交</button></p></form><p>您的IP 127.0.0.1 已被记录</p></div>",
    )


def framed(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body>{body}\n<footer>{NOTICE}</footer></body></html>\n"
    )
