"""The configuration: complete without a file, strict with one."""

import pytest

from archive.budget import read_budget, word_budget
from archive.config import DEFAULT_USER_AGENT, Config, choose_listings, load_config, make_listing
from archive.errors import UsageError


def test_without_a_file_there_is_one_listing():
    config = load_config(None)
    assert [listing.key for listing in config.listings] == ["tag:人民日报"]
    assert (config.delay, config.max_pages, config.user_agent) == (2.0, 500, DEFAULT_USER_AGENT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[crawl]\ndely = 2", ["crawl.dely", "delay, user_agent, max_pages"]),
        ("[crawl]\ndelay = '2'", ["crawl.delay", "float"]),
        ("[crawl]\nmax_pages = 0", ["crawl.max_pages", ">= 1"]),
        ("[crawl]\ndelay = 0.5", ["crawl.delay", "1 second", "report.iimedia.cn"]),
        ("[crawl]\nuser_agent = 'a\\u000ab'\n".replace("\\u000a", "\t"), ["crawl.user_agent", "printable"]),
        ("crawl = 3", ["crawl", "object"]),
        ("spam = 1", ["spam", "crawl, listing"]),
        ("[[listing]]\nurl = 'https://a.example/tag/x'\nfoo = 1", ["listing[0].foo", "url, rank, page_url"]),
        ("[[listing]]\nrank = 1", ["listing[0]", "url"]),
        ("[[listing]]\nurl = 'ftp://a.example/x'", ["listing[0].url", "https://"]),
        ("[[listing]]\nurl = 'https://me:secret@a.example/x'", ["listing[0].url", "password"]),
        ("[[listing]]\nurl = 'https://a.example/tag/%ff'", ["listing[0].url", "UTF-8"]),
        ("[[listing]]\nurl = 'https://a.example/x'\npage_url = '{url}&p={n}'", ["listing[0].page_url", "{page}"]),
        ("[[listing]]\nurl = 'https://a.example/x'\npage_url = '{url}'", ["listing[0].page_url", "{page}"]),
        (
            "[[listing]]\nurl = 'https://a.example/tag/x'\n[[listing]]\nurl = 'https://b.example/tag/x'",
            ["listing[1].url", "tag:x", "second time", "https://a.example/tag/x", "data directory of its own"],
        ),
        ("[crawl\n", ["TOML"]),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_what_is_allowed(tmp_path, text, said):
    file = tmp_path / "baogao.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load_config(file)
    assert error.value.exit_code == 2
    for part in [str(file), *said]:
        assert part in str(error.value)


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="--config"):
        load_config(tmp_path / "none.toml")


def test_both_spellings_of_one_tag_are_one_listing(tmp_path):
    file = tmp_path / "baogao.toml"
    file.write_text(
        "[[listing]]\nurl = 'https://a.example/tag/交友'\n[[listing]]\nurl = 'https://a.example/tag/%E4%BA%A4%E5%8F%8B'",
        encoding="utf-8",
    )
    assert [(listing.key, listing.rank) for listing in load_config(file).listings] == [("tag:交友", 10)]
    raw, encoded = (make_listing(f"https://a.example/tag/{tag}", rank=1) for tag in ("交友", "%E4%BA%A4%E5%8F%8B"))
    assert raw == encoded
    assert raw.url.isascii()


@pytest.mark.parametrize(
    ("url", "key", "canonical"),
    [
        ("https://a.example/tag/x/", "tag:x", "https://a.example/tag/x/"),
        ("https://A.example:8443/list", "a.example/list", "https://a.example:8443/list"),
        ("https://a.example/list?b=2&a=1", "a.example/list?a=1&b=2", "https://a.example/list?b=2&a=1"),
        ("http://127.0.0.1:8000/tag/人民日报#top", "tag:人民日报", None),
        ("https://a.example", "a.example/", "https://a.example/"),
        # an old site reads its own query as GBK: byte for byte, and the key says what it means
        (
            "https://a.example/s.jsp?tag=%C8%CB%C3%F1",
            "a.example/s.jsp?tag=人民",
            "https://a.example/s.jsp?tag=%C8%CB%C3%F1",
        ),
        ("https://a.example/s.jsp?tag=%E4%BA%BA", "a.example/s.jsp?tag=人", "https://a.example/s.jsp?tag=%E4%BA%BA"),
        ("https://a.example/tag/%C8%CB%C3%F1", "tag:人民", "https://a.example/tag/%C8%CB%C3%F1"),
    ],
)
def test_listing_key(url, key, canonical):
    listing = make_listing(url, rank=1)
    assert listing.key == key
    assert canonical is None or listing.url == canonical


@pytest.mark.parametrize(
    "url", ["", "人民日报", "http://", "http://a b/", "file:///etc/passwd", "http://[::1", "http://a:x/"]
)
def test_what_is_no_web_address(url):
    with pytest.raises(UsageError, match="web address"):
        make_listing(url, rank=1)


def test_addresses_on_the_command_line_keep_their_configured_rank(tmp_path):
    file = tmp_path / "baogao.toml"
    file.write_text(
        "[[listing]]\nurl = 'https://a.example/tag/x'\nrank = 7\npage_url = '{url}?p={page}'", encoding="utf-8"
    )
    config = load_config(file)
    chosen = choose_listings(
        config, ["https://a.example/tag/x", "https://a.example/tag/y", "https://a.example/tag/%78"]
    )
    assert [(listing.key, listing.rank) for listing in chosen] == [("tag:x", 7), ("tag:y", 20)]
    assert chosen[0].page_url == "{url}?p={page}"
    assert choose_listings(config, []) == config.listings


# Many listings


def write(tmp_path, text):
    file = tmp_path / "baogao.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90m", 5400), ("1h30m", 5400), ("45s", 45), ("1h0m5s", 3605), (" 4h55m ", 17700)],
)
def test_a_budget_is_a_duration(text, seconds):
    assert read_budget(text, "x") == seconds
    assert read_budget(word_budget(seconds), "x") == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "2 h", "1.5h", "30m1h", "-1h", "2d", "１h", "h2", "1h\u202e"])
def test_a_wrong_budget_is_refused(tmp_path, text):
    file = write(tmp_path, f'[crawl]\nbudget = "{text}"\n')
    with pytest.raises(UsageError, match=r"baogao\.toml: `crawl\.budget`: .* is no duration; allowed are hours"):
        load_config(file)


def test_a_budget_must_fit_into_a_night(tmp_path):
    file = write(tmp_path, '[crawl]\nbudget = "5h"\n')
    with pytest.raises(
        UsageError, match=r"`crawl\.budget`: 5h does not fit .* ended after 5h; allowed is at most 4h55m"
    ):
        load_config(file)


@pytest.mark.parametrize("value", ["0", "65", "1.5", '"4"'])
def test_hosts_at_once_are_bounded(tmp_path, value):
    with pytest.raises(UsageError, match=r"`crawl\.max_concurrent_hosts`"):
        load_config(write(tmp_path, f"[crawl]\nmax_concurrent_hosts = {value}\n"))


def test_what_governs_many_listings(tmp_path):
    config = load_config(write(tmp_path, '[crawl]\nbudget = "2h"\nmax_concurrent_hosts = 8\n'))
    assert (config.budget, config.max_concurrent_hosts) == (7200, 8)
    assert (load_config(None).budget, load_config(None).max_concurrent_hosts) == (None, 4)


def test_listings_are_chosen_by_key_or_address(tmp_path):
    urls = ["https://a.example/tag/人民日报", "https://a.example/tag/新华社", "https://b.example/list?q=[1]"]
    config = load_config(write(tmp_path, "".join(f'[[listing]]\nurl = "{url}"\n' for url in urls)))

    def choose(*patterns):
        return [listing.key for listing in choose_listings(config, (), patterns)]

    assert choose("tag:人*") == ["tag:人民日报"]
    assert choose("*b.example*", "tag:新华社") == ["tag:新华社", "b.example/list?q=[1]"]
    assert choose("https://a.example/tag/新*") == ["tag:新华社"]
    assert choose("b.example/list?q=[1]") == ["b.example/list?q=[1]"]  # to the letter
    with pytest.raises(UsageError, match="matches no configured listing; there are: tag:人民日报, tag:新华社, b"):
        choose("TAG:*")
    with pytest.raises(UsageError, match="not both"):
        choose_listings(config, urls, ("tag:*",))


def test_of_many_listings_ten_are_named():
    config = Config(tuple(make_listing(f"http://127.0.0.1/tag/{n}", rank=n) for n in range(25)), 0, "x", 1)
    with pytest.raises(UsageError, match="tag:8, tag:9 and 15 more"):
        choose_listings(config, (), ("x\x1b[2J",))
