"""Datasette's own pages when they are asked for what can't be: a sentence and a status, and the others go on."""

import threading
from urllib.parse import quote

import pytest

from tests.web.markup import parse_inert

ENDLESS = quote("with recursive c(n) as (select 1 union all select n+1 from c) select max(n) from c")
GREEDY = ("randomblob(1000000000)", "zeroblob(2000000)", "hex(zeroblob(600000))")


@pytest.mark.parametrize(
    "path",
    [
        "/archive/reports?_sort=nothing",
        "/archive/items?_sort=key&_sort_desc=key",
        "/archive/reports?_next=x",
        "/archive/reports?key__in=[",
        "/archive/items?_through=x",
        "/archive/items?_through={}",
        "/archive?sql=select+1&_timelimit=x",
        "/archive.csv",
    ],
)
def test_odd_parameter_is_the_visitors_error(served, path):
    response = served.get(path)
    assert response.status_code == 400
    assert "archive" in parse_inert(response.text).text.lower()


def test_odd_parameter_is_said_in_json_too(served):
    response = served.get("/archive.json?sql=select+1&_timelimit=x")
    assert response.status_code == 400
    assert response.json()["error"].startswith("A parameter of this address")


@pytest.mark.parametrize("greedy", GREEDY)
@pytest.mark.parametrize("ending", ["json", "csv"])
def test_nobody_asks_for_a_gigabyte(served, greedy, ending):
    response = served.get(f"/archive.{ending}?sql={quote(f'select {greedy}')}")
    assert response.status_code == 400
    assert "too big" in response.text


def test_greedy_filter_of_a_table_is_refused(served):
    response = served.get("/archive/reports.json?_where=length(hex(zeroblob(400000000)))=1")
    assert (response.status_code, "too big" in response.json()["error"]) == (400, True)


@pytest.mark.parametrize("sql", ["select+*+from+nothing", f"{ENDLESS}&_timelimit=100"])
def test_csv_of_a_failed_query_is_no_empty_file(served, sql):
    assert served.get(f"/archive.csv?sql={sql}").status_code == 400
    assert served.get("/archive.csv?sql=select+1").text.split() == ["1", "1"]


def test_pages_do_not_wait_for_slow_sql(served):
    """Sixteen questions of two seconds for Datasette's four threads: behind them a page of ours would come last."""
    assert served.get("/").status_code == 200  # read once, it is quick on any machine
    asked = [
        threading.Thread(target=served.get, args=(f"/archive.json?sql={ENDLESS}&_timelimit=2000",)) for _ in range(16)
    ]
    for thread in asked:
        thread.start()
    assert served.get("/").status_code == 200
    waiting = sum(thread.is_alive() for thread in asked)
    for thread in asked:
        thread.join()
    assert waiting > 3  # the last four run together


@pytest.mark.parametrize("path", ["//", "///", "/\\other.invalid/"])
def test_no_address_leads_to_itself_or_to_another_host(served, path):
    import httpx

    address = httpx.URL(served.base).copy_with(raw_path=path.encode())
    response = served.client.get(address)
    assert response.status_code == 302
    assert response.headers["location"] == ("/" if set(path) == {"/"} else "/other.invalid")
