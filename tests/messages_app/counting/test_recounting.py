"""Tallies equal the rows, whatever came between."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from messages_app.counting import recounting
from messages_app.counting.families import FAMILIES
from messages_app.counting.recounting import recount
from messages_app.models import Counted, Message, SendAttempt, Span, StatusEvent, Tally
from tests.factories import GatewayFactory
from tests.messages_app.counting.conftest import sums

pytestmark = pytest.mark.django_db

SECOND, MINUTE, HOUR, DAY = (
    timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days")
)


def bring_up(now):
    """Ticks until the present is reached."""
    while not Counted.objects.filter(until__gt=now - 3 * MINUTE).exists():
        recount()


def test_nothing_is_counted_of_an_empty_house(db):
    assert recount() == 0
    assert not Tally.objects.exists()


def test_what_has_just_happened_is_counted_where_it_belongs(past):
    past.message(SECOND, "accepted", "delivered")
    past.message(SECOND, "rejected")
    recount()
    assert sums() == {
        "accepted": 2,
        "sent": 1,
        "delivered": 1,
        "rejected": 1,
        "try_taken": 2,
        "send_latency": 2,
    }
    places = Tally.objects.filter(measure="delivered").values_list(
        "label_id", "channel", "gateway_id"
    )
    assert list(places) == [(past.gateway.label_id, "sms", past.gateway.pk)]


def test_of_tests_nothing_is_counted(past):
    message = past.message(SECOND, "accepted", "delivered")
    Message.objects.filter(pk=message.pk).update(is_test=True)
    recount()
    assert sums() == {}


@pytest.mark.usefixtures("always_due")
def test_counting_again_doubles_nothing(past):
    past.message(3 * MINUTE, "accepted")
    past.message(SECOND, "accepted")
    for _ in range(3):
        recount()
    assert sums()["accepted"] == sums()["sent"] == 2


@pytest.mark.usefixtures("always_due")
def test_rows_that_turn_up_late_are_counted(past):
    past.message(5 * MINUTE)
    recount()
    late = past.message(90 * SECOND, "accepted")
    recount()
    assert sums()["accepted"] == 2
    assert sums()["sent"] == 1
    Message.objects.filter(pk=late.pk).delete()
    recount()
    assert sums()["accepted"] == 1


@pytest.mark.usefixtures("always_due")
def test_a_message_that_moved_to_another_gateway_counts_there_only(past):
    message = past.message(SECOND)
    recount()
    other = GatewayFactory(label=past.gateway.label)
    Message.objects.filter(pk=message.pk).update(gateway=other)
    recount()
    accepted = Tally.objects.filter(measure="accepted")
    assert [(tally.gateway_id, tally.count) for tally in accepted] == [(other.pk, 1)]


def test_between_two_counts_there_is_a_pause(past):
    past.message(SECOND)
    recount()
    past.message(SECOND)
    assert recount() == 0
    assert sums()["accepted"] == 1


class TestWithinAMinute:
    """Counted every ten seconds: what may not have come yet, and once a minute what came late."""

    @pytest.fixture
    def windows(self, monkeypatch):
        """Those that are counted of messages, at a clock that the test moves."""
        found, family = [], FAMILIES["messages"]

        def count(window):
            found.append(window)
            return family.count(window)

        monkeypatch.setattr(recounting, "FAMILIES", {"messages": _with(family, count)})
        return found

    @pytest.fixture
    def at(self, past, monkeypatch):
        start = past.now = past.now.replace(second=5, microsecond=0)

        def tick(seconds):
            monkeypatch.setattr(recounting, "database_now", lambda: start + seconds * SECOND)
            recount()

        return tick

    def test_only_the_minutes_since_the_last_count_are_read_again(self, past, windows, at):
        past.message(10 * MINUTE)
        for seconds in (0, 10, 20):
            at(seconds)
        lengths = [window.until - window.since for window in windows]
        assert lengths[0] > 10 * MINUTE
        assert lengths[1:] == [MINUTE, MINUTE]
        at(60)
        assert windows[-1].until - windows[-1].since == 4 * MINUTE

    def test_what_came_late_is_counted_with_the_next_minute(self, past, windows, at):
        past.message(10 * MINUTE)
        at(0)
        past.message(45 * SECOND, "delivered")
        at(10)
        assert sums().get("delivered", 0) == 0
        at(60)
        assert sums()["delivered"] == 1

    def test_what_comes_meanwhile_is_counted_at_once_and_once(self, past, windows, at):
        past.message(10 * MINUTE)
        at(0)
        for seconds in (10, 20, 30):
            past.message(-seconds * SECOND, "delivered")
            at(seconds + 2)
        assert sums()["delivered"] == 3
        at(60)
        assert sums()["delivered"] == 3


@pytest.mark.usefixtures("always_due")
def test_a_long_past_is_caught_up_with(past, monkeypatch):
    monkeypatch.setattr(recounting, "FAR_BACK", 3 * DAY)
    ages = (4 * DAY, 2 * DAY, 2 * DAY - 30 * MINUTE, 5 * HOUR, 2 * HOUR, 10 * MINUTE, SECOND)
    for age in ages:
        past.message(age, "accepted", "delivered")
    bring_up(past.now)
    assert sums()["accepted"] == sums()["delivered"] == len(ages) - 1
    assert set(Tally.objects.values_list("span", flat=True)) == {Span.MINUTE, Span.HOUR}


@pytest.mark.usefixtures("always_due")
def test_a_tick_takes_a_bounded_time(past, monkeypatch):
    past.message(9 * DAY)
    monkeypatch.setattr(recounting, "BUDGET_SECONDS", 0.0)
    assert recount() == 1


@pytest.mark.usefixtures("always_due")
def test_a_scheduler_that_was_away_leaves_no_hole(past):
    for age in (5 * HOUR, 4 * HOUR + 50 * MINUTE):
        past.message(age, "accepted")
    bring_up(past.now)
    Counted.objects.filter(pk="messages").update(until=past.now - 4 * HOUR - 55 * MINUTE)
    for age in (4 * HOUR, HOUR, SECOND):
        past.message(age, "accepted")
    bring_up(past.now)
    assert sums()["accepted"] == 5
    assert sums()["sent"] == 5


@pytest.mark.usefixtures("always_due")
def test_who_counted_from_elsewhere_writes_nothing(past, monkeypatch):
    """The other scheduler has moved on between our count and our writing."""
    past.message(SECOND, "accepted")
    recount()
    Tally.objects.all().delete()
    family = FAMILIES["messages"]

    def count_and_be_overtaken(window):
        Counted.objects.filter(pk="messages").update(until=past.now + MINUTE)
        return family.count(window)

    overtaken = {"messages": _with(family, count_and_be_overtaken)}
    monkeypatch.setattr(recounting, "FAMILIES", overtaken)
    recount()
    assert sums() == {}


def _with(family, count):
    return replace(family, count=count)


@pytest.mark.postgresql
@pytest.mark.usefixtures("always_due")
@pytest.mark.django_db(transaction=True)
def test_two_schedulers_count_once(past):
    for _ in range(20):
        past.message(SECOND, "accepted", "delivered")

    def ticks():
        for _ in range(5):
            recount()
        connection.close()

    threads = [threading.Thread(target=ticks) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums()["accepted"] == Message.objects.count() == 20
    assert sums()["sent"] + sums()["delivered"] == StatusEvent.objects.count()
    assert sums()["try_taken"] == SendAttempt.objects.count()
