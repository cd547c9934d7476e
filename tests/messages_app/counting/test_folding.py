"""Minutes become hours, hours become days, and nothing is lost on the way."""

from datetime import timedelta

import pytest

from gateway_project.lib.clock import database_now
from messages_app.counting.adding import add
from messages_app.counting.folding import fold
from messages_app.counting.window import floor
from messages_app.models import Measure, Span, Tally

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def tally(start, span=Span.MINUTE, **values):
    defaults = {"measure": Measure.REFUSED, "part": 1, "label_id": 1, "count": 1}
    return Tally(start=start, span=span, **(defaults | values))


def fold_all():
    while fold():
        pass


def test_old_minutes_become_one_hour_and_recent_ones_stay():
    now = database_now()
    hour = floor(now - 6 * HOUR, Span.HOUR)
    add([tally(hour + timedelta(minutes=minute), count=minute) for minute in range(60)])
    recent = floor(now, Span.MINUTE)
    add([tally(recent)])
    fold_all()
    found = list(Tally.objects.order_by("start").values_list("span", "start", "count"))
    assert found == [(Span.HOUR, hour, sum(range(60))), (Span.MINUTE, recent, 1)]


def test_different_things_are_not_added_together():
    hour = floor(database_now() - 6 * HOUR, Span.HOUR)
    add([tally(hour, part=part, label_id=label) for part in (1, 2) for label in (1, 2)])
    fold_all()
    assert sorted(Tally.objects.values_list("part", "label_id", "count")) == [
        (1, 1, 1),
        (1, 2, 1),
        (2, 1, 1),
        (2, 2, 1),
    ]


def test_a_minute_that_comes_late_is_added_to_its_hour():
    hour = floor(database_now() - 6 * HOUR, Span.HOUR)
    for _ in range(2):
        add([tally(hour)])
        fold_all()
    assert Tally.objects.get().count == 2


def test_old_hours_become_a_day():
    day = floor(database_now() - 12 * DAY, Span.DAY)
    add([tally(day + hour * HOUR, span=Span.HOUR) for hour in range(24)])
    fold_all()
    found = Tally.objects.get()
    assert (found.span, found.start, found.count) == (Span.DAY, day, 24)


def test_after_more_than_a_year_it_is_forgotten():
    day = floor(database_now() - 401 * DAY, Span.DAY)
    add([tally(day, span=Span.DAY), tally(day + 2 * DAY, span=Span.DAY)])
    fold()
    assert Tally.objects.get().start == day + 2 * DAY


def test_accepted_messages_stay_by_the_hour_for_the_weeks_that_are_learnt_from():
    hour = floor(database_now() - 27 * DAY, Span.HOUR)
    older = floor(database_now() - 31 * DAY, Span.DAY)
    add([tally(hour, Span.HOUR, measure=Measure.ACCEPTED)])
    add([tally(hour, Span.HOUR, measure=Measure.SENT)])
    add([tally(older, Span.HOUR, measure=Measure.ACCEPTED)])
    fold_all()
    assert set(Tally.objects.values_list("span", "start", "measure")) == {
        (Span.HOUR, hour, "accepted"),
        (Span.DAY, floor(hour, Span.DAY), "sent"),
        (Span.DAY, older, "accepted"),
    }
