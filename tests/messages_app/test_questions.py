"""Asking providers for what is parked, by our id, with a real server over there."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel, Status
from messages_app import polling
from messages_app.housekeeping import take_back_lost_leases
from messages_app.models import InboxEntry, Message, SendAttempt, State, StatusEvent
from messages_app.parked import send_again
from messages_app.polling import due_gateways
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.examples import at
from tests.peers import Answer, Asked, http_peer

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Peer:
    """Hangs up on sends unless told otherwise, and answers what is asked of it."""

    def __init__(self) -> None:
        self.takes = False
        self.told = Answer(404)

    def __call__(self, asked: Asked) -> Answer:
        if asked.method == "GET":
            return self.told
        return Answer(200, {"data": {"id": "their-id"}}) if self.takes else Answer(hang_up=True)


@pytest.fixture
def peer():
    return Peer()


@pytest.fixture
def server(peer):
    with http_peer(peer) as server:
        yield server


def api(server, **config) -> GatewayFactory:
    lookup = {"lookup_url": f"{server.url}/messages/{{{{ message.id }}}}", **config}
    config = at("http_api", server.url) | lookup
    return GatewayFactory(
        channel=Channel.SMS, provider="http_api", config=config, from_default="Amazing"
    )


def parked(gateway, age: timedelta = 11 * MINUTE) -> Message:
    """A message whose send got no answer so long ago."""
    message = MessageFactory(
        gateway=gateway, label=gateway.label, end_user=EndUserFactory(label=gateway.label)
    )
    run("send", str(gateway.pk), linger=0)
    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    message.send_attempts.update(finished_at=timezone.now() - age)
    return message


def ask(gateway) -> None:
    polling.forget()
    SendAttempt.objects.exclude(ask_at=None).update(ask_at=timezone.now())
    run("poll", str(gateway.pk), linger=0)


def standing(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.status


def sends(server) -> int:
    return len([asked for asked in server.asked if asked.method == "POST"])


PARKED = (State.UNKNOWN, "")


@pytest.mark.parametrize(
    ("word", "status"), [("ACCEPTD", Status.ACCEPTED), ("DELIVRD", Status.DELIVERED)]
)
def test_what_the_provider_knows_of_was_sent(peer, server, word, status):
    gateway = api(server)
    message = parked(gateway)
    peer.told = Answer(200, {"state": word})
    ask(gateway)
    assert standing(message) == (State.SENT, status)
    assert server.asked[-1].path == f"/messages/{message.pk}"
    assert [row.status for row in CallbackDelivery.objects.all()] == [status]


def test_what_failed_there_has_failed(peer, server):
    gateway = api(server)
    message = parked(gateway)
    peer.told = Answer(200, {"state": "UNDELIV"})
    ask(gateway)
    assert standing(message) == (State.FAILED, Status.FAILED)


def test_a_message_is_asked_about_soon_after_its_send_got_no_answer(server):
    gateway = api(server)
    parked(gateway)
    wait = SendAttempt.objects.get().ask_at - timezone.now()
    assert timedelta() < wait <= timedelta(seconds=30)
    assert due_gateways() == []


def test_one_that_is_known_is_asked_about_until_it_is_delivered(peer, server):
    gateway = api(server)
    message = parked(gateway)
    for word in ("ACCEPTD", "DELIVRD"):
        peer.told = Answer(200, {"state": word})
        ask(gateway)
    assert standing(message) == (State.SENT, Status.DELIVERED)


@pytest.mark.parametrize(
    "told",
    [
        Answer(404),
        Answer(200, {"state": "QUEUED"}),
        Answer(200, {"state": "TELEPORTED"}),
        Answer(200, {"state": "DELIVRD", "ref": str(uuid4())}),
        Answer(200, {}),
        Answer(200, b"<html>"),
        Answer(400, "what?"),
        Answer(401),
        Answer(503),
        Answer(hang_up=True),
    ],
)
def test_what_says_neither_yes_nor_no_leaves_it_parked(peer, server, told):
    gateway = api(server)
    message = parked(gateway)
    peer.told = told
    ask(gateway)
    assert standing(message) == PARKED
    assert not StatusEvent.objects.exists()
    assert SendAttempt.objects.get().ask_at > timezone.now()


def test_what_was_never_taken_there_goes_again_where_the_operator_says_so(peer, server):
    gateway = api(server, lookup_absent=True)
    message = parked(gateway)
    ask(gateway)
    assert standing(message) == (State.QUEUED, "")
    peer.takes = True
    run("send", str(gateway.pk), linger=0)
    assert standing(message) == (State.SENT, Status.ACCEPTED)
    outcomes = message.send_attempts.order_by("pk").values_list("outcome", "ask_at")
    assert list(outcomes) == [("not_taken", None), ("accepted", None)]
    ask(gateway)
    assert sends(server) == 2


def test_a_request_that_may_still_be_on_its_way_is_waited_for(peer, server):
    gateway = api(server, lookup_absent=True)
    message = parked(gateway, age=9 * MINUTE)
    ask(gateway)
    assert standing(message) == PARKED
    assert SendAttempt.objects.get().outcome == "unknown"


def test_nothing_goes_twice_that_was_queued_again_meanwhile(peer, server):
    gateway = api(server, lookup_absent=True)
    message = parked(gateway)
    assert send_again(Message.objects.all()) == 1
    before = Message.objects.values().get()
    ask(gateway)
    assert Message.objects.values().get() == before
    peer.told = Answer(200, {"state": "DELIVRD"})
    ask(gateway)
    assert standing(message) == (State.SENT, Status.DELIVERED)
    run("send", str(gateway.pk), linger=0)
    assert sends(server) == 1


def test_what_a_lost_worker_had_under_way_is_asked_for_too(peer, server):
    gateway = api(server)
    message = MessageFactory(
        gateway=gateway,
        label=gateway.label,
        state=State.SENDING,
        attempts=1,
        lease=uuid4(),
        lease_until=timezone.now() - MINUTE,
    )
    take_back_lost_leases()
    assert standing(message) == PARKED
    peer.told = Answer(200, {"state": "DELIVRD"})
    ask(gateway)
    assert standing(message) == (State.SENT, Status.DELIVERED)


def test_where_there_is_no_lookup_nobody_asks(server):
    gateway = api(server, lookup_url="")
    message = parked(gateway)
    assert SendAttempt.objects.get().ask_at is None
    SendAttempt.objects.update(ask_at=timezone.now())
    assert due_gateways() == []
    ask(gateway)
    assert standing(message) == PARKED


def test_many_are_asked_for_in_one_call_and_those_that_are_not_named_stay_parked(peer, server):
    gateway = GatewayFactory(
        channel=Channel.SMS,
        provider="infobip",
        config=at("infobip", server.url),
        from_default="Amazing",
    )
    messages = [parked(gateway) for _ in range(3)]
    entries = [
        {"messageId": str(message.pk), "status": {"groupName": group, "name": name}}
        for message, group, name in zip(
            messages,
            ("DELIVERED", "REJECTED"),
            ("DELIVERED_TO_HANDSET", "REJECTED_DUPLICATE_MESSAGE_ID"),
            strict=False,
        )
    ]
    stranger = {"messageId": str(uuid4()), "status": {"groupName": "DELIVERED", "name": "X"}}
    peer.told = Answer(200, {"results": [*entries, stranger]})
    ask(gateway)
    assert [standing(each) for each in messages] == [
        (State.SENT, Status.DELIVERED),
        PARKED,
        PARKED,
    ]
    assert not InboxEntry.objects.exists()
    (asked,) = [each for each in server.asked if each.method == "GET"]
    assert asked.path == "/sms/3/logs"
    assert set(asked.query["messageId"].split(",")) == {str(each.pk) for each in messages}
