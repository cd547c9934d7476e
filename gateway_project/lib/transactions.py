"""Transactions that write, taken in turn where the database knows only one writer at a time."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import connection, transaction

_of_this_process = threading.Lock()


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that writes.

    SQLite lets one writer in and makes the others poll with growing pauses, so that the unlucky
    wait for seconds while nobody writes. Here they queue instead: threads at a lock, processes at
    a locked file beside the database, which wakes the next at once. A database server needs no
    help.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _of_this_process, _of_all_processes(), transaction.atomic():
        yield


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
