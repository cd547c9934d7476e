"""What stands still is late; a long queue that moves is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import CallbackDelivery, DeliveryAttempt
from gateway_project.operations.alerts.causes import causes
from gateway_project.operations.lateness import lateness, oldest_due_callback, standstills
from gateways.opt_outs import suspend
from messages_app.models import InboxEntry, Relay, SendAttempt, State, Wait
from tests.factories import GatewayFactory, LabelFactory, MessageFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
LONG_AGO = 25 * MINUTE


def standing():
    return [each.queue for each in standstills(timezone.now())]


def queued(gateway, ago=LONG_AGO, **values):
    moment = timezone.now() - ago
    return MessageFactory(
        **{
            "gateway": gateway, "label": gateway.label,
            "created_at": moment, "due_at": moment, **values,
        }
    )  # fmt: skip


def left(gateway, ago, came=LONG_AGO, **values):
    """A message that left it so long ago, and had come `came` ago."""
    moment = timezone.now() - ago
    message = queued(gateway, came, state=State.SENT, **values)
    return SendAttempt.objects.create(
        message=message, gateway=gateway, number=1, outcome="accepted",
        started_at=moment, finished_at=moment,
    )  # fmt: skip


@pytest.fixture
def gateway():
    return GatewayFactory(rate_per_second=50)


def test_a_campaign_that_leaves_at_its_rate_is_not_late_however_long_it_takes(gateway):
    queued(gateway)
    left(gateway, ago=20 * MINUTE)
    left(gateway, ago=MINUTE / 60)
    assert standing() == []
    assert causes(timezone.now()) == []
    assert lateness(timezone.now()) == timedelta()


def test_a_queue_that_nothing_has_left_stands_still(gateway):
    queued(gateway)
    left(gateway, ago=6 * MINUTE)
    assert standing() == ["send"]
    (cause,) = causes(timezone.now())
    assert (cause.kind, cause.label_id) == ("messages_late", gateway.label_id)
    assert lateness(timezone.now()) > 24 * MINUTE


def test_what_leaves_by_another_gateway_moves_no_queue(gateway):
    queued(gateway)
    left(GatewayFactory(label=gateway.label), ago=MINUTE / 60)
    assert standing() == ["send"]


def test_one_that_younger_ones_pass_by_is_late(gateway):
    queued(gateway)
    left(gateway, ago=MINUTE / 60, came=MINUTE)
    assert standing() == ["send"]


def test_a_test_by_hand_moves_no_queue(gateway):
    queued(gateway)
    left(gateway, ago=MINUTE / 60, is_test=True)
    assert standing() == ["send"]


def test_callbacks_are_late_where_their_host_is_told_nothing(gateway):
    message, now = queued(gateway, state=State.SENT), timezone.now()
    owed, other = (
        CallbackDelivery.objects.create(
            message=message, label=gateway.label, host=host, status=status,
            due_at=now - LONG_AGO, created_at=now - LONG_AGO,
        )
        for host, status in (("here", "accepted"), ("there", "delivered"))
    )  # fmt: skip
    assert standing() == ["report"]
    DeliveryAttempt.objects.create(
        delivery=owed, started_at=now, finished_at=now, outcome="acknowledged"
    )
    assert standing() == ["report"]
    assert oldest_due_callback(now) == other.due_at
    other.delete()
    assert standing() == []


def relay(label, **values):
    moment = timezone.now() - LONG_AGO
    return Relay.objects.create(
        **{
            "label": label, "listener": "platform", "kind": "opt_out",
            "due_at": moment, "created_at": moment, **values,
        }
    )  # fmt: skip


def test_relays_of_a_listener_that_is_suspended_are_not_late():
    label = LabelFactory(
        opt_out_webhook_url="https://platform.example/hook", opt_out_webhook_secrets=["whsec_x"]
    )
    relay(label)
    assert standing() == ["relay"]
    settled = relay(label, settled_at=timezone.now(), outcome="taken")
    assert standing() == []
    settled.delete()
    suspend(label.pk, "platform", "HTTP 410")
    assert standing() == []


def test_what_stays_in_the_inbox_is_late(gateway):
    moment = timezone.now() - LONG_AGO
    InboxEntry.objects.create(
        gateway=gateway, waits_for=Wait.ITS_MESSAGE, meaning="m",
        occurred_at=moment, received_at=moment, due_at=moment,
    )  # fmt: skip
    assert standing() == ["inbox"]
