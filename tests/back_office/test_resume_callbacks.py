"""The page of the test call that resumes a label's callbacks."""

import pytest
from django.urls import reverse

from callbacks.models import CallbackDelivery
from gateways.models import AuditEntry
from tests.back_office.people import browser_of, person_with
from tests.callbacks.conftest import smartico
from tests.gateways.admin.conftest import filled_in
from tests.peers import Answer

__all__ = ["smartico"]


@pytest.fixture
def operator(db):
    return browser_of(person_with("operator"))


@pytest.fixture
def suspended(smartico):
    smartico.answers["any"] = Answer(status=401)
    smartico.owe("delivered")
    smartico.report()
    smartico.peer.asked.clear()
    smartico.label.refresh_from_db()
    return smartico


def page(label):
    return reverse("admin:resume_callbacks", args=[label.pk])


def label_page(label):
    return reverse("admin:gateways_label_change", args=[label.pk])


def test_the_labels_page_leads_to_the_call_and_reading_it_calls_nobody(operator, suspended):
    assert page(suspended.label) in operator.get(label_page(suspended.label)).content.decode()
    told = operator.get(page(suspended.label)).content.decode()
    assert "HTTP 401" in told
    assert "1 status is owed" in told
    assert suspended.peer.asked == []


def test_a_key_that_is_turned_away_again_resumes_nothing(operator, suspended):
    answer = operator.post(page(suspended.label), follow=True)
    assert "turned away" in answer.content.decode()
    suspended.label.refresh_from_db()
    assert suspended.label.callbacks_suspended_at is not None


def test_a_key_that_is_taken_resumes_the_callbacks(operator, suspended):
    suspended.answers.clear()
    answer = operator.post(page(suspended.label), follow=True)
    assert answer.redirect_chain[0][0] == label_page(suspended.label)
    assert "Callbacks go on." in answer.content.decode()
    suspended.label.refresh_from_db()
    assert suspended.label.callbacks_suspended_at is None
    assert not CallbackDelivery.objects.owed().exists()
    entry = AuditEntry.objects.latest("at")
    assert (entry.actor_name, entry.changes["callbacks"]) == ("operator", "resumed")


def test_who_types_a_new_key_is_led_to_the_call(operator, suspended):
    url = label_page(suspended.label)
    unchanged = operator.post(url, filled_in(operator, url))
    assert unchanged.url != page(suspended.label)
    typed = operator.post(url, filled_in(operator, url, new_callback_api_key="a-new-key"))
    assert typed.url == page(suspended.label)


def test_a_new_key_of_a_label_that_is_not_suspended_leads_nowhere_else(operator, smartico):
    url = label_page(smartico.label)
    typed = operator.post(url, filled_in(operator, url, new_callback_api_key="a-new-key"))
    assert typed.url != page(smartico.label)
