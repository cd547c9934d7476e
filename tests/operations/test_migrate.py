"""Migrating while somebody reads."""

import sys
import threading
import time
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, migrations, models

from gateway_project.management.commands import migrate
from tests.operations.surroundings import database_url

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def app(settings, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL as DATABASE_URL")
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.unsafe"]
    added = migrations.AddField("Guest", "age", models.IntegerField(null=True))
    monkeypatch.setattr("tests.unsafe.PLANNED", [added])
    monkeypatch.delitem(sys.modules, "tests.unsafe.migrations.0002_planned", raising=False)
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.1)
    run("0001")
    yield
    run("zero")


def run(target: str = "", told: StringIO | None = None) -> None:
    call_command("migrate", *filter(None, ["unsafe", target]), verbosity=0, stderr=told)


@pytest.fixture
def reader():
    """Somebody who is in the middle of reading the table."""
    with psycopg.connect(database_url().replace("postgres://", "postgresql://")) as other:
        other.execute("SELECT * FROM unsafe_guest")
        yield other


class Told(StringIO):
    """Lets the reader end when it is told that somebody waits."""

    def __init__(self, reader):
        super().__init__()
        self.reader = reader

    def write(self, text):
        self.reader.rollback()
        return super().write(text)


def test_it_gives_way_to_a_reader_and_tries_again(reader):
    told = Told(reader)
    run(told=told)
    assert told.getvalue() == "Somebody holds a table; trying again.\n"
    with connection.cursor() as cursor:
        cursor.execute("SELECT age FROM unsafe_guest")


def test_who_comes_meanwhile_waits_no_longer_than_that(reader, monkeypatch):
    monkeypatch.setattr(migrate, "TRIES", 1)
    failed = []

    def migrating():
        try:
            run()
        except OperationalError as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=migrating)
    thread.start()
    time.sleep(0.1)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        cursor.execute("SELECT * FROM unsafe_guest")
        cursor.execute("RESET lock_timeout")
    thread.join()
    assert failed
