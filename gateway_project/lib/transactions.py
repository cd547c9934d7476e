"""Transactions that write, taken in turn where the database knows only one writer at a time."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial, update_wrapper

from django.db import OperationalError, connection, transaction

TURN_SECONDS = 2.0
"""How long a thread waits for the others of its process."""
BUSY_SECONDS = 1.0
"""How long who has the turn waits for writers that take none."""

_of_this_process = threading.Lock()


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that writes. Raises OperationalError where the database stays busy.

    SQLite lets one writer in and makes the others poll with growing pauses, so that the unlucky
    wait for seconds while nobody writes. Here they queue instead: threads at a lock, processes at
    a locked file beside the database, which wakes the next at once. A database server needs no
    help.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _of_all_threads(), _of_all_processes(), _impatient(), transaction.atomic():
        yield


def after_commit(do: Callable[..., object], *arguments: object) -> None:
    """Calls it once the transaction is through. What it raises is logged, and no concern of who has
    written: Django asks for the name of what failed, which a partial has not."""
    called = update_wrapper(partial(do, *arguments), do)
    transaction.on_commit(called, robust=True)


@contextmanager
def _of_all_threads() -> Iterator[None]:
    if not _of_this_process.acquire(timeout=TURN_SECONDS):
        raise OperationalError("the other writers take too long")
    try:
        yield
    finally:
        _of_this_process.release()


@contextmanager
def _of_all_processes() -> Iterator[None]:
    turn = _turn_file(os.getpid(), str(connection.settings_dict["NAME"]))
    fcntl.flock(turn, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(turn, fcntl.LOCK_UN)


@cache
def _turn_file(process: int, database: str) -> int:
    """Opened anew in every process: a file that a fork inherits shares its parent's lock."""
    return os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT, 0o600)


@contextmanager
def _impatient() -> Iterator[None]:
    """The turn is not kept for as long as a connection may otherwise wait for another writer."""
    connection.ensure_connection()
    _wait_at_most(BUSY_SECONDS)
    try:
        yield
    finally:
        _wait_at_most(connection.settings_dict["OPTIONS"]["timeout"])


def _wait_at_most(seconds: float) -> None:
    if connection.connection is not None:
        connection.connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
