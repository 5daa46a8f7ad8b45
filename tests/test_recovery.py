import random
import shutil
import subprocess
import sys
import time
from unittest import mock

import pytest

from archive.errors import StorageError
from archive.members import TornFileError, pack, read_members
from archive.records import format_record
from archive.warc import iterate_records, read_exchange, repair_open_file, verify_file
from tests.warcs import AT, begin, exchange, judge, numbered_ids, run_tool, write_night


@pytest.fixture
def quick_sync(monkeypatch):
    """For thousands of repairs, none of which outlives a power cut."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def open_copy(root, data):
    shutil.rmtree(root / "warc", ignore_errors=True)
    (root / "warc").mkdir(parents=True)
    path = root / "warc" / "cut.warc.gz.open"
    path.write_bytes(data)
    return path


def names(root):
    return sorted(path.name for path in (root / "warc").iterdir())


def test_a_file_cut_at_every_byte_keeps_exactly_what_was_acknowledged(tmp_path, quick_sync):
    with begin(tmp_path) as writer:
        ends = [writer._end]
        for page in range(1, 4):
            writer.append(exchange(page))
            ends.append(writer._end)
    data = writer.path.read_bytes()
    assert ends[-1] == len(data)
    judged = set()
    for cut in range(len(data) + 1):
        path = open_copy(tmp_path / "cut", data[:cut])
        repaired = repair_open_file(path)
        kept = max((end for end in ends if end <= cut), default=0)
        if kept:
            assert repaired.path.name == "cut.warc.gz"
            assert repaired.path.read_bytes() == data[:kept]
            assert repaired.records == 1 + 2 * ends.index(kept)
        else:
            assert not repaired.usable
            assert names(tmp_path / "cut") == ["cut.warc.gz.invalid"]
            assert repaired.path.read_bytes() == data[:cut]
            continue
        assert repaired.cut == cut - kept
        if cut > kept:
            assert repaired.torn is not None
            assert repaired.torn.read_bytes() == data[kept:cut]
        assert names(tmp_path / "cut") == ["cut.warc.gz", "cut.warc.gz.torn"][: 1 + (cut > kept)]
        if kept not in judged:
            judged.add(kept)
            assert len(judge(repaired.path)) == repaired.records
            assert run_tool("warcio", "check", str(repaired.path)).returncode == 0
            assert not list(verify_file(repaired.path))
    assert judged == set(ends)


def walk_members(path):
    """Where the last whole member ends, how many are whole, and whether something else follows."""
    good_end = whole = 0
    with path.open("rb") as file:
        try:
            for member in read_members(file, path.name, keep=False):
                good_end, whole = member.offset + member.length, whole + 1
        except TornFileError:
            return good_end, whole, True
    return good_end, whole, False


def test_the_member_walk_finds_the_last_good_end_of_every_cut(tmp_path):
    path, _ = write_night(tmp_path)
    data = path.read_bytes()
    ends = [0, *(record.offset + record.length for record in iterate_records(path))]
    cut_path = tmp_path / "cut"
    for cut in range(0, len(data) + 1, 3):
        cut_path.write_bytes(data[:cut])
        good_end, whole, torn = walk_members(cut_path)
        assert good_end == max(end for end in ends if end <= cut)
        assert whole == ends.index(good_end)
        assert torn == (cut not in ends)


@pytest.mark.parametrize(
    "tail",
    [
        bytes(4096),
        b"\x1f",
        b"rubbish",
        b"\x1f\x8b\x08 rubbish",
        pack(b"a gzip member, but no record"),
        pack(format_record("request", [("WARC-Record-ID", "<urn:x>"), ("WARC-Date", AT)], b"GET / HTTP/1.1\r\n\r\n")),
    ],
    ids=["zeros", "one byte", "rubbish", "false magic", "no record", "request alone"],
)
def test_a_tail_that_is_no_exchange_is_moved_away(tmp_path, tail):
    path, _ = write_night(tmp_path)
    data = path.read_bytes()
    repaired = repair_open_file(open_copy(tmp_path, data + tail))
    assert repaired.path.read_bytes() == data
    assert (repaired.records, repaired.cut, repaired.lost) == (10, len(tail), 0)
    assert repaired.torn.read_bytes() == tail
    moved = "1 byte" if len(tail) == 1 else f"{len(tail)} bytes"
    assert str(repaired) == f"cut.warc.gz: closed with 10 records, {moved} moved to cut.warc.gz.torn"


def test_whole_records_behind_a_damaged_one_are_kept_aside_and_counted(tmp_path):
    path, (_, revisit, *_) = write_night(tmp_path)
    data = bytearray(path.read_bytes())
    data[revisit.offset + 40] ^= 1
    repaired = repair_open_file(open_copy(tmp_path, bytes(data)))
    assert (repaired.records, repaired.lost) == (4, 2)
    assert "2 whole records behind a damaged place" in str(repaired)
    assert repaired.path.read_bytes() + repaired.torn.read_bytes() == bytes(data)


@pytest.mark.parametrize("function", ["os.fsync", "archive.recovery.rename_into_place"])
def test_a_repair_that_failed_half_way_is_done_again(tmp_path, function):
    path, _ = write_night(tmp_path)
    data = path.read_bytes()
    open_path = open_copy(tmp_path, data + b"tail")
    full = mock.patch(function, side_effect=OSError(28, "No space left on device"))
    with full, pytest.raises(StorageError, match=r"can't be repaired \(No space left on device\)"):
        repair_open_file(open_path)
    assert repair_open_file(open_path).path.read_bytes() == data
    assert (tmp_path / "warc" / "cut.warc.gz.torn").read_bytes() == b"tail"


def test_a_repair_never_replaces_a_closed_file(tmp_path):
    path, _ = write_night(tmp_path)
    open_path = path.with_name(path.name + ".open")
    shutil.copy(path, open_path)
    with pytest.raises(StorageError, match="exists already"):
        repair_open_file(open_path)
    assert open_path.exists()


def test_a_bomb_is_no_record_and_costs_no_memory(tmp_path):
    path, _ = write_night(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data + pack(bytes(40 << 20)))
    assert walk_members(path) == (len(path.read_bytes()), 11, False)
    assert [str(problem) for problem in verify_file(path)] == [
        f"night.warc.gz at byte {len(data)}: a record unpacks to more than 33554432 bytes"
    ]


def test_every_flipped_bit_is_found_or_harmless(tmp_path):
    path, _ = write_night(tmp_path)
    data = path.read_bytes()
    records = list(iterate_records(path))
    assert not list(verify_file(path))
    found = harmless = 0
    for bit in range(0, len(data) * 8, 23):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        if any(True for _ in verify_file(path)):
            found += 1
        else:  # gzip's own header holds a time and a system nobody reads; the last byte of a stream has spare bits
            assert list(iterate_records(path)) == records
            harmless += 1
    assert found > 50 * harmless > 0


def test_verify_goes_on_behind_a_damaged_record(tmp_path):
    path, (first, _, redirect, _) = write_night(tmp_path)
    data = bytearray(path.read_bytes())
    data[first.offset + 30] ^= 8
    data[redirect.offset + 30] ^= 8
    path.write_bytes(data)
    problems = list(verify_file(path))
    damaged = [problem.offset for problem in problems if "gzip" in problem.message]
    assert damaged == [first.offset, redirect.offset]
    alone = [problem for problem in problems if problem.message == "a request without its response"]
    assert len(alone) == 2
    assert all(problem.file == "night.warc.gz" for problem in problems)
    path.rename(path.with_name("night.warc.gz.open"))
    assert list(verify_file(path)) == problems


def test_verify_looks_behind_a_good_checksum(tmp_path):
    """Whoever rewrites a record gives it a new checksum, but not the digests and the references."""
    path, _ = write_night(tmp_path)
    original = list(iterate_records(path))
    for index, before, after, expected in [
        (2, b"\xe8\x89\xbe", b"\xe8\x89\xbf", "the block does not have the digest"),
        (2, b"\xe8\x89\xbe", b"\xe8\x89\xbf", "the payload does not have the digest"),
        (2, b"Content-Length: ", b"Content-Length: 1", "not as long as its Content-Length"),
        (2, b"WARC-Date", b"WARC-Dote", "a record without WARC-Date"),
        (2, b"WARC/1.1", b"WARC/9.9", "no WARC/1.1 record"),
        (2, b"WARC-Payload-Digest", b"WARC-Payload-Digits", "without WARC-Payload-Digest"),
        (2, b"HTTP/1.1 200", b"HTTP/1.1 xxx", "no HTTP response"),
        (3, b"tag", b"tug", "the block does not have the digest"),
        (5, b"identical-payload-digest", b"server-not-modified", "a revisit that does not say of what"),
        (5, b"WARC-Refers-To:", b"WARC-Refers-At:", "a revisit that does not say of what"),
    ]:
        members = []
        for number, record in enumerate(original):
            raw = format_record(
                record.type,
                [pair for pair in record.headers.items() if pair[0] not in {"WARC-Type", "Content-Length"}],
                record.block,
            )
            members.append(pack(raw.replace(before, after) if number == index else raw))
        path.write_bytes(b"".join(members))
        assert any(expected in problem.message for problem in verify_file(path)), expected
    path.write_bytes(b"".join(members[:5]))
    assert [problem.message for problem in verify_file(path)] == ["a request without its response"]


def test_a_revisit_must_refer_to_something_archived(tmp_path):
    path, (first, *_) = write_night(tmp_path)
    assert not list(verify_file(path, is_archived={first.record_id}.__contains__))
    messages = [problem.message for problem in verify_file(path, is_archived=lambda record_id: False)]
    assert messages == [f"a revisit of record {first.record_id}, which is nowhere in the archive"]


FILL_THE_DISK = """
import resource, sys
from pathlib import Path
from archive.errors import StorageError
from tests.warcs import begin, exchange
limit, root = int(sys.argv[1]), Path(sys.argv[2])
writer = None
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    writer = begin(root)
    for page in range(100):
        pointer = writer.append(exchange(page))
        print(pointer.offset, pointer.length, flush=True)
except StorageError as error:
    print(error, file=sys.stderr)
    if writer:
        writer.close()
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("limit", [0, 100, 500, 1200, 1500, 3000, 6000])
def test_a_full_disk_ends_the_file_on_a_whole_exchange(tmp_path, limit):
    """EFBIG by a real file-size limit; the kernel takes the same way as for a full disk or a quota."""
    child = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(limit), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert child.returncode == 7, child.stderr
    assert "(File too large): make room" in child.stderr
    assert child.stderr.count("\n") == 1
    pointers = [tuple(map(int, line.split())) for line in child.stdout.splitlines()]
    for offset, length in pointers:
        assert read_exchange(tmp_path, "warc/night.warc.gz", offset, length).payload == exchange().body
    assert names(tmp_path) in ([], ["night.warc.gz"])
    if names(tmp_path):
        path = tmp_path / "warc" / "night.warc.gz"
        assert judge(path) == ["warcinfo", *["request", "response"] * len(pointers)]
        assert path.stat().st_size <= limit


WRITE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from tests.warcs import begin, exchange
writer = begin(Path(sys.argv[1]))
for page in itertools.count():
    pointer = writer.append(exchange(page, body=bytes([page % 251]) * 20000))
    print(pointer.offset, pointer.length, flush=True)
"""


def test_kill_9_at_any_moment_loses_nothing_acknowledged(tmp_path):
    """20 times; a survivor may hold one exchange more than was acknowledged, never one less."""
    rng = random.Random(20261122)
    for number in range(20):
        root = tmp_path / str(number)
        root.mkdir()
        with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(root)], stdout=subprocess.PIPE) as child:
            first = child.stdout.readline()
            time.sleep(rng.uniform(0, 0.05))
            child.kill()
            lines = [first, *child.stdout.read().splitlines(keepends=True)]
        acknowledged = [tuple(map(int, line.split())) for line in lines if line.endswith(b"\n")]
        repaired = repair_open_file(root / "warc" / "night.warc.gz.open")
        found = [
            (record.offset, record.length) for record in iterate_records(repaired.path) if record.type == "response"
        ]
        assert found[: len(acknowledged)] == acknowledged
        assert len(found) - len(acknowledged) in {0, 1}
        assert not list(verify_file(repaired.path))
        for offset, length in acknowledged[-3:]:
            read_exchange(root, "warc/night.warc.gz", offset, length)


def test_ids_of_a_test_file_are_the_same_every_time():
    """The files above are the same bytes in every run, so a failing cut can be found again."""
    assert numbered_ids()() == numbered_ids()()
