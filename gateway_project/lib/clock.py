"""The database's clock: the one all processes share, and the one due times are held against."""

from datetime import UTC, datetime
from typing import cast

from django.db import connection
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from gateway_project.lib import prepared


def database_now() -> datetime:
    """The database server's time; on SQLite, which has no clock of its own, this process's."""
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    ((now,),) = prepared.rows("SELECT clock_timestamp()")
    return cast(datetime, now)


def skew_seconds() -> float:
    """This machine's clock, less the database's."""
    if connection.vendor == "sqlite":
        return 0.0
    return (datetime.now(UTC) - database_now()).total_seconds()


def moment() -> datetime | Combinable:
    """The database's time as a value to write, and to add to, without asking for it first."""
    return datetime.now(UTC) if connection.vendor == "sqlite" else Now()
