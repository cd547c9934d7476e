"""Whether somebody would be told."""

import pytest

from gateway_project.operations.doctor.alerts import NAME
from gateway_project.operations.doctor.calls import call_out
from gateways.models import LabelContact
from tests.gateways.providers.mail_peer import mail_peer
from tests.operations.doctor.conftest import of_label
from tests.peers import Answer, http_peer


@pytest.fixture
def chat():
    with http_peer() as peer:
        yield peer


def name_somebody(label, **alerts):
    label.alerts = alerts
    label.save()


def test_who_names_nobody_is_advised_to(label):
    finding = of_label(label, NAME)
    assert (finding.state, bool(finding.what_to_do)) == ("yellow", True)


def test_mails_need_a_server(label):
    name_somebody(label, emails=["canary.duty@amazing.co"])
    finding = of_label(label, NAME)
    assert (finding.state, "ALERTS_EMAIL_URL" in finding.what_to_do) == ("red", True)
    assert "canary" not in finding.text


def test_the_webhook_is_told_of_a_test(label, chat):
    name_somebody(label, webhook=f"{chat.url}/canary")
    assert of_label(label, NAME).state == "yellow"
    call_out(label)
    assert of_label(label, NAME).state == "green"
    assert chat.asked[0].json["type"] == "test"
    chat.respond = lambda asked: Answer(status=404)
    call_out(label)
    finding = of_label(label, NAME)
    assert (finding.state, "HTTP 404" in finding.text) == ("red", True)
    assert "canary" not in finding.text


def test_the_mail_server_is_signed_in_at_and_nobody_is_written_to(label, settings):
    name_somebody(label, emails=["canary.duty@amazing.co"])
    settings.ALERTS_FROM = "gatehouse@example.com"
    with mail_peer() as server:
        settings.ALERTS_EMAIL_URL = f"smtp+plain://127.0.0.1:{server.port}"
        call_out(label)
        assert server.mails == []
    assert of_label(label, NAME).state == "green"
    call_out(label)
    assert of_label(label, NAME).state == "red"


def test_what_was_found_of_smartico_stays_beside_it(label, chat):
    name_somebody(label, webhook=chat.url)
    call_out(label)
    contact = LabelContact.objects.get()
    assert contact.checked_at is not None
    assert contact.alerts_checked_at is not None
