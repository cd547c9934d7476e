"""Drains: the loops that take due rows out of the database, act on them and write what came of it.

The database is the queue. A drain of one key (a gateway, a callback lane) claims only what it can
start at once, keeps that many in the air, and settles whatever has finished together, so a slow
peer occupies its own slots and holds nobody else up.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
LINGER_SECONDS = 0.1
TURN_SECONDS = 20.0
IDLE_SECONDS = 0.02

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
"""What is started as one: a message, a batch of them, a callback delivery."""


class Work(Protocol[Item]):
    """What a drain does for one key. All methods run in the drain's own thread."""

    concurrency: int

    def claim(self, free: int) -> Sequence[Item]:
        """Leases at most `free` due items in one transaction and marks them started."""

    def start(self, item: Item) -> Future[Any]:
        """Sets the item going and returns at once."""

    def settle(self, finished: Sequence[tuple[Item, Future[Any]]]) -> None:
        """Writes the outcomes in one transaction. Never raises for one item's failure."""

    def renew(self, items: Iterable[Item]) -> None:
        """Prolongs the leases of what is still in the air."""

    def close(self) -> None:
        """Lets go of what was kept open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """A kind of drain. `due` names the keys with due rows; `open` makes the work of one key."""

    name: str
    due: Callable[[], Iterable[str]]
    open: Callable[[str], Work[Any]]


DRAINS: dict[str, Drain] = {}
"""Every kind of drain by its name; the apps' `tasks.py` put them here."""


def register(drain: Drain) -> None:
    DRAINS[drain.name] = drain


def skipping_locked(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The rows locked for this transaction, without those that another worker is claiming.

    SQLite has no row locks: there the IMMEDIATE transaction around the claim is the lock.
    """
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True, of=("self",))
    return rows


def run(
    name: str,
    key: str,
    *,
    stop: threading.Event | None = None,
    linger: float = LINGER_SECONDS,
    turn: float = TURN_SECONDS,
) -> int:
    """Drains one key until nothing has been due for `linger` seconds or `stop` is set.

    After `turn` seconds it claims no more, so that other keys have theirs. What is in the air is
    always waited for and settled. Returns how many items were settled.
    """
    work = DRAINS[name].open(key)
    try:
        return _drain(work, stop or threading.Event(), linger, turn)
    finally:
        work.close()


def _drain(work: Work[Any], stop: threading.Event, linger: float, turn: float) -> int:
    done: queue.SimpleQueue[tuple[Any, Future[Any]]] = queue.SimpleQueue()
    in_the_air: dict[int, Any] = {}
    settled = 0
    began_at = busy_at = renewed_at = time.monotonic()
    while True:
        now = time.monotonic()
        claimed: Sequence[Any] = ()
        is_ending = stop.is_set() or now - began_at >= turn
        if not is_ending and len(in_the_air) < work.concurrency:
            claimed = work.claim(work.concurrency - len(in_the_air))
        for item in claimed:
            in_the_air[id(item)] = item
            work.start(item).add_done_callback(partial(_put, done, item))
        finished = _collect(done, timeout=IDLE_SECONDS)
        if finished:
            work.settle(finished)
            settled += len(finished)
            for item, _ in finished:
                del in_the_air[id(item)]
        if claimed or finished or in_the_air:
            busy_at = now
        elif is_ending or now - busy_at >= linger:
            return settled
        if in_the_air and now - renewed_at >= HEARTBEAT_SECONDS:
            work.renew(in_the_air.values())
            renewed_at = now


def _put(
    done: "queue.SimpleQueue[tuple[Any, Future[Any]]]", item: object, future: Future[Any]
) -> None:
    done.put((item, future))


def _collect(
    done: "queue.SimpleQueue[tuple[Any, Future[Any]]]", timeout: float
) -> list[tuple[Any, Future[Any]]]:
    """Everything that has finished; waits for the first at most `timeout` seconds."""
    finished: list[tuple[Any, Future[Any]]] = []
    try:
        finished.append(done.get(timeout=timeout))
        while True:
            finished.append(done.get_nowait())
    except queue.Empty:
        return finished
