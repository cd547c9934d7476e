"""Providers' reports: which message they are about, what they change, what waits."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.personal import Personal
from gateway_project.lib.storable import UNSTORABLE
from gateway_project.lib.vocabulary import Channel, KeyKind, Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from gateways.values import KeyValues
from messages_app.inbox import LOOKED_FOR, due_keys
from messages_app.models import (
    InboxEntry,
    Message,
    SendAttempt,
    State,
    StatusEvent,
    Wait,
    WordMapping,
)
from messages_app.reports import (
    Telling,
    apply_claim,
    apply_claims,
    apply_tellings,
    apply_to_gateway,
)
from messages_app.signals import statuses_recorded
from messages_app.subjects import Claim
from tests.factories import GatewayFactory, LabelFactory, MessageFactory
from tests.statements import statements_told
from users.models import Suppression

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway():
    return GatewayFactory()


@pytest.fixture
def message(gateway):
    return sent(gateway)


@pytest.fixture
def reported():
    """What the floor above is told, as (message id, status)."""
    told = []

    def listen(sender, events, **kwargs):
        told.extend((event.message_id, str(event.status)) for event in events)

    statuses_recorded.connect(listen)
    yield told
    statuses_recorded.disconnect(listen)


def sent(gateway, provider_id="", **changes) -> Message:
    values = {"gateway": gateway, "label": gateway.label, "state": State.SENT, "due_at": None}
    message = MessageFactory(**(values | changes))
    if provider_id:
        now = timezone.now()
        SendAttempt.objects.create(
            message=message,
            gateway=gateway,
            number=1,
            outcome="accepted",
            provider_id=provider_id,
            started_at=now,
            finished_at=now,
        )
    return message


def apply(gateway, *updates: StatusUpdate) -> int:
    return apply_to_gateway(configuration.current().gateways[gateway.pk], updates)


def key_of(label) -> KeyValues:
    """A status key."""
    return KeyValues(
        id=0,
        label_id=label.pk,
        brand_id=None,
        kind=KeyKind.STATUS,
        rate_per_second=None,
        expires_at=None,
        digest="",
    )


def by_own_id(message, status=Status.DELIVERED, **more) -> StatusUpdate:
    return StatusUpdate(status=status, message_id=str(message.pk), **more)


def look_at_the_inbox() -> None:
    InboxEntry.objects.exclude(due_at=None).update(due_at=timezone.now())
    run("inbox", "all", linger=0)


def test_a_report_is_about_the_message_that_has_our_id(gateway, message, reported):
    assert apply(gateway, by_own_id(message)) == 1
    message.refresh_from_db()
    assert message.status == "delivered"
    assert reported == [(message.pk, "delivered")]


def test_or_about_the_message_that_the_provider_gave_this_id(gateway, reported):
    message = sent(gateway, provider_id="p-1")
    assert apply(gateway, StatusUpdate(status=Status.DELIVERED, provider_id="p-1")) == 1
    assert reported == [(message.pk, "delivered")]


def test_the_same_report_ten_times_is_one_event(gateway, message, reported):
    for _ in range(10):
        apply(gateway, by_own_id(message), by_own_id(message))
    assert StatusEvent.objects.count() == len(reported) == 1


def test_reports_that_come_together_are_told_from_the_bottom(gateway, message, reported):
    order = [Status.CLICKED, Status.ACCEPTED, Status.OPENED, Status.DELIVERED]
    apply(gateway, *(by_own_id(message, status) for status in order))
    statuses = [status for _, status in reported]
    assert statuses == ["accepted", "delivered", "opened", "clicked"]


def test_a_lower_rung_learnt_late_is_kept_and_not_told(gateway, message, reported):
    apply(gateway, by_own_id(message, Status.OPENED))
    apply(gateway, by_own_id(message, Status.DELIVERED))
    kept = StatusEvent.objects.order_by("pk").values_list("status", "is_reported")
    assert list(kept) == [("opened", True), ("delivered", False)]
    assert reported == [(message.pk, "opened")]


def test_a_report_about_another_gateways_message_changes_nothing(gateway, message, caplog):
    other = GatewayFactory(label=gateway.label)
    assert apply(other, by_own_id(message)) == 0
    assert not StatusEvent.objects.exists()
    assert not InboxEntry.objects.exists()
    assert "other gateways" in caplog.text


def test_a_gateway_that_tried_the_message_before_may_still_report_on_it(gateway):
    message = sent(gateway, provider_id="p-1")
    other = GatewayFactory(label=gateway.label)
    Message.objects.filter(pk=message.pk).update(gateway=other)
    assert apply(gateway, by_own_id(message)) == 1


def test_an_early_report_waits_for_its_message_and_is_applied_once(gateway, reported):
    early = StatusUpdate(status=Status.DELIVERED, provider_id="p-2")
    for _ in range(3):
        assert apply(gateway, early) == 0
    look_at_the_inbox()
    assert reported == []
    message = sent(gateway, provider_id="p-2")
    look_at_the_inbox()
    look_at_the_inbox()
    assert reported == [(message.pk, "delivered")]
    assert InboxEntry.objects.get().applied_at is not None


def test_a_report_that_finds_no_message_for_days_stays_listed(gateway):
    apply(gateway, StatusUpdate(status=Status.DELIVERED, provider_id="never"))
    InboxEntry.objects.update(received_at=timezone.now() - LOOKED_FOR)
    look_at_the_inbox()
    entry = InboxEntry.objects.get()
    assert (entry.applied_at, entry.due_at, due_keys()) == (None, None, [])


def test_a_word_nobody_knows_waits_for_a_mapping(gateway, message):
    apply(gateway, StatusUpdate(status=None, message_id=str(message.pk), word="Zugestellt"))
    entry = InboxEntry.objects.get()
    assert (entry.waits_for, entry.word) == (Wait.A_MAPPING, "Zugestellt")
    look_at_the_inbox()
    assert not StatusEvent.objects.exists()


def test_a_report_for_later_waits_its_time(gateway, message, reported):
    apply(gateway, by_own_id(message, after=600))
    assert (due_keys(), reported) == ([], [])
    look_at_the_inbox()
    assert reported == [(message.pk, "delivered")]


def test_one_broken_id_spoils_nothing(gateway, message):
    nonsense = StatusUpdate(status=Status.DELIVERED, message_id="not a uuid")
    assert apply(gateway, nonsense, by_own_id(message)) == 1


@pytest.mark.parametrize("name", ["message_id", "provider_id", "word", "detail", "event_id"])
@pytest.mark.parametrize("status", [Status.FAILED, None])
def test_what_no_column_holds_costs_no_other_report(gateway, message, name, status):
    values = {"word": "Huh", "provider_id": "p-1", name: "a\x00\ud800b"}
    assert apply(gateway, StatusUpdate(status=status, **values), by_own_id(message)) == 1
    entry = InboxEntry.objects.get()
    text = "".join([entry.provider_id.reveal(), entry.word, entry.detail])
    assert not UNSTORABLE.search(text)


@pytest.mark.parametrize("told", ["canary@mailbox.example", "+4915112345678", "4915112345678"])
def test_what_is_called_an_id_may_be_an_address_and_is_kept_sealed(gateway, admin_client, told):
    apply(gateway, StatusUpdate(status=Status.DELIVERED, provider_id=told))
    entry = InboxEntry.objects.get()
    assert entry.provider_id.reveal() == told
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM messages_app_inboxentry")
        assert told not in str(cursor.fetchall())
    pages = [
        reverse("admin:messages_app_inboxentry_changelist"),
        reverse("admin:messages_app_inboxentry_change", args=[entry.pk]),
    ]
    shown = "".join(admin_client.get(page).content.decode() for page in pages)
    assert told not in shown
    assert "***" in shown


def test_an_entry_is_found_by_the_id_that_it_was_told_with(gateway, admin_client):
    for told in ("nc-78", "nc-79"):
        apply(gateway, StatusUpdate(status=Status.DELIVERED, provider_id=told))
    page = reverse("admin:messages_app_inboxentry_changelist")
    shown = admin_client.get(page, {"q": "nc-78"}).content.decode()
    assert "nc-78</" in shown.replace("\n", "")
    assert "nc-79" not in shown


def test_words_with_an_address_are_kept_without_it(gateway, message):
    address = message.end_user.email.reveal()
    apply(gateway, by_own_id(message, Status.FAILED, detail=f"550 <{address}> unknown"))
    assert address not in StatusEvent.objects.get().detail


def test_a_report_settles_a_message_whose_outcome_was_unknown(gateway):
    message = sent(gateway, state=State.UNKNOWN)
    apply(gateway, by_own_id(message))
    message.refresh_from_db()
    assert message.state == State.SENT


def test_what_was_reported_is_not_sent_again(gateway):
    message = sent(gateway, state=State.QUEUED, due_at=timezone.now(), attempts=1)
    apply(gateway, by_own_id(message, Status.ACCEPTED))
    assert run("send", str(gateway.pk), linger=0) == 0


@pytest.mark.parametrize("state", [State.QUEUED, State.FAILED])
def test_a_report_on_a_message_that_was_never_tried_waits_until_it_is(gateway, state, reported):
    message = sent(gateway, state=state, due_at=timezone.now())
    assert apply(gateway, by_own_id(message)) == 0
    claim = Claim(key=key_of(gateway.label), type="sms", update=by_own_id(message))
    assert apply_claim(claim) is False
    look_at_the_inbox()
    message.refresh_from_db()
    assert (message.state, reported) == (state, [])
    assert InboxEntry.objects.get().waits_for == Wait.ITS_MESSAGE
    Message.objects.update(state=State.SENT, attempts=1)
    look_at_the_inbox()
    assert reported == [(message.pk, "delivered")]


@pytest.mark.parametrize("status", [Status.COMPLAINED, Status.UNSUBSCRIBED])
def test_who_turns_away_is_not_written_to_again_on_that_channel(gateway, message, status):
    apply(gateway, by_own_id(message, status))
    suppression = Suppression.objects.get()
    assert suppression.channel == Channel.SMS
    assert suppression.address_index == message.end_user.phone_index


def test_who_turns_away_for_several_reasons_is_written_down_in_one_order(gateway):
    """Of the addresses, not of the reasons: or two webhooks would wait for each other."""
    messages = [sent(gateway) for _ in range(2)]
    first, second = sorted(messages, key=lambda message: message.end_user.phone_index)
    apply(gateway, by_own_id(second, Status.COMPLAINED), by_own_id(first, Status.UNSUBSCRIBED))
    assert list(Suppression.objects.order_by("pk").values_list("address_index", "reason")) == [
        (first.end_user.phone_index, "unsubscribed"),
        (second.end_user.phone_index, "complained"),
    ]


def test_a_labels_own_report_names_its_messages_only(message, reported):
    ours, others = key_of(message.label), key_of(LabelFactory())
    update = by_own_id(message)
    unknown = StatusUpdate(status=Status.OPENED, message_id=str(uuid4()))
    claims = [
        Claim(key=others, type="sms", update=update),
        Claim(key=ours, type="sms", update=update),
        Claim(key=ours, type="email", update=update),
        Claim(key=ours, type="sms", update=unknown),
        Claim(key=replace(ours, brand_id=-1), type="sms", update=update),
    ]
    assert apply_claims(claims) == [False, True, False, False, False]
    assert reported == [(message.pk, "delivered")]
    assert not InboxEntry.objects.exists()


def test_the_inbox_is_due_only_when_an_entry_is(gateway):
    assert due_keys() == []
    apply(gateway, StatusUpdate(status=Status.DELIVERED, provider_id="x"))
    assert due_keys() == []
    InboxEntry.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert due_keys() == ["all"]


def test_the_inbox_serves_several_gateways_at_once_and_each_names_its_own_messages(reported):
    gateways = [GatewayFactory() for _ in range(2)]
    for gateway in gateways:
        apply(gateway, StatusUpdate(status=Status.DELIVERED, provider_id="the same id"))
    first, second = [sent(gateway, provider_id="the same id") for gateway in gateways]
    with statements_told() as told:
        look_at_the_inbox()
    assert sorted(reported) == [(first.pk, "delivered"), (second.pk, "delivered")]
    messages = 'FROM "messages_app_message"'
    locking = [one for one in told if messages in one and "ORDER BY" in one]
    assert len(locking) == 1  # in one order, so that nobody waits for who waits for them


def test_what_comes_together_is_put_into_the_inbox_in_one_order_whatever_order_it_came_in(gateway):
    """Two that are told the same at once, each in its own order, would wait for each other."""
    values = configuration.current().gateways[gateway.pk]
    updates = [StatusUpdate(status=Status.OPENED, provider_id=f"id-{n}") for n in range(8)]
    orders = []
    for told in (updates, updates[::-1]):
        apply_to_gateway(values, told)
        entries = InboxEntry.objects.order_by("pk")
        orders.append(list(entries.values_list("provider_id_digest", flat=True)))
        InboxEntry.objects.all().delete()
    assert orders[0] == orders[1]


def tellings_of_all_kinds() -> list[Telling]:
    """What several gateways, also of one label, are told at a time."""
    first = GatewayFactory()
    gateways = [first, GatewayFactory(label=first.label), GatewayFactory()]
    said = {"label": first.label, "provider": first.provider}
    WordMapping.objects.create(**said, word="zugestellt", status=Status.DELIVERED)
    WordMapping.objects.create(**said, word="egal", status="")
    values = configuration.current().gateways
    tellings = []
    for number, gateway in enumerate(gateways):
        by_ours, by_theirs, tried_here = (sent(gateway, f"p-{each}") for each in range(3))
        moved = sent(gateway, "moved")
        Message.objects.filter(pk=moved.pk).update(gateway=gateways[number - 1])
        by_address = sent(gateway)
        never = sent(gateway, state=State.QUEUED)
        nobody = f"+4915199999{number:03d}"
        updates = [
            by_own_id(by_ours, occurred_at=timezone.now() - timedelta(hours=1)),
            StatusUpdate(status=Status.FAILED, provider_id="p-1", is_permanent=True),
            StatusUpdate(status=None, message_id=str(tried_here.pk), word="Zugestellt"),
            StatusUpdate(status=None, message_id=str(tried_here.pk), word="egal"),
            StatusUpdate(status=None, message_id=str(tried_here.pk), word="fremd"),
            by_own_id(moved, Status.OPENED),
            by_own_id(never, Status.OPENED),
            by_own_id(by_ours, Status.CLICKED, after=5.0),
            StatusUpdate(status=Status.UNSUBSCRIBED, recipient=by_address.end_user.phone),
            StatusUpdate(status=Status.UNSUBSCRIBED, recipient=Personal(nobody)),
            StatusUpdate(status=Status.DELIVERED, provider_id="p-9", detail="an early word"),
            StatusUpdate(status=Status.DELIVERED, message_id=str(uuid4())),
        ]
        tellings += [Telling(gateway=values[gateway.pk], updates=updates[at::2]) for at in (0, 1)]
        stranger = Telling(gateway=values[gateways[number - 1].pk], updates=[by_own_id(by_ours)])
        tellings += [stranger, Telling(gateway=values[gateway.pk], updates=[])]
    return tellings


def come_of(do) -> tuple[object, ...]:
    """What it answers, and what stands in the database then, which is as if it had not been."""
    with transaction.atomic():
        answer = do()
        entries = InboxEntry.objects.values_list("gateway", "waits_for", "word", "meaning")
        found = (
            answer,
            sorted(StatusEvent.objects.values_list("message", "status", "is_reported", "detail")),
            sorted(entries),
            sorted(Suppression.objects.values_list("label", "channel", "address_index", "reason")),
            sorted(Message.objects.values_list("pk", "state", "status")),
            sorted(WordMapping.objects.values_list("word", "times_ignored")),
        )
        transaction.set_rollback(True)
    return found


def test_what_several_tell_together_comes_to_what_each_tells_alone():
    tellings = tellings_of_all_kinds()
    together = come_of(lambda: apply_tellings(tellings))
    alone = come_of(lambda: [apply_tellings([each])[0] for each in tellings])
    assert together == alone
    assert sum(together[0]) == 14


def test_however_many_tell_it_is_the_same_statements():
    costs = []
    for count in (2, 20):
        gateways = [GatewayFactory() for _ in range(count)]
        messages = [sent(gateway, "p-1") for gateway in gateways]
        named = [StatusUpdate(status=Status.OPENED, provider_id="p-1") for _ in gateways]
        values = configuration.current().gateways
        tellings = [
            Telling(gateway=values[gateway.pk], updates=[by_own_id(message), other])
            for gateway, message, other in zip(gateways, messages, named, strict=True)
        ]
        with statements_told() as told:
            assert apply_tellings(tellings) == [2] * count
        costs.append(len(told))
    assert costs[0] == costs[1]
