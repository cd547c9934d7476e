"""Whether the database lets in as many connections as the house may open."""

import pytest
from django.db import connection

from gateway_project.operations import front_door
from gateway_project.operations.doctor import capacity
from gateway_project.operations.front_door import FrontDoor, threads_of
from gateway_project.operations.pulse import Pulse
from tests.operations.doctor.conftest import of_house

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


@pytest.fixture
def cores(monkeypatch):
    monkeypatch.setattr(capacity, "one_for_each_core", lambda: 4)


def let_in(monkeypatch, number):
    monkeypatch.setattr(capacity, "allowed", lambda: number)


def test_a_server_that_lets_all_in_is_good(cores, settings, monkeypatch):
    settings.WEB_THREADS = 8
    let_in(monkeypatch, 158)
    finding = of_house("Connections")
    assert finding.state == "green"
    assert finding.text.startswith("up to 158 of the 158 that")
    assert finding.text.endswith("web 4 x 24, workers 4 x 15, scheduler 2")


def test_one_that_does_not_needs_a_look_and_is_told_how_many(cores, settings, monkeypatch):
    settings.WEB_THREADS = 8
    let_in(monkeypatch, 157)
    finding = of_house("Connections")
    assert finding.state == "yellow"
    assert "max_connections of PostgreSQL to 300 or more" in finding.what_to_do


def test_all_workers_that_live_are_counted(cores, monkeypatch):
    for number in range(5):
        monkeypatch.setattr("os.getpid", lambda number=number: number)
        Pulse("worker").beat()
    assert "workers 5 x 15" in of_house("Connections").text


def test_what_is_kept_for_superusers_lets_nobody_else_in():
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        most = int(cursor.fetchone()[0])
        cursor.execute("SHOW superuser_reserved_connections")
        assert capacity.allowed() == most - int(cursor.fetchone()[0])


def test_a_limit_of_the_user_counts_where_it_is_lower():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE limited CONNECTION LIMIT 7")
        cursor.execute("SET LOCAL SESSION AUTHORIZATION limited")
        assert capacity.allowed() == 7
        cursor.execute("RESET SESSION AUTHORIZATION")


def test_a_web_process_has_as_many_threads_as_are_counted(monkeypatch):
    made = []
    monkeypatch.setattr(front_door, "ThreadPoolExecutor", lambda threads, **_: made.append(threads))
    monkeypatch.setattr(
        front_door, "Fibers", lambda *, aside, afar, **_: made.append(1 + aside + afar)
    )
    for calls in (4, 16, 33):
        made.clear()
        FrontDoor(pages=None, calls=None, threads=calls)
        assert sum(made) == threads_of(calls)
