"""The back office pages of messages."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app.models import InboxEntry, Message, State
from messages_app.reports import apply_to_gateway
from tests.messages_app.house import House


@pytest.fixture
def sent(house: House) -> Message:
    """A message that was sent, with everything on its page that a page can have."""
    message = house.accepted(Channel.EMAIL, body="the-body-of-the-mail")
    run("send", str(message.gateway_id), linger=0)
    return message


@pytest.fixture
def pages(client, sent) -> list[str]:
    client.force_login(User.objects.create_superuser("root"))
    return [
        reverse("admin:messages_app_message_changelist"),
        reverse("admin:messages_app_message_change", args=[sent.pk]),
        reverse("admin:messages_app_inboxentry_changelist"),
        reverse("admin:messages_app_message_changelist") + f"?q={sent.uid}",
    ]


def test_no_page_shows_an_address_a_body_or_a_url(client, house, pages):
    secrets = [
        house.user.email.reveal(),
        house.user.phone.reveal(),
        "the-body-of-the-mail",
        "api.smartico.ai",
    ]
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200
        assert not [secret for secret in secrets if secret in response.content.decode()]


def test_a_message_is_found_by_every_id_it_has(client, sent, pages):
    ids = [str(sent.pk), sent.uid, f"sandbox-{sent.pk}"]
    for id_ in ids:
        response = client.get(reverse("admin:messages_app_message_changelist"), {"q": id_})
        assert str(sent.pk) in response.content.decode()


@pytest.mark.parametrize(
    ("action", "state", "status"),
    [("send_again", State.QUEUED, ""), ("count_as_sent", State.SENT, "accepted")],
)
def test_a_person_settles_an_unknown_outcome(client, house, action, state, status):
    message = house.accepted()
    Message.objects.update(state=State.UNKNOWN, due_at=None)
    client.force_login(User.objects.create_superuser("root"))
    data = {"action": action, "_selected_action": [str(message.pk)]}
    client.post(reverse("admin:messages_app_message_changelist"), data)
    message.refresh_from_db()
    assert (message.state, message.status) == (state, status)


def test_an_entry_of_the_inbox_has_its_page(client, house, pages):
    gateway = house.gateways[Channel.SMS]
    values = configuration.current().gateways[gateway.pk]
    apply_to_gateway(values, [StatusUpdate(status=None, word="Zugestellt")])
    entry = InboxEntry.objects.get(word="Zugestellt")
    page = client.get(reverse("admin:messages_app_inboxentry_change", args=[entry.pk]))
    assert "Zugestellt" in page.content.decode()


def test_a_stranger_sees_nothing(client, sent):
    page = client.get(reverse("admin:messages_app_message_change", args=[sent.pk]))
    assert page.status_code == 302
