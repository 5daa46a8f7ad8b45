"""Reading ahead saves time and nothing else."""

from archive.ahead import PAGES_AHEAD, ReadAhead
from archive.captures import Reader
from archive.settle import settle
from tests.nights import Nights, read_json


def counting():
    calls = []

    def read(body, **where):
        calls.append(where["url"])
        return read_json(body, **where)

    return calls, Reader(1, read)


def captured(root, reports):
    nights = Nights(root)
    for number in range(reports):
        nights.publisher.publish(f"r{number}")
    nights.night(settle_it=False)
    return nights


def test_settlement_parses_nothing_that_was_read_ahead(tmp_path):
    nights = captured(tmp_path / "data", 20)
    calls, reader = counting()
    with nights.opened() as connection:
        ahead = ReadAhead(connection, nights.data.root, 1, reader)
        while ahead.read_next():
            pass
        assert len(calls) == 7
        verdict = settle(connection, nights.data, 1, ahead.reader)
    assert len(calls) == 7
    assert (verdict.outcome, verdict.counts["entries"]) == ("complete", 20)


def test_memory_does_not_grow_with_the_night(tmp_path):
    nights = captured(tmp_path / "data", 3 * (PAGES_AHEAD + 20))
    calls, reader = counting()
    with nights.opened() as connection:
        ahead = ReadAhead(connection, nights.data.root, 1, reader)
        while ahead.read_next():
            pass
        assert len(calls) == PAGES_AHEAD
        assert settle(connection, nights.data, 1, ahead.reader).counts["pages"] == PAGES_AHEAD + 20
    assert len(calls) == PAGES_AHEAD + 20


def test_damaged_capture_is_left_for_the_settlement_to_name(tmp_path):
    nights = captured(tmp_path / "data", 20)
    (file,) = nights.data.warc.iterdir()
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    file.write_bytes(whole)
    with nights.opened() as connection:
        ahead = ReadAhead(connection, nights.data.root, 1, nights.reader)
        while ahead.read_next():
            pass
        assert not ahead.read_next()
