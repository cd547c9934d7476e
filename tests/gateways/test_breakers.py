"""Breakers: the pure rule, and the rows that all workers share."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from gateways import breakers
from gateways.breakers import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PROBE_LEASE,
    Circuit,
    Standing,
    after,
)
from gateways.models import Breaker
from gateways.signals import gateway_broke, gateway_recovered
from tests.factories import GatewayFactory

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPEN = after(Standing(), failures=FAILURES_TO_OPEN, successes=0, now=NOW)


def test_a_few_failures_in_a_row_are_borne():
    standing = Standing()
    for _ in range(FAILURES_TO_OPEN - 1):
        standing = after(standing, failures=1, successes=0, now=NOW)
    assert standing.circuit(NOW) is Circuit.CLOSED
    assert after(standing, failures=1, successes=0, now=NOW).circuit(NOW) is Circuit.OPEN


def test_a_success_between_them_begins_the_row_anew():
    standing = after(Standing(failures=4), failures=0, successes=1, now=NOW)
    assert standing == Standing()


def test_after_the_pause_one_message_may_pass():
    assert OPEN.circuit(NOW + FIRST_PAUSE - timedelta(seconds=1)) is Circuit.OPEN
    assert OPEN.circuit(NOW + FIRST_PAUSE) is Circuit.HALF_OPEN


def test_what_was_in_the_air_when_it_opened_makes_no_pause_longer():
    later = after(OPEN, failures=64, successes=0, now=NOW + timedelta(seconds=5))
    assert (later.retry_at, later.openings) == (OPEN.retry_at, 1)


def test_each_probe_that_fails_doubles_the_pause_up_to_the_longest():
    standing, pauses = OPEN, []
    for _ in range(8):
        probing = Standing(
            failures=standing.failures,
            opened_at=standing.opened_at,
            retry_at=NOW + PROBE_LEASE,
            is_probing=True,
            openings=standing.openings,
        )
        standing = after(probing, failures=1, successes=0, now=NOW)
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
            standing = Standing(
                failures=standing.failures,
                opened_at=standing.opened_at,
                retry_at=now + PROBE_LEASE,
                is_probing=True,
                openings=standing.openings,
            )
        standing = after(standing, failures=failures, successes=successes, now=now)
        in_a_row = 0 if successes else in_a_row + failures
        assert (standing.opened_at is None) == (in_a_row < FAILURES_TO_OPEN)
        if standing.opened_at is not None:
            assert standing.retry_at <= now + LONGEST_PAUSE


@pytest.fixture
def told():
    heard = []

    def broke(sender, gateway_id, reason, **kwargs):
        heard.append(("broke", gateway_id, reason))

    def recovered(sender, gateway_id, **kwargs):
        heard.append(("recovered", gateway_id))

    gateway_broke.connect(broke)
    gateway_recovered.connect(recovered)
    yield heard
    gateway_broke.disconnect(broke)
    gateway_recovered.disconnect(recovered)


def noted(gateway, *, failures=0, successes=0, at=NOW):
    breakers.forget()
    breakers.note(gateway.pk, failures=failures, successes=successes, reason="timed out", now=at)


@pytest.mark.django_db
class TestRows:
    def test_all_well_costs_no_write_and_one_look_in_half_a_second(self, django_assert_num_queries):
        gateway = GatewayFactory()
        breakers.forget()
        with django_assert_num_queries(1):
            for _ in range(100):
                breakers.note(gateway.pk, failures=0, successes=5, reason="", now=NOW)
        assert not Breaker.objects.exists()

    def test_opening_and_closing_are_each_told_once(self, told, caplog):
        gateway = GatewayFactory()
        for _ in range(3):
            noted(gateway, failures=FAILURES_TO_OPEN)
        row = Breaker.objects.get()
        assert (row.opened_at, row.retry_at) == (NOW, NOW + FIRST_PAUSE)
        assert (row.reason, row.opened_times) == ("timed out", 1)
        noted(gateway, successes=1)
        noted(gateway, successes=1)
        row.refresh_from_db()
        assert (row.opened_at, row.retry_at, row.failures, row.reason) == (None, None, 0, "")
        assert row.opened_times == 1
        assert told == [("broke", gateway.pk, "timed out"), ("recovered", gateway.pk)]
        assert caplog.text.count("does not answer") == 1

    def test_only_one_gets_the_probe_until_its_lease_has_run_out(self):
        gateway = GatewayFactory()
        noted(gateway, failures=FAILURES_TO_OPEN)
        due = NOW + FIRST_PAUSE
        assert not breakers.take_probe(gateway.pk, due - timedelta(seconds=1))
        assert breakers.take_probe(gateway.pk, due)
        assert not breakers.take_probe(gateway.pk, due)
        assert breakers.take_probe(gateway.pk, due + PROBE_LEASE)

    def test_a_person_can_have_it_tried_at_once(self):
        gateway, well = GatewayFactory(), GatewayFactory()
        noted(gateway, failures=FAILURES_TO_OPEN, at=datetime.now(UTC))
        assert breakers.circuit_of(gateway.pk) is Circuit.OPEN
        assert breakers.try_now([gateway.pk, well.pk], datetime.now(UTC)) == 1
        assert breakers.circuit_of(gateway.pk) is Circuit.HALF_OPEN


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_gets_the_probe():
    gateway = GatewayFactory()
    noted(gateway, failures=FAILURES_TO_OPEN)
    start, won = threading.Barrier(8), []

    def take():
        try:
            start.wait()
            won.append(breakers.take_probe(gateway.pk, NOW + FIRST_PAUSE))
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]
