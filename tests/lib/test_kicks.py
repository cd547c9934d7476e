"""Kicks: collected, published from a thread of their own, and never in the caller's way."""

import threading

import pytest

from gateway_project.lib import kicks


class Broker:
    """Stands where Celery does and notes what is published."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.is_down = is_down
        self.published: list[list[str]] = []
        self.tries = 0
        self.came = threading.Condition()

    def send_task(self, task: str, *, args: list[str], ignore_result: bool, **_: object) -> None:
        with self.came:
            self.tries += 1
            if not self.is_down:
                self.published.append(args)
            self.came.notify_all()
        if self.is_down:
            raise ConnectionRefusedError

    def wait_for_tries(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: self.tries >= count, timeout=10)


@pytest.fixture
def broker(monkeypatch, settings):
    settings.BROKER_URL = "memory://"
    broker = Broker()
    monkeypatch.setattr(kicks, "current_app", broker)
    monkeypatch.setattr(kicks, "_kicker", kicks.Kicker())
    return broker


def test_without_a_broker_a_kick_does_nothing(broker, settings):
    settings.BROKER_URL = ""
    kicks.kick("send", "1")
    assert kicks._kicker._thread is None


def test_kicks_of_one_moment_are_published_once_per_key(broker, monkeypatch):
    monkeypatch.setattr(kicks, "PAUSE_SECONDS", 0.2)
    kicks.kick("send", "first")
    broker.wait_for_tries(1)
    for _ in range(50):
        kicks.kick("send", "1")
        kicks.kick("report", "2")
    broker.wait_for_tries(3)
    assert broker.published[0] == ["send", "first"]
    assert sorted(broker.published[1:]) == [["report", "2"], ["send", "1"]]


def test_a_broker_that_is_down_neither_fails_the_caller_nor_fills_the_log(
    broker, monkeypatch, caplog
):
    monkeypatch.setattr(kicks, "REST_SECONDS", 0.01)
    broker.is_down = True
    for tries in range(1, 4):
        kicks.kick("send", "1")
        broker.wait_for_tries(tries)
    broker.is_down = False
    kicks.kick("send", "1")
    broker.wait_for_tries(4)
    kicks.kick("send", "2")
    broker.wait_for_tries(5)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "broker not reached (ConnectionRefusedError): sweeps take over"
    ]
    assert broker.published == [["send", "1"], ["send", "2"]]


def test_a_forked_child_begins_with_a_kicker_of_its_own(broker):
    kicks.kick("send", "1")
    broker.wait_for_tries(1)
    of_the_parent = kicks._kicker
    kicks._begin_anew()
    assert kicks._kicker is not of_the_parent
    kicks.kick("send", "2")
    broker.wait_for_tries(2)
