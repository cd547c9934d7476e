"""Departures: starting things at their very moment, from a thread that does nothing else."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

Start = Callable[[], "Future[Any]"]


class Departures:
    """What is to be started, by the monotonic clock."""

    def __init__(self) -> None:
        self._line: list[tuple[float, int, Start, Future[Any]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def at(self, moment: float, start: Start) -> "Future[Any]":
        """Calls `start`, which must not wait, at that moment. Ends as what it starts ends."""
        departed: Future[Any] = Future()
        with self._changed:
            heapq.heappush(self._line, (moment, next(self._numbers), start, departed))
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="departures", daemon=True)
                self._thread.start()
        return departed

    def _run(self) -> None:
        while True:
            start, departed = self._next()
            try:
                start().add_done_callback(partial(_hand_on, departed))
            except Exception as error:  # noqa: BLE001  one that cannot start delays no other
                departed.set_exception(error)

    def _next(self) -> "tuple[Start, Future[Any]]":
        with self._changed:
            while not self._line or self._line[0][0] > time.monotonic():
                self._changed.wait(self._line[0][0] - time.monotonic() if self._line else None)
            _, _, start, departed = heapq.heappop(self._line)
            return start, departed


def _hand_on(departed: "Future[Any]", ended: "Future[Any]") -> None:
    if error := ended.exception():
        departed.set_exception(error)
    else:
        departed.set_result(ended.result())


departures = Departures()
