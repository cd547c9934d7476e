"""Whether this process lives, and whether it can do its work: for load balancers and scripts."""

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

BROKER_SECONDS = 2

OK = "ok"


def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing: a lost database is no reason to restart it."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 where everything the gateway stands on can be reached, else 503 and what cannot."""
    found = {name: look_at(name) for name in LOOKS}
    is_ready = set(found.values()) == {OK}
    status = "ready" if is_ready else "not ready"
    return JsonResponse({"status": status, **found}, status=200 if is_ready else 503)


def look_at(name: str) -> str:
    """OK, or in a word what is wrong with the database, the migrations or the broker."""
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


LOOKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
}
