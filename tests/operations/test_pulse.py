"""Signs of life of long-running processes."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from gateway_project.operations import pulse
from gateway_project.operations.clock import Clock
from gateway_project.operations.pulse import EVERY_SECONDS, Pulse, alive
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
