"""Many of Smartico's requests at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.futures import failed
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.providers.base import StatusUpdate
from messages_app.events import locked_messages
from messages_app.models import (
    InboxEntry,
    Message,
    Relay,
    RelayKind,
    SendAttempt,
    State,
    StatusEvent,
    Wait,
    WordMapping,
)
from messages_app.outcomes import NotSendable
from messages_app.parcels import Parcel
from messages_app.parked import count_as_sent, send_again
from messages_app.relaying.errands import Errand
from messages_app.relaying.provider_listener import ProviderListener
from messages_app.relaying.settling import prolong, release, taken
from messages_app.reports import apply_to_gateway
from messages_app.sending import SendWork
from messages_app.words import reopen, take_back
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.messages_app.house import build_house
from tests.operations.surroundings import wait_until
from users.erasing import erase
from users.models import EndUser, Suppression

THREADS = 32
LEASE = uuid4()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_uid_posted_by_32_threads_at_once_is_one_row_one_send_and_one_id():
    house = build_house()
    start = threading.Barrier(THREADS)

    def post(_: int) -> dict:
        try:
            start.wait()
            return house.post()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(post, range(THREADS)))
    assert {answer["error_code"] for answer in answers} == {0}
    assert len({answer["ext_message_id"] for answer in answers}) == 1
    run("send", str(house.gateways[Channel.SMS].pk), linger=0)
    assert Message.objects.count() == SendAttempt.objects.count() == 1


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


def report(messages: list[Message]) -> None:
    updates = [StatusUpdate(status=Status.OPENED, message_id=str(one.pk)) for one in messages]
    apply_to_gateway(configuration.current().gateways[messages[0].gateway_id], updates)


def parcel_of(messages: list[Message]) -> Parcel:
    """As a worker holds it."""
    gateway = configuration.current().gateways[messages[0].gateway_id]
    return Parcel(
        gateway=gateway,
        provider=adapter_of(gateway),
        lease=LEASE,
        started_at=timezone.now(),
        messages=messages,
        outbound=[],
    )


def settle(messages: list[Message]) -> None:
    work = SendWork(str(messages[0].gateway_id))
    refused = NotSendable(Status.FAILED, "a test")
    work.settle([(parcel_of([one]), failed(refused)) for one in messages])
    work.close()


def renew(messages: list[Message]) -> None:
    work = SendWork(str(messages[0].gateway_id))
    work.renew([parcel_of(messages)])
    work.close()


def others_wait_for(lock: Callable[[Any], object], rows: list[Any], act: Callable[[], Any]) -> None:
    """Has `act` wait for the first of these rows, and looks that it does not hold the second yet:
    or they would wait for each other."""

    def act_and_hang_up() -> None:
        try:
            act()
        finally:
            connection.close()

    first, second = rows
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            assert lock(first)
            acting = threads.submit(act_and_hang_up)
            wait_until(lambda: acting.done() or somebody_waits_for_us())
            assert lock(second)
        acting.result(10)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("act", "states"),
    [
        (lambda messages: erase([messages[0].end_user], "a test"), (State.QUEUED, State.SENT)),
        (lambda messages: send_again(Message.objects.all()), (State.UNKNOWN, State.UNKNOWN)),
        (lambda messages: count_as_sent(Message.objects.all()), (State.UNKNOWN, State.UNKNOWN)),
        (report, (State.SENT, State.SENT)),
        (settle, (State.SENDING, State.SENDING)),
        (renew, (State.SENDING, State.SENDING)),
    ],
    ids=["erase", "send again", "count as sent", "reports", "what tries came to", "leases"],
)
def test_what_changes_messages_takes_them_in_the_order_of_their_ids(act, states):
    lower, higher = sorted(new_id() for _ in states)
    gateway = GatewayFactory()
    user = EndUserFactory(label=gateway.label)
    messages = [
        MessageFactory(
            pk=pk, label=user.label, gateway=gateway, end_user=user, state=state, lease=LEASE
        )
        for pk, state in zip((higher, lower), states, strict=True)
    ]
    others_wait_for(lambda pk: locked_messages([pk]), [lower, higher], partial(act, messages))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [taken, prolong, release, "erase"])
def test_what_changes_relays_takes_them_in_the_order_of_their_ids(act):
    lower, higher = sorted(new_id() for _ in range(2))
    user = EndUserFactory()
    stored = GatewayFactory(label=user.label)
    relays = [
        Relay.objects.create(
            pk=pk,
            label=user.label,
            gateway=stored,
            kind=RelayKind.EVENT,
            end_user=user,
            lease=LEASE,
            due_at=timezone.now(),
            created_at=timezone.now(),
        )
        for pk in (higher, lower)
    ]
    gateway = configuration.current().gateways[stored.pk]
    errand = Errand(
        listener=ProviderListener(gateway=gateway, provider=adapter_of(gateway)),
        kind=RelayKind.EVENT,
        lease=LEASE,
        relays=relays,
        items=[],
    )
    others_wait_for(
        lambda pk: list(Relay.objects.select_for_update().filter(pk=pk)),
        [lower, higher],
        partial(erase, [user], "a test") if act == "erase" else partial(act, errand),
    )


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_a_try_came_to_is_written_while_the_end_user_is_being_erased():
    gateway = GatewayFactory()
    user = EndUserFactory(label=gateway.label)
    MessageFactory(label=gateway.label, gateway=gateway, end_user=user)

    def send() -> None:
        try:
            run("send", str(gateway.pk), linger=0)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            EndUser.objects.select_for_update().get()
            sending = threads.submit(send)
            wait_until(lambda: sending.done() or somebody_waits_for_us())
            assert sending.done()
        sending.result(10)
    assert Message.objects.get().status == "accepted"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("names", ["message", "address"])
def test_one_report_that_comes_ten_times_at_once_is_one_event(names):
    message = MessageFactory(state=State.SENT, attempts=1)
    told = {"message_id": str(message.pk)}
    if names == "address":
        told = {"recipient": message.end_user.phone}
    update = StatusUpdate(status=Status.UNSUBSCRIBED, **told)
    gateway = configuration.current().gateways[message.gateway_id]
    start = threading.Barrier(10)

    def report(_: int) -> int:
        try:
            start.wait(timeout=20)
            return apply_to_gateway(gateway, [update])
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        assert list(threads.map(report, range(10))) == [1] * 10
    assert StatusEvent.objects.count() == Suppression.objects.count() == 1


def forget(mapping: WordMapping) -> None:
    take_back(mapping, timezone.now())
    mapping.delete()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_deleted_first", [True, False])
def test_a_mapping_deleted_while_a_report_with_it_is_being_stored_disturbs_neither(
    is_deleted_first,
):
    stored = GatewayFactory()
    mapping = WordMapping.objects.create(
        label=stored.label, provider=stored.provider, word="zugestellt", status=Status.DELIVERED
    )
    gateway = configuration.current().gateways[stored.pk]
    report = StatusUpdate(status=None, provider_id="p-1", word="Zugestellt")

    def tell() -> None:
        apply_to_gateway(gateway, [report])

    deeds = (
        [partial(forget, mapping), tell] if is_deleted_first else [tell, partial(forget, mapping)]
    )

    def meanwhile() -> None:
        try:
            with transaction.atomic():
                deeds[1]()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            deeds[0]()
            acting = threads.submit(meanwhile)
            wait_until(lambda: acting.done() or somebody_waits_for_us())
        acting.result(10)
    InboxEntry.objects.update(due_at=timezone.now())
    run("inbox", "all", linger=0)
    entry = InboxEntry.objects.get()
    assert (entry.waits_for, entry.status, entry.mapping_id) == (Wait.A_MAPPING, "", None)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_word_mapped_while_reports_with_it_come_in_leaves_none_behind():
    message = MessageFactory(state=State.SENT, attempts=1)
    others = [
        MessageFactory(gateway=message.gateway, label=message.label, state=State.SENT, attempts=1)
        for _ in range(39)
    ]
    gateway = configuration.current().gateways[message.gateway_id]
    start = threading.Barrier(4)

    def report(messages: list[Message]) -> None:
        try:
            start.wait(timeout=20)
            for one in messages:
                word = StatusUpdate(status=None, message_id=str(one.pk), word="Zugestellt")
                apply_to_gateway(gateway, [word])
        finally:
            connection.close()

    def explain() -> None:
        try:
            start.wait(timeout=20)
            with transaction.atomic():
                said = {"label_id": gateway.label_id, "provider": gateway.provider}
                mapping = WordMapping(**said, word="zugestellt", status=Status.DELIVERED)
                reopen(mapping, timezone.now())
                mapping.save()
        finally:
            connection.close()

    everyone = [message, *others]
    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(report, everyone[part::3]) for part in range(3)]
        done.append(threads.submit(explain))
        for one in done:
            one.result(timeout=60)
    InboxEntry.objects.exclude(due_at=None).update(due_at=timezone.now())
    run("inbox", "all", linger=0)
    assert StatusEvent.objects.filter(status=Status.DELIVERED).count() == len(everyone)
    assert not InboxEntry.objects.filter(applied_at=None).exists()
