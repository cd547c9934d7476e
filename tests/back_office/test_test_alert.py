"""The page that sends a label's people a test alert."""

import json

import pytest
from django.urls import reverse

from gateway_project.lib.fields import Ciphertext
from gateways.models import AuditEntry, Label, LabelContact
from tests.back_office.people import browser_of, person_with
from tests.factories import LabelFactory
from tests.gateways.providers.mail_peer import mail_peer
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db

CANARY = "canary-of-a-hook"


@pytest.fixture
def operator():
    return browser_of(person_with("operator"))


@pytest.fixture
def chat():
    with http_peer() as peer:
        yield peer


def page(label):
    return reverse("admin:test_alert", args=[label.pk])


def told(client, label):
    return client.post(page(label), follow=True).content.decode()


def test_the_labels_page_leads_there_and_reading_it_tells_nobody(operator, chat):
    label = LabelFactory(alerts={"webhook": f"{chat.url}/{CANARY}"})
    label_page = reverse("admin:gateways_label_change", args=[label.pk])
    assert page(label) in operator.get(label_page).content.decode()
    text = operator.get(page(label)).content.decode()
    assert ("the webhook" in text, CANARY in text, chat.asked) == (True, False, [])


def test_everybody_is_told_that_nothing_is_the_matter(operator, chat, settings):
    label = LabelFactory(
        alerts={"emails": ["duty@amazing.co"], "webhook": f"{chat.url}/{CANARY}"}, name="Amazing"
    )
    with mail_peer() as mail:
        settings.ALERTS_EMAIL_URL = f"smtp+plain://127.0.0.1:{mail.port}"
        settings.ALERTS_FROM = "Gatehouse <alerts@amazing.co>"
        text = told(operator, label)
    assert "Told. e-mail: took a test; webhook: took a test." in text
    assert [envelope.rcpt_tos for envelope in mail.envelopes] == [["duty@amazing.co"]]
    assert json.loads(chat.asked[0].body)["type"] == "test"
    contact = LabelContact.objects.get()
    assert (contact.alerts_arrive, contact.alerts_checked_at is not None) == (True, True)
    entry = AuditEntry.objects.get(action="tested")
    assert (entry.subject_id, CANARY in entry.reason) == (str(label.pk), False)


def test_one_way_that_fails_is_named_without_its_secret(operator, chat):
    chat.respond = lambda asked: Answer(status=404)
    label = LabelFactory(alerts={"webhook": f"{chat.url}/{CANARY}"})
    text = told(operator, label)
    assert "webhook: answered with HTTP 404" in text
    assert CANARY not in text
    assert LabelContact.objects.get().alerts_arrive is False


def test_who_names_nobody_is_told_to(operator):
    assert "Nobody is named" in told(operator, LabelFactory())


def test_what_does_not_open_is_said(operator, chat):
    label = LabelFactory(alerts={"webhook": chat.url})
    Label.objects.update(alerts=Ciphertext("t1$damaged"))
    assert "cannot be decrypted" in told(operator, label)
    assert chat.asked == []
