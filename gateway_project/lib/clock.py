"""The database's clock: the one all processes share, and the one due times are held against."""

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """The database server's time; on SQLite, which has no clock of its own, this process's."""
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
