"""Claiming a batch in one statement, beside the ORM's several."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from messages_app import sending
from messages_app.leasing import lease_at_once, may_lease_at_once
from messages_app.models import Message, SendAttempt, State
from messages_app.parcels import Parcel
from messages_app.sending import SendWork
from tests.factories import BrandFactory, EndUserFactory, GatewayFactory, MessageFactory
from users.suppressions import suppress

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

KEPT_IN_MIND = ("gateways_configurationversion", "gateways_breaker")
WRITTEN = ("state", "attempts", "is_set_aside", "due_at", "lease_until", "status")


def waits(gateway, **values):
    known = {"label": gateway.label, "gateway": gateway, "channel": gateway.channel}
    return MessageFactory(**(known | values))


def of_all_kinds(gateway):
    """What may be claimed and what may not, the oldest written last."""
    now = timezone.now()
    ago = [now - timedelta(minutes=minutes) for minutes in range(12)]
    waits(gateway, due_at=ago[1])
    waits(gateway, due_at=ago[2], end_user=None)
    waits(gateway, due_at=ago[3], attempts=3, is_set_aside=True)
    waits(gateway, due_at=ago[4], is_test=True)
    waits(gateway, due_at=ago[5], brand=BrandFactory(label=gateway.label))
    closed = waits(gateway, due_at=ago[6], end_user=EndUserFactory(label=gateway.label))
    for channel in Channel:
        index = closed.end_user.address_index(channel)
        suppress(gateway.label_id, channel, [index] if index else [], "complained")
    nowhere = EndUserFactory(label=gateway.label, email=None, phone=None, properties={})
    waits(gateway, due_at=ago[7], end_user=nowhere)
    preview = {"activity_type": "PREVIEW", "preview_address": "jo@amazing.co", "end_user": None}
    waits(gateway, due_at=ago[8], **preview)
    waits(gateway, due_at=now + timedelta(minutes=1))
    waits(gateway, due_at=ago[9], expires_at=ago[1])
    waits(gateway, due_at=ago[9], state=State.SENDING)
    waits(GatewayFactory(label=gateway.label, channel=gateway.channel), due_at=ago[10])


def told(parcel: Parcel) -> tuple[object, ...]:
    """All that is known of it when it leaves, but for the moment and the lease's name."""
    (message,) = parcel.messages
    outbound = [
        (each.sender, each.text, each.html, each.subject, each.uid, each.ext_user_id)
        + (each.recipient.reveal() if each.recipient else None, dict(each.properties))
        + (each.channel, each.expires_at, dict(each.received))
        for each in parcel.outbound
    ]
    user = message.end_user
    names = ("pk", "label_id", "brand_id", "gateway_id", "is_test", "attempts", "created_at")
    return (
        *(getattr(message, name) for name in names),
        user and (user.pk, user.ext_user_id, user.brand_id, user.label_id, user.looked_up_at),
        type(parcel.problem),
        str(parcel.problem),
        outbound,
    )


def claimed(gateway, count):
    """The parcels and how their rows stand, which are then as they were."""
    with transaction.atomic():
        work = SendWork(str(gateway.pk))
        parcels = work.claim(count)
        work.close()
        rows = {row.pk: row for row in Message.objects.all()}
        stands = {
            pk: [getattr(row, name) for name in WRITTEN if name != "lease_until"]
            for pk, row in rows.items()
        }
        for parcel in parcels:
            row = rows[parcel.messages[0].pk]
            assert row.lease == parcel.lease
            assert timedelta(seconds=50) < row.lease_until - parcel.started_at <= timedelta(hours=1)
        found = [told(parcel) for parcel in parcels]
        transaction.set_rollback(True)
    return found, stands


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL, Channel.CUSTOM_IM])
@pytest.mark.parametrize("count", [3, 100])
def test_it_claims_what_one_query_after_the_other_does(monkeypatch, channel, count):
    gateway = GatewayFactory(channel=channel)
    of_all_kinds(gateway)
    at_once = claimed(gateway, count)
    monkeypatch.setattr(sending, "may_lease_at_once", lambda gateway: False)
    assert at_once == claimed(gateway, count)
    assert len(at_once[0]) == min(count, 8)


def test_it_is_for_gateways_without_pace_held_brands_and_directory():
    plain = GatewayFactory()
    paced = GatewayFactory(rate_per_second=10)
    held = GatewayFactory(label=BrandFactory(is_paused=True).label)
    asking = GatewayFactory(label__directory={"kind": "http", "url": "https://d.example/{id}"})
    gateways = configuration.current().gateways
    found = [may_lease_at_once(gateways[each.pk]) for each in (plain, paced, held, asking)]
    assert found == [True, False, False, False]


@pytest.mark.django_db(transaction=True)
def test_two_who_claim_at_once_do_not_wait_for_each_other_and_share_nothing():
    gateway = GatewayFactory()
    for _ in range(6):
        waits(gateway)
    values = configuration.current().gateways[gateway.pk]

    def claim():
        try:
            return lease_at_once(values, 4)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        first = lease_at_once(values, 4)
        second = threads.submit(claim).result(10)
    ids = [{message.pk for message in wave.messages} for wave in (first, second)]
    assert [len(each) for each in ids] == [4, 2]
    assert not ids[0] & ids[1]
    assert lease_at_once(values, 4) is None


@pytest.fixture
def statements(monkeypatch):
    """Every statement that goes to the server, but for the looks that a process takes twice a
    second whatever there is to send."""
    asked: list[str] = []

    def noting(ask):
        def note(cursor, statement, *given, **more):
            if not any(table in str(statement) for table in KEPT_IN_MIND):
                asked.append(str(statement))
            return ask(cursor, statement, *given, **more)

        return note

    for name in ("execute", "copy"):
        monkeypatch.setattr(psycopg.Cursor, name, noting(getattr(psycopg.Cursor, name)))
    return asked


@pytest.mark.parametrize("provider", ["sandbox"])
def test_a_claim_and_a_settling_take_as_many_statements_for_a_hundred_as_for_ten(
    statements, provider
):
    gateway = GatewayFactory(provider=provider)

    def asked_for(count):
        for _ in range(count):
            waits(gateway)
        work = SendWork(str(gateway.pk))
        statements.clear()
        parcels = work.claim(count)
        claiming = list(statements)
        finished = [(parcel, work.start(parcel)) for parcel in parcels]
        statements.clear()
        work.settle(finished)
        settling = list(statements)
        work.close()
        return len(parcels), len(claiming), len(settling)

    asked_for(1)  # what is looked up once is known from then on
    ten, hundred = asked_for(10), asked_for(100)
    assert (ten[0], hundred[0]) == (10, 100)
    # One; and as this transaction goes on, settings are switched off before it and back after.
    assert ten[1] == hundred[1] == 3
    assert ten[2] == hundred[2] <= 20
    assert SendAttempt.objects.count() == 111


def test_it_reads_nothing_but_what_waits_however_much_was_sent():
    gateway = GatewayFactory()
    user = EndUserFactory(label=gateway.label)
    known = {"label": gateway.label, "gateway": gateway, "end_user": user}
    Message.objects.bulk_create(
        MessageFactory.build(**known, state=State.SENT if number % 2 else State.QUEUED)
        for number in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messages_app_message")
    values = configuration.current().gateways[gateway.pk]
    before = _scans()
    for _ in range(8):  # the plan is made anew for the first five
        assert lease_at_once(values, 20) is not None
    assert _scans() == before
    assert run("send", str(gateway.pk), linger=0) == 1_340


def _scans() -> int:
    """How often this transaction has read a whole table of messages."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_numscans('messages_app_message'::regclass)")
        (count,) = cursor.fetchone()
    return int(count)
