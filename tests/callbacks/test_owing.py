"""What is owed when statuses are recorded."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from callbacks.models import CallbackDelivery, Settlement
from gateway_project.lib.vocabulary import Status
from messages_app.events import Fact, record
from messages_app.models import Message
from tests.factories import LabelFactory, MessageFactory
from tests.statements import statements_told

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NOW = timezone.now()


def fact(message, status):
    return Fact(message_id=message.pk, status=Status(status), occurred_at=NOW)


def learn(message, *statuses):
    with transaction.atomic():
        record([fact(message, status) for status in statuses], now=NOW)


def owed(message):
    return list(CallbackDelivery.objects.filter(message=message).order_by("pk"))


def test_every_recorded_status_is_owed_once_in_the_order_of_telling():
    message = MessageFactory(created_at=NOW - MINUTE)
    learn(message, "opened", "accepted", "delivered")
    learn(message, "opened", "accepted", "delivered")
    rows = owed(message)
    assert [row.status for row in rows] == ["accepted", "delivered", "opened"]
    assert {(row.label_id, row.host, row.settlement) for row in rows} == {
        (message.label_id, "https://api.smartico.ai", Settlement.OWED)
    }


def test_the_first_try_waits_a_second_from_the_acceptance():
    young, old = MessageFactory(created_at=NOW), MessageFactory(created_at=NOW - MINUTE)
    learn(young, "accepted")
    learn(old, "accepted")
    assert owed(young)[0].due_at == NOW + timedelta(seconds=1)
    assert owed(old)[0].due_at == NOW


def test_only_the_statuses_that_the_label_wants_are_owed():
    label = LabelFactory(callback_statuses=["delivered", "failed"])
    message = MessageFactory(label=label)
    learn(message, "accepted", "delivered", "clicked")
    assert [row.status for row in owed(message)] == ["delivered"]


def test_without_a_callback_url_nothing_is_owed():
    message = MessageFactory(callback_url=None)
    learn(message, "accepted")
    assert owed(message) == []


def test_a_lower_rung_learnt_late_is_not_owed():
    message = MessageFactory()
    learn(message, "delivered")
    learn(message, "accepted")
    assert [row.status for row in owed(message)] == ["delivered"]


def test_it_is_owed_only_if_the_recording_is_committed():
    message = MessageFactory()
    with transaction.atomic():
        learn(message, "accepted")
        transaction.set_rollback(True)
    assert owed(message) == []


@pytest.mark.parametrize("kept", ["t1$AAAA", "gone$AAAA"])
def test_a_url_that_does_not_open_is_owed_in_a_lane_of_its_own(kept, caplog):
    message = MessageFactory()
    key = Message._meta.pk.get_db_prep_value(message.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages_app_message SET callback_url = %s WHERE id = %s", [kept, key]
        )
    learn(message, "accepted")
    assert [row.host for row in owed(message)] == [""]
    assert str(message.pk) in caplog.text


@pytest.mark.parametrize(("failing_for", "waits_for"), [(1, 5), (6, 4), (11, 0)])
def test_a_later_status_waits_for_one_that_is_failing_but_ten_minutes_at_most(
    failing_for, waits_for
):
    message = MessageFactory(created_at=NOW - MINUTE)
    learn(message, "accepted")
    CallbackDelivery.objects.update(
        first_failed_at=NOW - failing_for * MINUTE, due_at=NOW + 5 * MINUTE
    )
    learn(message, "delivered")
    assert owed(message)[1].due_at == NOW + waits_for * MINUTE


def test_any_number_of_statuses_costs_the_same_statements():
    def cost(count):
        messages = [MessageFactory() for _ in range(count)]
        with transaction.atomic():
            record([fact(message, "accepted") for message in messages], now=NOW)
        with transaction.atomic(), statements_told() as told:
            record([fact(message, "delivered") for message in messages], now=NOW)
        return sum("callbacks_callbackdelivery" in each for each in told)

    cost(1)
    assert cost(1) == cost(20) == 2
