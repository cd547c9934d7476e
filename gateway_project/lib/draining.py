"""Drains: what takes due rows out of the database, acts on them and writes what came of it.

The database is the queue. A drain of one key (a gateway, a callback lane) claims only what it can
start at once, keeps that many in the air, and settles whatever has finished together, so a slow
peer occupies its own slots and holds nobody else up.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model, QuerySet

from gateway_project.lib.rounds import Rounds, Work

LINGER_SECONDS = 0.1
SWITCHED_OFF = ("enable_sort", "enable_incremental_sort", "enable_bitmapscan", "jit")
"""Settings of a PostgreSQL server while a queue is read. The last, since what has to be sorted all
the same is then taken to be so dear that it would be compiled first."""

_is_reading: ContextVar[bool] = ContextVar("is_reading", default=False)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """A kind of drain. `due` names the keys with due rows; `open` makes the work of one key.

    The sweep looks for due rows at most every `look_every` seconds: what can wait costs it nothing.
    """

    name: str
    due: Callable[[], Iterable[str]]
    open: Callable[[str], Work[Any]]
    look_every: float = 0.0


DRAINS: dict[str, Drain] = {}
"""Every kind of drain by its name; the apps' `tasks.py` put them here."""


def register(drain: Drain) -> None:
    DRAINS[drain.name] = drain


def skipping_locked(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The rows locked for this transaction, without those that another worker is claiming.

    SQLite has no row locks: there the IMMEDIATE transaction around the claim is the lock.
    """
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True, of=("self",))
    return rows


@contextmanager
def from_the_front() -> Iterator[None]:
    """In it, a queue is read in the order of an index. For queries of which each has an index with
    just its ORDER BY: of others, all that waits is sorted, or a whole index is walked through.

    A database server decides by what it has counted last, and a campaign comes all at once: where
    it believes that hardly anything waits, it finds and sorts all that does, at each claim anew.
    """
    if connection.vendor != "postgresql" or _is_reading.get():
        yield
        return
    is_inner = connection.in_atomic_block
    before = _is_reading.set(True)
    try:
        with transaction.atomic(savepoint=False):
            _switch("off")
            yield
            if is_inner:
                _switch("DEFAULT")
    finally:
        _is_reading.reset(before)


def _switch(setting: str) -> None:
    """Until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {name} TO {setting}" for name in SWITCHED_OFF))


def begin(
    name: str,
    key: str,
    *,
    stop: threading.Event,
    wake: Callable[[], None],
    linger: float = LINGER_SECONDS,
) -> Rounds:
    """The rounds of one key, to be run one after the other and closed."""
    return Rounds(DRAINS[name].open(key), stop=stop, wake=wake, linger=linger)


def run(
    name: str,
    key: str,
    *,
    stop: threading.Event | None = None,
    linger: float = LINGER_SECONDS,
) -> int:
    """Drains one key in this thread until nothing has been due for `linger` seconds or `stop` is
    set. What is in the air is always waited for and settled. Returns how many items were settled.
    """
    woken = threading.Event()
    rounds = begin(name, key, stop=stop or threading.Event(), wake=woken.set, linger=linger)
    with closing(rounds):
        while (pause := rounds.round()) is not None:
            woken.wait(pause)
            woken.clear()
        return rounds.settled
