"""Telling a label's people what needs them: once, together, and again when it is solved."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import connections

from gateway_project.lib.alone import AlreadyAtWork, alone
from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.metrics import ALERTS_TOLD
from gateway_project.operations import drains
from gateway_project.operations.alerts.causes import causes
from gateway_project.operations.alerts.standing import News, news, note, note_told
from gateway_project.operations.alerts.ways import NotTold, Way, ways_of
from gateway_project.operations.alerts.words import notice_of

logger = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0
AT_ONCE = 32
"""Labels told at a time: who does not answer keeps nobody else waiting."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What a label's people are being told, and since when."""

    found: News
    begun_at: datetime


class Telling:
    """Looks what is the matter and has it told. Who cannot be reached is tried again, ever later;
    who takes long is told nothing else meanwhile, and keeps nobody else waiting."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pauses: dict[int, float] = {}
        self._not_before: dict[int, float] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="alerts")
        self._under_way: dict[Future[bool | None], UnderWay] = {}

    @property
    def is_under_way(self) -> bool:
        return bool(self._under_way)

    def look(self, now: datetime) -> None:
        """Begins to tell whatever is new."""
        note(causes(now), now)
        for each in news(now):
            if self._may_be_told(each.label.pk):
                self._under_way[self._pool.submit(tell, each)] = UnderWay(each, now)

    def wait(self, seconds: float) -> None:
        """Until all that is under way is told, so long at most, and writes down what was. Raises
        what broke, once the others' is written down."""
        ended: list[Future[bool | None]] = []
        with suppress(TimeoutError):
            for told in as_completed(self._under_way, timeout=seconds):
                ended.append(told)
                if told.exception() is None:
                    self._learn(self._under_way[told], told.result())
        for told in ended:
            del self._under_way[told]
        for told in ended:
            told.result()

    def _may_be_told(self, label_id: int) -> bool:
        is_being_told = any(each.found.label.pk == label_id for each in self._under_way.values())
        return not is_being_told and self._clock() >= self._not_before.get(label_id, 0.0)

    def _learn(self, told: UnderWay, is_told: bool | None) -> None:
        label_id = told.found.label.pk
        if is_told is None:
            return
        if is_told:
            note_told(told.found, told.begun_at)
            self._pauses.pop(label_id, None)
            return
        pause = self._pauses.get(label_id, FIRST_PAUSE_SECONDS)
        self._pauses[label_id] = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self._not_before[label_id] = self._clock() + pause


def tell(found: News) -> bool | None:
    """By all ways that the label names; whether it got through by one of them. None: it names none.

    Somebody has been told then; what does not work is logged, counted, and found by the doctor.
    """
    try:
        ways = list(ways_of(found.label))
    except Undecryptable:
        logger.error("label %s: its alerts cannot be decrypted", found.label.slug)
        return False
    outcomes = [_is_told(way, found) for way in ways]
    return any(outcomes) if outcomes else None


def _is_told(way: Way, found: News) -> bool:
    slug = found.label.slug
    try:
        way.tell(notice_of(found))
    except NotTold as problem:
        logger.error("label %s: its alerts are not told by %s: %s", slug, way.name, problem)
        ALERTS_TOLD.labels(slug, way.name, "failed").inc()
        return False
    ALERTS_TOLD.labels(slug, way.name, "told").inc()
    return True


class Alerting:
    """A duty of the clock that keeps nobody waiting: mail servers take their time. Of several
    schedulers one tells."""

    def __init__(self) -> None:
        self._telling = Telling()
        self._thread: threading.Thread | None = None
        self._due_at = 0.0
        self._works = True

    def __call__(self) -> None:
        is_at_work = self._thread is not None and self._thread.is_alive()
        if is_at_work or time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + EVERY_SECONDS
        self._thread = threading.Thread(target=self.work, name="alerts", daemon=True)
        self._thread.start()

    def work(self) -> None:
        """One round, in a thread of its own."""
        try:
            with alone("alerts"):
                self._look()
            self._works = True
        except AlreadyAtWork:
            pass
        except Exception as error:  # noqa: BLE001  whatever it is, it is looked again
            if self._works:
                logger.error("alerts broke: %s", drains.where(error))
            self._works = False
        finally:
            connections.close_all()

    def _look(self) -> None:
        """And again, for as long as somebody takes their time."""
        while True:
            self._telling.look(database_now())
            self._telling.wait(EVERY_SECONDS)
            if not self._telling.is_under_way:
                return
