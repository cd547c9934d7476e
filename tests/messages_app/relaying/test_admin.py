"""The page of relays, and telling again by hand."""

import pytest
from django.utils import timezone

from gateways.models import AuditEntry
from messages_app.models import Relay
from tests.back_office.people import Person, people
from tests.factories import LabelFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/messages_app/relay/"


@pytest.fixture
def rejected(gateway, jo):
    now = timezone.now()
    return Relay.objects.create(
        label=gateway.label,
        gateway=gateway,
        kind="event",
        end_user=jo,
        payload={"type": "deposit", "params": {"note": "canary"}},
        outcome="rejected",
        detail="HTTP 400",
        due_at=now,
        created_at=now,
        settled_at=now,
    )


@pytest.fixture
def browsers(gateway):
    return people(LabelFactory())


def again(client, row, **extra):
    data = {"action": "retry", "_selected_action": [str(row.pk)], **extra}
    return client.post(LIST, data)


def test_the_pages_hold_ids_and_nothing_of_what_is_told(browsers, rejected):
    client = browsers[Person.OPERATOR]
    for path in (LIST, f"{LIST}{rejected.pk}/change/", f"{LIST}?q={rejected.pk}"):
        page = client.get(path)
        assert page.status_code == 200
        text = page.content.decode()
        assert "Rejected" in text
        assert "canary" not in text
        assert "mailbox.example" not in text


def test_an_operator_has_a_relay_told_again_after_being_asked(browsers, rejected):
    client = browsers[Person.OPERATOR]

    asked = again(client, rejected).content.decode()
    rejected.refresh_from_db()
    assert "1 relays that were not taken" in asked
    assert rejected.outcome == "rejected"

    again(client, rejected, confirmed="1")
    rejected.refresh_from_db()
    assert (rejected.outcome, rejected.settled_at) == ("", None)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.subject_id) == ("retried", str(rejected.pk))


def test_support_may_look_but_not_tell_again(browsers, rejected):
    client = browsers[Person.SUPPORT]
    assert client.get(LIST).status_code == 200

    again(client, rejected, confirmed="1")

    rejected.refresh_from_db()
    assert rejected.outcome == "rejected"


def test_what_the_platform_was_not_told_is_listed_and_told_again(browsers):
    now, label = timezone.now(), LabelFactory(name="Amazing")
    row = Relay.objects.create(
        label=label,
        listener="platform",
        kind="opt_out",
        payload={"channel": "email", "index": "0" * 64, "reason": "canary", "at": "canary"},
        outcome="failed",
        due_at=now,
        created_at=now,
        settled_at=now,
    )
    client = browsers[Person.OPERATOR]
    for path in (f"{LIST}?standing=not_taken", f"{LIST}{row.pk}/change/"):
        text = client.get(path).content.decode()
        assert "The platform, Amazing" in text
        assert "canary" not in text
    again(client, row, confirmed="1")
    row.refresh_from_db()
    assert (row.outcome, row.settled_at) == ("", None)
