"""Rounds: one drain at work, a round at a time, waiting for nothing in between."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol, TypeVar

from gateway_project.lib.connections import DATABASE_TROUBLE, give_up
from gateway_project.lib.futures import failed
from gateway_project.lib.journal import about
from gateway_project.lib.leases import RENEW_SECONDS

logger = logging.getLogger(__name__)

RECOVERY_SECONDS = 0.5
SHORTEST_PAUSE = 0.02
LONGEST_PAUSE = 0.32
COMPANY_SECONDS = 0.01
"""How long a few wait at most for others that can be claimed or settled with them: a statement for
fifty rows costs the database little more than one for a single row."""

Item = TypeVar("Item")
"""What is started as one: a message, a batch of them, a callback delivery."""
Finished = tuple[Any, Future[Any]]


class Work(Protocol[Item]):
    """What a drain does for one key. One method runs at a time, on any thread."""

    @property
    def concurrency(self) -> int:
        """Most items in the air. May ask the database."""

    @property
    def is_paced(self) -> bool:
        """Whether rows may be due although none was claimed: they leave at a measured rate. May ask
        the database."""

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


class Rounds:
    """A drain's rounds. A database in trouble costs it time, never what is in the air.

    `wake` is called, from any thread, when something has finished that a round could settle.
    """

    def __init__(
        self, work: Work[Any], *, stop: threading.Event, wake: Callable[[], None], linger: float
    ) -> None:
        self._work, self._stop, self._wake, self._linger = work, stop, wake, linger
        self._done: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._unwritten: list[Finished] = []
        self._in_the_air: dict[int, Any] = {}
        self._pause = SHORTEST_PAUSE
        self._in_trouble = False
        self._busy_at = self._renewed_at = self._resumes_at = time.monotonic()
        self._is_called = False
        self._waits_since: float | None = None
        self._rests_until = 0.0
        self.settled = 0

    def round(self) -> float | None:
        """Settles what has finished and claims what there is room for.

        Returns in how many seconds the next round is wanted at the latest; None where the drain is
        over, since nothing has been due for a while or `stop` is set. While something is in the
        air it never is. Raises what a claim raises, if there is nothing in the air.
        """
        self._is_called = False
        if time.monotonic() < self._resumes_at:
            return RECOVERY_SECONDS
        if (wait := self._wait_for_company()) > 0:
            return wait
        self._waits_since = None
        has_settled = self._settle()
        has_claimed = self._claim()
        self._keep_leases()
        now = time.monotonic()
        if has_claimed or has_settled:
            self._busy_at, self._pause = now, SHORTEST_PAUSE
            return 0.0
        if self._in_the_air:
            return self._next_pause()
        is_over = self._stop.is_set() or now - self._busy_at >= self._linger
        return None if is_over else SHORTEST_PAUSE

    def close(self) -> None:
        self._work.close()

    def _wait_for_company(self) -> float:
        """For how many more seconds nothing is done: little was due a moment ago, or most is still
        in the air. What becomes due or comes down meanwhile is claimed and settled with the rest.
        """
        if self._stop.is_set():
            return 0.0
        now = time.monotonic()
        if now < self._rests_until:
            return self._rests_until - now
        has_rested, self._rests_until = bool(self._rests_until), 0.0
        if has_rested or not self._is_worth_waiting():
            return 0.0
        self._waits_since = self._waits_since or now
        return self._waits_since + COMPANY_SECONDS - now

    def _is_worth_waiting(self) -> bool:
        return 0 < 2 * self._done.qsize() <= len(self._in_the_air)

    def _next_pause(self) -> float:
        """Grows while nothing happens: a drain that only waits for its peer costs next to nothing.
        What becomes due meanwhile is kicked or swept into a round."""
        pause = self._pause
        try:
            is_paced = self._work.is_paced
        except DATABASE_TROUBLE as error:
            self._recover("look at the rate", error)
            return RECOVERY_SECONDS
        if not is_paced:
            self._pause = min(2 * pause, LONGEST_PAUSE)
        return pause

    def _claim(self) -> bool:
        if self._stop.is_set():
            return False
        try:
            free = self._work.concurrency - len(self._in_the_air)
            claimed = self._work.claim(free) if free > 0 else ()
        except Exception as error:
            if not self._in_the_air:
                raise
            self._recover("claim", error)
            return False
        if 0 < len(claimed) < free:
            self._rests_until = time.monotonic() + COMPANY_SECONDS
        for item in claimed:
            self._in_the_air[id(item)] = item
            self._started(item).add_done_callback(partial(self._put, item))
        return bool(claimed)

    def _started(self, item: object) -> Future[Any]:
        """What cannot be started is over, and settled like the rest: it is leased."""
        try:
            return self._work.start(item)
        except Exception as error:  # noqa: BLE001  one item's fault must not take the others along
            return failed(error)

    def _put(self, item: object, future: Future[Any]) -> None:
        self._done.put((item, future))
        comes_soon = self._waits_since is not None and self._is_worth_waiting()
        if not self._is_called and not comes_soon and time.monotonic() >= self._rests_until:
            self._is_called = True
            self._wake()

    def _settle(self) -> bool:
        """Writes the outcomes. Those that the database does not take are kept until it does: what
        is not written would be sent again, or parked."""
        while not self._done.empty():
            self._unwritten.append(self._done.get())
        if not self._unwritten:
            return False
        try:
            self._write(self._unwritten)
        except DATABASE_TROUBLE as error:
            self._recover("settle", error)
            return False
        finally:
            in_the_air = self._in_the_air
            self._unwritten = [one for one in self._unwritten if id(one[0]) in in_the_air]
        self._work_goes_on()
        return True

    def _write(self, finished: Sequence[Finished]) -> None:
        try:
            self._work.settle(finished)
        except DATABASE_TROUBLE:
            raise
        except Exception:
            # One item that cannot be written must not take the others with it.
            if len(finished) > 1:
                for one in finished:
                    self._write([one])
                return
            with about(*getattr(finished[0][0], "message_ids", ())):
                logger.exception("an outcome could not be written; its lease will run out")
        self.settled += len(finished)
        for item, _ in finished:
            del self._in_the_air[id(item)]

    def _keep_leases(self) -> None:
        now = time.monotonic()
        if not self._in_the_air or now - self._renewed_at < RENEW_SECONDS:
            return
        try:
            self._work.renew(self._in_the_air.values())
            self._renewed_at = now
        except DATABASE_TROUBLE as error:
            self._recover("renew", error)

    def _recover(self, doing: str, error: Exception) -> None:
        """Goes on a little later. Logged once, until outcomes are written again."""
        if not self._in_trouble:
            logger.error("could not %s (%s); trying again", doing, type(error).__name__)
        self._in_trouble = True
        self._resumes_at = time.monotonic() + RECOVERY_SECONDS
        if isinstance(error, DATABASE_TROUBLE):
            give_up(error)

    def _work_goes_on(self) -> None:
        if self._in_trouble:
            logger.info("outcomes are written again")
        self._in_trouble = False
