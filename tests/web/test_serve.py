"""The command `baogao serve`: what it says, how it ends, and an archive that changes under it."""

import contextlib
import shutil
import socket
import threading

import pytest

from archive import schema
from archive.derive import derive
from archive.sqlite import sqlite3
from tests.command import Desk, unprivileged, wait_for
from tests.web import collection
from tests.web.conftest import serving, wait_for_address, wait_until_served
from tests.web.markup import parse_inert


@pytest.fixture
def desk(tmp_path, nights):
    shutil.copytree(nights.data.root, tmp_path / "data")
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "archive.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with Desk(tmp_path / "data") as desk:
        yield desk


def test_help_has_an_example():
    from click.testing import CliRunner

    from archive.cli import baogao

    said = CliRunner().invoke(baogao, ["serve", "--help"])
    assert said.exit_code == 0
    assert "Example: baogao serve" in said.output


@pytest.mark.parametrize(("signal", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_signal_ends_it_cleanly(desk, signal, code):
    import signal as signals

    process = desk.start("serve", "--port", "0")
    wait_for_address(process)
    process.send_signal(getattr(signals, signal))
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (code, b"")
    assert err.decode() == f"baogao: ended by {signal}.\n"


def test_taken_port_is_a_sentence(desk):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = desk.run("serve", "--port", port)
    assert said.code == 2
    assert said.sentence == (
        f"'127.0.0.1', port {port}, can't be listened on (Address already in use): name others with --host and --port."
    )


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.1.1.1", "x\x1by", "8.8.8.8"])
def test_odd_host_is_a_sentence(desk, host):
    said = desk.run("serve", "--port", "0", "--host", host)
    assert said.code == 2
    assert "\x1b" not in said.sentence


def test_public_address_is_warned_of(desk):
    process = desk.start("serve", "--port", "0", "--host", "0.0.0.0")
    warning, address = wait_until_served(process).splitlines()
    assert warning.endswith("becomes public to whoever reaches 0.0.0.0.")
    assert "is at http://0.0.0.0:" in address


def test_archive_that_can_not_be_served(desk):
    with sqlite3.connect(desk.db) as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert "older release" in desk.run("serve", "--port", "0").sentence
    with sqlite3.connect(desk.db) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    assert "newer release" in desk.run("serve", "--port", "0").sentence
    desk.db.unlink()
    said = desk.run("serve", "--port", "0")
    assert (said.code, "`baogao repair`" in said.sentence) == (7, True)


def test_nothing_is_written(desk):
    before = desk.snapshot()
    with serving(desk.data) as site:
        for path in ("/", "/?q=支付&ever=1", "/coverage", "/archive", "/archive/reports", "/series?q=支付"):
            assert site.get(path).status_code == 200
    assert desk.snapshot() == before


def test_directory_that_can_not_be_written(desk):
    """Without a -shm file, which could not be made, the archive is read as unchanging, until it changes."""
    places = [desk.data, desk.db]
    for place, mode in zip(places, (0o555, 0o444), strict=True):
        place.chmod(mode)
    try:
        process = desk.start("serve", "--port", "0", through=unprivileged())
        import httpx

        with httpx.Client(base_url=wait_for_address(process)) as client:
            assert client.get("/").status_code == 200
            assert "52 reports" in parse_inert(client.get("/").text).text
            with sqlite3.connect(desk.db) as connection:  # another account's night
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("UPDATE items SET state = 'withdrawn' WHERE key = ?", (collection.EDITED,))
            connection.close()
            assert "no longer listed" in client.get(f"/r/{collection.EDITED}").text
    finally:
        desk.data.chmod(0o755)


def test_pages_are_whole_while_a_night_is_settled(tmp_path):
    """Each page is of one moment: the number of reports is that of the list, whatever is committed meanwhile."""
    nights = collection.play(tmp_path / "data")
    done = threading.Event()

    def crawl():
        try:
            for number in range(400, 406):
                nights.publisher.publish(f"127.0.0.1:{number}", "甲", title=f"虚构咨询 | 2026年第{number}号")
                nights.night()
                with nights.opened() as connection:
                    derive(connection, print)
        finally:
            done.set()

    with serving(tmp_path / "data") as site:
        writer = threading.Thread(target=crawl)
        writer.start()
        seen = []
        while not done.is_set() or not seen:
            for path in ("/", "/?q=虚构", "/archive/reports.json?_size=1", "/runs"):
                assert site.get(path).status_code == 200
            page = parse_inert(site.get("/").text)
            count = int(page.text.split("Search ")[-1].split(" reports")[0].rpartition(" ")[2])
            seen.append(count)
        writer.join()
        assert seen == sorted(seen)
        assert wait_for(lambda: "58 reports" in parse_inert(site.get("/").text).text)


def test_archive_replaced_by_a_newer_one_is_said(desk):
    with serving(desk.data) as site:
        assert site.get("/").status_code == 200
        with sqlite3.connect(desk.db) as connection:
            connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
        connection.close()
        response = site.get("/")
        assert response.status_code == 503
        assert "newer release" in response.text


def test_archive_replaced_by_rubbish_is_said(desk):
    with serving(desk.data) as site:
        assert site.get("/archive/reports").status_code == 200
        rubbish = desk.db.with_name("rubbish")
        rubbish.write_bytes(b"no archive" * 500)
        rubbish.replace(desk.db)
        for path in ("/", "/archive/reports", "/archive/reports.json", "/archive.csv?sql=select+1"):
            response = site.get(path)
            assert (path, response.status_code) == (path, 503)
            assert "archive.db" in response.text


def test_archive_that_is_gone_is_said(desk):
    with serving(desk.data) as site:
        assert site.get("/").status_code == 200
        desk.db.rename(desk.db.with_name("elsewhere.db"))
        response = site.get("/")
        assert response.status_code == 503
        assert "baogao repair" in response.text
        for path in ("/archive/reports", "/archive/reports.json", "/archive.json?sql=select+1"):
            tables = site.get(path)
            assert tables.status_code == 503
            assert "baogao repair" in tables.text
        desk.db.with_name("elsewhere.db").rename(desk.db)
        assert site.get("/").status_code == 200
