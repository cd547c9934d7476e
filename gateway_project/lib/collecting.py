"""Counts that a process keeps in memory and writes every few seconds, off everybody's way.

What is kept is lost if the process is killed: these are figures to look at, and a request must
neither wait for them nor fail with them.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, TypeVar

from gateway_project.lib import connections

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
MOST_KEYS = 10_000

Key = TypeVar("Key", bound=Hashable)


class Collection(Generic[Key]):
    """How often each key was noted since the last flush; no more than `most` different ones."""

    def __init__(
        self, write: Callable[[Mapping[Key, int]], None], *, most: int = MOST_KEYS
    ) -> None:
        self._write, self._most = write, most
        self._counts: Counter[Key] = Counter()
        self._lock = threading.Lock()

    def note(self, key: Key, count: int = 1) -> None:
        """What goes beyond `most` is let go: an attack must not fill the memory."""
        with self._lock:
            if key in self._counts or len(self._counts) < self._most:
                self._counts[key] += count

    def flush(self) -> None:
        """Writes what was noted. Without a database it is noted again; never raises."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            self._write(counts)
        except connections.DATABASE_TROUBLE as error:
            connections.give_up(error)
            for key, count in counts.items():
                self.note(key, count)
        except Exception as error:  # noqa: BLE001  what cannot be written must not end the flushing
            logger.error("counts were not written: %s", type(error).__name__)

    def forget(self) -> None:
        with self._lock:
            self._counts.clear()


COLLECTIONS: list[Collection[Any]] = []
"""Every one of this process."""


def flush_all() -> None:
    for collection in COLLECTIONS:
        collection.flush()


def keep_flushing() -> None:
    """Starts the one thread of this process that flushes, to the process's end and once more then.

    No daemon: the interpreter waits for it, after its main thread has ended.
    """
    threading.Thread(target=_flush_on, name="flush").start()


def _flush_on() -> None:
    main = threading.main_thread()
    while main.is_alive():
        main.join(FLUSH_SECONDS)
        connections.refresh()
        flush_all()
    connections.close()
