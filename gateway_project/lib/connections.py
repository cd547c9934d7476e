"""Database connections of long-lived threads, and what one's loss says about the others'."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import (
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
)

DATABASE_TROUBLE = (OperationalError, InterfaceError, InternalError)
"""The last is what a server says that may only be read, as a standby does."""
NOT_READY = (*DATABASE_TROUBLE, ProgrammingError)
"""What a request may meet besides: tables that a migration has not made yet."""

Done = TypeVar("Done")

_of_this_thread = threading.local()
_losses = 0


def once_more(do: Callable[[], Done]) -> Done:
    """Does it; a second time where it only met a connection that the server had closed. For what
    may be done twice, outside of any transaction."""
    try:
        return do()
    except InternalError:
        close()  # the server that may be written to may be another by now
        raise
    except DATABASE_TROUBLE:
        if connection.in_atomic_block or connection.connection is None or connection.is_usable():
            raise
        connection.close()
        return do()


def is_connected() -> bool:
    """Whether this thread has a connection that works."""
    return connection.connection is not None and connection.is_usable()


def give_up(error: Exception) -> None:
    """Closes this thread's connections after trouble; the other threads' are suspect from now on.

    A server that restarts cuts all of them. Met one after the other, each would cost a failure. One
    that takes no new connection says nothing of those it has taken: where all of them are in use,
    who let go of one would have none.
    """
    global _losses
    if not _is_refusal(error):
        _losses += 1
    close()


def _is_refusal(error: Exception) -> bool:
    """Whether no connection was to be had. Only then does the driver name the one it tried."""
    return getattr(error.__cause__, "pgconn", None) is not None


def refresh() -> None:
    """Closes this thread's connections if any thread has had trouble since it last asked."""
    if getattr(_of_this_thread, "losses", 0) != _losses:
        close()


def close() -> None:
    """Closes this thread's connections, but for one that is in the middle of a transaction."""
    _of_this_thread.losses = _losses
    for each in connections.all(initialized_only=True):
        if not each.in_atomic_block:
            each.close()
