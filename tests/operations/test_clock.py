"""The scheduler's clock."""

import threading

import pytest

from gateway_project.operations import clock
from gateway_project.operations.clock import Clock, Sweep


@pytest.fixture(autouse=True)
def _fast_clock(monkeypatch):
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.001)


def test_every_duty_is_done_at_every_tick_until_it_is_stopped():
    stop = threading.Event()
    done = []

    def first() -> None:
        done.append("first")

    def second() -> None:
        done.append("second")
        if len(done) >= 6:
            stop.set()

    Clock([first, second], stop).run()
    assert done == ["first", "second"] * 3


def test_a_duty_that_breaks_is_logged_once_and_stops_no_other(caplog):
    caplog.set_level("INFO")
    stop = threading.Event()
    ticks = []

    def breaks() -> None:
        if len(ticks) < 3:
            raise ValueError("anna@mailbox.example")

    def counts() -> None:
        ticks.append(1)
        if len(ticks) == 5:
            stop.set()

    Clock([breaks, counts], stop).run()
    broke, works = (record.getMessage() for record in caplog.records)
    assert broke.startswith("breaks broke: ValueError at ")
    assert works == "breaks works again"
    assert "mailbox.example" not in caplog.text


@pytest.fixture
def kicked(monkeypatch):
    kicked = []
    monkeypatch.setattr(clock, "kick", lambda name, key: kicked.append((name, key)))
    return kicked


def test_a_sweep_kicks_every_drain_with_something_due(pretend, kicked):
    pretend.due = {"a": 1, "b": 0, "c": 4}
    Sweep()()
    assert sorted(kicked) == [("pretend", "a"), ("pretend", "c")]


def test_a_key_that_stays_due_is_not_kicked_at_every_sweep(pretend, kicked, monkeypatch):
    sweep = Sweep()
    pretend.due = {"a": 1}
    sweep()
    sweep()
    assert kicked == [("pretend", "a")]
    monkeypatch.setattr(clock, "KICK_AGAIN_SECONDS", 0)
    sweep()
    assert kicked == [("pretend", "a")] * 2


def test_a_key_that_is_due_anew_is_kicked_at_once(pretend, kicked):
    sweep = Sweep()
    for due in ({"a": 1}, {}, {"a": 1}):
        pretend.due = due
        sweep()
    assert kicked == [("pretend", "a")] * 2
