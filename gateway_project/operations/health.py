"""Whether this process lives, and whether it can do its work: for load balancers and scripts."""

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from gateway_project.lib.clock import database_now, skew_seconds
from gateway_project.operations.lateness import TOO_LATE, lateness

BROKER_SECONDS = 2
MOST_SKEW_SECONDS = 30.0

OK = "ok"
NOT_ASKED = "not asked"


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing: a lost database is no reason to restart it."""
    return JsonResponse({"status": "live"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 where everything the gateway stands on can be reached, else 503 and what cannot.

    What waits for too long, and a clock that is wrong, are named. They make it 503 only where
    `?strict` asks for that: a load balancer that took the web servers away would keep nothing from
    waiting, and have Smartico turned away.
    """
    found = look()
    weighed = LOOKS if "strict" in request.GET else FOUNDATIONS
    is_ready = {found[name] for name in weighed} == {OK}
    status = "ready" if is_ready else "not ready"
    return JsonResponse({"status": status, **found}, status=200 if is_ready else 503)


def look() -> dict[str, str]:
    """What is found of each. A database that is away is not waited for twice."""
    found: dict[str, str] = {}
    for name in LOOKS:
        is_lost = found.get("database", OK) != OK and name != "broker"
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
    if settings.BROKER_URL:
        from gateway_project.celery import app

        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
    return OK


def _oldest_due() -> str:
    late = lateness(database_now())
    return OK if late <= TOO_LATE else f"late by {late.total_seconds():.0f} s"


def _clock() -> str:
    skew = skew_seconds()
    return OK if abs(skew) <= MOST_SKEW_SECONDS else f"off by {skew:.0f} s"


FOUNDATIONS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
}
LOOKS: dict[str, Callable[[], str]] = {**FOUNDATIONS, "oldest_due": _oldest_due, "clock": _clock}
