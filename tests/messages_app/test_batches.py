"""Messages that leave in one call, and what becomes of them when it is refused."""

from unittest.mock import Mock

import pytest
from django.db import OperationalError

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import SendResult
from gateways.providers.infobip import Infobip
from messages_app.models import Message, SendAttempt, State
from messages_app.sending import SendWork
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.examples import at
from tests.peers import Answer, Asked, http_peer

pytestmark = pytest.mark.django_db
POISON = "+4915100000001"
PENDING = {"groupId": 1, "groupName": "PENDING", "name": "PENDING_ACCEPTED"}
NUMBERS = [f"+49151123456{number:02d}" for number in range(9)]


def taken_or_refused(asked: Asked) -> Answer:
    """Answers as Infobip does, and refuses a call as a whole in which one number is wrong."""
    told = asked.json["messages"]
    numbers = [message["destinations"][0]["to"] for message in told]
    if POISON.removeprefix("+") in numbers:
        return Answer(400, {"errorCode": "E400", "description": "Invalid destination"})
    ids = [message["destinations"][0]["messageId"] for message in told]
    status = {"groupId": 1, "groupName": "PENDING", "name": "PENDING_ACCEPTED"}
    return Answer(200, {"messages": [{"messageId": each, "status": status} for each in ids]})


def gateway_at(url: str, **changes):
    config = at("infobip", url) | {"batch": 10}
    return GatewayFactory(
        channel=Channel.SMS, provider="infobip", config=config, from_default="Amazing", **changes
    )


def queue(gateway, numbers) -> list[Message]:
    return [
        MessageFactory(
            label=gateway.label,
            gateway=gateway,
            channel=Channel.SMS,
            end_user=EndUserFactory(label=gateway.label, phone=number),
            content={"ext_user_id": "u", "body": "Best offer ever"},
        )
        for number in numbers
    ]


def test_what_is_due_together_leaves_in_one_call():
    with http_peer(taken_or_refused) as peer:
        gateway = gateway_at(peer.url)
        queue(gateway, NUMBERS)
        run("send", str(gateway.pk), linger=0)
        assert len(peer.asked) == 1
    assert Message.objects.filter(state=State.SENT).count() == len(NUMBERS)
    assert SendAttempt.objects.exclude(provider_id="").count() == len(NUMBERS)


def test_no_call_holds_more_than_the_rate_lets_out_in_a_second():
    with http_peer(taken_or_refused) as peer:
        gateway = gateway_at(peer.url, rate_per_second=4)
        queue(gateway, NUMBERS[:6])
        run("send", str(gateway.pk), linger=1.0)
        sizes = [len(asked.json["messages"]) for asked in peer.asked]
    assert sum(sizes) == 6
    assert max(sizes) <= 4


def test_one_message_that_is_refused_takes_no_other_along():
    with http_peer(taken_or_refused) as peer:
        gateway = gateway_at(peer.url)
        queue(gateway, [*NUMBERS[:4], POISON, *NUMBERS[4:]])
        run("send", str(gateway.pk), linger=0.2)
        assert len(peer.asked) == 1 + len(NUMBERS) + 1
    assert Message.objects.filter(state=State.SENT).count() == len(NUMBERS)
    refused = Message.objects.get(state=State.REJECTED)
    assert refused.end_user.phone.reveal() == POISON
    assert SendAttempt.objects.filter(outcome="refused_together").count() == len(NUMBERS) + 1
    gateway.refresh_from_db()
    assert not gateway.is_paused


def taken_but_for_one(asked: Asked) -> Answer:
    """Answers for each of a call by itself: all are taken but the wrong number."""
    listed = []
    for message in asked.json["messages"]:
        (to,) = message["destinations"]
        is_bad = to["to"] == POISON.removeprefix("+")
        status = {"groupName": "REJECTED", "name": "REJECTED_DESTINATION"} if is_bad else PENDING
        listed.append({"messageId": to["messageId"], "status": status})
    return Answer(200, {"messages": listed})


def test_each_message_of_an_answer_has_a_result_of_its_own():
    with http_peer(taken_but_for_one) as peer:
        gateway = gateway_at(peer.url)
        queue(gateway, [*NUMBERS[:4], POISON, *NUMBERS[4:]])
        run("send", str(gateway.pk), linger=0)
        assert len(peer.asked) == 1
    assert Message.objects.filter(state=State.SENT).count() == len(NUMBERS)
    refused = Message.objects.get(state=State.REJECTED)
    assert refused.end_user.phone.reveal() == POISON
    ids = SendAttempt.objects.filter(outcome="accepted").values_list("message_id", "provider_id")
    assert {str(message_id): provider_id for message_id, provider_id in ids} == {
        str(pk): str(pk)
        for pk in Message.objects.filter(state=State.SENT).values_list("pk", flat=True)
    }


def test_no_more_is_claimed_than_can_leave_where_nothing_leaves_together():
    """What is claimed is in doubt when its worker dies, so it must be about to leave."""
    gateway = gateway_at("http://127.0.0.1:9")
    for message in queue(gateway, NUMBERS):
        message.attempts = 1  # tried before, so each goes by itself
        message.save()
    work = SendWork(str(gateway.pk))
    assert len(work.claim(2)) <= 4
    assert len(work.claim(2)) <= 4
    work.close()


def test_what_leaves_together_is_claimed_in_growing_numbers():
    gateway = gateway_at("http://127.0.0.1:9")
    queue(gateway, NUMBERS)
    work = SendWork(str(gateway.pk))
    assert [len(parcel.messages) for _ in range(3) for parcel in work.claim(1)] == [2, 4, 3]
    work.close()


def chokes_on_the_poison(self, message) -> str:
    """In the place of an adapter's own `batch_key`."""
    if message.recipient.reveal() == POISON:
        raise TypeError(f"a fault that quotes {POISON}")
    return message.sender


def test_an_adapter_that_chokes_on_one_message_leaves_none_of_the_others_in_doubt(
    monkeypatch, caplog
):
    monkeypatch.setattr(Infobip, "batch_key", chokes_on_the_poison)
    with http_peer(taken_or_refused) as peer:
        gateway = gateway_at(peer.url)
        *_, choked_on = queue(gateway, [*NUMBERS, POISON])
        run("send", str(gateway.pk), linger=0)
    assert Message.objects.filter(state=State.SENT).count() == len(NUMBERS)
    choked_on.refresh_from_db()
    assert (choked_on.state, choked_on.attempts, choked_on.lease) == (State.QUEUED, 1, None)
    attempt = SendAttempt.objects.get(message=choked_on)
    assert (attempt.outcome, attempt.detail) == ("unavailable", "the adapter failed: TypeError")
    assert POISON not in caplog.text


def test_an_answer_read_as_too_few_results_leaves_all_of_its_messages_in_doubt_at_once(monkeypatch):
    monkeypatch.setattr(Infobip, "taken", lambda self, messages, answer: [SendResult()])
    with http_peer(taken_or_refused) as peer:
        gateway = gateway_at(peer.url)
        queue(gateway, NUMBERS[:3])
        run("send", str(gateway.pk), linger=0)
    assert Message.objects.filter(state=State.UNKNOWN).count() == 3
    outcomes = SendAttempt.objects.values_list("outcome", "detail").distinct()
    assert list(outcomes) == [("unknown", "the adapter failed: ValueError")]


def test_a_database_that_is_lost_while_messages_are_claimed_leaves_them_unclaimed(monkeypatch):
    monkeypatch.setattr("messages_app.sending.may_lease_at_once", lambda gateway: False)
    monkeypatch.setattr("messages_app.parcels.suppressed_among", Mock(side_effect=OperationalError))
    gateway = gateway_at("http://127.0.0.1:9")
    queue(gateway, NUMBERS[:3])
    work = SendWork(str(gateway.pk))
    with pytest.raises(OperationalError):
        work.claim(2)
    work.close()
    assert set(Message.objects.values_list("state", "attempts")) == {(State.QUEUED, 0)}
