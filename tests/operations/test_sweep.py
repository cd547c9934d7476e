"""The sweep: whatever is due is found, whether a kick told it or not."""

import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from gateway_project.operations import runner as runners
from gateway_project.operations import sweep
from gateway_project.operations.runner import Runner
from gateway_project.operations.sweep import Sweep


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch):
    monkeypatch.setattr(sweep, "REST_SECONDS", 0.01)
    monkeypatch.setattr(runners, "REST_SECONDS", 0.01)


@contextmanager
def working():
    stop = threading.Event()
    runner = Runner(stop)
    thread = threading.Thread(target=Sweep(runner, stop).run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        runner.close()
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


@pytest.mark.parametrize("fault", [OperationalError("gone"), LookupError("no such provider")])
def test_what_keeps_it_from_looking_is_waited_for(pretend, caplog, fault):
    caplog.set_level("INFO")
    pretend.due = {"a": 1}
    pretend.due_fault = fault
    with working():
        while not caplog.records:
            threading.Event().wait(0.01)
        pretend.due_fault = None
        pretend.wait_until_settled(1)
    lost, found = (record.getMessage() for record in caplog.records)
    assert lost.startswith(f"the sweep broke: {type(fault).__name__}")
    assert found == "the sweep works again"


@pytest.mark.parametrize(("took", "rests"), [(0.001, 0.05), (0.02, 0.08), (600, 1)])
def test_a_look_that_took_long_is_rested_from_for_longer_but_not_for_ever(monkeypatch, took, rests):
    clock = iter([100.0, 100.0 + took])
    monkeypatch.setattr(sweep, "REST_SECONDS", 1)
    monkeypatch.setattr(sweep, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(sweep.drains, "due", lambda looked_at: [])
    stop = threading.Event()
    assert Sweep(Runner(stop), stop)._look() == pytest.approx(rests)
