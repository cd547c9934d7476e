"""Messages in parts: they arrived when all of their parts did."""

import threading

import pytest
from django.db import connection

from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app.models import DeliveredPart, InboxEntry, Message, State, StatusEvent
from messages_app.reports import apply_to_gateway
from tests.factories import GatewayFactory
from tests.messages_app.test_reports import apply, look_at_the_inbox, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway():
    return GatewayFactory()


def part(message: Message, number: int, status: Status = Status.DELIVERED, **more) -> StatusUpdate:
    named = {"message_id": str(message.pk), "provider_id": "p-1", "parts": 2}
    return StatusUpdate(status=status, part=number, **(named | more))


def standing(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.status, message.state


@pytest.mark.parametrize("numbers", [(0, 1), (2, 1)])
def test_a_message_is_delivered_with_the_last_of_its_parts(gateway, numbers):
    message = sent(gateway)
    apply(gateway, part(message, numbers[0]))
    assert not StatusEvent.objects.exists()
    apply(gateway, part(message, numbers[1]))
    assert standing(message) == ("delivered", State.SENT)


def test_the_same_part_twice_is_one_part(gateway):
    message = sent(gateway)
    apply(gateway, part(message, 1), part(message, 1))
    apply(gateway, part(message, 1))
    assert not StatusEvent.objects.exists()


def test_parts_that_come_together_are_counted_together(gateway):
    message = sent(gateway)
    apply(gateway, part(message, 1), part(message, 2))
    assert standing(message) == ("delivered", State.SENT)


@pytest.mark.parametrize(
    "order", [(Status.DELIVERED, Status.FAILED), (Status.FAILED, Status.DELIVERED)]
)
def test_a_failed_part_fails_the_message_whatever_came_of_the_other(gateway, order):
    message = sent(gateway)
    for number, status in enumerate(order, start=1):
        apply(gateway, part(message, number, status))
    assert standing(message) == ("failed", State.FAILED)


def test_until_all_parts_are_delivered_after_all(gateway):
    message = sent(gateway, attempts=1)
    apply(gateway, part(message, 1, Status.FAILED), part(message, 2))
    apply(gateway, part(message, 1))
    assert standing(message) == ("delivered", State.SENT)


def test_a_part_that_failed_after_its_arrival_has_not_arrived(gateway):
    message = sent(gateway)
    apply(gateway, part(message, 1))
    apply(gateway, part(message, 1, Status.FAILED))
    apply(gateway, part(message, 2))
    assert standing(message) == ("failed", State.FAILED)


def test_parts_of_another_try_are_counted_apart(gateway):
    message = sent(gateway)
    apply(gateway, part(message, 1), part(message, 2, provider_id="p-2"))
    assert not StatusEvent.objects.exists()


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.CLICKED])
def test_anything_else_about_a_part_is_about_the_message(gateway, status):
    message = sent(gateway)
    apply(gateway, part(message, 1, status))
    assert standing(message)[0] == status


def test_parts_that_are_reported_early_wait_one_by_one(gateway):
    early = StatusUpdate(status=Status.DELIVERED, provider_id="p-1", part=1, parts=2)
    apply(gateway, early)
    apply(gateway, StatusUpdate(status=Status.DELIVERED, provider_id="p-1", part=2, parts=2))
    assert InboxEntry.objects.count() == 2
    message = sent(gateway, provider_id="p-1")
    look_at_the_inbox()
    assert standing(message) == ("delivered", State.SENT)


def test_a_report_about_the_whole_needs_no_part(gateway):
    message = sent(gateway)
    apply(gateway, StatusUpdate(status=Status.DELIVERED, message_id=str(message.pk)))
    assert standing(message) == ("delivered", State.SENT)
    assert not DeliveredPart.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_parts_that_arrive_at_once_deliver_the_message():
    gateway = GatewayFactory()
    message = sent(gateway)
    values = configuration.current().gateways[gateway.pk]
    start = threading.Barrier(2)

    def report(number: int) -> None:
        try:
            start.wait(10)
            apply_to_gateway(values, [part(message, number)])
        finally:
            connection.close()

    for _ in range(5):
        threads = [threading.Thread(target=report, args=(number,)) for number in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert standing(message) == ("delivered", State.SENT)
        StatusEvent.objects.all().delete()
        DeliveredPart.objects.all().delete()
        Message.objects.update(status="")
