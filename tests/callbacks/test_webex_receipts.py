"""Receipts of Webex Connect at the URL that a message named, where webhooks are to be signed."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel, Status
from gateways.models import Gateway
from messages_app.models import InboxEntry, Message, StatusEvent
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.canaries import CANARY
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db
UNSIGNED = {"content_type": "application/json"}


def gateway_at(url: str) -> Gateway:
    config = {"base_url": url, "service_key": CANARY, "webhook_secret": CANARY}
    return GatewayFactory(
        channel=Channel.SMS, provider="webex_connect", config=config, from_default="Amazing"
    )


def sent(count: int = 1) -> tuple[list[Message], list[str]]:
    """Messages that have left, and the path that each named for its receipts."""
    with http_peer(lambda asked: Answer(201, {"messageId": "m-1", "status": "queued"})) as peer:
        messages = []
        for _ in range(count):
            gateway = gateway_at(peer.url)
            user = EndUserFactory(label=gateway.label, phone="+4915112345678")
            messages.append(MessageFactory(gateway=gateway, label=gateway.label, end_user=user))
            run("send", str(gateway.pk), linger=0)
    urls = [urlsplit(asked.json["notifyUrl"]) for asked in peer.asked]
    return messages, [f"{url.path}?{url.query}" for url in urls]


def receipt(message: Message) -> str:
    told = {"deliveryInfo": {"deliveryStatus": "Delivered"}, "correlationid": str(message.pk)}
    return json.dumps({"deliveryInfoNotification": told})


def statuses(message: Message) -> set[str]:
    return set(StatusEvent.objects.filter(message=message).values_list("status", flat=True))


def test_an_unsigned_receipt_to_the_url_that_its_message_named_is_recorded(client):
    (message,), (path,) = sent()

    assert client.post(path, receipt(message), **UNSIGNED).status_code == 200

    assert Status.DELIVERED in statuses(message)


def test_without_its_mark_or_with_another_gateway_s_it_is_refused(client):
    (message, _), (path, other) = sent(2)
    bare, _, mark = path.partition("?")

    for strange in (bare, f"{bare}?{other.partition('?')[2]}", f"{bare}?{mark[:-1]}"):
        assert client.post(strange, receipt(message), **UNSIGNED).status_code == 401

    assert Status.DELIVERED not in statuses(message)


def test_of_a_receipt_that_cannot_be_read_the_mark_is_not_kept(client):
    _, (path,) = sent()

    assert client.post(f"{path}&ref=7", "{", **UNSIGNED).status_code == 200

    assert InboxEntry.objects.get().kept.reveal()["query"] == {"ref": "7"}
    assert set(parse_qs(urlsplit(path).query)) == {"mark"}
