"""A drain that needs no tables: keys with a number of items, all settled at once."""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from gateway_project.lib import draining


class PretendDrain:
    """Registered as `pretend`. `due` counts items by key; `settled` names those that were done."""

    concurrency = 2

    def __init__(self) -> None:
        self.due: dict[str, int] = {}
        self.settled: list[str] = []
        self.claimed = 0
        self.faults: dict[str, Exception] = {}
        self.due_fault: Exception | None = None
        self.opened: list[str] = []
        self.lock = threading.Condition()
        self.slow: dict[str, Future[Any]] = {}
        """What the items of a key are waiting for, where they are not done at once."""

    def keys(self) -> Iterable[str]:
        if self.due_fault:
            raise self.due_fault
        with self.lock:
            return [key for key, count in self.due.items() if count]

    def open(self, key: str) -> "PretendWork":
        with self.lock:
            self.opened.append(key)
            self.lock.notify_all()
        if key in self.faults:
            raise self.faults[key]
        return PretendWork(self, key)

    def wait_until_settled(self, count: int) -> None:
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.settled) >= count, timeout=10)

    def wait_until_claimed(self, count: int) -> None:
        with self.lock:
            assert self.lock.wait_for(lambda: self.claimed >= count, timeout=10)

    def wait_until_opened(self, key: str, times: int) -> None:
        with self.lock:
            assert self.lock.wait_for(lambda: self.opened.count(key) >= times, timeout=10)


class PretendWork:
    concurrency = 2
    is_paced = False

    def __init__(self, drain: PretendDrain, key: str) -> None:
        self.drain = drain
        self.key = key

    def claim(self, free: int) -> Sequence[object]:
        with self.drain.lock:
            taken = min(free, self.drain.due[self.key])
            self.drain.due[self.key] -= taken
            self.drain.claimed += taken
            self.drain.lock.notify_all()
            return [object() for _ in range(taken)]

    def start(self, item: object) -> Future[Any]:
        if self.key in self.drain.slow:
            return self.drain.slow[self.key]
        future: Future[Any] = Future()
        future.set_result(None)
        return future

    def settle(self, finished: Sequence[tuple[object, Future[Any]]]) -> None:
        with self.drain.lock:
            self.drain.settled += [self.key] * len(finished)
            self.drain.lock.notify_all()

    def renew(self, items: Iterable[object]) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def pretend(monkeypatch):
    drain = PretendDrain()
    entry = draining.Drain(name="pretend", due=drain.keys, open=drain.open)
    monkeypatch.setattr(draining, "DRAINS", {"pretend": entry})
    monkeypatch.setattr("gateway_project.operations.drains.DRAINS", {"pretend": entry})
    return drain
