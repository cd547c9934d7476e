"""Kicks: telling the workers that a drain has something to do.

A kick carries a drain's name and key, never a message. It is a courtesy: one that gets lost costs
the wait until the next sweep, so it neither blocks nor fails the one who gives it, and is not
published where a hundred wait already.
"""

import logging
import math
import os
import threading
import time
from importlib import import_module
from typing import NamedTuple

from celery import current_app
from django.conf import settings
from kombu.exceptions import ChannelError

from gateway_project.lib.draining import LINGER_SECONDS

logger = logging.getLogger(__name__)

Named = tuple[str, str]
"""A drain, by its name and key."""

TASK = "gatehouse.drain"
PAUSE_SECONDS = LINGER_SECONDS
"""Between two kicks of one drain. Who was kicked looks by itself for as long, more seldom while it
waits for a slow peer; each kick costs a worker more than a message does."""
BUSY_PAUSE_SECONDS = 0.25
BUSY_TIMES_A_SECOND = 20
"""A drain for which kicks are asked this often finds something whenever it looks, and goes on."""
EXPIRES_SECONDS = 60
MOST_COLLECTED = 1000
MOST_WAITING = 100
"""Workers that take no kicks need no more of them: with their sweeps they find what there is."""
LOOK_SECONDS = 1.0
"""At least, between two looks at how many wait."""
CELERY_MODULES = ("celery.app.events", "celery.events")
"""What Celery would import by itself at the first kick."""
REST_SECONDS = 5.0
"""How long kicks are dropped after the broker could not be reached; sweeps take over."""


def kick(name: str, key: str) -> None:
    """Asks for a drain soon. Without a broker a no-op: the embedded worker looks by itself."""
    if settings.BROKER_URL:
        _kicker.take(name, key)


def load() -> None:
    """Imports what kicks take, the broker's client first of all: it is large, and what is there
    when processes part, they share."""
    if settings.BROKER_URL:
        current_app.connection_for_write().get_transport_cls()
        for name in CELERY_MODULES:
            import_module(name)


class _Rest(NamedTuple):
    """Of a drain, between two kicks."""

    until: float
    seconds: float


class Kicker:
    """Collects kicks and publishes each at once, from a thread of its own; one more for the same
    drain only after a pause."""

    def __init__(self) -> None:
        self._waiting: dict[Named, int] = {}  # how often each was asked for
        self._rests: dict[Named, _Rest] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._failing = False
        self._is_room = True
        self._look_at = -math.inf

    def take(self, name: str, key: str) -> None:
        kick = (name, key)
        with self._changed:
            # Who rests is looked at again anyway, but for the first: the thread is woken seldom.
            if not self._waiting or kick not in self._rests:
                self._changed.notify()
            if kick in self._waiting or len(self._waiting) < MOST_COLLECTED:
                self._waiting[kick] = self._waiting.get(kick, 0) + 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kicks", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (kicks := self._due(now := time.monotonic())):
                    rests = [self._rests[kick].until - now for kick in self._waiting]
                    self._changed.wait(min(rests, default=None))
            if not self._publish(kicks):
                time.sleep(REST_SECONDS)

    def _due(self, now: float) -> set[Named]:
        """Those that wait and do not rest, who wait no more; their next rest begins."""
        resting = {kick: rest for kick, rest in self._rests.items() if rest.until > now}
        due = self._waiting.keys() - resting.keys()
        for kick in due:
            pause = _pause(self._waiting.pop(kick), self._rests.get(kick))
            resting[kick] = _Rest(now + pause, pause)
        self._rests = resting
        return due

    def _publish(self, kicks: set[Named]) -> bool:
        try:
            for name, key in kicks if self._has_room() else ():
                current_app.send_task(
                    TASK,
                    args=[name, key],
                    expires=EXPIRES_SECONDS,
                    ignore_result=True,
                    retry=False,
                )
        except Exception as error:  # noqa: BLE001  whatever a broker's client may raise
            if not self._failing:
                logger.warning("broker not reached (%s): sweeps take over", type(error).__name__)
            self._failing = True
            return False
        if self._failing:
            logger.info("broker reached again")
        self._failing = False
        return True

    def _has_room(self) -> bool:
        """Whether the workers take what is published, as of the last look."""
        if (now := time.monotonic()) >= self._look_at:
            self._is_room = waiting() < MOST_WAITING
            self._look_at = now + LOOK_SECONDS
        return self._is_room


def _pause(times: int, rest: _Rest | None) -> float:
    """After a kick that was asked for so many times in the rest before it."""
    is_busy = rest is not None and times >= BUSY_TIMES_A_SECOND * rest.seconds
    return BUSY_PAUSE_SECONDS if is_busy else PAUSE_SECONDS


def waiting() -> int:
    """How many kicks the broker holds that no worker has taken."""
    queue = current_app.conf.task_default_queue
    with current_app.connection_for_write() as broker, broker.channel() as channel:
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except ChannelError:  # there is no such queue yet; of Redis, it is empty
            return 0


_kicker = Kicker()


def _begin_anew() -> None:
    """A forked child has neither its parent's thread nor, surely, an open lock."""
    global _kicker
    _kicker = Kicker()


os.register_at_fork(after_in_child=_begin_anew)
