"""The worker without a broker."""

import threading
from contextlib import contextmanager

import pytest
from django.db import OperationalError

from gateway_project.operations import drains, embedded
from gateway_project.operations.embedded import EmbeddedWorker


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch):
    monkeypatch.setattr(embedded, "REST_SECONDS", 0.01)
    monkeypatch.setattr(drains, "REST_SECONDS", 0.01)


@contextmanager
def working():
    stop = threading.Event()
    thread = threading.Thread(target=EmbeddedWorker(stop).run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_everything_due_of_every_key_is_drained(pretend):
    pretend.due = {f"key-{n}": 3 for n in range(30)}
    with working():
        pretend.wait_until_settled(90)
    assert not any(pretend.due.values())


def test_what_becomes_due_later_is_drained_too(pretend):
    with working():
        pretend.due = {"late": 1}
        pretend.wait_until_settled(1)
        pretend.due = {"later": 1}
        pretend.wait_until_settled(2)
    assert pretend.settled == ["late", "later"]


def test_a_key_that_breaks_holds_no_other_up(pretend):
    pretend.faults["broken"] = RuntimeError()
    pretend.due = {"broken": 1, "whole": 5}
    with working():
        pretend.wait_until_settled(5)
        pretend.wait_until_opened("broken", 3)
    assert set(pretend.settled) == {"whole"}


def test_a_lost_database_is_waited_for(pretend, caplog):
    caplog.set_level("INFO")
    pretend.due = {"a": 1}
    pretend.due_fault = OperationalError("gone")
    with working():
        while not caplog.records:
            threading.Event().wait(0.01)
        pretend.due_fault = None
        pretend.wait_until_settled(1)
    lost, found = (record.getMessage() for record in caplog.records)
    assert lost.startswith("database not reached: OperationalError")
    assert found == "database reached again"
