"""The heartbeat through the real command: what is pinged at which end, and what a bad target may cost."""

import signal

import pytest

from archive.cli.watching import read_exit
from archive.config import load_config
from archive.errors import Rejected, UsageError
from archive.replica import catalogue, serve
from tests.command import Desk, asked, finish, kill_group, side_by_side, unprivileged, wait_for
from tests.crawls import TAG, make_site
from tests.faults_server import faults, hang, on_page, status
from tests.webhook_receiver import Receiver, Reply

SECRET = "5f3ec-invented"
PATH = f"/ping/{SECRET}"


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


def configure(desk, listing, heartbeat, more=""):
    """What `baogao crawl` finds where it is run."""
    desk.data.parent.mkdir(exist_ok=True)
    (desk.data.parent / "baogao.toml").write_text(
        f'[crawl]\ndelay = 0\n[[listing]]\nurl = "{listing}"\n'
        f'[heartbeat]\nurl = "{heartbeat}"\nallow_private = true\n{more}',
        encoding="utf-8",
    )


def pinged(receiver):
    """What was pinged, in order, behind the address."""
    return [each.path.removeprefix(PATH) for each in receiver.received]


# which pings


def test_a_good_night(desk, receiver):
    with serve(make_site(2)) as served:
        configure(desk, served.url(TAG), receiver.url(f"{PATH}/"))
        said = desk.run("crawl")
    assert (said.code, said.err) == (0, "")
    assert pinged(receiver) == ["/start", "/0"]
    assert {each.method for each in receiver.received} == {"POST"}


def test_an_address_with_a_query(desk, receiver):
    with serve(make_site(1)) as served:
        configure(desk, served.url(TAG), receiver.url(f"{PATH}?create=1"))
        desk.run("crawl")
    assert pinged(receiver) == ["/start?create=1", "/0?create=1"]


def test_incomplete_and_rejected(desk, receiver):
    site = make_site(3)
    with serve(site) as served:
        configure(desk, served.url(TAG), receiver.url(PATH))
        desk.run("crawl")
        assert desk.run("crawl", "--max-pages", "1").code == 3
        for report in (*site.shown(TAG, 2), *site.shown(TAG, 1)[:2]):
            site.withdraw(report.id)
        assert desk.run("crawl").code == 4
    assert pinged(receiver) == ["/start", "/0", "/start", "/3", "/start", "/4"]


def test_blocked_and_over_time(desk, receiver):
    site = make_site(2)
    with serve(site) as served:
        configure(desk, served.url(TAG), receiver.url(PATH))
        site.faults = faults(on_page(site, 1, status(403)))
        assert desk.run("crawl").code == 5
        site.faults = faults(on_page(site, 2, hang()))
        assert desk.run("crawl", "--time-limit", "2").code == 9
    assert pinged(receiver) == ["/start", "/5", "/start", "/9"]


def test_nothing_can_be_stored(desk, receiver):
    """It ended before it began: the end is told all the same."""
    with serve(make_site(1)) as served:
        configure(desk, served.url(TAG), receiver.url(PATH))
        desk.data.mkdir(mode=0o555)
        assert desk.run("crawl", through=unprivileged()).code == 7
        assert pinged(receiver) == ["/7"]
        desk.data.chmod(0o755)
        (desk.data / "archive.db").write_bytes(b"no database " * 400)
        assert desk.run("crawl").code == 7
    assert pinged(receiver) == ["/7", "/7"]


def test_metrics_that_can_not_be_written_are_how_it_ended(desk, receiver, tmp_path):
    with serve(make_site(1)) as served:
        configure(desk, served.url(TAG), receiver.url(PATH))
        assert desk.run("crawl", "--metrics", tmp_path / "none" / "x.prom").code == 7
    assert pinged(receiver) == ["/start", "/7"]


def test_alerts_that_stay_undelivered(desk, receiver):
    site = make_site(1)
    more = '[[alert]]\nname = "all"\nto = ["hook"]\n[channel.hook]\ntype = "webhook"\n'
    more += 'url = "http://127.0.0.1:9/"\nallow_private = true\n'
    with serve(site) as served:
        configure(desk, served.url(TAG), receiver.url(PATH), more)
        desk.run("crawl")
        site.publish(catalogue(11)[-1], TAG)
        assert desk.run("crawl").code == 8
    assert pinged(receiver) == ["/start", "/0", "/start", "/8"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals(desk, receiver, number, code):
    site = make_site(2)
    with serve(site) as served:
        configure(desk, served.url(TAG), receiver.url(PATH))
        site.faults = faults(on_page(site, 2, hang()))
        crawl = desk.start("crawl")
        wait_for(lambda: len(asked(served.requests)) == 2)
        crawl.send_signal(number)
        assert finish(crawl).code == code
    assert pinged(receiver) == ["/start", f"/{code}"]


def test_one_that_is_killed_says_no_more(desk, receiver):
    site = make_site(2)
    with serve(site) as served:
        configure(desk, served.url(TAG), receiver.url(PATH))
        site.faults = faults(on_page(site, 2, hang()))
        crawl = desk.start("crawl", start_new_session=True)
        wait_for(lambda: len(asked(served.requests)) == 2)
        kill_group(crawl)
        finish(crawl)
    assert pinged(receiver) == ["/start"]


def test_one_that_is_refused_for_the_lock_is_no_night(desk, receiver):
    site = make_site(2)
    with serve(site) as served:
        configure(desk, served.url(TAG), receiver.url(PATH))
        site.faults = faults(on_page(site, 2, hang()))
        crawl = desk.start("crawl")
        wait_for(lambda: len(asked(served.requests)) == 2)
        assert desk.run("crawl").code == 6
        assert pinged(receiver) == ["/start"]
        crawl.terminate()
        finish(crawl)
    assert pinged(receiver) == ["/start", "/143"]


def test_a_dry_run_is_no_night(desk, receiver):
    with serve(make_site(1)) as served:
        configure(desk, served.url(TAG), receiver.url(PATH))
        assert desk.run("crawl", "--dry-run").code == 0
    assert pinged(receiver) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (SystemExit(3), 3),
        (SystemExit(None), 0),
        (SystemExit("words"), 1),
        (Rejected("x"), 4),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
        (OSError(28, "full", "archive.db"), 7),
        (OSError(2, "missing"), 1),
        (ZeroDivisionError("hidden"), 1),
    ],
)
def test_the_code_is_that_of_the_process(error, code):
    found, said = read_exit(error)
    assert found == code
    assert "hidden" not in said


# bad targets


BAD = {
    "down": (None, "Connection refused"),
    "refusing": (Reply(404), "answered 404"),
    "redirecting": (Reply(302, location="http://127.0.0.1:1/elsewhere"), "a redirect, which is not followed"),
    "hanging": (Reply(hang="answer"), "no complete answer within"),
    "dripping": (Reply(drip=0.5), "no complete answer within"),
    "no http": (Reply(raw="hello\r\n\r\n"), "its answer is no HTTP"),
}


def play_bad(place, name, listing):
    reply, words = BAD[name]
    with (
        Desk(place / name.replace(" ", "-") / "data") as desk,
        Receiver({f"{PATH}/{word}": reply for word in ("start", "0")} if reply else {}) as receiver,
    ):
        if reply is None:
            receiver.close()
        configure(desk, listing, receiver.url(PATH))
        said = desk.run("crawl", "--metrics", desk.data.parent / "m.prom")
        files = [path.read_bytes() for path in desk.data.rglob("*") if path.is_file()]
        return said, [each.path for each in receiver.received], words, files


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    place = tmp_path_factory.mktemp("bad")
    with serve(make_site(1)) as served:
        listing = served.url(TAG)
        return side_by_side({name: lambda name=name: play_bad(place, name, listing) for name in BAD}, at_once=6)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_target_changes_nothing_and_is_said_once_for_each_ping(played, name):
    said, _, words, files = played[name]
    assert said.code == 0
    assert "run 1 complete" in said.summary
    first, last = said.err.splitlines()
    for line, word in ((first, "start"), (last, "0")):
        assert line.startswith(f"baogao: the heartbeat /{word} was not taken: 127.0.0.1")
        assert words in line
        assert line.endswith(". The night goes its way.")
    assert SECRET not in said.err + said.out
    assert not any(SECRET.encode() in content for content in files)
    assert said.seconds < 40


def test_two_tries_and_no_third(played):
    for name in ("refusing", "redirecting"):
        assert played[name][1] == [f"{PATH}/start"] * 2 + [f"{PATH}/0"] * 2


def test_what_works_at_the_second_try_is_not_spoken_of(desk):
    with (
        serve(make_site(1)) as served,
        Receiver({f"{PATH}/start": [Reply(503), Reply()], f"{PATH}/0": [Reply(instead="reset"), Reply()]}) as receiver,
    ):
        configure(desk, served.url(TAG), receiver.url(PATH))
        said = desk.run("crawl")
    assert (said.code, said.err) == (0, "")
    assert pinged(receiver) == ["/start", "/start", "/0", "/0"]


def test_a_signal_does_not_wait_for_a_heartbeat_that_hangs(desk):
    site = make_site(2)
    with serve(site) as served, Receiver({f"{PATH}/143": Reply(hang="answer")}) as receiver:
        configure(desk, served.url(TAG), receiver.url(PATH))
        site.faults = faults(on_page(site, 2, hang()))
        crawl = desk.start("crawl")
        wait_for(lambda: len(asked(served.requests)) == 2)
        crawl.terminate()
        said = finish(crawl)
    assert said.code == 143
    assert said.seconds < 9


def test_a_signal_during_the_last_ping_ends_that_alone(desk):
    with serve(make_site(1)) as served, Receiver({f"{PATH}/0": Reply(hang="answer")}) as receiver:
        configure(desk, served.url(TAG), receiver.url(PATH))
        crawl = desk.start("crawl")
        wait_for(lambda: len(receiver.received) == 2)
        crawl.terminate()
        said = finish(crawl)
    assert said.code == 0
    assert said.seconds < 4


# the configuration


def test_the_address_may_stand_elsewhere(desk, receiver):
    with serve(make_site(1)) as served:
        configure(desk, served.url(TAG), "x")
        file = desk.data.parent / "baogao.toml"
        file.write_text(file.read_text().replace('url = "x"', 'url_env = "PING"'))
        assert desk.run("crawl", env={"PING": receiver.url(PATH)}).err == ""
        assert pinged(receiver) == ["/start", "/0"]
        said = desk.run("crawl")
        assert said.code == 0
        assert "heartbeat.url_env: the environment variable PING is not set or empty" in said.err
        said = desk.run("crawl", env={"PING": "ftp://secret.example/"})
        assert said.code == 0
        assert "heartbeat.url: is no web address" in said.err
        assert "secret.example" not in said.err


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("", "`heartbeat`: give its address with one of url, url_env and url_file"),
        ('url = "https://x.example/1"\nurl_env = "X"', "`heartbeat`: give its address with one of"),
        ('url = "http://x.example/secret"', "`heartbeat.url`: allowed is https://; plain http:// only with"),
        ('url = "https://u:secret@x.example/"', "`heartbeat.url`: a user name or password does not belong"),
        ('url = "https://x.example/secret#part"', "`heartbeat.url`: allowed is an address without #"),
        ('url = "secret"', "`heartbeat.url`: is no web address"),
        ("url = 5", "`heartbeat`: `url`: expected `str | null`, got `int`"),
        ('uri = "secret"', "`heartbeat`: unknown key `uri`; allowed here: url, url_env, url_file, allow_private"),
        ('url_env = "https://secret"', "`heartbeat.url_env`: allowed is the name of an environment variable"),
    ],
)
def test_what_is_wrong_is_said_without_the_address(tmp_path, section, words):
    file = tmp_path / "baogao.toml"
    file.write_text(f"[heartbeat]\n{section}\n")
    with pytest.raises(UsageError) as error:
        load_config(file)
    assert words in str(error.value)
    assert "secret" not in str(error.value)
