"""The page that plays Smartico, and what it may be given."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from gateway_project.back_office.smartico_requests import callback_url_for, kinds_of
from gateways import configuration
from gateways.models import AuditEntry, Key
from tests.back_office.people import browser_of, person_with
from tests.factories import (
    API_KEY,
    CALLBACK_URL,
    BrandFactory,
    EndUserFactory,
    LabelFactory,
    TemplateFactory,
    TemplateFieldFactory,
)
from tests.messages_app.house import House, build_house

SECRET = re.compile(r'id="authorization"[^>]*value="([^"]+)"', re.S)


@pytest.fixture
def house(db) -> House:
    house = build_house()
    template = TemplateFactory(label=house.label, slug="my-messenger")
    TemplateFieldFactory(template=template, type="choice", choices=["BUY"], required=True)
    return house


@pytest.fixture
def operator(db) -> Client:
    return browser_of(person_with("operator"))


def desk(client, label):
    return client.post(reverse("admin:be_smartico_of", args=[label.pk]))


def test_opening_the_page_mints_no_key(operator, house):
    assert operator.get(reverse("admin:be_smartico")).status_code == 200
    assert not Key.objects.filter(is_test=True).exists()


def test_the_key_on_the_page_is_good_and_stands_in_no_cache(operator, house):
    response = desk(operator, house.label)
    assert "no-store" in response["Cache-Control"]
    secret = SECRET.search(response.content.decode())[1]
    assert house.post(headers={"Authorization": secret})["error_code"] == 0
    assert AuditEntry.objects.filter(subject_type="gateways.key").count() == 1


def test_every_kind_of_request_that_is_offered_is_accepted(house):
    kinds = kinds_of(configuration.current().labels[house.label.pk])
    assert [kind["path"] for kind in kinds] == [
        *("/api/v1/email", "/api/v1/sms", "/api/v1/viber", "/api/v1/whatsapp", "/api/v1/rcs"),
        "/api/v1/custom-im/my-messenger",
    ]
    for kind in kinds:
        ids = {"ext_user_id": house.user.ext_user_id, kind["uid"]: kind["path"]}
        sender = {"from_email_address": "noreply@amazing.co"} if "email" in kind["path"] else {}
        body = kind["body"] | ids | sender | {"callback_url": CALLBACK_URL}
        assert house.post(body=json.dumps(body), path=kind["path"])["error_code"] == 0, kind


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (["api.smartico.ai"], "https://api.smartico.ai/callback"),
        (["*.smartico.ai", "http://127.0.0.1:9"], "http://127.0.0.1:9/callback"),
        (["*.smartico.ai"], ""),
        ([], ""),
    ],
)
def test_a_callback_url_is_proposed_from_the_labels_hosts(db, hosts, url):
    label = LabelFactory(callback_hosts=hosts)
    assert callback_url_for(configuration.current().labels[label.pk]) == url


def test_the_labels_own_callback_url_is_not_shown(operator, house):
    house.label.callback_url = "https://api.smartico.ai/canary-path"
    house.label.save()
    page = desk(operator, house.label).content.decode()
    assert "canary-path" not in page
    assert "left out" in page


def test_an_operator_whose_own_address_is_refused_is_told(operator, house):
    assert "caller addresses" not in desk(operator, house.label).content.decode()
    house.label.allowed_ips = ["203.0.113.0/24"]
    house.label.save()
    assert "caller addresses" in desk(operator, house.label).content.decode()


def test_an_id_that_is_an_address_is_not_proposed(operator, house):
    house.user.delete()
    EndUserFactory(label=house.label, ext_user_id="canary.id@mailbox.example")
    assert "canary.id" not in desk(operator, house.label).content.decode()
    EndUserFactory(label=house.label, ext_user_id="plain-7")
    assert "plain-7" in desk(operator, house.label).content.decode()


def test_what_became_of_a_message_is_told_without_its_secrets(operator, house):
    message = house.accepted()
    page = operator.get(reverse("admin:told_smartico", args=[message.pk])).content.decode()
    assert "None is owed yet." in page
    assert "<html" not in page
    for secret in (API_KEY, CALLBACK_URL, house.user.phone.reveal()):
        assert secret not in page


def test_a_message_is_not_followed_for_ever(operator, house):
    message = house.accepted()
    url = reverse("admin:told_smartico", args=[message.pk])
    assert operator.get(url).status_code == 200
    type(message).objects.update(created_at="2020-01-01T00:00:00Z")
    assert operator.get(url).status_code == 286


def test_messages_and_keys_of_other_labels_are_not_there(house):
    elsewhere = browser_of(person_with("operator", labels=[BrandFactory().label]))
    message = house.accepted()
    assert desk(elsewhere, house.label).status_code == 404
    assert elsewhere.get(reverse("admin:told_smartico", args=[message.pk])).status_code == 404
    assert not Key.objects.filter(is_test=True).exists()


@pytest.mark.parametrize("role", ["support", "auditor"])
def test_it_takes_the_right_to_test_and_to_make_keys(house, role):
    assert desk(browser_of(person_with(role)), house.label).status_code == 403
    assert not Key.objects.filter(is_test=True).exists()
