"""The books, held against a look at every row."""

import random
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from callbacks.models import Booking, CallbackDelivery, DayCount, Settlement
from callbacks.reconciling import adding_up
from callbacks.reconciling.adding_up import KEPT, add_up
from callbacks.reconciling.booking import day_of
from callbacks.replaying import replay
from callbacks.settling import GRACE_TRIES, SCHEDULE
from gateway_project.lib.vocabulary import Status
from messages_app.events import Fact, record
from tests.callbacks.reconciling.scan import booked, scanned
from tests.peers import Answer

NOT_FOUND = Answer(body={"error_code": 1, "error_message": "sms was not found"})
DAY = timedelta(days=1)


def learn(message, *statuses, now=None):
    now = now or timezone.now()
    facts = [
        Fact(message_id=message.pk, status=Status(status), occurred_at=now) for status in statuses
    ]
    with transaction.atomic():
        record(facts, now=now)


def standings(smartico):
    """By status, how the only message's statuses stand."""
    return {line.status: standing for line, standing in booked()}


def report(smartico):
    CallbackDelivery.objects.owed().update(due_at=timezone.now())
    while smartico.report():
        pass


@pytest.fixture
def message(smartico):
    return smartico.message(created_at=timezone.now() - 2 * DAY)


def test_each_status_that_is_learnt_has_one_standing(smartico, message):
    smartico.label.callback_statuses = ["delivered", "failed"]
    smartico.label.save()
    learn(message, "delivered", "opened")
    learn(message, "accepted")
    assert standings(smartico) == {"delivered": "owed", "opened": "unwanted", "accepted": "quiet"}
    assert booked() == scanned()


def test_what_smartico_acknowledges_is_owed_no_more(smartico, message):
    learn(message, "delivered")
    report(smartico)
    assert standings(smartico) == {"delivered": "acknowledged"}


@pytest.mark.parametrize(
    ("answer", "values", "ended"),
    [
        (Answer(status=500), {"attempts": len(SCHEDULE)}, "dead"),
        (NOT_FOUND, {"times_not_found": GRACE_TRIES}, "mismatch"),
    ],
)
def test_what_is_given_up_is_counted_so_until_it_is_replayed(
    smartico, message, answer, values, ended
):
    learn(message, "delivered", now=timezone.now() - DAY)
    CallbackDelivery.objects.update(**values)
    smartico.answers["any"] = answer
    report(smartico)
    assert standings(smartico) == {"delivered": ended}
    replay(CallbackDelivery.objects.all())
    assert standings(smartico) == {"delivered": "owed"}
    assert booked() == scanned()


def test_it_counts_to_the_day_on_which_it_was_learnt(smartico, message):
    yesterday = timezone.now() - DAY
    learn(message, "delivered", now=yesterday)
    report(smartico)
    replay(CallbackDelivery.objects.all())
    report(smartico)
    assert {line.day for line, _ in booked()} == {day_of(yesterday)}
    assert booked() == scanned()


def test_a_test_counts_nothing(smartico):
    learn(smartico.message(is_test=True), "accepted")
    assert booked() == scanned() == {}


def test_what_is_rolled_back_is_not_counted(smartico, message):
    with transaction.atomic():
        learn(message, "delivered")
        transaction.set_rollback(True)
    assert not Booking.objects.exists()


def test_adding_up_changes_no_count_and_leaves_no_booking(smartico, message, monkeypatch):
    monkeypatch.setattr(adding_up, "BATCH", 1)
    learn(message, "accepted", "delivered")
    before = booked()
    assert add_up() == 2
    assert not Booking.objects.exists()
    assert booked() == before == scanned()
    report(smartico)
    add_up()
    assert booked() == scanned()
    assert add_up() == 0


def test_counts_end_when_nobody_looks_at_them_any_more(smartico, message):
    learn(message, "delivered")
    add_up()
    DayCount.objects.update(day=day_of(timezone.now() - KEPT - DAY))
    add_up()
    assert not DayCount.objects.exists()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_happens_the_books_agree_with_the_rows(smartico, seed):
    rng = random.Random(seed)  # noqa: S311  a play that can be played again
    smartico.label.callback_statuses = ["accepted", "delivered", "failed", "clicked"]
    smartico.label.save()
    answers = [Answer(body={"error_code": 0}), Answer(status=500), NOT_FOUND]
    channels = ("sms", "viber", "email")
    messages = [smartico.message(channel=rng.choice(channels)) for _ in range(8)]
    for _ in range(25):
        smartico.answers["any"] = rng.choice(answers)
        now = timezone.now() - rng.choice([0, 1, 2]) * DAY
        learn(rng.choice(messages), *rng.sample(list(Status), 2), now=now)
        CallbackDelivery.objects.owed().update(
            due_at=timezone.now(), attempts=rng.choice([0, len(SCHEDULE)])
        )
        smartico.report()
        if rng.random() < 0.3:
            replay(CallbackDelivery.objects.filter(settlement=rng.choice(Settlement.values)))
        if rng.random() < 0.3:
            add_up()
        assert booked() == scanned()
    smartico.answers["any"] = answers[0]
    replay(CallbackDelivery.objects.exclude(settlement=Settlement.ACKNOWLEDGED))
    report(smartico)
    assert booked() == scanned()
    assert {standing for _, standing in booked()} == {"acknowledged", "quiet", "unwanted"}
