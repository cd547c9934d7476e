"""Deleting set-up on which the flow stands."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateways.models import Gateway, Label
from tests.back_office.people import browser_of, person_with
from tests.factories import GatewayFactory, LabelFactory, MessageFactory


@pytest.mark.parametrize("kind", ["gateway", "label"])
def test_what_has_messages_is_kept_without_reading_them(db, kind):
    message = MessageFactory()
    page = f"/admin/gateways/{kind}/{getattr(message, kind).pk}/delete/"
    administrator = browser_of(person_with("administrator"))
    with CaptureQueriesContext(connection) as asked:
        assert "messages" in administrator.get(page).content.decode()
    assert not [query for query in asked if '"messages_app_message"."uid"' in query["sql"]]
    assert not [query for query in asked if '"users_enduser"."properties"' in query["sql"]]
    administrator.post(page, {"post": "yes"})
    assert Gateway.objects.exists()
    assert Label.objects.exists()


def test_what_nothing_stands_on_is_deleted(db):
    gateway = GatewayFactory(label=LabelFactory())
    page = f"/admin/gateways/gateway/{gateway.pk}/delete/"
    browser_of(person_with("administrator")).post(page, {"post": "yes"})
    assert not Gateway.objects.exists()
