"""The worker without a broker: a loop that asks every drain what is due, and threads that drain."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, InterfaceError, connections

from gateway_project.operations import drains

logger = logging.getLogger(__name__)

THREADS = 12
LOOK_SECONDS = 0.05
IDLE_LOOK_SECONDS = 0.2
IDLE_AFTER_LOOKS = 100
REST_SECONDS = 1.0


class EmbeddedWorker:
    """Drains whatever is due until `stop` is set; then what is in the air is settled."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._runner = drains.Runner(stop)
        self._idle_looks = 0
        self._reachable = True

    def run(self) -> None:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="drain") as pool:
            while not self._stop.is_set():
                self._stop.wait(self._look(pool))
        connections.close_all()

    def _look(self, pool: ThreadPoolExecutor) -> float:
        """Starts what is due and is not running. Returns how long to wait until the next look."""
        try:
            due = list(drains.due())
        except (DatabaseError, InterfaceError) as error:
            return self._rest(error)
        if not self._reachable:
            logger.info("database reached again")
        self._reachable = True
        for name, key in due:
            if self._runner.begin(name, key):
                pool.submit(self._runner.run, name, key)
        self._idle_looks = 0 if due else self._idle_looks + 1
        return IDLE_LOOK_SECONDS if self._idle_looks > IDLE_AFTER_LOOKS else LOOK_SECONDS

    def _rest(self, error: Exception) -> float:
        if self._reachable:
            logger.error("database not reached: %s", drains.where(error))
        self._reachable = False
        connections.close_all()
        return REST_SECONDS
