"""The counts that the guard learns from, out of tallies of all spans."""

from datetime import UTC, datetime, timedelta

import pytest

from messages_app.counting.adding import add
from messages_app.guarding.reading import counts_by_hour, past_of, usual_of
from messages_app.guarding.verdict import Counts
from messages_app.models import Measure, Span, Strike, Tally
from tests.factories import GatewayFactory

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 3, 30, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def gateway():
    return GatewayFactory()


def tally(gateway, at, count, span=Span.HOUR, measure=Measure.ACCEPTED):
    known = {"label_id": gateway.label_id, "channel": gateway.channel, "gateway_id": gateway.pk}
    add([Tally(**known, start=at, span=span, measure=measure, count=count)])


def test_minutes_and_hours_are_added_up_by_the_hour(gateway):
    tally(gateway, MIDNIGHT, 5)
    tally(gateway, MIDNIGHT, 2, measure=Measure.DELIVERED)
    tally(gateway, MIDNIGHT + 59 * MINUTE, 7, Span.MINUTE)
    found = counts_by_hour(gateway.pk, MIDNIGHT, MIDNIGHT + DAY)
    assert found == {MIDNIGHT: Counts(accepted=12, went_well=2)}


def test_the_count_of_a_whole_day_is_not_taken_for_that_of_its_first_hour(gateway):
    tally(gateway, MIDNIGHT - 9 * DAY, 50_000, Span.DAY)
    tally(gateway, MIDNIGHT - 8 * DAY, 60)
    assert usual_of(gateway.pk, MIDNIGHT).most == 60


def test_another_gateway_teaches_it_nothing(gateway):
    tally(GatewayFactory(label=gateway.label), MIDNIGHT - DAY, 60)
    assert past_of(gateway.pk, MIDNIGHT) == {}


def test_the_hours_from_a_strike_to_the_release_teach_nothing(gateway):
    for hour in range(9, 15):
        tally(gateway, MIDNIGHT + hour * HOUR, hour)
    Strike.objects.create(
        gateway=gateway,
        hour=MIDNIGHT + 10 * HOUR,
        kind="volume",
        released_at=MIDNIGHT + 12 * HOUR + 20 * MINUTE,
    )
    past = past_of(gateway.pk, MIDNIGHT + 2 * DAY)
    assert [at.hour for at in past] == [9, 13, 14]


def test_while_it_is_held_no_hour_since_the_strike_does(gateway):
    for hour in range(9, 15):
        tally(gateway, MIDNIGHT + hour * HOUR, hour)
    Strike.objects.create(gateway=gateway, hour=MIDNIGHT + 10 * HOUR, kind="volume")
    assert [at.hour for at in past_of(gateway.pk, MIDNIGHT + 2 * DAY)] == [9]


def test_of_a_long_hold_the_hours_that_are_looked_back_on_teach_nothing(gateway):
    tally(gateway, MIDNIGHT, 7)
    released_at = MIDNIGHT + 5 * MINUTE
    Strike.objects.create(
        gateway=gateway, hour=MIDNIGHT - 40 * DAY, kind="volume", released_at=released_at
    )
    assert past_of(gateway.pk, MIDNIGHT + 2 * DAY) == {}
