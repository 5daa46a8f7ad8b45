"""What a page says of its neighbours, in the many ways sites say it. All pages are invented."""
# ruff: noqa: E501 - markup stands in one line, as sites write it

import pytest

from archive.model import Page
from archive.pages import read_page
from tests.inventions import catalogue
from tests.wrappings import cards, page

HOST = "https://report.example.cn"
TAG = "/tag/x"
URL = HOST + TAG


def pager_of(markup, *, url=URL, head="", before=""):
    reading = read_page(page(cards(catalogue(3)), head=head, before=before, after=markup).encode(), url=url)
    assert isinstance(reading, Page), reading
    assert len(reading.entries) == 3
    return reading.pager


def q(number):
    return f"{TAG}?page={number}"


def links(*numbers, form=q):
    return "".join(f'<a href="{form(number)}">{number}</a>' for number in numbers)


CASES = {
    # what the tuples hold: markup, then number, last, next_url, template and more of the pager
    "gap": (
        f"<ul><li class=active><span>1</span></li><li>{links(2, 3, 4, 5, 6)}</li><li>…</li><li>{links(77)}</li></ul>",
        1, 77, "?page=2", "?page={page}", False,
    ),
    "no gap shown": (f"<div><b>1</b> {links(2, 3, 4, 5, 6, 77)}</div>", 1, 77, "?page=2", "?page={page}", False),
    "next word": (f'<p><a href="{q(2)}">下一页</a></p>', None, None, "?page=2", None, False),
    "next in English": (f'<p><a href="{q(2)}">Next page →</a></p>', None, None, "?page=2", None, False),
    "next and last": (
        f'<p>首页 上一页 <a href="{q(2)}">下一页</a> <a href="{q(77)}">尾页</a></p>', None, 77, "?page=2", None, False,
    ),
    "arrows": (f'<p><b>2</b> <a href="{q(1)}">‹</a> <a href="{q(3)}">›</a></p>', 2, 2, "?page=3", None, False),
    "rel on a link": (f'<a rel="next" href="{q(2)}">older</a>', None, None, "?page=2", None, False),
    "icon with a label": (
        f'<div class=pg><a aria-label="下一页" href="{q(2)}"><i class=ico></i></a></div>', None, None, "?page=2", None, False,
    ),
    "icon with a class": (f'<div class=pages><a class="btn-next" href="{q(2)}"></a></div>', None, None, "?page=2", None, False),
    "picture": (f'<p><a href="{q(2)}"><img src=n.gif alt="下一页"></a></p>', None, None, "?page=2", None, False),
    "total behind": (f'<div>第1页/共77页 <a href="{q(2)}">下页</a></div>', 1, 77, "?page=2", None, False),
    "total as a fraction": (f'<div class=page>3/77 <a href="{q(4)}">下一页</a></div>', 3, 77, "?page=4", None, False),
    "total in English": (f'<div>Page 3 of 77 <a href="{q(4)}">Next</a></div>', 3, 77, "?page=4", None, False),
    "total of entries is no page": (f'<div>共95条 <a href="{q(2)}">下一页</a></div>', None, None, "?page=2", None, False),
    "disabled next": (
        f'<div>{links(1, 2)}<span class=current>3</span><a class="next disabled" href="{q(4)}">下一页</a></div>',
        3, 3, None, "?page={page}", False,
    ),
    "next to nowhere": ('<div><b>1</b><a href="javascript:;">下一页</a></div>', None, None, None, None, False),
    "next to itself": (f'<div><a href="{TAG}">下一页</a></div>', None, None, None, None, False),
    "next to another host": ('<div class=page><a href="https://ads.example/2">下一页</a></div>', None, None, None, None, False),
    "next report": ('<p>下一篇：<a href="/repo1-0/7.html">虚构</a> <a href="/repo1-0/8.html">下一篇</a></p>', None, None, None, None, False),
    "carousel": ('<a class="carousel-prev" href="#c">‹</a><a class="carousel-next" href="#c">›</a>', None, None, None, None, False),
    "script": (
        '<div class=pager><b>1</b><a href="#" data-page="2">2</a><a href="javascript:void(0)" data-page=77>77</a></div>',
        1, 77, None, None, True,
    ),
    "script calls": (
        ('<div class=pager><span class=on>1</span><a href="javascript:goPage(2)">2</a><a href="javascript:goPage(3)">3</a>'
        '<a href="javascript:goPage(2)">下一页</a></div>'),
        1, 3, None, None, True,
    ),
    "script, last page": (
        '<div class=pager><a href="javascript:goPage(1)">1</a><a href="javascript:goPage(2)">2</a><span class=on>3</span></div>',
        3, 3, None, None, False,
    ),
    "path": (f"<div class=pages><b>1</b>{links(2, 3, form=lambda n: f'/tag/x/{n}')}</div>", 1, 3, "/2", "/{page}", False),
    "path with a word": (f"<div><b>1</b>{links(2, 3, form=lambda n: f'/tag/x/page/{n}/')}</div>", 1, 3, "/page/2/", "/page/{page}/", False),
    "path file": (f"<div><b>1</b>{links(2, 3, form=lambda n: f'/tag/x/p{n}.html')}</div>", 1, 3, "/p2.html", "/p{page}.html", False),
    "index file": (f"<div><b>1</b>{links(2, 3, form=lambda n: f'/tag/x/index_{n}.html')}</div>", 1, 3, "/index_2.html", "/index_{page}.html", False),
    "first without a number": (
        f'<div><a href="{TAG}">1</a><b>2</b><a href="{q(3)}">3</a></div>', 2, 3, "?page=3", "?page={page}", False,
    ),
    "junk differs": (
        f"<div><b>1</b>{links(2, 3, form=lambda n: f'{q(n)}&_t={n * 7919}&sid=a{n}')}</div>", 1, 3, "?page=2&_t=15838&sid=a2", "?page={page}&_t=23757&sid=a3", False,
    ),
    "offset": (f"<div class=page><b>1</b>{links(2, 3, form=lambda n: f'{TAG}?start={(n - 1) * 10}')}</div>", 1, 3, "?start=10", None, False),
    "select": (
        f'<select><option value="{q(1)}" selected>第1页</option><option value="{q(2)}">第2页</option><option value="{q(3)}">第3页</option></select>',
        1, 3, "?page=2", "?page={page}", False,
    ),
    "load more": ('<button class="more">加载更多</button>', None, None, None, None, True),
    "calendar": (
        "<table class=calendar><tr><td>日<td>一<td>二</tr><tr>" + "".join(f'<td><a href="/d?day={n}">{n}</a>' for n in range(1, 31)) + "</table>",
        None, None, None, None, False,
    ),
    "stars": ("<div class=rating>" + "".join(f'<a href="/rate?score={n}">{n}</a>' for n in range(1, 6)) + "</div>", None, None, None, None, False),
    "years": ("<div>年份：" + links(2023, 2024, 2025, form=lambda n: f"{TAG}?year={n}") + "</div>", None, None, None, None, False),
    "nothing": ("", None, None, None, None, False),
    "blanks in a word": (f'<p><a href="{q(2)}">下 一&nbsp;页</a></p>', None, None, "?page=2", None, False),
    "other word": (f'<p><a href="{q(2)}">次页</a></p>', None, None, "?page=2", None, False),
    "older": (
        f'<p><a href="{q(4)}">← 较早文章</a></p><p><a href="{q(2)}">较新文章 →</a></p>', None, None, "?page=4", None, False,
    ),
    "script to an address": (f"""<p><button onclick="location.href='{q(2)}'">下一页</button></p>""", None, None, "?page=2", None, False),
    "script puts an address together": (
        """<p><a href="javascript:;" onclick="location.href='?page=' + next()">下一页</a></p>""", None, None, None, None, True,
    ),
    "script turns the page": ('<p><a href="javascript:turn()">下一页</a></p>', None, None, None, None, True),
    "script says that this was the last": (
        """<p><a href="javascript:alert('没有了')">下一页</a></p>""", None, None, None, None, False,
    ),
    "script behind a window of numbers": (
        '<div class=pager><a href="javascript:go(1)">1</a><a href="javascript:go(2)">2</a><b>3</b><a href="javascript:turn()">下一页</a></div>',
        3, 4, None, None, True,
    ),
    "script on the announced last page": (
        '<div class=pager><a href="javascript:go(2)">2</a><b>3</b><a href="javascript:turn()">下一页</a> 共3页</div>', 3, 3, None, None, False,
    ),
    "last page in an attribute": ("<div id=pager data-total-pages=7></div>", None, 7, None, None, True),
    "last page of a jump box": ("<p>到第<input type=number name=page min=1 max=9>页</p>", None, 9, None, None, True),
    "total and size": ("<p>共找到 25 个结果，每页 10 条</p>", None, 3, None, None, True),
    "total and size for a script": ("<div class=pager data-total=25 data-page-size=10></div>", None, 3, None, None, True),
}  # fmt: skip

ONWARD = {
    # link text, path and query: what leads on because of its address
    "more": ("查看更多", "?page=2"),
    "a picture": ("<img src=n.gif>", "?page=2"),
    "nonsense": ("翻", "?pageNo=2"),
    "step": ("去", "/page/2/"),
    "short step": ("去", "/p2.html"),
    "index file": ("去", "/index_2.html"),
    "bare step": ("More", "/2"),
    "suffix": ("继续浏览", "_2.shtml"),
    "offset": ("更多报告", "?start=10"),
    "session junk": ("翻", "?_t=77&page=2"),
}
NOT_ONWARD = {
    "another page of it": ("翻", "?page=3"),
    "a year": ("更多", "?year=2"),
    "another order": ("更多", "?sort=new&page=2"),
    "another listing": ("更多", "-about/page/2"),
    "a number that may be anything": ("餐饮", "/2"),
    "an offset that may be anything": ("餐饮", "?from=10"),
}
TOTALS = {
    "heading": ("<h2>关于“x”的报告（共 1,234 篇）</h2>", 1234),
    "search": ("<p>找到相关结果约 95 条</p>", 95),
    "beside a pager": (f'<div>总数：95 <a href="{q(2)}">下一页</a></div>', 95),
    "English": ("<p>Showing 1-3 of 95 reports</p>", 95),
    "attribute": ('<div class="pager" data-total="95"></div>', 95),
    "no more than shown": ("<p>共 3 条</p>", None),
    "of the site": ("<p>本站共收录 12345 份报告</p>", None),
    "of a comment box": ("<p>共 95 条评论</p>", None),
    "of another listing": ('<p><a href="/tag/y">餐饮（共 95 篇）</a></p>', None),
    "pages": ("<p>总数：95 页</p>", None),
}


@pytest.mark.parametrize("name", ONWARD)
def test_an_address_leads_on_whatever_its_text(name):
    text, path = ONWARD[name]
    assert pager_of(f'<div><a href="{TAG}{path}">{text}</a></div>').next_url == URL + path


@pytest.mark.parametrize("name", NOT_ONWARD)
def test_an_address_that_proves_nothing_does_not_lead_on(name):
    text, path = NOT_ONWARD[name]
    assert pager_of(f'<div><a href="{TAG}{path}">{text}</a></div>').next_url is None


def test_an_address_leads_on_from_where_the_page_is():
    link = "<p><a href='/tag/x/list-{0}.html'>更多</a> <a href='/tag/x?page={0}'>更多</a></p>".format
    assert pager_of(link(5), url=f"{URL}/list-4.html").next_url == f"{URL}/list-5.html"
    assert pager_of(link(5), url=f"{URL}?page=4").next_url == f"{URL}?page=5"
    assert pager_of(link(4), url=f"{URL}?page=4").next_url is None
    assert pager_of(link(5), url=f"{HOST}/tag/4").next_url is None


@pytest.mark.parametrize("name", TOTALS)
def test_total_of_reports(name):
    markup, total = TOTALS[name]
    assert pager_of(markup).total == total


@pytest.mark.parametrize("name", CASES)
def test_pager(name):
    markup, number, last, following, template, more = CASES[name]
    pager = pager_of(markup)
    assert pager.number == number
    assert pager.last == last
    assert pager.next_url == (URL + following if following else None)
    assert pager.template == (URL + template if template else None)
    assert pager.more is more


def test_number_links_are_absolute_and_ascending():
    pager = pager_of(f"<div>{links(77, 3, 2)}<b>1</b></div>")
    assert pager.links == ((2, f"{URL}?page=2"), (3, f"{URL}?page=3"), (77, f"{URL}?page=77"))


def test_a_link_in_the_head_is_enough():
    assert pager_of("", head=f'<link rel="next" href="{q(2)}">').next_url == f"{URL}?page=2"


def test_base_href_is_honoured():
    reading = pager_of('<p><a href="x?page=2">下一页</a></p>', head=f'<base href="{HOST}/tag/">')
    assert reading.next_url == f"{URL}?page=2"


def test_the_tag_itself_is_never_the_page_number():
    form = "/tag/2?page={}".format
    pager = pager_of(f"<div><a href='/tag/2'>1</a><b>2</b>{links(3, form=form)}</div>", url=f"{HOST}/tag/2?page=2")
    assert pager.template == f"{HOST}/tag/2?page={{page}}"


def test_braces_in_an_address_do_not_break_its_template():
    pager = pager_of(f"<div><b>1</b>{links(2, 3, form='/tag/x?f={{a}}&page={}'.format)}</div>")
    assert pager.template is not None
    assert pager.template.format(page=9) == f"{URL}?f=%7Ba%7D&page=9"


def test_two_pagers_and_a_select_are_one():
    numbers = f"<div class=page><b>1</b>{links(2, 3)}<a href='{q(2)}'>下一页</a></div>"
    chooser = "<select>" + "".join(f'<option value="{q(n)}">{n}</option>' for n in range(1, 12)) + "</select>"
    pager = pager_of(numbers + chooser, before=numbers)
    assert (pager.number, pager.last, pager.next_url) == (1, 11, f"{URL}?page=2")


def test_number_links_inside_entries_are_footnotes():
    noted = cards(catalogue(3)).replace("虚构", '虚构<sup><a href="?page=8">8</a><a href="?page=9">9</a></sup>')
    reading = read_page(page(noted).encode(), url=URL)
    assert isinstance(reading, Page)
    assert reading.pager.last is None
    assert reading.pager.next_url is None


def test_more_from_a_leap_to_the_next_five():
    five = "<div><a href='/tag/x?page=1'>1</a><a href='/tag/x?page=4'>4</a><b>5</b> <a href='/tag/x?page=6'>后五页</a></div>"
    pager = pager_of(five, url=f"{URL}?page=5")
    assert (pager.number, pager.last, pager.next_url) == (5, 6, f"{URL}?page=6")
