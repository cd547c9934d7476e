"""Reports that could not be read when they came, and are read again."""

import json

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.models import AuditEntry
from gateways.providers.base import StatusUpdate, WebhookRequest
from messages_app.models import InboxEntry, StatusEvent, Wait
from messages_app.reports import apply_to_gateway
from messages_app.rereading import read_again
from messages_app.unreadable import keep_unreadable, shown
from tests.factories import GatewayFactory, MessageFactory

pytestmark = pytest.mark.django_db
EMAIL, PHONE, SECRET = "canary@mailbox.example", "+4915112345678", "canary-of-a-secret"


@pytest.fixture
def gateway():
    """One whose status table lacks the words that come."""
    return GatewayFactory(
        channel=Channel.SMS, provider="sandbox", config={}, name="Odd", slug="odd"
    )


def kept(gateway, body: object, **headers: str) -> InboxEntry:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = WebhookRequest(method="POST", url="", headers=headers, body=data)
    values = configuration.current().gateways[gateway.pk]
    keep_unreadable(values, request, ValueError("the body is not JSON"))
    return InboxEntry.objects.get()


def report_on(gateway) -> dict[str, str]:
    message = MessageFactory(gateway=gateway, label=gateway.label, attempts=1)
    return {"id": str(message.pk), "status": "delivered"}


def test_it_is_kept_without_anybody_in_it():
    config = {"base_url": "https://api.us.webexconnect.io", "service_key": SECRET}
    gateway = GatewayFactory(provider="webex_connect", config=config)
    entry = kept(gateway, {"to": EMAIL, "number": PHONE, "key": SECRET, "state": "odd"})
    text = shown(entry)
    assert "odd" in text
    for hidden in (EMAIL, PHONE, PHONE[1:], SECRET):
        assert hidden not in text
    raw = InboxEntry.objects.values_list("kept", flat=True).get()
    assert "odd" not in str(raw)


def test_headers_that_may_be_credentials_are_not_kept(gateway):
    headers = {"authorization": SECRET, "content-type": "application/json"}
    entry = kept(gateway, b"{}", **headers)
    assert entry.kept.reveal()["headers"] == {"content-type": "application/json"}


def test_it_is_read_again_and_applied_once(gateway):
    entry = kept(gateway, report_on(gateway))
    assert read_again([entry]) == 1
    assert read_again([entry]) == 0
    entry.refresh_from_db()
    assert entry.applied_at is not None
    assert entry.kept is None
    assert StatusEvent.objects.get().status == "delivered"


def test_what_no_column_holds_is_replaced(gateway):
    entry = kept(gateway, {"id": "no\0body's", "status": "sp\0unnen"})
    assert read_again([entry]) == 1
    (read,) = InboxEntry.objects.exclude(pk=entry.pk)
    assert (read.waits_for, read.word) == (Wait.A_MAPPING, "sp\ufffdunnen")
    assert read.message_id is None


def test_what_still_cannot_be_read_stays(gateway):
    entry = kept(gateway, b"<xml/>")
    assert read_again([entry]) == 0
    entry.refresh_from_db()
    assert (entry.applied_at, shown(entry)) == (None, "<xml/>")


def test_a_broken_item_is_kept_by_itself_and_read_again(gateway):
    values = configuration.current().gateways[gateway.pk]
    item = json.dumps(report_on(gateway))
    apply_to_gateway(values, [StatusUpdate(status=None, detail="odd", unread=item)])
    entry = InboxEntry.objects.get()
    assert (entry.waits_for, entry.due_at) == (Wait.A_READER, None)
    assert read_again([entry]) == 1
    assert StatusEvent.objects.get().status == "delivered"


def test_a_person_has_it_read_again_and_the_audit_tells(gateway, client):
    client.force_login(User.objects.create_superuser("root"))
    entry = kept(gateway, report_on(gateway))
    page = reverse("admin:messages_app_inboxentry_change", args=[entry.pk])
    assert "delivered" in client.get(page).content.decode()
    chosen = {"_selected_action": [entry.pk], "action": "read_again"}
    list_page = reverse("admin:messages_app_inboxentry_changelist")
    assert "Read 1 reports again" in client.post(list_page, chosen).content.decode()
    assert not StatusEvent.objects.exists()
    client.post(list_page, chosen | {"confirmed": "yes"})
    assert StatusEvent.objects.count() == 1
    assert AuditEntry.objects.get().told_changes
