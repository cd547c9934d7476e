"""Many of Smartico's requests at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from messages_app.models import Message, SendAttempt
from tests.messages_app.house import build_house

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
