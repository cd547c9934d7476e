"""Whether this process lives, and whether it can do its work: for load balancers and scripts."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.log import log_response
from django.views.decorators.http import require_safe

from gateway_project.lib.clock import database_now, skew_seconds
from gateway_project.lib.fibers import stuck_for
from gateway_project.operations.lateness import TOO_LATE, lateness

logger = logging.getLogger(__name__)

BROKER_SECONDS = 2
BROKER_KEPT_SECONDS = 10.0
"""However often it is asked for, a process calls the broker no more often."""
MOST_SKEW_SECONDS = 30.0
MOST_STUCK_SECONDS = 5.0

WITHOUT_DATABASE = ("calls", "broker")

OK = "ok"
NOT_ASKED = "not asked"
READY, DEGRADED, NOT_READY = "ready", "degraded", "not ready"


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing: a lost database is no reason to restart it."""
    return JsonResponse({"status": "live"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 where all that accepting stands on can be reached, else 503 and what cannot.

    A broker that is away, what waits for too long and a clock that is wrong are named: "degraded".
    They make it 503 only where `?strict` asks for that: a load balancer that took the web servers
    away would keep nothing from waiting, and have Smartico turned away.
    """
    found = look()
    _tell_of_change(found)
    status = _standing(found, is_strict="strict" in request.GET)
    code = HTTPStatus.SERVICE_UNAVAILABLE if status == NOT_READY else HTTPStatus.OK
    answer = JsonResponse({"status": status, **found}, status=code)
    # Or Django would log every one of them as an error.
    log_response("%s", status, response=answer, request=request, logger=logger, level="debug")
    return answer


def _standing(found: Mapping[str, str], *, is_strict: bool) -> str:
    if all(said == OK for said in found.values()):
        return READY
    stands = all(found[name] == OK for name in FOUNDATIONS)
    return DEGRADED if stands and not is_strict else NOT_READY


_told: frozenset[str] = frozenset()


def _tell_of_change(found: Mapping[str, str]) -> None:
    """One line for each trouble that begins, and one when there is none any more."""
    global _told
    troubles = frozenset(name for name, said in found.items() if said not in (OK, NOT_ASKED))
    before, _told = _told, troubles
    for name in sorted(troubles - before):
        level = logging.ERROR if name in FOUNDATIONS else logging.WARNING
        logger.log(level, "health: %s: %s", name, found[name])
    if before and not troubles:
        logger.info("health: all is well again")


def forget() -> None:
    """What was said and what the broker was found to be."""
    global _broker_look, _told
    _broker_look, _told = BrokerLook(), frozenset()


def look() -> dict[str, str]:
    """What is found of each. A database that is away is not waited for twice."""
    found: dict[str, str] = {}
    for name in LOOKS:
        is_lost = found.get("database", OK) != OK and name not in WITHOUT_DATABASE
        found[name] = NOT_ASKED if is_lost else look_at(name)
    return found


def look_at(name: str) -> str:
    """OK, or in a word what is wrong."""
    try:
        return LOOKS[name]()
    except Exception as error:  # noqa: BLE001  whatever a database's or broker's client may raise
        return type(error).__name__


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        connection.close()
        raise
    return OK


_migrated = False


def _migrations() -> str:
    """Once seen applied they stay so: nobody unmakes tables under a running process."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return OK if _migrated else "not applied"


def _broker() -> str:
    return _broker_look.said() if settings.BROKER_URL else OK


class BrokerLook:
    """What came of calling the broker, kept for a while: a probe is no reason to connect anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._said, self._until = OK, 0.0

    def said(self) -> str:
        with self._lock:
            if self._clock() >= self._until:
                self._said = self._call()
                self._until = self._clock() + BROKER_KEPT_SECONDS
            return self._said

    def _call(self) -> str:
        from gateway_project.celery import app

        try:
            with app.connection_for_write() as broker:
                broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
        except Exception as error:  # noqa: BLE001  whatever a broker's client may raise
            return type(error).__name__
        return OK


_broker_look = BrokerLook()


def _oldest_due() -> str:
    late = lateness(database_now())
    return OK if late <= TOO_LATE else f"late by {late.total_seconds():.0f} s"


def _clock() -> str:
    skew = skew_seconds()
    return OK if abs(skew) <= MOST_SKEW_SECONDS else f"off by {skew:.0f} s"


def _calls() -> str:
    stuck = stuck_for()
    return OK if stuck < MOST_STUCK_SECONDS else f"one has held up all others for {stuck:.0f} s"


FOUNDATIONS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "calls": _calls,
}
"""What accepting stands on. It needs no broker: sweeps find what no kick tells of."""
LOOKS: dict[str, Callable[[], str]] = {
    **FOUNDATIONS,
    "broker": _broker,
    "oldest_due": _oldest_due,
    "clock": _clock,
}
