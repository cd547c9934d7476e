"""Messages that leave in one call, through the engine to a server that answers as Webex does."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from messages_app.models import Message, SendAttempt, State
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.peers import Answer, Asked, http_peer

pytestmark = pytest.mark.django_db

UNTAKEN = "491511234562"


def respond(asked: Asked, refused: int = 400) -> Answer:
    """Refuses a call as a whole for one number in it, with that status."""
    if any(UNTAKEN in each["msisdn"] for each in asked.json["to"]):
        return Answer(refused, {"code": "7004", "message": "Invalid parameter - msisdn"})
    return Answer(201, {"messageId": f"m-{asked.json['to'][0]['correlationId']}"})


def drain_all(gateway) -> None:
    """Sends what is due, and then what waits."""
    run("send", str(gateway.pk), linger=0)
    Message.objects.filter(state=State.QUEUED).update(due_at=timezone.now() - timedelta(seconds=1))
    run("send", str(gateway.pk), linger=0)


def queued(gateway, count: int) -> list[Message]:
    now = timezone.now()
    return [
        MessageFactory(
            gateway=gateway,
            label=gateway.label,
            channel=Channel.SMS,
            content={"ext_user_id": f"u-{number}", "body": "Best offer ever"},
            end_user=EndUserFactory(label=gateway.label, phone=f"+49151123456{number}"),
            expires_at=now + timedelta(hours=1),
        )
        for number in range(count)
    ]


def gateway_at(url: str):
    config = {"base_url": url, "service_key": "the-service-key", "batch": 1000}
    return GatewayFactory(provider="webex_connect", config=config, from_default="Amazing")


def test_equal_messages_leave_in_one_call():
    with http_peer(respond) as peer:
        gateway = gateway_at(peer.url)
        messages = queued(gateway, 2)
        run("send", str(gateway.pk), linger=0)

    (asked,) = peer.asked
    assert {each["correlationId"] for each in asked.json["to"]} == {str(m.pk) for m in messages}
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_a_number_that_is_refused_takes_nobody_along():
    with http_peer(partial(respond, refused=400)) as peer:
        gateway = gateway_at(peer.url)
        messages = queued(gateway, 4)
        drain_all(gateway)

    sizes = [len(asked.json["to"]) for asked in peer.asked]
    assert sizes == [4, 1, 1, 1, 1]
    states = [Message.objects.get(pk=message.pk).state for message in messages]
    assert states == [State.SENT, State.SENT, State.REJECTED, State.SENT]
    assert SendAttempt.objects.filter(outcome="refused_together").count() == 4


def test_nobody_is_sent_to_twice_where_a_call_was_taken_and_one_number_was_refused():
    with http_peer(partial(respond, refused=200)) as peer:
        gateway = gateway_at(peer.url)
        queued(gateway, 4)
        drain_all(gateway)

    assert [len(asked.json["to"]) for asked in peer.asked] == [4]
    assert set(Message.objects.values_list("state", flat=True)) == {State.UNKNOWN}
