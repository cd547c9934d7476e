"""Batch after batch, each a transaction of its own, for a bounded time."""

import time
from collections.abc import Callable

A_WHILE = 0.5
"""Seconds."""


def for_a_while(
    batch: Callable[[], int], goes_on: Callable[[int], bool], *, seconds: float = A_WHILE
) -> int:
    """Does at least one batch, and further ones while `goes_on` says of the last that there may be
    more, and the time lasts. Answers what they come to."""
    until = time.monotonic() + seconds
    done = total = batch()
    while goes_on(done) and time.monotonic() < until:
        done = batch()
        total += done
    return total
