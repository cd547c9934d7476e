"""When a status is told again, over days: by the schedule alone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.answers import Outcome, Verdict
from callbacks.models import PASSED_AFTER, CallbackDelivery, Settlement
from callbacks.settling import SCHEDULE, hold_back, settle
from gateway_project.lib.schedules import JITTER
from messages_app.models import Message

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
AWAY = Verdict(outcome=Outcome.FAILED, http_status=503, detail="")


def owed(*statuses, now=NOW):
    message = Message()
    return [
        CallbackDelivery(
            pk=number, message_id=message.pk, status=status, created_at=now, due_at=now,
            settlement=Settlement.OWED, attempts=0,
        )
        for number, status in enumerate(statuses)
    ]  # fmt: skip


def told_while_smartico_is_away(row):
    """Every moment at which it is told, until there is none any more."""
    moments = []
    while row.settlement == Settlement.OWED:
        moments.append(row.due_at)
        settle(row, AWAY, row.due_at)
    return moments


def test_a_status_is_told_for_75_hours_before_it_is_given_up():
    assert timedelta(seconds=sum(SCHEDULE)) >= timedelta(hours=75)
    (row,) = owed("delivered")
    moments = told_while_smartico_is_away(row)
    assert len(moments) == len(SCHEDULE) + 1
    assert row.settlement == Settlement.DEAD
    span = moments[-1] - moments[0]
    assert span >= timedelta(hours=75) * (1 - JITTER)


@given(st.floats(0, 24))
def test_whenever_smartico_comes_back_within_a_day_a_status_is_told_within_the_next_one(hours):
    (row,) = owed("delivered")
    back = NOW + timedelta(hours=hours)
    later = [moment for moment in told_while_smartico_is_away(row) if moment >= back]
    assert later[0] - back <= timedelta(hours=24) * (1 + JITTER)


@given(st.integers(2, 4), st.integers(1, 12))
def test_a_later_status_waits_for_an_earlier_one_until_it_may_pass(count, tries):
    rows = owed(*["accepted", "delivered", "opened", "clicked"][:count])
    first = rows[0]
    for _ in range(tries):
        now = first.due_at
        settle(first, AWAY, now)
        hold_back(rows, now)
        for earlier, later in zip(rows, rows[1:], strict=False):
            assert later.due_at >= min(earlier.due_at, first.first_failed_at + PASSED_AFTER)


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_the_night_in_which_clocks_are_changed_makes_no_wait_longer_or_shorter(night):
    begin = datetime.fromisoformat(f"{night}T01:59:30").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    (row,) = owed("delivered", now=begin.astimezone(UTC))
    moments = told_while_smartico_is_away(row)
    for seconds, before, after in zip(SCHEDULE, moments, moments[1:], strict=False):
        waited = (after - before).total_seconds()
        assert waited == pytest.approx(seconds, rel=JITTER + 0.001)
