"""The back office page of the status inbox."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app.inbox import LOOKED_FOR
from messages_app.meanings import Standing, meaning, standing
from messages_app.models import InboxEntry, Wait
from messages_app.reports import apply_to_gateway
from tests.messages_app.house import House


def test_an_entry_of_the_inbox_has_its_page(client, house: House):
    client.force_login(User.objects.create_superuser("root"))
    gateway = house.gateways[Channel.SMS]
    values = configuration.current().gateways[gateway.pk]
    apply_to_gateway(values, [StatusUpdate(status=None, word="Zugestellt")])
    entry = InboxEntry.objects.get(word="Zugestellt")
    page = client.get(reverse("admin:messages_app_inboxentry_change", args=[entry.pk]))
    assert "Zugestellt" in page.content.decode()


NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "stands"),
    [
        ({"waits_for": Wait.ITS_MESSAGE}, Standing.WAITS),
        ({"waits_for": Wait.ITS_MESSAGE, "received_at": NOW - LOOKED_FOR}, Standing.GIVEN_UP),
        ({"waits_for": Wait.A_MAPPING}, Standing.NEEDS_A_PERSON),
        ({"waits_for": Wait.A_READER}, Standing.NEEDS_A_PERSON),
        ({"waits_for": Wait.A_MAPPING, "applied_at": NOW}, Standing.APPLIED),
    ],
)
def test_an_entry_says_how_it_stands(values, stands):
    assert standing(InboxEntry(**({"received_at": NOW} | values)), NOW) == stands


@pytest.mark.parametrize("wait", list(Wait))
def test_every_entry_says_what_it_means(wait):
    assert meaning(InboxEntry(waits_for=wait))
    assert "nothing left to do" in meaning(InboxEntry(waits_for=wait, applied_at=NOW))[0]


def test_the_inbox_is_searched_and_narrowed(client, house: House):
    client.force_login(User.objects.create_superuser("root"))
    values = configuration.current().gateways[house.gateways[Channel.SMS].pk]
    own_id = str(uuid4())
    apply_to_gateway(values, [StatusUpdate(status=Status.OPENED, provider_id="p-1")])
    apply_to_gateway(values, [StatusUpdate(status=Status.OPENED, message_id=own_id)])
    page = reverse("admin:messages_app_inboxentry_changelist")
    for params, count in (
        ({}, 2),
        ({"q": "p-1"}, 1),
        ({"q": own_id}, 1),
        ({"q": "nothing"}, 0),
        ({"applied": "no"}, 2),
        ({"applied": "yes"}, 0),
    ):
        assert len(client.get(page, params).context["cl"].result_list) == count
