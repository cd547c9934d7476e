"""Rows of a time, found on the primary key."""

from datetime import UTC, datetime, timedelta

import pytest

from messages_app.counting.rows import first_key, within
from messages_app.counting.window import Window
from messages_app.models import Span, StatusEvent
from tests.factories import GatewayFactory, MessageFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def events():
    """One status a minute, with gaps among the keys."""
    gateway = GatewayFactory()
    rows = [
        StatusEvent(
            pk=10 + 7 * minute,
            message=MessageFactory(gateway=gateway, label=gateway.label),
            status="accepted",
            occurred_at=NOON,
            recorded_at=NOON + timedelta(minutes=minute),
            is_reported=True,
        )
        for minute in range(20)
    ]
    return StatusEvent.objects.bulk_create(rows)


@pytest.mark.parametrize("minute", [0, 1, 7, 19])
def test_the_first_key_of_a_moment_is_found(events, minute):
    key = first_key(StatusEvent, "recorded_at", NOON + timedelta(minutes=minute))
    assert StatusEvent.objects.filter(pk__gte=key).order_by("pk").first() == events[minute]


def test_before_all_and_after_all_there_are_keys_too(events):
    assert first_key(StatusEvent, "recorded_at", NOON - timedelta(days=1)) <= events[0].pk
    assert first_key(StatusEvent, "recorded_at", NOON + timedelta(days=1)) > events[-1].pk


def test_without_rows_there_is_a_key():
    assert first_key(StatusEvent, "recorded_at", NOON) == 0


def test_a_window_holds_its_beginning_and_not_its_end(events):
    since, until = NOON + timedelta(minutes=3), NOON + timedelta(minutes=5)
    window = Window(since=since, until=until, span=Span.MINUTE)
    assert list(within(StatusEvent, "recorded_at", window).order_by("pk")) == events[3:5]


def test_neighbours_in_disorder_are_found(events):
    """A transaction took its moment, waited, and took its key after a later one."""
    late = StatusEvent.objects.get(pk=events[6].pk)
    StatusEvent.objects.filter(pk=late.pk).update(recorded_at=events[5].recorded_at)
    StatusEvent.objects.filter(pk=events[5].pk).update(recorded_at=late.recorded_at)
    window = Window(since=late.recorded_at, until=NOON + timedelta(minutes=7), span=Span.MINUTE)
    assert [row.pk for row in within(StatusEvent, "recorded_at", window)] == [events[5].pk]
