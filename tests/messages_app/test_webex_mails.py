"""Custom IM that leaves as a mail through Webex Connect, from Smartico's request to the call."""

import pytest

from gateway_project.lib.draining import run
from gateway_project.lib.protocol import ErrorCode
from gateway_project.lib.vocabulary import Channel
from gateways.models.template import FieldType
from messages_app.models import State
from tests.factories import TemplateFactory, TemplateFieldFactory
from tests.peers import Answer, http_peer

PICTURE = "https://cdn.example/wings.png"
CONFIG = {
    "service_key": "the-service-key",
    "custom_im_as": "email",
    "mail_from": "Amazing <noreply@amazing.co>",
    "mail_subject": "News: {{ extension.title }}",
    "attachments": [
        {"mimeType": "image/png", "name": "wings", "mediaUrl": "{{ extension.picture }}"}
    ],
}


@pytest.fixture
def peer():
    with http_peer(lambda asked: Answer(201, {"messageId": "m-1", "status": "queued"})) as peer:
        yield peer


@pytest.fixture
def gateway(house, peer):
    template = TemplateFactory(label=house.label)
    TemplateFieldFactory(template=template, name="title")
    TemplateFieldFactory(template=template, name="picture", type=FieldType.MEDIA)
    gateway = house.gateways[Channel.CUSTOM_IM]
    gateway.provider, gateway.config = "webex_connect", CONFIG | {"base_url": peer.url}
    gateway.save()
    return gateway


def test_a_picture_of_the_extension_is_attached_to_a_mail_to_the_user(house, peer, gateway):
    message = house.accepted(Channel.CUSTOM_IM, extension={"title": "Wings", "picture": PICTURE})
    run("send", str(gateway.pk), linger=0)

    (asked,) = peer.asked
    message.refresh_from_db()
    assert message.state == State.SENT
    assert asked.json["channel"] == "email"
    assert asked.json["to"][0]["email"] == [house.user.email.reveal()]
    assert asked.json["content"]["subject"] == "News: Wings"
    assert [each["mediaUrl"] for each in asked.json["content"]["attachments"]] == [PICTURE]


def test_a_user_without_an_e_mail_address_cannot_be_written_to(house, gateway):
    house.user.email = None
    house.user.save()

    given = {"extension": {"title": "Wings", "picture": PICTURE}}
    assert house.refusal(Channel.CUSTOM_IM, **given) == ErrorCode.NO_ADDRESS
