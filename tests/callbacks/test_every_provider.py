"""What the engine makes of every provider that speaks HTTP, with a real server over there."""

import socket
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from gateways.providers.base import HttpProvider
from gateways.providers.registry import provider_classes
from messages_app.models import InboxEntry, Message, SendAttempt, State, StatusEvent
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.canaries import CANARY, EMAIL, PHONE
from tests.gateways.providers.examples import ACCOUNTS, URL_FIELDS, account, at
from tests.gateways.providers.webhooks import recorded
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db


def speaks_http(slug: str) -> bool:
    cls = provider_classes()[slug]
    fields = cls.Config.base_fields
    return hasattr(ACCOUNTS[slug], "at") or any(name in fields for name in URL_FIELDS)


SLUGS = [slug for slug in provider_classes() if speaks_http(slug)]
ROADS = [(slug, channel) for slug in SLUGS for channel in provider_classes()[slug].channels]
every_road = pytest.mark.parametrize(
    ("slug", "channel"), ROADS, ids=[f"{slug}-{channel}" for slug, channel in ROADS]
)
SAID = f'{{"message": "no such {EMAIL} or {PHONE} or {PHONE[1:]}, key {CANARY}"}}'


def gateway_at(slug: str, channel: Channel, url: str) -> Gateway:
    sender = "Amazing <noreply@amazing.co>" if channel == Channel.EMAIL else "Amazing"
    return GatewayFactory(channel=channel, provider=slug, config=at(slug, url), from_default=sender)


def queued(gateway: Gateway) -> Message:
    user = EndUserFactory(label=gateway.label, email=EMAIL, phone=PHONE)
    return MessageFactory(
        label=gateway.label,
        gateway=gateway,
        channel=gateway.channel,
        end_user=user,
        content={"ext_user_id": "hhu234556", "body": "Best offer ever", "subject": "Offer"},
    )


def sent_through(gateway: Gateway) -> tuple[Message, SendAttempt]:
    message = queued(gateway)
    assert run("send", str(gateway.pk), linger=0) == 1
    message.refresh_from_db()
    return message, SendAttempt.objects.get()


@every_road
def test_a_server_that_cannot_be_reached_was_sent_nothing(slug, channel):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    message, attempt = sent_through(gateway_at(slug, channel, f"http://127.0.0.1:{port}"))

    assert (attempt.outcome, message.state) == ("unavailable", State.QUEUED)


@every_road
def test_a_server_that_hangs_up_after_reading_may_have_taken_it(slug, channel):
    with http_peer(lambda asked: Answer(hang_up=True)) as peer:
        gateway = gateway_at(slug, channel, peer.url)
        message, attempt = sent_through(gateway)
        assert len(peer.asked) == 1

    is_repeated = account(slug).idempotent
    assert attempt.outcome == "unknown"
    assert message.state == (State.QUEUED if is_repeated else State.UNKNOWN)


@every_road
@pytest.mark.parametrize(
    ("status", "outcome", "state"),
    [
        (400, "rejected", State.REJECTED),
        (401, "misconfigured", State.QUEUED),
        (403, "misconfigured", State.QUEUED),
        (429, "unavailable", State.QUEUED),
        (500, "unavailable", State.QUEUED),
        (503, "unavailable", State.QUEUED),
    ],
)
def test_a_refusal_is_obeyed_and_its_words_are_scrubbed(
    slug, channel, status, outcome, state, caplog
):
    with http_peer(lambda asked: Answer(status, SAID)) as peer:
        gateway = gateway_at(slug, channel, peer.url)
        message, attempt = sent_through(gateway)

    gateway.refresh_from_db()
    assert (attempt.outcome, message.state) == (outcome, state)
    assert gateway.is_paused == (outcome == "misconfigured")
    told = [attempt.detail, gateway.paused_because, caplog.text]
    told += StatusEvent.objects.values_list("detail", flat=True)
    for hidden in (EMAIL, PHONE[1:], CANARY):
        assert not [text for text in told if hidden in text]


@pytest.mark.parametrize("sample", recorded(), ids=lambda sample: sample.name)
def test_a_webhook_that_comes_again_is_applied_once(sample, client):
    gateway = GatewayFactory(
        channel=provider_classes()[sample.slug].channels[0],
        provider=sample.slug,
        config=ACCOUNTS[sample.slug].CONFIG,
    )
    for told in sample.expected:
        _tried(gateway, told)
    path = f"/callbacks/webhooks/{gateway.token.reveal()}"

    after_each = [(_posted(client, sample, path), *_learnt()) for _ in range(3)]

    assert [status for status, *_ in after_each] == [200, 200, 200]
    assert after_each[0] == after_each[1] == after_each[2]
    assert any(after_each[0][1:]) or not sample.expected


def _tried(gateway: Gateway, told: dict[str, str]) -> None:
    """A message that went through the gateway under the id, or to the address, that is named."""
    message_id, provider_id = told.get("message_id"), told.get("provider_id", "")
    message = Message.objects.filter(pk=message_id).first() if message_id else None
    if message is None:
        own = {"id": message_id} if message_id else {}
        message = MessageFactory(
            label=gateway.label,
            gateway=gateway,
            channel=gateway.channel,
            state=State.SENT,
            attempts=1,
            **own,
        )
    if recipient := told.get("recipient"):
        kind = "email" if "@" in recipient else "phone"
        setattr(message.end_user, kind, recipient)
        message.end_user.save()
    SendAttempt.objects.create(
        message=message,
        gateway=gateway,
        number=1,
        outcome="accepted",
        provider_id=provider_id,
        started_at=message.created_at,
        finished_at=message.created_at,
    )


def _posted(client: Client, sample, path: str) -> int:
    request = sample.posted(url=settings.PUBLIC_URL + path)
    parts = urlsplit(request.url)
    headers = dict(request.headers)
    kind = headers.pop("content-type")
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    answer = client.generic("POST", target, request.body, content_type=kind, headers=headers)
    return answer.status_code


def _learnt() -> tuple[int, int]:
    return StatusEvent.objects.count(), InboxEntry.objects.count()


def test_every_provider_over_http_is_tried_here():
    assert {slug for slug, cls in provider_classes().items() if issubclass(cls, HttpProvider)} <= (
        set(SLUGS)
    )
