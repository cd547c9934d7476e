"""How each gateway stands."""

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import Mailbox
from gateway_project.lib.vocabulary import Status
from gateway_project.operations.doctor.calls import call_out
from gateways.contacts import Met, note
from gateways.models import Breaker, Contact, Gateway
from gateways.providers.custom_im_http import CustomImHttp
from messages_app.models import Measure, Span, Tally
from tests.factories import GatewayFactory
from tests.operations.doctor.conftest import of_label
from tests.peers import Answer

ABOUT = "Messenger"


@pytest.fixture
def gateway(label, peer):
    return GatewayFactory(
        label=label,
        name=ABOUT,
        channel="custom_im",
        provider="custom_im_http",
        config={"url": f"{peer.url}/send", "authorization": "canary-authorization"},
    )


def line(gateway, name):
    return of_label(gateway.label, name, ABOUT)


def test_an_active_gateway_is_good(gateway):
    assert line(gateway, "In use").state == "green"


def test_a_paused_gateway_says_why(gateway):
    Gateway.objects.filter(pk=gateway.pk).update(is_paused=True, paused_because="no credit")
    finding = line(gateway, "In use")
    assert finding.state == "red"
    assert "no credit" in finding.text


def test_of_a_draft_there_is_nothing_to_say(gateway):
    Gateway.objects.filter(pk=gateway.pk).update(is_draft=True, is_active=False)
    assert line(gateway, "In use").state == "grey"


def test_of_a_gateway_that_is_not_used_yet_nothing_is_red(gateway):
    Gateway.objects.filter(pk=gateway.pk).update(is_active=False)
    Contact.objects.create(gateway=gateway, checked_at=timezone.now(), is_connected=False)
    assert line(gateway, "In use").state == "grey"
    assert line(gateway, "Credentials").state == "yellow"


def test_credentials_are_unknown_until_they_are_checked(gateway):
    assert line(gateway, "Credentials").state == "yellow"


def test_credentials_are_checked_with_the_provider(gateway, peer):
    call_out(gateway.label)
    assert line(gateway, "Credentials").state == "green"
    peer.respond = lambda asked: Answer(status=401, body="canary-authorization is wrong")
    call_out(gateway.label)
    finding = line(gateway, "Credentials")
    assert finding.state == "red"
    assert "canary" not in finding.text


def test_a_provider_that_is_not_installed_is_a_problem(gateway):
    Gateway.objects.filter(pk=gateway.pk).update(provider="gone")
    call_out(gateway.label)
    assert line(gateway, "Credentials").state == "red"
    assert line(gateway, "Webhook").state == "red"


def test_a_webhook_is_waited_for(gateway):
    assert line(gateway, "Webhook").state == "yellow"
    note(gateway.pk, Met.PROBE)
    finding = line(gateway, "Webhook")
    assert (finding.state, "probed" in finding.text) == ("yellow", True)


def test_a_webhook_that_was_taken_is_good(gateway):
    note(gateway.pk, Met.WEBHOOK)
    assert line(gateway, "Webhook").state == "green"


def count(gateway, measure, count, *, days):
    where = {"gateway_id": gateway.pk, "label_id": gateway.label_id, "span": Span.HOUR}
    start = timezone.now() - timedelta(days=days)
    Tally.objects.create(**where, start=start, measure=measure, count=count)


@pytest.mark.parametrize("met", [None, Met.WEBHOOK])
def test_a_provider_that_tells_of_no_delivery_for_days_is_a_problem(gateway, met):
    if met:
        note(gateway.pk, met)
    count(gateway, Measure.SENT, 300, days=3)
    count(gateway, Measure.SENT, 77, days=1)
    finding = line(gateway, "Webhook")
    assert (finding.state, finding.text.split()[3]) == ("red", "300")
    count(gateway, Measure.DELIVERED, 1, days=1)
    assert line(gateway, "Webhook").state == ("green" if met else "yellow")


@pytest.mark.parametrize(("sent", "days"), [(300, 1), (19, 3), (300, 30)])
def test_of_few_or_young_or_old_messages_a_delivery_may_be_unknown(gateway, sent, days):
    note(gateway.pk, Met.WEBHOOK)
    count(gateway, Measure.SENT, sent, days=days)
    assert line(gateway, "Webhook").state == "green"


def test_a_provider_that_never_tells_of_deliveries_may_be_silent(gateway, monkeypatch):
    note(gateway.pk, Met.WEBHOOK)
    count(gateway, Measure.SENT, 300, days=3)
    monkeypatch.setattr(CustomImHttp, "reports", frozenset({Status.ACCEPTED}))
    assert line(gateway, "Webhook").state == "green"


def test_a_webhook_that_did_not_prove_itself_is_a_problem(gateway):
    note(gateway.pk, Met.WEBHOOK)
    later = timezone.now() + timedelta(seconds=1)
    Contact.objects.update(refused_at=later)
    assert line(gateway, "Webhook").state == "red"


@pytest.mark.parametrize("provider", ["smtp", "scaleway", "sandbox"])
def test_of_a_provider_that_sends_no_webhook_none_is_expected(gateway, provider):
    Gateway.objects.filter(pk=gateway.pk).update(provider=provider)
    assert line(gateway, "Webhook").state == "grey"


def test_a_gateway_whose_provider_does_not_answer_says_since_when_and_why(gateway):
    Breaker.objects.create(
        gateway=gateway, failures=9, opened_at=timezone.now(), reason="timed out"
    )
    finding = line(gateway, "In use")
    assert finding.state == "red"
    assert "timed out" in finding.text


def test_a_gateway_whose_provider_asked_for_a_rest_needs_a_look_at_most(gateway):
    Breaker.objects.create(gateway=gateway, not_before=timezone.now() + timedelta(minutes=1))
    finding = line(gateway, "In use")
    assert finding.state == "yellow"
    assert "rest" in finding.text


def test_a_mailbox_that_cannot_be_read_says_why(gateway):
    box = Mailbox.objects.create(
        gateway=gateway, due_at=timezone.now(), problem="signing in failed"
    )
    finding = line(gateway, "Mailbox")
    assert (finding.state, finding.text) == ("red", "signing in failed")
    box.problem, box.read_at = "", timezone.now()
    box.save()
    assert line(gateway, "Mailbox").state == "green"
