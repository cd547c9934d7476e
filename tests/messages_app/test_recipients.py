"""Reports that name whom they are about: opt-outs without an id, and addresses at fault."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, Status
from gateways.models import Label
from gateways.providers.base import MessageRejected, StatusUpdate
from gateways.providers.webex_connect import WebexConnect
from messages_app.models import InboxEntry, Message, StatusEvent, Wait
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.messages_app.test_reports import apply, by_own_id, look_at_the_inbox, sent
from tests.peers import Answer, http_peer
from users.models import Suppression

pytestmark = pytest.mark.django_db

EMAIL, NUMBER = "canary.alice@mailbox.example", "+491511234567"


@pytest.fixture
def gateway():
    return GatewayFactory()


@pytest.fixture
def user(gateway):
    return EndUserFactory(label=gateway.label, email=EMAIL, phone=NUMBER)


def about(address=NUMBER, status=Status.UNSUBSCRIBED, **more) -> StatusUpdate:
    return StatusUpdate(status=status, recipient=Personal(address), **more)


def told() -> list[tuple]:
    return list(StatusEvent.objects.order_by("pk").values_list("message_id", "status"))


def suppressed() -> list[tuple[str, str, str]]:
    return list(Suppression.objects.values_list("channel", "address_index", "reason"))


def test_an_opt_out_without_an_id_is_about_the_last_message_to_that_address(gateway, user):
    sent(gateway, end_user=user)
    last = sent(gateway, end_user=user)
    sent(gateway)
    apply(gateway, about())
    assert told() == [(last.pk, "unsubscribed")]
    assert suppressed() == [("sms", user.phone_index, "unsubscribed")]
    assert not InboxEntry.objects.exists()


@pytest.mark.parametrize("spelling", ["491511234567", "+49 151 123 45 67", " 00491511234567"])
def test_the_number_may_be_spelled_as_providers_do(gateway, user, spelling):
    message = sent(gateway, end_user=user)
    apply(gateway, about(spelling))
    assert told() == [(message.pk, "unsubscribed")]


def test_an_e_mail_gateway_looks_for_the_e_mail_address(user):
    mail = GatewayFactory(label=user.label, channel=Channel.EMAIL)
    message = sent(mail, end_user=user, channel=Channel.EMAIL)
    apply(mail, about(EMAIL.upper(), Status.COMPLAINED))
    assert told() == [(message.pk, "complained")]
    assert suppressed() == [("email", user.email_index, "complained")]


def test_of_several_users_with_one_number_the_latest_message_counts(gateway, user):
    partner = EndUserFactory(label=gateway.label, phone=NUMBER)
    sent(gateway, end_user=partner)
    last = sent(gateway, end_user=user)
    apply(gateway, about())
    assert told() == [(last.pk, "unsubscribed")]


def test_an_opt_out_prefers_the_gateway_it_came_by_and_takes_others_of_the_channel(gateway, user):
    other = GatewayFactory(label=gateway.label)
    elsewhere = sent(other, end_user=user)
    apply(gateway, about())
    assert told() == [(elsewhere.pk, "unsubscribed")]
    here = sent(gateway, end_user=user)
    sent(other, end_user=user)
    apply(gateway, about())
    assert told()[1:] == [(here.pk, "unsubscribed")]


def test_a_receipt_is_never_put_on_another_gateways_message(gateway, user):
    sent(GatewayFactory(label=gateway.label), end_user=user)
    apply(gateway, about(status=Status.DELIVERED))
    assert told() == []


def test_another_labels_user_with_the_number_is_left_alone(gateway, user):
    stranger = GatewayFactory()
    apply(stranger, about())
    assert told() == []
    assert Suppression.objects.get().label_id == stranger.label_id


def test_a_message_that_was_never_tried_is_not_meant(gateway, user):
    MessageFactory(gateway=gateway, label=gateway.label, end_user=user)
    apply(gateway, about())
    assert told() == []


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.COMPLAINED])
def test_without_any_message_the_address_is_closed_all_the_same(gateway, user, status, caplog):
    caplog.set_level(logging.INFO)
    apply(gateway, about(status=status), about(status=status))
    assert suppressed() == [("sms", user.phone_index, status.value)]
    assert not InboxEntry.objects.exists()
    assert "suppressed" in caplog.text
    assert NUMBER not in caplog.text


def test_an_opt_out_with_an_unknown_id_closes_at_once_and_is_told_when_its_message_comes(
    gateway, user
):
    apply(gateway, about(provider_id="p-9"))
    assert suppressed() == [("sms", user.phone_index, "unsubscribed")]
    message = sent(gateway, end_user=user, provider_id="p-9")
    look_at_the_inbox()
    assert told() == [(message.pk, "unsubscribed")]


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.COMPLAINED])
def test_an_opt_out_whose_id_stays_unknown_is_about_the_last_message_before_it(
    gateway, user, status
):
    before = sent(gateway, end_user=user)
    apply(gateway, about(status=status, provider_id="another campaign's"))
    sent(gateway, end_user=user)
    look_at_the_inbox()
    assert told() == []
    received = timezone.now() - timedelta(minutes=11)
    Message.objects.filter(pk=before.pk).update(created_at=received - timedelta(days=1))
    InboxEntry.objects.update(received_at=received)
    look_at_the_inbox()
    assert told() == [(before.pk, status)]


@pytest.mark.parametrize(
    "named",
    [
        {"status": Status.OPENED, "provider_id": "p-9"},
        {"status": Status.FAILED, "provider_id": "p-9"},
        {"status": Status.UNSUBSCRIBED, "message_id": str(uuid4())},
    ],
    ids=["an open", "a bounce", "an id like ours"],
)
def test_nothing_else_with_an_unknown_id_goes_by_its_address(gateway, user, named):
    message = sent(gateway, end_user=user)
    apply(gateway, about(**named))
    received = timezone.now() - timedelta(minutes=11)
    Message.objects.filter(pk=message.pk).update(created_at=received - timedelta(days=1))
    InboxEntry.objects.update(received_at=received)
    look_at_the_inbox()
    assert (told(), InboxEntry.objects.get().applied_at) == ([], None)


def test_what_is_kept_for_later_holds_the_blind_index_and_not_the_address(gateway, user):
    apply(gateway, about(status=None, word="STOPP", detail=f"from {NUMBER}"))
    entry = InboxEntry.objects.get()
    assert entry.address_index == user.phone_index
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM messages_app_inboxentry")
        row = repr(cursor.fetchall())
    assert NUMBER[-7:] not in row


def test_a_report_looked_at_later_means_the_message_before_it_and_none_after(gateway, user):
    apply(gateway, about(status=Status.FAILED))
    InboxEntry.objects.update(received_at=timezone.now() - timedelta(minutes=5))
    sent(gateway, end_user=user)
    look_at_the_inbox()
    assert told() == []
    before = sent(gateway, end_user=user, created_at=timezone.now() - timedelta(minutes=6))
    look_at_the_inbox()
    assert told() == [(before.pk, "failed")]


@pytest.mark.parametrize("status", [Status.FAILED, Status.REJECTED])
def test_an_address_that_is_at_fault_is_not_written_to_again(gateway, user, status):
    message = sent(gateway, end_user=user)
    apply(gateway, by_own_id(message, status, is_permanent=True))
    assert suppressed() == [("sms", user.phone_index, "hard_bounce")]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.COMPLAINED, "complained"),
        (Status.UNSUBSCRIBED, "unsubscribed"),
        (Status.FAILED, "hard_bounce"),
    ],
)
def test_a_label_chooses_what_closes_addresses(gateway, user, status, reason):
    message = sent(gateway, end_user=user)
    on_the_message = by_own_id(message, status, is_permanent=True)
    on_the_address = about("+491517654321", status, is_permanent=True)
    others = {"complained", "unsubscribed", "hard_bounce"} - {reason}

    Label.objects.update(suppress_on=sorted(others))
    apply(gateway, on_the_message)
    apply(gateway, on_the_address)
    assert told() == [(message.pk, status)]
    assert suppressed() == []

    Label.objects.update(suppress_on=[reason])
    apply(gateway, by_own_id(sent(gateway, end_user=user), status, is_permanent=True))
    apply(gateway, on_the_address)
    assert {closed_for for _, _, closed_for in suppressed()} == {reason}
    assert len(suppressed()) == 2


def test_a_bounce_that_may_pass_closes_nothing(gateway, user):
    apply(gateway, by_own_id(sent(gateway, end_user=user), Status.FAILED))
    assert suppressed() == []


def test_an_address_that_is_at_fault_after_all_is_closed_all_the_same(gateway, user):
    message = sent(gateway, end_user=user, attempts=1)
    apply(gateway, by_own_id(message, Status.FAILED))
    apply(gateway, by_own_id(message, Status.FAILED, is_permanent=True))
    assert suppressed() == [("sms", user.phone_index, "hard_bounce")]


def test_the_address_that_bounced_is_closed_and_not_the_one_the_user_has_by_now(gateway, user):
    message = sent(gateway, end_user=user)
    bounced = user.phone_index
    user.phone = "+491517654321"
    user.save()
    apply(
        gateway,
        about(status=Status.FAILED, message_id=str(message.pk), is_permanent=True),
    )
    assert suppressed() == [("sms", bounced, "hard_bounce")]


def test_a_refusal_for_the_addresss_own_fault_closes_it(user, monkeypatch):
    refusal = MessageRejected("no such number", is_permanent=True)
    monkeypatch.setattr(WebexConnect, "results", lambda *_: [refusal])
    with http_peer(lambda asked: Answer(body={})) as peer:
        config = {"base_url": peer.url, "service_key": "the-service-key"}
        gateway = GatewayFactory(
            label=user.label, provider="webex_connect", config=config, from_default="Amazing"
        )
        MessageFactory(gateway=gateway, label=user.label, end_user=user)
        run("send", str(gateway.pk), linger=0)
    assert suppressed() == [("sms", user.phone_index, "hard_bounce")]


def test_an_early_bounce_keeps_that_it_is_permanent(gateway, user):
    apply(gateway, StatusUpdate(status=Status.FAILED, provider_id="p-1", is_permanent=True))
    sent(gateway, end_user=user, provider_id="p-1")
    look_at_the_inbox()
    assert suppressed() == [("sms", user.phone_index, "hard_bounce")]


def test_an_event_of_the_provider_stands_in_the_inbox_once(gateway):
    for word in ("Zugestellt", "zugestellt"):
        apply(gateway, StatusUpdate(status=None, word=word, provider_id="p-1", event_id="e-1"))
    apply(gateway, StatusUpdate(status=None, word="Zugestellt", provider_id="p-1", event_id="e-2"))
    assert InboxEntry.objects.filter(waits_for=Wait.A_MAPPING).count() == 2
