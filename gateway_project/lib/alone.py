"""Work that only one process does at a time. Who is killed holds nothing."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


class AlreadyAtWork(Exception):
    """Another process does it."""


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Raises AlreadyAtWork at once where another process is at the work of this name.

    On PostgreSQL it is the database connection that holds the lock, on SQLite a file beside the
    database: either goes with the process, however it ends.
    """
    hold = _by_the_database if connection.vendor == "postgresql" else _by_a_file
    with hold(name):
        yield


@contextmanager
def _by_the_database(name: str) -> Iterator[None]:
    number = zlib.crc32(f"gatehouse:{name}".encode())
    if not _ask("SELECT pg_try_advisory_lock(%s)", number):
        raise AlreadyAtWork(name)
    try:
        yield
    finally:
        _ask("SELECT pg_advisory_unlock(%s)", number)


def _ask(question: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, [number])
        return bool(cursor.fetchone()[0])


@contextmanager
def _by_a_file(name: str) -> Iterator[None]:
    path = f"{connection.settings_dict['NAME']}-{name}"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AlreadyAtWork(name) from None
    finally:
        os.close(file)
