"""Django's `migrate`, for a house that goes on working meanwhile."""

import time
from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError, connection

LOCK_SECONDS = 5
TRIES = 12
PAUSE_SECONDS = 5.0
LOCK_NOT_AVAILABLE = "55P03"


class Command(migrate.Command):
    help = "Brings the database up to date. Gives way to who holds a table, and tries again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Whoever waits for a lock makes all others wait behind it: so not for long."""
        for tries_left in reversed(range(TRIES)):
            try:
                with connection.cursor() as cursor:
                    _wait_at_most(cursor, LOCK_SECONDS)
                super().handle(*args, **options)
            except OperationalError as error:
                if not tries_left or _code(error) != LOCK_NOT_AVAILABLE:
                    raise
                self.stderr.write("Somebody holds a table; trying again.")
                time.sleep(PAUSE_SECONDS)
            else:
                return
            finally:
                with connection.cursor() as cursor:
                    _wait_at_most(cursor, 0)


def _wait_at_most(cursor: Any, seconds: float) -> None:
    if connection.vendor == "postgresql":
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{seconds * 1000:.0f}"])


def _code(error: OperationalError) -> str | None:
    """PostgreSQL's own, where the error is one of it."""
    return getattr(error.__cause__, "sqlstate", None)
