"""The page of the go-live check list."""

import pytest
from django.test import Client
from django.urls import reverse

from gateway_project.operations.doctor.callbacks import NAME
from gateways.models import LabelContact
from tests.back_office.people import browser_of, person_with
from tests.factories import API_KEY, LabelFactory
from tests.messages_app.house import House, build_house
from tests.peers import Answer, http_peer

PAGE = "/admin/health/"


@pytest.fixture
def peer():
    with http_peer(lambda asked: Answer(body={"error_code": 0})) as peer:
        yield peer


@pytest.fixture
def house(db, peer) -> House:
    return build_house(callback_hosts=[peer.url], callback_url=f"{peer.url}/canary-path")


def check(client, label, **headers):
    return client.post(reverse("admin:health_check", args=[label.pk]), headers=headers)


@pytest.fixture
def operator(db) -> Client:
    return browser_of(person_with("operator"))


def test_opening_the_page_calls_nobody(operator, house, peer):
    answer = operator.get(PAGE)
    assert answer.status_code == 200
    assert "not tried yet" in answer.content.decode()
    assert peer.asked == []


def test_the_button_asks_smartico_and_shows_what_was_found(operator, house, peer):
    part = check(operator, house.label, **{"HX-Request": "true"}).content.decode()
    assert len(peer.asked) == 1
    assert "reached, and the api_key is taken" in part
    assert "<html" not in part
    page = operator.get(PAGE).content.decode()
    assert "reached, and the api_key is taken" in page
    assert len(peer.asked) == 1


def test_without_scripts_the_button_leads_back_to_the_page(operator, house):
    answer = check(operator, house.label)
    assert (answer.status_code, answer.url) == (302, reverse("admin:health"))


def test_who_may_not_change_gateways_reads_and_asks_nobody(house, peer):
    support = browser_of(person_with("support"))
    assert "Check now" not in support.get(PAGE).content.decode().replace("Check now.", "")
    assert check(support, house.label).status_code == 403
    assert peer.asked == []


def test_limited_staff_see_their_labels_and_nothing_of_the_house(house, peer):
    other = LabelFactory(name="A stranger to them")
    limited = browser_of(person_with("operator", labels=[house.label]))
    page = limited.get(PAGE).content.decode()
    assert house.label.name in page
    assert other.name not in page
    assert "PUBLIC_URL" not in page
    assert check(limited, other).status_code == 404
    assert not LabelContact.objects.exists()


def test_the_page_holds_no_address_and_no_secret(operator, house):
    check(operator, house.label)
    page = operator.get(PAGE).content.decode()
    assert NAME in page
    for secret in (API_KEY, "canary-path", house.user.email.reveal(), house.user.phone.reveal()):
        assert secret not in page


def test_strangers_see_nothing(house):
    assert Client().get(PAGE).status_code == 302
    assert check(Client(), house.label).status_code == 302
