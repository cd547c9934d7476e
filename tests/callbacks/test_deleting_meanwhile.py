"""A gateway is deleted while its provider's report is written: the key is checked at the commit."""

import json

import pytest

from callbacks import receiving
from callbacks.api import status, webhooks
from gateways.models import Gateway
from messages_app.models import InboxEntry
from tests.factories import GatewayFactory

pytestmark = pytest.mark.django_db(transaction=True)
BODIES = {"a report": json.dumps({"id": "sandbox-1", "status": "delivered"}), "unreadable": "{"}


@pytest.fixture
def deleted(monkeypatch):
    """The token of a gateway that goes just after it was looked up."""
    gateway = GatewayFactory(channel="custom_im")
    token = gateway.token.reveal()
    found = receiving.gateway_of_token(token)

    def look_up(token):
        Gateway.objects.filter(pk=gateway.pk).delete()
        return found

    for view in (webhooks, status):
        monkeypatch.setattr(view, "gateway_of_token", look_up)
    return token


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_webhook_of_a_deleted_gateway_has_to_come_again_and_then_finds_nobody(
    deleted, body, client, caplog, monkeypatch
):
    path = f"/callbacks/webhooks/{deleted}"

    first = client.post(path, body, content_type="application/json")
    monkeypatch.undo()
    second = client.post(path, body, content_type="application/json")

    assert (first.status_code, first.content) == (503, b"try again")
    assert second.status_code == 404
    assert not [entry for entry in caplog.records if entry.exc_info]
    assert deleted not in caplog.text
    assert not InboxEntry.objects.exists()


def test_a_status_of_a_deleted_gateway_is_answered_in_the_protocol(
    deleted, client, caplog, monkeypatch
):
    path = f"/callbacks/status/{deleted}"
    told = {"ext_message_id": "nc-1", "status": "delivered"}

    first = client.get(path, told).json()
    monkeypatch.undo()
    second = client.get(path, told).json()

    assert (first["error_code"], second["error_code"]) == (50, 10)
    assert not [entry for entry in caplog.records if entry.exc_info]
