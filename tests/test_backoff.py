"""The schedule of attempts: later than the last, never earlier than asked, and with an end."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.alerts.backoff import ATTEMPTS, DELAYS, add_seconds, count_seconds, next_attempt

NOW = "2026-02-28T23:59:58Z"


def wait(attempts, *, jitter=0.0, retry_after=None):
    later = next_attempt(attempts, now=NOW, jitter=jitter, retry_after=retry_after)
    return later and count_seconds(NOW, later)


def test_the_schedule_is_that_of_standard_webhooks():
    hours = 3600
    waits = [wait(attempts) for attempts in range(1, 11)]
    assert waits == [
        5, 300, 1800, 2 * hours, 5 * hours, 10 * hours, 14 * hours, 20 * hours, 24 * hours, None,
    ]  # fmt: skip
    assert len(waits) == ATTEMPTS == 10


def test_times_are_written_as_everywhere():
    assert next_attempt(1, now=NOW, jitter=0.0) == "2026-03-01T00:00:03Z"
    assert add_seconds("2028-02-28T23:59:59Z", 1) == "2028-02-29T00:00:00Z"


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        (0, 300), (-5, 300), (299, 300), (301, 301), (301.2, 302), (7200, 7200), (10**9, 86400), (math.inf, 86400),
        (math.nan, 300),
    ],
)  # fmt: skip
def test_retry_after_makes_it_later_and_never_earlier(retry_after, expected):
    assert wait(2, retry_after=retry_after) == expected


def test_what_a_server_asks_for_does_not_lengthen_the_schedule():
    assert wait(10, retry_after=60) is None


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True), st.none() | st.floats(allow_nan=False))
def test_jitter_adds_up_to_a_fifth(attempts, jitter, retry_after):
    delay = DELAYS[attempts - 1]
    waited = wait(attempts, jitter=jitter, retry_after=retry_after)
    assert delay <= waited <= max(math.ceil(delay * 1.2), 86400)
    if retry_after is None:
        assert waited == math.ceil(delay * (1 + 0.2 * jitter))
