"""Many of Smartico's requests at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from gateway_project.lib.draining import run
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.vocabulary import Channel
from messages_app.events import locked_messages
from messages_app.models import Message, SendAttempt, State
from messages_app.parked import count_as_sent, send_again
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.messages_app.house import build_house
from tests.operations.surroundings import wait_until
from users.erasing import erase
from users.models import EndUser

THREADS = 32


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


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("act", "states"),
    [
        (lambda messages: erase([messages[0].end_user]), (State.QUEUED, State.SENT)),
        (lambda messages: send_again(Message.objects.all()), (State.UNKNOWN, State.UNKNOWN)),
        (lambda messages: count_as_sent(Message.objects.all()), (State.UNKNOWN, State.UNKNOWN)),
    ],
    ids=["erase", "send again", "count as sent"],
)
def test_what_changes_messages_takes_them_in_the_order_of_their_ids(act, states):
    lower, higher = sorted(new_id() for _ in states)
    user = EndUserFactory()
    messages = [
        MessageFactory(pk=pk, label=user.label, end_user=user, state=state)
        for pk, state in zip((higher, lower), states, strict=True)
    ]

    def act_and_hang_up() -> None:
        try:
            act(messages)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            assert locked_messages([lower])
            acting = threads.submit(act_and_hang_up)
            wait_until(lambda: acting.done() or somebody_waits_for_us())
            assert locked_messages([higher])
        acting.result(10)


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
