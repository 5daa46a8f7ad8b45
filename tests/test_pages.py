"""Reading listing pages: golden pages, one content in many markups, and pages that must be refused."""
# ruff: noqa: E501 - markup stands in one line, as sites write it

import hashlib
import json
import os
import re
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.model import Page, Refused
from archive.pages import read_page
from archive.text import fold, tidy
from tests.inventions import REPORTS, catalogue
from tests.wrappings import RUN_ON, WRAPPINGS, cards, e, headings_and_paragraphs, page, ps

URL = "https://report.example.cn/tag/x"
GOLDEN = sorted((Path(__file__).parent / "fixtures" / "pages").iterdir())
SIX, TEN = catalogue(6), catalogue(10)

PAGER = (
    '<div class="pages"><span>1</span><a href="?page=2">2</a><a href="?page=3">3</a><a href="?page=2">下一页</a></div>'
)
HOT = (
    '<aside class="side"><h3>热门报告</h3><ol>'
    + "".join(f'<li><em>{n}</em><a href="{r.path}">{e(r.title)}</a></li>' for n, r in enumerate(catalogue(8)[2:], 1))
    + "</ol></aside>"
)


def read(markup, **options):
    return read_page(markup if isinstance(markup, bytes) else markup.encode(), url=URL, **options)


def texts(reading):
    assert isinstance(reading, Page), reading
    return [(entry.title, entry.summary_zh, entry.summary_en) for entry in reading.entries]


def truth(reports, *, run_on=False):
    joint = "" if run_on else "\n"
    return [(r.title, joint.join(map(tidy, r.zh)), joint.join(map(tidy, r.en))) for r in reports]


def entry(report, *, title=None, above="", zh=None, below=""):
    title = f'<a href="{report.path}">{e(report.title)}</a>' if title is None else title
    return f"<div class=c><h3>{title}</h3>{above}{ps(report.zh) if zh is None else zh}{ps(report.en)}{below}</div>"


# --- golden pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden_page(case):
    """UPDATE_GOLDEN=1 writes what is read now; the difference is reviewed like code."""
    meta = json.loads((case / "meta.json").read_text(encoding="utf-8"))
    assert meta["invented"] is True
    reading = read_page((case / "page.html").read_bytes(), url=meta["url"], content_type=meta["content_type"])
    found = {"kind": type(reading).__name__, **asdict(reading)}
    if "frame" in found:
        found["frame"] = sorted(found["frame"])
    found = json.loads(json.dumps(found))
    file = case / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(file.read_text(encoding="utf-8"))


# --- one content, many markups ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRAPPINGS)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), (HOT, PAGER), ("", PAGER + HOT)], ids=["alone", "hot", "below"]
)
def test_every_markup_gives_the_same_entries(name, before, after):
    for count in (1, 2, 3, 10):
        reports = catalogue(count)
        reading = read(page(WRAPPINGS[name](reports), before=before, after=after))
        assert texts(reading) == truth(reports, run_on=name in RUN_ON), count
        assert reading.keys == tuple(f"report.example.cn:{r.id}" for r in reports)


THIN = [*SIX[:2], replace(SIX[2], zh=(), en=(), brands=()), replace(SIX[3], en=()), replace(SIX[4], zh=())]
ODD_TITLES = (
    "咖啡与雨",
    "给大人的玩具",
    "为什么我们不再打电话？",
    "月光经济学：一份观察",
    "夜的第七种卖法",
    "Breakfast noodles, explained",
)
LONG = "：规模、结构，以及未来十年在全球范围内的发展趋势与消费者行为洞察，兼论其社会影响"
VARIANTS = {
    "thin": THIN,
    "odd titles": [replace(r, title=title) for r, title in zip(SIX, ODD_TITLES, strict=True)],
    "long titles": [replace(r, title=r.title + LONG) for r in SIX],
    "short texts": [
        replace(r, zh=(f"虚构的第{n}份报告，很短的摘要。",), en=(f"The invented report number {n} is very short.",))
        for n, r in enumerate(SIX)
    ],
    "twice in the list": [*SIX[:3], SIX[0], *SIX[3:]],
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    "name",
    [
        "cards",
        "two_rows",
        "headings_and_paragraphs",
        "details_link_below",
        "flat_without_names",
        "run_on_node",
        "old_upper_case",
    ],
)
def test_unusual_contents(name, variant):
    if (name, variant) == ("run_on_node", "thin"):
        pytest.skip("an entry without any text is nothing but its title there, in a markup of its own")
    reports = VARIANTS[variant]
    assert texts(read(page(WRAPPINGS[name](reports)))) == truth(reports, run_on=name in RUN_ON)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_selection_in_any_two_markups_agrees(data):
    pool = catalogue(24)
    reports = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=12, unique_by=lambda r: r.id))
    one, other = (data.draw(st.sampled_from(sorted(set(WRAPPINGS) - RUN_ON))) for _ in range(2))
    assert texts(read(page(WRAPPINGS[one](reports)))) == texts(read(page(WRAPPINGS[other](reports)))) == truth(reports)


# --- keys, links, dates, brands ------------------------------------------------------------------------------------------------


def test_key_and_address_without_session_junk():
    links = [
        "/repo13-0/7.html;jsessionid=A1?x=2#top",
        "//REPORT.example.cn:8443/Report.jsp;s=1?_t=5&reportid=8&sid=9",
        "repo1-2/9.HTML",
    ]
    body = "".join(entry(r, title=f'<a href="{link}">{r.title}</a>') for r, link in zip(SIX, links, strict=False))
    reading = read(page(body, head='<base href="https://report.example.cn/">'))
    assert [(one.key, one.url) for one in reading.entries] == [
        ("report.example.cn:7", "https://report.example.cn/repo13-0/7.html"),
        ("report.example.cn:8", "https://REPORT.example.cn:8443/Report.jsp?reportId=8"),
        ("report.example.cn:9", "https://report.example.cn/repo1-2/9.HTML"),
    ]


@pytest.mark.parametrize(
    ("title", "url"), [("{}", ""), ('<a href="/other/1?a=2#b">{}</a>', "https://report.example.cn/other/1?a=2")]
)
def test_without_a_detail_link_the_title_is_the_key(title, url):
    reading = read(page("".join(entry(r, title=title.format(e(r.title))) for r in SIX)))
    assert texts(reading) == truth(SIX)
    assert [one.key for one in reading.entries] == [
        "title:" + hashlib.sha256(fold(tidy(r.title)).encode()).hexdigest()[:16] for r in SIX
    ]
    assert reading.entries[0].url == url


@pytest.mark.parametrize(
    ("meta", "found"),
    [
        ("<span>2025-06-28</span>", "2025-06-28"),
        ("<p>发布时间：2025/6/8 浏览 123</p>", "2025-06-08"),
        ("<i>2025年6月28日</i>", "2025-06-28"),
        ("<em>2025.06.28 08:30</em>", "2025-06-28"),
        ('<time datetime="2025-06-28T08:00:00+08:00">昨天</time>', "2025-06-28"),
        ("<span>2025-06-28</span><span>更新：2025-07-01</span>", None),
        ("<span>2025-02-30</span>", None),
        ("<p>截至2025年6月28日，虚构的市场仍不存在。</p>", None),
        ("<span>06-28</span>", None),
        ("", None),
    ],
)
def test_date(meta, found):
    reading = read(page("".join(entry(r, above=meta) for r in SIX)))
    assert {one.published_on for one in reading.entries} == {found}


BRANDED = REPORTS[2]
NAMES = "、".join(BRANDED.brands)
FIRST, *REST = BRANDED.zh


@pytest.mark.parametrize(
    "zh",
    [
        f"<p>本报告涉及企业/品牌包括:{NAMES}</p>{ps(BRANDED.zh)}",
        f"<p>本报告涉及企业/品牌包括：{NAMES}、</p>{ps(BRANDED.zh)}",
        f"<p>本报告涉及企业/品牌包括:{NAMES}<br>{'<br>'.join(BRANDED.zh)}</p>",
        f"<p>本报告涉及企业/品牌包括:{NAMES}。{FIRST}</p>{ps(REST)}",
        f"<p>本报告涉及企业/品牌包括:{NAMES}、　{FIRST}</p>{ps(REST)}",
        f"<p><b>相关企业：</b>{NAMES}、</p>{ps(BRANDED.zh)}",
        f"<dl><dt>相关企业：</dt><dd>{NAMES}、</dd></dl>{ps(BRANDED.zh)}",
        "<p><span>相关企业：</span>"
        + "".join(f"<a href=#>{name}</a>" for name in BRANDED.brands)
        + f"</p>{ps(BRANDED.zh)}",
    ],
)
def test_brands(zh):
    reading = read(page("".join(entry(r, zh=zh if r is BRANDED else None) for r in REPORTS)))
    assert texts(reading) == truth(REPORTS)
    assert [one.brands for one in reading.entries] == [r.brands for r in REPORTS]


@pytest.mark.parametrize("opening", ["随着虚构", "近年来，虚构", "2024年虚构", "根据虚构"])
@pytest.mark.parametrize("end", ["、", ""])
def test_brands_glued_to_words_that_open_a_sentence(opening, end):
    zh = f"{opening}的市场增长，一切数字均为虚构。"
    reading = read(page(entry(SIX[0], zh=f"<p>本报告涉及企业/品牌包括:{NAMES}{end}{zh}</p>")))
    assert (reading.entries[0].brands, reading.entries[0].summary_zh) == (BRANDED.brands, zh)


def test_brands_glued_without_any_boundary_stay_where_they_are():
    """Nobody can tell where the last name ends, so the text is left whole."""
    reading = read(page(entry(SIX[0], zh=f"<p>本报告涉及企业/品牌包括:{NAMES}{SIX[0].zh[0]}</p>")))
    assert reading.entries[0].brands == ()
    assert reading.entries[0].summary_zh == f"本报告涉及企业/品牌包括:{NAMES}{SIX[0].zh[0]}"


EDGES = {
    # markup of a paragraph: what of it is text
    "<b>2025年6月28日</b>，虚构的市场开张，人人都来。": "2025年6月28日，虚构的市场开张，人人都来。",
    "<span>3000人</span>参加了虚构的调查，一半没有回答。": "3000人参加了虚构的调查，一半没有回答。",
    "<b>中文</b>阅读是虚构的行业，规模为零。": "中文阅读是虚构的行业，规模为零。",
    "虚构的报告介绍了一个并不存在的市场，全文共<b>53页</b>": "虚构的报告介绍了一个并不存在的市场，全文共53页",
    "虚构的市场规模为<em>12.3</em>亿元，增长<i>4.5%</i>。": "虚构的市场规模为12.3亿元，增长4.5%。",
    "<b>摘要：</b>虚构的市场规模为12.3亿元，增长4.5%。": "虚构的市场规模为12.3亿元，增长4.5%。",
    "<span class=d>[2025-06-28]</span> 虚构的市场开张，人人都来。": "虚构的市场开张，人人都来。",
    "虚构的市场开张，人人都来。<a href='/repo1-0/1.html'>查看详情</a>": "虚构的市场开张，人人都来。",
    "虚构的市场开张，人人都来。 <span>浏览：123</span>": "虚构的市场开张，人人都来。",
    "虚构的市场开张，<a href='/x'>查看</a>的人很多。": "虚构的市场开张，查看的人很多。",
}


@pytest.mark.parametrize("markup", EDGES)
def test_furniture_at_the_edge_of_a_paragraph_and_words_that_only_look_like_it(markup):
    reading = read(page("".join(entry(r, zh=f"<p>{markup}</p>") for r in SIX)))
    assert {one.summary_zh for one in reading.entries} == {EDGES[markup]}


SEAMS = {
    # markup of a paragraph that editors break into elements anywhere: it stays one
    "in a number": "<div><span>虚构的市场增长了26.</span><span>14个百分点，一半没有回答。</span></div>",
    "at a sentence": "<div><span class=a>虚构的市场开张。</span><span class=b>一半的人没有回答。</span></div>",
    "in a word": "<p><span>艾媒咨询虚构，有人自称iiMedia Rese</span><span>arch的员工，在虚构的市场里卖灯笼、雨伞与早餐，从早晨一直卖到夜里，"
    "没有人知道为什么，也没有人问起过；数字是虚构的，灯笼与雨伞是虚构的，早餐与夜晚也是虚构的，而这一段文字仍然要在一行之内说完，不能从中间断开，"
    "因为断开的地方正好是一个词，而一个词不应当属于两个段落。</span></p>",
    "a link to another report": "<p><a href='/repo1-0/7.html'>iiMedia Research</a>（艾媒咨询）数据显示，虚构的市场里有灯笼、雨伞与早餐，从早晨一直卖到夜里，"
    "没有人知道为什么，也没有人问起过；数字是虚构的，灯笼与雨伞是虚构的，早餐与夜晚也是虚构的，而这一段文字仍然要在一行之内说完，不能从中间断开，"
    "因为断开的地方正好是一个词，而一个词不应当属于两个段落。</p>",
}


@pytest.mark.parametrize("name", SEAMS)
def test_a_paragraph_in_pieces_is_one_paragraph(name):
    markup = SEAMS[name]
    reading = read(page("".join(entry(r, zh=markup) for r in SIX)))
    assert {one.summary_zh for one in reading.entries} == {re.sub("<[^>]*>", "", markup)}


@pytest.mark.parametrize(
    "line",
    [
        "本文来源于虚构网，版权归原作者所有，转载请注明出处。",
        "更多虚构内容，请关注虚构微信公众号（nobody）。",
        "温馨提示：如需订购完整版报告，请拨打客服热线 000-000-0000。",
        "Copyright Nobody. All rights reserved. No part of this report may be reproduced.",
    ],
)
def test_an_imprint_under_an_entry_is_no_text(line):
    assert texts(read(page("".join(entry(r, below=f"<p>{line}</p>") for r in SIX)))) == truth(SIX)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "&#x2028;", "&#x85;", "\n", "<br>"])
def test_a_title_is_one_line(mark):
    html = page(WRAPPINGS[min(set(WRAPPINGS) - RUN_ON)](SIX), after=PAGER)
    title = SIX[0].title
    read = read_page(html.replace(title, title.replace("年", f"年{mark}")).encode(), url=URL)
    assert len(read.entries) == 6
    assert all("\n" not in entry.title for entry in read.entries)


def test_a_category_before_a_title_and_a_date_behind_it():
    row = (
        '[<b><a href="/c/3">虚构报告</a></b>] <a href="{}">{}</a><span><small>日期：</small>2025-09-09 08:00:00</span>'
    )
    reports = [
        replace(r, title=title)
        for r, title in zip(SIX, ["艾媒咨询 | 虚构报告 9", *(r.title for r in SIX[1:])], strict=True)
    ]
    body = "".join(
        f"<li>{row.format(r.path, e(r.title))}<p>{'<br>'.join(map(e, r.zh + r.en))}</p></li>" for r in reports
    )
    assert texts(read(page(f"<ul>{body}</ul>"))) == truth(reports)


# --- advertisements ------------------------------------------------------------------------------------------------------------

OFFER = "虚构的峰会正在报名，限时八折优惠，名额有限，先到先得。" * 3
OFFER_EN = "Join the invented summit now and meet more than two hundred invented speakers."
ADVERTISEMENTS = {
    "another site": f'<a href="http://ads.example/c?id=9"><h3>虚构的峰会火热报名中</h3><p>{OFFER}</p><p>{OFFER_EN}</p></a><i>广告</i>',
    "so labelled": f'<div class="ad-box"><h3>虚构的峰会火热报名中</h3><p>{OFFER}</p><p>{OFFER_EN}</p></div>',
}


@pytest.mark.parametrize("name", ADVERTISEMENTS)
@pytest.mark.parametrize("after", [1, 5])
def test_an_advertisement_among_the_entries_is_none(name, after):
    items = [f"<li>{entry(r)[13:-6]}</li>" for r in SIX]
    items.insert(after, f"<li>{ADVERTISEMENTS[name]}</li>")
    reading = read(page(f"<ul>{''.join(items)}</ul>"))
    assert texts(reading) == truth(SIX)
    assert reading.unread == ()


def test_an_advertisement_in_flat_markup_belongs_to_no_entry():
    flat = [entry(r)[13:-6] for r in SIX]
    flat.insert(
        2, f'<div class="ad"><a href="http://ads.example/c?id=9"><img alt=ad>{OFFER}</a><span>广告</span></div>'
    )
    assert texts(read(page(f"<div>{''.join(flat)}</div>"))) == truth(SIX)


# --- what stands beside the list ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 6])
@pytest.mark.parametrize(
    "pager", ["", '<p><a href="?page=2">2</a> <a href="?page=3">3</a> <a href="?page=2">下一页</a></p>']
)
def test_the_end_of_a_flat_page_is_no_entry(count, pager):
    reports = SIX[:count]
    foot = "<p>© 2025 虚构网 版权所有 京ICP备00000号</p><p>关于我们：本站为测试而虚构，从未存在，也不提供任何数据服务。</p>"
    markup = f"<html><body><h1>关于“x”的报告</h1>{headings_and_paragraphs(reports)}{pager}{foot}</body></html>"
    assert texts(read(markup)) == truth(reports)


@pytest.mark.parametrize("count", [1, 2, 6])
@pytest.mark.parametrize("first", [True, False])
def test_a_hot_list_in_the_same_markup_is_no_list(count, first):
    main = "<div class=main>" + "".join(map(entry, SIX[:count])) + "</div>"
    hot = (
        "<div class=hot>"
        + "".join(f'<div class=c><h3><a href="{r.path}">{e(r.title)}</a></h3></div>' for r in TEN[3:])
        + "</div>"
    )
    assert texts(read(page(hot + main if first else main + hot))) == truth(SIX[:count])


@pytest.mark.parametrize("label", ["side", "c9"])
def test_recommendations_with_a_little_text_are_no_entries(label):
    teasers = "".join(
        f'<div class=rec><h4><a href="{r.path}">{e(r.title)}</a></h4><p>{r.zh[0][:30]}…</p><p>{r.en[0][:60]}…</p></div>'
        for r in TEN[6:]
    )
    reports = [replace(r, zh=r.zh * 3, en=r.en * 3) for r in SIX]
    reports = [
        replace(
            r, zh=tuple(f"{n}。{z}" for n, z in enumerate(r.zh)), en=tuple(f"No. {n}: {z}" for n, z in enumerate(r.en))
        )
        for r in reports
    ]
    assert texts(read(page(f"<div>{''.join(map(entry, reports))}</div><div class={label}>{teasers}</div>"))) == truth(
        reports
    )


@pytest.mark.parametrize("form", [entry, lambda r: f'<h3><a href="{r.path}">{e(r.title)}</a></h3>{ps(r.zh)}{ps(r.en)}'])
def test_a_link_to_another_report_inside_a_sentence_is_text(form):
    name = "艾媒咨询 | 2024年中国虚构报告"
    reports = [replace(r, zh=(f"{r.zh[0]}详见{name}的分析。", *r.zh[1:])) for r in SIX]
    body = "".join(map(form, reports)).replace(name, f'<a href="/repo1-0/77.html">{name}</a>')
    assert texts(read(page(body))) == truth(reports)


def test_chinese_only_in_a_form_with_a_page_wrapper():
    reports = [replace(r, en=()) for r in SIX]
    assert texts(read(page(f"<form><div class=page>{''.join(map(entry, reports))}</div></form>"))) == truth(reports)


@pytest.mark.parametrize("body", ["<p>暂无数据</p>", "<ul></ul>", HOT, PAGER])
def test_an_empty_listing_is_an_empty_page(body):
    reading = read(page(body))
    assert isinstance(reading, Page), reading
    assert reading.entries == ()


def test_the_frame_tells_the_same_listing_from_another_page():
    whole, past = read(page(cards(SIX), after=PAGER)), read(page("<p>没有更多了</p>"))
    assert whole.frame
    assert whole.frame <= past.frame
    assert not any(character.isdigit() for text in whole.frame for character in text)
    assert not whole.frame & {r.title for r in SIX}


def test_a_page_cut_short_is_not_closed():
    markup = page(cards(SIX))
    assert read(markup).closed
    assert read(markup + "<!-- served in 3 ms -->\n").closed
    reading = read(markup[: len(markup) // 2])
    assert isinstance(reading, Refused)
    assert (reading.kind, "cut short" in reading.reason) == ("error", True)


@pytest.mark.parametrize(
    "around",
    [
        "<article><h2>{title}</h2>{text}<footer>{link}</footer></article>",
        "<li><div><h3>{title}</h3>{text}</div><a class=btn href={href}>购买报告</a></li>",
        "<li><div class=pic><a href={href}><img src=1.png></a></div><div><h3>{title}</h3>{text}</div></li>",
        "<table><tr><td><b>{title}</b><br>{text}</td><td>{link}</td></tr></table>",
    ],
)
def test_a_last_page_with_one_entry_and_its_link_apart_from_its_text(around):
    r = SIX[0]
    entry = around.format(
        title=e(r.title), text=ps(r.zh) + ps(r.en), href=r.path, link=f"<a href={r.path}>查看详情</a>"
    )
    reading = read(page(f"<div class=list>{entry}</div>"))
    assert isinstance(reading, Page), reading
    assert [one.key.partition(":")[2] for one in reading.entries] == [str(r.id)]


@pytest.mark.parametrize(
    "beside",
    [
        f"<div><a href=/repo9-0/9.html>{SIX[1].title}</a></div>",
        "<div class=side-hot><a href=/repo9-0/9.html><img src=9.png></a></div>",
        "<aside><a href=/repo9-0/9.html>查看详情</a></aside>",
    ],
)
def test_the_only_entry_has_no_link_and_another_report_is_linked_beside_it(beside):
    r = SIX[0]
    reading = read(page(f"<div><div class=list><h3>{e(r.title)}</h3>{ps(r.zh)}{ps(r.en)}</div>{beside}</div>"))
    assert isinstance(reading, Page), reading
    assert [one.key.partition(":")[0] for one in reading.entries] == ["title"]


SCRIPT = "<script>" + "s += '<div>advertisement';\n" * 200 + "</script>"


@pytest.mark.parametrize(
    "change",
    [
        lambda top, shown, end: f"{top}<div><div><ul>{shown}{end}{SCRIPT}",
        lambda top, shown, _: f"{top}<div><form action=/s><input name=q></form>{shown}<div>© 2025</div>\n",
        lambda top, shown, _: f"{top}<div class=clear /><div class=clear /><div class=clear />{shown}<p>© 2025",
        lambda top, shown, _: f"{top}<a data-box=\"<div><script src='x'>\" href=/x>x</a>{shown}<p>1 < 2",
        lambda top, shown, _: f"{top}<!-- <div> --!><!--[if !IE]><!--><div><!--<![endif]-->{shown}</DIV><p>© 2025",
        lambda top, shown, _: f"{top}<script><!--\nif (a<b) s = '<ul><div>'\n//--></script>{shown}<p>© 2025",
        lambda _, shown, __: shown,
    ],
)
def test_a_sloppy_page_is_no_page_cut_short(change):
    markup = page("<i>|</i>" + cards(SIX) + "<i>|</i>")
    reading = read(change(*markup.split("<i>|</i>")))
    assert isinstance(reading, Page), reading
    assert (len(reading.entries), reading.closed) == (6, False)


@pytest.mark.parametrize("end", ["", "<p>© 2025", "<!-- <div> -->", "<script>s = '<div>'</script>", "\n<br>"])
def test_a_page_that_never_closes_its_body_is_whole(end):
    markup = page(cards(SIX))
    reading = read(markup[: markup.lower().index("</body>")] + end)
    assert isinstance(reading, Page), reading
    assert (len(reading.entries), reading.closed) == (6, False)


# --- refusals ----------------------------------------------------------------------------------------------------------------------

UNTITLED = [f'<li>{ps(r.zh)}{ps(r.en)}<a href="{r.path}">查看详情</a></li>' for r in SIX]
TITLED = [
    f'<li><h3><a href="{r.path}">{e(r.title)}</a></h3>{ps(r.zh)}{ps(r.en)}<a href="{r.path}">查看详情</a></li>'
    for r in SIX
]
REFUSED = {
    "captcha": ("blocked", "<html><title>安全验证</title><body><p>请输入验证码以继续</p><input></body></html>"),
    "slider": ("blocked", page("<div>请拖动下方滑块完成拼图</div>")),
    "too often": ("blocked", "<html><body><h1>访问过于频繁，请稍后再试</h1></body></html>"),
    "your address": ("blocked", "<html><body>您的IP（192.0.2.1）因异常访问已被拦截</body></html>"),
    "challenge": ("blocked", "<html><head><title>Just a moment...</title></head><body><script>x()</script></body></html>"),
    "script only": ("blocked", "<html><head><script>var a='…';</script></head><body></body></html>"),
    "denied": ("blocked", "<html><title>Access Denied</title><body>You don't have permission.</body></html>"),
    "login": ("login", "<html><title>用户登录</title><body><form><input name=u><input type=password></form></body></html>"),
    "login first": ("login", page("<p>请先登录后查看报告列表</p>")),
    "busy": ("error", page("<p>系统繁忙，请稍后再试</p>")),
    "missing": ("error", page("<h2>您访问的页面不存在</h2>")),
    "maintenance": ("error", "<html><title>网站维护中</title><body><p>系统升级维护，预计2小时</p></body></html>"),
    "server error": ("error", "<html><title>500</title><body><h1>Internal Server Error</h1></body></html>"),
    "database": ("error", "<html><body>SQLSTATE[HY000] [2002] Connection refused</body></html>"),
    "nothing": ("unreadable", ""),
    "blank": ("unreadable", " \n\t "),
    "json": ("unreadable", '{"code":0,"list":[]}'),
    "pdf": ("unreadable", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj <<>> endobj"),
    "plain text": ("unreadable", "虚构的纯文本，没有任何标签。"),
    "no charset fits": ("unreadable", b"<html><body>" + b"\x80\xff" * 999),
    "encoded twice": ("unreadable", page(cards(TEN)).encode().decode("latin-1").encode()),
    "encoded twice, Windows": ("unreadable", page("çš„ çš„ çš„ çš„")),
    "question marks": ("unreadable", re.sub("[\u4e00-\u9fff]", "?", page(cards(SIX)))),
    "damaged title": ("unreadable", page(cards(SIX)).encode().replace("纸灯笼行业".encode(), b"\xe7\xba\xb8\xff")),
    "damaged summary": ("unreadable", page(cards(SIX)).encode().replace("排队".encode(), b"\xff\xfe")),
    "no titles at all": ("unreadable", page(f"<ul>{''.join(UNTITLED)}</ul>")),
    "one title among many": ("unreadable", page(f"<ul>{TITLED[0]}</ul><ul>{''.join(UNTITLED[1:])}</ul>")),
    "half the titles": ("unreadable", page("<ul>" + "".join(pair[n % 2] for n, pair in enumerate(zip(TITLED, UNTITLED, strict=True))) + "</ul>")),
    "a title missing in flat markup": (
        "unreadable",
        page("".join((TITLED if n != 2 else UNTITLED)[n][4:-5] for n in range(6))),
    ),
    "too many attributes": ("hostile", page("<a " + " ".join(f"a{n}=1" for n in range(40_000)) + ">x</a>")),
    "attributes behind a quoted bracket": ("hostile", page('<a title=">" ' + " ".join(f"a{n}" for n in range(400)) + ">x</a>")),
    "too deep": ("hostile", page("<div>" * 300)),
    "too deep with list items": ("hostile", page("<dd><li>" * 300)),
    "too many tags": ("hostile", page("<br>" * 120_000)),
    "too long": ("hostile", page("x" * (8 << 20))),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    kind, markup = REFUSED[name]
    reading = read(markup)
    assert isinstance(reading, Refused), reading.entries
    assert reading.kind == kind, reading.reason
    assert 10 < len(reading.reason) < 250
    assert "\n" not in reading.reason


def test_content_types_that_are_no_page():
    reading = read(page(cards(SIX)), content_type="application/pdf")
    assert isinstance(reading, Refused)
    assert reading.kind == "unreadable"


def test_one_untitled_entry_is_counted_and_does_not_spoil_the_page():
    body = "".join(UNTITLED[n] if n == 3 else TITLED[n] for n in range(6))
    assert texts(read(page(f"<ul>{body}</ul>"))) == truth(
        [replace(r, title="" if n == 3 else r.title) for n, r in enumerate(SIX)]
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("place", [0, 3, 5])
def test_what_looks_like_an_entry_and_is_read_as_none_is_told(language, place):
    """Without a link and in one language alone it could be anything; nobody may think that it was seen."""
    odd = SIX[place]
    text = ps(odd.zh if language == "zh" else odd.en)
    items = [entry(r) for r in SIX]
    items[place] = f"<div class=c><h3>{e(odd.title)}</h3>{text}</div>"
    reading = read(page(f"<div>{''.join(items)}</div>"))
    assert texts(reading) == truth(r for r in SIX if r is not odd)
    assert reading.unread == (odd.title[:40],)


def test_words_of_refusal_inside_a_listing_prove_nothing():
    login = '<form class=login>请登录<input type=password><a href="/login">请先登录</a></form><p>系统维护公告：访问过于频繁者须输入验证码</p>'
    reports = [replace(r, title=f"{r.title}：验证码、登录与404 Not Found") for r in SIX]
    assert texts(read(page(cards(reports), before=login, after=login))) == truth(reports)


@pytest.mark.parametrize(
    "start", ["<p><font><b><td><td><td><li>", "<DIV>", "<CENTER><FONT SIZE=2>", "<TABLE><TR><TD>", "<BLOCKQUOTE><P>"]
)
def test_elements_that_nobody_closes_lengthen_every_path(start):
    body = "".join(f"{start}<a href={r.path}>{e(r.title)}</a>{ps(r.zh)}{ps(r.en)}</b>" for r in SIX)
    assert texts(read(page(body))) == truth(SIX)


@pytest.mark.parametrize(
    "unit", ["<", "<a", "<a href='", '<a b="', "<!--", "<!-", "</", "&", "<p>", "<b>", "<td>", "'\"", "=", "<a =", "<a /", "<script>", "中", "a ", "1 ", "| ", "<a href=/repo1-1/1.html>x</a>"]
)  # fmt: skip
def test_linear_on_repetition(unit):
    started = time.process_time()
    reading = read("<html><body>" + unit * (400_000 // len(unit)))
    assert isinstance(reading, (Page, Refused))
    assert time.process_time() - started < 20  # what is linear takes a second at most, what is square minutes


BYTES = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [b"<", b">", b"</", b"<p>", b"<a href=", b"'", b'"', b"=", b"/repo1-1/5.html", b"<!--", b"-->", b"&#xD800;", b"\x00", b"\xff",
             b"\xe4\xb8", b"<base href=//[::1>", b"<select><option value=?a=1>2", b"<table><tr><td>", "虚构。".encode(), b"An invented sentence is here. ",
             b"javascript:go(3)", b"<a onclick=\"x('/repo1-1/6.html')\">", b"<hr>", b"<h3>", b"<pre>\n\n"]
        ),
        max_size=60,
    ).map(b"".join),
)  # fmt: skip


@given(BYTES, st.sampled_from([None, "text/html; charset=gbk", "text/html;charset=hex", ""]))
@settings(max_examples=300, deadline=None)
def test_never_raises(body, content_type):
    assert isinstance(read_page(body, url=URL, content_type=content_type), (Page, Refused))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_listing_never_raises(data):
    body = bytearray(page(WRAPPINGS[data.draw(st.sampled_from(sorted(WRAPPINGS)))](SIX[:3]), after=PAGER).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 60))] = data.draw(
            st.sampled_from([b"", b"<", b"<div>", b"\xff", b"</ul>", b'"', b"<a href=/repo1-1/5.html>"])
        )
    assert isinstance(read_page(bytes(body), url=URL), (Page, Refused))


@pytest.mark.parametrize("comment", ["<!--{}-->", "<!--a - b -{}--!>", "<!---{}-->", "<!--{}"])
def test_tags_in_a_comment_are_none(comment):
    from archive.pages.guard import find_hostility

    assert find_hostility(comment.replace("{}", "<div>-" * 400)) is None
    assert "nested" in find_hostility(comment.replace("{}", "x-y") + "--><!-->" + "<div>-" * 400)
