"""Test sends: one message, by hand, through one gateway."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib.draining import run
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.vocabulary import Channel
from gateways.models import Action, AuditEntry, Gateway
from messages_app.housekeeping import move_from_unusable_gateways, take_back_lost_leases
from messages_app.models import Message, SendAttempt, State
from messages_app.sending import due_gateways
from messages_app.testing import send_test
from messages_app.timeline import story
from tests.factories import BrandFactory, GatewayFactory
from tests.messages_app.house import House
from users.models import Suppression


@pytest.fixture
def gateway(house: House) -> Gateway:
    return house.gateways[Channel.SMS]


def queued(house: House, gateway: Gateway, **changes: object) -> Message:
    uid = {"email_uid" if gateway.channel == Channel.EMAIL else "im_uid": "uid-of-a-test"}
    body = house.body(gateway.channel, callback_url=None, **uid, **changes)
    actor, _ = User.objects.get_or_create(username="root")
    return Message.objects.get(pk=send_test(gateway, body, "", actor))


def sent(message: Message) -> Message:
    """The message after its worker was at it."""
    run("send", str(message.gateway_id), linger=0)
    message.refresh_from_db()
    return message


def test_a_test_goes_through_the_gateway_and_smartico_is_told_nothing(house, gateway):
    message = sent(queued(house, gateway))
    assert (message.state, message.status) == (State.SENT, "accepted")
    assert SendAttempt.objects.get().gateway_id == gateway.pk
    assert not CallbackDelivery.objects.exists()


@pytest.mark.parametrize("values", [{"is_active": False}, {"is_paused": True}])
def test_a_gateway_can_be_tried_before_it_is_used(house, gateway, values):
    held = house.accepted(Channel.SMS)
    Gateway.objects.filter(pk=gateway.pk).update(**values)
    message = queued(house, gateway)
    assert str(gateway.pk) in due_gateways()
    assert sent(message).state == State.SENT
    held.refresh_from_db()
    assert held.state == State.QUEUED
    assert str(gateway.pk) not in due_gateways()


def test_routing_has_no_say(house, gateway):
    other = GatewayFactory(
        label=house.label,
        channel=Channel.SMS,
        brand=BrandFactory(label=house.label),
        filters={"country": ["FR"]},
    )
    assert queued(house, other).gateway_id == other.pk


@pytest.mark.parametrize("word", ["unavailable", "misconfigured", "unknown"])
def test_a_test_is_tried_once_and_moves_nowhere(house, gateway, word):
    GatewayFactory(label=house.label, channel=Channel.SMS)
    house.user.properties = {"sandbox": word}
    house.user.save()
    message = sent(queued(house, gateway))
    assert (message.state, message.status, message.gateway_id) == (
        State.FAILED,
        "failed",
        gateway.pk,
    )
    gateway.refresh_from_db()
    assert not gateway.is_paused
    assert SendAttempt.objects.count() == 1


def test_the_clock_moves_no_test_to_another_gateway(house, gateway):
    GatewayFactory(label=house.label, channel=Channel.SMS)
    Gateway.objects.filter(pk=gateway.pk).update(is_active=False)
    message = queued(house, gateway)
    assert move_from_unusable_gateways() == 0
    message.refresh_from_db()
    assert message.gateway_id == gateway.pk


def test_a_test_whose_worker_is_lost_has_failed(house, gateway):
    message = queued(house, gateway)
    Message.objects.filter(pk=message.pk).update(
        state=State.SENDING, lease_until=timezone.now() - timedelta(seconds=1)
    )
    take_back_lost_leases()
    message.refresh_from_db()
    assert message.state == State.FAILED


def test_a_suppressed_address_stays_so(house, gateway):
    Suppression.objects.create(
        label=house.label, channel="sms", address_index=house.user.phone_index, reason="complained"
    )
    with pytest.raises(Refused) as refusal:
        queued(house, gateway)
    assert refusal.value.code == ErrorCode.SUPPRESSED
    assert not Message.objects.exists()


def test_a_preview_goes_to_an_address_of_the_label_only(house):
    gateway = house.gateways[Channel.EMAIL]
    mail = {"activity_type": "preview", "to_email_address": "me@amazing.co"}
    assert sent(queued(house, gateway, **mail)).state == State.SENT
    with pytest.raises(Refused) as refusal:
        queued(house, gateway, **mail | {"to_email_address": "me@elsewhere.example"})
    assert refusal.value.code == ErrorCode.PREVIEW_REFUSED


def test_it_is_written_down_who_tested_and_not_to_whom(house, gateway):
    message = queued(house, gateway)
    entry = AuditEntry.objects.get(action=Action.TESTED)
    assert (entry.actor_name, entry.subject_id) == ("root", str(gateway.pk))
    assert entry.changes == {"message": str(message.pk)}
    assert house.user.ext_user_id not in str(entry.__dict__)


def test_its_timeline_says_that_it_is_a_test(house, gateway):
    entries = story(queued(house, gateway), [], [])
    assert entries[0].title == "A test by hand"
