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

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)

DATABASE_TROUBLE = (OperationalError, InterfaceError)
HEARTBEAT_SECONDS = 15.0
RECOVERY_SECONDS = 0.5
SETTLE_SECONDS = 45.0
"""How long an outcome is held in memory for a database that is away: less than a lease."""
LINGER_SECONDS = 0.1
TURN_SECONDS = 20.0
IDLE_SECONDS = 0.02

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
"""What is started as one: a message, a batch of them, a callback delivery."""
Finished = tuple[Any, Future[Any]]


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
        return _Loop(work, stop or threading.Event(), linger, turn).run()
    finally:
        work.close()


class _Loop:
    """One drain at work. A database in trouble costs it time, never what is in the air."""

    def __init__(self, work: Work[Any], stop: threading.Event, linger: float, turn: float) -> None:
        self.work, self.stop, self.linger = work, stop, linger
        self.done: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self.in_the_air: dict[int, Any] = {}
        self.settled = 0
        self.busy_at = self.renewed_at = time.monotonic()
        self.ends_at = self.busy_at + turn

    def run(self) -> int:
        while True:
            has_claimed = self._claim()
            finished = self._collect()
            self._settle(finished)
            now = time.monotonic()
            if has_claimed or finished or self.in_the_air:
                self.busy_at = now
            elif self._is_ending() or now - self.busy_at >= self.linger:
                return self.settled
            if self.in_the_air and now - self.renewed_at >= HEARTBEAT_SECONDS:
                self._renew()
                self.renewed_at = now

    def _is_ending(self) -> bool:
        return self.stop.is_set() or time.monotonic() >= self.ends_at

    def _claim(self) -> bool:
        free = self.work.concurrency - len(self.in_the_air)
        if free <= 0 or self._is_ending():
            return False
        try:
            claimed = self.work.claim(free)
        except DATABASE_TROUBLE:
            if not self.in_the_air:
                raise
            _recover("claim")
            return False
        for item in claimed:
            self.in_the_air[id(item)] = item
            self.work.start(item).add_done_callback(partial(self._put, item))
        return bool(claimed)

    def _put(self, item: object, future: Future[Any]) -> None:
        self.done.put((item, future))

    def _collect(self) -> list[Finished]:
        """Everything that has finished; waits a moment for the first."""
        finished: list[Finished] = []
        try:
            finished.append(self.done.get(timeout=IDLE_SECONDS))
            while True:
                finished.append(self.done.get_nowait())
        except queue.Empty:
            return finished

    def _settle(self, finished: Sequence[Finished]) -> None:
        if not finished:
            return
        self._settle_surely(finished, give_up_at=time.monotonic() + SETTLE_SECONDS)
        self.settled += len(finished)
        for item, _ in finished:
            del self.in_the_air[id(item)]

    def _settle_surely(self, finished: Sequence[Finished], *, give_up_at: float) -> None:
        """An outcome that is not written would be sent again, or parked: it is worth patience."""
        try:
            self.work.settle(finished)
        except DATABASE_TROUBLE:
            if time.monotonic() >= give_up_at:
                raise
            _recover("settle")
            self._settle_surely(finished, give_up_at=give_up_at)
        except Exception:
            # One item that cannot be written must not take the others with it.
            if len(finished) == 1:
                logger.exception("an outcome could not be written; its lease will run out")
                return
            for one in finished:
                self._settle_surely([one], give_up_at=give_up_at)

    def _renew(self) -> None:
        try:
            self.work.renew(self.in_the_air.values())
        except DATABASE_TROUBLE:
            _recover("renew")


def _recover(doing: str) -> None:
    """After trouble with the database: a new connection, a little later."""
    logger.error("the database could not be reached to %s; trying again", doing)
    if not connection.in_atomic_block:
        connection.close()
    time.sleep(RECOVERY_SECONDS)
