"""Whether the database server lets in all connections that the house may open."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from gateway_project.lib import answering
from gateway_project.operations import front_door, runner
from gateway_project.operations.doctor.findings import About, Finding
from gateway_project.operations.processes import one_for_each_core
from gateway_project.operations.pulse import alive

NAME = "Connections"
OF_WORKER = runner.THREADS + 3
"""Beside those that drain: the sweep's, the pulse's, and of the thread that began."""
OF_SCHEDULER = 2
"""The clock's, and that of the alerts."""
LET_IN = """
    SELECT LEAST(
        current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - COALESCE(current_setting('reserved_connections', true)::int, 0),
        (SELECT NULLIF(rolconnlimit, -1) FROM pg_roles WHERE rolname = session_user),
        (SELECT NULLIF(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
    )
"""


def connections(about: About) -> Iterator[Finding]:
    """Of one `serve` with the processes of this machine, and of all workers that give signs of
    life, or where there are fewer, of one `worker` of this machine."""
    if connection.vendor != "postgresql":
        return
    cores, let_in = one_for_each_core(), allowed()
    workers = max(cores, alive("worker"))
    most = opened(cores, workers)
    text = (
        f"up to {most} of the {let_in} that the database lets in: web {cores} x {of_web()}, "
        f"workers {workers} x {OF_WORKER}, scheduler {OF_SCHEDULER}"
    )
    if most <= let_in:
        yield about.good(NAME, text)
        return
    yield about.attention(
        NAME,
        text,
        f"Raise max_connections of PostgreSQL to {round_up(most)} or more and restart it (or the "
        "limit of the role or the database, where that is lower), or start fewer processes "
        "(--processes), or lower WEB_THREADS. Each further machine comes on top of it.",
    )


def opened(web: int, workers: int) -> int:
    """Most connections of so many processes."""
    return web * of_web() + workers * OF_WORKER + OF_SCHEDULER


def of_web() -> int:
    """One for each thread, for each long answer that is made, and that by which counts are
    written."""
    return front_door.threads_of(settings.WEB_THREADS) + answering.MADE_AT_ONCE + 1


def allowed() -> int:
    """How many connections this user may have, all of the house together."""
    with connection.cursor() as cursor:
        cursor.execute(LET_IN)
        return int(cursor.fetchone()[0])


def round_up(most: int) -> int:
    """With room for a restart, in which old and new processes overlap."""
    return (most * 3 // 2 + 99) // 100 * 100
