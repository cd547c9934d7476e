"""Kicks: collected, published from a thread of their own, and never in the caller's way."""

import threading
import time
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from celery import Celery

from gateway_project.lib import kicks
from tests import services
from tests.operations.held_wire import wire
from tests.operations.surroundings import wait_until

DRAINS = [["report", "2"], ["send", "1"]]


class Broker:
    """Stands where Celery does and notes what is published."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.is_down = is_down
        self.published: list[list[str]] = []
        self.tries = self.looks = self.waiting = 0
        self.came = threading.Condition()

    def send_task(self, task: str, *, args: list[str], ignore_result: bool, **_: object) -> None:
        with self.came:
            self.tries += 1
            if not self.is_down:
                self.published.append(args)
            self.came.notify_all()
        if self.is_down:
            raise ConnectionRefusedError

    def look(self) -> int:
        with self.came:
            self.looks += 1
            self.came.notify_all()
            return self.waiting

    def wait_for_looks(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: self.looks >= count, timeout=10)

    def wait_for_tries(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: self.tries >= count, timeout=10)


@pytest.fixture
def broker(monkeypatch, settings):
    settings.BROKER_URL = "memory://"
    broker = Broker()
    monkeypatch.setattr(kicks, "current_app", broker)
    monkeypatch.setattr(kicks, "waiting", broker.look)
    monkeypatch.setattr(kicks, "_kicker", kicks.Kicker())
    return broker


def test_without_a_broker_a_kick_does_nothing(broker, settings):
    settings.BROKER_URL = ""
    kicks.kick("send", "1")
    assert kicks._kicker._thread is None


def test_each_drain_is_kicked_at_once_and_for_all_of_the_next_moment_once_more(broker, monkeypatch):
    monkeypatch.setattr(kicks, "PAUSE_SECONDS", 1.0)
    for drain in DRAINS:
        kicks.kick(*drain)
    began = time.monotonic()
    broker.wait_for_tries(2)
    for _ in range(50):
        for drain in DRAINS:
            kicks.kick(*drain)
    assert sorted(broker.published) == DRAINS
    broker.wait_for_tries(4)
    assert time.monotonic() - began > 0.9
    assert sorted(broker.published) == sorted(2 * DRAINS)


def test_a_drain_that_is_kicked_again_holds_up_no_other(broker, monkeypatch):
    monkeypatch.setattr(kicks, "PAUSE_SECONDS", 3600)
    kicks.kick("send", "1")
    broker.wait_for_tries(1)
    kicks.kick("send", "1")
    kicks.kick("report", "2")
    broker.wait_for_tries(2)
    assert broker.published == [["send", "1"], ["report", "2"]]


def test_who_was_kicked_long_ago_is_kicked_at_once(broker, monkeypatch):
    monkeypatch.setattr(kicks, "PAUSE_SECONDS", 0.01)
    for tries in range(1, 4):
        kicks.kick("send", "1")
        broker.wait_for_tries(tries)
        time.sleep(0.05)
    assert broker.published == [["send", "1"]] * 3


def test_a_drain_that_is_asked_for_all_the_time_is_kicked_more_seldom(broker, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(kicks, "time", SimpleNamespace(monotonic=lambda: now[0]))
    kicker, kicked_at = kicks.Kicker(), []
    kicker._thread = threading.current_thread()
    busy, quiet = ("send", "1"), ("send", "2")
    for hundredth in range(100):
        now[0] = hundredth / 100
        kicker.take(*busy)
        if hundredth % 15 == 0:
            kicker.take(*quiet)
        kicked_at += [(kick, now[0]) for kick in kicker._due(now[0])]
    assert [at for kick, at in kicked_at if kick == busy] == [0.0, 0.1, 0.35, 0.6, 0.85]
    assert len([at for kick, at in kicked_at if kick == quiet]) == 7


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


def test_while_many_wait_none_is_published_and_they_are_counted_now_and_then(broker, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(kicks, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=time.sleep))
    kicker, one = kicks.Kicker(), {("send", "1")}
    broker.waiting = kicks.MOST_WAITING
    for now[0] in (0.0, 0.5, 0.9, 1.0):
        assert kicker._publish(one)
    assert (broker.looks, broker.published) == (2, [])
    broker.waiting -= 1
    for now[0] in (1.5, 2.0):
        assert kicker._publish(one)
    assert (broker.looks, broker.published) == (3, [["send", "1"]])


def test_no_more_than_so_many_are_collected(broker, monkeypatch):
    monkeypatch.setattr(kicks, "MOST_COLLECTED", 5)
    kicker = kicks.Kicker()
    kicker._thread = threading.current_thread()
    for number in range(20):
        kicker.take("send", str(number))
    assert len(kicker._waiting) == 5


@pytest.fixture(params=services.BROKERS)
def line(request):
    """To a real broker."""
    there = urlsplit(request.param)
    with wire(there.hostname, there.port) as line:
        line.url = request.param.replace(f":{there.port}/", f":{line.port}/")
        yield line


@pytest.fixture
def queue(line, monkeypatch, settings):
    """To which no worker listens."""
    app = Celery(broker=line.url, set_as_current=False)
    app.config_from_object("gateway_project.celery_settings")
    app.conf.update(broker_url=line.url, task_default_queue=f"gatehouse_test_{uuid4().hex}")
    monkeypatch.setattr(kicks, "current_app", app)
    yield app.conf.task_default_queue
    with app.connection_for_write() as broker:
        queue = app.amqp.queues[app.conf.task_default_queue](broker.default_channel)
        queue.declare()  # Redis deletes only what this connection has declared
        queue.delete()
    app.close()


def test_a_broker_is_not_filled_while_no_worker_is_there(queue, monkeypatch):
    monkeypatch.setattr(kicks, "LOOK_SECONDS", 0.0)
    kicker = kicks.Kicker()
    assert kicks.waiting() == 0
    for number in range(kicks.MOST_WAITING + 20):
        assert kicker._publish({("send", str(number))})
    assert kicks.waiting() == kicks.MOST_WAITING
    with kicks.current_app.connection_for_write() as broker:
        broker.default_channel.queue_purge(queue)
    assert kicker._publish({("send", "1")})
    assert kicks.waiting() == 1


def test_a_broker_that_comes_again_is_told_again(queue, line, monkeypatch):
    monkeypatch.setattr(kicks, "LOOK_SECONDS", 0.0)
    kicker = kicks.Kicker()
    assert kicker._publish({("send", "1")})
    line.take_away()
    assert not kicker._publish({("send", "2")})
    line.open()
    wait_until(lambda: kicker._publish({("send", "3")}))
    assert kicks.waiting() == 2
