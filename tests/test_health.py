"""`python -m archive.ops.health`: how old the last good night is, as a container asks."""

import subprocess
import sys
from datetime import timedelta

import pytest

from archive.ops.health import main
from tests.command import environment
from tests.nights import Nights, Publisher


@pytest.fixture
def nights(tmp_path):
    played = Nights(tmp_path / "data", Publisher())
    for number in range(7):
        played.publisher.publish(f"r{number}")
    return played


def ask(nights, capsys, *, hours, age="26h"):
    code = main(["--data", str(nights.data.root), "--max-age", age], now=nights.clock + timedelta(hours=hours))
    return code, capsys.readouterr().out


def test_a_good_night_counts_until_it_is_too_old(nights, capsys):
    nights.night()
    for hours, age, code in ((1, "26h", 0), (25.9, "26h", 0), (26.1, "26h", 1), (26.1, "2d", 0), (1, "30m", 1)):
        assert ask(nights, capsys, hours=hours, age=age)[0] == code
    assert "the last good night ended at 2026-01-02T18:3" in ask(nights, capsys, hours=1)[1]


@pytest.mark.parametrize("fault", ["garbage", "500"])
def test_a_night_that_went_wrong_is_no_good_one(nights, capsys, fault):
    nights.night()
    outcome = nights.night(faults={("甲", 1): fault}).outcome
    assert outcome in {"rejected", "partial"}
    code, said = ask(nights, capsys, hours=3)
    assert (code, said[:11]) == (1, "unhealthy: ")
    assert f"run 2, the latest, is {outcome}: `baogao runs 2`" in said
    assert ask(nights, capsys, hours=3, age="2d")[0] == 0


def test_no_good_night_is_unhealthy(nights, capsys):
    assert ask(nights, capsys, hours=1)[0] == 1
    assert "There is no archive" in ask(nights, capsys, hours=1)[1]
    with nights.opened():
        pass
    assert "no good night yet" in ask(nights, capsys, hours=1)[1]
    nights.night(faults={("甲", 1): "500"})
    code, said = ask(nights, capsys, hours=1)
    assert (code, "no good night yet; run 1, the latest, is partial" in said) == (1, True)


def test_reading_old_captures_again_is_no_night(nights, capsys):
    from tests.nights import make_reader

    nights.night()
    nights.clock += timedelta(days=3)
    nights.reparse(make_reader(2))
    assert ask(nights, capsys, hours=0)[0] == 1


def test_a_night_to_come_says_that_the_clock_is_wrong(nights, capsys):
    nights.night()
    assert ask(nights, capsys, hours=-0.05)[0] == 0
    code, said = ask(nights, capsys, hours=-24)
    assert (code, "set the clock" in said) == (1, True)


def test_a_damaged_archive_is_one_sentence(nights, capsys):
    nights.night()
    nights.data.db.write_bytes(b"no database at all" * 1000)
    code, said = ask(nights, capsys, hours=1)
    assert (code, len(said.splitlines())) == (1, 1)
    assert said.startswith("unhealthy: ")


@pytest.mark.parametrize("age", ["26", "0h", "-1h", "h", "26 h", "1w", "9999999h", ""])
def test_a_bad_age_ends_with_1_too(age, capsys):
    """2 is reserved to the container engine."""
    assert main([f"--max-age={age}"]) == 1
    assert "as 90m, 26h or 2d" in capsys.readouterr().err


def test_the_program_is_run_beside_a_night_and_changes_nothing(nights):
    nights.night()
    before = {path: path.read_bytes() for path in nights.data.root.rglob("*") if path.is_file()}
    with nights.opened() as connection:
        connection.execute("BEGIN IMMEDIATE")
        said = subprocess.run(
            [sys.executable, "-m", "archive.ops.health", "--max-age", "26h"],
            env=environment({"BAOGAO_DATA": str(nights.data.root)}),
            capture_output=True,
            text=True,
            check=False,
        )
        connection.execute("ROLLBACK")
    assert (said.returncode, said.stderr) == (1, "")
    assert said.stdout.startswith("unhealthy: the last good night ended at 2026-01-02T18:3")
    assert {path: path.read_bytes() for path in before} == before
