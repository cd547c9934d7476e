"""The scheduler's clock."""

import threading

import pytest

from gateway_project.operations import clock
from gateway_project.operations.clock import Clock


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
