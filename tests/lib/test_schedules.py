from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.schedules import JITTER, delay, retry_after

SCHEDULE = (1, 5, 30, 120)
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@given(st.integers(1, len(SCHEDULE)))
def test_each_try_waits_its_own_time_a_tenth_more_or_less(attempts):
    planned = SCHEDULE[attempts - 1]
    waited = delay(SCHEDULE, attempts)
    assert planned * (1 - JITTER) <= waited <= planned * (1 + JITTER)


def test_two_that_failed_together_do_not_come_back_together():
    assert len({delay(SCHEDULE, 3) for _ in range(20)}) > 1


@pytest.mark.parametrize("attempts", [5, 6, 1000])
def test_after_the_last_try_there_is_none(attempts):
    assert delay(SCHEDULE, attempts) is None


def test_an_empty_schedule_allows_no_second_try():
    assert delay((), 1) is None


def asked(header, **headers):
    """Seconds."""
    return retry_after({"retry-after": header, **headers}, now=lambda: NOW, cap=3600)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("Sat, 21 Nov 2026 10:01:00 GMT", 60),
        ("Saturday, 21-Nov-26 10:01:00 GMT", 60),
        ("Sat, 21 Nov 2026 10:01:00", 60),
        ("Sat, 21 Nov 2026 09:00:00 GMT", 0),
        ("315360000", 3600),
        ("Thu, 21 Nov 2036 10:00:00 GMT", 3600),
        ("9" * 5000, 3600),
    ],
)
def test_a_peer_says_when_to_come_again_up_to_a_cap(header, seconds):
    assert asked(header) == seconds


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5", "\u0661", "Sat, 99 Nov 2026", "x" * 9])
def test_a_header_that_cannot_be_read_asks_for_nothing(header):
    assert asked(header) is None


def test_a_date_is_by_the_clock_of_who_names_it():
    late = {"date": "Sat, 21 Nov 2026 13:00:00 GMT"}
    assert asked("Sat, 21 Nov 2026 13:02:00 GMT", **late) == 120
    assert asked("7", **late) == 7
    assert asked("Sat, 21 Nov 2026 10:02:00 GMT", date="about noon") == 120


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_borne(header, date):
    seconds = asked(header, date=date)
    assert seconds is None or 0 <= seconds <= 3600


@given(st.timedeltas(timedelta(0), timedelta(minutes=59)))
def test_a_date_ahead_is_waited_for_to_the_second(ahead):
    header = (NOW + ahead).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert asked(header) == int(ahead.total_seconds())
