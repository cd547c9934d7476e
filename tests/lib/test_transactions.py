import sqlite3
import threading

import pytest
from django.db import OperationalError, connection

from gateway_project.lib import transactions
from gateway_project.lib.transactions import after_commit, writing
from gateways.models import Label
from tests.factories import LabelFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="a database server has many writers"),
]


@pytest.fixture
def stranger():
    """A writer that takes no turns, in the middle of its transaction."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def write():
    with writing():
        LabelFactory()


def own_patience():
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA busy_timeout").fetchone()[0]


def test_a_stranger_who_keeps_the_database_is_not_waited_for_long(stranger, monkeypatch):
    monkeypatch.setattr(transactions, "BUSY_SECONDS", 0.01)
    with pytest.raises(OperationalError):
        write()
    stranger.execute("ROLLBACK")
    write()
    assert Label.objects.count() == 1


def test_other_writers_of_this_connection_keep_their_patience(stranger, monkeypatch):
    monkeypatch.setattr(transactions, "BUSY_SECONDS", 0.01)
    before = own_patience()
    with pytest.raises(OperationalError):
        write()
    assert own_patience() == before > 10


def test_a_thread_that_keeps_its_turn_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr(transactions, "TURN_SECONDS", 0.01)
    refused = []

    def too_late():
        try:
            write()
        except OperationalError:
            refused.append(True)
        finally:
            connection.close()

    with writing():
        thread = threading.Thread(target=too_late)
        thread.start()
        thread.join()
    assert refused
    write()
    assert Label.objects.count() == 1


def test_what_fails_after_the_commit_is_logged_and_no_concern_of_the_writer(caplog):
    def count(number):
        raise ValueError

    with writing():
        LabelFactory()
        after_commit(count, 1)
    assert Label.objects.exists()
    assert "count" in caplog.text
