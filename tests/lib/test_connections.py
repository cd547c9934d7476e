"""Connections of long-lived threads."""

import socket
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from gateway_project.lib import connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thread():
    """Another thread, with a connection of its own."""
    with ThreadPoolExecutor(1) as threads:
        yield lambda act: threads.submit(act).result(10)
        threads.submit(connections.close).result(10)


def connected() -> object:
    connection.ensure_connection()
    return connection.connection


def after_a_refresh() -> object:
    connections.refresh()
    return connection.connection


def test_a_loss_in_one_thread_renews_the_connections_of_the_others_once(thread):
    thread(connections.refresh)
    kept = thread(connected)
    assert thread(after_a_refresh) is kept
    connections.give_up(OperationalError())
    assert thread(after_a_refresh) is None
    kept = thread(connected)
    assert thread(after_a_refresh) is kept


def refused() -> OperationalError:
    """What a thread meets to which a server gives no connection."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(psycopg.OperationalError) as met:
            psycopg.connect(host="127.0.0.1", port=closed.getsockname()[1])
    trouble = OperationalError()
    trouble.__cause__ = met.value
    return trouble


def test_who_gets_no_connection_takes_none_from_the_others(thread):
    thread(connections.refresh)
    kept = thread(connected)
    connections.give_up(refused())
    assert thread(after_a_refresh) is kept


def test_a_connection_in_the_middle_of_a_transaction_is_left_alone(thread):

    def within() -> bool:
        with transaction.atomic():
            connection.ensure_connection()
            connections.give_up(OperationalError())
            return connection.connection is not None

    assert thread(within)
