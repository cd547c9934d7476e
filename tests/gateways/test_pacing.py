"""A rate: slots in time, the same for all workers."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from gateways.models import Pace
from gateways.pacing import AHEAD, Pacer
from tests.factories import GatewayFactory


@pytest.mark.django_db
def test_without_a_rate_everything_may_leave():
    gateway = GatewayFactory()
    pacer = Pacer(None, timezone.now(), gateway_id=gateway.pk)
    assert pacer.free(1000) == 1000
    assert len(pacer.take(1000)) == 1000
    assert not Pace.objects.exists()


@pytest.mark.django_db
def test_a_gateways_rate_and_a_labels_are_two():
    gateway, now = GatewayFactory(), timezone.now()
    assert len(Pacer(1, now, gateway_id=gateway.pk).take(1)) == 1
    assert Pacer(1, now, gateway_id=gateway.pk).free(5) == 0
    assert Pacer(1, now, label_id=gateway.label_id).free(5) == 1
    gateway.label.delete()
    assert not Pace.objects.exists()


class TestWindows(TestCase):
    @given(
        rate=st.integers(1, 500),
        pauses=st.lists(st.integers(1, 900), min_size=10, max_size=30),
    )
    def test_no_window_of_a_second_ever_holds_more_than_the_rate(self, rate, pauses):
        gateway = GatewayFactory()
        start = now = timezone.now()
        left: list[float] = []
        for pause in pauses:
            now += timedelta(milliseconds=pause / 10)
            pacer = Pacer(rate, now, gateway_id=gateway.pk)
            moments = pacer.take(pacer.free(10_000))
            assert all(now <= moment <= now + AHEAD for moment in moments)
            left += [(moment - start).total_seconds() for moment in moments]
        for moment in left:
            assert sum(moment <= other < moment + 1 for other in left) <= rate

    def test_a_busy_gateway_comes_close_to_its_rate(self):
        gateway = GatewayFactory()
        now = timezone.now()
        left = 0
        for _ in range(125):
            now += timedelta(milliseconds=80)
            pacer = Pacer(50, now, gateway_id=gateway.pk)
            left += len(pacer.take(pacer.free(100)))
        assert 475 <= left <= 500

    def test_a_clock_that_was_set_back_holds_nothing_up(self):
        gateway = GatewayFactory()
        now = timezone.now()
        Pacer(1, now + timedelta(hours=1), gateway_id=gateway.pk).take(1)
        assert Pacer(1, now, gateway_id=gateway.pk).free(5) == 1
