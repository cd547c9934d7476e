"""Whether a gateway's provider takes what it is told beside messages."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gateway_project.operations.doctor.examination import examine
from gateways.models import Gateway
from messages_app.models import Relay
from tests.factories import GatewayFactory
from tests.gateways.providers.examples import at
from tests.operations.doctor.conftest import found, of_label

ABOUT = "Contacts"


@pytest.fixture
def gateway(label, peer) -> Gateway:
    config = at("esputnik", peer.url)
    return GatewayFactory(
        label=label, name=ABOUT, channel="email", provider="esputnik", config=config
    )


def told(gateway: Gateway, *, ago: timedelta, outcome: str = "", detail: str = "") -> Relay:
    now = timezone.now()
    return Relay.objects.create(
        label=gateway.label,
        gateway=gateway,
        kind="contact",
        outcome=outcome,
        detail=detail,
        due_at=now,
        created_at=now - ago,
        settled_at=now - ago if outcome else None,
    )


def line(gateway: Gateway):
    return of_label(gateway.label, "Relays", ABOUT)


def test_what_was_taken_and_what_has_just_come_is_good(gateway):
    told(gateway, ago=timedelta(minutes=50))
    told(gateway, ago=timedelta(days=1), outcome="taken")
    told(gateway, ago=timedelta(days=1), outcome="not_needed")
    finding = line(gateway)
    assert (finding.state, finding.listed) == ("green", "")


@pytest.mark.parametrize("outcome", ["rejected", "failed", "unknown"])
def test_what_was_not_taken_is_told_with_its_reason_and_its_list(gateway, outcome):
    told(gateway, ago=timedelta(days=3), outcome=outcome, detail="HTTP 400")
    told(gateway, ago=timedelta(hours=3), outcome=outcome, detail="HTTP 422")
    finding = line(gateway)
    assert finding.state == "yellow"
    assert finding.text == "2 not taken, the latest 3 hours ago: HTTP 422"
    assert finding.what_to_do
    assert finding.listed


@pytest.mark.parametrize(
    ("ago", "state"), [(timedelta(hours=2), "yellow"), (timedelta(days=2), "red")]
)
def test_what_waits_too_long_is_told(gateway, ago, state):
    told(gateway, ago=ago, detail="HTTP 503")
    finding = line(gateway)
    assert finding.state == state
    assert "HTTP 503" in finding.text


def test_of_a_gateway_that_is_not_used_yet_nothing_is_red(gateway):
    told(gateway, ago=timedelta(days=2))
    Gateway.objects.filter(pk=gateway.pk).update(is_active=False)
    assert line(gateway).state == "yellow"


def test_a_provider_that_takes_none_has_no_such_line(label):
    GatewayFactory(label=label, name="SMS", provider="webex_connect")
    with pytest.raises(ValueError, match="unpack"):
        found(examine(label), "Relays")


def test_the_list_behind_the_line_shows_those_and_no_others(gateway, admin_client: Client):
    refused = told(gateway, ago=timedelta(hours=3), outcome="failed")
    late = told(gateway, ago=timedelta(hours=2))
    told(gateway, ago=timedelta(minutes=2))
    told(gateway, ago=timedelta(hours=3), outcome="taken")
    told(GatewayFactory(label=gateway.label), ago=timedelta(hours=3), outcome="failed")
    shown = []
    for finding in examine(gateway.label).findings:
        if finding.listed:
            listed = admin_client.get(finding.listed).context["cl"].result_list
            shown.append([row.pk for row in listed])
    assert shown == [[refused.pk], [late.pk]]
    assert b"Show them" in admin_client.get("/admin/health/").content
