"""A house whose sealed values no key opens: nothing breaks, and it is said what is wrong."""

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callbacks.models import CallbackDelivery
from gateway_project.lib.draining import run
from gateway_project.lib.fields import Ciphertext
from gateway_project.operations.doctor.examination import examine
from gateways import configuration
from gateways.models import Gateway, Label
from gateways.models.gateway import is_readable, token_digest
from messages_app.housekeeping import move_from_unusable_gateways
from messages_app.models import Message, SendAttempt, State
from tests.back_office.people import BACKEND
from tests.factories import GatewayFactory
from tests.messages_app.house import build_house
from tests.realistic import pages
from tests.realistic.building import build
from users.models import EndUser

ANOTHER_RING = "x:" + "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="

pytestmark = pytest.mark.django_db


@pytest.fixture
def damaged(settings):
    """The realistic house, small, of which nothing opens any more."""
    build(end_users=60, messages=300)
    settings.PII_KEYS = ANOTHER_RING
    configuration.forget_now()


@pytest.fixture
def client():
    browser = Client(raise_request_exception=False)
    browser.force_login(User.objects.create_superuser("root"), BACKEND)
    return browser


@pytest.fixture
def one_gateway(settings):
    """A gateway whose configuration and token do not open."""
    gateway = GatewayFactory(
        provider="smtp", channel="email", config={"host": "mail.example", "password": "canary"}
    )
    settings.PII_KEYS = ANOTHER_RING
    configuration.forget_now()
    return Gateway.objects.get(pk=gateway.pk)


@pytest.fixture
def house(db):
    return build_house()


def drain(house):
    """Lets all that may leave on the SMS gateway leave."""
    run("send", str(house.gateways["sms"].pk), linger=0)


def test_every_page_of_the_back_office_opens(damaged, client):
    logging.disable()
    try:
        found = {}
        for route in pages.routes():
            path = pages._path(route)
            if path is not None:
                found[route] = client.get(path).status_code
    finally:
        logging.disable(logging.NOTSET)
    assert {route: status for route, status in found.items() if status >= 500} == {}
    assert len([status for status in found.values() if status == 200]) > 50


def test_a_gateway_that_does_not_open_says_so_in_lists_on_its_page_and_under_health(
    one_gateway, client
):
    changed = client.get(reverse("admin:gateways_gateway_change", args=[one_gateway.pk]))
    assert "cannot be decrypted" in changed.content.decode()
    listed = client.get(reverse("admin:gateways_gateway_changelist"))
    assert "cannot be decrypted" in listed.content.decode()
    (finding,) = [
        finding for finding in examine(one_gateway.label).findings if finding.name == "In use"
    ]
    assert (finding.state, "cannot be decrypted" in finding.text) == ("red", True)


def test_a_gateway_that_does_not_open_is_mended_by_typing_its_configuration_anew(
    one_gateway, client
):
    url = reverse("admin:gateways_gateway_change", args=[one_gateway.pk])
    page = client.get(url)
    form = page.context["adminform"].form
    typed = {name: field.value() for name in form.fields if (field := form[name]).value()}
    for name in ("filter_country", "from_allowed", "reply_to_allowed"):
        typed[name] = ""
    typed |= {"config_host": "mail.example", "config_port": 587, "config_security": "starttls"}
    answer = client.post(url, typed)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    again = Gateway.objects.get(pk=one_gateway.pk)
    assert is_readable(again)
    assert again.config.reveal()["host"] == "mail.example"
    assert again.token_digest == token_digest(again.token.reveal()) != one_gateway.token_digest


def test_a_label_that_does_not_open_says_so(damaged, client):
    label = Label.objects.exclude(callback_api_key=None).first()
    page = client.get(reverse("admin:gateways_label_change", args=[label.pk]))
    assert "it cannot be decrypted" in page.content.decode()
    shut = [finding.name for finding in examine(label).findings if finding.state == "red"]
    assert "api_key" in shut
    assert "The check itself" not in shut


class TestSending:
    def test_a_user_whose_address_does_not_open_is_answered_50_with_an_alarm(
        self, house, settings, caplog
    ):
        EndUser.objects.update(phone=Ciphertext("t1$damaged"))
        assert house.refusal() == 50
        assert f"the address of end user {house.user.pk} cannot be decrypted" in caplog.text
        assert [record.levelname for record in caplog.records if "decrypted" in record.message] == [
            "ERROR"
        ]
        assert not Message.objects.exists()

    def test_a_message_to_one_whose_properties_do_not_open_is_not_moved_by_none(self, house):
        message, here = house.accepted(), house.gateways["sms"]
        Gateway.objects.filter(pk=here.pk).update(is_active=False)
        GatewayFactory(label=house.label)
        configuration.forget_now()
        EndUser.objects.update(sealed_properties=Ciphertext("t1$damaged"))
        assert move_from_unusable_gateways() == 0
        message.refresh_from_db()
        assert message.gateway == here

    def test_one_damaged_row_keeps_none_of_its_batch_from_leaving(self, house, caplog):
        first, damaged, last = (house.accepted(im_uid=f"uid-{n}") for n in range(3))
        Message.objects.filter(pk=damaged.pk).update(content=Ciphertext("t1$damaged"))
        drain(house)
        states = dict(Message.objects.values_list("pk", "state"))
        assert states[first.pk] == states[last.pk] == State.SENT
        assert states[damaged.pk] == State.QUEUED
        assert f"message {damaged.pk}: its address or content cannot be decrypted" in caplog.text
        note = SendAttempt.objects.get(message=damaged)
        assert "cannot be decrypted" in note.detail

    def test_a_callback_url_that_does_not_open_keeps_none_of_the_others_from_being_told(
        self, house, caplog
    ):
        damaged, good = house.accepted(im_uid="uid-1"), house.accepted(im_uid="uid-2")
        Message.objects.filter(pk=damaged.pk).update(callback_url=Ciphertext("t1$damaged"))
        drain(house)
        assert f"the callback_url of message {damaged.pk} cannot be decrypted" in caplog.text
        hosts = dict(CallbackDelivery.objects.values_list("message", "host"))
        assert (hosts[damaged.pk], hosts[good.pk]) == ("", "https://api.smartico.ai")
