"""The drain of uploaded files: the workers import them, a second's worth in each turn."""

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.connections import DATABASE_TROUBLE
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.leases import LEASE
from gateway_project.lib.transactions import writing
from users.imports.models import ImportRun, ImportState
from users.imports.running import Overtaken, Running, refuse
from users.imports.uploads import opened
from users.reading import BadFile

logger = logging.getLogger(__name__)

DRAIN: Final = "import"
TURN_SECONDS: Final = 1.0
BATCH: Final = 250
"""Lines in a transaction: few, as a database with one writer keeps the senders waiting so long."""
SEALED_SHUT: Final = "no key opens the uploaded file any more: upload it again"
UNFORESEEN: Final = "the gateway met an error of its own, which its log names"


def due_runs() -> list[str]:
    """The runs, as drain keys, that a worker is to go on with."""
    return [str(pk) for pk in _due().values_list("pk", flat=True)]


def _due() -> "QuerySet[ImportRun]":
    return ImportRun.objects.filter(state=ImportState.RUNNING, due_at__lte=moment())


class ImportWork:
    """Goes on with one run. A claim moves `due_at` behind the lease, the end of a turn back."""

    concurrency = 1
    is_paced = False

    def __init__(self, key: str) -> None:
        self._run_id = UUID(key)
        self._running: Running | None = None

    def claim(self, free: int) -> list[Running]:
        with writing():
            run = skipping_locked(_due().filter(pk=self._run_id)).first()
            if run is None:
                return []
            self._put_off(LEASE)
        if self._running is None or self._running.run.line != run.line:
            self._running = Running(run, opened(run), batch=BATCH)
        return [self._running]

    def start(self, item: Running) -> "Future[None]":
        """Works at once: it waits for nobody but the database."""
        until = time.monotonic() + TURN_SECONDS
        while item.step() and time.monotonic() < until:
            pass
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def settle(self, finished: Sequence[tuple[Running, "Future[None]"]]) -> None:
        for running, future in finished:
            error = future.exception()
            if error is not None:
                self._running = None
                self._fail(running.run, error)
            else:
                self._put_off(timedelta())

    def renew(self, items: Iterable[Running]) -> None:
        """A turn is shorter than the lease."""

    def close(self) -> None:
        self._running = None

    def _fail(self, run: ImportRun, error: BaseException) -> None:
        """What the database refuses now is tried again when the lease runs out."""
        if isinstance(error, (Overtaken, *DATABASE_TROUBLE)):
            return
        if isinstance(error, BadFile):
            refuse(run, error)
            return
        logger.error("import %s broke off: %s", run.pk, type(error).__name__)
        refuse(run, SEALED_SHUT if isinstance(error, Undecryptable) else UNFORESEEN)

    def _put_off(self, by: timedelta) -> None:
        """Only while it runs: what has ended is not due."""
        runs = ImportRun.objects.filter(pk=self._run_id, state=ImportState.RUNNING)
        runs.update(due_at=database_now() + by)
