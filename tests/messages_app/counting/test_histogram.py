"""Durations in bins, and percentiles read from them."""

from datetime import timedelta

import pytest
from django.db.models import DurationField, ExpressionWrapper, F
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messages_app.counting.histogram import BOUNDS, bin_in_database, bin_of, percentile
from messages_app.models import SendAttempt
from tests.factories import GatewayFactory, MessageFactory


def test_bounds_grow():
    assert list(BOUNDS) == sorted(set(BOUNDS))


@pytest.mark.parametrize(
    ("seconds", "number"), [(0, 0), (0.001, 0), (0.0011, 1), (1e9, len(BOUNDS))]
)
def test_a_duration_has_a_bin(seconds, number):
    assert bin_of(seconds) == number


@given(st.lists(st.floats(0.001, 50_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_in_the_bin_of_the_exact_one(durations, share):
    bins: dict[int, int] = {}
    for seconds in durations:
        bins[bin_of(seconds)] = bins.get(bin_of(seconds), 0) + 1
    rank = max(0, -int(-share * len(durations) // 1) - 1)
    exact = sorted(durations)[rank]
    found = percentile(bins, share)
    assert found is not None
    low = BOUNDS[bin_of(exact) - 1] if bin_of(exact) else 0.0
    assert low <= found <= BOUNDS[bin_of(exact)] * 1.000001


def test_nothing_has_no_percentile():
    assert percentile({}, 0.5) is None


def test_what_is_longer_than_the_last_bound_is_at_least_that():
    assert percentile({len(BOUNDS): 3}, 0.5) == BOUNDS[-1]


@pytest.mark.django_db
def test_the_database_finds_the_same_bins():
    gateway = GatewayFactory()
    message = MessageFactory(gateway=gateway, label=gateway.label)
    now = timezone.now()
    durations = [0, 0.001, 0.0015, 0.002, 0.7, 0.71, 59.9, 3_600, 70_000, 80_000, 90_000]
    for number, seconds in enumerate(durations):
        SendAttempt.objects.create(
            message=message,
            gateway=gateway,
            number=number,
            outcome="accepted",
            started_at=now,
            finished_at=now + timedelta(seconds=seconds),
        )
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    rows = SendAttempt.objects.annotate(part=bin_in_database(took)).order_by("number")
    assert [row.part for row in rows] == [bin_of(seconds) for seconds in durations]
