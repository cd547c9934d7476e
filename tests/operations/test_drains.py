"""Running drains: each key once at a time, and one that breaks breaks alone."""

import threading

import pytest
from django.db import OperationalError

from gateway_project.operations import drains


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setattr(drains, "REST_SECONDS", 0.01)
    return drains.Runner(threading.Event())


def test_due_names_every_key_that_has_something_to_do(pretend):
    pretend.due = {"a": 1, "b": 0, "c": 2}
    assert list(drains.due()) == [("pretend", "a"), ("pretend", "c")]


def test_a_key_that_runs_is_not_begun_again_but_asked_for_again(pretend, runner):
    pretend.due = {"a": 3}
    assert runner.begin("pretend", "a")
    assert not runner.begin("pretend", "a")
    assert runner.run("pretend", "a") is True
    assert pretend.settled == ["a", "a", "a"]


def test_a_key_that_nobody_asked_for_meanwhile_is_done(pretend, runner):
    pretend.due = {"a": 1}
    assert runner.begin("pretend", "a")
    assert runner.run("pretend", "a") is False
    assert runner.begin("pretend", "a")


def test_a_drain_that_breaks_is_logged_once_and_runs_again(pretend, runner, caplog):
    caplog.set_level("INFO")
    pretend.due = {"a": 1}
    pretend.faults["a"] = OperationalError("the address anna@mailbox.example is in the way")
    for _ in range(3):
        assert runner.begin("pretend", "a")
        runner.run("pretend", "a")
    del pretend.faults["a"]
    assert runner.begin("pretend", "a")
    runner.run("pretend", "a")
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "OperationalError" in messages[0]
    assert messages[1] == "drain pretend of a works again"
    assert "mailbox.example" not in caplog.text
