"""`baogao init` and `baogao check`, as somebody who sets baogao up runs them."""

import json
import re
import signal
import tomllib
from functools import partial

import msgspec
import pytest

from archive import config as configuration
from archive.alerts import rules
from archive.cli.setup import _render_page
from archive.config import load_config, make_listing
from archive.firstpages import FirstPage, choose_exit_code, judge_first_page
from archive.model import Entry, Page, Pager, Refused
from archive.replica import serve
from archive.walk import Stop
from tests.command import Desk, asked, children_of, limited, side_by_side, wait_for
from tests.crawls import TAG, make_site
from tests.faults_server import (
    empty_listing,
    faults,
    hang,
    not_a_listing,
    on_page,
    on_path,
    on_robots,
    redesigned,
    redirect,
    reset,
    status,
)


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path / "data") as desk:
        yield desk


def tree(root):
    return {str(path.relative_to(root)): path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}


# init


def switch_on(text):
    """The starter with all that it only proposes."""
    return re.sub(r"^#(?=[\w\[])", "", text, flags=re.MULTILINE)


@pytest.fixture
def starter(desk, tmp_path):
    assert desk.run("init").code == 0
    return tmp_path / "baogao.toml"


def test_as_written_it_is_the_built_in_default(starter):
    assert load_config(starter) == load_config(None)


def test_everything_switched_on_loads(starter):
    text = switch_on(starter.read_text(encoding="utf-8"))
    starter.write_text(text, encoding="utf-8")
    config = load_config(starter)
    assert [listing.key for listing in config.listings] == ["tag:人民日报", "tag:新华社"]
    assert [rule.name for rule in config.rules] == ["digital-money"]
    assert list(config.channels) == ["mail", "hook", "team-chat"]
    assert config.base_url == "https://reports.example.org"


def test_everything_that_can_be_set_is_in_it(starter):
    """A key that is added to the configuration belongs into the starter too, at least in words."""
    text = starter.read_text(encoding="utf-8")
    raw = tomllib.loads(switch_on(text))
    assert set(raw) == {field.encode_name for field in msgspec.structs.fields(configuration._File)}
    for place, struct in configuration._SECTIONS.items():
        name = place.removeprefix("$").lstrip(".").removesuffix("[...]")
        found = raw if not name else raw[name] if isinstance(raw.get(name), dict) else None
        if found is None:
            found = {key for each in raw[name] for key in each}
        assert set(found) == {field.encode_name for field in msgspec.structs.fields(struct)}, place
    for kind in rules._KINDS.values():
        for field in msgspec.structs.fields(kind):
            assert re.search(rf"\b{field.encode_name}\b", text), (kind, field)


def test_it_never_overwrites(desk, starter):
    starter.write_text("# mine\n")
    said = desk.run("init")
    assert said.code == 2
    assert "is there already" in said.sentence
    assert starter.read_text() == "# mine\n"


def test_it_is_written_where_config_says(desk, tmp_path):
    said = desk.run("init", "--config", tmp_path / "other.toml", "--json")
    assert said.code == 0
    assert said.json == {"path": str(tmp_path / "other.toml")}
    assert load_config(tmp_path / "other.toml") == load_config(None)
    assert not (tmp_path / "baogao.toml").exists()


def test_a_place_that_is_not_there(desk, tmp_path):
    said = desk.run("init", "--config", tmp_path / "nowhere" / "baogao.toml")
    assert said.code == 2
    assert "can't be written" in said.sentence


def test_a_full_disk_leaves_no_half_of_it(desk, starter):
    """Half a file would be in force, and in the way of the next try."""
    starter.unlink(missing_ok=True)
    said = desk.run("init", through=limited(1000))
    assert (said.code, "can't be written" in said.sentence, starter.exists()) == (7, True, False)
    assert "make room" in said.sentence
    assert desk.run("init").code == 0


# check, against a real server through the real crawling process


@pytest.fixture
def site():
    return make_site(3)


def check(desk, site, *words, **how):
    with serve(site) as served:
        said = desk.run("check", "--delay", "0", "--json", *words, served.url(TAG), **how)
        return said, served.requests


def test_one_request_and_what_it_shows(desk, site, tmp_path):
    said, requests = check(desk, site)
    assert said.code == 0, said.err
    assert requests[0].path == "/robots.txt"
    assert asked(requests) == [1]
    assert len(requests) == 2
    (page,) = said.json["listings"]
    assert page["listing"] == f"tag:{TAG}"
    assert (page["entries"], page["chinese"], page["english"], page["untitled"]) == (10, 10, 10, 0)
    assert (page["pages"], page["next_by"], page["stopped"], page["exit_code"]) == (3, "link", None, 0)
    assert page["next_url"].endswith("page=2")
    assert page["first"] != page["last"]
    assert said.err == ""


def test_nothing_is_written_anywhere(desk, site, tmp_path):
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    before = tree(tmp_path)
    said, _ = check(desk, site, env={"TMPDIR": str(scratch)})
    assert said.code == 0
    assert {name for name in tree(tmp_path) if name != "tmp"} == set(before) - {"tmp"}
    assert list(scratch.iterdir()) == []
    assert not desk.data.exists()


def test_a_listing_of_one_page_is_asked_for_once(desk):
    said, requests = check(desk, make_site(1))
    assert said.code == 0
    assert asked(requests) == [1]
    assert said.json["listings"][0]["next_url"] is None


def test_it_does_not_wait_for_a_running_night_and_leaves_it_alone(desk):
    night = make_site(2)
    night.faults = faults(on_page(night, 2, hang()))
    with serve(night) as served:
        crawl = desk.start_crawl("--time-limit", "30", served.url(TAG))
        wait_for(lambda: asked(served.requests) == [1, 2])
        said, _ = check(desk, make_site(1))
        assert said.code == 0
        assert crawl.poll() is None
        crawl.send_signal(signal.SIGTERM)
        assert crawl.wait(20) == 143


def every(site, fault):
    return faults(on_page(site, 1, fault))


VISITS = {
    "500": (lambda site: every(site, status(500)), 3, "the server answered 500"),
    "reset": (lambda site: every(site, reset()), 3, "page 1"),
    "404": (lambda site: every(site, status(404)), 3, "the server answered 404"),
    "redesigned": (lambda site: every(site, redesigned(site, TAG)), 4, "page 1"),
    "empty": (lambda site: every(site, empty_listing(site, TAG)), 4, "page 1"),
    "403": (lambda site: every(site, status(403)), 5, "the server answered 403"),
    "429": (lambda site: every(site, status(429, retry_after=3600)), 5, "asks to wait"),
    "captcha": (lambda site: every(site, not_a_listing()), 5, "page 1"),
    "robots 503": (lambda _: faults(on_robots(status(503))), 5, "robots.txt could not be had"),
    "login": (
        lambda site: faults(on_page(site, 1, redirect("/user/entry")), on_path("/user/entry", not_a_listing("login"))),
        5,
        "page 1",
    ),
}


def visit(root, prepare):
    """A check and a crawl of the same site."""
    with Desk(root / "data") as desk:
        root.mkdir()
        site = make_site(3)
        site.faults = prepare(site)
        said, _ = check(desk, site)
        site.faults = prepare(site)
        with serve(site) as served:
            return said, desk.crawl(served.url(TAG)).code


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    root = tmp_path_factory.mktemp("visits")
    return side_by_side(
        {name: partial(visit, root / str(n), each[0]) for n, (name, each) in enumerate(VISITS.items())}, at_once=4
    )


@pytest.mark.parametrize("name", VISITS)
def test_exit_codes_are_those_of_a_crawl(visited, name):
    _, code, reason = VISITS[name]
    said, crawled = visited[name]
    assert (said.code, crawled) == (code, code), said.out
    (page,) = said.json["listings"]
    assert reason in page["stopped"]
    assert (page["exit_code"], said.json["exit_code"]) == (code, code)


def test_in_words(desk, site):
    with serve(site) as served:
        said = desk.run("check", "--delay", "0", served.url(TAG))
    assert said.code == 0
    assert "10: 10 with Chinese, 10 with English" in said.out
    assert "announces 3 pages" in said.out
    assert "the built-in default" in said.out


def test_a_hostile_title_does_not_act():
    from archive.cli.setup import _render_page

    shown = judge_first_page(LISTING, Page((entry("\x1b[31m红\u202e"),), Pager()), None)
    assert _render_page(shown).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ({"entries": 1, "pages": 1, "reports": 1, "frame": 1}, ("1 page, 1 report;", "1 text beside")),
        ({"entries": 2, "pages": 2, "reports": 2, "frame": 2}, ("2 pages, 2 reports;", "2 texts beside")),
    ],
)
def test_one_is_one(page, told):
    said = _render_page(FirstPage("tag:x", TAG, 0, **page))
    assert all(words in said for words in told)


def test_configured_listings_and_secrets(desk, tmp_path):
    with serve(make_site(2)) as served:
        (tmp_path / "baogao.toml").write_text(
            f'[crawl]\ndelay = 0.0\n[[listing]]\nurl = "{served.url(TAG)}"\n'
            '[[alert]]\nname = "all"\nto = ["hook"]\n'
            '[channel.hook]\ntype = "webhook"\nurl_env = "HOOK_URL"\nsecret_env = "HOOK_SECRET"\n',
            encoding="utf-8",
        )
        canary = "https://hooks.example.org/canary-7f3a"
        said = desk.run("check", "--json", env={"HOOK_URL": canary})
        assert said.code == 2
        assert said.json["secrets"] == [
            "channel.hook.secret_env: the environment variable HOOK_SECRET is not set or empty."
        ]
        assert said.json["config"] == "baogao.toml"
        assert "canary" not in said.out + said.err
        secret = {"HOOK_URL": canary, "HOOK_SECRET": "whsec_" + "QUJD" * 8}
        said = desk.run("check", env=secret)
        assert said.code == 0
        assert "canary" not in said.out + said.err
        assert "QUJD" not in said.out + said.err
        doctor = desk.run("doctor", "--json", env={"HOOK_URL": canary})
        assert doctor.code == 2
        assert "canary" not in doctor.out + doctor.err
        assert [each["found"] for each in doctor.json["checks"] if each["check"] == "secret"] == [
            "channel.hook.secret_env: the environment variable HOOK_SECRET is not set or empty."
        ]


def test_a_secret_that_is_there_and_can_not_be_used(desk, tmp_path):
    with serve(make_site(2)) as served:
        (tmp_path / "baogao.toml").write_text(
            f'[crawl]\ndelay = 0.0\n[[listing]]\nurl = "{served.url(TAG)}"\n[heartbeat]\nurl_env = "PING"\n'
            '[channel.hook]\ntype = "webhook"\nurl_env = "HOOK_URL"\nsecret_env = "HOOK_SECRET"\n',
            encoding="utf-8",
        )
        canaries = {"PING": "http://ping.example.org/canary", "HOOK_URL": "canary", "HOOK_SECRET": "canary"}
        said = desk.run("check", "--json", env=canaries)
        assert said.code == 2
        assert {each.partition(": ")[0] for each in said.json["secrets"]} == {
            "heartbeat.url",
            "channel.hook.url",
            "channel.hook.secret",
        }
        doctor = desk.run("doctor", "--json", env=canaries)
        assert doctor.code == 2
        found = [each["found"] for each in doctor.json["checks"] if each["check"] == "secret"]
        assert sorted(found) == sorted(said.json["secrets"])
        assert "canary" not in said.out + said.err + doctor.out + doctor.err


def test_a_bad_configuration(desk, tmp_path):
    (tmp_path / "baogao.toml").write_text("[crawl]\ndelai = 1\n")
    said = desk.run("check")
    assert said.code == 2
    assert "unknown key `crawl.delai`" in said.sentence


def test_no_temporary_directory(desk, site):
    said, requests = check(desk, site, env={"TMPDIR": "/nowhere", "HOME": "/nowhere"}, through=without_tmp())
    assert said.code == 7
    assert "TMPDIR" in said.sentence
    assert requests == []


def without_tmp():
    """For ``through``: no temporary directory can be written, whoever runs the tests."""
    import sys

    from tests.command import _LIMITED

    return (sys.executable, "-c", f"{_LIMITED}; os.execv(sys.argv[2], sys.argv[2:])", "0")


def test_stopped_it_keeps_nothing(desk, site, tmp_path):
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    site.faults = every(site, hang())
    with serve(site) as served:
        process = desk.start("check", "--delay", "0", served.url(TAG), env={"TMPDIR": str(scratch)})
        wait_for(lambda: asked(served.requests) == [1])
        children = children_of(process.pid)
        assert children
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.decode() == "baogao: stopped; a check keeps nothing.\n"
    assert list(scratch.iterdir()) == []


# what is made of a page


def entry(title, zh="虚构的规模为三亿元", en="The invented size is three hundred million yuan"):
    return Entry(f"h:{hash(title) % 9999}", "https://example.org/1", title, (), zh, en, None)


LISTING = make_listing("https://example.org/tag/x", rank=1)
PAGED = make_listing("https://example.org/tag/x", rank=1, page_url="{url}/{page}")


@pytest.mark.parametrize(
    ("listing", "pager", "expected"),
    [
        (LISTING, Pager(last=3, next_url="https://example.org/n"), ("link", "https://example.org/n")),
        (LISTING, Pager(links=((2, "https://example.org/2"),)), ("link", "https://example.org/2")),
        (PAGED, Pager(last=3), ("page_url", "https://example.org/tag/x/2")),
        (LISTING, Pager(last=3, template="https://example.org/p{page}"), ("numbers", "https://example.org/p2")),
        (LISTING, Pager(last=3), ("guess", "https://example.org/tag/x?page=2")),
        (LISTING, Pager(last=1), (None, None)),
    ],
)
def test_how_page_2_is_found(listing, pager, expected):
    page = judge_first_page(listing, Page((entry("甲"), entry("乙")), pager), None)
    assert (page.next_by, page.next_url) == expected
    assert bool(page.notes) == (expected[0] == "guess")


def test_untitled_entries_are_a_redesign():
    page = judge_first_page(LISTING, Page(tuple(entry("", zh=f"虚构{n}") for n in range(9)), Pager()), None)
    assert page.exit_code == 4
    assert page.untitled == 9
    assert "no title" in page.stopped


def test_short_english_is_worth_a_note():
    entries = tuple(entry(f"题{n}", zh="虚" * 100, en="short") for n in range(9))
    page = judge_first_page(LISTING, Page(entries, Pager(last=1)), None)
    assert page.exit_code == 0
    assert "cut off" in page.notes[0]


@pytest.mark.parametrize(
    ("kind", "code"), [("blocked", 5), ("login", 5), ("error", 3), ("hostile", 4), ("unreadable", 4)]
)
def test_refusals(kind, code):
    page = judge_first_page(LISTING, Refused(kind, "as it is"), None)
    assert (page.exit_code, page.stopped, page.entries) == (code, "page 1: as it is", None)


def test_the_gravest_of_several_counts():
    pages = [judge_first_page(LISTING, None, Stop(kind, "x")) for kind in ("fetch error", "blocked", "refused")]
    assert [page.exit_code for page in pages] == [3, 5, 4]
    assert choose_exit_code(pages) == 4
    assert choose_exit_code(pages[:2]) == 5
    assert choose_exit_code([]) == 0


def test_json_is_one_document(desk, site):
    said, _ = check(desk, site)
    assert json.loads(said.out)["listings"][0]["notes"] == []
    assert "\\u" not in said.out
