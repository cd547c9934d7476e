"""The database's clock: the one all processes share, and the one due times are held against."""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models.expressions import Combinable
from django.db.models.functions import Now


def database_now() -> datetime:
    """The database server's time; on SQLite, which has no clock of its own, this process's."""
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def moment(after: timedelta = timedelta(0)) -> datetime | Combinable:
    """The database's time, `after` later, as a value to write: without asking for it first."""
    if connection.vendor == "sqlite":
        return datetime.now(UTC) + after
    return Now() + after if after else Now()
