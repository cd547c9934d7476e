"""So many requests of one key in a second, counted in the database for all processes and machines.

A bucket that holds one second's requests and fills steadily. It is one number, up to which moment
requests are spoken for; each one moves it on by a step, in one statement. A process that was told
the bucket is empty asks again when a request may be in it: a flood costs memory look-ups.
"""

import logging
import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from django.db import DatabaseError, connection

from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.together import Lanes
from gateway_project.lib.transactions import writing
from gateways.models import Allowance
from gateways.values import KeyValues

logger = logging.getLogger(__name__)

SECOND = 1_000_000
"""In microseconds, which are the unit of all whole numbers here."""
BURST = SECOND
FURTHEST = 2 * SECOND
"""What is spent up to a moment further off was written before the clock was set back."""
TABLE = Allowance._meta.db_table

# Who crashes may lose what was counted in the last moment: no request waits for the disk.
UNHURRIED = {
    "postgresql": "WITH unhurried AS (SELECT set_config('synchronous_commit', 'off', true)) ",
    "sqlite": "WITH unhurried AS (SELECT 1) ",
}
SPEND = (
    "UPDATE {table} SET spent_until = "
    "CASE WHEN spent_until BETWEEN {now} AND {now} + {furthest} THEN spent_until ELSE {now} END"
    " + %s FROM unhurried WHERE key_id = %s "
    "AND spent_until NOT BETWEEN {now} + %s AND {now} + {furthest} RETURNING spent_until - {now}"
)
LOOK = "SELECT spent_until - {now} FROM {table} WHERE key_id = %s"

_empty_until: dict[int, float] = {}
"""By key, in the time of this process."""
forget = _empty_until.clear


@dataclass(frozen=True, slots=True)
class Spent:
    """One request, counted: whether it is within the limit, how many more would be, and in how
    many seconds the bucket is full again, or where it is empty, has one in it."""

    is_within: bool
    left: int
    seconds: float


def keep_within(key: KeyValues) -> None:
    """Raises Refused for a request beyond the key's limit. A key without one costs nothing."""
    spent = spend(key.id, key.rate_per_second) if key.rate_per_second else None
    if spent is not None and not spent.is_within:
        seconds = math.ceil(spent.seconds)
        text = f"rate limited: try again in {seconds} second{'s' * (seconds != 1)}"
        raise Refused(ErrorCode.RATE_LIMITED, text)


def spend(key_id: int, rate: int) -> Spent | None:
    """Counts a request of the key, which has `rate` a second. None: it could not be counted, which
    is no reason to refuse it."""
    if (wait := _empty_until.get(key_id, 0.0) - time.monotonic()) > 0:
        return Spent(False, 0, wait)
    try:
        spent = _spend_in_turn((key_id, rate))
    except DatabaseError as error:
        logger.warning("requests are not counted: %s", type(error).__name__)
        return None
    if not spent.is_within:
        _empty_until[key_id] = time.monotonic() + spent.seconds
    return spent


def _spend_each(asked: Sequence[tuple[int, int]]) -> list[Spent]:
    """For requests of one key. Once the bucket is empty, it is for the rest of them."""
    spent: list[Spent] = []
    for key_id, rate in asked:
        is_empty = bool(spent) and not spent[-1].is_within
        spent.append(spent[-1] if is_empty else _spend(key_id, rate))
    return spent


_spend_in_turn = Lanes(_spend_each, lambda asked: asked[0])
"""The threads that work with the database are everybody's: a key has one of them at a time."""


def _spend(key_id: int, rate: int) -> Spent:
    step = SECOND // rate
    ahead = _moved_on(key_id, step)
    if ahead is not None:
        return Spent(True, max(BURST - ahead, 0) // step, ahead / SECOND)
    spoken_for = _spoken_for(key_id)
    if spoken_for is None:
        Allowance.objects.get_or_create(key_id=key_id)
    elif (wait := spoken_for + step - BURST) > 0:
        return Spent(False, 0, wait / SECOND)
    return _spend(key_id, rate)  # there is room since a moment ago


def _moved_on(key_id: int, step: int) -> int | None:
    """How far ahead of now requests are spoken for, with this one; None where there is no room."""
    statement = UNHURRIED[connection.vendor] + _told(SPEND)
    with _turn(), connection.cursor() as cursor:
        cursor.execute(statement, [step, key_id, BURST - step + 1])
        rows = cursor.fetchall()
    return rows[0][0] if rows else None


def _turn() -> AbstractContextManager[None]:
    """A database server needs no transaction around one statement."""
    return writing() if connection.vendor == "sqlite" else nullcontext()


def _spoken_for(key_id: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_told(LOOK), [key_id])
        rows = cursor.fetchall()
    return rows[0][0] if rows else None


def _told(statement: str) -> str:
    return statement.format(table=TABLE, now=clock(), furthest=FURTHEST)


def clock() -> str:
    """Now, in SQL: the database server's time; on SQLite, which has none, this process's."""
    if connection.vendor == "sqlite":
        return str(time.time_ns() // 1_000)
    return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
