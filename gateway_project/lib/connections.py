"""Database connections of long-lived threads, and what one's loss says about the others'."""

import threading

from django.db import InterfaceError, OperationalError, ProgrammingError, connections

DATABASE_TROUBLE = (OperationalError, InterfaceError)
NOT_READY = (*DATABASE_TROUBLE, ProgrammingError)
"""What a request may meet besides: tables that a migration has not made yet."""

_of_this_thread = threading.local()
_losses = 0


def give_up() -> None:
    """Closes this thread's connections after trouble; the other threads' are suspect from now on.

    A server that restarts cuts all of them. Met one after the other, each would cost a failure.
    """
    global _losses
    _losses += 1
    close()


def refresh() -> None:
    """Closes this thread's connections if any thread has had trouble since it last asked."""
    if getattr(_of_this_thread, "losses", 0) != _losses:
        close()


def close() -> None:
    """Closes this thread's connections, but for one that is in the middle of a transaction."""
    _of_this_thread.losses = _losses
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
