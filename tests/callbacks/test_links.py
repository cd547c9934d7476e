"""Links of our own in mails, over the whole of Django."""

import logging
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError
from django.test import Client

from callbacks.api import links as views
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.links import Link, url_of
from messages_app.models import InboxEntry, Message, StatusEvent
from tests.factories import GatewayFactory, MessageFactory
from users.models import Suppression

pytestmark = pytest.mark.django_db
TARGET = "https://amazing.co/offer?a=1&b=%20x#part"


@pytest.fixture
def message() -> Message:
    gateway = GatewayFactory(channel=Channel.EMAIL)
    return MessageFactory(
        gateway=gateway, label=gateway.label, channel=Channel.EMAIL, attempts=1, state="sent"
    )


def path_of(link: Link, message_id: object, target: str = "") -> str:
    return urlsplit(url_of("https://gateway.example", link, str(message_id), target)).path


def statuses() -> list[str]:
    return list(StatusEvent.objects.order_by("pk").values_list("status", flat=True))


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_pixel_is_a_picture_that_nobody_keeps_and_tells_of_the_opening(client, message, slash):
    answer = client.get(path_of(Link.OPENED, message.pk) + slash)

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert answer["Cache-Control"] == "no-store"
    assert statuses() == [Status.OPENED]


def test_a_click_is_recorded_and_led_on_to_its_target_as_it_was_written(client, message):
    answer = client.get(path_of(Link.CLICKED, message.pk, TARGET))

    assert (answer.status_code, answer["Location"]) == (302, TARGET)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert statuses() == [Status.CLICKED]


def test_looking_at_the_page_unsubscribes_nobody(client, message):
    answer = client.get(path_of(Link.UNSUBSCRIBE, message.pk))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert '<button type="submit">Unsubscribe</button>' in page
    assert "<script" not in page
    assert answer["Content-Security-Policy"] == views.PAGE_POLICY
    assert statuses() == []


def test_the_button_unsubscribes_and_closes_the_address(message):
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post(path_of(Link.UNSUBSCRIBE, message.pk))

    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.content.decode()
    assert not answer.cookies
    assert statuses() == [Status.UNSUBSCRIBED]
    assert Suppression.objects.get().channel == Channel.EMAIL


def test_a_mail_client_unsubscribes_with_one_click(message):
    strict = Client(enforce_csrf_checks=True)

    for _ in range(2):
        answer = strict.post(
            path_of(Link.UNSUBSCRIBE, message.pk), {"List-Unsubscribe": "One-Click"}
        )
        assert answer.status_code == 200

    assert statuses() == [Status.UNSUBSCRIBED]


@pytest.mark.parametrize("link", list(Link))
def test_head_is_answered_and_records_nothing(client, message, link):
    answer = client.head(path_of(link, message.pk, TARGET))

    assert answer.status_code in (200, 302)
    assert answer.content == b""
    assert statuses() == []


@pytest.mark.parametrize("link", list(Link))
@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_not_allowed(client, message, link, method):
    answer = getattr(client, method)(path_of(link, message.pk))

    assert answer.status_code == 405
    assert "GET, HEAD" in answer["Allow"]
    assert statuses() == []


@pytest.mark.parametrize("link", list(Link))
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_a_token_that_is_not_ours_leads_nowhere(client, message, link, method):
    other = next(each for each in Link if each is not link)
    forged = path_of(other, message.pk, TARGET).rpartition("/")[2]

    for token in ("canary-token", "a:b:c", forged, path_of(link, message.pk)[-30:-1]):
        answer = getattr(client, method)(f"/callbacks/{link}/{token}")
        assert answer.status_code in ((404, 405) if method == "post" else (404,))
        assert "Location" not in answer

    assert statuses() == []


@pytest.mark.parametrize("message_id", ["0199a540-f662-7eb3-a1ee-be560242ac12", "no id at all"])
def test_where_the_message_is_long_gone_the_answer_is_as_kind_and_nothing_is_closed(
    client, message_id
):
    assert client.get(path_of(Link.OPENED, message_id)).status_code == 200
    assert client.get(path_of(Link.CLICKED, message_id, TARGET))["Location"] == TARGET
    answer = client.post(path_of(Link.UNSUBSCRIBE, message_id))

    assert "You are unsubscribed" in answer.content.decode()
    assert not Suppression.objects.exists()
    assert not InboxEntry.objects.exists()


def test_a_database_in_trouble_asks_for_another_try_and_keeps_no_reader_waiting(
    client, message, monkeypatch
):
    def trouble(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(views, "record_deed", trouble)

    assert client.get(path_of(Link.OPENED, message.pk)).status_code == 200
    assert client.get(path_of(Link.CLICKED, message.pk, TARGET)).status_code == 302
    answer = client.post(path_of(Link.UNSUBSCRIBE, message.pk))
    assert answer.status_code == 503
    assert "try again" in answer.content.decode()


def test_no_token_and_no_target_is_logged(client, message, caplog):
    caplog.set_level(logging.DEBUG)
    path = path_of(Link.CLICKED, message.pk, TARGET)
    client.get(path)
    client.get(path + "forged")

    assert path.rpartition("/")[2] not in caplog.text
    assert "amazing.co" not in caplog.text
