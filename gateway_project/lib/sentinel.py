"""The egress sentinel: what leaves is held against the very recipient that it is about.

Scrubbing takes out what looks like an address; this takes out the address itself, in its usual
disguises, and counts. It should never find anything: whatever it finds is a fault elsewhere.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gateway_project.lib.metrics import LEAKS_STOPPED
from gateway_project.lib.personal import REDACTED, Personal
from gateway_project.lib.redaction import stands_in, without

logger = logging.getLogger(__name__)

LOG = "log"

_watched: ContextVar[list[Personal] | None] = ContextVar("watched", default=None)


@contextmanager
def watching(*recipients: Personal | None) -> Iterator[None]:
    """Until it is left, what this context logs and answers is held against these recipients, and
    those that `watch` adds. Calls and threads that are given the context are watched as well."""
    token = _watched.set([each for each in recipients if each is not None])
    try:
        yield
    finally:
        _watched.reset(token)


def watch(*recipients: Personal | None) -> None:
    """Adds recipients to the present watch, where there is one."""
    watched = _watched.get()
    if watched is not None:
        watched.extend(each for each in recipients if each is not None)


def passed(text: str, where: str, *recipients: Personal | None, replacement: str = REDACTED) -> str:
    """The text as it may leave: without the recipients of the present watch, and these."""
    values = [*(_watched.get() or ()), *(each for each in recipients if each is not None)]
    found = [value for value in values if stands_in(value, text)]
    if not found:
        return text
    LEAKS_STOPPED.labels(where).inc()
    if where != LOG:
        logger.error("a leak was stopped: the recipient stood in what was leaving (%s)", where)
    return without(text, *found, replacement=replacement)
