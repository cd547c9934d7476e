"""The runner: drains in turns, each key once at a time, and one that breaks breaks alone."""

import threading
from concurrent.futures import Future

import pytest
from django.db import OperationalError

from gateway_project.operations import runner as runners
from gateway_project.operations.runner import THREADS, Runner


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def runner(stop, monkeypatch):
    monkeypatch.setattr(runners, "REST_SECONDS", 0.01)
    runner = Runner(stop)
    yield runner
    stop.set()
    runner.close()


def test_a_key_that_is_asked_for_is_drained(pretend, runner):
    pretend.due = {"a": 3}
    runner.ask("pretend", "a")
    pretend.wait_until_settled(3)


def test_a_key_is_opened_once_however_often_it_is_asked_for(pretend, runner):
    answer = pretend.slow["a"] = Future()
    pretend.due = {"a": 1}
    for _ in range(20):
        runner.ask("pretend", "a")
    answer.set_result(None)
    pretend.wait_until_settled(1)
    assert pretend.opened == ["a"]


def test_what_becomes_due_while_a_key_waits_for_its_peer_is_taken_when_it_is_asked_for(
    pretend, runner
):
    answer = pretend.slow["a"] = Future()
    pretend.due = {"a": 1}
    runner.ask("pretend", "a")
    pretend.wait_until_opened("a", 1)
    pretend.wait_until_claimed(1)
    del pretend.slow["a"]
    pretend.due["a"] = 1
    runner.ask("pretend", "a")
    pretend.wait_until_settled(1)
    answer.set_result(None)
    pretend.wait_until_settled(2)


def test_keys_that_wait_for_slow_peers_hold_no_other_up(pretend, runner):
    black_holes = [f"black-hole-{number}" for number in range(2 * THREADS)]
    answer = Future()
    pretend.slow = dict.fromkeys(black_holes, answer)
    pretend.due = dict.fromkeys(black_holes, 2)
    for key in black_holes:
        runner.ask("pretend", key)
    pretend.wait_until_claimed(4 * THREADS)
    pretend.due["healthy"] = 5
    runner.ask("pretend", "healthy")
    pretend.wait_until_settled(5)
    assert set(pretend.settled) == {"healthy"}
    answer.set_result(None)
    pretend.wait_until_settled(5 + 4 * THREADS)


def test_a_slow_item_does_not_hold_up_the_others_of_its_key(pretend, runner):
    answer = pretend.slow["a"] = Future()
    pretend.due = {"a": 1}
    runner.ask("pretend", "a")
    pretend.wait_until_claimed(1)
    del pretend.slow["a"]
    for settled in range(1, 4):
        pretend.due["a"] = 1
        runner.ask("pretend", "a")
        pretend.wait_until_settled(settled)
    answer.set_result(None)


def test_when_it_is_closed_it_waits_for_what_is_in_the_air(pretend, stop):
    answer = pretend.slow["a"] = Future()
    pretend.due = {"a": 1}
    runner = Runner(stop)
    runner.ask("pretend", "a")
    pretend.wait_until_claimed(1)
    stop.set()
    closing = threading.Thread(target=runner.close)
    closing.start()
    assert pretend.settled == []
    answer.set_result(None)
    closing.join(10)
    assert not closing.is_alive()
    assert pretend.settled == ["a"]


def test_a_drain_that_breaks_is_logged_once_and_runs_again(pretend, runner, caplog):
    caplog.set_level("INFO")
    pretend.due = {"a": 1}
    pretend.faults["a"] = OperationalError("the address anna@mailbox.example is in the way")
    runner.ask("pretend", "a")
    pretend.wait_until_opened("a", 3)
    del pretend.faults["a"]
    pretend.wait_until_settled(1)
    while len(caplog.records) < 2:
        threading.Event().wait(0.01)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "OperationalError" in messages[0]
    assert messages[1] == "drain pretend of a works again"
    assert "mailbox.example" not in caplog.text


def test_a_drain_that_breaks_breaks_alone(pretend, runner):
    pretend.faults["broken"] = RuntimeError()
    pretend.due = {"broken": 1, "whole": 5}
    runner.ask("pretend", "broken")
    runner.ask("pretend", "whole")
    pretend.wait_until_settled(5)
    pretend.wait_until_opened("broken", 3)
    assert set(pretend.settled) == {"whole"}
