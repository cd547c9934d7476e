"""Breakers: the rows that all workers share, and what is told of them."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from prometheus_client import REGISTRY

from gateways import breakers
from gateways.breakers import PROBE_LEASE
from gateways.circuits import FAILURES_TO_OPEN, FIRST_PAUSE, Calls, Circuit
from gateways.models import Breaker
from gateways.signals import gateway_broke, gateway_recovered
from tests.factories import GatewayFactory

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def told():
    heard = []

    def broke(sender, reasons, **kwargs):
        heard.append(("broke", reasons))

    def recovered(sender, gateway_ids, **kwargs):
        heard.append(("recovered", gateway_ids))

    gateway_broke.connect(broke)
    gateway_recovered.connect(recovered)
    yield heard
    gateway_broke.disconnect(broke)
    gateway_recovered.disconnect(recovered)


def noted(*gateways, failures=0, successes=0, rest=0.0, at=NOW):
    breakers.forget()
    came_to = {"failures": failures, "successes": successes, "rest": rest, "reason": "timed out"}
    breakers.note([Calls(gateway_id=gateway.pk, **came_to) for gateway in gateways], at)


@pytest.mark.django_db(transaction=True)
class TestTelling:
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
        assert told == [("broke", {gateway.pk: "timed out"}), ("recovered", [gateway.pk])]
        assert caplog.text.count("does not answer") == 1

    def test_openings_are_counted_by_provider(self):
        def count() -> float:
            name, by = "gatehouse_breakers_opened_total", {"provider": "sandbox"}
            return REGISTRY.get_sample_value(name, by) or 0.0

        gateway, before = GatewayFactory(), count()
        noted(gateway, failures=FAILURES_TO_OPEN)
        noted(gateway, failures=FAILURES_TO_OPEN)
        noted(gateway, successes=1)
        assert count() == before + 1

    def test_several_that_break_together_are_told_together(self, told):
        one, other = GatewayFactory(), GatewayFactory()
        noted(other, one, failures=FAILURES_TO_OPEN)
        assert told == [("broke", {one.pk: "timed out", other.pk: "timed out"})]

    def test_what_is_taken_back_is_not_told_and_then_told_once(self, told, caplog):
        gateway = GatewayFactory()
        with transaction.atomic():
            noted(gateway, failures=FAILURES_TO_OPEN)
            transaction.set_rollback(True)
        breakers.forget()
        assert breakers.circuit_of(gateway.pk) is Circuit.CLOSED
        assert (told, caplog.text) == ([], "")
        noted(gateway, failures=FAILURES_TO_OPEN)
        assert told == [("broke", {gateway.pk: "timed out"})]

    def test_who_fails_to_answer_it_fails_alone(self, told):
        def fails(sender, **kwargs):
            raise RuntimeError

        gateway = GatewayFactory()
        gateway_broke.connect(fails)
        try:
            noted(gateway, failures=FAILURES_TO_OPEN)
        finally:
            gateway_broke.disconnect(fails)
        assert told == [("broke", {gateway.pk: "timed out"})]


@pytest.mark.django_db
class TestRows:
    def test_all_well_costs_no_write_and_one_look_in_half_a_second(self, django_assert_num_queries):
        gateway = GatewayFactory()
        breakers.forget()
        with django_assert_num_queries(1):
            for _ in range(100):
                breakers.note([Calls(gateway_id=gateway.pk, successes=5)], NOW)
        assert not Breaker.objects.exists()

    def test_a_rest_that_was_asked_for_is_known_to_all_and_forgotten_when_it_is_over(self):
        gateway, now = GatewayFactory(), datetime.now(UTC)
        noted(gateway, rest=60, at=now)
        assert breakers.is_held(gateway.pk)
        assert not breakers.is_broken(gateway.pk)
        assert breakers.circuit_of(gateway.pk) is Circuit.OPEN
        noted(gateway, successes=1, at=now + timedelta(seconds=61))
        assert Breaker.objects.get().not_before is None

    def test_nobody_probes_a_provider_that_rests(self):
        gateway = GatewayFactory()
        noted(gateway, failures=FAILURES_TO_OPEN, rest=120)
        assert not breakers.take_probe(gateway.pk, NOW + timedelta(seconds=119))
        assert breakers.take_probe(gateway.pk, NOW + timedelta(seconds=120))

    def test_only_one_gets_the_probe_until_its_lease_has_run_out(self):
        gateway = GatewayFactory()
        noted(gateway, failures=FAILURES_TO_OPEN)
        due = NOW + FIRST_PAUSE
        assert not breakers.take_probe(gateway.pk, due - timedelta(seconds=1))
        assert breakers.take_probe(gateway.pk, due)
        assert not breakers.take_probe(gateway.pk, due)
        assert breakers.take_probe(gateway.pk, due + PROBE_LEASE)

    def test_a_person_can_have_it_tried_at_once(self):
        broken, resting, well = GatewayFactory(), GatewayFactory(), GatewayFactory()
        noted(broken, failures=FAILURES_TO_OPEN, at=datetime.now(UTC))
        noted(resting, rest=60, at=datetime.now(UTC))
        ids = [broken.pk, resting.pk, well.pk]
        assert [breakers.circuit_of(each) for each in ids[:2]] == [Circuit.OPEN] * 2
        assert breakers.try_now(ids, datetime.now(UTC)) == 2
        assert [breakers.circuit_of(each) for each in ids] == [
            *(Circuit.HALF_OPEN, Circuit.CLOSED, Circuit.CLOSED)
        ]


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
