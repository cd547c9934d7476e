"""The runner: any number of drains on a few threads, in turns."""

import heapq
import itertools
import logging
import threading
import time
from dataclasses import dataclass
from functools import partial

from gateway_project.lib import connections, draining
from gateway_project.lib.rounds import Rounds
from gateway_project.operations.drains import where

logger = logging.getLogger(__name__)

THREADS = 12
REST_SECONDS = 1.0
"""How long a drain that broke rests before it is tried again."""

Name = tuple[str, str]
"""A drain's name and its key."""


@dataclass(slots=True)
class _Place:
    """Where a drain stands in line. `at` is the moment of its next turn."""

    at: float
    rounds: Rounds | None = None
    has_the_turn: bool = False
    is_called: bool = False


class Runner:
    """Drains keys, each once at a time. A thread is lent for a round, never for a wait, so that
    however many drains wait for slow peers, no other waits for them.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._is_closing = False
        self._changed = threading.Condition()
        self._places: dict[Name, _Place] = {}
        self._line: list[tuple[float, int, Name]] = []
        self._numbers = itertools.count()
        self._threads: list[threading.Thread] = []
        self._broken: set[Name] = set()

    def ask(self, name: str, key: str) -> None:
        """Has the key drained: begins it, or calls it for another round where it is at work."""
        with self._changed:
            self._start_threads()
            if (name, key) not in self._places and not self._stop.is_set():
                self._places[name, key] = _Place(at=0.0)
                self._line_up((name, key), time.monotonic())
        self._call((name, key))

    def close(self) -> None:
        """Waits, once `stop` is set, until what is in the air has come down and is settled."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        for name in list(self._places):
            self._call(name)
        for thread in self._threads:
            thread.join()

    def _start_threads(self) -> None:
        while len(self._threads) < THREADS:
            number = len(self._threads)
            thread = threading.Thread(target=self._work, name=f"drain-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _call(self, name: Name) -> None:
        """Makes it the drain's turn now, or again where it has it. Who rests is left to rest."""
        with self._changed:
            place = self._places.get(name)
            if place is None:
                return
            place.is_called = True
            if place.rounds is not None and not place.has_the_turn:
                self._line_up(name, time.monotonic())

    def _line_up(self, name: Name, at: float) -> None:
        self._places[name].at = at
        heapq.heappush(self._line, (at, next(self._numbers), name))
        self._changed.notify()

    def _work(self) -> None:
        while (name := self._next()) is not None:
            connections.refresh()
            self._stand_back(name, self._take_turn(name, self._places[name]))
        connections.close()

    def _next(self) -> Name | None:
        """The drain whose turn it is; None when all is done."""
        with self._changed:
            while self._places or not self._is_closing:
                now = time.monotonic()
                while self._line and self._line[0][0] <= now:
                    at, _, name = heapq.heappop(self._line)
                    place = self._places.get(name)
                    # Who was called earlier than it had meant to come stands in line twice.
                    if place is not None and place.at == at and not place.has_the_turn:
                        place.has_the_turn, place.is_called = True, False
                        return name
                self._changed.wait(self._line[0][0] - now if self._line else None)
            return None

    def _take_turn(self, name: Name, place: _Place) -> float | None:
        """One round. Returns in how many seconds the next is due; None where there is none."""
        try:
            if place.rounds is None:
                wake = partial(self._call, name)
                place.rounds = draining.begin(*name, stop=self._stop, wake=wake)
            pause = place.rounds.round()
        except Exception as error:  # noqa: BLE001  one drain's fault is not the worker's end
            self._breaks(name, error)
            self._let_go(place)
            return None if self._stop.is_set() else REST_SECONDS
        self._works(name)
        return pause

    def _stand_back(self, name: Name, pause: float | None) -> None:
        with self._changed:
            place = self._places[name]
            is_over = pause is None and (self._stop.is_set() or not place.is_called)
            if not is_over:
                place.has_the_turn = False
                soon = place.is_called and place.rounds is not None
                self._line_up(name, time.monotonic() + (0.0 if soon or pause is None else pause))
                return
        self._let_go(place)
        with self._changed:
            was_called = place.is_called
            del self._places[name]
            self._changed.notify_all()
        if was_called:
            self.ask(*name)

    def _let_go(self, place: _Place) -> None:
        rounds, place.rounds = place.rounds, None
        try:
            if rounds is not None:
                rounds.close()
        except Exception as error:  # noqa: BLE001  what is over is over
            logger.error("a drain was not closed cleanly: %s", where(error))

    def _works(self, name: Name) -> None:
        if name in self._broken:
            self._broken.discard(name)
            logger.info("drain %s of %s works again", *name)

    def _breaks(self, name: Name, error: Exception) -> None:
        connections.give_up(error)
        if name not in self._broken:
            self._broken.add(name)
            logger.error("drain %s of %s broke: %s", *name, where(error))
