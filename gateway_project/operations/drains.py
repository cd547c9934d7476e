"""Running drains in this process: what is due, and each key at most once at a time."""

import logging
import threading
import traceback
from collections.abc import Iterator

from django.db import connections
from django.utils.module_loading import autodiscover_modules

from gateway_project.lib import draining
from gateway_project.lib.draining import DRAINS

logger = logging.getLogger(__name__)

REST_SECONDS = 1.0
"""How long a drain that broke rests before it is tried again."""


def load() -> None:
    """Imports the apps' `tasks.py`, which register the drains."""
    autodiscover_modules("tasks")


def due() -> Iterator[tuple[str, str]]:
    """Every drain's name with every key that has due rows."""
    for drain in list(DRAINS.values()):
        for key in drain.due():
            yield drain.name, key


class Runner:
    """Runs drains, each key at most once at a time. What breaks is logged once, until it works."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._running: set[tuple[str, str]] = set()
        self._asked_again: set[tuple[str, str]] = set()
        self._broken: set[tuple[str, str]] = set()

    def begin(self, name: str, key: str) -> bool:
        """Takes the key, to be followed by `run`; False where it is running, and then noted."""
        with self._lock:
            if (name, key) in self._running:
                self._asked_again.add((name, key))
                return False
            self._running.add((name, key))
            return True

    def run(self, name: str, key: str) -> bool:
        """Drains the key that was begun. True where it was asked for again meanwhile."""
        try:
            draining.run(name, key, stop=self._stop)
            self._works(name, key)
        except Exception as error:  # noqa: BLE001  one drain's fault is not the worker's end
            self._breaks(name, key, error)
            self._stop.wait(REST_SECONDS)
        finally:
            connections.close_all()
        return self._end(name, key)

    def _end(self, name: str, key: str) -> bool:
        with self._lock:
            self._running.discard((name, key))
            asked_again = (name, key) in self._asked_again
            self._asked_again.discard((name, key))
            return asked_again

    def _works(self, name: str, key: str) -> None:
        if (name, key) in self._broken:
            self._broken.discard((name, key))
            logger.info("drain %s of %s works again", name, key)

    def _breaks(self, name: str, key: str, error: Exception) -> None:
        if (name, key) not in self._broken:
            self._broken.add((name, key))
            logger.error("drain %s of %s broke: %s", name, key, where(error))


def where(error: BaseException) -> str:
    """An error's type and place. Its text stays out of the log: a database quotes values in it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
