"""Circuits: what calls make of a gateway's standing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateways.breakers import PROBE_LEASE
from gateways.circuits import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Calls,
    Circuit,
    Standing,
    after,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def calls(**values) -> Calls:
    return Calls(gateway_id=1, **values)


OPEN = after(Standing(), calls(failures=FAILURES_TO_OPEN), NOW)


def test_a_few_failures_in_a_row_are_borne():
    standing = Standing()
    for _ in range(FAILURES_TO_OPEN - 1):
        standing = after(standing, calls(failures=1), NOW)
    assert standing.circuit(NOW) is Circuit.CLOSED
    assert after(standing, calls(failures=1), NOW).circuit(NOW) is Circuit.OPEN


def test_a_success_between_them_begins_the_row_anew():
    assert after(Standing(failures=4), calls(successes=1), NOW) == Standing()


def test_after_the_pause_one_message_may_pass():
    assert OPEN.circuit(NOW + FIRST_PAUSE - SECOND) is Circuit.OPEN
    assert OPEN.circuit(NOW + FIRST_PAUSE) is Circuit.HALF_OPEN


def test_what_was_in_the_air_when_it_opened_makes_no_pause_longer():
    later = after(OPEN, calls(failures=64), NOW + timedelta(seconds=5))
    assert (later.retry_at, later.openings) == (OPEN.retry_at, 1)


def test_each_probe_that_fails_doubles_the_pause_up_to_the_longest():
    standing, pauses = OPEN, []
    for _ in range(8):
        probing = replace(standing, retry_at=NOW + PROBE_LEASE, is_probing=True)
        standing = after(probing, calls(failures=1), NOW)
        pauses.append(standing.retry_at - NOW)
        assert not standing.is_probing
    assert pauses[:3] == [2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 3), st.booleans()), max_size=40))
def test_whatever_happens_it_opens_only_after_failures_in_a_row_and_any_success_closes_it(steps):
    standing, in_a_row, now = Standing(), 0, NOW
    for failures, successes, is_probe in steps:
        now += timedelta(seconds=7)
        if is_probe and standing.circuit(now) is Circuit.HALF_OPEN:
            standing = replace(standing, retry_at=now + PROBE_LEASE, is_probing=True)
        standing = after(standing, calls(failures=failures, successes=successes), now)
        in_a_row = 0 if successes else in_a_row + failures
        assert (standing.opened_at is None) == (in_a_row < FAILURES_TO_OPEN)
        if standing.opened_at is not None:
            assert standing.retry_at <= now + LONGEST_PAUSE


def test_a_provider_that_asks_for_a_rest_is_left_in_peace_for_so_long_and_not_taken_for_broken():
    resting = after(Standing(), calls(rest=30), NOW)
    assert resting.opened_at is None
    assert resting.circuit(NOW + 29 * SECOND) is Circuit.OPEN
    assert resting.circuit(NOW + 30 * SECOND) is Circuit.CLOSED


def test_a_success_of_what_was_in_the_air_ends_no_rest():
    resting = after(Standing(), calls(rest=30, successes=9), NOW)
    assert after(resting, calls(successes=1), NOW + SECOND).circuit(NOW + 2 * SECOND) is (
        Circuit.OPEN
    )
    assert after(resting, calls(successes=1), NOW + 30 * SECOND) == Standing()


def test_of_two_rests_the_longer_holds_and_none_is_longer_than_the_longest():
    resting = after(after(Standing(), calls(rest=60), NOW), calls(rest=5), NOW + SECOND)
    assert resting.not_before == NOW + 60 * SECOND
    assert after(Standing(), calls(rest=86_400), NOW).not_before == NOW + LONGEST_PAUSE


def test_one_that_does_not_answer_and_asks_for_a_rest_is_not_tried_before_it_is_over():
    resting = after(OPEN, calls(rest=FIRST_PAUSE.total_seconds() + 10), NOW)
    assert resting.circuit(NOW + FIRST_PAUSE) is Circuit.OPEN
    assert resting.circuit(NOW + FIRST_PAUSE + 10 * SECOND) is Circuit.HALF_OPEN
