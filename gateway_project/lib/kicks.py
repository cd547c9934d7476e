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

from celery import current_app
from django.conf import settings
from kombu.exceptions import ChannelError

logger = logging.getLogger(__name__)

TASK = "gatehouse.drain"
PAUSE_SECONDS = 0.1
"""As long as a drain that has been kicked goes on looking by itself (`LINGER_SECONDS`): a kick more
would find it at work, and costs a worker as much as sending a message does."""
EXPIRES_SECONDS = 60
MOST_COLLECTED = 1000
MOST_WAITING = 100
"""Workers that take no kicks need no more of them: with their sweeps they find what there is."""
LOOK_SECONDS = 1.0
"""At least, between two looks at how many wait."""
REST_SECONDS = 5.0
"""How long kicks are dropped after the broker could not be reached; sweeps take over."""


def kick(name: str, key: str) -> None:
    """Asks for a drain soon. Without a broker a no-op: the embedded worker looks by itself."""
    if settings.BROKER_URL:
        _kicker.take(name, key)


class Kicker:
    """Collects kicks and publishes each at most once per pause, from a thread of its own."""

    def __init__(self) -> None:
        self._waiting: set[tuple[str, str]] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._failing = False
        self._is_room = True
        self._look_at = -math.inf

    def take(self, name: str, key: str) -> None:
        with self._changed:
            if len(self._waiting) < MOST_COLLECTED:
                self._waiting.add((name, key))
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kicks", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                kicks, self._waiting = self._waiting, set()
            time.sleep(PAUSE_SECONDS if self._publish(kicks) else REST_SECONDS)

    def _publish(self, kicks: set[tuple[str, str]]) -> bool:
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
