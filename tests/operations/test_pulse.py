"""Signs of life of long-running processes."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from gateway_project.operations import pulse
from gateway_project.operations.clock import Clock
from gateway_project.operations.pulse import EVERY_SECONDS, Pulse, alive, missing
from gateways.models import Heartbeat

pytestmark = pytest.mark.django_db


def test_who_beats_is_alive():
    assert alive("worker") == 0
    Pulse("worker").beat()
    assert alive("worker") == 1
    assert alive("scheduler") == 0


def test_who_has_been_silent_is_not_alive():
    Pulse("worker").beat()
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=1))
    assert alive("worker") == 0


def test_who_has_a_living_sibling_ought_to_live(monkeypatch):
    for number in range(3):
        monkeypatch.setattr(pulse.os, "getpid", lambda number=number: number)
        Pulse("worker", siblings=3).beat()
    monkeypatch.setattr(pulse.os, "getpid", lambda: 99)
    Pulse("worker").beat()
    assert (alive("worker"), missing("worker")) == (4, 0)
    Heartbeat.objects.filter(name__endswith=":1").update(at=timezone.now() - timedelta(minutes=1))
    assert (alive("worker"), missing("worker")) == (3, 1)
    assert missing("worker", here=True) == 1
    assert missing("scheduler") == 0


def test_who_was_started_again_makes_up_for_no_other(monkeypatch):
    for number in (1, 2, 3):
        monkeypatch.setattr(pulse.os, "getpid", lambda number=number: number)
        Pulse("worker", siblings=2).beat()
    monkeypatch.setattr(pulse.os, "getppid", lambda: 77)
    Pulse("worker", siblings=2).beat()
    assert missing("worker") == 1


def test_those_of_another_machine_are_not_missing_here():
    there = {"kind": "worker", "parent": "there:1", "siblings": 2, "at": timezone.now()}
    Heartbeat.objects.create(name="there:2", **there)
    assert (missing("worker"), missing("worker", here=True)) == (1, 0)


def test_a_pulse_writes_only_every_few_seconds(monkeypatch, django_assert_num_queries):
    clock = [100.0]
    monkeypatch.setattr(pulse.time, "monotonic", lambda: clock[0])
    beating = Pulse("worker")
    beating.beat()
    first = Heartbeat.objects.get().at
    with django_assert_num_queries(0):
        beating.beat()
    clock[0] += EVERY_SECONDS
    beating.beat()
    assert Heartbeat.objects.get().at > first


def test_those_that_ended_long_ago_are_forgotten():
    long_ago = timezone.now() - timedelta(days=2)
    Heartbeat.objects.create(name="gone:1", kind="worker", at=long_ago)
    Pulse("worker").beat()
    assert not Heartbeat.objects.filter(name="gone:1").exists()


def test_a_lost_database_ends_no_clock(monkeypatch):
    stop, beating = threading.Event(), Pulse("worker")
    calls = []

    def lost():
        calls.append(1)
        if len(calls) == 2:
            stop.set()
        raise OperationalError

    monkeypatch.setattr(pulse, "database_now", lost)
    monkeypatch.setattr("gateway_project.operations.clock.TICK_SECONDS", 0.0)
    monkeypatch.setattr("gateway_project.operations.clock.connections.close_all", lambda: None)
    Clock((beating.beat,), stop).run()
    assert len(calls) == 2
