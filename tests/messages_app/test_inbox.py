"""The drain of the inbox: what one report or one gateway does to the others."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel, Status
from messages_app.inbox import LONGEST_PAUSE, LOOKED_FOR
from messages_app.models import InboxEntry, State, StatusEvent, Wait, WordMapping
from tests.factories import GatewayFactory, MessageFactory

pytestmark = pytest.mark.django_db


def entry(gateway, **changes) -> InboxEntry:
    now = timezone.now()
    values = {
        "waits_for": Wait.ITS_MESSAGE,
        "status": Status.DELIVERED,
        "meaning": f"{InboxEntry.objects.count()}",
        "occurred_at": now,
        "received_at": now,
        "due_at": now,
    }
    return InboxEntry.objects.create(gateway=gateway, **(values | changes))


def drain() -> None:
    run("inbox", "all", linger=0)


class TestAReportThatCannotBeApplied:
    """Here since the provider of its gateway is not there any more."""

    @pytest.fixture
    def broken(self) -> InboxEntry:
        gone = GatewayFactory(channel=Channel.CUSTOM_IM, provider="gone")
        return entry(gone, status=Status.UNSUBSCRIBED, address_index="somebody")

    def test_costs_no_other_its_turn(self, broken, caplog):
        messages = [MessageFactory(state=State.SENT, attempts=1) for _ in range(5)]
        others = [entry(message.gateway, message_id=message.pk) for message in messages]
        drain()
        assert StatusEvent.objects.filter(status=Status.DELIVERED).count() == len(others)
        assert InboxEntry.objects.get(applied_at=None) == broken
        assert caplog.text.count("cannot be applied: LookupError") == 1

    def test_is_tried_again_after_a_while(self, broken):
        drain()
        broken.refresh_from_db()
        assert broken.applied_at is None
        assert broken.due_at > timezone.now() + LONGEST_PAUSE / 2

    def test_stays_listed_after_days_and_is_not_tried_any_more(self, broken):
        InboxEntry.objects.update(received_at=timezone.now() - LOOKED_FOR)
        drain()
        broken.refresh_from_db()
        assert (broken.applied_at, broken.due_at) == (None, None)


def test_what_two_gateways_drop_is_counted_at_once_and_in_one_order():
    """Two drains with the gateways in another order would wait for each other."""
    first = GatewayFactory()
    second = GatewayFactory(label=first.label)
    own, shared = (
        WordMapping.objects.create(label=first.label, provider=first.provider, **said)
        for said in ({"gateway": first, "word": "own"}, {"word": "shared"})
    )
    word = {"waits_for": Wait.A_MAPPING, "status": ""}
    for gateway, said in ((second, "shared"), (first, "own"), (first, "shared")):
        entry(gateway, word=said, word_key=said, **word)
    with CaptureQueriesContext(connection) as queries:
        drain()
    counting = [one["sql"] for one in queries if '"times_ignored" + ' in one["sql"]]
    assert [one.rpartition("= ")[2] for one in counting] == [str(own.pk), str(shared.pk)]
    assert not InboxEntry.objects.exists()
