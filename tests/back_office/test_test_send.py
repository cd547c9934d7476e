"""The page that sends a test."""

import pytest
from django.urls import reverse

from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from messages_app.models import Message
from tests.back_office.people import browser_of, person_with
from tests.factories import TemplateFactory, TemplateFieldFactory
from tests.messages_app.house import House, build_house


@pytest.fixture
def house(db) -> House:
    house = build_house()
    template = TemplateFactory(label=house.label, slug="my-messenger")
    TemplateFieldFactory(template=template, name="action", type="choice", choices=["BUY"])
    return house


@pytest.fixture
def operator(db):
    return browser_of(person_with("operator"))


def url_of(house: House, channel: str) -> str:
    return reverse("admin:test_send", args=[house.gateways[channel].pk])


def filled_in(client, house, channel, **changes):
    """What a browser would post from the page."""
    form = client.get(url_of(house, channel)).context["form"]
    posted = {field.html_name: field.value() for field in form if field.value() is not None}
    return {**posted, "ext_user_id": house.user.ext_user_id, **changes}


@pytest.mark.parametrize("channel", Channel)
def test_a_test_leads_to_its_message(operator, house, channel):
    Gateway.objects.filter(channel="email").update(from_default="noreply@amazing.co")
    posted = filled_in(operator, house, channel)
    answer = operator.post(url_of(house, channel), posted, headers={"HX-Request": "true"})
    message = Message.objects.get()
    assert message.is_test
    page = reverse("admin:messages_app_message_change", args=[message.pk])
    assert answer.headers["HX-Redirect"] == page
    assert operator.get(page).status_code == 200


def test_without_scripts_it_leads_there_too(operator, house):
    answer = operator.post(url_of(house, "sms"), filled_in(operator, house, "sms"))
    assert answer.status_code == 302
    assert str(Message.objects.get().pk) in answer.url


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ext_user_id": ""}, "Name a user."),
        ({"ext_user_id": "canary@mailbox.example"}, "User was not found"),
        ({"body": ""}, "required"),
    ],
)
def test_what_cannot_be_sent_is_told_and_not_repeated(operator, house, changes, words):
    posted = filled_in(operator, house, "sms", **changes)
    told = operator.post(url_of(house, "sms"), posted).content.decode()
    assert "Nothing was sent." in told
    assert words in told
    assert "canary" not in told
    assert not Message.objects.exists()


def test_a_mail_goes_to_a_user_or_to_a_preview_address(operator, house):
    Gateway.objects.filter(channel="email").update(from_default="noreply@amazing.co")
    url, address = url_of(house, "email"), {"to_email_address": "me@amazing.co"}
    both = operator.post(url, filled_in(operator, house, "email", **address))
    assert "Name a user or a preview address." in both.content.decode()
    one = filled_in(operator, house, "email", **address, ext_user_id="")
    assert operator.post(url, one).status_code == 302
    assert Message.objects.get().end_user is None


def test_a_draft_cannot_be_tested(operator, house):
    Gateway.objects.filter(channel="sms").update(is_draft=True, is_active=False)
    assert operator.get(url_of(house, "sms")).status_code == 404
    assert operator.post(url_of(house, "sms")).status_code == 404


def test_the_gateways_page_leads_to_it_for_those_who_may(operator, house):
    page = reverse("admin:gateways_gateway_change", args=[house.gateways["sms"].pk])
    assert "Test send" in operator.get(page).content.decode()
    assert "Test send" not in browser_of(person_with("support")).get(page).content.decode()
