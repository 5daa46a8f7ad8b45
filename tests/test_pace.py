"""One host is never asked faster than its delay, whatever else runs: several processes, several hosts, real sockets."""

import contextlib
import fcntl
import json
import logging
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from archive.replica import Request, Site, listing_path
from crawler.bookings import MARGIN_SECONDS, Bookings, Known, PlaceRefused, find_place, open_place
from crawler.bookings import Site as Host
from tests.command import Desk, limited, unprivileged
from tests.crawls import PAGE_1, ROOT, TAG, Archive, answer, make_site
from tests.mail_server import make_certificate

HOST = Host.of("https://report.invalid/tag/x")
PATIENCE = 60.0


@pytest.fixture
def place(tmp_path):
    return tmp_path / "pace"


def start_bookings(place, patience=PATIENCE):
    return Bookings(place, patience=patience)


def ask(bookings, delay, *, rest=0.0, site=HOST):
    """As crawler.pace does it, for a thread; the time of the request."""
    ready = bookings.book(site, delay, rest=rest)
    while ready is not None:
        time.sleep(max(0.0, ready - time.monotonic()))
        ready = bookings.take(site, delay)
    return time.monotonic()


def find_file(place):
    (file,) = place.iterdir()
    return file


# A server that knows when a request arrived: the kernel says so, however busy this process is


@dataclass
class Listener:
    """One site on several loopback addresses with one port."""

    site: Site
    addresses: tuple = ("127.0.0.1", "127.0.0.2")
    arrivals: list = field(default_factory=list)  #: (Host header, target, time)

    def __enter__(self):
        self._held = contextlib.ExitStack()
        self.port = 0
        for address in self.addresses:
            listening = self._held.enter_context(socket.socket())
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setsockopt(socket.SOL_SOCKET, 37, 8 | 16)  # SO_TIMESTAMPING: received, by software; inherited
            listening.bind((address, self.port))
            listening.listen(64)
            self.port = listening.getsockname()[1]
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()
            self._held.callback(listening.shutdown, socket.SHUT_RDWR)
        return self

    def __exit__(self, *_):
        self._held.close()

    def url(self, host, path=PAGE_1):
        return f"http://{host}:{self.port}{path}"

    def times(self, host):
        return sorted(at for name, _, at in self.arrivals if name == f"{host}:{self.port}")

    def gaps(self, host):
        return [later - earlier for earlier, later in pairwise(self.times(host))]

    def targets(self, host):
        return [target for name, target, _ in self.arrivals if name == f"{host}:{self.port}"]

    def _accept(self, listening):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with contextlib.suppress(OSError), connection:
            while True:
                head, arrived = b"", None
                while not head.endswith(b"\r\n\r\n"):
                    piece, told, _, _ = connection.recvmsg(65536, 256)
                    if not piece:
                        return
                    head += piece
                    arrived = arrived or _read_timestamp(told)
                self._answer(connection, head.decode("latin-1").split("\r\n"), arrived)

    def _answer(self, connection, lines, arrived):
        method, target, _ = lines[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        self.arrivals.append((headers["host"], target, arrived))
        request = Request(arrived, method, target, headers, 1)
        said = (self.site.faults(request) if self.site.faults else None) or self.site.answer(request)
        named = "".join(f"{name}: {value}\r\n" for name, value in said.headers)
        head = f"HTTP/1.1 {said.status} OK\r\n{named}Content-Length: {len(said.body)}\r\n\r\n"
        connection.sendall(head.encode() + said.body)


def _read_timestamp(told):
    """Of the arrival; the time of day, where a kernel does not tell."""
    for _, kind, data in told:
        if kind == 37:
            seconds, nanoseconds = struct.unpack("=qq", data[:16])
            return seconds + nanoseconds / 1e9
    return time.time()


# Three processes at once


def test_three_processes_keep_one_pace(tmp_path, capsys):
    """Two nights in two data directories and a check, of three hosts each; the server has the last word."""
    delay, hosts = 0.3, ("127.0.0.1", "127.0.0.2", "localhost")
    site = make_site(2)
    everything = site.listings.pop(TAG)
    site.listings = {f"标签{host}": list(everything) for host in hosts}  # a tag is one listing, whatever its host
    started = time.monotonic()
    with Listener(site) as listener, ThreadPoolExecutor(3) as pool, Desk(tmp_path / "none") as desk:
        urls = [listener.url(host, listing_path(f"标签{host}")) for host in hosts]
        nights = [
            pool.submit(Archive(tmp_path / name).crawl, *order, delay=delay)
            for name, order in (("first", urls), ("second", urls[::-1]))
        ]
        check = pool.submit(desk.run, "check", "--delay", str(delay), "--json", *urls)
        assert check.result().code == 0, check.result().err
        for night in nights:
            assert set(night.result().stops.values()) == {None}, night.result().said
        seconds = time.monotonic() - started
        gaps = [gap for host in hosts for gap in listener.gaps(host)]
        counts = [len(listener.times(host)) for host in hosts]
    with capsys.disabled():
        print(  # noqa: T201 - the figure is what this test is for
            f"\n{sum(counts)} requests of 3 processes, {len(gaps)} gaps: the smallest {min(gaps):.4f} s of {delay}"
        )
    assert counts == [2 * (1 + 3) + 2] * 3  # robots.txt, two pages and the head again; robots.txt and page 1
    assert min(gaps) >= delay
    assert seconds < 20


def test_a_retry_after_holds_for_the_other_process(tmp_path):
    faults = {PAGE_1: [answer(429, Retry_After="2")]}
    with Listener(make_site(1, faults=faults)) as listener, ThreadPoolExecutor(2) as pool:
        url = listener.url("127.0.0.1")
        nights = [pool.submit(Archive(tmp_path / name).crawl, url, delay=0.1) for name in ("first", "second")]
        for night in nights:
            assert night.result().stop is None, night.result().said
        pages = sorted(at for _, target, at in listener.arrivals if target != "/robots.txt")
        after = [at for at in listener.times("127.0.0.1") if at > pages[0]]
    assert len(pages) == 5
    assert after[0] - pages[0] >= 2


def test_a_crawl_delay_holds_for_who_has_not_read_robots_txt_yet(place):
    first, second = start_bookings(place), start_bookings(place)
    asked = ask(first, 0.6)
    assert ask(second, 0.1) - asked >= 0.6


# Bookings


def test_who_waits_is_served_in_order(place):
    """Five that ask all the time: none is passed over twice, and none asks too early."""
    asked, lock = [], threading.Lock()

    def crawl(name):
        bookings = start_bookings(place)
        for _ in range(6):
            at = ask(bookings, 0.04)
            with lock:
                asked.append((at, name))
            time.sleep(0.001)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(crawl, range(5)))
    asked.sort()
    assert len(asked) == 30
    assert min(later - earlier for (earlier, _), (later, _) in pairwise(asked)) >= 0.04
    middle = [name for _, name in asked[5:25]]
    for name in range(5):
        places = [place for place, other in enumerate(middle) if other == name]
        assert max(later - earlier for earlier, later in pairwise(places)) <= 9


def test_a_late_request_moves_what_comes_after_it(place):
    first, second = start_bookings(place), start_bookings(place)
    ask(first, 0.3)
    ready = second.book(HOST, 0.3)
    time.sleep(0.15)  # as long as it took the first to reach the server
    first.note_sent(HOST)
    sent = time.monotonic()
    time.sleep(max(0.0, ready - time.monotonic()))
    later = second.take(HOST, 0.3)
    assert later == pytest.approx(sent + 0.3 + MARGIN_SECONDS, abs=0.05)


def test_who_needs_longer_than_the_delay_to_connect_lets_others_go_first(place):
    slow, quick = start_bookings(place), start_bookings(place)
    ask(slow, 0.2)
    assert slow.check(HOST) == 0
    ask(quick, 0.2)
    assert quick.check(HOST) == 0
    assert 0.1 < slow.check(HOST) <= 0.2 + MARGIN_SECONDS
    time.sleep(0.25)
    assert slow.check(HOST) == 0


def test_who_died_before_his_turn_costs_one_delay(place):
    asked = ask(start_bookings(place), 0.2)
    start_bookings(place).book(HOST, 0.2)
    assert start_bookings(place).book(HOST, 0.2) - asked == pytest.approx(0.4, abs=0.1)


def test_a_turn_that_is_given_back_costs_nothing(place):
    first, second = start_bookings(place), start_bookings(place)
    asked = ask(first, 0.2)
    first.give_back(HOST, 3600.0, first.book(HOST, 3600.0))
    assert ask(second, 0.2) - asked < 0.4


def test_a_rest_is_kept_by_all_and_then_asked_in_order(place):
    first, second, third = (start_bookings(place) for _ in range(3))
    ask(first, 1.0)
    waiting = second.book(HOST, 1.0)
    now = time.monotonic()
    resumed = first.book(HOST, 1.0, rest=20.0)
    assert resumed - now == pytest.approx(20, abs=0.1)
    time.sleep(max(0.0, waiting - time.monotonic()))
    again = second.take(HOST, 1.0)
    assert again - resumed >= 1.0
    assert third.book(HOST, 1.0) - again >= 1.0


def test_without_a_delay_nobody_waits_for_another_without(place):
    crawls = [start_bookings(place) for _ in range(10)]
    started = time.monotonic()
    for bookings in crawls * 10:
        assert bookings.take(HOST, 0.0) is None
        bookings.note_sent(HOST)
        assert ask(bookings, 0.0) - started < 5
    assert crawls[0].take(HOST, 0.5) is not None


def test_a_long_delay_of_another_is_not_kept_for_longer_than_a_minute(place):
    ask(start_bookings(place), 3600.0)
    start_bookings(place).book(HOST, 3600.0)
    other = start_bookings(place)
    now = time.monotonic()
    assert other.book(HOST, 2.0) - now <= PATIENCE
    assert other.book(HOST, 3600.0) - now > 3500


@pytest.mark.parametrize(
    ("urls", "same"),
    [
        (("http://report.invalid/a", "https://report.invalid:8443/b"), True),
        (("http://Report.INVALID/a", "http://report.invalid:80/"), True),
        (("http://127.0.0.1/", "http://127.0.0.1:80/"), True),
        (("http://127.0.0.1:8001/", "http://127.0.0.1:8002/"), False),
        (("http://[::1]:8001/", "http://[::1]:8002/"), False),
        (("http://127.0.0.1:8001/", "http://127.0.0.2:8001/"), False),
        (("http://localhost:8001/", "http://127.0.0.1:8001/"), False),
        (("http://a.invalid/", "http://b.invalid/"), False),
    ],
)
def test_what_counts_as_one_host(urls, same):
    first, second = (Host.of(url).key for url in urls)
    assert (first == second) is same


# What may be wrong with the shared file


FAR = 1e7  #: seconds: where the clock of an earlier start of the machine may have stood


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"garbage",
        b"\xff\x00" * 400,
        b"1 2 3",
        b"nan nan nan nan\n",
        b"inf inf inf inf\n",
        b"-inf -inf -inf -inf\n",
        b"1e308 1e308 1e308 1e308\n",
        b" ".join(b"%f" % FAR for _ in range(4)) + b"\n",
    ],
)
def test_a_damaged_file_delays_nobody_and_is_mended(place, content):
    ask(start_bookings(place), 0.0)
    find_file(place).write_bytes(content)
    now = time.monotonic()
    assert ask(start_bookings(place), 2.0) - now < 1
    assert start_bookings(place).take(HOST, 2.0) is not None


def test_random_times_delay_nobody_for_long(place):
    """Whatever stands there: at most ten delays and a minute, and a night goes on."""
    ask(start_bookings(place), 0.0)
    now = time.monotonic()
    for moment in (now + 5, now + 59, now + 61, now + 79, now + 81, now + 1000, now - 1000, 0.0):
        for name in ("asked", "quiet_until", "booked", "booked_until"):
            known = Known(**{name: moment})
            words = (known.asked, known.quiet_until, known.booked, known.booked_until)
            find_file(place).write_bytes(" ".join(map(repr, words)).encode())
            assert start_bookings(place).book(HOST, 2.0) - now < 10 * 2.01 + 2 * PATIENCE + 5


@dataclass
class Refusal:
    bookings: Bookings
    caplog: pytest.LogCaptureFixture

    @property
    def warnings(self):
        return [record.getMessage() for record in self.caplog.records if record.levelno == logging.WARNING]

    def keep_own_pace(self):
        """The process still knows itself."""
        asked = [ask(self.bookings, 0.05) for _ in range(3)]
        assert min(later - earlier for earlier, later in pairwise(asked)) >= 0.05


def make_link(place):
    target = place.parent / "elsewhere"
    target.mkdir(mode=0o700)
    place.symlink_to(target)


def make_open(place):
    place.mkdir()
    place.chmod(0o770)


def make_foreign(place):
    place.mkdir(mode=0o700)
    try:
        os.chown(place, 12345, 12345)
    except PermissionError:
        pytest.skip("only root gives a directory away")


@pytest.mark.parametrize("make", [make_link, make_open, make_foreign, lambda place: place.write_bytes(b"")])
def test_a_place_that_is_not_ours_is_refused_with_one_warning(place, caplog, make):
    make(place)
    refusal = Refusal(start_bookings(place), caplog)
    refusal.keep_own_pace()
    (warning,) = refusal.warnings
    assert warning.startswith(f"{place} is not used: it ")
    with pytest.raises(PlaceRefused):
        open_place(place)
    if place.is_dir():
        assert list(place.iterdir()) == []


def test_a_place_that_is_gone_is_made_again(place):
    bookings = start_bookings(place)
    asked = ask(bookings, 0.2)
    find_file(place).unlink()
    place.rmdir()
    assert ask(bookings, 0.2) - asked >= 0.2
    assert find_file(place).stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700


def test_a_place_that_cannot_be_made_leaves_the_own_memory(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    refusal = Refusal(start_bookings(tmp_path / "not" / "there"), caplog)
    refusal.keep_own_pace()
    assert refusal.warnings == []
    assert len(caplog.records) == 1


@pytest.mark.parametrize("obstacle", ["directory", "link", "fifo"])
def test_what_stands_in_place_of_the_file_leaves_the_own_memory(place, caplog, obstacle):
    ask(start_bookings(place), 0.0)
    file = find_file(place)
    file.unlink()
    {
        "directory": file.mkdir,
        "link": lambda: file.symlink_to(place.parent / "target"),
        "fifo": lambda: os.mkfifo(file),
    }[obstacle]()
    Refusal(start_bookings(place), caplog).keep_own_pace()
    assert not (place.parent / "target").exists()


_KEEP_PACE = """
import sys, time
from pathlib import Path
from crawler.bookings import Bookings, Site
bookings, site = Bookings(Path(sys.argv[1]), patience=60.0), Site.of("https://report.invalid/")
times = []
for _ in range(3):
    ready = bookings.book(site, 0.1)
    while ready is not None:
        time.sleep(max(0.0, ready - time.monotonic()))
        ready = bookings.take(site, 0.1)
    times.append(time.monotonic())
assert min(b - a for a, b in zip(times, times[1:])) >= 0.1, times
"""


@pytest.mark.parametrize("trouble", ["full", "read-only", "held"])
def test_trouble_with_the_place_leaves_the_own_memory(place, trouble):
    """In a process of its own: what a disk that is full, or not writable, makes of it."""
    place.mkdir(mode=0o700)
    through = ()
    with contextlib.ExitStack() as held:
        if trouble == "full":
            through = limited(0)
        elif trouble == "read-only":
            place.chmod(0o500)
            through = unprivileged()
        else:  # by a process that was stopped in those microseconds
            ask(start_bookings(place), 0.0)
            descriptor = os.open(find_file(place), os.O_RDWR)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        started = time.monotonic()
        done = subprocess.run(
            [*through, sys.executable, "-c", _KEEP_PACE, str(place)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    place.chmod(0o700)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - started < 15


def test_the_place_of_this_user_can_be_used():
    os.close(open_place(find_place()))
    assert find_place().name == f"baogao-pace-{os.geteuid()}"


# Several requests at once in one process


#: a spider that asks for everything at once, through the middlewares of this project
_AT_ONCE = """
import json, sys
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

urls, overrides = json.loads(sys.argv[1])
answers = []

class Hasty(Spider):
    name = "hasty"
    custom_settings = {"COMPRESSION_ENABLED": False}

    async def start(self):
        for url in urls:
            yield Request(url, callback=self.read, errback=self.fail, dont_filter=True)

    def read(self, response):
        answers.append(str(response.status))

    def fail(self, failure):
        answers.append(str(failure.value))

settings = Settings()
settings.setmodule("crawler.settings", priority="project")
settings.setdict(overrides, priority="cmdline")
process = AsyncCrawlerProcess(settings)
process.crawl(Hasty)
process.start()
print(json.dumps(answers))
"""


def ask_at_once(*urls, **settings):
    """What was answered, in the order in which it came."""
    overrides = {
        "CONCURRENT_REQUESTS": 16,
        "DOWNLOAD_SLOTS": {"paced": {"concurrency": 16, "delay": 0, "jitter": 0}},
        "LOG_LEVEL": "WARNING",
        "BAOGAO_RETRY_PAUSE": 0.01,
    }
    done = subprocess.run(
        [sys.executable, "-c", _AT_ONCE, json.dumps([urls, overrides | settings])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_robots_txt_is_asked_for_once_by_all_that_wait_for_it():
    with Listener(make_site(5)) as listener:
        urls = [listener.url(host, PAGE_1) for host in ("127.0.0.1", "127.0.0.2") for _ in range(5)]
        assert ask_at_once(*urls, DOWNLOAD_DELAY=0) == ["200"] * 10
        for host in ("127.0.0.1", "127.0.0.2"):
            targets = listener.targets(host)
            assert len(targets) == 6
            assert targets.index("/robots.txt") == 0
            assert targets.count("/robots.txt") == 1


def test_robots_txt_that_forbids_is_heard_by_all_that_wait_for_it():
    with Listener(make_site(1, robots="User-agent: *\nDisallow: /\n")) as listener:
        answers = ask_at_once(*[listener.url("127.0.0.1")] * 4, DOWNLOAD_DELAY=0)
        assert listener.targets("127.0.0.1") == ["/robots.txt"]
    assert len(answers) == 4
    assert all(said.startswith("robots.txt does not allow") for said in answers)


def test_the_pause_holds_for_requests_of_one_host_that_come_at_once():
    """Each host has its own: three hosts take as long as one."""
    hosts = ("127.0.0.1", "127.0.0.2", "localhost")
    with Listener(make_site(1)) as listener:
        urls = [listener.url(host) for host in hosts for _ in range(4)]
        assert ask_at_once(*urls, DOWNLOAD_DELAY=0.4) == ["200"] * 12
        for host in hosts:
            assert len(listener.gaps(host)) == 4
            assert min(listener.gaps(host)) >= 0.4
        times = [at for host in hosts for at in listener.times(host)]
    assert max(times) - min(times) < 2 * 4 * 0.4


def test_the_pause_begins_when_a_slow_handshake_has_let_the_request_out(tmp_path, monkeypatch):
    """With TLS a request is written when the connection stands, and leaves when both sides have agreed on keys."""
    certificate = make_certificate(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    arrived = []

    def talk(listening):
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listening.accept()
                time.sleep(0.6)  # longer than the delay
                with context.wrap_socket(raw, server_side=True) as connection:
                    while connection.recv(65536):
                        arrived.append(time.monotonic())
                        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=talk, args=(listening,), daemon=True)
        thread.start()
        urls = [f"https://127.0.0.1:{listening.getsockname()[1]}/tag/{number}" for number in range(2)]
        assert ask_at_once(*urls, DOWNLOAD_DELAY=0.4) == ["404"] * 2
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert len(arrived) == 3  # robots.txt is the first
    assert min(later - earlier for earlier, later in pairwise(arrived)) > 0.3


def test_the_wish_of_one_host_is_not_charged_to_another(tmp_path):
    """Each of two hosts asks for a second, and so much is left to each."""
    asked = set()

    def refuse_once(request):
        host = request.headers["host"]
        if request.path == "/robots.txt" or host in asked:
            return None
        asked.add(host)
        return answer(429, Retry_After="1")

    site = make_site(1)
    site.faults = refuse_once
    with Listener(site) as listener:
        urls = [listener.url("127.0.0.1"), listener.url("127.0.0.2")]
        assert ask_at_once(*urls, DOWNLOAD_DELAY=0, BAOGAO_PATIENCE_TOTAL=1.5) == ["200"] * 2
        for host in ("127.0.0.1", "127.0.0.2"):
            first, second = listener.times(host)[1:]
            assert second - first >= 1
