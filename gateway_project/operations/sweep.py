"""The sweep: every worker's own look at what is due, whether a kick told it or not."""

import logging
import threading
import time

from gateway_project.lib import connections
from gateway_project.operations import drains
from gateway_project.operations.runner import Runner

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.05
IDLE_LOOK_SECONDS = 0.2
IDLE_AFTER_LOOKS = 100
BESIDE_KICKS_SECONDS = 0.5
"""Between two looks where a broker brings kicks: what they do not tell of, what got lost, and all
there is while the broker is away."""
REST_SECONDS = 1.0
LOOKS_RESTED = 4
"""As long as so many looks it rests after one that took long, or on a busy machine looking would be
what it is busy with. One that stood still rests no longer than one that failed."""


class Sweep:
    """Has whatever is due drained, until `stop` is set."""

    def __init__(
        self,
        runner: Runner,
        stop: threading.Event,
        *,
        pause: float = LOOK_SECONDS,
        idle_pause: float = IDLE_LOOK_SECONDS,
    ) -> None:
        self._runner, self._stop = runner, stop
        self._pause, self._idle_pause = pause, idle_pause
        self._idle_looks = 0
        self._works = True
        self._looked_at: dict[str, float] = {}

    def run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self._look())
        connections.close()

    def _look(self) -> float:
        """Calls for every drain with due rows. Returns how long to wait until the next look."""
        began = time.monotonic()
        try:
            connections.refresh()
            due = list(drains.due(self._looked_at))
        except Exception as error:  # noqa: BLE001  whatever it is, it is looked again
            return self._rest(error)
        if not self._works:
            logger.info("the sweep works again")
        self._works = True
        for name, key in due:
            self._runner.ask(name, key)
        self._idle_looks = 0 if due else self._idle_looks + 1
        pause = self._idle_pause if self._idle_looks > IDLE_AFTER_LOOKS else self._pause
        rest = LOOKS_RESTED * (time.monotonic() - began)
        return max(pause, min(rest, REST_SECONDS))

    def _rest(self, error: Exception) -> float:
        if self._works:
            logger.error("the sweep broke: %s", drains.where(error))
        self._works = False
        connections.give_up(error)
        return REST_SECONDS
