"""How a request asks a directory: one question per user at a time, and none while it is down.

After three failures in a row it is left alone, and asked once every few seconds until it answers:
a directory that hangs would otherwise cost each request its whole second.
"""

import threading
import time
from concurrent.futures import Future
from typing import Any

from users.directories.base import ANSWER_SECONDS, Directory, DirectoryDown, Record, settled

FAILURES = 3
PAUSE_SECONDS = 3.0


class Door:
    """The questions of this process to one label's directory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Future[Any]] = {}
        self._failures = 0
        self._closed_until = 0.0

    def ask(self, directory: Directory, ext_user_id: str) -> Record | None:
        """What the directory says of the user. Raises DirectoryDown, at the latest after a bit more
        than a second."""
        future = self._begin(directory, ext_user_id)
        try:
            record = settled(directory, future, ANSWER_SECONDS * 1.2)
        except DirectoryDown:
            self._note(failed=True)
            raise
        finally:
            with self._lock:
                if self._asked.get(ext_user_id) is future:
                    del self._asked[ext_user_id]
        self._note(failed=False)
        return record

    @property
    def is_closed(self) -> bool:
        return self._closed_until > time.monotonic()

    def _begin(self, directory: Directory, ext_user_id: str) -> "Future[Any]":
        with self._lock:
            if self.is_closed:
                raise DirectoryDown("it did not answer a moment ago")
            if self._failures >= FAILURES:
                self._closed_until = time.monotonic() + PAUSE_SECONDS
            future = self._asked.get(ext_user_id)
            if future is None:
                future = self._asked[ext_user_id] = directory.ask(ext_user_id)
            return future

    def _note(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            is_down = self._failures >= FAILURES
            self._closed_until = time.monotonic() + PAUSE_SECONDS if is_down else 0.0


_doors: dict[int, Door] = {}


def door_of(label_id: int) -> Door:
    return _doors.setdefault(label_id, Door())


def forget() -> None:
    """Opens all of them."""
    _doors.clear()
