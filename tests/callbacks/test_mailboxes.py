"""Bounces and complaints out of a real IMAP server's mailbox."""

import logging
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone

from callbacks import mailboxes
from callbacks.models import Mailbox
from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.models import Gateway
from gateways.providers.return_paths import return_path
from messages_app.models import InboxEntry, Message, StatusEvent, Wait
from messages_app.reports import apply_to_gateway
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.canaries import EMAIL, MESSAGE_ID
from tests.imap_server import PASSWORD, USER, ImapServer, imap_server
from users.models import Suppression

pytestmark = [pytest.mark.django_db, pytest.mark.dovecot]
RECORDED = Path(__file__).parents[1] / "gateways" / "providers" / "bounces"
FORGED = b"From: a@b.example\nTo: bounces+" + b"a" * 42 + b"@amazing.co\nSubject: x\n\nx\n"
FIRST, LAST = "postfix_no_such_user", "complaint_abuse"


@pytest.fixture(scope="module")
def server():
    with imap_server() as running:
        yield running


@pytest.fixture
def box(server: ImapServer):
    """The server with nothing in its folders."""
    yield server
    with server._box() as box:
        for name in server.folders():
            box.folder.set(name)
            box.delete(box.uids("ALL"))


def gateway_at(server: ImapServer, **changes: object) -> Gateway:
    config = {
        "host": "mail.example",
        "port": 25,
        "security": "none",
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_security": "none",
        "imap_user": USER,
        "imap_password": PASSWORD,
        "imap_folder": "INBOX",
        "imap_done": "move",
    }
    return GatewayFactory(channel=Channel.EMAIL, provider="smtp", config=config | changes)


def message_of(gateway: Gateway, **values: object) -> Message:
    user = EndUserFactory(label=gateway.label, email=EMAIL)
    defaults = {"id": MESSAGE_ID, "channel": Channel.EMAIL, "attempts": 1, "state": "sent"}
    return MessageFactory(
        gateway=gateway, label=gateway.label, end_user=user, **(defaults | values)
    )


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.eml").read_bytes()


def drain(gateway: Gateway) -> None:
    run("mailbox", str(gateway.pk), linger=0)


def statuses() -> list[str]:
    return list(StatusEvent.objects.order_by("pk").values_list("status", flat=True))


def test_a_bounce_is_recorded_the_address_closed_and_the_mail_put_away(box):
    gateway = gateway_at(box)
    message_of(gateway)
    box.put(recorded(FIRST), recorded("out_of_office"))

    drain(gateway)

    assert statuses() == [Status.FAILED]
    assert Suppression.objects.get().channel == Channel.EMAIL
    assert box.folders() == {"Gatehouse/Done": 2}
    assert Mailbox.objects.get().due_at > timezone.now()


def test_a_mail_that_cannot_be_applied_is_set_aside_and_holds_no_other_up(box, monkeypatch):
    gateway = gateway_at(box)
    message_of(gateway)
    box.put(recorded(FIRST), recorded(LAST), recorded("out_of_office"))

    def chokes_on_complaints(gateway, updates):
        if any(update.status == Status.COMPLAINED for update in updates):
            raise TypeError
        return apply_to_gateway(gateway, updates)

    monkeypatch.setattr(mailboxes, "apply_to_gateway", chokes_on_complaints)
    drain(gateway)

    assert statuses() == [Status.FAILED]
    assert box.folders() == {"Gatehouse/Unread": 1, "Gatehouse/Done": 2}
    assert InboxEntry.objects.get().detail == "it cannot be applied: TypeError"


def test_mails_that_were_read_are_deleted_where_that_is_wanted(box):
    gateway = gateway_at(box, imap_done="delete")
    message_of(gateway)
    box.put(recorded(LAST))

    drain(gateway)

    assert statuses() == [Status.COMPLAINED]
    assert box.folders() == {}


def test_a_return_path_names_a_message_that_the_bounce_does_not(box):
    gateway = gateway_at(box)
    message = message_of(gateway)
    arrived_at = return_path("bounces@amazing.co", str(message.pk))
    box.put(f"Delivered-To: {arrived_at}\n".encode() + recorded("bounce_without_our_id"))

    drain(gateway)

    assert statuses() == [Status.FAILED]
    assert Suppression.objects.count() == 1


def test_a_bounce_without_an_id_ends_the_last_message_and_closes_no_address(box):
    gateway = gateway_at(box)
    message_of(gateway)
    box.put(recorded("bounce_without_our_id"))

    drain(gateway)

    assert statuses() == [Status.FAILED]
    assert not Suppression.objects.exists()


def test_what_cannot_be_read_is_set_aside_and_holds_nothing_up(box, caplog):
    gateway = gateway_at(box)
    message_of(gateway)
    huge = b"From: a@b.example\n\n" + b"x" * 76 + b"\n"
    box.put(FORGED, huge + (b"x" * 76 + b"\n") * 14_000, recorded(FIRST))

    drain(gateway)

    assert statuses() == [Status.FAILED]
    assert box.folders() == {"Gatehouse/Unread": 2, "Gatehouse/Done": 1}
    assert list(InboxEntry.objects.values_list("waits_for", flat=True)) == [Wait.A_READER] * 2
    assert "2 mails could not be read" in caplog.text


def test_more_mails_than_one_reading_takes_are_all_read(box, monkeypatch):
    monkeypatch.setattr(mailboxes, "BATCH", 2)
    gateway = gateway_at(box)
    message_of(gateway)
    box.put(*[recorded("out_of_office")] * 4, recorded(FIRST))

    drain(gateway)

    assert statuses() == [Status.FAILED]
    assert box.folders() == {"Gatehouse/Done": 5}


def test_a_worker_that_dies_before_it_writes_leaves_the_mail_for_the_next(box, monkeypatch):
    gateway = gateway_at(box)
    message_of(gateway)
    box.put(recorded(FIRST))
    work = mailboxes.MailboxWork(str(gateway.pk))
    (reading,) = work.claim(1)
    work.start(reading).result(20)
    work.close()

    assert statuses() == []
    assert box.folders() == {"INBOX": 1}

    Mailbox.objects.update(due_at=timezone.now())
    drain(gateway)
    assert statuses() == [Status.FAILED]


def test_a_worker_that_dies_before_it_puts_away_leads_to_no_second_report(box):
    gateway = gateway_at(box)
    first = message_of(gateway)
    box.put(recorded("bounce_without_our_id"))
    work = mailboxes.MailboxWork(str(gateway.pk))
    (reading,) = work.claim(1)
    future = work.start(reading)
    future.result(20)
    work.settle([(reading, future)])
    work.close()
    later = message_of_same(first)

    drain(gateway)

    assert list(StatusEvent.objects.values_list("message_id", flat=True)) == [UUID(first.pk)]
    assert not StatusEvent.objects.filter(message=later).exists()
    assert box.folders() == {"Gatehouse/Done": 1}


def message_of_same(first: Message) -> Message:
    return MessageFactory(
        gateway=first.gateway,
        label=first.label,
        end_user=first.end_user,
        channel=first.channel,
        attempts=1,
        state="sent",
    )


def test_two_workers_do_not_read_one_mailbox_at_once(box):
    gateway = gateway_at(box)
    one, other = (mailboxes.MailboxWork(str(gateway.pk)) for _ in range(2))

    assert len(one.claim(1)) == 1
    assert other.claim(1) == []
    one.close()
    other.close()


def test_what_two_readings_bring_is_applied_once(box):
    gateway = gateway_at(box)
    message_of(gateway)
    box.put(recorded("sendmail_own_word"), FORGED)
    works = [mailboxes.MailboxWork(str(gateway.pk)) for _ in range(2)]
    readings = []
    for work in works:
        Mailbox.objects.update(due_at=timezone.now())
        (reading,) = work.claim(1)
        readings.append((reading, work.start(reading)))
    for work, (reading, future) in zip(works, readings, strict=True):
        future.result(20)
        work.settle([(reading, future)])
        work.close()

    assert InboxEntry.objects.count() == 2
    Mailbox.objects.update(due_at=timezone.now())
    drain(gateway)
    assert box.folders() == {"Gatehouse/Done": 1, "Gatehouse/Unread": 1}


@pytest.mark.parametrize("wrong", [{"imap_password": "wrong-canary"}, {"imap_folder": "Nowhere"}])
def test_a_mailbox_that_cannot_be_read_is_told_once_and_tried_less_and_less(box, caplog, wrong):
    gateway = gateway_at(box, **wrong)
    for _ in range(3):
        drain(gateway)
        row = Mailbox.objects.get()
        Mailbox.objects.update(due_at=timezone.now())

    assert row.failures == 3
    assert row.problem.startswith("the mailbox")
    assert row.due_at > timezone.now() + 3 * mailboxes.EVERY
    assert caplog.text.count("its mailbox cannot be read") == 1
    assert "canary" not in caplog.text


def test_only_active_gateways_with_a_mailbox_are_looked_into(box):
    wanted = gateway_at(box)
    gateway_at(box, imap_host="")
    idle = gateway_at(box)
    Gateway.objects.filter(pk=idle.pk).update(is_active=False)
    GatewayFactory()
    configuration.forget_now()

    assert mailboxes.due_gateways() == [str(wanted.pk)]
    drain(wanted)
    assert mailboxes.due_gateways() == []


def test_no_address_is_logged(box, caplog):
    caplog.set_level(logging.DEBUG)
    gateway = gateway_at(box)
    message_of(gateway)
    box.put(*(path.read_bytes() for path in sorted(RECORDED.glob("*.eml"))))

    drain(gateway)

    assert EMAIL not in caplog.text
    assert PASSWORD not in caplog.text.split()
