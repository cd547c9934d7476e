"""Connection checks, with a real peer as the provider."""

import pytest

from gateways.connection import Finding, check, keep
from gateways.models import Contact
from gateways.providers.registry import build
from tests.factories import GatewayFactory
from tests.peers import Answer, http_peer

CANARY = "canary-of-a-secret"


def webex(url: str):
    config = {"base_url": url, "service_key": CANARY}
    return build("webex_connect", config, webhook_url="", status_url="")


def test_what_works_is_said_without_advice():
    answer = Answer(status=400, body={"code": "7004", "message": "no destination"})
    with http_peer(lambda asked: answer) as peer:
        finding = check(webex(peer.url))
    assert finding.is_connected
    assert "took the credentials" in finding.text
    assert not finding.advice


@pytest.mark.parametrize("status", [401, 500])
def test_what_does_not_is_said_with_what_to_do_and_without_the_secret(status):
    answer = Answer(status=status, body={"message": f"key {CANARY} is not known"})
    with http_peer(lambda asked: answer) as peer:
        finding = check(webex(peer.url))
    assert not finding.is_connected
    assert str(status) in finding.text
    assert CANARY not in finding.text
    assert finding.advice


def test_nobody_there_is_a_finding_too():
    finding = check(webex("http://127.0.0.1:9"))
    assert not finding.is_connected
    assert finding.advice


@pytest.mark.django_db
def test_the_last_finding_is_kept_and_what_else_is_known_stays():
    gateway = GatewayFactory()
    Contact.objects.create(gateway=gateway, probed_at=gateway.created_at)
    keep(gateway.pk, Finding(is_connected=False, text="no", advice="do"))
    keep(gateway.pk, Finding(is_connected=True, text="yes"))
    contact = Contact.objects.get()
    assert (contact.is_connected, contact.finding) == (True, "yes")
    assert contact.checked_at
    assert contact.probed_at == gateway.created_at
