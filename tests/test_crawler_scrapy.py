"""Scrapy's own way: what a Scrapy user expects of a project still works."""

import csv
import json
import os
import subprocess
import sys

import pytest

from archive.replica import serve
from archive.store import DataDirectory, hold_lock, open_for_reading
from tests.crawls import NOW, ROOT, TAG, make_site

FIELDS = ["key", "url", "title", "series", "brands", "summary_zh", "summary_en", "listing", "page", "position"]


def scrapy(*arguments, data, **environment):
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=ROOT,
        env=os.environ | {"BAOGAO_DATA": str(data), "BAOGAO_CONFIG": ""} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_scrapy_list(data):
    done = scrapy("list", data=data)
    assert (done.returncode, done.stdout) == (0, "reports\n")
    assert not data.exists()


def test_scrapy_crawl_writes_the_entries(data, tmp_path):
    feed = tmp_path / "reports.jsonl"
    site = make_site(3)
    with serve(site) as served:
        arguments = ("-a", f"url={served.origin}/tag/{TAG}", "-s", "DOWNLOAD_DELAY=0", "-O", str(feed))
        done = scrapy("crawl", "reports", *arguments, data=data)
    assert done.returncode == 0, done.stderr
    text = feed.read_text(encoding="utf-8")
    assert "虚构" in text
    entries = [json.loads(line) for line in text.splitlines()]
    assert [list(entry) for entry in entries] == [FIELDS] * 30
    assert [(entry["page"], entry["position"]) for entry in entries] == [
        (page, position) for page in (1, 2, 3) for position in range(1, 11)
    ]
    for entry, report in zip(entries, site.shown(TAG, 1), strict=False):
        assert entry["key"] == f"127.0.0.1:{report.id}"
        assert entry["title"] == report.title
        assert entry["summary_zh"] == "\n".join(report.zh)
        assert entry["summary_en"] == "\n".join(report.en)
        assert entry["listing"] == f"tag:{TAG}"
        assert entry["brands"] == list(report.brands)


def test_scrapy_crawl_archives_for_a_later_settling(data):
    with serve(make_site(1)) as served:
        done = scrapy("crawl", "reports", "-a", f"url={served.url(TAG)}", "-s", "DOWNLOAD_DELAY=0", data=data)
        assert done.returncode == 0, done.stderr
    connection = open_for_reading(DataDirectory(data))
    assert [row["outcome"] for row in connection.execute("SELECT outcome FROM runs")] == ["open"]
    assert connection.execute("SELECT count(*) FROM captures").fetchone()[0] == 3
    connection.close()
    assert [path.suffix for path in (data / "warc").iterdir()] == [".gz"]
    with hold_lock(DataDirectory(data), command="test", started_at=NOW):
        pass  # the lock is free again


def test_an_entry_that_slides_to_the_next_page_is_written_where_it_was_seen(data, tmp_path):
    """A report published during the walk pushes another one down, and is found when the head is read again."""
    feed = tmp_path / "reports.csv"
    site = make_site(2)
    newest = site.listings[TAG][0]
    site.withdraw(newest)

    def publish(request):
        if "page=2" in request.target and newest not in site.listings[TAG]:
            site.restore(newest)

    site.faults = publish
    with serve(site) as served:
        arguments = ("-a", f"url={served.url(TAG)}", "-s", "DOWNLOAD_DELAY=0", "-O", str(feed))
        assert scrapy("crawl", "reports", *arguments, data=data).returncode == 0
    with feed.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [row["key"] for row in rows]
    assert len(rows) == 21
    assert len(set(keys)) == 20
    assert (rows[-1]["key"], rows[-1]["page"], rows[-1]["position"]) == (f"127.0.0.1:{newest}", "1", "1")


def test_several_listings(data, tmp_path):
    feed = tmp_path / "reports.jsonl"
    site = make_site(1)
    for number in reversed(list(site.reports)):
        site.add_tag(number, "另一个")
    with serve(site) as served:
        urls = f"{served.url(TAG)},{served.url('另一个')}"
        scrapy("crawl", "reports", "-a", f"url={urls}", "-s", "DOWNLOAD_DELAY=0", "-O", str(feed), data=data)
    listings = [json.loads(line)["listing"] for line in feed.read_text(encoding="utf-8").splitlines()]
    assert listings == ["tag:" + TAG] * 10 + ["tag:另一个"] * 10


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://127.0.0.1/x", "is not a web address"),
        ("nonsense", "is not a web address"),
    ],
)
def test_a_wrong_url_is_one_sentence(data, url, said):
    done = scrapy("crawl", "reports", "-a", f"url={url}", "-s", "LOG_LEVEL=WARNING", data=data)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not data.exists()


def test_a_foreign_host_is_not_asked_more_than_once_a_second(data):
    arguments = (
        "-a",
        "url=https://report.example.invalid/tag/x",
        "-s",
        "DOWNLOAD_DELAY=0.1",
        "-s",
        "LOG_LEVEL=WARNING",
    )
    done = scrapy("crawl", "reports", *arguments, data=data)
    assert "0.1 is too short for report.example.invalid" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_held_lock_is_one_sentence_and_no_request(data):
    with serve(make_site(1)) as served:
        DataDirectory(data).prepare()
        with hold_lock(DataDirectory(data), command="baogao crawl", started_at=NOW):
            arguments = ("-a", f"url={served.url(TAG)}", "-s", "LOG_LEVEL=WARNING")
            done = scrapy("crawl", "reports", *arguments, data=data)
        assert served.requests == []
    assert "`baogao crawl` (pid" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_url_the_configured_listings_are_walked(data, tmp_path):
    with serve(make_site(1)) as served:
        config = tmp_path / "baogao.toml"
        config.write_text(f'[[listing]]\nurl = "{served.url(TAG)}"\n', encoding="utf-8")
        done = scrapy("crawl", "reports", "-s", "DOWNLOAD_DELAY=0", data=data, BAOGAO_CONFIG=str(config))
        assert done.returncode == 0
        assert len(served.requests) == 3


def test_scrapy_fetch_works_and_archives_nothing(data):
    with serve(make_site(1)) as served:
        done = scrapy("fetch", "--nolog", served.url(TAG), data=data)
    assert "虚构" in done.stdout
    assert not data.exists()
