"""Everything a server may do to a crawl, done by a server."""

import contextlib
import gzip
import itertools
import socket
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

import pytest

from archive.replica import Answer, serve
from archive.replica.markup import captcha
from tests.crawls import (
    PAGE_1,
    PAGE_2,
    TAG,
    Archive,
    answer,
    half_body,
    hang,
    make_site,
    redirect,
    reset,
    say_raw,
)

HERE = "tag:" + TAG


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "data")


def crawl(archive, faults=None, *, pages=3, settings=None, delay=0.0, **site):
    with serve(make_site(pages, faults=faults, **site)) as served:
        crawled = archive.crawl(served.url(TAG), settings=settings, delay=delay)
        return crawled, served.requests


def crawl_each(archive, faults, *, settings=None):
    """One crawl of as many listings as there are faults, each on page 2 of its own; listing → stop, requests."""
    site = make_site(3)
    everything = site.listings.pop(TAG)
    site.listings = {f"标签{number}": list(everything) for number in range(len(faults))}
    by_path = {f"/tag/标签{number}": fault for number, fault in enumerate(faults)}
    site.faults = lambda request: by_path[request.path] if "page=2" in request.target else None
    with serve(site) as served:
        urls = [served.url(tag) for tag in site.listings]
        crawled = archive.crawl(*urls, settings=settings)
        assert crawled.code == 0, crawled.said
        assert crawled.ended
        asked = Counter(request.path for request in served.requests if "page=2" in request.target)
    stops = [crawled.stops["tag:" + tag] for tag in site.listings]
    return stops, [asked["/tag/" + tag] for tag in site.listings]


def test_a_healthy_night(archive):
    crawled, requests = crawl(archive)
    assert (crawled.code, crawled.said, crawled.printed) == (0, "", "")
    assert crawled.stop is None
    assert crawled.ended
    assert crawled.pages == [1, 2, 3, 1]
    assert next(request.path for request in requests) == "/robots.txt"
    assert len(requests) == 5


def test_many_pages_come_over_one_connection(archive):
    crawled, requests = crawl(archive, pages=25)
    assert crawled.failures == []
    assert crawled.stop is None
    assert len(requests) == 27


def test_odd_headers_are_archived(archive):
    head = "HTTP/1.1 200 好的\r\nX-Title: 中文\r\nX-Empty:\r\nno colon here\r\nX-Fold: a\r\n b\r\nX: 1\r\nX: 2\r\n"
    body = make_site().page(TAG, 2)
    raw = head.encode() + b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    crawled, _ = crawl(archive, {PAGE_2: say_raw(raw)})
    assert crawled.code == 0, crawled.said
    assert crawled.stop is None
    assert crawled.pages == [1, 2, 3, 1]


def test_what_is_sent(archive):
    _, requests = crawl(archive, pages=1)
    for request in requests:
        headers = request.headers
        assert headers["user-agent"] == "baogao/0.1 (test)"
        assert headers["accept-language"] == "zh-CN,zh;q=0.9,en;q=0.8"
        assert headers["accept-encoding"] == "gzip, deflate"
        assert not {"cookie", "referer", "authorization"} & headers.keys()


def test_cookies_are_not_sent_back(archive):
    site = {"/robots.txt": answer(200, "User-agent: *\n", Set_Cookie="a=b; Path=/")}
    _, requests = crawl(archive, site)
    assert not any("cookie" in request.headers for request in requests)


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_passing_error_is_asked_again(archive, status):
    crawled, requests = crawl(archive, {PAGE_2: [answer(status), answer(status)]})
    assert crawled.code == 0
    assert crawled.stop is None
    assert [status for page, status, _ in crawled.captures if page == 2] == [status, status, 200]
    assert len(requests) == 7


@pytest.mark.parametrize("fault", [reset, half_body], ids=["reset", "half a body"])
def test_a_passing_network_fault_is_asked_again(archive, fault):
    crawled, _ = crawl(archive, {PAGE_2: [fault, fault]})
    assert crawled.stop is None
    assert [failure["page"] for failure in crawled.failures] == [2, 2]


LASTING = {
    "500": (answer(500), "the server answered 500"),
    "503": (answer(503), "the server answered 503"),
    "reset": (reset, "Connection"),
    "half a body": (half_body, "the connection ended in the middle of the body"),
    "no HTTP": (say_raw(b"hello\r\n\r\n"), ""),
    "nothing": (say_raw(b""), "Connection was closed cleanly"),
    "bad chunk": (say_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), ""),
    "bad length": (say_raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), ""),
    "1 MB header": (say_raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n"), ""),
}


def test_a_lasting_fault_ends_the_walk_after_two_repetitions(archive):
    stops, asked = crawl_each(archive, [fault for fault, _ in LASTING.values()])
    assert dict(zip(LASTING, asked, strict=True)) == dict.fromkeys(LASTING, 3)
    for stop, (name, (_, said)) in zip(stops, LASTING.items(), strict=True):
        assert stop.startswith("fetch error: page 2: " + said), name
        assert len(stop) > len("fetch error: page 2: "), name
        assert "0x" not in stop, name
        assert "Failure" not in stop, name


def test_a_final_status_is_not_asked_again(archive):
    statuses = (404, 410, 400, 206, 999)
    stops, asked = crawl_each(archive, [answer(status, "<html>no") for status in statuses])
    assert stops == [f"fetch error: page 2: the server answered {status}" for status in statuses]
    assert asked == [1] * len(statuses)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_ends_everything_on_that_host_at_once(archive, status):
    site = make_site(faults={PAGE_2: answer(status, "<html>go away")})
    for number in list(site.reports)[:5]:
        site.add_tag(number, "另一个")
    with serve(site) as served:
        crawled = archive.crawl(served.url(TAG), served.url("另一个"))
        assert sum("page=2" in request.target for request in served.requests) == 1
        assert not any("另一个" in request.path for request in served.requests)
    assert crawled.code == 0
    assert crawled.stops[HERE].startswith(f"blocked: page 2: the server answered {status}")
    assert crawled.stops["tag:另一个"].startswith(f"blocked: not asked: 127.0.0.1:{served.port} blocked tag:人民日报")
    assert (2, status) in [(page, code) for page, code, _ in crawled.captures]  # archived, as evidence


def test_a_captcha_with_200_ends_everything_on_that_host(archive):
    site = make_site(faults={PAGE_2: Answer.page(captcha())})
    site.add_tag(next(iter(site.reports)), "另一个")
    with serve(site) as served:
        crawled = archive.crawl(served.url(TAG), served.url("另一个"))
        assert len(served.requests) == 3
    assert crawled.stops[HERE].startswith("blocked: page 2")
    assert crawled.stops["tag:另一个"].startswith("blocked: not asked")


def test_a_fetch_error_of_one_listing_leaves_the_next_alone(archive):
    site = make_site(faults={PAGE_2: answer(404)})
    site.add_tag(next(iter(site.reports)), "另一个")
    with serve(site) as served:
        crawled = archive.crawl(served.url(TAG), served.url("另一个"))
    assert crawled.stops[HERE].startswith("fetch error")
    assert crawled.stops["tag:另一个"] is None


def test_a_redirect_to_a_login_is_read_as_one(archive):
    login = "<html><head><title>用户登录</title></head><body><h1>用户登录</h1><form action='/login' method='post'>"
    login += "用户名 <input name='user'> 密码 <input type='password' name='password'> <button>登录</button></form>"
    crawled, _ = crawl(
        archive, {PAGE_2: redirect("/login?next=2"), "/login?next=2": answer(200, login + "</body></html>")}
    )
    assert crawled.stop.startswith("blocked: page 2")
    assert [(status, path) for page, status, path in crawled.captures if page == 2] == [
        (302, f"/tag/{quote(TAG)}?page=2"),
        (200, "/login?next=2"),
    ]


def test_a_hanging_server_is_left_after_the_timeout(archive):
    crawled, _requests = crawl(archive, {PAGE_2: hang}, settings={"DOWNLOAD_TIMEOUT": "0.3"})
    assert crawled.stop == "fetch error: page 2: no complete answer in time"
    assert len(crawled.failures) == 3
    assert crawled.seconds < 5


def test_a_slow_body_is_left_after_the_timeout(archive):
    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                threading.Event().wait(0.05)
        except OSError:
            handler.close_connection = True

    crawled, _ = crawl(archive, {PAGE_2: drip}, settings={"DOWNLOAD_TIMEOUT": "0.3"})
    assert crawled.stop == "fetch error: page 2: no complete answer in time"


def test_nobody_listens(archive):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        crawled = archive.crawl(f"http://127.0.0.1:{taken.getsockname()[1]}/tag/x")
    assert crawled.code == 0
    assert crawled.stop == "fetch error: page 1: the server could not be reached: the connection was refused"


def test_a_body_without_end_mark_is_archived_and_refused(archive):
    def cut(handler):
        body = make_site().page(TAG, 2)
        handler.wfile.write(
            b"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body[: len(body) // 2]
        )
        handler.close_connection = True

    crawled, _ = crawl(archive, {PAGE_2: cut})
    assert crawled.stop.startswith("fetch error: page 2: it ends in the middle")


def test_a_body_that_is_too_large_is_not_taken(archive):
    crawled, requests = crawl(archive, {PAGE_2: answer(200, "x" * 9_000_000)})
    assert crawled.stop == "fetch error: page 2: the body is larger than this crawler takes"
    assert sum("page=2" in request.target for request in requests) == 1


def test_a_gzip_bomb_is_archived_and_refused(archive):
    bomb = Answer(gzip.compress(b"x" * 50_000_000), 200, (("Content-Type", "text/html"), ("Content-Encoding", "gzip")))
    crawled, _ = crawl(archive, {PAGE_2: bomb})
    assert crawled.stop.startswith("refused: page 2")
    assert (2, 200) in [(page, status) for page, status, _ in crawled.captures]


def test_a_compressed_page_is_archived_as_it_came_and_read(archive):
    body = gzip.compress(make_site().page(TAG, 2))
    packed = Answer(body, 200, (("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip")))
    crawled, _ = crawl(archive, {PAGE_2: packed})
    assert crawled.stop is None


@pytest.mark.parametrize(
    "line", [b"X: " + b"x" * 90 + b"\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n"], ids=["headers", "103"]
)
def test_an_endless_head_is_cut(archive, line):
    def pour(handler):
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n" if line.startswith(b"X") else b"")
            while True:
                handler.wfile.write(line * 1000)

    crawled, _ = crawl(archive, {PAGE_2: pour})
    assert crawled.stop == "fetch error: page 2: the head of the answer is larger than this crawler takes"
    assert crawled.seconds < 5


# waiting as asked


def test_retry_after_is_kept(archive):
    crawled, requests = crawl(archive, {PAGE_2: [answer(429, Retry_After="1")]})
    assert crawled.stop is None
    first, second = (request.at for request in requests if "page=2" in request.target)
    assert second - first >= 1.0


def test_retry_after_as_a_date_is_kept(archive):
    def in_two_seconds(handler):
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)  # whole seconds, rounded down
        handler.give(answer(503, Retry_After=date))

    crawled, requests = crawl(archive, {PAGE_2: [in_two_seconds]})
    assert crawled.stop is None
    first, second = (request.at for request in requests if "page=2" in request.target)
    assert 0.9 <= second - first < 5


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_retry_after_ends_the_night_there(archive, status):
    crawled, requests = crawl(archive, {PAGE_2: answer(status, Retry_After="3600")})
    assert crawled.stop == (
        f"blocked: page 2: the server answered {status} and asks to wait 3600 seconds: come back after that"
    )
    assert len(requests) == 3
    assert crawled.seconds < 5


def test_an_absurd_retry_after_ends_the_night_there(archive):
    crawled, _ = crawl(archive, {PAGE_2: answer(429, Retry_After="1" + "0" * 30)})
    assert crawled.stop.startswith("blocked: page 2")
    assert "longer than ten days" in crawled.stop


@pytest.mark.parametrize("value", ["soon", "-5", "1e3"])
def test_a_retry_after_that_says_nothing_is_like_none(archive, value):
    crawled, requests = crawl(archive, {PAGE_2: answer(429, Retry_After=value)})
    assert crawled.stop == "blocked: page 2: the server answered 429 3 times in a row"
    assert sum("page=2" in request.target for request in requests) == 3


def test_all_waits_of_a_night_have_a_limit(archive):
    faults = {PAGE_1: [answer(429, Retry_After="1")], PAGE_2: [answer(429, Retry_After="1")]}
    crawled, _ = crawl(archive, faults, settings={"BAOGAO_PATIENCE_TOTAL": "1.5"})
    assert crawled.stop.startswith(
        "blocked: page 2: the server answered 429 and asks to wait 1 second, after other waits"
    )


def test_a_server_that_asks_to_wait_for_ever_is_left(archive):
    crawled, requests = crawl(archive, {PAGE_2: answer(503, Retry_After="0")})
    assert crawled.stop == "blocked: page 2: the server answered 503 and asks to wait 0 seconds, 3 times in a row"
    assert sum("page=2" in request.target for request in requests) == 3


# robots.txt


ROBOTS = [
    (answer(404), None),
    (answer(410), None),
    (answer(403), None),
    (answer(401), None),
    (answer(200, "<!DOCTYPE html><html><body><h1>首页</h1>User-agent Disallow / </body></html>"), None),
    (answer(200, ""), None),
    ([redirect("/robots2.txt")], None),
    (answer(500), "the server answered 500"),
    (answer(503), "the server answered 503"),
    (answer(503, Retry_After="3600"), "the server answered 503 and asks to wait 3600 seconds"),
    (answer(429), "the server answered 429"),
    (reset, "Connection"),
    (hang, "no complete answer in time"),
    (redirect("/robots.txt"), "redirected more than 5 times"),
    (redirect("http://127.0.0.1:1/robots.txt"), "leads away"),
    (redirect("file:///etc/hosts"), "the server answered 302"),
]


def test_robots(archive):
    """Sixteen servers, sixteen robots.txt, one night."""
    with contextlib.ExitStack() as stack:
        servers = []
        for number, (fault, _) in enumerate(ROBOTS):
            site = make_site(1, faults={"/robots.txt": fault})
            site.listings[f"标签{number}"] = site.listings[TAG]
            servers.append(stack.enter_context(serve(site)))
        urls = [served.url(f"标签{number}") for number, served in enumerate(servers)]
        crawled = archive.crawl(*urls, settings={"DOWNLOAD_TIMEOUT": "0.5"})
        assert crawled.code == 0, crawled.said
        for number, (served, (_, said)) in enumerate(zip(servers, ROBOTS, strict=True)):
            stop = crawled.stops[f"tag:标签{number}"]
            asked = any(request.path.startswith("/tag") for request in served.requests)
            if said is None:
                assert stop is None, number
                assert asked, number
            else:
                assert stop.startswith("blocked: page 1: robots.txt could not be had ("), number
                assert said in stop, number
                assert not asked, number


def test_robots_that_forbids(archive):
    crawled, requests = crawl(archive, robots="User-agent: baogao\nDisallow: /tag/\n")
    assert crawled.stop.startswith("blocked: page 1: robots.txt does not allow http://127.0.0.1")
    assert len(requests) == 1


def test_robots_that_forbids_one_listing_leaves_the_other(archive):
    site = make_site(robots=f"User-agent: *\nDisallow: /tag/{quote(TAG)}\n")
    site.add_tag(next(iter(site.reports)), "另一个")
    with serve(site) as served:
        crawled = archive.crawl(served.url(TAG), served.url("另一个"))
        assert sum(request.path == "/robots.txt" for request in served.requests) == 1
    assert crawled.stops[HERE].startswith("blocked: page 1: robots.txt does not allow")
    assert crawled.stops["tag:另一个"] is None


def test_robots_is_archived(archive):
    crawled, _ = crawl(archive, pages=1)
    assert crawled.captures[0] == (None, 200, "/robots.txt")


def test_a_large_robots_file_is_read(archive):
    crawled, _ = crawl(archive, robots="#" * 400_000 + "\nUser-agent: *\nDisallow: /\n")
    assert crawled.stop.startswith("blocked: page 1: robots.txt does not allow")


def test_a_packed_robots_file_is_read(archive):
    body = gzip.compress(b"User-agent: *\nDisallow: /\n")
    packed = Answer(body, 200, (("Content-Type", "text/plain"), ("Content-Encoding", "gzip")))
    crawled, _ = crawl(archive, {"/robots.txt": packed})
    assert crawled.stop.startswith("blocked: page 1: robots.txt does not allow")


def test_crawl_delay_is_kept_as_the_server_sees_it(archive):
    crawled, requests = crawl(archive, robots="User-agent: *\nCrawl-delay: 0.4\n")
    assert crawled.stop is None
    times = [request.at for request in requests]
    assert len(times) == 5
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.35


def test_a_crawl_delay_has_a_cap(archive):
    crawled, _ = crawl(
        archive, pages=1, robots="User-agent: *\nCrawl-delay: 86400\n", settings={"BAOGAO_PATIENCE": "0.1"}
    )
    assert crawled.stop is None
    assert "asks for 86400 seconds between requests; kept are 0.1" in crawled.said


def test_the_delay_is_kept_between_all_requests_repeated_ones_too(archive):
    _, requests = crawl(archive, {PAGE_2: [answer(500), reset]}, pages=2, delay=0.3)
    times = [request.at for request in requests]
    assert len(times) == 6
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.25


# where a redirect may lead


@pytest.mark.parametrize("before", [[], [answer(503)]], ids=["at once", "after a 503"])
def test_no_redirect_leads_to_another_port(archive, before):
    with serve(make_site()) as other:
        crawled, _ = crawl(archive, {PAGE_2: [*before, *[redirect(other.url(TAG) + "?page=2")] * 3]})
        assert other.requests == []
    assert crawled.code == 0
    assert crawled.stop.startswith("fetch error: page 2: not asked: a redirect is not followed: it leads away from")


LOCATIONS = {
    "http://169.254.169.254/latest/meta-data/": "leads away",
    "//169.254.169.254/": "leads away",
    "http://[::1]:{port}/": "leads away",
    "http://localhost:{port}/": "leads away",
    "https://127.0.0.1:{port}/": "leads away",
    "http://me@127.0.0.1:{port}/": "user name",
    "http://127.0.0.1:99999/": "answered 302 without",
    "file:///etc/passwd": "answered 302 without",
    "ftp://127.0.0.1/": "answered 302 without",
    "data:text/html,x": "answered 302 without",
    "javascript:alert(1)": "answered 302 without",
    "http://[::1": "answered 302 without",
    "": "redirected more than 5 times",
}


def test_redirects_that_are_not_followed(archive):
    def lead_to(location):
        return lambda handler: handler.give(redirect(location.format(port=handler.server.server_port)))

    stops, asked = crawl_each(archive, [lead_to(location) for location in LOCATIONS])
    for stop, (location, reason) in zip(stops, LOCATIONS.items(), strict=True):
        assert stop.startswith("fetch error: page 2: "), location
        assert reason in stop, location
    assert asked == [1] * (len(LOCATIONS) - 1) + [6]


def test_a_redirect_to_a_login_elsewhere_is_a_block(archive):
    crawled, _ = crawl(archive, {PAGE_2: redirect("http://passport.example.invalid/sso?back=1")})
    assert crawled.stop.startswith("blocked: page 2: a redirect is not followed")


def test_a_pager_that_leads_elsewhere_is_not_followed(archive):
    site = make_site(pager=lambda *_: "")
    with serve(make_site()) as other, serve(site) as served:
        crawled = archive.crawl(served.url(TAG), page_url=other.url(TAG) + "?page={page}")
        assert other.requests == []
    assert crawled.stop.startswith("fetch error: page 2: not asked: it leads away")


def test_a_pager_that_leads_to_no_address_ends_the_walk(archive):
    with serve(make_site(pager=lambda *_: "")) as served:
        crawled = archive.crawl(served.url(TAG), page_url="http://[{page}")
    assert crawled.code == 0, crawled.said
    assert crawled.stop == "fetch error: page 2: not asked: 'http://[2' is not a web address"


def test_a_listing_at_a_private_address_is_not_asked(archive):
    hosts = ("169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "[fe80::1]")
    crawled = archive.crawl(*[f"http://{host}/tag/{number}" for number, host in enumerate(hosts)])
    for stop in crawled.stops.values():
        assert stop.startswith("fetch error: page 1: not asked: ")
        assert stop.endswith("is not a public address")
    assert len(crawled.stops) == len(hosts)
    assert crawled.captures == []
    assert crawled.failures == []


def test_a_name_that_resolves_to_a_loopback_address_is_not_connected_to(archive):
    """Spellings that only the resolver takes for 127.0.0.1 stand for a name server that answers so."""
    names = ("127.1", "2130706433", "0x7f000001")
    with serve(make_site()) as served:
        crawled = archive.crawl(*[f"http://{name}:{served.port}/tag/{name}" for name in names])
        assert served.requests == []
    for name in names:
        stop = crawled.stops["tag:" + name]
        assert stop == f"fetch error: page 1: not asked: {name} leads to 127.0.0.1, not a public address"
    assert crawled.failures == []


def test_localhost_is_a_loopback_host(archive):
    with serve(make_site()) as served:
        crawled = archive.crawl(f"http://localhost:{served.port}/tag/{TAG}")
    assert crawled.stop is None


def test_a_proxy_of_the_environment_is_not_used(archive, monkeypatch):
    with serve(make_site()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.origin)
        crawled, _ = crawl(archive)
        assert proxy.requests == []
    assert crawled.stop is None
